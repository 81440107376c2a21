//! Which sessions the filter lets through, and what they come to.
//!
//! In: a [`Job`]: the roster, a query, a view. Out: an [`Answer`].
//!
//! What was answered for a query is kept, so that sessions that come in are all that is looked at
//! when it is asked again.
//!
//! **Invariant**: the answer depends on the job alone, however it was come by; a job that nobody
//! waits for any more is dropped within a sheet.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::diagnosis::Verdict;
use crate::ingest::sieve::Sieve;
use crate::ingest::{Batch, Case, Catalogue, LogFile, Options, Study, ingest};
use crate::output::time::Zone;
use crate::pattern::Patterns;
use crate::query::Query;
use crate::query::asking::Asking;
use crate::query::subject::Subject;
use crate::record::value::Timestamp;
use crate::roster::listed::Listed;
use crate::roster::{Place, Roster, Seat};
use crate::session::Position;
use crate::summary::timeline::{Tick, Timeline};

use super::columns::Needs;
use super::suspects;
use super::table::{Table, View};
use super::tables::{self, By};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which question it is; an answer to an older one is of no use.
    pub generation: u64,
    /// Which query it is: a new number for a new one.
    pub query_number: u64,
    /// The sessions.
    pub roster: Roster,
    /// The files, for what only rows tell.
    pub files: Arc<[LogFile]>,
    /// Which of them are meant.
    pub query: Arc<Query>,
    /// What is looked at.
    pub view: View,
    /// How clients are put together.
    pub by: By,
    /// The zone of times.
    pub zone: Zone,
    /// What only many sessions show, as far as it is known.
    pub patterns: Option<Arc<Patterns>>,
}

/// The order of the list: when a session began, then the order of reading. A session that began at no
/// time that can be read stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(Timestamp, Position);

/// A session that is meant, with the place it has in the list.
pub type Seated = (Rank, Seat);

/// Where a session stands in the list.
pub fn rank_of(listed: &Listed<'_>) -> Rank {
    Rank(listed.start().unwrap_or(Timestamp(i64::MIN)), listed.position())
}

/// What the filter lets through.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Which question it answers.
    pub generation: u64,
    /// Which query.
    pub query_number: u64,
    /// How many sheets of the roster were looked at.
    pub n_sheets: usize,
    /// The sessions, in the order of their beginnings.
    pub seats: Arc<Vec<Seated>>,
    /// How many of them failed.
    pub n_failed: u64,
    /// When they began.
    pub timeline: Timeline,
    /// How wide the values are that the list shows.
    pub needs: Needs,
    /// The table of the view that was asked for.
    pub table: Option<(View, Arc<Table>)>,
}

/// What is told while rows are searched: how much of how much, in bytes.
pub type Telling<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// Answers one job after the other.
#[derive(Debug, Default)]
pub struct Browser {
    query_number: Option<u64>,
    n_sheets: usize,
    n_outdated: usize,
    kept: Kept,
    /// For a query about rows: the sessions that it means.
    found: Option<HashSet<Place>>,
}

impl Browser {
    /// Answers a job, or nothing where `is_stale` says that nobody waits for it.
    pub fn answer(&mut self, job: &Job, is_stale: &(dyn Fn() -> bool + Sync), telling: Telling<'_>) -> Option<Answer> {
        let n_outdated = job.roster.n_outdated();
        if self.query_number != Some(job.query_number) || self.n_outdated != n_outdated {
            *self = Self { n_outdated, ..Self::default() };
        }
        let has_news = self.n_sheets < job.roster.n_sheets();
        if job.query.needs_rows() && (has_news || self.query_number.is_none()) {
            self.found = Some(search(job, is_stale, telling)?);
            self.n_sheets = 0;
            self.kept = Kept::default();
        }
        self.query_number = Some(job.query_number);
        let n_before = self.kept.seats.len();
        let mut asking = Asking::new(&job.query);
        while self.n_sheets < job.roster.n_sheets() {
            if is_stale() {
                self.kept.sort();
                return None;
            }
            self.take_sheet(job, self.n_sheets, &mut asking);
            self.n_sheets += 1;
        }
        if self.kept.seats.len() > n_before {
            self.kept.sort();
        }
        // The same list is shared with whoever draws; only sessions that come in make another one.
        let mut kept = self.kept.clone();
        match &self.found {
            Some(found) => {
                kept.take_all(job.roster.listed_open().filter(|(_, listed)| found.contains(&listed.place())));
            }
            None => kept.take_all(job.roster.meant_open(&mut asking)),
        }
        if kept.seats.len() > self.kept.seats.len() {
            kept.sort();
        }
        let table = table(&kept.seats, job, is_stale)?;
        Some(Answer {
            generation: job.generation,
            query_number: job.query_number,
            n_sheets: self.n_sheets,
            seats: kept.seats,
            n_failed: kept.n_failed,
            timeline: kept.timeline,
            needs: kept.needs,
            table,
        })
    }

