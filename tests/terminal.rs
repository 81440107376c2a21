//! What only a terminal shows: columns, colour, the short help instead of a silent wait.
#![cfg(unix)]

use std::io::Read;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// Runs the program in a terminal of its own and returns its exit code and all that it showed.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (u32, String) {
    let size = PtySize { rows: 40, cols: 200, pixel_width: 0, pixel_height: 0 };
    let terminal = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_heloscope"));
    command.args(arguments);
    command.cwd(env!("CARGO_MANIFEST_DIR"));
    command.env_remove("NO_COLOR");
    command.env("TERM", "xterm");
    for (name, value) in environment {
        command.env(name, value);
    }
    let mut child = terminal.slave.spawn_command(command).expect("the program runs");
    drop(terminal.slave);
    let mut reader = terminal.master.try_clone_reader().expect("the terminal's other end");
    let mut shown = Vec::new();
    // Linux says that a terminal has no other end any more by an error.
    let _ = reader.read_to_end(&mut shown);
    let code = child.wait().expect("the program ends").exit_code();
    (code, String::from_utf8(shown).expect("UTF-8").replace("\r\n", "\n"))
}

#[test]
fn columns_are_aligned_and_named() {
    let (code, shown) = run(&["sessions", "--color", "never", "samples/submission-proxied"], &[]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("start "), "{shown}");
    let at = lines[0].find("remote").expect("the column's name");
    for line in &lines[1..] {
        let (before, remote) = line.split_at(at);
        assert!(before.ends_with("  ") && remote.starts_with(|first: char| first.is_ascii_digit()), "{shown}");
    }
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let path = "samples/auth-rejected.log";
    let is_coloured = |arguments: &[&str], environment: &[(&str, &str)]| {
        let (code, shown) = run(&[arguments, &[path]].concat(), environment);
        assert_eq!(code, 0);
        shown.contains("\x1b[31m")
    };
    assert!(is_coloured(&["sessions"], &[]));
    assert!(!is_coloured(&["sessions"], &[("NO_COLOR", "1")]));
    assert!(!is_coloured(&["sessions"], &[("TERM", "dumb")]));
    assert!(!is_coloured(&["sessions", "--color", "never"], &[]));
    assert!(is_coloured(&["sessions", "--color", "always"], &[("NO_COLOR", "1")]));
}

#[test]
fn nothing_to_read_is_said_at_once() {
    let (code, shown) = run(&["sessions"], &[]);
    assert_eq!(code, 2);
    assert!(shown.contains("nothing to read") && shown.contains("Usage:"), "{shown}");
}

#[test]
fn what_a_client_chose_steers_no_terminal() {
    for command in ["sessions", "sessions --format csv", "sessions --format ndjson", "lines", "summary"] {
        let words: Vec<&str> = command.split(' ').chain(["--color", "never", "samples/hostile-ehlo.log"]).collect();
        let (_, shown) = run(&words, &[]);
        let is_steering = |character: char| character.is_control() && character != '\n';
        // The progress bar may hide and show the cursor; it does so before the first word.
        assert!(!shown.chars().any(is_steering), "{command}: {shown:?}");
        assert!(!shown.contains('\u{202e}'), "{command}: {shown:?}");
    }
}

#[test]
fn a_value_that_never_occurs_is_named() {
    let path = "samples/auth-rejected.log";
    let (code, shown) = run(&["sessions", "-f", "auth:failed starttls:refused", path], &[]);
    assert_eq!(code, 1);
    assert!(shown.contains("heloscope: `starttls:refused` is true of no session in what was read"), "{shown}");
    assert_eq!(shown.matches("heloscope:").count(), 1, "{shown}");
    // Each occurs, only not together; and where something is found there is nothing to explain.
    for query in ["auth:failed -starttls:succeeded", "auth:failed", "nowhere"] {
        let (_, shown) = run(&["sessions", "-f", query, path], &[]);
        assert!(!shown.contains("is true of no"), "{shown}");
    }
    let (_, shown) = run(&["sessions", "-q", "-f", "starttls:refused", path], &[]);
    assert!(!shown.contains("heloscope:"), "{shown}");
    // Noted of sessions too that the time or a text holds back.
    let (_, shown) = run(&["sessions", "-f", "auth:failed nowhere", "--since", "2026-11-23T09:00", path], &[]);
    assert!(shown.contains("`after:2026-11-23T09:00` is true of no session") && !shown.contains("auth:"), "{shown}");
    let (code, shown) = run(&["sessions", "--since", "2026-11-24", "--until", "2026-11-23", path], &[]);
    assert_eq!(code, 1);
    assert!(shown.contains("no session can begin at 2026-11-24T00:00:00.000Z or later, and before"), "{shown}");
}
