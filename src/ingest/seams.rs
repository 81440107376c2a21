//! Lines torn by the end of one file and the start of the next, as `split -b` leaves them.
//!
//! In: the files found, and those that are no log by themselves. Out: the same, each with the
//! [`Extent`] that is read of it: a torn line is read whole, as the first line of the file that ends
//! it, and no more where it begins.
//!
//! A file that begins in mid-line is held against the file before it in its folder, by time and by
//! name. Where that one ends without a line end, and both halves together are a row or a line of a
//! header, they are sewn. Files that hold less than a line are passed through on the way back; these,
//! and files without a row of their own, have no time and go by their names alone.
//!
//! **Invariant**: every byte of the files is read once, and only files that begin in mid-line, and
//! those before them, are opened here.

mod tails;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use memchr::{memchr, memrchr};

use crate::record::header::Schema;
use crate::record::line::{lead_bytes, parse_record};
use crate::record::value::Timestamp;
use crate::source::{Extent, is_utf16};

use super::catalogue::{LogFile, SkipReason, natural};
use super::identify::is_header_line;
use tails::{Tail, Tails};

/// A file, and why it is no log by itself, if it is none.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) file: LogFile,
    pub(super) doubt: Option<SkipReason>,
}

/// The longest line that is sewn, in bytes, and how far back its beginning is looked for.
const MAX_LINE_BYTES: usize = 64 << 10;

/// The most files that a line is put together from. A folder can hold any number of files that are less
/// than a line, and no log among them.
const MAX_FILES: usize = 16;

/// How far a torn row may lie behind the rows that follow it, and how far before them: further
/// apart, and the two files are no parts of one log. Rows of different sessions can stand some
/// seconds out of order; no server that anyone asks about is silent for a day.
const MAX_BEHIND_MS: i64 = 60_000;
const MAX_BEFORE_MS: i64 = 24 * 3_600_000;

/// Sews the torn lines of all files. What is part of a log by that is in doubt no more.
pub(super) fn sew(parts: &mut [Part]) {
    if !parts.iter().any(|part| part.file.begins_torn) {
        return;
    }
    let mut folders: HashMap<PathBuf, Vec<&mut Part>> = HashMap::new();
    for part in parts {
        let folder = part.file.path.parent().unwrap_or(Path::new("")).to_owned();
        folders.entry(folder).or_default().push(part);
    }
    for mut members in folders.into_values() {
        if members.iter().any(|part| part.file.begins_torn) {
            members.sort_by_cached_key(|part| natural(&part.file.path));
            sew_folder(&mut members);
        }
    }
}

/// Sews the torn lines of one folder, whose files are in the order of their names.
fn sew_folder(members: &mut [&mut Part]) {
    let mut by_time: Vec<usize> = (0..members.len()).filter(|&at| members[at].doubt.is_none()).collect();
    by_time.sort_by_key(|&at| members[at].file.first_time);
    let mut tails = Tails::default();
    // A file without any line end is left for a later file to pass through, and the last such first.
    let mut unended = Vec::new();
    for at in (0..members.len()).filter(|&at| members[at].file.begins_torn).collect::<Vec<_>>() {
        let befores = befores_of(members, &mut tails, &by_time, at);
        if befores.is_empty() {
            continue;
        }
        match read_head(&members[at].file) {
            Ok(Some(head)) if memchr(b'\n', &head).is_some() => sew_file(members, &mut tails, &befores, at, &head),
            Ok(Some(_)) => unended.push((befores, at)),
            Ok(None) | Err(_) => {}
        }
    }
    for (befores, at) in unended.into_iter().rev() {
        if let Ok(Some(head)) = read_head(&members[at].file) {
            sew_file(members, &mut tails, &befores, at, &head);
        }
    }
}

fn sew_file(members: &mut [&mut Part], tails: &mut Tails, befores: &[usize], at: usize, head: &[u8]) {
    if let Some(seam) = befores.iter().find_map(|&before| find_seam(members, tails, before, at, head)) {
        close_seam(members, at, seam);
    }
}

