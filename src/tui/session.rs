//! One session with its rows, read again from the files they lie in.
//!
//! In: a [`Job`]: where it stands. Out: a [`Loaded`].
//!
//! **Invariant**: everything in it is escaped.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::diagnosis::article::Advice;
use crate::diagnosis::{Severity, Verdict};
use crate::dialogue::secret::to_open_line;
use crate::ingest::{Batch, Case, Catalogue, LogFile, Options, Study, ingest};
use crate::output::escape::visible;
use crate::output::paint::Paint;
use crate::output::time::Zone;
use crate::output::transcript::{Line, to_conversation, write_transcript};
use crate::query::subject::Subject;
use crate::record::value::Timestamp;
use crate::roster::listed::Listed;
use crate::roster::{Place, Roster, Seat};
use crate::session::FileId;

use super::browse::find_good;

/// What is to be read.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which question it is.
    pub number: u64,
    /// All sessions.
    pub roster: Roster,
    /// Which of them.
    pub seat: Seat,
    /// Whether a good session of the same client is wanted too.
    pub has_good: bool,
    /// All files.
    pub files: Arc<[LogFile]>,
    /// The zone of times.
    pub zone: Zone,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// Which question it answers.
    pub number: u64,
    /// The session; `None` where it cannot be found in its files any more.
    pub session: Option<Loaded>,
    /// A good session of the same client, where it was asked for and there is one.
    pub good: Option<Loaded>,
    /// How often the same happened to the same client within the hour before, this time counted.
    pub n_alike: u64,
}

/// A finding in words.
#[derive(Clone, Debug)]
pub struct Found {
    /// The rule's name.
    pub rule: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What happened.
    pub message: String,
    /// The rows that prove it.
    pub rows: Vec<usize>,
    /// What to look at, and what to change.
    pub advice: Vec<Advice>,
}

/// One session with its rows.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Where it stands.
    pub place: Place,
    /// What `show` takes.
    pub id: String,
    /// Whom it connected.
    pub ends: String,
    /// How it went.
    pub verdict: Verdict,
    /// Its conversation.
    pub lines: Vec<Line>,
    /// Its rows as the log has them.
    pub raw: Vec<String>,
    /// What was found.
    pub findings: Vec<Found>,
    /// All of it as `show` prints it.
    pub text: String,
}

/// Reads a session again, and a good one to lay beside it.
pub fn load(job: &Job) -> Pair {
    let mut pair = Pair { number: job.number, ..Pair::default() };
    let Some(listed) = job.roster.get(job.seat) else { return pair };
    pair.session = read(job, job.seat);
    pair.n_alike = count_alike(&job.roster, &listed);
    if job.has_good {
        pair.good = find_good(&job.roster, &listed).and_then(|seat| read(job, seat));
    }
    pair
}

/// Counts the sessions of the client that began in the hour up to this one and have the same gravest
/// finding.
fn count_alike(roster: &Roster, session: &Listed<'_>) -> u64 {
    let Some((rule, _)) = session.findings().next() else { return 0 };
    let Some(start) = session.start() else { return 0 };
    let from = Timestamp(start.0.saturating_sub(3600 * 10_000_000));
    let sheets = (0..roster.n_sheets()).filter(|sheet| {
        let span = roster.sheet(*sheet).and_then(|sheet| sheet.span());
        span.is_some_and(|(first, last)| first <= start && last >= from)
    });
    let all = sheets.flat_map(|sheet| roster.listed(sheet)).chain(roster.listed_open());
    let is_alike = |listed: &Listed<'_>| {
        listed.start().is_some_and(|other| (from..=start).contains(&other))
            && listed.client() == session.client()
            && listed.findings().any(|(other, _)| other == rule)
    };
    // One that ended is for a moment held as open too.
    let alike: HashSet<Place> = all.filter(|(_, listed)| is_alike(listed)).map(|(_, listed)| listed.place()).collect();
    alike.len() as u64
}

/// Picks one session.
struct Reading {
    place: Place,
    zone: Zone,
}

impl Study for Reading {
    type Yield = Vec<Loaded>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, loaded: &mut Self::Yield) {
        let first = case.session.first();
        if (Place { file: first.file, line: first.line }) == self.place {
            loaded.push(Loaded::new(case, self.zone));
        }
    }
}

fn read(job: &Job, seat: Seat) -> Option<Loaded> {
    let listed = job.roster.get(seat)?;
    let (first, last) = (listed.place(), listed.last_place());
    let (catalogue, place) = match job.roster.windows_of(&listed) {
        Some(windows) => (Catalogue::of_files(job.files.to_vec()).excerpt(&windows), first),
        // Read from the beginnings of its files, which are the first of fewer then.
        None => {
            let files = job.files.get(first.file.0 as usize..=last.file.0.max(first.file.0) as usize)?;
            (Catalogue::of_files(files.to_vec()), Place { file: FileId(0), line: first.line })
        }
    };
    let options = Options { n_threads: 1, ..Options::default() };
    let mut loaded = None;
    ingest(&catalogue, &options, &Reading { place, zone: job.zone }, &mut |batch: Batch<Vec<Loaded>>| {
        loaded = batch.value.into_iter().next();
        if loaded.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let id = visible(listed.id()).into_owned();
    loaded.map(|loaded: Loaded| Loaded { place: first, id, ..loaded })
}

impl Loaded {
    fn new(case: &Case<'_>, zone: Zone) -> Self {
        let first = case.session.first();
        let port = case.local().port.map_or(String::new(), |port| format!(" > :{port}"));
        let mut text = String::new();
        write_transcript(case, zone, Paint::Plain, &mut text);
        Self {
            place: Place { file: first.file, line: first.line },
            id: visible(&case.to_id()).into_owned(),
            ends: format!("{}{port}", visible(case.remote().host)),
            verdict: case.verdict(),
            lines: to_conversation(case, zone),
            raw: to_raw(case),
            findings: case.findings.iter().map(|finding| Found::new(case, finding)).collect(),
            text,
        }
    }
}

/// The rows as the log has them, but for credentials.
fn to_raw(case: &Case<'_>) -> Vec<String> {
    let rows = case.session.rows.iter().enumerate();
    rows.map(|(index, row)| visible(&to_open_line(case.session, case.facts, index, row)).into_owned()).collect()
}

impl Found {
    fn new(case: &Case<'_>, finding: &crate::diagnosis::Finding) -> Self {
        let mut advice = finding.to_advice(case.session, case.facts);
        for step in &mut advice {
            step.command = step.command.take().map(|command| visible(command.as_bytes()).into_owned());
        }
        Self {
            rule: finding.rule.name(),
            severity: finding.severity,
            message: visible(finding.to_message(case.session, case.facts).as_bytes()).into_owned(),
            rows: finding.evidence.rows().iter().map(|row| *row as usize).collect(),
            advice,
        }
    }
}
