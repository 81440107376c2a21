//! `--follow` on the command line: what is printed when, and how it ends. Nothing here waits for a
//! time to pass: a line that is expected is waited for, however long it takes.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const HEADER: &str = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: 2026-11-23T08:00:00.000Z\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n";

/// Longer than any machine needs to do what is waited for.
const LONG: Duration = Duration::from_secs(120);

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heloscope"));
    command.args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    command.env_remove("NO_COLOR").env("TERM", "xterm").env("COLUMNS", "100");
    command.env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR")).env("APPDATA", env!("CARGO_TARGET_TMPDIR"));
    command
}

/// The program at work.
struct Running {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

fn lines_of(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|n_read| n_read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            line.clear();
            if sender.send(text).is_err() {
                break;
            }
        }
    });
    lines
}

impl Running {
    fn begin(arguments: &[&str]) -> Self {
        let mut command = command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let lines = lines_of(child.stdout.take().expect("a pipe"));
        let errors = lines_of(child.stderr.take().expect("a pipe"));
        Self { child, lines, errors }
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines.recv_timeout(LONG).expect("a line")
    }

    #[track_caller]
    fn error(&self) -> String {
        self.errors.recv_timeout(LONG).expect("a line on standard error")
    }

    /// Waits for the end; returns the exit code and the lines that were not taken yet.
    fn end(mut self) -> (Option<i32>, Vec<String>) {
        let code = self.child.wait().expect("an end").code();
        (code, self.lines.iter().collect())
    }

    /// What a person's Ctrl-C is.
    #[cfg(unix)]
    fn interrupt(self) -> (Option<i32>, Vec<String>) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([ctrl_c(), &id]).status().expect("kill").success());
        self.end()
    }
}

/// The signal of a person's Ctrl-C; where it is ignored, as in what a script starts in the background, the
/// one that asks to end.
#[cfg(unix)]
fn ctrl_c() -> &'static str {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    let ignored = u64::from_str_radix(mask.trim(), 16).unwrap_or(0);
    if ignored & 0b10 == 0 { "-INT" } else { "-TERM" }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of a test that failed nothing stays behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("room");
}

/// Rows of a session from one number to another; the last of four ends it.
fn part(session: usize, from: usize, until: usize) -> String {
    let row = |sequence: usize| {
        let event = ["+,,", ">,220 mail.contoso.com,", "<,EHLO pc-17,", "-,,Local"][sequence];
        format!(
            "2026-11-23T08:29:0{sequence}.104Z,EX01\\Default EX01,08DE2A1B3C4D{session:04X},{sequence},192.0.2.5:25,198.51.100.7:4096,{event}\r\n"
        )
    };
    (from..until).map(row).collect()
}

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn begin(text: &str) -> Self {
        let scene = Self { folder: tempfile::tempdir().expect("a folder") };
        append(&scene.log(), text);
        scene
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("RECV1.LOG")
    }

    fn follow(&self, arguments: &[&str]) -> Running {
        let folder = self.folder.path().to_str().expect("a path");
        Running::begin(&[arguments, &["-F", "--poll-interval", "0.05", folder]].concat())
    }
}

/// The word of a line that is a session's id, without the server.
fn id(line: &str) -> &str {
    line.split(' ').find_map(|word| word.strip_prefix("EX01/08DE2A1B3C4D")).unwrap_or(line)
}

#[test]
fn sessions_come_as_they_close() {
    let scene = Scene::begin(&(HEADER.to_owned() + &part(1, 0, 4) + &part(2, 0, 2)));
    let running = scene.follow(&["sessions", "-n", "4"]);
    assert_eq!(id(&running.line()), "0001");
    let rest = part(2, 2, 4);
    append(&scene.log(), &rest[..rest.len() - 1]);
    append(&scene.log(), "\n");
    assert_eq!(id(&running.line()), "0002");
    append(&scene.folder.path().join("RECV2.LOG"), &(HEADER.replace("00.000", "01.000") + &part(3, 0, 4)));
    assert_eq!(id(&running.line()), "0003");
    fs::remove_file(scene.folder.path().join("RECV2.LOG")).expect("gone");
    assert!(running.error().ends_with("RECV2.LOG is gone; what was read of it stays"));
    append(&scene.log(), &(part(4, 0, 4) + &part(5, 0, 4)));
    assert_eq!(id(&running.line()), "0004");
    assert_eq!(running.end(), (Some(0), vec![]));
}

#[test]
fn filters_and_shapes_are_as_without() {
    let scene = Scene::begin(&(HEADER.to_owned() + &part(1, 0, 4)));
    let running = scene.follow(&["lines", "--format", "raw", "-n", "1", "-f", "id:*4D0002"]);
    append(&scene.log(), &part(2, 0, 4));
    let (code, lines) = running.end();
    assert_eq!(code, Some(0));
    assert_eq!(lines[5..].join("\r\n") + "\r\n", part(2, 0, 4));
    assert!(lines[0].starts_with("#Software"));
}

/// Prints a session without its head, then gives that; returns what is printed the second time.
fn again(arguments: &[&str], n_lines_before: usize) -> Vec<String> {
    let scene = Scene::begin(&(HEADER.to_owned() + &part(1, 2, 4)));
    let running = scene.follow(&[arguments, &["-n", "2"]].concat());
    for _ in 0..n_lines_before {
        running.line();
    }
    append(&scene.folder.path().join("RECV0.LOG"), &(HEADER.replace("00.000", "01.000") + &part(1, 0, 2)));
    running.end().1
}

