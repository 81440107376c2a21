//! What must hold for every log: properties, on logs made up at random.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use heloscope::ingest::{Account, Batch, Case, Catalogue, Options, Study, ingest};
use heloscope::query::Query;
use heloscope::query::saved::SavedFilters;
use heloscope::query::selecting::{Noting, Selecting};
use heloscope::query::time::Times;
use heloscope::record::value::Timestamp;
use proptest::prelude::*;

const HEADER: &str = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: 2026-11-23T08:00:00.000Z\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n";

/// A session as it comes out: its id, its rows.
type Seen = (String, Vec<String>);

/// Collects sessions with the order of their first rows.
struct Collect;

impl Study for Collect {
    type Yield = Vec<(heloscope::session::Position, Seen)>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        let session = case.session;
        let rows = session.rows.iter().map(|row| String::from_utf8_lossy(session.as_line(row)).into_owned()).collect();
        batch.push((session.position, (String::from_utf8_lossy(&case.to_id()).into_owned(), rows)));
    }
}

fn read(paths: &[PathBuf], options: &Options) -> (Vec<Seen>, Account) {
    let catalogue = Catalogue::build(paths, None);
    assert!(catalogue.errors.is_empty(), "{:?}", catalogue.errors);
    let mut sessions = Vec::new();
    let account = ingest(&catalogue, options, &Collect, &mut |batch: Batch<_>| {
        sessions.extend(batch.value);
        ControlFlow::Continue(())
    });
    sessions.sort_by_key(|(position, _)| *position);
    (sessions.into_iter().map(|(_, session)| session).collect(), account)
}

fn options(chunk_bytes: usize, n_threads: usize) -> Options {
    Options { n_threads, chunk_bytes }
}

/// Whole sessions, each with its rows' payloads; and in which order their rows interleave.
#[derive(Clone, Debug)]
struct Story {
    lengths: Vec<usize>,
    picks: Vec<prop::sample::Index>,
}

fn story() -> impl Strategy<Value = Story> {
    (prop::collection::vec(1..9_usize, 1..12), prop::collection::vec(any::<prop::sample::Index>(), 120))
        .prop_map(|(lengths, picks)| Story { lengths, picks })
}

/// The rows of the story, in the order of time.
fn rows_of(story: &Story) -> Vec<String> {
    let mut next = vec![0_usize; story.lengths.len()];
    let mut rows = Vec::new();
    let mut millis = 0_u32;
    for pick in story.picks.iter().cycle() {
        let waiting: Vec<usize> = (0..next.len()).filter(|&at| next[at] <= story.lengths[at]).collect();
        let Some(&session) = waiting.get(pick.index(waiting.len().max(1))) else { break };
        let sequence = next[session];
        next[session] += 1;
        millis += 7;
        let event = match sequence {
            0 => "+",
            last if last == story.lengths[session] => "-",
            odd if odd % 2 == 1 => ">",
            _ => "<",
        };
        rows.push(format!(
            "2026-11-23T08:{:02}:{:02}.{:03}Z,EX01\\Default Frontend EX01,08DE2A1B3C4D{:04X},{sequence},192.0.2.5:25,198.51.100.{}:{},{event},\"word, {sequence}\",\r\n",
            millis / 60_000, millis / 1000 % 60, millis % 1000, session, session + 1, 4096 + session
        ));
    }
    rows
}

fn write(folder: &Path, name: &str, rows: &[String]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("{HEADER}{}", rows.concat())).expect("a temporary file");
    path
}

fn sorted(mut sessions: Vec<Seen>) -> Vec<Seen> {
    sessions.sort();
    sessions
}

/// The story as one text, with contexts that quotes hold together, others that they do not, and none.
fn torn_text(story: &Story, has_header: bool, has_returns: bool) -> String {
    let with_context = |(number, row): (usize, String)| match number % 3 {
        0 => row,
        1 => row.replace("\r\n", "Local\r\n"),
        _ => row.replace("\r\n", "\"so, \"\"it\"\" was #1\"\r\n"),
    };
    let header = if has_header { HEADER } else { "" };
    let text = header.to_owned() + &rows_of(story).into_iter().enumerate().map(with_context).collect::<String>();
    if has_returns { text } else { text.replace('\r', "") }
}

