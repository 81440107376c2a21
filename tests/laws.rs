//! What must hold for every log: properties, on logs made up at random.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use heloscope::ingest::{Account, Batch, Case, Catalogue, Mapping, Options, Study, ingest};
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

fn options(chunk_bytes: usize, n_threads: usize, mapping: Mapping) -> Options {
    Options { n_threads, mapping, chunk_bytes }
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
    let mapping = prop_oneof![Just(Mapping::Mapped), Just(Mapping::Read)];
    (200..4000_usize, 1..3_usize, mapping)
        .prop_map(|(chunk_bytes, n_threads, mapping)| options(chunk_bytes, n_threads, mapping))
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
        let (whole, _) = read(std::slice::from_ref(&path), &options(1 << 20, 1, Mapping::Mapped));
        for mapping in [Mapping::Mapped, Mapping::Read] {
            let (cut, _) = read(std::slice::from_ref(&path), &options(chunk_bytes, n_threads, mapping));
            prop_assert_eq!(&cut, &whole);
        }
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
        let (sessions, _) = read(&[path], &options(chunk_bytes, 2, Mapping::Mapped));
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
            let (sessions, account) = read(&paths, &options(chunk_bytes, 2, Mapping::Mapped));
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
        let (sessions, _) = read(&[copies], &options(chunk_bytes, 2, Mapping::Mapped));
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
    fn any_bytes_are_accounted_for(text in prop::collection::vec(any::<u8>(), 0..600), chunk_bytes in 1..300_usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("odd.log");
        fs::write(&path, [HEADER.as_bytes(), &text].concat()).expect("a temporary file");
        let (_, account) = read(&[path], &options(chunk_bytes, 2, Mapping::Mapped));
        let sum = account.records + account.directives + account.blank + account.malformed + account.foreign + account.pending;
        prop_assert_eq!(account.lines, sum);
        prop_assert_eq!(account.bytes, (HEADER.len() + text.len()) as u64);
    }
}