/// The files that can hold the beginning of a file's first line: the one before it by time, and by
/// name, where their ends are torn. Names come first where they are all there is to go by.
fn befores_of(members: &[&mut Part], tails: &mut Tails, by_time: &[usize], at: usize) -> Vec<usize> {
    let of_time = by_time.iter().position(|&other| other == at).and_then(|place| place.checked_sub(1));
    let of_time = of_time.map(|place| by_time[place]);
    let of_name = at.checked_sub(1);
    let ordered = match of_name.is_some_and(|before| members[before].doubt.is_some()) {
        true => [of_name, of_time],
        false => [of_time, of_name],
    };
    let is_torn =
        |&before: &usize| are_neighbours(members[before], members[at]) && tails.of(before, members[before]).is_some();
    ordered.into_iter().flatten().filter(is_torn).collect()
}

/// A torn line put together.
struct Seam {
    text: Vec<u8>,
    /// How much of it stands in the file that ends it, in bytes.
    n_own_bytes: usize,
    time: Option<Timestamp>,
    schema: Schema,
    /// The files that hold the rest, each with the place where the line begins in it.
    ends: Vec<(usize, u64)>,
}

/// Puts together the first line of the file `at` from `before` and, where that holds less than a
/// line, from the files before it.
fn find_seam(members: &[&mut Part], tails: &mut Tails, mut before: usize, at: usize, head: &[u8]) -> Option<Seam> {
    let n_own_bytes = memchr(b'\n', head).map_or(head.len(), |line_end| line_end + 1);
    let mut text = head[..n_own_bytes].to_vec();
    let mut ends = Vec::new();
    while ends.len() + 1 < MAX_FILES {
        if !are_neighbours(members[before], members[at]) {
            return None;
        }
        let file = &members[before].file;
        let Tail { from, text: tail } = tails.of(before, members[before])?;
        if *from < file.extent.from {
            return None;
        }
        let from = *from;
        text.splice(0..0, tail.iter().copied());
        ends.push((before, from));
        if text.len() > MAX_LINE_BYTES {
            return None;
        }
        if let Some(kind) = Line::of(&text, &file.schema) {
            let mut schema = file.schema.clone();
            // Where the line names the columns, the file before it has them by half.
            schema.take_directive(content_of(&text));
            let seam = Seam { text, n_own_bytes, time: kind.time(), schema, ends };
            return is_plausible(kind, members[before], members[at], head).then_some(seam);
        }
        before = before.checked_sub(1).filter(|_| from == 0)?;
    }
    None
}

/// Whether a line can go from one file into the other. A file that is no log by itself is part of
/// one only where its name is of the same make, as those are that a program gives to parts.
fn are_neighbours(before: &Part, part: &Part) -> bool {
    let is_plain = |part: &Part| !matches!(part.doubt, Some(SkipReason::OtherLog(_) | SkipReason::Duplicate(_)));
    // The one still has its end, and the other its beginning.
    let is_free = before.file.extent.until.is_none() && part.file.extent.until != Some(0);
    let are_logs = before.doubt.is_none() && part.doubt.is_none();
    is_free && is_plain(before) && is_plain(part) && (are_logs || have_like_names(&before.file, &part.file))
}

/// Whether two names differ in no more than in the letters and numbers that count the parts.
fn have_like_names(one: &LogFile, other: &LogFile) -> bool {
    let name = |file: &LogFile| file.path.file_name().map(PathBuf::from).unwrap_or_default();
    let make = |name: &Path| -> Vec<Option<usize>> {
        natural(name).into_iter().map(|(is_digit, _, text)| (!is_digit).then_some(text.len())).collect()
    };
    let (one, other) = (name(one), name(other));
    one.as_os_str().len() == other.as_os_str().len() || make(&one) == make(&other)
}

/// What a line is that was put together.
#[derive(Clone, Copy)]
enum Line {
    Header,
    Row(Option<Timestamp>),
}

impl Line {
    fn of(text: &[u8], schema: &Schema) -> Option<Self> {
        let line = content_of(text);
        if is_header_line(line) {
            return Some(Self::Header);
        }
        let mut usual = Vec::new();
        schema.append_usual(line, &mut usual);
        let record = parse_record(&usual).ok()?;
        Some(Self::Row(Timestamp::parse(record.time.as_inner())))
    }

    fn time(self) -> Option<Timestamp> {
        match self {
            Self::Header => None,
            Self::Row(time) => time,
        }
    }
}

/// A line without its end and without what leads it.
fn content_of(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    &line[lead_bytes(line)..]
}

