//! What there is to read: every file once, in the order of time, and what was left out and why.
//!
//! In: paths as typed. Out: a [`Catalogue`].
//!
//! **Invariant**: every path found is either in `files` or in `skipped` or in `errors`.

use std::path::PathBuf;

use super::ReadError;

/// Which transport role wrote a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Front End Transport.
    Frontend,
    /// Transport service.
    Hub,
    /// Edge Transport.
    Edge,
    /// Mailbox Transport Delivery.
    MailboxDelivery,
    /// Mailbox Transport Submission.
    MailboxSubmission,
}

impl Role {
    /// As the session record writes it.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::Frontend => "frontend",
            Self::Hub => "hub",
            Self::Edge => "edge",
            Self::MailboxDelivery => "mailbox-delivery",
            Self::MailboxSubmission => "mailbox-submission",
        }
    }

    /// Infers the role where the path does not tell it.
    ///
    /// Source: local port 25 or 587 and `Frontend` in the name: front end; 2525 or 465: hub;
    /// 475: mailbox delivery.
    pub fn infer(connector: &[u8], port: Option<u16>) -> Option<Self> {
        let names_frontend = connector.to_ascii_lowercase().windows(8).any(|part| part == b"frontend");
        match port? {
            25 | 587 if names_frontend => Some(Self::Frontend),
            2525 | 465 => Some(Self::Hub),
            475 => Some(Self::MailboxDelivery),
            _ => None,
        }
    }
}

/// A log to read.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// As it was named, or found below what was named; `-` for stdin.
    pub path: PathBuf,
    /// The name of the folder it lies in, empty where there is none.
    pub folder: String,
    /// The role that the path tells.
    pub role: Option<Role>,
    /// Bytes on disk when it was found; 0 for stdin.
    pub size_bytes: u64,
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// Another kind of log, in its own words: `SMTP Send Protocol Log`.
    OtherLog(String),
    /// No protocol log at all.
    NotALog,
    /// The header lacks a column that sessions need.
    MissingColumn(&'static str),
    /// Nothing in it.
    Empty,
    /// The same bytes as the file named here.
    Duplicate(PathBuf),
}

/// A file that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// As it was named or found.
    pub path: PathBuf,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// Why.
    pub reason: SkipReason,
}

/// What there is to read.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// In reading order; a `FileId` is an index into it.
    pub files: Vec<LogFile>,
    /// Left out, in the order of their paths.
    pub skipped: Vec<Skipped>,
    /// Could not be opened.
    pub errors: Vec<ReadError>,
}
