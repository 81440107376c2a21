//! What is held of every session while someone looks through them: enough to list, to filter and to
//! group them, and to find their rows again.
//!
//! In: [`Case`]s. Out: [`Sheet`]s, one a batch, which never change once they are made, so that
//! whoever draws and whoever searches can share them.
//!
//! **Invariant**: about 150 bytes a session, and its own texts; text that repeats within a batch is held once. What is
//! not held (rows, certificates, senders, recipients, message ids) is only asked for by queries that
//! [`Query::needs_rows`](crate::query::Query::needs_rows) names.

mod entry;
pub mod names;
pub mod sheet;
pub mod listed;

use std::collections::HashSet;
use std::sync::Arc;

use crate::diagnosis::Verdict;
use crate::ingest::{Case, ChunkPlace, Study, Window};
use crate::query::asking::{Asking, BLOCK};
use crate::query::subject::Subject;
use crate::session::FileId;

use listed::{Listed, Stretch};
use sheet::{Sheet, SheetMaker};

/// Where a session's first row stands: what it goes by, whatever else comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The line in it, from 1.
    pub line: u64,
}

/// Which session of a roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// The sheet, in the order of arrival.
    pub sheet: u32,
    /// The session on it.
    pub entry: u32,
}

/// All sessions that came in so far. A copy costs a pointer a sheet.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    sheets: Vec<Arc<Sheet>>,
    n_sessions: usize,
    /// The sessions that are open at the end of a log that still grows.
    open: Option<Arc<Sheet>>,
    /// Sessions that came once more, with rows that came late.
    outdated: Arc<HashSet<Seat>>,
}

/// The sheet of the sessions that are open.
pub const OPEN: u32 = u32::MAX;

impl Roster {
    /// Takes in the sessions of a batch. One that was there before, with fewer rows, gives way; returns
    /// how many of these had failed.
    pub fn push(&mut self, sheet: Arc<Sheet>) -> usize {
        let mut n_failed = 0;
        for place in sheet.again() {
            if let Some((seat, had_failed)) = self.find(*place) {
                Arc::make_mut(&mut self.outdated).insert(seat);
                self.n_sessions -= 1;
                n_failed += usize::from(had_failed);
            }
        }
        self.n_sessions += sheet.n_sessions();
        self.sheets.push(sheet);
        n_failed
    }

    /// The session that begins there, and whether it failed.
    fn find(&self, place: Place) -> Option<(Seat, bool)> {
        let mut all = (0..self.n_sheets()).rev().flat_map(|sheet| self.listed(sheet));
        all.find(|(_, listed)| listed.place() == place)
            .map(|(seat, listed)| (seat, listed.verdict() == Verdict::Failed))
    }

    /// How many sessions gave way to themselves with more rows.
    pub fn n_outdated(&self) -> usize {
        self.outdated.len()
    }

    /// Takes in the sessions that are open at the end of what was read, in the place of those before;
    /// returns how many of these had failed.
    pub fn set_open(&mut self, sheet: Arc<Sheet>) -> usize {
        self.open.replace(sheet).map_or(0, |before| before.n_failed())
    }

    /// How many sessions.
    pub fn len(&self) -> usize {
        self.n_sessions + self.open.as_ref().map_or(0, |open| open.n_sessions())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many sheets.
    pub fn n_sheets(&self) -> usize {
        self.sheets.len()
    }

    /// The n-th sheet.
    pub fn sheet(&self, index: usize) -> Option<&Arc<Sheet>> {
        self.sheets.get(index)
    }

    /// One session.
    pub fn get(&self, seat: Seat) -> Option<Listed<'_>> {
        let sheet = if seat.sheet == OPEN { self.open.as_ref()? } else { self.sheets.get(seat.sheet as usize)? };
        let at = seat.entry as usize;
        (at < sheet.n_sessions()).then_some(Listed { sheet, at })
    }

