//! When the sessions that are asked for begin, and which files cannot hold rows of them.
//!
//! In: a [`Window`] of time. Out: a [`Catalogue`] without the files that lie too far before or behind.
//!
//! A session is chosen by its start alone, so a file that holds its head must be read although its tail
//! stands in the window, and the other way round. What makes it safe to leave a file out is what
//! Exchange holds itself to, and the margin is wider than that:
//!
//! - A connection lasts a day at most, for `ConnectionTimeout` of a receive connector goes up to
//!   1.00:00:00. So sessions with a row more than a day before the window began before it, and none
//!   that began within it has a row more than a day behind it.
//! - Rows stand in the order in which they were written. They are buffered, so that rows of an hour can
//!   stand in the next hour's file; an hour more is allowed for that.
//! - An id is a count of 100 ns since the year 1, so that no session read has the name of one that was
//!   left out.
//!
//! Whether a file is written like that is looked up in it: all of a small one; some places of a large one
//! that is named as Exchange names what it begins at that time, for others may have been put together of
//! many. Where times run backwards or ids are none that Exchange makes, it is read. A part of a file is
//! never left out: rows are named by their line, which is counted from the file's beginning.
//!
//! **Invariant**: the sessions that begin in the window are the same, whatever was left out.

use std::io;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::record::line::{lead_bytes, parse_hex16, parse_record};
use crate::record::value::Timestamp;
use crate::session::seen::is_clock;

use super::catalogue::{Catalogue, LogFile, SkipReason, Skipped};
use super::tail::read_part;

/// When the sessions that are asked for begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// At this moment or later.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// An hour, in the unit of [`Timestamp`].
const TICKS_PER_HOUR: i64 = 3600 * 10_000_000;

/// How far rows may be out of order.
const DISORDER_TICKS: i64 = TICKS_PER_HOUR;

/// How far off a file must lie.
///
/// Source: Set-ReceiveConnector, of which `ConnectionTimeout` is 00:00:01 to 1.00:00:00.
const MARGIN_TICKS: i64 = 24 * TICKS_PER_HOUR + DISORDER_TICKS;

impl Window {
    /// Whether a session that starts then is asked for. One whose start is not known is in no window
    /// that has an end.
    pub fn holds(self, start: Option<Timestamp>) -> bool {
        self.since.is_none_or(|since| start.is_some_and(|start| start >= since))
            && self.until.is_none_or(|until| start.is_some_and(|start| start < until))
    }

