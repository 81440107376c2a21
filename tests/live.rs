//! Logs that are read while they are written: whatever the writer does between the rounds, what
//! comes out is what reading the finished files gives.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use heloscope::ingest::live::{Live, Round};
use heloscope::ingest::{Account, Batch, Case, Catalogue, Options, Study, ingest};
use proptest::prelude::*;

const HEADER: &str = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: 2026-11-23T08:00:00.000Z\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n";

/// A session as it comes out: its id, whether it came before, its rows with file and line.
struct Seen {
    id: String,
    is_again: bool,
    rows: Vec<String>,
}

struct Collect;

impl Study for Collect {
    type Yield = Vec<Seen>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        let session = case.session;
        let to_row = |row: &heloscope::session::Row| {
            let name = case.files[row.file.0 as usize].path.file_name().unwrap_or_default().to_string_lossy();
            format!("{name}:{} {}", row.line, String::from_utf8_lossy(session.as_line(row)))
        };
        batch.push(Seen {
            id: String::from_utf8_lossy(&case.to_id()).into_owned(),
            is_again: case.is_again,
            rows: session.rows.iter().map(to_row).collect(),
        });
    }
}

fn options() -> Options {
    Options { n_threads: 2, chunk_bytes: 900 }
}

/// What reading everything at once gives.
fn read(path: &Path) -> BTreeMap<String, Vec<String>> {
    let mut sessions = BTreeMap::new();
    ingest(&Catalogue::build(&[path.to_owned()], None), &options(), &Collect, &mut |batch: Batch<Vec<Seen>>| {
        sessions.extend(batch.value.into_iter().map(|seen| (seen.id, seen.rows)));
        ControlFlow::Continue(())
    });
    sessions
}

/// Follows a folder, and keeps of each session what was said last.
struct Follower {
    live: Live,
    sessions: BTreeMap<String, Vec<String>>,
    n_again: usize,
    account: Account,
}

impl Follower {
    fn begin(path: &Path) -> Self {
        let live = Live::begin(vec![path.to_owned()], None, options());
        Self { live, sessions: BTreeMap::new(), n_again: 0, account: Account::default() }
    }

    /// Reads on, and returns what befell the files: name and words.
    fn round(&mut self) -> Vec<String> {
        self.step(false)
    }

    fn finish(&mut self) -> Vec<String> {
        self.step(true)
    }

    fn step(&mut self, is_last: bool) -> Vec<String> {
        let Self { live, sessions, n_again, account } = self;
        let mut take = |batch: Batch<Vec<Seen>>| {
            for Seen { id, is_again, rows } in batch.value {
                *n_again += usize::from(is_again);
                let before = sessions.insert(id.clone(), rows);
                assert_eq!(before.is_some(), is_again, "{id}");
                assert!(before.is_none_or(|before| before.len() < sessions[&id].len()), "{id} has no row more");
            }
            ControlFlow::Continue(())
        };
        let Round { account: of_round, notices, .. } =
            if is_last { live.finish(&Collect, &mut take) } else { live.round(&Collect, &mut take) };
        assert!(of_round.errors.is_empty(), "{:?}", of_round.errors);
        *account += of_round;
        let folder =
            |path: &Path| format!("{}{}", path.parent().unwrap_or(Path::new("")).display(), std::path::MAIN_SEPARATOR);
        notices.iter().map(|notice| notice.to_string().replace(&folder(&notice.path), "")).collect()
    }
}

/// Whole sessions; and in which order their rows interleave.
#[derive(Clone, Debug)]
struct Story {
    lengths: Vec<usize>,
    picks: Vec<prop::sample::Index>,
}

fn story() -> impl Strategy<Value = Story> {
    (prop::collection::vec(1..9_usize, 1..12), prop::collection::vec(any::<prop::sample::Index>(), 120))
        .prop_map(|(lengths, picks)| Story { lengths, picks })
}

fn row(session: usize, sequence: usize, millis: usize, event: &str) -> String {
    format!(
        "2026-11-23T08:{:02}:{:02}.{:03}Z,EX01\\组织 EX01,08DE2A1B3C4D{session:04X},{sequence},192.0.2.5:25,198.51.100.{}:{},{event},\"wörd, {sequence}\",\r\n",
        millis / 60_000,
        millis / 1000 % 60,
        millis % 1000,
        session + 1,
        4096 + session
    )
}

