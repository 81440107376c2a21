//! The filtered sessions in a file.
//!
//! In: a [`Job`]: which sessions, where to. Out: the file, whole or not at all.
//!
//! **Invariant**: a file that is there is left as it is.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::NamedTempFile;

use crate::ingest::order::{InOrder, Rendered};
use crate::ingest::{Batch, Case, Catalogue, LogFile, Options, Study, ingest};
use crate::output::paint::Paint;
use crate::output::skipped::counted;
use crate::output::text::{Layout, Look};
use crate::output::time::Zone;
use crate::output::{csv, json, lines, text};
use crate::roster::{Place, Roster};

use super::browse::Seated;

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where to; the ending says in which shape.
    pub path: PathBuf,
    /// All sessions.
    pub roster: Roster,
    /// Those that are meant.
    pub seats: Arc<Vec<Seated>>,
    /// All files.
    pub files: Arc<[LogFile]>,
    /// The zone of times in text.
    pub zone: Zone,
}

/// How much of the answer waits for a session that does not end, in bytes.
const ORDER_BOUND_BYTES: usize = 64 << 20;

/// The shapes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Ndjson,
    Csv,
    Text,
    Raw,
}

impl Shape {
    fn of(path: &Path) -> Result<Self, String> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("ndjson" | "json" | "jsonl") => Ok(Self::Ndjson),
            Some("csv") => Ok(Self::Csv),
            Some("txt") => Ok(Self::Text),
            Some("log") => Ok(Self::Raw),
            _ => Err("the ending says what is written: .ndjson, .csv, .txt (a row a session), .log (the rows)".into()),
        }
    }
}

struct Rendering<'a> {
    shape: Shape,
    zone: Zone,
    wanted: &'a HashSet<Place>,
}

impl Study for Rendering<'_> {
    type Yield = (Vec<u8>, Rendered);

    fn begin(&self) -> Self::Yield {
        <(Vec<u8>, Rendered)>::default()
    }

    fn take(&self, case: &Case<'_>, (head, rendered): &mut Self::Yield) {
        let first = case.session.first();
        if !self.wanted.contains(&Place { file: first.file, line: first.line }) {
            return;
        }
        if rendered.entries.is_empty() {
            self.head(case, head);
        }
        self.render(case, &mut rendered.bytes);
        rendered.entries.push((case.session.position, rendered.bytes.len()));
    }
}

impl Rendering<'_> {
    fn head(&self, case: &Case<'_>, out: &mut Vec<u8>) {
        match self.shape {
            Shape::Csv => csv::write_header(out).expect("names, written into memory"),
            Shape::Raw => lines::write_raw_header(case, out),
            Shape::Ndjson | Shape::Text => {}
        }
    }

    fn render(&self, case: &Case<'_>, out: &mut Vec<u8>) {
        match self.shape {
            Shape::Csv => csv::write_record(case, csv::Cells::Exact, out).expect("cells, written into memory"),
            Shape::Raw => lines::write_raw(case, out),
            Shape::Ndjson => {
                json::write_record(case, out);
                out.push(b'\n');
            }
            Shape::Text => {
                text::write_session(case, Look { layout: Layout::Words, zone: self.zone, paint: Paint::Plain }, out);
            }
        }
    }
}

/// Writes the sessions, and says how many. Where `is_over` comes true meanwhile, nothing is left of it.
///
/// Errors: what keeps the file from being whole, in words.
pub fn write(job: &Job, is_over: &AtomicBool) -> Result<String, String> {
    let shape = Shape::of(&job.path)?;
    if job.path.exists() {
        return Err(format!("{} is there already", job.path.display()));
    }
    let folder = job.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = begin(folder).map_err(|why| format!("cannot write {}: {why}", job.path.display()))?;
    let listed = job.seats.iter().filter_map(|(_, seat)| job.roster.get(*seat));
    let wanted: HashSet<Place> = listed.map(|listed| listed.place()).collect();
    write_all(job, shape, &wanted, temporary, is_over)
        .map_err(|error| format!("cannot write {}: {error}", job.path.display()))?;
    Ok(format!("{} written to {}", counted(wanted.len() as u64, "session"), job.path.display()))
}

/// Begins a file that bears another name until it is whole.
///
/// Errors: why the folder takes none, and what to do. The file's own name is no concern of a person's.
fn begin(folder: &Path) -> Result<NamedTempFile, String> {
    if !folder.is_dir() {
        return Err(match folder.exists() {
            true => "its folder is a file; type another path".into(),
            false => "its folder is not there; make it, or type another path".into(),
        });
    }
    let of_kind = |error: io::Error| format!("its folder takes no file: {}; type another path", error.kind());
    NamedTempFile::new_in(folder).map_err(of_kind)
}

fn write_all(
    job: &Job,
    shape: Shape,
    wanted: &HashSet<Place>,
    temporary: NamedTempFile,
    is_over: &AtomicBool,
) -> io::Result<()> {
    // Faults of the file itself do not tell its name, as those of `temporary` do.
    let mut out = BufWriter::new(temporary.as_file());
    let catalogue = Catalogue::of_files(job.files.to_vec());
    let rendering = Rendering { shape, zone: job.zone, wanted };
    let mut order = InOrder::new(ORDER_BOUND_BYTES);
    let (mut n_written, mut written) = (0, Ok(()));
    ingest(&catalogue, &Options::default(), &rendering, &mut |batch: Batch<(Vec<u8>, Rendered)>| {
        let (head, rendered) = batch.value;
        if n_written == 0 && !head.is_empty() {
            written = out.write_all(&head);
        }
        n_written += rendered.entries.len();
        if written.is_ok() {
            written = order.push(rendered, batch.open_from, &mut |bytes| out.write_all(bytes));
        }
        if is_over.load(Ordering::Relaxed) {
            written = Err(io::Error::new(io::ErrorKind::Interrupted, "the screen was left before it was whole"));
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    written?;
    order.finish(&mut |bytes| out.write_all(bytes))?;
    if n_written != wanted.len() {
        let missing = counted((wanted.len() - n_written.min(wanted.len())) as u64, "session");
        let why = "files that are gone or changed, and standard input, cannot be read again";
        return Err(io::Error::other(format!("nothing is written, for {missing} would be missing: {why}")));
    }
    out.flush()?;
    drop(out);
    temporary.persist_noclobber(&job.path).map_err(|error| error.error)?;
    Ok(())
}