    /// The moments in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        // `None` is less than any moment.
        Self { since: self.since.max(other.since), until: earlier(self.until, other.until) }
    }

    /// From the beginning of the one that begins first to the end of the one that ends last.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            since: self.since.min(other.since),
            until: self.until.zip(other.until).map(|(one, other)| one.max(other)),
        }
    }

    /// Whether no moment can be in it.
    pub fn is_empty(self) -> bool {
        self.since.zip(self.until).is_some_and(|(since, until)| since >= until)
    }

    /// Whether no row of a session of the window stands between these moments.
    fn is_far_from(self, earliest: Timestamp, latest: Timestamp) -> bool {
        self.since.is_some_and(|since| latest.0 < since.0.saturating_sub(MARGIN_TICKS))
            || self.until.is_some_and(|until| earliest.0 > until.0.saturating_add(MARGIN_TICKS))
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Catalogue {
    /// Leaves out the files that no session of the window has rows in.
    pub fn narrow(&mut self, window: Window) {
        if window == Window::default() {
            return;
        }
        let are_outside: Vec<bool> = self.files.par_iter().map(|file| is_outside(file, window)).collect();
        let files = std::mem::take(&mut self.files);
        for (file, is_outside) in files.into_iter().zip(are_outside) {
            match is_outside {
                true => self.skipped.push(Skipped {
                    path: file.path,
                    size_bytes: file.size_bytes,
                    reason: SkipReason::OtherTime,
                }),
                false => self.files.push(file),
            }
        }
        self.skipped.sort_by(|one, other| one.path.cmp(&other.path));
    }
}

fn is_outside(file: &LogFile, window: Window) -> bool {
    let Some(first) = file.first_time else { return false };
    if file.size_bytes > SMALL_BYTES && !has_name_of(file, first) {
        return false;
    }
    // Most files need not be looked into: they begin within the window, or near it.
    let is_early = window.since.is_some_and(|since| first < since);
    let is_late = window.until.is_some_and(|until| first >= until);
    (is_early || is_late)
        && look_into(file).ok().flatten().is_some_and(|(earliest, latest)| window.is_far_from(earliest, latest))
}

/// Whether the file is named as Exchange names a log whose first row is of that time: `RECV2026112308-1.LOG`,
/// or by the day, `RECV20261123-1.LOG`.
pub(super) fn has_name_of(file: &LogFile, first: Timestamp) -> bool {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy().to_ascii_uppercase();
    let Some((digits, number)) = name
        .strip_prefix("RECV")
        .and_then(|name| name.strip_suffix(".LOG"))
        .and_then(|name| name.split_once('-'))
        .filter(|(digits, _)| matches!(digits.len(), 8 | 10) && digits.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        return false;
    };
    let hour = digits.get(8..).filter(|hour| !hour.is_empty()).unwrap_or("00");
    let begun = format!("{}-{}-{}T{hour}:00:00.000Z", &digits[..4], &digits[4..6], &digits[6..8]);
    let is_near = |begun: Timestamp| first.0.abs_diff(begun.0) <= MARGIN_TICKS.unsigned_abs();
    number.bytes().all(|byte| byte.is_ascii_digit()) && Timestamp::parse(begun.as_bytes()).is_some_and(is_near)
}

/// A file that is no larger is looked at as a whole, in bytes.
const SMALL_BYTES: u64 = 1 << 18;

/// How much of a large file is looked at in one place, in bytes: some rows, however long.
const PLACE_BYTES: u64 = 1 << 15;

/// How far apart these places are, in bytes, where that makes no more than [`MAX_PLACES`].
const PLACES_APART_BYTES: u64 = 2 << 20;

const MAX_PLACES: u64 = 16;

/// Returns the earliest and the latest time that were met in a file; `None` where it is none that
/// Exchange wrote as it stands.
fn look_into(file: &LogFile) -> io::Result<Option<(Timestamp, Timestamp)>> {
    let size = file.size_bytes;
    let n_parts = (size / PLACES_APART_BYTES).clamp(2, MAX_PLACES);
    let places: Vec<(u64, u64)> = match size <= SMALL_BYTES {
        true => vec![(0, size)],
        // The first at the beginning, the last at the end.
        false => (0..=n_parts).map(|place| ((size - PLACE_BYTES) * place / n_parts, PLACE_BYTES)).collect(),
    };
    let mut met: Option<(Timestamp, Timestamp)> = None;
    for (from, n_bytes) in places {
        let text = read_part(&file.path, from, n_bytes)?;
        let is_end = from + n_bytes >= size;
        match look_at(file, whole_lines(&text, from > 0, !is_end), met) {
            None => return Ok(None),
            seen => met = seen,
        }
    }
    Ok(met)
}

/// The lines of a part of a file, without the one that it begins within, and the one it ends within.
pub(super) fn whole_lines(text: &[u8], begins_within: bool, ends_within: bool) -> &[u8] {
    let from = if begins_within { memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1) } else { 0 };
    let text = &text[from..];
    let until = if ends_within { memchr::memrchr(b'\n', text).map_or(0, |at| at + 1) } else { text.len() };
    &text[..until]
}

