//! The last moment that the logs tell of.
//!
//! In: a [`Catalogue`]. Out: the time of the last row of whichever file goes on longest.
//!
//! **Invariant**: reads the ends of files, never the whole; what cannot be read tells nothing here
//! and is named when it is read for good.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::record::line::parse_record;
use crate::record::value::Timestamp;

use super::catalogue::{Catalogue, LogFile};

/// How much of a file's end is looked at: more than the longest row.
const TAIL_BYTES: u64 = 64 << 10;

/// Returns the time of the last row in any of the files; of standard input, which cannot be looked
/// at from its end, that of the first.
pub fn last_time(catalogue: &Catalogue) -> Option<Timestamp> {
    catalogue.files.par_iter().filter_map(last_time_of).max()
}

fn last_time_of(file: &LogFile) -> Option<Timestamp> {
    let from = file.size_bytes.saturating_sub(TAIL_BYTES);
    let tail =
        if file.size_bytes > 0 { read_part(&file.path, from, TAIL_BYTES).unwrap_or_default() } else { Vec::new() };
    let last = tail.split(|&byte| byte == b'\n').rev().find_map(|line| time_of(file, line.trim_ascii_end()));
    last.max(file.first_time)
}

/// Reads so many bytes of a file, from a place on; of UTF-16 what of it is ASCII, which is all that
/// matters for times and ids.
///
/// Errors: what the system says.
pub(super) fn read_part(path: &Path, from: u64, n_bytes: u64) -> io::Result<Vec<u8>> {
    let mut opened = File::open(path)?;
    opened.seek(SeekFrom::Start(from))?;
    let mut part = Vec::new();
    opened.take(n_bytes).read_to_end(&mut part)?;
    part.retain(|byte| *byte != 0);
    Ok(part)
}

fn time_of(file: &LogFile, line: &[u8]) -> Option<Timestamp> {
    let mut usual = Vec::new();
    file.schema.append_usual(line, &mut usual);
    Timestamp::parse(parse_record(&usual).ok()?.time.as_inner())
}
