//! What reaches the screen, and what it asks for.
//!
//! In: nothing. Out: [`Message`] and [`Effect`], both closed.
//!
//! **Invariant**: every message can be made without a terminal, so that tests can.

use std::sync::Arc;

use crate::ingest::LogFile;
use crate::pattern::Patterns;
use crate::record::value::Timestamp;
use crate::roster::sheet::Sheet;

use super::browse::{self, Answer};
use super::key::Key;
use super::session::{self, Pair};
use super::writing;

/// What the mouse did, in cells from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// A click.
    Click(u16, u16),
    /// The wheel, a step up or down.
    Wheel(i8),
}

/// What reaches the screen.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(Mouse),
    /// The terminal has so many columns and rows.
    Resize(u16, u16),
    /// What there is to read; more of it when files are followed.
    Files {
        /// The files, by number.
        files: Arc<[LogFile]>,
        /// How many bytes they have.
        all_bytes: u64,
        /// What could not be read, in words.
        errors: Vec<String>,
    },
    /// The sessions of a batch.
    Sheet(Arc<Sheet>, u64),
    /// The sessions that are open at the end of what was read so far; they take the place of those
    /// said before.
    Open(Arc<Sheet>),
    /// What only many sessions show, so far.
    Patterns(Arc<Patterns>),
    /// All was read.
    Read {
        /// What could not be, in words.
        errors: Vec<String>,
        /// What was left out, in words.
        skipped: Option<String>,
    },
    /// Everything is read anew, to be followed from then on.
    Anew,
    /// Who reads goes on as files grow.
    Following,
    /// Something befell a file that is followed, in words.
    Befell(String),
    /// An answer to a question about the list.
    Answer(Answer),
    /// How much of the rows was searched, in percent.
    Searching(u8),
    /// A session with its rows.
    Loaded(Box<Pair>),
    /// The sessions were written, or not.
    Written(Result<String, String>),
    /// A worker broke down over what it was given; it goes on with the next.
    Broken(String),
    /// What time it is.
    Tick(Timestamp),
    /// The terminal is gone, or someone asks the program to end.
    Hangup,
}

/// What the screen asks for.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Answer a question about the list.
    Browse(browse::Job),
    /// Read a session.
    Load(session::Job),
    /// Write sessions.
    Write(writing::Job),
    /// Put text on the clipboard.
    Copy(String),
    /// Turn the mouse on or off.
    Mouse(bool),
    /// Follow files, or do not.
    Follow(bool),
    /// Draw everything anew.
    Redraw,
    /// End.
    Quit(Ending),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Whoever looked had seen enough.
    Done,
    /// The session of this id was picked.
    Picked(String),
    /// It was interrupted, or the terminal went away.
    Interrupted,
}
