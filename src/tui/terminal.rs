//! The terminal: taken, drawn on, and given back as it was.
//!
//! In: cells. Out: bytes on standard error.
//!
//! **Invariant**: given back on every way out, a panic of the drawing thread included.

use std::io::{self, BufWriter, Stderr, Write};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::Arc;
use std::thread;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::model::Model;
use super::view::view;

/// A terminal that shows the screen until it is dropped.
pub(super) struct Screen {
    /// Never dropped: where the terminal is gone, that panics in telling so.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stderr>>>>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// Errors: what the system says.
    pub(super) fn take() -> io::Result<Self> {
        give_back_on_panic();
        enable_raw_mode()?;
        execute!(io::stderr(), EnterAlternateScreen, EnableBracketedPaste).inspect_err(|_| give_back())?;
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(1 << 16, io::stderr())));
        terminal.map(|terminal| Self { terminal: ManuallyDrop::new(terminal) }).inspect_err(|_| give_back())
    }

    /// How many columns and rows it has.
    ///
    /// Errors: what the system says.
    pub(super) fn size() -> io::Result<(u16, u16)> {
        crossterm::terminal::size()
    }

    /// Draws.
    ///
    /// Errors: what the system says.
    pub(super) fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.terminal.draw(|frame| view(model, frame)).map(drop)
    }

    /// Draws everything anew, whatever stands there.
    ///
    /// Errors: what the system says.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Puts text on the clipboard, by way of the terminal (OSC 52).
    ///
    /// Errors: what the system says.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        queue!(out, CopyToClipboard::to_clipboard_from(text.as_bytes()))?;
        out.flush()
    }

    /// Turns the mouse on or off.
    ///
    /// Errors: what the system says.
    pub(super) fn set_mouse(&mut self, is_on: bool) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        match is_on {
            true => execute!(out, EnableMouseCapture),
            false => execute!(out, DisableMouseCapture),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back. What fails here fails because it is gone.
fn give_back() {
    let _ = execute!(io::stderr(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// Before a panic of this thread is told, the terminal is given back; workers tell theirs in the
/// status line.
fn give_back_on_panic() {
    let own = thread::current().id();
    let before: Arc<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync> = panic::take_hook().into();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == own {
            give_back();
            before(info);
        }
    }));
}