/// Whether the line is one that the two files can share, and not one that their halves make up by
/// chance.
fn is_plausible(line: Line, before: &Part, part: &Part, head: &[u8]) -> bool {
    let is_near =
        |(row, next): (Timestamp, Timestamp)| (-MAX_BEHIND_MS..=MAX_BEFORE_MS).contains(&next.millis_since(row));
    match line {
        Line::Header => true,
        Line::Row(_) if matches!(before.doubt, Some(SkipReason::MissingColumn(_))) => false,
        Line::Row(time) => match part.doubt {
            None => part.file.schema == before.file.schema && time.zip(part.file.first_time).is_none_or(is_near),
            Some(_) => holds_only_lines(head, &before.file.schema),
        },
    }
}

/// Whether all whole lines behind the first are lines of a log.
fn holds_only_lines(head: &[u8], schema: &Schema) -> bool {
    let whole = memrchr(b'\n', head).map_or(&[][..], |line_end| &head[..line_end]);
    let is_line =
        |line: &[u8]| line.trim_ascii().is_empty() || line.starts_with(b"#") || Line::of(line, schema).is_some();
    whole.split(|&byte| byte == b'\n').skip(1).all(is_line)
}

/// Notes on the files what is read of each.
fn close_seam(members: &mut [&mut Part], at: usize, seam: Seam) {
    for &(index, until) in &seam.ends {
        let part = &mut *members[index];
        part.doubt = None;
        part.file.extent.until = Some(until);
        part.file.first_time = part.file.first_time.or(seam.time);
    }
    let part = &mut *members[at];
    if part.doubt.take().is_some() {
        part.file.schema = seam.schema;
    }
    part.file.first_time = part.file.first_time.or(seam.time);
    let from = seam.n_own_bytes as u64;
    // Behind a line without an end nothing stands yet, and what is written later belongs to it.
    let until = if seam.text.ends_with(b"\n") { part.file.extent.until } else { Some(from) };
    part.file.extent = Extent { lead: seam.text, from, until };
}

/// Reads the beginning of a file, its first line at least. `None` where that is too long.
fn read_head(log: &LogFile) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    File::open(&log.path)?.take(MAX_LINE_BYTES as u64).read_to_end(&mut head)?;
    let is_line = memchr(b'\n', &head).is_some() || head.len() as u64 == log.size_bytes;
    Ok((is_line && !is_utf16(&head)).then_some(head))
}

#[cfg(test)]
mod tests {
    use crate::ingest::Catalogue;

    const HEADER: &str = "#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n";

    fn row(day: u8, second: u8, tail: &str) -> String {
        let id = "EX01\\Default,08DE2A1B3C4D5E6F";
        format!("2026-11-{day:02}T08:29:{second:02}.104Z,{id},{second},192.0.2.5:25,198.51.100.7:4096,{tail}\n")
    }

