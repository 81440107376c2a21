//! Credentials that stand in a log's rows are in no output but raw rows, which say so.

use std::process::{Command, Output, Stdio};

const SAMPLE: &str = "samples/auth-credentials-in-rows.log";

/// What the sample holds of them: passwords, and what passwords can be guessed from.
const SECRETS: [&str; 8] = [
    "AGFsaWNlQGNvbnRvc28uY29tAHN3b3JkZmlzaC0x",
    "Ym9iQGNvbnRvc28uY29t",
    "c3dvcmRmaXNoLTI=",
    "TlRMTVNTUAABAAAA",
    "TlRMTVNTUAACAAAA",
    "TlRMTVNTUAADAAAA",
    "AHNjYW5AY29udG9zby5jb20Ac3dvcmRmaXNoLTM=",
    "c3dvcmRmaXNoLTMsIGl0IGlz",
];

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heloscope"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR")).env("APPDATA", env!("CARGO_TARGET_TMPDIR"));
    command.output().expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn found_in(text: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(text);
    SECRETS.into_iter().filter(|secret| text.to_lowercase().contains(&secret.to_lowercase())).collect()
}

#[test]
fn the_sample_holds_them() {
    let sample = std::fs::read(SAMPLE).expect("the sample");
    assert_eq!(found_in(&sample), SECRETS);
}

#[test]
fn no_output_holds_a_secret() {
    let ids = ["08DF491A9AC4F2A0", "08DF491A9AC4F2A2", "08DF491A9AC4F2A4", "08DF491A9AC4F2A6"];
    let mut commands = vec![
        vec!["sessions", SAMPLE],
        vec!["sessions", "--format", "ndjson", SAMPLE],
        vec!["sessions", "--format", "csv", SAMPLE],
        vec!["lines", SAMPLE],
        vec!["patterns", SAMPLE],
        vec!["patterns", "--format", "json", SAMPLE],
        vec!["summary", "--top", "9", SAMPLE],
        vec!["summary", "--format", "markdown", SAMPLE],
        vec!["summary", "--format", "json", SAMPLE],
        vec!["sessions", "-f", "mechanism:agfs", SAMPLE],
    ];
    for format in ["text", "json", "junit", "markdown"] {
        commands.push(vec!["check", "--deny", "*", "--format", format, SAMPLE]);
    }
    for id in ids {
        commands.push(vec!["show", id, SAMPLE]);
        commands.push(vec!["show", id, "--format", "json", SAMPLE]);
    }
    for command in commands {
        let output = run(&command);
        assert!(output.status.code().is_some_and(|code| code < 2), "{command:?}: {output:?}");
        assert_eq!(found_in(&[output.stdout, output.stderr].concat()), [""; 0], "{command:?}");
    }
}

#[test]
fn raw_rows_are_as_they_are_and_that_is_said_once() {
    let output = run(&["lines", "--format", "raw", "--quiet", SAMPLE]);
    assert_eq!(found_in(&output.stdout), SECRETS);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    insta::assert_snapshot!(said, @"heloscope: raw rows are as the log has them, and some hold credentials (AUTH); other formats hide them");
    let other = run(&["lines", "--format", "raw", "samples/auth-rejected.log"]);
    assert!(other.stderr.is_empty(), "{other:?}");
}

#[test]
fn what_is_hidden_can_be_searched_for() {
    let count = |query: &str| stdout(&run(&["sessions", "-c", "-f", query, SAMPLE]));
    assert_eq!(count("AGFsaWNlQGNvbnRvc28uY29tAHN3b3JkZmlzaC0x"), "1\n");
    assert_eq!(count("/AUTH PLAIN [A-Za-z0-9+\\/=]+/"), "1\n");
    assert_eq!(count("\"<hidden>\""), "0\n");
}

#[test]
fn the_rest_of_the_row_is_shown() {
    let shown = |id| {
        let conversation = stdout(&run(&["show", id, SAMPLE]));
        let rows = conversation.lines().filter(|line| line.contains("hidden"));
        rows.map(|row| row.split_at(30).1.trim_end().to_owned() + "\n").collect::<String>()
    };
    insta::assert_snapshot!(shown("08DF491A9AC4F2A2"));
    insta::assert_snapshot!(shown("08DF491A9AC4F2A6"));
}

#[test]
fn the_screen_hides_them() {
    use heloscope::tui::headless::Headless;
    let mut screen = Headless::open(&[SAMPLE.into()], heloscope::tui::settings::Settings::default(), (240, 60));
    for _ in 0..screen.model.roster.len() {
        for keys in ["<enter>", "r", "r", "<esc>j"] {
            screen.press(keys);
            let loaded = screen.model.loaded().expect("its rows");
            let held = [loaded.raw.join("\n"), loaded.text.clone(), screen.screen()].concat();
            assert_eq!(found_in(held.as_bytes()), [""; 0]);
        }
    }
}
