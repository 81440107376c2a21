//! The last moment that the logs tell of.
//!
//! In: a [`Catalogue`]. Out: the latest time of any row, and the file that has it.
//!
//! Of a file that is named as Exchange names it, rows stand in the order in which they were written, and
//! its end tells. One of another name may have been put together of several in any order, as `cat new.log
//! old.log > all.log` does it, so that any place of it can hold the latest row: it is searched as a whole.
//!
//! **Invariant**: of files that Exchange named, only the ends are read. What cannot be read tells nothing
//! here and is named when it is read for good.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::record::line::{lead_bytes, parse_record};
use crate::record::value::Timestamp;
use crate::session::FileId;

use super::catalogue::{Catalogue, LogFile};
use super::window::{has_name_of, whole_lines};

/// How much of a file's end is looked at: more than the longest row.
const TAIL_BYTES: u64 = 64 << 10;

/// How much of a file is searched in one go.
const PART_BYTES: u64 = 4 << 20;

/// Returns the latest time of a row in any of the files, and which of them has it. Standard input and
/// pipes can be looked at from neither their end nor twice: of these the first row's time counts.
///
/// `advance` is told of how many bytes it is known what they tell: of all files, what they hold.
pub fn last_time(catalogue: &Catalogue, advance: &(dyn Fn(u64) + Sync)) -> Option<(Timestamp, FileId)> {
    let last_of = |(file, log): (u32, &LogFile)| Some((last_time_of(log, advance)?, FileId(file)));
    let files: Vec<_> = (0..).zip(&catalogue.files).collect();
    files.into_par_iter().filter_map(last_of).max()
}

fn last_time_of(file: &LogFile, advance: &(dyn Fn(u64) + Sync)) -> Option<Timestamp> {
    let is_in_order = file.first_time.is_some_and(|first| has_name_of(file, first));
    let parts: Vec<(u64, u64)> = match is_in_order {
        true => vec![(file.size_bytes.saturating_sub(TAIL_BYTES), file.size_bytes)],
        false => parts_of(file.size_bytes),
    };
    let latest_in = |&(from, n_bytes): &(u64, u64)| {
        let text = read_part(&file.path, from, n_bytes.saturating_add(TAIL_BYTES)).unwrap_or_default();
        advance(n_bytes);
        latest_of(file, whole_lines(&text, from > 0, false))
    };
    parts.par_iter().filter_map(latest_in).max().max(file.first_time)
}

/// Where the parts of a file begin, and how long they are.
fn parts_of(size_bytes: u64) -> Vec<(u64, u64)> {
    let n_parts = size_bytes.div_ceil(PART_BYTES);
    (0..n_parts).map(|part| part * PART_BYTES).map(|from| (from, PART_BYTES.min(size_bytes - from))).collect()
}

/// How much of a row tells its second.
const SECOND: &str = "2026-11-23T08:30:15";

/// The latest time of the rows. They are looked at from the last one on: where they are in order, none
/// before it has to be understood.
fn latest_of(file: &LogFile, lines: &[u8]) -> Option<Timestamp> {
    let mut latest: Option<(Timestamp, &[u8])> = None;
    let is_usual = !file.schema.is_custom();
    for line in from_the_end(lines) {
        let second = line.get(..SECOND.len()).filter(|_| is_usual && line[0].is_ascii_digit());
        let is_earlier = latest.zip(second).is_some_and(|((_, latest), second)| second < latest);
        if !is_earlier && let Some(time) = time_of(file, line.trim_ascii_end()) {
            latest = match latest {
                Some((known, _)) if known >= time => latest,
                _ => Some((time, second.unwrap_or_default())),
            };
        }
    }
    latest.map(|(time, _)| time)
}

/// The lines of a text, the last one first.
fn from_the_end(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut end = text.len();
    memchr::memrchr_iter(b'\n', text).map(|at| at + 1).chain([0]).map(move |start| {
        let line = &text[start..end];
        end = start.saturating_sub(1);
        line
    })
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
    if memchr::memchr(0, &part).is_some() {
        part.retain(|byte| *byte != 0);
    }
    Ok(part)
}

fn time_of(file: &LogFile, line: &[u8]) -> Option<Timestamp> {
    let mut usual = Vec::new();
    file.schema.append_usual(&line[lead_bytes(line)..], &mut usual);
    Timestamp::parse(parse_record(&usual).ok()?.time.as_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Rows of a day, more than what is looked at of an end.
    fn rows(day: u32) -> String {
        let row = |second: u32| {
            let (minute, second) = (second / 60, second % 60);
            let row = "Z,EX01\\Default,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:4096,+,,\r\n";
            format!("2026-11-{day:02}T12:{minute:02}:{second:02}.000{row}")
        };
        (0..1800).map(row).collect()
    }

    #[track_caller]
    fn check(name: &str, text: &[u8], expected: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let catalogue = Catalogue::build(&[folder.path().to_owned()], None);
        let n_bytes = AtomicU64::new(0);
        let last = last_time(&catalogue, &|bytes| {
            n_bytes.fetch_add(bytes, Ordering::Relaxed);
        });
        assert_eq!(last.map(|(time, _)| time), expected.map(|time| Timestamp::parse(time.as_bytes()).unwrap()));
        assert_eq!(n_bytes.into_inner(), catalogue.files.iter().map(|file| file.size_bytes).sum::<u64>());
    }

    #[test]
    fn the_latest_row_of_files_that_were_put_together() {
        let (old, new) = (rows(21), rows(23));
        assert!(old.len() > 2 * usize::try_from(TAIL_BYTES).unwrap());
        let latest = Some("2026-11-23T12:29:59.000Z");
        check("RECV20261123-1.LOG", new.as_bytes(), latest);
        check("all.log", format!("{old}{new}").as_bytes(), latest);
        check("all.log", format!("{new}{old}").as_bytes(), latest);
        check("all.log", format!("{old}{new}{old}").as_bytes(), latest);
        // Named for the day of other rows than it begins with: it is none that Exchange wrote so.
        check("RECV20261125-1.LOG", format!("{new}{old}").as_bytes(), latest);
        // In more parts than one, with the latest row across the end of one.
        let part = usize::try_from(PART_BYTES).unwrap();
        let first = old.repeat(part / old.len() + 1);
        for cut in 1..4 {
            let text = format!("{}\r\n{new}{old}", &first[..part - 2 - new.len() + cut * 20]);
            check("all.log", text.as_bytes(), latest);
        }
    }

    #[test]
    fn odd_files() {
        let row = "2026-11-23T08:30:15.000Z,EX01\\Default,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:4096,+,,\r\n";
        let latest = Some("2026-11-23T08:30:15.000Z");
        check("a.log", format!("{row}zzzz\r\n\r\n2026-11-24T08:30:15.000Z is no row\r\n").as_bytes(), latest);
        check("a.log", format!("{row}{}", &row[..60]).as_bytes(), latest);
        check("a.log", format!("{}    {row}", row.replace("11-23", "11-22")).as_bytes(), latest);
        let utf_16: Vec<u8> =
            [0xfeff].into_iter().chain(row.repeat(2).encode_utf16()).flat_map(u16::to_le_bytes).collect();
        check("a.log", &utf_16, latest);
        check("a.log", format!("\n\n{row}\n\n").as_bytes(), latest);
        check("a.log", b"", None);
    }
}
