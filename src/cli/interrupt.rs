//! Ctrl-C.
//!
//! In: the system's word that someone asked for the end. Out: the end, at once, or when the work in
//! hand is done.
//!
//! **Invariant**: a half-written file is removed before the program ends; a second Ctrl-C always ends
//! it at once.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
#[cfg(unix)]
use std::sync::Arc;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::Exit;

struct State {
    /// Whether the work looks by itself whether it is to end.
    is_patient: bool,
    is_asked: bool,
    /// A file that is being written, and not yet in its place.
    half_written: Option<PathBuf>,
}

static STATE: Mutex<State> = Mutex::new(State { is_patient: false, is_asked: false, half_written: None });
static ASKED: Condvar = Condvar::new();

/// Listens for Ctrl-C, and for being asked to end. What is ignored stays so, as Ctrl-C is for what a
/// script starts in the background, and a closed terminal for what `nohup` starts.
#[cfg(unix)]
pub(super) fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    // With a handler, whatever it does, a file that may not grow further is an error of the write.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let ignored = ignored_signals();
    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(move |signal| ignored & (1 << (signal - 1)) == 0);
    let (listening, is_listening) = std::sync::mpsc::channel::<()>();
    let listen = move || {
        let signals = signal_hook::iterator::Signals::new(heard);
        drop(listening);
        if let Ok(mut signals) = signals {
            signals.forever().for_each(|_| end());
        }
    };
    // Without a thread that listens the system ends the program, which is what is asked for.
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(listen);
    // The other end is dropped when it listens, or cannot.
    let _ = is_listening.recv();
}

/// Which signals the program was started to ignore: a bit each, the first one's lowest. Systems that do
/// not tell ignore none.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Listens for Ctrl-C, and for being asked to end.
#[cfg(windows)]
pub(super) fn listen() {
    // Without a handler the system ends the program, which is what is asked for.
    let _ = ctrlc::try_set_handler(end);
}

/// From now on the work looks by itself whether it is to end.
pub(super) fn be_patient() {
    lock().is_patient = true;
}

/// Whether the work is to end.
pub(super) fn is_asked() -> bool {
    lock().is_asked
}

/// Waits for so long, or until the work is to end, which it returns.
pub(super) fn wait(duration: Duration) -> bool {
    let waited = ASKED.wait_timeout_while(lock(), duration, |state| !state.is_asked);
    waited.unwrap_or_else(PoisonError::into_inner).0.is_asked
}

/// Makes a file that is removed where the program ends before it is whole.
///
/// Errors: those of `make`.
pub(super) fn removing(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<NamedTempFile> {
    // Held, so that the program does not end between the making and the note of it.
    let mut state = lock();
    let file = make()?;
    state.half_written = Some(file.path().to_owned());
    Ok(file)
}

fn end() {
    let mut state = lock();
    if state.is_patient && !state.is_asked {
        state.is_asked = true;
        ASKED.notify_all();
        return;
    }
    if let Some(path) = state.half_written.take() {
        // It may be in its place already.
        let _ = std::fs::remove_file(path);
    }
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        // The prompt is not to stand behind a bar.
        let _ = writeln!(stderr);
    }
    exit();
}

#[expect(clippy::exit, reason = "the main thread may be in a read that nothing can wake")]
fn exit() {
    std::process::exit(Exit::Interrupted as i32);
}

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
