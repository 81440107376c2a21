//! What stands behind the last line ends of a folder's files.
//!
//! In: a file. Out: its [`Tail`], read once, though a file may be looked at for each of those behind it.
//!
//! **Invariant**: what is kept has a bound, and so has what is read of a file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use memchr::memrchr;

use super::{MAX_LINE_BYTES, Part};
use crate::ingest::catalogue::LogFile;
use crate::source::is_utf16;

/// What stands behind the last line end of a file.
pub(super) struct Tail {
    /// Where it begins, in bytes.
    pub(super) from: u64,
    pub(super) text: Vec<u8>,
}

/// The tails of the files of a folder, as far as they were asked for: a file may be looked at for each of
/// those behind it.
#[derive(Default)]
pub(super) struct Tails {
    known: HashMap<usize, Option<Tail>>,
    n_bytes: usize,
}

/// How many bytes of tails are kept.
const MAX_KEPT_BYTES: usize = 4 << 20;

impl Tails {
    /// Returns the tail of the file of this index. `None` where it ends with a line end, where the tail is
    /// too long, or where it cannot be read; reading the file later says what is wrong with it.
    pub(super) fn of(&mut self, index: usize, part: &Part) -> Option<&Tail> {
        if self.n_bytes > MAX_KEPT_BYTES {
            *self = Self::default();
        }
        let n_bytes = &mut self.n_bytes;
        let read = || {
            let tail = read_tail(&part.file).ok().flatten();
            *n_bytes += tail.as_ref().map_or(0, |tail| tail.text.len());
            tail
        };
        self.known.entry(index).or_insert_with(read).as_ref()
    }
}

/// Whether a file ends in mid-line. Standard input and pipes have no size, and no end to look at.
fn ends_torn(log: &LogFile) -> io::Result<bool> {
    if log.size_bytes == 0 {
        return Ok(false);
    }
    let mut file = File::open(&log.path)?;
    let mut last = Vec::new();
    file.seek(SeekFrom::Start(log.size_bytes - 1))?;
    file.take(1).read_to_end(&mut last)?;
    Ok(last != b"\n")
}

/// Reads what stands behind the last line end of a file. `None` where nothing does, or too much.
fn read_tail(log: &LogFile) -> io::Result<Option<Tail>> {
    if !ends_torn(log)? {
        return Ok(None);
    }
    let mut file = File::open(&log.path)?;
    let mut mark = Vec::new();
    file.by_ref().take(2).read_to_end(&mut mark)?;
    let start = log.size_bytes.saturating_sub(MAX_LINE_BYTES as u64);
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(log.size_bytes - start).read_to_end(&mut text)?;
    let after_line_end = memrchr(b'\n', &text).map(|line_end| line_end + 1);
    let Some(length) = after_line_end.or((start == 0).then_some(0)) else { return Ok(None) };
    text.drain(..length);
    Ok((!text.is_empty() && !is_utf16(&mark)).then_some(Tail { from: start + length as u64, text }))
}