/// The rows of the story, in the order of time.
fn rows_of(story: &Story) -> Vec<String> {
    let mut next = vec![0_usize; story.lengths.len()];
    let mut rows = Vec::new();
    for pick in story.picks.iter().cycle() {
        let waiting: Vec<usize> = (0..next.len()).filter(|&at| next[at] <= story.lengths[at]).collect();
        let Some(&session) = waiting.get(pick.index(waiting.len().max(1))) else { break };
        let sequence = next[session];
        next[session] += 1;
        let event = match sequence {
            0 => "+",
            last if last == story.lengths[session] => "-",
            odd if odd % 2 == 1 => ">",
            _ => "<",
        };
        rows.push(row(session, sequence, 7 * (rows.len() + 1), event));
    }
    rows
}

fn header(nth_file: usize) -> String {
    HEADER.replace("00.000Z", &format!("00.{nth_file:03}Z"))
}

/// The story as files: rows up to each place, the header above them.
fn files_of(story: &Story, cuts: &[prop::sample::Index]) -> Vec<(String, Vec<u8>)> {
    let rows = rows_of(story);
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len())).chain([0, rows.len()]).collect();
    places.sort_unstable();
    places.dedup();
    let texts = places.windows(2).enumerate().map(|(nth, ends)| header(nth) + &rows[ends[0]..ends[1]].concat());
    texts.enumerate().map(|(nth, text)| (format!("RECV2026112308-{nth}.LOG"), text.into_bytes())).collect()
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file");
    file.write_all(bytes).expect("room");
}

/// What becomes of a file when the next one is begun.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rotation {
    /// It stays.
    Kept,
    /// It is deleted when it was read.
    Deleted,
    /// All write into one name, and the former file is renamed.
    Renamed,
}

/// Writes file after file into a folder that is followed, in pieces of these lengths, and the same
/// into another. Returns what was followed, and what reading the other one gives.
fn write_in_pieces(
    files: &[(String, Vec<u8>)],
    pieces: &[(usize, bool)],
    rotation: Rotation,
) -> (Follower, BTreeMap<String, Vec<String>>) {
    let (live, whole) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let mut follower = Follower::begin(live.path());
    let mut pieces = pieces.iter().cycle();
    for (name, text) in files {
        let path = match rotation {
            Rotation::Renamed => live.path().join("RECV.LOG"),
            Rotation::Kept | Rotation::Deleted => live.path().join(name),
        };
        let mut rest = &text[..];
        while !rest.is_empty() {
            let &(length, is_read) = pieces.next().expect("an endless row");
            let (piece, behind) = rest.split_at(length.min(rest.len()));
            append(&path, piece);
            rest = behind;
            if is_read {
                let notices = follower.round();
                let is_expected = |notice: &String| rotation == Rotation::Renamed && notice.ends_with(".LOG now");
                assert!(notices.iter().all(is_expected), "{notices:?}");
            }
        }
        fs::write(whole.path().join(name), text).expect("a file");
        match rotation {
            Rotation::Kept => {}
            Rotation::Deleted => {
                assert!(follower.round().is_empty());
                fs::remove_file(&path).expect("gone");
                assert_eq!(follower.round(), [format!("{name} is gone; what was read of it stays")]);
                assert!(follower.round().is_empty());
            }
            Rotation::Renamed => fs::rename(&path, live.path().join(name)).expect("renamed"),
        }
    }
    let notices = follower.finish();
    assert!(notices.is_empty() || rotation == Rotation::Renamed, "{notices:?}");
    (follower, read(whole.path()))
}

fn pieces() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((prop_oneof![1..40_usize, 40..900_usize], any::<bool>()), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn odd_pieces_change_nothing(story in story(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4), pieces in pieces(), rotation in prop_oneof![Just(Rotation::Kept), Just(Rotation::Deleted)]) {
        let (follower, whole) = write_in_pieces(&files_of(&story, &cuts), &pieces, rotation);
        prop_assert_eq!(&follower.sessions, &whole);
        prop_assert_eq!(follower.n_again, 0);
        prop_assert_eq!(follower.account.pending + follower.account.malformed + follower.account.repeated, 0);
        prop_assert_eq!(follower.account.records, rows_of(&story).len() as u64);
        prop_assert_eq!(follower.account.sessions, whole.len() as u64);
    }

    #[test]
    fn files_that_are_renamed_go_on_under_their_new_name(story in story(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4), pieces in pieces()) {
        let (follower, whole) = write_in_pieces(&files_of(&story, &cuts), &pieces, Rotation::Renamed);
        let without_name = |sessions: &BTreeMap<String, Vec<String>>| -> BTreeMap<String, Vec<String>> {
            let bare = |row: &String| row.split_once(':').expect("a name").1.to_owned();
            sessions.iter().map(|(id, rows)| (id.clone(), rows.iter().map(bare).collect())).collect()
        };
        prop_assert_eq!(without_name(&follower.sessions), without_name(&whole));
        prop_assert_eq!(follower.account.records, rows_of(&story).len() as u64);
    }

    #[test]
    fn files_may_come_in_any_order(story in story(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4), order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(), at_once in 1..4_usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let files = files_of(&story, &cuts);
        let mut follower = Follower::begin(folder.path());
        let ordered: Vec<_> = order.iter().filter_map(|&nth| files.get(nth)).collect();
        for together in ordered.chunks(at_once) {
            for (name, text) in together {
                fs::write(folder.path().join(name), text).expect("a file");
            }
            follower.round();
        }
        follower.finish();
        prop_assert_eq!(&follower.sessions, &read(folder.path()));
    }

    #[test]
    fn a_row_that_was_cut_for_good_is_read_at_the_end(story in story(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4), n_cut in 1..60_usize, pieces in pieces()) {
        let mut files = files_of(&story, &cuts);
        let length = files[0].1.len();
        files[0].1.truncate(length - n_cut);
        let (follower, whole) = write_in_pieces(&files, &pieces, Rotation::Kept);
        prop_assert_eq!(&follower.sessions, &whole);
    }
}