/// Cuts the text at these places and writes its parts into a folder of their own.
fn tear(folder: &Path, text: &str, places: &mut Vec<usize>, name: impl Fn(usize) -> String) -> PathBuf {
    let parts = folder.join("parts");
    fs::create_dir(&parts).expect("a folder");
    places.extend([0, text.len()]);
    places.sort_unstable();
    places.dedup();
    for (number, ends) in places.windows(2).enumerate() {
        fs::write(parts.join(name(number)), &text[ends[0]..ends[1]]).expect("a file");
    }
    parts
}

fn torn_options() -> impl Strategy<Value = Options> {
    (200..4000_usize, 1..3_usize).prop_map(|(chunk_bytes, n_threads)| options(chunk_bytes, n_threads))
}

/// Sessions of some days: when each begins, how many hours after that its rows stand, and whether its
/// head and its tail were logged.
#[derive(Clone, Debug)]
struct Days {
    sessions: Vec<(u32, Vec<u32>, bool, bool)>,
    /// Where files end.
    cuts: Vec<prop::sample::Index>,
    /// Whether two files were joined in the wrong order.
    is_joined: bool,
}

fn days() -> impl Strategy<Value = Days> {
    let session = (0..240_u32, prop::collection::vec(0..24_u32, 1..5), any::<bool>(), any::<bool>());
    (
        prop::collection::vec(session, 1..14),
        prop::collection::vec(any::<prop::sample::Index>(), 0..9),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(sessions, cuts, is_joined)| Days { sessions, cuts, is_joined })
}

/// So many minutes after the beginning of November.
fn november(minutes: u32) -> String {
    format!("2026-11-{:02}T{:02}:{:02}:00.000Z", 1 + minutes / 1440, minutes / 60 % 24, minutes % 60)
}

/// Writes the sessions as one server's files. Rows of an hour stand in any order.
fn write_days(folder: &Path, days: &Days) {
    let mut rows: Vec<(u32, String)> = Vec::new();
    for (number, (start, hours, has_head, has_tail)) in days.sessions.iter().enumerate() {
        let mut hours: Vec<u32> = hours.iter().map(|hour| start + hour).collect();
        hours.sort_unstable();
        let last = hours.len() - 1;
        for (sequence, hour) in hours.into_iter().enumerate() {
            let event = match sequence {
                0 if *has_head => "+",
                _ if sequence == last && *has_tail => "-",
                _ => "<",
            };
            let minute = u32::try_from((number * 17 + sequence * 29) % 60).expect("less than an hour");
            let time = november(hour * 60 + minute);
            let row = format!(
                "{time},EX01\\Default,08DE2A1B3C4D{number:04X},{sequence},192.0.2.5:25,198.51.100.7:4096,{event},word {sequence},\r\n"
            );
            rows.push((hour, row));
        }
    }
    rows.sort_by_key(|(hour, _)| *hour);
    let rows: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
    let mut places: Vec<usize> = days.cuts.iter().map(|cut| cut.index(rows.len())).chain([0, rows.len()]).collect();
    places.sort_unstable();
    places.dedup();
    let mut files: Vec<Vec<String>> = places.windows(2).map(|ends| rows[ends[0]..ends[1]].to_vec()).collect();
    if days.is_joined && files.len() > 2 {
        let joined = [files.remove(1), files.remove(0)].concat();
        files.insert(0, joined);
    }
    for (number, rows) in files.iter().enumerate() {
        write(folder, &format!("RECV{number}.LOG"), rows);
    }
}