    fn take_sheet(&mut self, job: &Job, index: usize, asking: &mut Asking<'_>) {
        match &self.found {
            Some(found) => {
                let listed = job.roster.listed(index);
                self.kept.take_all(listed.filter(|(_, listed)| found.contains(&listed.place())));
            }
            None => self.kept.take_all(job.roster.meant(index, asking)),
        }
    }
}

/// The sessions that are meant, and what they come to.
#[derive(Clone, Debug, Default)]
struct Kept {
    seats: Arc<Vec<Seated>>,
    n_failed: u64,
    timeline: Timeline,
    needs: Needs,
}

impl Kept {
    fn take_all<'a>(&mut self, meant: impl Iterator<Item = (Seat, Listed<'a>)>) {
        for (seat, listed) in meant {
            let has_failed = listed.verdict() == Verdict::Failed;
            Arc::make_mut(&mut self.seats).push((rank_of(&listed), seat));
            self.n_failed += u64::from(has_failed);
            self.needs.take(&listed);
            if let Some(start) = listed.start() {
                self.timeline.add(start, Tick { sessions: 1, failed: has_failed.into() });
            }
        }
    }

    /// Two runs that lie in order are merged in one pass.
    fn sort(&mut self) {
        Arc::make_mut(&mut self.seats).sort_by_key(|(rank, _)| *rank);
    }
}

/// The table of the view; `None` where the job is stale.
#[expect(clippy::option_option, reason = "no table, and no answer")]
fn table(seats: &[Seated], job: &Job, is_stale: &dyn Fn() -> bool) -> Option<Option<(View, Arc<Table>)>> {
    let mut n_seen = 0_u32;
    let is_dropped = std::cell::Cell::new(false);
    let sessions = seats.iter().map_while(|(_, seat)| {
        n_seen = n_seen.wrapping_add(1);
        is_dropped.set(n_seen.is_multiple_of(1 << 14) && is_stale());
        if is_dropped.get() { None } else { Some(job.roster.get(*seat)) }
    });
    let sessions = sessions.flatten();
    let table = match job.view {
        View::Sessions => return Some(None),
        View::Findings => tables::findings(sessions),
        View::Clients => tables::clients(sessions, job.by, job.zone),
        View::Users => tables::users(sessions, job.zone),
        View::Tls => tables::tls::tls(sessions, job.zone),
        View::Patterns => match &job.patterns {
            Some(patterns) => suspects::patterns(patterns, job.zone),
            None => return Some(None),
        },
    };
    if is_dropped.get() { None } else { Some(Some((job.view, Arc::new(table)))) }
}

/// Finds the sessions that a query about rows means.
struct Finding<'a>(&'a Query);

impl Study for Finding<'_> {
    type Yield = Vec<Place>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, found: &mut Self::Yield) {
        if self.0.matches(case) {
            let first = case.session.first();
            found.push(Place { file: first.file, line: first.line });
        }
    }

    fn sieve(&self) -> Sieve<'_> {
        self.0.sieve()
    }
}

fn search(job: &Job, is_stale: &(dyn Fn() -> bool + Sync), telling: Telling<'_>) -> Option<HashSet<Place>> {
    let catalogue = Catalogue::of_files(job.files.to_vec());
    let all_bytes = catalogue.files.iter().map(|file| file.size_bytes).sum();
    let (mut found, mut bytes, mut is_dropped) = (HashSet::new(), 0, false);
    ingest(&catalogue, &Options::default(), &Finding(&job.query), &mut |batch: Batch<Vec<Place>>| {
        found.extend(batch.value);
        bytes += batch.bytes;
        telling(bytes, all_bytes);
        is_dropped = is_stale();
        if is_dropped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if is_dropped { None } else { Some(found) }
}

/// A good session of the same client, the nearest in time, to lay beside one that failed: one whose
/// login succeeded, where the other tried to log in.
pub fn find_good(roster: &Roster, bad: &Listed<'_>) -> Option<Seat> {
    use crate::dialogue::facts::Auth;
    let has_login = bad.auth() != Auth::NotAttempted;
    let mut best: Option<(u64, Seat)> = None;
    for (seat, listed) in (0..roster.n_sheets()).flat_map(|sheet| roster.listed(sheet)) {
        let is_good = listed.verdict() == Verdict::Ok
            && (!has_login || listed.auth() == Auth::Succeeded)
            && listed.port() == bad.port();
        if is_good && listed.client() == bad.client() && listed.place() != bad.place() {
            let distance = listed.position().0.abs_diff(bad.position().0);
            if best.is_none_or(|(nearest, _)| distance < nearest) {
                best = Some((distance, seat));
            }
        }
    }
    best.map(|(_, seat)| seat)
}
