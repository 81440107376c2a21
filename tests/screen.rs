//! The screen on a real terminal: it starts, shows, filters, quits, and leaves the terminal as it was.
#![cfg(unix)]

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything is waited for: only a fault waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program on a terminal of its own.
struct Session {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    terminal: vt100::Parser,
    /// All that was written to the terminal.
    written: Vec<u8>,
}

/// Starts the program on a terminal.
fn start(
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> (Box<dyn MasterPty + Send>, Box<dyn Child + Send + Sync>) {
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_heloscope"));
    command.args(arguments);
    command.cwd(env!("CARGO_MANIFEST_DIR"));
    for (name, value) in [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("XDG_CONFIG_HOME", "/nonexistent")] {
        command.env(name, value);
    }
    command.env_remove("NO_COLOR");
    for (name, value) in environment {
        command.env(name, value);
    }
    let child = pair.slave.spawn_command(command).expect("the program runs");
    (pair.master, child)
}

impl Session {
    fn begin(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let (master, child) = start(arguments, environment);
        let mut reader = master.try_clone_reader().expect("the terminal's other end");
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(length) = reader.read(&mut block) {
                if length == 0 || sender.send(block[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keyboard = master.take_writer().expect("the terminal's keyboard");
        let terminal = vt100::Parser::new(24, 80, 0);
        Self { master, keyboard, child, bytes, terminal, written: Vec::new() }
    }

    fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("keys are taken");
        self.keyboard.flush().expect("keys are taken");
    }

    /// Waits until the screen is so.
    #[track_caller]
    fn wait_for(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let begun = Instant::now();
        while !is_so(self.terminal.screen()) {
            match self.bytes.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("no {what}, {error}:\n{}", self.terminal.screen().contents()),
            }
        }
    }

    #[track_caller]
    fn wait_for_text(&mut self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    fn take(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
        self.terminal.process(bytes);
    }

    /// Waits for the end. Returns the exit code.
    fn end(&mut self) -> u32 {
        loop {
            match self.bytes.recv_timeout(PATIENCE) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end"),
            }
        }
        self.child.wait().expect("an exit code").exit_code()
    }

    #[track_caller]
    fn check_given_back(&self) {
        let screen = self.terminal.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(self.written.windows(8).any(|bytes| bytes == b"\x1b[?1049h"), "it took the terminal");
    }
}

#[test]
fn it_shows_filters_and_quits() {
    let mut session = Session::begin(&["samples"], &[]);
    session.wait_for_text(" sessions");
    session.type_in("/auth:failed\r");
    session.wait_for_text("/ auth:failed");
    session.wait_for("a part of the sessions", |screen| {
        let contents = screen.contents();
        contents.lines().any(|line| line.contains("Sessions  ") && line.contains(" of "))
    });
    session.type_in("?");
    session.wait_for_text("this help");
    session.type_in("qq");
    assert_eq!(session.end(), 0);
    session.check_given_back();
}

#[test]
fn it_can_be_resized_and_interrupted() {
    let mut session = Session::begin(&["samples/auth-rejected.log"], &[]);
    session.wait_for_text("pc-17");
    let size = |rows, cols| PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
    session.terminal.screen_mut().set_size(5, 30);
    session.master.resize(size(5, 30)).expect("another size");
    session.wait_for_text("needs 60 columns");
    session.terminal.screen_mut().set_size(40, 120);
    session.master.resize(size(40, 120)).expect("another size");
    session.wait_for_text("pc-17");
    session.type_in("m\x03");
    assert_eq!(session.end(), 130);
    session.check_given_back();
}

#[test]
fn whoever_asks_it_to_end_gets_the_terminal_back() {
    let mut session = Session::begin(&["samples/auth-rejected.log"], &[]);
    session.wait_for_text("pc-17");
    let id = session.child.process_id().expect("a process").to_string();
    let killed = std::process::Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!(session.end(), 130);
    session.check_given_back();
}

#[test]
fn a_closed_terminal_ends_it() {
    let (master, mut child) = start(&["samples/auth-rejected.log"], &[]);
    let mut reader = master.try_clone_reader().expect("the terminal's other end");
    let (mut block, mut written) = ([0; 4096], Vec::new());
    while !written.windows(5).any(|bytes| bytes == b"pc-17") {
        let length = reader.read(&mut block).expect("what is shown");
        written.extend_from_slice(&block[..length]);
    }
    drop((reader, master));
    let begun = Instant::now();
    let code = loop {
        match child.try_wait().expect("an answer") {
            Some(status) => break status.exit_code(),
            None => assert!(begun.elapsed() < PATIENCE, "it does not end"),
        }
        std::thread::yield_now();
    };
    // Whether it first hears of the end or fails to draw: it ends by its own will.
    assert!(matches!(code, 2 | 130), "{code}");
}

#[test]
fn a_picked_session_goes_to_standard_output() {
    let mut session = Session::begin(&["--pick", "samples/auth-rejected.log"], &[]);
    session.wait_for_text("pc-17");
    session.type_in("\r");
    assert_eq!(session.end(), 0);
    session.check_given_back();
    let shown = session.terminal.screen().contents();
    assert_eq!(shown.trim(), "EX01/08DF491A9AC4C2DF");
}

#[test]
fn the_demonstration_needs_no_files() {
    let mut session = Session::begin(&["demo"], &[]);
    session.wait_for_text("1. n: next failure");
    session.type_in("6");
    session.wait_for_text("password-spraying");
    session.type_in("q");
    assert_eq!(session.end(), 0);
    session.check_given_back();
}

#[test]
fn wrong_configuration_names_the_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, line, word) in [
        ("[filters]\nlab = \"port:25\"\n[colors]\nfailures = \"red\"\n", 4, "failures"),
        ("[colors]\nfailure = \"reddish\"\n", 2, "reddish"),
        ("[keys]\nnext-failur = \"f8\"\n", 2, "next-failure"),
        ("[keys]\nhelp = [\"q\"]\n", 2, "no key is left for `quit`"),
    ] {
        let path = folder.path().join("heloscope.toml");
        std::fs::write(&path, text).expect("a file");
        let path = path.to_str().expect("text");
        let mut session = Session::begin(&["--config", path, "samples/auth-rejected.log"], &[]);
        assert_eq!(session.end(), 2);
        let shown = String::from_utf8_lossy(&session.written).into_owned();
        assert!(shown.contains(&format!("heloscope.toml:{line}:")) && shown.contains(word), "{shown}");
    }
}

/// What is sent to a terminal is text, and the sequences that move and colour.
fn check_bytes(written: &[u8]) {
    let text = std::str::from_utf8(written).expect("UTF-8");
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        if next != '\x1b' {
            assert!(!next.is_control() || matches!(next, '\r' | '\n'), "{next:?}");
            continue;
        }
        assert_eq!(rest.next(), Some('['), "only control sequences");
        let last = rest.by_ref().find(char::is_ascii_alphabetic).expect("a final letter");
        assert!("HJKmhlABCDG".contains(last), "{last}");
    }
}

#[test]
fn what_a_client_chose_steers_no_terminal() {
    let mut session = Session::begin(&["samples/hostile-ehlo.log"], &[]);
    session.wait_for_text("session");
    session.type_in("jjj\rrjjj23456");
    session.wait_for_text("Patterns");
    session.type_in("q");
    assert_eq!(session.end(), 0);
    check_bytes(&session.written);
    session.check_given_back();
}