/// A log that grows under the test's hands.
struct Scene {
    folder: tempfile::TempDir,
    follower: Follower,
}

impl Scene {
    fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let follower = Follower::begin(folder.path());
        Self { folder, follower }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        append(&self.path(name), text.as_ref());
    }

    /// Reads on, and holds what befell the files against what is expected.
    #[track_caller]
    fn round(&mut self, expected: &[&str]) {
        assert_eq!(self.follower.round(), expected);
    }

    /// The sessions that were told so far: the last digits of their ids, and how many rows each has.
    fn told(&self) -> Vec<(&str, usize)> {
        let last = |id: &str| id.rfind("4D").expect("an id") + 2;
        self.follower.sessions.iter().map(|(id, rows)| (&id[last(id)..], rows.len())).collect()
    }
}

/// Rows of a session from one number to another; the last of six ends it.
fn part(session: usize, from: usize, until: usize) -> String {
    let event = |sequence| match sequence {
        0 => "+",
        5 => "-",
        _ => "<",
    };
    (from..until).map(|sequence| row(session, sequence, 1000 * sequence, event(sequence))).collect()
}

#[test]
fn a_session_is_told_when_it_is_closed() {
    let mut scene = Scene::begin();
    scene.write("a.log", HEADER.to_owned() + &part(1, 0, 3));
    scene.round(&[]);
    assert_eq!(scene.told(), []);
    scene.append("a.log", part(1, 3, 6) + &part(2, 0, 2));
    scene.round(&[]);
    assert_eq!(scene.told(), [("0001", 6)]);
    scene.follower.finish();
    assert_eq!(scene.told(), [("0001", 6), ("0002", 2)]);
    assert_eq!(scene.follower.n_again, 0);
}

#[test]
fn a_session_without_its_head_is_told_again_when_that_comes() {
    let mut scene = Scene::begin();
    scene.write("b.log", header(2) + &part(1, 3, 6));
    scene.round(&[]);
    assert_eq!(scene.told(), [("0001", 3)]);
    scene.write("a.log", header(1) + &part(1, 0, 2));
    scene.round(&[]);
    assert_eq!((scene.told(), scene.follower.n_again), (vec![("0001", 5)], 1));
    // What stands twice is no news.
    scene.write("c.log", header(3) + &part(1, 3, 6));
    scene.round(&[]);
    scene.append("a.log", part(1, 2, 3));
    scene.round(&[]);
    assert_eq!((scene.told(), scene.follower.n_again), (vec![("0001", 6)], 2));
    scene.follower.finish();
    assert_eq!((scene.told(), scene.follower.n_again), (vec![("0001", 6)], 2));
}

#[test]
fn where_nothing_happened_nothing_is_opened() {
    let mut scene = Scene::begin();
    let text = HEADER.to_owned() + &part(1, 0, 6);
    scene.write("a.log", &text);
    scene.round(&[]);
    let lines = scene.follower.account.lines;
    scene.round(&[]);
    // Other bytes of the same length and time: whoever opened the file would see them.
    let path = scene.path("a.log");
    let modified = fs::metadata(&path).expect("a file").modified().expect("a time");
    fs::write(&path, "x".repeat(text.len())).expect("a file");
    OpenOptions::new().write(true).open(&path).expect("a file").set_modified(modified).expect("a time");
    scene.round(&[]);
    assert_eq!(scene.follower.account.lines, lines);
}