    /// Writes the files into one folder, and tells of each what is read: what leads it and its own
    /// part, or that it is skipped. Every byte is read once, or the file skipped.
    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[(&str, &str)]) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let catalogue = Catalogue::build(&[folder.path().to_owned()], None);
        assert_eq!(catalogue.files.len() + catalogue.skipped.len(), files.len());
        let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let skipped = catalogue.skipped.iter().map(|skipped| (name(&skipped.path), format!("{:?}", skipped.reason)));
        let told = catalogue.files.iter().map(|file| {
            let text = std::fs::read(&file.path).unwrap();
            let until = file.extent.until.map_or(text.len(), |until| usize::try_from(until).unwrap());
            let own = &text[usize::try_from(file.extent.from).unwrap()..until];
            (name(&file.path), String::from_utf8([&file.extent.lead, own].concat()).unwrap())
        });
        let expected: Vec<_> = expected.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
        assert_eq!(told.chain(skipped).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_torn_row_is_read_with_the_file_that_ends_it() {
        let (one, two, three) = (row(23, 1, "+,,"), row(23, 2, "-,,Local"), row(23, 3, "+,,"));
        let cut = two.len() - 3;
        let (head, tail) = (format!("{HEADER}{one}{}", &two[..cut]), format!("{}{three}", &two[cut..]));
        check(
            &[("xaa", &head), ("xab", &tail)],
            &[("xaa", &format!("{HEADER}{one}")), ("xab", &format!("{two}{three}"))],
        );
        // Times tell the order where names do not.
        check(&[("b", &head), ("a", &tail)], &[("b", &format!("{HEADER}{one}")), ("a", &format!("{two}{three}"))]);
    }

    #[test]
    fn files_of_less_than_a_line_are_passed_through() {
        let (one, two) = (row(23, 1, "+,,"), row(23, 2, "<,\"EHLO a, b\","));
        let head = format!("{HEADER}{one}{}", &two[..30]);
        let names = ["x0", "x1", "x2", "x3"];
        let whole = format!("{HEADER}{one}");
        check(
            &[(names[0], &head), (names[1], &two[30..40]), (names[2], &two[40..60]), (names[3], &two[60..])],
            &[(names[0], &whole), (names[1], ""), (names[2], ""), (names[3], &two)],
        );
        // A row that is whole but for its line end, and one that never came to its end.
        let length = two.len() - 1;
        check(&[(names[0], &head), (names[1], &two[30..length])], &[(names[0], &whole), (names[1], &two[..length])]);
        check(&[(names[0], &head), (names[1], &two[30..60])], &[(names[0], &head), (names[1], "NotALog")]);
    }

    #[test]
    fn a_line_in_too_many_files_stays_apart() {
        let two = row(23, 2, "<,\"EHLO a, b\",");
        let head = format!("{HEADER}{}", row(23, 1, "+,,"));
        let check_parts = |n_parts: usize, expected: &[(&str, &str)]| {
            let names: Vec<String> = (10..).take(n_parts).map(|number| format!("x{number}")).collect();
            let mut texts: Vec<&str> = (1..n_parts - 1).map(|at| &two[at..=at]).collect();
            texts.push(&two[n_parts - 1..]);
            let first = format!("{head}{}", &two[..1]);
            texts.insert(0, &first);
            check(&names.iter().map(String::as_str).zip(texts).collect::<Vec<_>>(), expected);
        };
        let mut expected = vec![("x10", head.as_str())];
        let empty: Vec<String> = (11..25).map(|number| format!("x{number}")).collect();
        expected.extend(empty.iter().map(|name| (name.as_str(), "")));
        expected.push(("x25", &two));
        check_parts(16, &expected);
        let first = format!("{head}{}", &two[..1]);
        let mut expected = vec![("x10", first.as_str())];
        let apart: Vec<String> = (11..27).map(|number| format!("x{number}")).collect();
        expected.extend(apart.iter().map(|name| (name.as_str(), "NotALog")));
        check_parts(17, &expected);
    }

    #[test]
    fn columns_in_another_order_are_those_of_the_file_before() {
        let header = "#Log-type: SMTP Receive Protocol Log\n#Fields: session-id,date-time,event,data\n";
        let rows = ["A1,2026-11-23T08:29:00.104Z,+,\n", "A1,2026-11-23T08:29:01.104Z,-,\n"];
        let head = format!("{header}{}", &rows[0][..8]);
        let tail = format!("{}{}", &rows[0][8..], rows[1]);
        check(&[("xaa", &head), ("xab", &tail)], &[("xaa", header), ("xab", &rows.concat())]);
    }

    #[test]
    fn what_is_no_part_of_the_log_stays_apart() {
        let cut = row(23, 2, "-,,Loc");
        let head = format!("{HEADER}{}{}", row(23, 1, "+,,"), cut.trim_end());
        // A note beside a log that is being written.
        check(
            &[("RECV1.LOG", &head), ("RECV1.LOG.note.txt", "as sent\n")],
            &[("RECV1.LOG", &head), ("RECV1.LOG.note.txt", "NotALog")],
        );
        check(&[("RECV1.LOG", &head), ("RECV2.LOG", "al\nHello\n")], &[("RECV1.LOG", &head), ("RECV2.LOG", "NotALog")]);
        // Stretches of other days.
        for day in [22, 27] {
            let other = format!("al\n{}", row(day, 1, "+,,"));
            let mut expected = [("RECV1.LOG", head.as_str()), ("RECV2.LOG", other.as_str())];
            expected.sort_by_key(|(name, _)| (day == 22) == (*name == "RECV1.LOG"));
            check(&[("RECV1.LOG", &head), ("RECV2.LOG", &other)], &expected);
        }
        // The line end is there.
        let whole = format!("{HEADER}{cut}");
        let other = format!("al\n{}", row(23, 3, "+,,"));
        check(&[("RECV1.LOG", &whole), ("RECV2.LOG", &other)], &[("RECV1.LOG", &whole), ("RECV2.LOG", &other)]);
    }
}