    /// The parts of the files that a session's rows lie in; `None` where they can only be read with what
    /// stands before them.
    pub fn windows_of(&self, listed: &Listed<'_>) -> Option<Vec<Window>> {
        let (first, last) = (listed.place(), listed.last_place());
        let mut windows = Vec::new();
        for file in listed.files() {
            let from = if file == first.file { first.line } else { 0 };
            let to = if file == last.file { last.line } else { u64::MAX };
            let of_file = self.sheets.iter().filter_map(|sheet| sheet.chunk).filter(|(place, _)| place.file == file);
            let mut chunks: Vec<(ChunkPlace, u64)> = of_file.collect();
            chunks.sort_by_key(|(place, _)| place.base_line);
            for (at, (place, bytes)) in chunks.iter().enumerate() {
                let end = chunks.get(at + 1).map_or(u64::MAX, |(next, _)| next.base_line);
                if place.base_line < to && end >= from {
                    windows.push(place.to_window(*bytes)?);
                }
            }
        }
        (!windows.is_empty()).then_some(windows)
    }

    /// The sessions of the n-th sheet.
    pub fn listed(&self, index: usize) -> impl Iterator<Item = (Seat, Listed<'_>)> {
        let all = listed(u32::try_from(index).unwrap_or(OPEN), self.sheets.get(index));
        self.current(all)
    }

    /// The sessions of the n-th sheet that are meant.
    pub fn meant(&self, index: usize, asking: &mut Asking<'_>) -> impl Iterator<Item = (Seat, Listed<'_>)> {
        let all = meant(u32::try_from(index).unwrap_or(OPEN), self.sheets.get(index), asking);
        self.current(all)
    }

    /// Leaves out what came again with more rows.
    fn current<'a>(
        &'a self,
        all: impl Iterator<Item = (Seat, Listed<'a>)>,
    ) -> impl Iterator<Item = (Seat, Listed<'a>)> {
        let outdated = (!self.outdated.is_empty()).then_some(&self.outdated);
        all.filter(move |(seat, _)| outdated.is_none_or(|outdated| !outdated.contains(seat)))
    }

    /// The open sessions that are meant.
    pub fn meant_open(&self, asking: &mut Asking<'_>) -> impl Iterator<Item = (Seat, Listed<'_>)> {
        meant(OPEN, self.open.as_ref(), asking)
    }

    /// The sessions that are open.
    pub fn listed_open(&self) -> impl Iterator<Item = (Seat, Listed<'_>)> {
        listed(OPEN, self.open.as_ref())
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.sheets.iter().map(|sheet| sheet.bytes()).sum()
    }
}

fn listed(sheet: u32, of: Option<&Arc<Sheet>>) -> impl Iterator<Item = (Seat, Listed<'_>)> {
    let all = of.into_iter().flat_map(|one| (0..one.n_sessions()).map(move |at| Listed { sheet: one, at }));
    (0..).zip(all).map(move |(entry, listed)| (Seat { sheet, entry }, listed))
}

/// The sessions of a sheet that are meant, block by block.
fn meant<'a>(
    sheet: u32,
    of: Option<&'a Arc<Sheet>>,
    asking: &mut Asking<'_>,
) -> impl Iterator<Item = (Seat, Listed<'a>)> {
    asking.forget();
    let stretches = of.into_iter().flat_map(|sheet| {
        let firsts = (0..sheet.n_sessions()).step_by(BLOCK);
        firsts.map(move |first| Stretch { sheet, first })
    });
    (0..).step_by(BLOCK).zip(stretches).flat_map(move |(first, stretch)| {
        let mut found = asking.find(&stretch);
        std::iter::from_fn(move || {
            let at = (found != 0).then(|| found.trailing_zeros())?;
            found &= found - 1;
            Some((Seat { sheet, entry: first + at }, stretch.listed(at as usize)))
        })
    })
}

/// Puts every session on a sheet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Enrolling;

impl Study for Enrolling {
    type Yield = SheetMaker;

    fn begin(&self) -> SheetMaker {
        SheetMaker::default()
    }

    fn take(&self, case: &Case<'_>, sheet: &mut SheetMaker) {
        sheet.take(case);
    }
}

#[cfg(test)]
mod tests;