#[test]
fn a_file_that_shrinks_is_read_on_from_where_it_ends() {
    let mut scene = Scene::begin();
    let text = HEADER.to_owned() + &part(1, 0, 6) + &part(2, 0, 3);
    scene.write("a.log", text.clone() + &part(3, 0, 6));
    scene.round(&[]);
    scene.write("a.log", &text[..text.len() - 9]);
    scene.round(&["a.log shrank to 13 lines; what was read of it stays, and it is read on from there"]);
    scene.round(&[]);
    scene.write("a.log", text + &part(2, 3, 6) + &part(4, 0, 6));
    scene.round(&[]);
    assert_eq!(scene.told(), [("0001", 6), ("0002", 6), ("0003", 6), ("0004", 6)]);
    let rows = &scene.follower.sessions["EX01/08DE2A1B3C4D0004"];
    assert!(rows[0].starts_with("a.log:18 "), "{rows:?}");
}

#[test]
fn a_file_that_opens_with_other_bytes_is_read_from_its_start() {
    let mut scene = Scene::begin();
    scene.write("a.log", header(1) + &part(1, 0, 6));
    scene.round(&[]);
    let said = ["a.log is another file now; it is read from its start"];
    // Longer than before, shorter, emptied.
    scene.write("a.log", header(2) + &part(2, 0, 6) + &part(3, 0, 6));
    scene.round(&said);
    scene.write("a.log", header(3) + &part(4, 0, 6));
    scene.round(&said);
    scene.write("a.log", "");
    scene.round(&said);
    scene.append("a.log", header(4) + &part(5, 0, 6));
    scene.round(&[]);
    assert_eq!(scene.told(), [("0001", 6), ("0002", 6), ("0003", 6), ("0004", 6), ("0005", 6)]);
    let rows = &scene.follower.sessions["EX01/08DE2A1B3C4D0005"];
    assert!(rows[0].starts_with("a.log:6 "), "{rows:?}");
    assert_eq!(scene.follower.live.catalogue().files.len(), 4);
}

#[test]
fn a_file_that_is_copied_and_emptied_goes_on_in_both() {
    let mut scene = Scene::begin();
    scene.write("a.log", header(1) + &part(1, 0, 3));
    scene.round(&[]);
    fs::copy(scene.path("a.log"), scene.path("a.log.1")).expect("a copy");
    scene.append("a.log.1", part(1, 3, 4));
    scene.write("a.log", "");
    scene.round(&["a.log is a.log.1 now"]);
    scene.append("a.log", header(2) + &part(1, 4, 6));
    scene.round(&[]);
    assert_eq!(scene.told(), [("0001", 6)]);
}

#[test]
fn a_file_that_comes_back_is_read_on() {
    let mut scene = Scene::begin();
    let text = HEADER.to_owned() + &part(1, 0, 3);
    scene.write("a.log", &text);
    scene.round(&[]);
    fs::remove_file(scene.path("a.log")).expect("gone");
    scene.round(&["a.log is gone; what was read of it stays"]);
    scene.round(&[]);
    scene.write("a.log", text + &part(1, 3, 6));
    scene.round(&[]);
    assert_eq!((scene.told(), scene.follower.account.repeated), (vec![("0001", 6)], 0));
}

#[test]
fn what_a_file_is_shows_when_enough_of_it_is_there() {
    let mut scene = Scene::begin();
    scene.write("a.log", "");
    scene.write("note.txt", "as sent\n");
    scene.write("send.log", "#Log-type: SMTP Send Protocol Log\r\n");
    scene.round(&[]);
    assert_eq!(scene.follower.live.catalogue().skipped.len(), 3);
    for piece in [&HEADER[..3], &HEADER[3..120], &HEADER[120..HEADER.len() - 30], &HEADER[HEADER.len() - 30..]] {
        scene.append("a.log", piece);
        scene.round(&[]);
    }
    scene.append("note.txt", "and more\n");
    scene.append("send.log", part(2, 0, 6));
    scene.append("a.log", part(1, 0, 6));
    scene.round(&[]);
    assert_eq!(scene.told(), [("0001", 6)]);
    assert_eq!(scene.follower.account.malformed + scene.follower.account.foreign, 0);
    assert_eq!(scene.follower.live.catalogue().skipped.len(), 2);
}

