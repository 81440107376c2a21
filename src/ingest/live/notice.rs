//! What befalls files that are followed.
//!
//! In: changes that were noticed. Out: [`Notice`]s, in words.
//!
//! **Invariant**: rows that were read are never taken back; a notice says what of the file can no
//! longer be read.

use std::fmt;
use std::path::PathBuf;

/// Something that befell a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The file, as it was named or found.
    pub path: PathBuf,
    /// What befell it.
    pub event: Event,
}

/// What can befall a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is not there any more.
    Gone,
    /// It has another name.
    Renamed(PathBuf),
    /// It opens with other bytes: another file has its name, or it was written anew.
    Replaced,
    /// It lost its end.
    Shrunk {
        /// So many lines are left.
        n_lines: u64,
    },
    /// It changed, and cannot be read on: it is UTF-16, or shares a line with another file.
    Unread,
    /// It cannot be read now; what the system said.
    Failed(String),
}

impl Event {
    /// Whether rows may have been lost by it.
    pub fn is_loss(&self) -> bool {
        match self {
            Self::Shrunk { .. } | Self::Unread | Self::Failed(_) => true,
            Self::Gone | Self::Renamed(_) | Self::Replaced => false,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.event {
            Event::Gone => write!(f, " is gone; what was read of it stays"),
            Event::Renamed(path) => write!(f, " is {} now", path.display()),
            Event::Replaced => write!(f, " is another file now; it is read from its start"),
            Event::Shrunk { n_lines } => {
                write!(f, " shrank to {n_lines} lines; what was read of it stays, and it is read on from there")
            }
            Event::Unread => write!(
                f,
                " changed, and what is new in it is not read: it is UTF-16, or shares a line with another file; \
                 read it without following"
            ),
            Event::Failed(message) => write!(f, " cannot be read now: {message}; it is tried again"),
        }
    }
}