/// The sessions that the query means, where the files were narrowed to its window.
fn read_narrowed(folder: &Path, query: &str) -> Vec<Seen> {
    let times = Times { now: Timestamp(0), last: None };
    let query = Query::parse(query, &SavedFilters::default(), &times).expect("a query");
    let mut catalogue = Catalogue::build(&[folder.to_owned()], None);
    let n_files = catalogue.files.len();
    catalogue.narrow(query.window());
    assert_eq!(catalogue.files.len() + catalogue.skipped.len(), n_files);
    let study = Selecting { query: &query, study: &Collect, noting: Noting::Nothing };
    let mut sessions = Vec::new();
    let account = ingest(&catalogue, &options(700, 2), &study, &mut |batch: Batch<_>| {
        sessions.extend(batch.value.value);
        ControlFlow::Continue(())
    });
    // What is said to have been read was read, and no more.
    assert_eq!(account.bytes, catalogue.files.iter().map(|file| file.size_bytes).sum::<u64>());
    sessions.sort_by_key(|(position, _)| *position);
    sessions.into_iter().map(|(_, session)| session).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_session_comes_back_as_it_was_told(story in story()) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = rows_of(&story);
        let path = write(folder.path(), "RECV.LOG", &rows);
        let (sessions, account) = read(&[path], &Options::default());
        prop_assert_eq!(sessions.len(), story.lengths.len());
        let lengths: Vec<usize> = sessions.iter().map(|(_, rows)| rows.len() - 1).collect();
        let mut told = story.lengths.clone();
        let mut found = lengths;
        told.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, told);
        prop_assert_eq!(account.records, rows.len() as u64);
        prop_assert_eq!(account.lines, account.records + account.directives);
    }

    #[test]
    fn chunks_and_threads_change_nothing(story in story(), chunk_bytes in 1..4000_usize, n_threads in 1..4_usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = write(folder.path(), "RECV.LOG", &rows_of(&story));
        let (whole, _) = read(std::slice::from_ref(&path), &options(1 << 20, 1));
        let (cut, _) = read(std::slice::from_ref(&path), &options(chunk_bytes, n_threads));
        prop_assert_eq!(&cut, &whole);
    }

    #[test]
    fn files_in_any_order_of_names_change_nothing(story in story(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4), backwards in any::<bool>()) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = rows_of(&story);
        let (whole, _) = read(&[write(folder.path(), "whole.log", &rows)], &Options::default());
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len())).chain([0, rows.len()]).collect();
        places.sort_unstable();
        places.dedup();
        let parts = folder.path().join("parts");
        fs::create_dir(&parts).expect("a folder");
        for (number, ends) in places.windows(2).enumerate() {
            let name = if backwards { 99 - number } else { number };
            write(&parts, &format!("RECV{name}.LOG"), &rows[ends[0]..ends[1]]);
        }
        let (cut, account) = read(&[parts], &Options::default());
        prop_assert_eq!(cut, whole);
        prop_assert_eq!(account.repeated, 0);
    }

    #[test]
    fn parts_joined_in_the_wrong_order_are_put_right(story in story(), cut in any::<prop::sample::Index>(), chunk_bytes in 500..4000_usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = rows_of(&story);
        let (whole, _) = read(&[write(folder.path(), "whole.log", &rows)], &Options::default());
        let at = cut.index(rows.len());
        let swapped = [&rows[at..], &[HEADER.to_owned()], &rows[..at]].concat();
        let path = write(folder.path(), "swapped.log", &swapped);
        let (sessions, _) = read(&[path], &options(chunk_bytes, 2));
        prop_assert_eq!(sorted(sessions), sorted(whole));
    }

    #[test]
    fn rows_that_stand_twice_count_once(story in story(), from in any::<prop::sample::Index>(), chunk_bytes in 500..4000_usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = rows_of(&story);
        let (whole, _) = read(&[write(folder.path(), "whole.log", &rows)], &Options::default());
        // The same folder holds the log, and a copy that was made before it was complete.
        let copies = folder.path().join("copies");
        fs::create_dir(&copies).expect("a folder");
        write(&copies, "a.log", &rows);
        write(&copies, "b.log", &rows[..from.index(rows.len())]);
        let twice = write(folder.path(), "twice.log", &[rows.clone(), rows.clone()].concat());
        for paths in [[copies], [twice]] {
            let (sessions, account) = read(&paths, &options(chunk_bytes, 2));
            prop_assert_eq!(sorted(sessions), sorted(whole.clone()));
            let n_counted: usize = whole.iter().map(|(_, rows)| rows.len()).sum();
            prop_assert_eq!(account.records - account.repeated, n_counted as u64);
        }
    }

    #[test]
    fn a_stretch_of_the_log_beside_it_adds_nothing(story in story(), ends in any::<[prop::sample::Index; 2]>(), name in prop_oneof![Just("a.log"), Just("z.log")], chunk_bytes in 500..4000_usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = rows_of(&story);
        let (whole, _) = read(&[write(folder.path(), "whole.log", &rows)], &Options::default());
        // Cut anywhere at its head and at its tail, within a row too.
        let text = rows.concat();
        let mut places = ends.map(|end| end.index(text.len() + 1));
        places.sort_unstable();
        let copies = folder.path().join("copies");
        fs::create_dir(&copies).expect("a folder");
        write(&copies, "m.log", &rows);
        write(&copies, name, &[text[places[0]..places[1]].to_owned()]);
        let (sessions, _) = read(&[copies], &options(chunk_bytes, 2));
        prop_assert_eq!(sorted(sessions), sorted(whole));
    }

    #[test]
    fn files_torn_anywhere_change_nothing(story in story(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..6), near in prop::option::of(0..40_usize), has_header in any::<bool>(), has_returns in any::<bool>(), options in torn_options()) {
        let folder = tempfile::tempdir().expect("a folder");
        let text = torn_text(&story, has_header, has_returns);
        let whole = folder.path().join("whole.log");
        fs::write(&whole, &text).expect("a file");
        let (told, whole_account) = read(&[whole], &Options::default());
        // Some cuts lie close together, so that a file can hold less than a line.
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len())).collect();
        places.extend(near.map(|more| (places[0] + more).min(text.len())));
        let parts = tear(folder.path(), &text, &mut places, |number| format!("part{number}"));
        let (sessions, account) = read(&[parts], &options);
        prop_assert_eq!(sessions, told);
        prop_assert_eq!(account.records, whole_account.records);
        // A header's line that names no log of ours yet is left where it is.
        if !has_header || places.iter().all(|&place| place == 0 || place > HEADER.len()) {
            let of = |account: &Account| (account.bytes, account.lines, account.directives, account.blank, account.malformed, account.pending, account.repeated);
            prop_assert_eq!(of(&account), of(&whole_account));
        }
    }

    #[test]
    fn torn_files_of_any_names_change_nothing(story in story(), cuts in prop::collection::vec(any::<[prop::sample::Index; 2]>(), 1..5), names in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(), has_returns in any::<bool>(), options in torn_options()) {
        let folder = tempfile::tempdir().expect("a folder");
        let text = torn_text(&story, true, has_returns);
        let whole = folder.path().join("whole.log");
        fs::write(&whole, &text).expect("a file");
        let (told, _) = read(&[whole], &Options::default());
        // Names that say nothing leave the times: each file holds a whole row.
        let header_bytes = text.len() - torn_text(&story, false, has_returns).len();
        let lines: Vec<&str> = text[header_bytes..].split_inclusive('\n').collect();
        let mut rows: Vec<[usize; 2]> = cuts.iter().map(|[row, byte]| [row.index(lines.len()), byte.index(60)]).collect();
        rows.sort_unstable();
        rows.dedup_by_key(|[row, _]| *row / 3);
        let whole_rows = rows.iter().filter(|[row, _]| row % 3 == 1 && row + 1 < lines.len());
        let mut places: Vec<usize> = whole_rows.map(|&[row, byte]| header_bytes + lines[..row].concat().len() + byte).collect();
        let parts = tear(folder.path(), &text, &mut places, |number| format!("RECV{}.LOG", names[number]));
        let (sessions, account) = read(&[parts], &options);
        prop_assert_eq!(sessions, told);
        prop_assert_eq!((account.malformed, account.pending), (0, 0));
    }

    #[test]
    fn files_left_out_change_no_answer(days in days(), from in 0..16_000_u32, n_minutes in 0..3600_u32, which in 0..4) {
        let folder = tempfile::tempdir().expect("a folder");
        write_days(folder.path(), &days);
        let (since, until) = (november(from), november(from + n_minutes));
        let query = match which {
            0 => format!("after:{since}"),
            1 => format!("before:{until}"),
            2 => format!("after:{since} before:{until}"),
            _ => format!("(after:{since} before:{until}) or (before:{} \"word 0\")", november(from / 2)),
        };
        // The times of rows are of one length, so that they can be compared as texts.
        let is_meant = |rows: &[String]| {
            let start = &rows[0][..since.len()];
            match which {
                0 => start >= &since[..],
                1 => start < &until[..],
                2 => (&since[..]..&until[..]).contains(&start),
                _ => (&since[..]..&until[..]).contains(&start) || (start < &november(from / 2)[..] && rows.iter().any(|row| row.contains("word 0"))),
            }
        };
        let (all, _) = read(&[folder.path().to_owned()], &Options::default());
        let whole: Vec<Seen> = all.into_iter().filter(|(_, rows)| is_meant(rows)).collect();
        prop_assert_eq!(read_narrowed(folder.path(), &query), whole);
    }

    #[test]
    fn any_bytes_are_accounted_for(text in prop::collection::vec(any::<u8>(), 0..600), chunk_bytes in 1..300_usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("odd.log");
        fs::write(&path, [HEADER.as_bytes(), &text].concat()).expect("a temporary file");
        let (_, account) = read(&[path], &options(chunk_bytes, 2));
        let sum = account.records + account.directives + account.blank + account.malformed + account.foreign + account.pending;
        prop_assert_eq!(account.lines, sum);
        prop_assert_eq!(account.bytes, (HEADER.len() + text.len()) as u64);
    }
}
