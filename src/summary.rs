//! What all sessions together amount to, in figures.
//!
//! In: [`Case`]s. Out: a [`Summary`].
//!
//! **Invariant**: summaries add up: the order of adding does not matter, as long as no list of names
//! has met more than it holds ([`top`]); nothing is allocated for a session whose connector, address,
//! user and name were met before.

pub mod counts;
pub mod timeline;
pub mod hours;
pub mod top;

use std::collections::BTreeMap;
use std::ops::AddAssign;

use hashbrown::HashMap;

use crate::diagnosis::Verdict;
use crate::dialogue::facts::Auth;
use crate::ingest::{Case, Study};
use crate::record::value::{Timestamp, as_host};
use crate::session::OriginId;

pub use counts::Counts;
use hours::Hours;
use timeline::{Tick, Timeline};
use top::{Tally, Top};

/// Which server and which connector: as the log names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The server, or the log's folder where no server is named.
    pub server: Vec<u8>,
    /// The connector.
    pub connector: Vec<u8>,
}

impl Place {
    /// Where the session was logged.
    pub fn of(case: &Case<'_>) -> Self {
        Self { server: case.to_server().into_owned(), connector: case.connector_parts().1.into_owned() }
    }
}

/// What all sessions together amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The first row of the first session, the last row of the last.
    pub span: Option<(Timestamp, Timestamp)>,
    /// All sessions.
    pub total: Counts,
    /// By server and connector.
    pub places: BTreeMap<Place, Counts>,
    /// By server, when it logged anything.
    pub hours: BTreeMap<Vec<u8>, Hours>,
    /// Sessions by when they began.
    pub timeline: Timeline,
    /// Who connected: sessions, and those that failed.
    pub addresses: Top,
    /// Who logged in: sessions of those whose last login succeeded, and failed logins.
    pub users: Top,
    /// What clients call themselves: sessions, and those that failed.
    pub helos: Top,
}

impl AddAssign<&Self> for Summary {
    fn add_assign(&mut self, other: &Self) {
        self.span = join(self.span, other.span);
        self.total += &other.total;
        for (place, counts) in &other.places {
            add(&mut self.places, place, counts);
        }
        for (server, hours) in &other.hours {
            add(&mut self.hours, server, hours);
        }
        self.timeline += &other.timeline;
        self.addresses += &other.addresses;
        self.users += &other.users;
        self.helos += &other.helos;
    }
}

/// Adds to what is there under the key, which is made only where there is nothing.
fn add<K: Ord + Clone, V: Default + for<'a> AddAssign<&'a V>>(map: &mut BTreeMap<K, V>, key: &K, value: &V) {
    match map.get_mut(key) {
        Some(mine) => *mine += value,
        None => *map.entry(key.clone()).or_default() += value,
    }
}

/// The span that holds both.
fn join(one: Option<(Timestamp, Timestamp)>, other: Option<(Timestamp, Timestamp)>) -> Option<(Timestamp, Timestamp)> {
    match (one, other) {
        (Some(mine), Some(theirs)) => Some((mine.0.min(theirs.0), mine.1.max(theirs.1))),
        (mine, theirs) => mine.or(theirs),
    }
}

/// Sums up every session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summing;

/// A summary in the making: counts by where sessions were logged.
#[derive(Debug, Default)]
pub struct Sum {
    span: Option<(Timestamp, Timestamp)>,
    places: Vec<(Place, Counts, Hours)>,
    /// Which of the places an origin is.
    index: HashMap<OriginId, usize>,
    timeline: Timeline,
    addresses: Top,
    users: Top,
    helos: Top,
}

impl Study for Summing {
    type Yield = Sum;

    fn begin(&self) -> Sum {
        Sum::default()
    }

    fn take(&self, case: &Case<'_>, sum: &mut Sum) {
        let session = case.session;
        let verdict = case.verdict();
        let at = sum.place(case);
        sum.places[at].1.take(case, verdict);
        let failed = u64::from(verdict == Verdict::Failed);
        if let Some((start, end)) = case.facts.start.zip(case.facts.end) {
            sum.span = join(sum.span, Some((start.min(end), end.max(start))));
            sum.places[at].2.take(session, start, end);
            sum.timeline.add(start, Tick { sessions: 1, failed });
        }
        sum.take_names(case, Tally { sessions: 1, failures: failed });
    }
}

impl Sum {
    fn place(&mut self, case: &Case<'_>) -> usize {
        *self.index.entry(case.session.origin).or_insert_with(|| {
            self.places.push((Place::of(case), Counts::default(), Hours::default()));
            self.places.len() - 1
        })
    }

    fn take_names(&mut self, case: &Case<'_>, tally: Tally) {
        let (session, facts) = (case.session, case.facts);
        let record = &case.head;
        self.addresses.add(as_host(record.remote.as_inner()), tally);
        if let Some(helo) = facts.helo {
            self.helos.add(&helo.to_value(session.text), tally);
        }
        for user in facts.auth.failed.iter().filter_map(|failed| failed.user) {
            self.users.add(&user.to_value(session.text), Tally { sessions: 0, failures: 1 });
        }
        if let Some(user) = facts.auth.user.filter(|_| facts.auth.outcome == Auth::Succeeded) {
            self.users.add(&user.to_value(session.text), Tally { sessions: 1, failures: 0 });
        }
    }

    /// Adds the names to a summary and forgets them: their order matters where there are too many
    /// ([`top`]), that of all else does not.
    pub fn move_names_to(&mut self, summary: &mut Summary) {
        let pairs = [
            (&mut summary.addresses, &mut self.addresses),
            (&mut summary.users, &mut self.users),
            (&mut summary.helos, &mut self.helos),
        ];
        for (all, own) in pairs {
            *all += own;
            own.clear();
        }
    }

    /// Adds what was summed to a summary.
    pub fn add_to(&self, summary: &mut Summary) {
        summary.span = join(summary.span, self.span);
        for (place, counts, hours) in &self.places {
            summary.total += counts;
            add(&mut summary.places, place, counts);
            add(&mut summary.hours, &place.server, hours);
        }
        summary.timeline += &self.timeline;
        summary.addresses += &self.addresses;
        summary.users += &self.users;
        summary.helos += &self.helos;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_add_up_in_any_order() {
        let place = |name: &str| Place { server: b"EX01".to_vec(), connector: name.into() };
        let counts = |sessions| Counts { sessions, bytes: sessions * 10, ..Counts::default() };
        let summary = |name: &str, sessions, from, to| {
            let mut summary = Summary {
                span: Some((Timestamp(from), Timestamp(to))),
                total: counts(sessions),
                places: BTreeMap::from([(place(name), counts(sessions))]),
                ..Summary::default()
            };
            summary.addresses.add(name.as_bytes(), Tally { sessions, failures: 0 });
            summary.timeline.add(Timestamp(from * 10_000_000), Tick { sessions, failed: 1 });
            summary
        };
        let parts = [summary("a", 1, 5, 6), summary("b", 2, 1, 2), summary("a", 4, 7, 9), Summary::default()];
        let mut forth = Summary::default();
        let mut back = Summary::default();
        for (part, mirrored) in parts.iter().zip(parts.iter().rev()) {
            forth += part;
            back += mirrored;
        }
        assert_eq!(forth, back);
        assert_eq!((forth.total.sessions, forth.places[&place("a")].sessions), (7, 5));
        assert_eq!(forth.span, Some((Timestamp(1), Timestamp(9))));
        assert_eq!(forth.addresses.to_ranking(1)[0].tally.sessions, 5);
    }
}