/// Returns the earliest and the latest time, those that were met before included. `None` where there is
/// no row, one without a time, one whose id is no clock's, or one that is out of order.
fn look_at(file: &LogFile, lines: &[u8], before: Option<(Timestamp, Timestamp)>) -> Option<(Timestamp, Timestamp)> {
    let mut met = before;
    let mut n_rows = 0;
    let mut usual = Vec::new();
    for line in lines.split(|&byte| byte == b'\n') {
        usual.clear();
        file.schema.append_usual(line[lead_bytes(line)..].trim_ascii_end(), &mut usual);
        let Ok(record) = parse_record(&usual) else { continue };
        n_rows += 1;
        let time = Timestamp::parse(record.time.as_inner())?;
        let (earliest, latest) = met.unwrap_or((time, time));
        let is_in_order = time.0 >= latest.0.saturating_sub(DISORDER_TICKS);
        if !is_in_order || !parse_hex16(record.session_id.as_inner()).is_some_and(is_clock) {
            return None;
        }
        met = Some((earliest.min(time), latest.max(time)));
    }
    met.filter(|_| n_rows > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse(text.as_bytes()).unwrap()
    }

    fn row(time: &str, id: &str) -> String {
        format!("{time},EX01\\Default,{id},0,192.0.2.5:25,198.51.100.7:4096,+,,\r\n")
    }

    const ID: &str = "08DE2A1B3C4D5E6F";

    /// Writes files, each of rows of these days of November, and tells which are read.
    #[track_caller]
    fn check(files: &[(&str, &[u32])], (since, until): (Option<&str>, Option<&str>), expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for (name, days) in files {
            let rows: String = days.iter().map(|day| row(&format!("2026-11-{day:02}T12:00:00.000Z"), ID)).collect();
            std::fs::write(folder.path().join(name), rows).unwrap();
        }
        let mut catalogue = Catalogue::build(&[folder.path().to_owned()], None);
        catalogue.narrow(Window { since: since.map(moment), until: until.map(moment) });
        let name = |file: &LogFile| file.path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(catalogue.files.iter().map(name).collect::<Vec<_>>(), expected);
        assert_eq!(catalogue.files.len() + catalogue.skipped.len(), files.len());
        assert!(catalogue.skipped.iter().all(|skipped| skipped.reason == SkipReason::OtherTime));
    }

    const FILES: [(&str, &[u32]); 4] = [("a", &[1, 2]), ("b", &[2, 4]), ("c", &[5, 8]), ("d", &[9])];

    #[test]
    fn files_more_than_a_day_off_are_left_out() {
        check(&FILES, (None, None), &["a", "b", "c", "d"]);
        check(&FILES, (Some("2026-11-03T00:00:00Z"), None), &["a", "b", "c", "d"]);
        check(&FILES, (Some("2026-11-03T13:00:00Z"), None), &["a", "b", "c", "d"]);
        check(&FILES, (Some("2026-11-03T13:00:01Z"), None), &["b", "c", "d"]);
        check(&FILES, (Some("2027-01-01T00:00:00Z"), None), &[]);
        check(&FILES, (None, Some("2026-11-04T12:00:00Z")), &["a", "b", "c"]);
        check(&FILES, (None, Some("2026-11-04T10:59:59Z")), &["a", "b"]);
        check(&FILES, (Some("2026-11-06T20:00:00Z"), Some("2026-11-06T21:00:00Z")), &["c"]);
        check(&FILES, (Some("2026-11-07T20:00:00Z"), Some("2026-11-05T21:00:00Z")), &["c"]);
    }

    #[test]
    fn files_whose_rows_are_out_of_order_are_read() {
        check(&[("a", &[1, 9, 2])], (Some("2026-11-08T00:00:00Z"), None), &["a"]);
        check(&[("a", &[9, 1, 10])], (None, Some("2026-11-02T00:00:00Z")), &["a"]);
    }

    /// Whether a file with this text is read where only later days are asked for.
    #[track_caller]
    fn check_text(text: &[u8], is_read: bool) {
        check_named("RECV20261101-1.LOG", text, is_read);
    }

    #[track_caller]
    fn check_named(name: &str, text: &[u8], is_read: bool) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let mut catalogue = Catalogue::build(&[folder.path().to_owned()], None);
        catalogue.narrow(Window { since: Some(moment("2026-12-01T00:00:00Z")), until: None });
        assert_eq!(!catalogue.files.is_empty(), is_read, "{}", String::from_utf8_lossy(&text[..text.len().min(300)]));
    }

    #[test]
    fn files_that_exchange_did_not_write_so_are_read() {
        let time = "2026-11-01T12:00:00.000Z";
        let usual = row(time, ID);
        check_text(usual.as_bytes(), false);
        check_text(usual.trim_end().as_bytes(), false);
        check_text(format!("{usual}no row\n{usual}").as_bytes(), false);
        // Copied from a forum: the second row is one of the time that is asked for.
        check_text(format!("{usual}    {}", row("2026-12-01T12:00:00.000Z", ID)).as_bytes(), true);
        check_text(row(time, "0000000000000007").as_bytes(), true);
        check_text(row(time, "session-7").as_bytes(), true);
        // Without a time it is no row.
        check_text(format!("{usual}{}", row("yesterday", ID)).as_bytes(), false);
        let utf_16: Vec<u8> =
            [0xfeff].into_iter().chain(usual.repeat(2).encode_utf16()).flat_map(u16::to_le_bytes).collect();
        check_text(&utf_16, false);
    }

    #[test]
    fn large_files_of_other_names_are_read() {
        let rows = row("2026-11-01T12:00:00.000Z", ID).repeat(3000);
        for (name, is_read) in [
            ("RECV20261101-1.LOG", false),
            ("RECV2026110112-17.LOG", false),
            ("recv20261101-1.log", false),
            ("RECV20261103-1.LOG", true),
            ("RECV20261301-1.LOG", true),
            ("RECV20261101.LOG", true),
            ("RECV20261101-1-copy.LOG", true),
            ("whole.log", true),
        ] {
            check_named(name, rows.as_bytes(), is_read);
        }
    }

    #[test]
    fn large_files_are_looked_at_in_some_places() {
        let usual = row("2026-11-01T12:00:00.000Z", ID);
        let n_rows = 4_000_000 / usual.len();
        check_text(usual.repeat(n_rows).as_bytes(), false);
        // Logs that were joined in the wrong order.
        let later = row("2026-12-02T12:00:00.000Z", ID);
        let parts = [usual.repeat(n_rows / 3), later.repeat(n_rows / 3), usual.repeat(n_rows / 3)];
        check_text(parts.concat().as_bytes(), true);
        // A stretch without a row, such as an odd copy may hold.
        check_text([&usual.repeat(20)[..], &"x".repeat(300_000), &usual.repeat(20)].concat().as_bytes(), true);
    }
}
