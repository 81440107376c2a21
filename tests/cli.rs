//! The command line: exit code, standard output and standard error of every command.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use heloscope::diagnosis::RULE_NAMES;

/// The program, in the project's root, without what the caller's terminal and environment say.
fn heloscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heloscope"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.env_remove("NO_COLOR").env("TERM", "xterm").env("COLUMNS", "100");
    // Whoever runs the tests may have filters of their own.
    command.env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR")).env("APPDATA", env!("CARGO_TARGET_TMPDIR"));
    command
}

fn run(arguments: &[&str]) -> Output {
    heloscope(arguments).output().expect("the program runs")
}

/// Runs the program with text on standard input.
fn run_on(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = heloscope(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(input).expect("the program reads");
    child.wait_with_output().expect("the program ends")
}

/// Exit code, standard output and standard error as one text; the same on every system.
fn told(output: &Output) -> String {
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace("heloscope.exe", "heloscope");
    let code = output.status.code().expect("an exit code");
    let told = format!("exit {code}\n--- stdout\n{}--- stderr\n{}", text(&output.stdout), text(&output.stderr));
    told.split_inclusive('\n').map(with_slashes).map(|line| without_the_systems_words(&line)).collect()
}

/// What the system says of an error is its own: only the number stays.
fn without_the_systems_words(line: &str) -> String {
    let Some((before, number)) = line.split_once(" (os error ") else { return line.to_owned() };
    let said = before.rfind(": ").map_or(before, |at| &before[..at]);
    format!("{said}: … (os error {number}")
}

/// Paths below a named folder are written as the system writes them; the share in the help is none of these.
fn with_slashes(line: &str) -> String {
    match line.contains(r"\\EX01\c$") {
        true => line.to_owned(),
        false => line.replace(r"\\", "/").replace(r"samples\", "samples/"),
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Compares what a command tells with the snapshot of that name.
macro_rules! check {
    ($name:literal $(, $argument:expr)* $(,)?) => {
        insta::assert_snapshot!($name, told(&run(&[$($argument),*])))
    };
}

#[test]
fn help() {
    check!("no_arguments",);
    check!("help", "--help");
    check!("sessions_help", "sessions", "--help");
    check!("check_help", "check", "--help");
}

#[test]
fn sessions() {
    check!("sessions_text", "sessions", "samples/auth-rejected.log");
    check!("sessions_ndjson", "sessions", "--format", "ndjson", "samples/auth-rejected.log");
    check!("sessions_csv", "sessions", "--format", "csv", "samples/hostile-ehlo.log");
    check!("sessions_coloured", "sessions", "--color", "always", "samples/auth-rejected.log");
    check!("sessions_in_another_zone", "sessions", "--tz", "+05:30", "samples/auth-rejected.log");
    check!("sessions_in_the_servers_zone", "sessions", "--tz", "server", "samples/auth-rejected.log");
}

#[test]
fn lines() {
    check!("lines_text", "lines", "samples/submission-proxied");
    check!("lines_raw", "lines", "--format", "raw", "samples/pipelined-two-messages.log");
}

#[test]
fn show() {
    let listed = stdout(&run(&["sessions", "samples/starttls-dropped-after-certificate.log"]));
    let id = listed.split(' ').nth(1).expect("an id");
    check!("show_text", "show", id, "samples/starttls-dropped-after-certificate.log");
    check!("show_json", "show", "--format", "json", id, "samples/starttls-dropped-after-certificate.log");
    check!("show_coloured", "show", "--color", "always", id, "samples/starttls-dropped-after-certificate.log");
    check!("show_findings", "show", "08DF491A9AC4F894", "samples/certificate-self-signed-expired.log");
    check!("show_unknown", "show", "EX01/0000000000000000", "samples/auth-rejected.log");
    for of_two in ["EX01/08DF491A9AC5241A~2", "08df491a9ac5241a~2"] {
        let shown = stdout(&run(&["show", of_two, "samples/id-used-again-after-restart.log"]));
        assert!(shown.contains("203.0.113.73") && !shown.contains("203.0.113.72"), "{of_two}: {shown}");
    }
    let bare = id.split('/').nth(1).expect("an id behind the server").to_lowercase();
    assert_eq!(
        stdout(&run(&["show", &bare, "samples/starttls-dropped-after-certificate.log"])),
        stdout(&run(&["show", id, "samples/starttls-dropped-after-certificate.log"]))
    );
}

#[test]
fn explain() {
    check!("explain_list", "explain");
    check!("explain_rule", "explain", "auth-credentials-rejected");
    check!("explain_rule_with_changes", "explain", "Relay-Denied");
    check!("explain_code", "explain", "550");
    check!("explain_word", "explain", "SocketError");
    check!("explain_row", "explain", "Inbound AUTH LOGIN failed because of LogonDenied");
    check!("explain_unknown", "explain", "LogonDenid");
    check!("explain_unknown_code", "explain", "536");
    check!("explain_nothing_like_it", "explain", "\u{1b}[31mzzzz");
    let of = |arguments: &[&str]| stdout(&run(arguments));
    assert_eq!(of(&["explain", "535", "5.7.3"]), of(&["explain", "535 5.7.3"]));
    assert_eq!(of(&["explain", "logondenied"]), of(&["explain", "LogonDenied"]));
    assert_eq!(of(&["explain", "535"]), of(&["explain", "535 5.7.3 Authentication unsuccessful"]));
}

#[test]
fn summary() {
    check!("summary_text", "summary", "samples/submission-proxied", "samples/blank-and-foreign-rows.log");
    check!("summary_of_all", "summary", "-q", "samples");
    check!("summary_top", "summary", "-q", "--top", "4", "samples");
    check!("summary_in_another_zone", "summary", "--tz", "+05:30", "samples/across-three-files");
    check!("summary_in_the_servers_zone", "summary", "--tz", "server", "samples/guessing-then-success.log");
    check!("check_in_the_servers_zone", "check", "--tz", "server", "--deny", "auth-*", "samples/auth-rejected.log");
    check!("summary_with_gaps", "summary", "samples/auth-rejected.log", "samples/hostile-ehlo.log");
    check!("summary_of_nothing", "summary", "samples/not-these");
    check!("summary_json", "summary", "--format", "json", "samples/submission-proxied", "samples/not-these");
    check!("summary_markdown", "summary", "--format", "markdown", "--top", "5", "samples/submission-proxied");
    check!("summary_markdown_hostile", "summary", "--format", "markdown", "samples/hostile-ehlo.log");
    check!("summary_bad_top", "summary", "--top", "few", "samples");
}

#[test]
fn a_summary_fits_a_screen() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let entries = std::fs::read_dir(&samples).expect("the samples").map(|entry| entry.expect("an entry").path());
    for path in entries.chain([samples.clone()]) {
        let path = path.to_str().expect("a path of UTF-8");
        let text = stdout(&run(&["summary", "-q", path]));
        assert!(text.lines().count() <= 40, "{path}: {} lines", text.lines().count());
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{path}: {widest:?} columns");
    }
    // However many rules found something, each is named.
    let text = stdout(&run(&["summary", "-q", "samples"]));
    let missing: Vec<&str> = RULE_NAMES.into_iter().filter(|name| !text.contains(&format!("{name} "))).collect();
    assert!(missing.is_empty(), "{missing:?} in\n{text}");
}

#[test]
fn a_check_that_holds() {
    let logs = ["samples/submission-proxied", "samples/starttls-succeeded.log"];
    let with = |more: &[&'static str]| [&["check"], &logs[..], more].concat();
    let policy = ["--policy", "samples/policies/ci.toml"];
    insta::assert_snapshot!("check_held", told(&run(&with(&policy))));
    for format in ["json", "junit", "markdown"] {
        let output = run(&with(&[&policy[..], &["--format", format]].concat()));
        assert_eq!((code(&output), stderr(&output)), (0, String::new()), "{format}");
    }
    check!("summary_filtered_out", "summary", "-q", "samples/tls-1-0.log", "-f", "ip:192.0.2.99");
    check!("check_filtered_out", "check", "-q", "samples/tls-1-0.log", "--severity", "error", "-f", "ip:192.0.2.99");
    check!("check_bad_rule_unlike_any", "check", "samples", "--deny", "foo");
    check!("check_empty_allowed", "check", "-q", "samples/not-these", "--severity", "error", "--allow-empty");
}

#[test]
fn a_check_that_is_broken() {
    let limits = ["--deny", "auth-credentials-rejected", "--max", "auth-*=50%", "--max", "relay-denied=1"];
    for format in ["text", "json", "junit", "markdown"] {
        let arguments = ["check", "--format", format, "samples/auth-rejected.log", "samples/hostile-ehlo.log"];
        insta::assert_snapshot!(format!("check_broken_{format}"), told(&run(&[&arguments[..], &limits].concat())));
    }
    check!("check_many_broken", "check", "-q", "samples", "--severity", "error");
    check!("check_coloured", "check", "--color", "always", "samples/auth-rejected.log", "--deny", "auth-*");
    let out = tempfile::tempdir().expect("a folder");
    let out = out.path().join("junit.xml");
    let out = out.to_str().expect("a path of UTF-8");
    let written = run(&["check", "--deny", "auth-*", "--format", "junit", "-o", out, "samples/auth-rejected.log"]);
    assert_eq!((code(&written), stdout(&written)), (1, String::new()));
    assert_eq!(stderr(&written), "heloscope: 1 of 1 limit broken, in 1 session\n");
    assert!(std::fs::read_to_string(out).expect("the answer").starts_with("<?xml"));
}

#[test]
fn a_check_that_cannot_tell() {
    check!("check_empty", "check", "samples/not-these", "--severity", "error", "--deny", "auth-*");
    check!("check_unreadable", "check", "samples/starttls-succeeded.log", "samples/no-such.log", "--severity", "error");
    check!(
        "check_broken_and_unreadable",
        "check",
        "samples/auth-rejected.log",
        "samples/no-such.log",
        "--deny",
        "auth-*"
    );
    check!("check_no_limit", "check", "samples");
}

#[test]
fn bad_limits_are_named() {
    check!("check_bad_rule", "check", "samples", "--deny", "auth-mising");
    check!("check_bad_pattern", "check", "samples", "--max", "oauth-*=1");
    check!("check_bad_number", "check", "samples", "--max", "auth-missing=lots");
    check!("check_no_number", "check", "samples", "--max", "auth-missing");
    check!("check_bad_severity", "check", "samples", "--severity", "eror");
    check!("check_bad_format", "check", "samples", "--severity", "error", "--format", "xml");
    check!("check_no_policy", "check", "samples", "--policy", "samples/policies/no-such.toml");
}

/// Checks with a policy of this text; the file's name is the same for every run.
fn check_policy(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("policy.toml"), text).expect("a policy");
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/auth-rejected.log");
    let mut command = heloscope(&["check", "--policy", "policy.toml", log.to_str().expect("a path of UTF-8")]);
    let output = command.current_dir(folder.path()).output().expect("the program runs");
    format!("exit {}\n{}{}", code(&output), stdout(&output), stderr(&output).replace("\r\n", "\n"))
}

#[test]
fn bad_policies_are_named_with_their_place() {
    insta::assert_snapshot!(check_policy("severity = 'error'\ndney = ['auth-*']\n"), @r"
    exit 2
    heloscope: policy.toml:2:1: unknown key `dney`, expected one of `severity`, `deny`, `max`, `connector`; near it: `deny`
    ");
    insta::assert_snapshot!(check_policy("deny = [\n  'relay-denid',\n]\n"), @r"
    exit 2
    heloscope: policy.toml:2:3: `relay-denid` is no rule; near it: `relay-denied`; `heloscope explain` lists them
    ");
    insta::assert_snapshot!(check_policy("[max]\nrelay-denied = 'one'\n"), @r"
    exit 2
    heloscope: policy.toml:2:16: `one` is no limit: a number of sessions such as 20, or a share of them such as 0.5%
    ");
    insta::assert_snapshot!(check_policy("[[connector]]\nname = 'Client Frontend EX01'\nmaximum = { relay-denied = 1 }\n"), @r"
    exit 2
    heloscope: policy.toml:3:1: unknown key `maximum`, expected one of `name`, `severity`, `deny`, `max`; near it: `max`
    ");
    insta::assert_snapshot!(check_policy("deny = ["), @r"
    exit 2
    heloscope: policy.toml:1:9: unclosed array, expected `]`
    ");
    insta::assert_snapshot!(check_policy("# nothing\n"), @r"
    exit 2
    heloscope: policy.toml:1:1: it limits nothing: give `severity`, `deny` or `max`
    ");
    insta::assert_snapshot!(check_policy("[[connector]]\nname = 'Client Frontent EX01'\nseverity = 'error'\n"), @r"
    exit 2
    unknown  any error in no session, on Client Frontent EX01: 0 of 0 sessions; no session of such a connector was read; near it: `Client Frontend EX01`
    0 of 1 limit broken, 1 unknown, in 1 session
    ");
}

#[test]
fn filters() {
    check!("fields", "fields");
    check!("filter_sessions", "sessions", "-q", "-f", "auth:failed", "-f", "ip:198.51.100.0/24", "-n", "3", "samples");
    check!("filter_summary", "summary", "-q", "-f", "auth:failed", "samples/submission-proxied");
    check!("filter_count", "sessions", "-q", "-c", "-f", "-auth:not-attempted", "samples");
    check!("filter_files", "lines", "-q", "-l", "-f", "failures>=3 or tls<1.2", "samples");
    check!("filter_nothing", "sessions", "-f", "user:nobody", "samples/auth-rejected.log");
    check!("filter_count_nothing", "sessions", "-c", "-f", "user:nobody", "samples/auth-rejected.log");
    check!("filter_since", "sessions", "-c", "--since", "2027-01-01", "samples/submission-proxied");
    check!("show_no_id", "show", "", "samples/auth-rejected.log");
    check!("show_path_for_id", "show", "-f", "auth:failed", "samples");
    check!("filter_show", "show", "08DF491A9AC4C2DF", "-f", "auth:succeeded", "samples/auth-rejected.log");
    check!("filter_bad", "sessions", "-f", "starttsl:failed", "samples");
    check!("filter_bad_second", "lines", "-f", "auth:failed", "--filter", "ip:10.0.0.0/33", "samples");
    check!("filter_bad_since", "summary", "--since", "yesterday", "samples");
    let fields: serde_json::Value =
        serde_json::from_slice(&run(&["fields", "--format", "json"]).stdout).expect("valid JSON");
    assert_eq!(fields["fields"].as_array().map(Vec::len), Some(34));
}

#[test]
fn since_and_until_are_after_and_before() {
    let of = |arguments: &[&str]| stdout(&run(&[&["sessions", "-q", "samples"], arguments].concat()));
    let expected = of(&["-f", "after:08:30 before:2026-11-23T09:00"]);
    assert_eq!(of(&["--since", "08:30", "--until", "2026-11-23T09:00"]), expected);
    assert!(expected.lines().count() > 5);
    assert_eq!(of(&["--since", "-1m"]), "");
}

#[test]
fn of_which_day_a_time_without_one_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |day: u32, session: u32| {
        format!(
            "2026-11-{day}T08:30:00.000Z,EX01\\Default,08DE2A1B3C4D{session:04X},0,192.0.2.5:25,198.51.100.7:4096,+,,\r\n"
        )
    };
    let rows = |day: u32| (0..1000).map(|session| row(day, 1000 * day + session)).collect::<String>();
    let ask = |arguments: &[&str], input: &[u8]| {
        let mut command = heloscope(&[&["sessions", "-c", "--since", "08:30"], arguments].concat());
        let mut child = command
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        (stdout(&output), stderr(&output).replace("\r\n", "\n"))
    };
    let told = |text: &str| format!("heloscope: times without a day are of {text}\n");
    // The logs were put together in another order.
    let all = rows(23) + &rows(21);
    std::fs::write(folder.path().join("all.log"), &all).expect("a log");
    assert_eq!(ask(&["all.log"], b""), ("1000\n".into(), told("2026-11-23 (UTC), the last one in all.log")));
    assert_eq!(ask(&["-q", "all.log"], b""), ("1000\n".into(), String::new()));
    let of_stdin = told("2026-11-21 (UTC), that of the first row of standard input");
    assert_eq!(ask(&["-"], (rows(21) + &rows(23)).as_bytes()), ("2000\n".into(), of_stdin));
    std::fs::write(folder.path().join("none.log"), "#Log-type: SMTP Receive Protocol Log\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n").expect("a log");
    let (_, of_none) = ask(&["none.log"], b"");
    assert!(of_none.contains("no row tells which day is the last one"), "{of_none}");
}

/// How many sessions of the samples failed to log in, by their records.
fn n_failed_logins() -> usize {
    let records = stdout(&run(&["sessions", "-q", "--format", "ndjson", "samples"]));
    records.lines().filter(|record| record.contains(r#""auth":{"outcome":"failed""#)).count()
}

#[test]
fn a_limit_keeps_the_first_sessions() {
    for format in [&["sessions"][..], &["sessions", "--format", "ndjson"], &["lines", "-0"]] {
        let of = |more: &[&str]| run(&[format, &["-q", "-f", "auth:failed", "samples"], more].concat()).stdout;
        let all = of(&[]);
        for limit in ["1", "2", "7", "1000"] {
            let some = of(&["-n", limit]);
            assert!(all.starts_with(&some), "{format:?} {limit}");
            let separator = if format[0] == "lines" { b'\0' } else { b'\n' };
            let n_sessions = some.split(|byte| *byte == separator).count() - 1;
            assert_eq!(n_sessions, limit.parse::<usize>().expect("a number").min(n_failed_logins()), "{format:?}");
        }
    }
    assert_eq!(stdout(&run(&["sessions", "-q", "-c", "-n", "2", "samples"])), "2\n");
    assert_eq!(code(&run(&["sessions", "-n", "0", "samples"])), 2);
}

#[test]
fn sessions_are_whole_and_the_others_are_left_out() {
    let raw = run(&["lines", "-q", "--format", "raw", "-f", "LogonDenied", "samples"]);
    let again = run_on(&["sessions", "-c", "-f", "-LogonDenied"], &raw.stdout);
    assert_eq!((code(&again), stdout(&again)), (1, "0\n".to_owned()));
    let all = run_on(&["sessions", "-c"], &raw.stdout);
    assert_eq!(stdout(&all), stdout(&run(&["sessions", "-q", "-c", "-f", "LogonDenied", "samples"])));
}

/// What a command says with this configuration file; its path is taken out.
fn told_with(config: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("heloscope.toml");
    std::fs::write(&path, config).expect("a temporary file");
    let path = path.to_str().expect("a path of UTF-8");
    told(&run(&[arguments, &["--config", path]].concat())).replace(path, "heloscope.toml")
}

#[test]
fn saved_filters() {
    let config = "[filters]\nlab = \"ip:198.51.100.0/24 -@probes\"\nfailed = \"auth:failed\"\nbad = \"auth:faild\"\n";
    let count = |query: &str| told_with(config, &["sessions", "-q", "-c", "samples", "-f", query]);
    assert_eq!(count("@failed"), format!("exit 0\n--- stdout\n{}\n--- stderr\n", n_failed_logins()));
    assert_eq!(count("@lab"), count("ip:198.51.100.0/24 -(verdict:probe)"));
    insta::assert_snapshot!("saved_bad", count("x or @bad"));
    insta::assert_snapshot!("saved_unknown", count("@lap"));
    // What is broken is said where it is listed and, with its place, beside it; the list is whole.
    let listed = told_with(&format!("{config}outer = \"x or @bad\"\n"), &["fields"]);
    assert!(
        listed.starts_with("exit 2\n") && listed.contains("@lab") && listed.contains("command-refused"),
        "{listed}"
    );
    insta::assert_snapshot!("saved_bad_listed", listed.split_once("\nSaved filters:\n").expect("saved filters").1);
    let without = told_with("[filters]\nlab = \"ip:198.51.100.0/24\"\n", &["fields"]);
    assert!(without.starts_with("exit 0\n") && without.ends_with("--- stderr\n"), "{without}");
    let faults = [
        "[filters]\nx = 3\n",
        "[filter]\nx = \"y\"\n",
        "[filters]\nok = \"y\"\n\"a b\" = \"y\"\n",
        "[filters]\nx = \"y\nz = \"y\"\n",
        "[filters]\nx = \"y\"\nx = \"z\"\n",
    ];
    let told: Vec<String> = faults.iter().map(|config| told_with(config, &["fields"])).collect();
    insta::assert_snapshot!("config_faults", told.join("\n"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("heloscope.toml");
    let ask = || {
        let mut command = heloscope(&["sessions", "-q", "-c", "samples", "-f", "@lab"]);
        // Where Linux keeps configuration, and where Windows does.
        command.env("XDG_CONFIG_HOME", folder.path()).env("APPDATA", folder.path());
        command.output().expect("the program runs")
    };
    assert_eq!(code(&ask()), 2);
    std::fs::write(&path, config).expect("a file");
    assert_eq!(stdout(&ask()), stdout(&run(&["sessions", "-q", "-c", "samples", "-f", "ip:198.51.100.0/24 -@probes"])));
    std::fs::write(&path, b"\xff\xfe[").expect("a file");
    assert!(String::from_utf8_lossy(&ask().stderr).contains("is not UTF-8: save it as UTF-8"));
    let missing = run(&["fields", "--config", "no-such.toml"]);
    assert_eq!(code(&missing), 2);
    assert!(stderr(&missing).starts_with("heloscope: cannot read no-such.toml: "), "{}", stderr(&missing));
}

#[test]
fn the_usual_configuration_file_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("heloscope.toml"), "[filters]\nmine = \"auth:failed\"\n").expect("a file");
    let mut command = heloscope(&["sessions", "-q", "-c", "-f", "@mine", "samples"]);
    command.env(if cfg!(windows) { "APPDATA" } else { "XDG_CONFIG_HOME" }, folder.path());
    assert_eq!(stdout(&command.output().expect("it runs")), format!("{}\n", n_failed_logins()));
    let mut without = heloscope(&["sessions", "-q", "-c", "-f", "@failed", "samples"]);
    without.env(if cfg!(windows) { "APPDATA" } else { "XDG_CONFIG_HOME" }, folder.path().join("none"));
    assert_eq!(code(&without.output().expect("it runs")), 0);
}

#[test]
fn patterns() {
    let samples = ["samples/guessing-then-success.log", "samples/stale-password.log", "samples/old-clients.log"];
    check!("patterns_text", "patterns", samples[0], samples[1], samples[2]);
    check!("patterns_top", "patterns", "--top", "1", "--tz", "+01:00", samples[2]);
    check!("patterns_json", "patterns", "--format", "json", "samples/certificate-renewed.log");
    check!("patterns_of_nothing", "patterns", "samples/not-these/empty.log");
    check!("patterns_filtered", "patterns", "-q", "-f", "ip:198.51.100.40", "samples");
    check!("bad_top", "patterns", "--top", "many", samples[0]);
}

#[test]
fn what_is_skipped_is_said_once() {
    check!("compressed", "sessions", "samples/compressed/RECV2026112309-1.LOG.gz", "samples/compressed");
    check!("other_logs", "sessions", "samples/not-these");
    check!("malformed", "sessions", "samples/blank-and-foreign-rows.log");
    assert_eq!(stderr(&run(&["sessions", "-q", "samples/not-these"])), "");
    assert_eq!(code(&run(&["sessions", "-q", "samples/not-these"])), 1);
}

#[test]
fn bad_input_is_named_and_exits_2() {
    check!("no_such_file", "sessions", "samples/auth-rejected.log", "samples/no-such.log");
    check!("no_such_pattern", "sessions", "samples/no-such-*.log");
    check!("bad_pattern", "sessions", "samples/[");
    check!("bad_zone", "sessions", "--tz", "Mars", "samples");
    check!("bad_option", "sessions", "--frmat", "csv", "samples");
    check!("bad_format", "sessions", "--format", "xml", "samples");
    check!("bad_command", "sesions", "samples");
    check!("bad_threads", "sessions", "--threads", "many", "samples");
}

#[test]
fn patterns_are_expanded_by_the_program() {
    let expanded = run(&["sessions", "samples/starttls-*.log"]);
    assert_eq!(code(&expanded), 0);
    let by_hand: usize = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"))
        .expect("the samples")
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("starttls-")))
        .count();
    assert!(by_hand >= 4);
    assert!(stdout(&expanded).lines().count() >= by_hand);
}

#[test]
fn standard_input_is_a_log_like_any_other() {
    let path = "samples/auth-rejected.log";
    let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the sample");
    let of_file = stdout(&run(&["sessions", path]));
    for arguments in [&["sessions"][..], &["sessions", "-"]] {
        let of_stdin = run_on(arguments, &text);
        assert_eq!((code(&of_stdin), stdout(&of_stdin)), (0, of_file.clone()));
    }
    let nothing = run_on(&["sessions"], b"");
    assert_eq!(code(&nothing), 1);
}

#[test]
fn an_output_file_is_whole_or_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("answer.csv");
    let out_text = out.to_str().expect("a path of UTF-8");
    let log = folder.path().join("RECV2026112308-1.LOG");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/auth-rejected.log"), &log).expect("a copy");
    let folder_text = folder.path().to_str().expect("a path of UTF-8");
    for _ in 0..2 {
        // The second time the answer's file stands in the folder that is read.
        let written = run(&["sessions", "--format", "csv", "-o", out_text, folder_text]);
        assert_eq!((code(&written), stdout(&written), stderr(&written)), (0, String::new(), String::new()));
        let expected = run(&["sessions", "--format", "csv", log.to_str().expect("a path of UTF-8")]);
        assert_eq!(std::fs::read(&out).expect("the answer"), expected.stdout);
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 2, "nothing else is left behind");
    let refused = run(&["sessions", "-o", folder_text, folder_text]);
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("is a folder"), "{}", stderr(&refused));
}

#[test]
fn threads_change_no_byte() {
    for format in [
        &["sessions"][..],
        &["sessions", "--format", "ndjson"],
        &["sessions", "--format", "csv"],
        &["lines"],
        &["lines", "--format", "raw"],
        &["summary"],
        &["patterns"],
        &["patterns", "--format", "json"],
        &["summary", "--format", "json"],
    ] {
        let with = |more: &[&str]| run(&[format, more, &["samples"]].concat());
        let one = with(&["--threads", "1"]);
        assert_eq!(code(&one), 0, "{}", stderr(&one));
        let many = with(&["--threads", "4"]);
        assert!(one.stdout == many.stdout && one.stderr == many.stderr, "{format:?}");
    }
}

#[test]
fn raw_rows_read_again_are_the_same_sessions() {
    let folder = tempfile::tempdir().expect("a folder");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for entry in std::fs::read_dir(samples).expect("the samples") {
        let path = entry.expect("an entry").path();
        let path = path.to_str().expect("a path of UTF-8");
        let raw = run(&["lines", "-q", "--format", "raw", path]);
        if code(&raw) == 1 {
            assert!(raw.stdout.is_empty());
            continue;
        }
        let again = folder.path().join("again.log");
        std::fs::write(&again, &raw.stdout).expect("a temporary file");
        let again = again.to_str().expect("a path of UTF-8");
        let rows_of = |path: &str| {
            let mut rows: Vec<String> = stdout(&run(&["lines", "-q", path])).lines().map(without_server).collect();
            rows.sort();
            rows
        };
        assert_eq!(rows_of(again), rows_of(path), "{path}");
    }
}

/// A log without a server's name goes by its folder, which is another one in the copy.
fn without_server(line: &str) -> String {
    line.split_once('/').map_or(line, |(_, rest)| rest).to_owned()
}

#[test]
fn whoever_stops_reading_is_not_told_off() {
    let mut child =
        heloscope(&["lines", "samples"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!((code(&ended), stderr(&ended)), (0, String::new()));
}

#[test]
fn schema_completions_and_manual() {
    let schema: serde_json::Value = serde_json::from_slice(&run(&["schema"]).stdout).expect("valid JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    let schema: serde_json::Value = serde_json::from_slice(&run(&["schema", "patterns"]).stdout).expect("valid JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let completions = stdout(&run(&["completions", shell]));
        assert!(completions.contains("sessions") && completions.contains("heloscope completions words"), "{shell}");
    }
    let of_words = |words: &str| stdout(&run_on(&["completions", "words"], words.as_bytes()));
    assert_eq!(of_words("sessions\n-f\nx starttls:re\n"), "x starttls:refused\n");
    assert_eq!(of_words("\u{feff}sessions\r\n--filter\r\nfro\r\n"), "from:\ta sender; \"\" is the empty one\n");
    assert_eq!(of_words("sessions\n"), "");
    let manual = stdout(&run(&["man"]));
    assert!(manual.starts_with(".ie") && manual.contains("summary"), "{manual}");
    check!("version", "--version");
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf8_are_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let mut command = heloscope(&["sessions", "samples", "-f"]);
    let output = command.arg(OsStr::from_bytes(b"user:\xff")).output().expect("the program runs");
    insta::assert_snapshot!(told(&output), @r###"
    exit 2
    --- stdout
    --- stderr
    heloscope: this is not UTF-8: `user:\xff`
    only paths can be other than UTF-8; a filter finds a byte of a row by `/(?-u:\xff)/`
    "###);
}

/// What bash makes of a line whose last word is begun; `replaced` is what bash takes for that word.
#[cfg(unix)]
fn bash_completes(line: &str, replaced: &str) -> Option<String> {
    let script = stdout(&run(&["completions", "bash"]));
    let asking = r#"
        COMP_LINE="$1" COMP_POINT=${#1}
        read -ra COMP_WORDS <<< "$1"
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _heloscope_or_values heloscope "$2" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let own = Path::new(env!("CARGO_BIN_EXE_heloscope")).parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).expect("a path");
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", &format!("{script}{asking}"), "bash", line, replaced]).env("PATH", path);
    let output = bash.env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR")).output().ok()?;
    assert_eq!(stderr(&output), "", "{line}");
    Some(stdout(&output))
}

#[cfg(unix)]
#[test]
fn bash_completes_values() {
    for (line, replaced, expected) in [
        ("heloscope sessions -f auth:fa", "fa", "failed\n"),
        ("heloscope sessions -f auth:", "", "not-attempted\nsucceeded\nrejected\nfailed\nabandoned\nunknown\n"),
        ("heloscope sessions -f 'auth:failed st", "auth:failed st", "auth:failed starttls:\n"),
        (
            "heloscope lines  -f \"auth:failed -(tls<1.",
            "auth:failed -(tls<1.",
            "auth:failed -(tls<1.0\nauth:failed -(tls<1.1\nauth:failed -(tls<1.2\nauth:failed -(tls<1.3\n",
        ),
        ("heloscope check logs --deny relay", "relay", "relay-denied\n"),
        ("heloscope check logs --max=auth-mi", "auth-mi", "auth-missing=\n"),
        ("heloscope summary --tz +05", "+05", "+05:00\n"),
        ("heloscope explain LogonD", "LogonD", "LogonDenied\n"),
        ("heloscope summary --format m", "m", "markdown\n"),
        // What the program knows nothing of is completed as before.
        ("heloscope ses", "ses", "sessions\n"),
        ("heloscope sessions --fil", "--fil", "--files-with-matches\n--filter\n"),
        ("heloscope sessions sam", "sam", "\n"),
    ] {
        let Some(told) = bash_completes(line, replaced) else { return };
        assert_eq!(told, expected, "{line}");
    }
}
