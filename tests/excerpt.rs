//! A session that is read from a part of its files is the one that is read from all of them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use heloscope::ingest::{Batch, Case, Catalogue, Options, Study, Window, ingest};
use heloscope::session::FileId;

/// A session: where its rows stand, their text, and its record.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    rows: Vec<(FileId, u64, String)>,
    record: String,
}

struct Collect;

impl Study for Collect {
    type Yield = Vec<Seen>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        let session = case.session;
        let line = |row| String::from_utf8_lossy(session.as_line(row)).into_owned();
        let mut record = Vec::new();
        heloscope::output::json::write_record(case, &mut record);
        batch.push(Seen {
            rows: session.rows.iter().map(|row| (row.file, row.line, line(row))).collect(),
            record: String::from_utf8(record).expect("UTF-8"),
        });
    }
}

/// Reads the catalogue; also returns what each chunk held.
fn read(catalogue: &Catalogue, chunk_bytes: usize) -> (Vec<Seen>, Vec<Option<Window>>) {
    let options = Options { n_threads: 2, chunk_bytes };
    let (mut sessions, mut windows) = (Vec::new(), Vec::new());
    ingest(catalogue, &options, &Collect, &mut |batch: Batch<_>| {
        sessions.extend(batch.value);
        windows.extend(batch.place.map(|place| place.to_window(batch.bytes)));
        ControlFlow::Continue(())
    });
    (sessions, windows)
}

/// The parts of the files that hold the session's rows; `None` where one cannot be read by itself.
fn windows_of(session: &Seen, windows: &[Option<Window>], catalogue: &Catalogue) -> Option<Vec<Window>> {
    let mut wanted = BTreeSet::new();
    for &(file, line, _) in &session.rows {
        let of_file = windows.iter().flatten().filter(|window| window.file == file && window.base_line < line);
        wanted.insert(*of_file.max_by_key(|window| window.base_line)?);
    }
    // Where some parts of a file cannot be read by themselves, the row may stand in such a one.
    let is_read_in_parts = |window: &Window| {
        let bytes: u64 = windows.iter().flatten().filter(|other| other.file == window.file).map(|one| one.bytes).sum();
        bytes == catalogue.files[window.file.0 as usize].size_bytes
    };
    wanted.iter().all(is_read_in_parts).then(|| wanted.into_iter().collect())
}

/// Reads every session of the paths once more, by itself; returns how many, and of how many this
/// cannot be.
fn check(paths: &[PathBuf], chunk_bytes: usize) -> (usize, usize) {
    let catalogue = Catalogue::build(paths, None);
    let (sessions, windows) = read(&catalogue, chunk_bytes);
    let (mut n_read, mut n_not) = (0, 0);
    for session in &sessions {
        let Some(wanted) = windows_of(session, &windows, &catalogue) else {
            n_not += 1;
            continue;
        };
        let (found, _) = read(&catalogue.excerpt(&wanted), chunk_bytes);
        let same = found.iter().find(|other| other.rows == session.rows).unwrap_or_else(|| {
            panic!("not found with {chunk_bytes}, {wanted:?}: {session:#?}");
        });
        let without_ordinal = session.record.replacen("~2\",", "\",", 1);
        assert!(same.record == session.record || same.record == without_ordinal, "{same:#?}\n{session:#?}");
        n_read += 1;
    }
    (n_read, n_not)
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("samples").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_sample_comes_back_from_its_parts() {
    let (mut n_read, mut n_not) = (0, 0);
    for path in samples() {
        for chunk_bytes in [300, 1500, 1 << 21] {
            let (read, not) = check(std::slice::from_ref(&path), chunk_bytes);
            n_read += read;
            n_not += not;
        }
    }
    assert!(n_read > 500 && n_not < n_read / 10, "{n_read} were read from parts, {n_not} could not be");
}

#[test]
fn a_session_across_files_comes_from_parts_of_each() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/across-three-files");
    let (n_read, n_not) = check(&[path], 400);
    assert!(n_read > 0 && n_not == 0);
}

#[test]
fn windows_that_overlap_are_read_once() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/auth-rejected.log");
    let catalogue = Catalogue::build(&[path], None);
    let (sessions, windows) = read(&catalogue, 300);
    let mut windows: Vec<Window> = windows.into_iter().flatten().collect();
    let whole = Window { bytes: catalogue.files[0].size_bytes, ..windows[0] };
    windows.extend([whole, windows[1], Window { file: FileId(7), ..whole }]);
    windows.reverse();
    let (again, _) = read(&catalogue.excerpt(&windows), 1 << 21);
    assert_eq!(again, sessions);
    assert!(read(&catalogue.excerpt(&[]), 300).0.is_empty());
}
