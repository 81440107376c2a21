//! The account of every line that was read.
//!
//! In: counts of each chunk. Out: one [`Account`] that adds up.
//!
//! **Invariant**: `lines == records + directives + blank + malformed + foreign + pending`.

use std::ops::AddAssign;
use std::path::PathBuf;

use crate::record::Malformed;
use crate::session::N_MALFORMED_PLACES;
use crate::source::discover::ReadError;

/// What became of every line and byte.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Bytes of log text read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Rows of receive sessions, repeats included.
    pub records: u64,
    /// Rows that stand again elsewhere, byte for byte, and were counted once in their session.
    pub repeated: u64,
    /// Lines that begin with `#`.
    pub directives: u64,
    /// Empty lines.
    pub blank: u64,
    /// Lines that are no row.
    pub malformed: u64,
    /// Rows under a header of another kind of log in mid-file.
    pub foreign: u64,
    /// Last lines that were cut while being written.
    pub pending: u64,
    /// The first malformed lines, in reading order.
    pub malformed_places: Vec<MalformedPlace>,
    /// Files that failed while they were read.
    pub errors: Vec<ReadError>,
    /// Sessions rebuilt.
    pub sessions: u64,
    /// Sessions whose connect row was not read.
    pub without_head: u64,
    /// Sessions whose disconnect row was not read.
    pub without_tail: u64,
}

/// Where a malformed line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedPlace {
    /// The file, as it was named.
    pub path: PathBuf,
    /// From 1.
    pub line: u64,
    /// Why it is none.
    pub reason: Malformed,
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.records += other.records;
        self.repeated += other.repeated;
        self.directives += other.directives;
        self.blank += other.blank;
        self.malformed += other.malformed;
        self.foreign += other.foreign;
        self.pending += other.pending;
        self.malformed_places.extend(other.malformed_places);
        self.malformed_places.truncate(N_MALFORMED_PLACES);
        self.errors.extend(other.errors);
        self.sessions += other.sessions;
        self.without_head += other.without_head;
        self.without_tail += other.without_tail;
    }
}
