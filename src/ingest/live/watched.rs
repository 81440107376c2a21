//! One path that is watched: what has become of the file since it was last looked at.
//!
//! In: a path. Out: a [`Change`].
//!
//! **Invariant**: a file whose size and time are as before is not opened; none is held open.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::time::SystemTime;

use memchr::{memchr_iter, memrchr};

use crate::ingest::catalogue::{HEAD_BYTES, SkipReason};
use crate::ingest::rebuild::Reached;
use crate::record::header::Schema;
use crate::session::FileId;
use crate::source::discover::Found;
use crate::source::is_utf16;

use super::head::{Head, read_start};

/// A path that is watched.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) found: Found,
    pub(super) state: State,
    /// Size and time at the last look; `None` where it must be opened anyhow.
    seen: Option<Stamp>,
    is_gone: bool,
    /// Whether it was said already that it cannot be read, or read on.
    pub(super) is_failing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size_bytes: u64,
    modified: Option<SystemTime>,
}

/// What a path is to the reading.
#[derive(Debug)]
pub(super) enum State {
    /// A log that is read on as it grows.
    Log(Log),
    /// A log that is read in one go: what cannot be cut, or shares a line with another file.
    Whole(FileId),
    /// No log so far.
    Doubtful(Doubt),
}

/// What was made of a file that is no log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doubt {
    /// How large it was then, in bytes.
    pub(super) size_bytes: u64,
    /// Whether more bytes change nothing: its beginning was whole, and that decides.
    pub(super) is_final: bool,
    /// Whether it stands among those that are skipped.
    pub(super) is_skipped: bool,
}

impl Doubt {
    /// A file of this size is skipped for this reason.
    pub(super) fn of(reason: &SkipReason, size_bytes: u64) -> Self {
        let is_final = size_bytes >= HEAD_BYTES && !matches!(reason, SkipReason::Duplicate(_));
        Self { size_bytes, is_final, is_skipped: true }
    }

    /// Whether a file of this size may be another thing.
    fn is_stale(self, size_bytes: u64) -> bool {
        size_bytes < self.size_bytes || (size_bytes > self.size_bytes && !self.is_final)
    }
}

/// How far a log was read.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) file: FileId,
    /// The end of the last whole line that was read, in bytes.
    pub(super) at: u64,
    /// Lines up to there.
    pub(super) n_lines: u64,
    /// The header in force there; `None` for the one that the file opens with.
    pub(super) schema: Option<Box<Schema>>,
    /// Up to where no further line end was found, in bytes.
    searched: u64,
    pub(super) head: Head,
}

/// What has become of a file.
#[derive(Debug)]
pub(super) enum Change {
    /// Nothing that matters.
    None,
    /// It holds further whole lines, up to here; and whether it ends there.
    Grown { until: u64, is_all: bool },
    /// It lost its end; so many lines are left.
    Shrunk { n_lines: u64 },
    /// It opens with other bytes.
    Replaced,
    /// It is not there any more.
    Gone,
    /// It is another than it was, and may be a log now.
    Doubtful,
    /// It changed, and is not read on.
    Unread,
    /// It is read in one go, since it is UTF-16.
    Utf16,
    /// It cannot be looked at.
    Failed(io::Error),
}

impl Log {
    /// A log of which nothing was read.
    pub(super) fn new(file: FileId) -> Self {
        Self { file, at: 0, n_lines: 0, schema: None, searched: 0, head: Head::default() }
    }

    /// It was read up to here.
    fn reach(&mut self, reached: Reached) {
        self.at = reached.offset;
        self.searched = self.searched.max(self.at);
        self.n_lines = reached.n_lines;
        self.schema = Some(Box::new(reached.schema));
    }

    /// Looks what there is to read of it.
    fn look(&mut self, file: &mut File) -> io::Result<Change> {
        let size_bytes = file.metadata()?.len();
        let start = read_start(file)?;
        if !self.head.opens(&start) {
            return Ok(Change::Replaced);
        }
        if self.at == 0 && is_utf16(&start) {
            return Ok(Change::Utf16);
        }
        if size_bytes < self.at {
            (self.at, self.n_lines) = count_lines(file, size_bytes)?;
            self.searched = size_bytes;
            self.head = Head::of(&start, self.at);
            return Ok(Change::Shrunk { n_lines: self.n_lines });
        }
        let line_end = last_line_end(file, self.searched.min(size_bytes).max(self.at), size_bytes)?;
        self.searched = size_bytes;
        let Some(until) = line_end else { return Ok(Change::None) };
        self.head = Head::of(&start, until);
        Ok(Change::Grown { until, is_all: until == size_bytes })
    }
}

impl Watched {
    pub(super) fn new(found: Found, state: State) -> Self {
        Self { found, state, seen: None, is_gone: false, is_failing: false }
    }