#[test]
fn what_is_printed_again_is_marked() {
    let text = again(&["sessions"], 1);
    assert!(text[0].ends_with(" again") && text.len() == 1, "{text:?}");
    let records = again(&["sessions", "--format", "ndjson"], 1);
    assert!(records[0].ends_with(r#","again":true}"#), "{records:?}");
    let schema: serde_json::Value = serde_json::from_str(heloscope::output::json::RECORD_SCHEMA).expect("a schema");
    let record: serde_json::Value = serde_json::from_str(&records[0]).expect("a record");
    assert!(jsonschema::is_valid(&schema, &record));
    let cells = again(&["sessions", "--format", "csv"], 2);
    assert!(cells[0].ends_with(",true"), "{cells:?}");
    let rows = again(&["lines"], 2);
    assert_eq!(rows[0], "EX01/08DE2A1B3C4D0001 2026-11-23T08:29:00.104Z = again: rows came late");
    assert_eq!(rows.len(), 5);
}

/// Windows tells of it only when something is written.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_noticed_before_anything_is_written() {
    for what in ["sessions", "lines"] {
        let scene = Scene::begin(&(HEADER.to_owned() + &part(1, 0, 4)));
        let folder = scene.folder.path().to_str().expect("a path");
        let mut command = command(&[what, "-F", "--poll-interval", "0.05", folder]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let errors = lines_of(child.stderr.take().expect("a pipe"));
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        let running = Running { child, lines: channel().1, errors };
        reader.read_line(&mut String::new()).expect("a line");
        drop(reader);
        // It ends, and says nothing.
        assert_eq!(running.errors.recv_timeout(LONG), Err(std::sync::mpsc::RecvTimeoutError::Disconnected), "{what}");
        assert_eq!(running.end(), (Some(0), Vec::new()));
    }
}

#[test]
fn standard_input_is_read_to_its_end() {
    let mut command = command(&["sessions", "-F"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let text = HEADER.to_owned() + &part(1, 0, 4) + &part(2, 0, 2);
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("room");
    let output = child.wait_with_output().expect("an end");
    let lines: Vec<_> = std::str::from_utf8(&output.stdout).expect("UTF-8").lines().map(id).collect();
    assert_eq!((output.status.code(), lines), (Some(0), vec!["0001", "0002"]));
}

#[test]
fn without_a_command_and_a_terminal_it_goes_on_too() {
    let scene = Scene::begin(HEADER);
    let mut running = Running::begin(&["-F", scene.folder.path().to_str().expect("a path")]);
    append(&scene.log(), &part(1, 0, 4));
    assert_eq!(id(&running.line()), "0001");
    running.child.kill().expect("the end");
}

#[test]
fn what_does_not_go_together_is_said() {
    let said = |arguments: &[&str]| {
        let output = command(arguments).output().expect("the program runs");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned()
    };
    let check = |arguments: &[&str], expected: &str| assert_eq!(said(&[arguments, &["."]].concat()), expected);
    check(
        &["sessions", "-F", "-o", "x.txt"],
        "heloscope: --follow prints as rows come, and --output writes when all is read: leave --output out, and write `> FILE`",
    );
    check(&["sessions", "-F", "-c"], "error: the argument '--follow' cannot be used with '--count'");
    check(&["sessions", "-F", "-l"], "error: the argument '--follow' cannot be used with '--files-with-matches'");
    check(&["lines", "--poll-interval", "2"], "error: the following required arguments were not provided:");
    check(
        &["lines", "-F", "--poll-interval", "0.01"],
        "error: invalid value '0.01' for '--poll-interval <SECONDS>': expected seconds from 0.05 to 86400, such as 0.5",
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_prints_what_is_open() {
    let scene = Scene::begin(&(HEADER.to_owned() + &part(1, 0, 4) + &part(2, 0, 2)));
    let running = scene.follow(&["sessions"]);
    assert_eq!(id(&running.line()), "0001");
    let (code, lines) = running.interrupt();
    let lines: Vec<_> = lines.iter().map(|line| id(line)).collect();
    assert_eq!((code, lines), (Some(130), vec!["0002"]));
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_is_named() {
    let scene = Scene::begin(&(HEADER.to_owned() + &(0..500).map(|session| part(session, 0, 4)).collect::<String>()));
    let answer = scene.folder.path().join("answer.txt");
    let mut shell = Command::new("sh");
    // Blocks of 512 or 1024 bytes: less than the answer either way.
    shell.args(["-c", "ulimit -f 8; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_heloscope"), "sessions", "-o"]);
    let output = shell.arg(&answer).arg(scene.log()).output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot write"), "{said}");
    assert_eq!(fs::read_dir(scene.folder.path()).expect("a folder").count(), 1, "nothing is left beside the log");
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_half_written() {
    check_ctrl_c(command);
    // As `nohup` starts it: a closed terminal does not end it.
    check_ctrl_c(|arguments| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_heloscope")]).args(arguments);
        shell
    });
}

#[cfg(unix)]
#[track_caller]
fn check_ctrl_c(begin: impl Fn(&[&str]) -> Command) {
    let folder = tempfile::tempdir().expect("a folder");
    let answer = folder.path().join("answer.txt");
    fs::write(&answer, "as it was").expect("a file");
    let mut command = begin(&["sessions", "-", "-o", answer.to_str().expect("a path")]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the program runs");
    let names = || {
        let entries = fs::read_dir(folder.path()).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect::<Vec<_>>()
    };
    // It reads what never ends, and has begun to write when the file stands beside the other.
    let mut pipe = child.stdin.take().expect("a pipe");
    while names().len() < 2 {
        pipe.write_all((HEADER.to_owned() + &part(1, 0, 4)).as_bytes()).expect("room");
    }
    assert!(Command::new("kill").args([ctrl_c(), &child.id().to_string()]).status().expect("kill").success());
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert_eq!(names(), ["answer.txt"]);
    assert_eq!(fs::read_to_string(&answer).expect("a file"), "as it was");
}