#[test]
fn the_same_bytes_under_two_names_are_read_once() {
    let mut scene = Scene::begin();
    let text = HEADER.to_owned() + &part(1, 0, 6);
    scene.write("a.log", &text);
    scene.round(&[]);
    scene.write("copy.log", &text);
    scene.round(&[]);
    let skipped = &scene.follower.live.catalogue().skipped;
    assert!(matches!(&skipped[..], [one] if one.path.ends_with("copy.log")), "{skipped:?}");
    assert_eq!(scene.follower.account.records, 6);
    // It is none any more.
    scene.append("copy.log", part(2, 0, 6));
    scene.round(&[]);
    assert_eq!(scene.told(), [("0001", 6), ("0002", 6)]);
    assert!(scene.follower.live.catalogue().skipped.is_empty());
}

#[test]
fn utf16_is_read_once_and_said() {
    let mut scene = Scene::begin();
    let text = |until| format!("\u{feff}{HEADER}{}", part(1, 0, until));
    let utf16 = |text: String| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    scene.write("a.log", utf16(text(5)));
    scene.round(&[]);
    scene.round(&[]);
    scene.write("a.log", utf16(text(6)));
    scene.round(&["a.log changed, and what is new in it is not read: it is UTF-16, or shares a line with another file; read it without following"]);
    scene.write("a.log", utf16(text(6) + "\r\n"));
    scene.round(&[]);
    scene.follower.finish();
    assert_eq!(scene.told(), [("0001", 5)]);
}

#[test]
fn lines_that_two_files_share_are_read_whole() {
    let mut scene = Scene::begin();
    let text = HEADER.to_owned() + &part(1, 0, 6);
    scene.write("xaa", &text[..text.len() - 200]);
    scene.write("xab", &text[text.len() - 200..]);
    scene.follower = Follower::begin(scene.folder.path());
    scene.round(&[]);
    scene.round(&[]);
    assert_eq!((scene.told(), scene.follower.account.malformed), (vec![("0001", 6)], 0));
}

#[test]
fn a_path_that_is_not_there_yet_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.log");
    let mut follower = Follower::begin(&path);
    assert_eq!(follower.live.catalogue().errors.len(), 1);
    assert!(follower.round().is_empty());
    fs::write(&path, HEADER.to_owned() + &part(1, 0, 6)).expect("a file");
    assert!(follower.round().is_empty());
    assert_eq!(follower.sessions.len(), 1);
}

#[test]
fn stop_ends_the_rounds_and_open_sessions_are_still_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = HEADER.to_owned() + &part(1, 0, 3) + &part(2, 0, 6) + &part(3, 0, 6);
    fs::write(folder.path().join("a.log"), text).expect("a file");
    let mut live = Live::begin(vec![folder.path().to_owned()], None, Options { chunk_bytes: 1, n_threads: 1 });
    let mut told = Vec::new();
    let mut take = |batch: Batch<Vec<Seen>>| {
        told.extend(batch.value.into_iter().map(|seen| seen.id));
        if told.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    assert!(live.round(&Collect, &mut take).flow.is_break());
    assert!(live.round(&Collect, &mut take).flow.is_break());
    live.finish(&Collect, &mut take);
    assert_eq!(told, ["EX01/08DE2A1B3C4D0002", "EX01/08DE2A1B3C4D0001"]);
}

/// Collects; the session with this id takes long, as one of many rows does.
struct CollectSlowly(&'static str);

impl Study for CollectSlowly {
    type Yield = Vec<Seen>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        Collect.take(case, batch);
        if batch.last().is_some_and(|seen| seen.id == self.0) {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

#[test]
fn stop_in_the_last_chunk_loses_nothing_that_was_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    // The first one is closed, but its head is missing, and may still come.
    let text = HEADER.to_owned() + &part(1, 3, 6) + &part(2, 0, 6) + &part(3, 0, 6);
    fs::write(folder.path().join("a.log"), text).expect("a file");
    for n_threads in [1, 2, 8] {
        let mut live = Live::begin(vec![folder.path().to_owned()], None, Options { chunk_bytes: 1, n_threads });
        let study = CollectSlowly("EX01/08DE2A1B3C4D0003");
        let mut told = Vec::new();
        let round = live.round(&study, &mut |batch: Batch<Vec<Seen>>| {
            let is_last = batch.value.iter().any(|seen| seen.id == study.0);
            told.extend(batch.value.into_iter().map(|seen| seen.id));
            if is_last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(round.account.sessions, 2);
        live.finish(&study, &mut |batch: Batch<Vec<Seen>>| {
            told.extend(batch.value.into_iter().map(|seen| seen.id));
            ControlFlow::Continue(())
        });
        let expected = ["EX01/08DE2A1B3C4D0002", "EX01/08DE2A1B3C4D0003", "EX01/08DE2A1B3C4D0001"];
        assert_eq!(told, expected, "{n_threads} threads");
    }
}