    /// The log, if it is one that is read on.
    pub(super) fn as_log(&self) -> Option<&Log> {
        match &self.state {
            State::Log(log) => Some(log),
            State::Whole(_) | State::Doubtful(_) => None,
        }
    }

    /// The log, if its file is there no more under this name.
    pub(super) fn as_lost(&self) -> Option<&Log> {
        self.as_log().filter(|_| self.is_gone)
    }

    /// How large it was at the last look, in bytes.
    pub(super) fn size_bytes(&self) -> Option<u64> {
        self.seen.map(|seen| seen.size_bytes)
    }

    /// Whether something stands behind the last whole line that was read.
    pub(super) fn has_rest(&self) -> bool {
        self.as_log().is_some_and(|log| !self.is_gone && self.size_bytes().is_some_and(|size| size > log.at))
    }

    /// It was read, or tried to: up to `reached`, where `until` was wanted.
    pub(super) fn reach(&mut self, reached: Option<Reached>, until: Option<u64>) {
        let (State::Log(log), Some(until)) = (&mut self.state, until) else { return };
        if let Some(reached) = reached {
            log.reach(reached);
        }
        self.is_failing = log.at < until;
        if self.is_failing {
            // The rest is tried again whether the file changes or not.
            log.searched = log.at;
            self.seen = None;
        }
    }

    /// Looks at the file, if it changed.
    pub(super) fn look(&mut self) -> Change {
        if self.found.real.is_none() {
            return Change::None;
        }
        let stamp = match fs::metadata(&self.found.path) {
            Ok(metadata) if metadata.is_file() => {
                Stamp { size_bytes: metadata.len(), modified: metadata.modified().ok() }
            }
            // What is no plain file was read to its end.
            Ok(_) => return Change::None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.lose(),
            Err(error) => return self.fail(error),
        };
        let before = self.seen.replace(stamp);
        if std::mem::take(&mut self.is_gone) || before != Some(stamp) {
            return self.look_closer(before, stamp);
        }
        Change::None
    }

    fn look_closer(&mut self, before: Option<Stamp>, stamp: Stamp) -> Change {
        match &mut self.state {
            State::Doubtful(doubt) if doubt.is_stale(stamp.size_bytes) || self.is_failing => Change::Doubtful,
            State::Doubtful(_) => Change::None,
            State::Whole(_) if before.is_none() || std::mem::replace(&mut self.is_failing, true) => Change::None,
            State::Whole(_) => Change::Unread,
            State::Log(log) => match File::open(&self.found.path).and_then(|mut file| log.look(&mut file)) {
                Ok(change) => {
                    self.is_failing &= !matches!(change, Change::None);
                    change
                }
                Err(error) => self.fail(error),
            },
        }
    }

    fn lose(&mut self) -> Change {
        let is_log = !matches!(self.state, State::Doubtful(_));
        match std::mem::replace(&mut self.is_gone, true) {
            false if is_log => Change::Gone,
            _ => Change::None,
        }
    }

    /// Opens it at the next look, whether it changes or not.
    pub(super) fn forget(&mut self) {
        self.seen = None;
    }

    /// It could not be looked at: said once.
    pub(super) fn fail(&mut self, error: io::Error) -> Change {
        self.seen = None;
        match std::mem::replace(&mut self.is_failing, true) {
            false => Change::Failed(error),
            true => Change::None,
        }
    }
}

const BLOCK_BYTES: u64 = 1 << 16;

/// Returns the place behind the last line end between two places of a file.
fn last_line_end(file: &mut File, from: u64, until: u64) -> io::Result<Option<u64>> {
    let mut end = until;
    let mut block = Vec::new();
    while end > from {
        let start = end.saturating_sub(BLOCK_BYTES).max(from);
        block.clear();
        file.seek(SeekFrom::Start(start))?;
        file.take(end - start).read_to_end(&mut block)?;
        if let Some(line_end) = memrchr(b'\n', &block) {
            return Ok(Some(start + line_end as u64 + 1));
        }
        end = start;
    }
    Ok(None)
}

/// Returns the place behind the last line end of a file's first `size_bytes`, and how many lines end
/// up to there.
fn count_lines(file: &mut File, size_bytes: u64) -> io::Result<(u64, u64)> {
    let (mut at, mut end, mut n_lines) = (0, 0, 0);
    let mut block = Vec::new();
    file.rewind()?;
    while at < size_bytes {
        block.clear();
        file.take((size_bytes - at).min(BLOCK_BYTES)).read_to_end(&mut block)?;
        if block.is_empty() {
            break;
        }
        n_lines += memchr_iter(b'\n', &block).count() as u64;
        end = memrchr(b'\n', &block).map_or(end, |line_end| at + line_end as u64 + 1);
        at += block.len() as u64;
    }
    Ok((end, n_lines))
}
