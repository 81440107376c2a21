//! What each limit met: sessions, findings, and the first sessions that prove them.
//!
//! In: [`Case`]s. Out: a [`Tally`] for each limit.
//!
//! **Invariant**: tallies add up, in any order; a session counts once for a limit, however much was
//! found in it; a session without findings costs one look-up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use hashbrown::HashMap;

use crate::diagnosis::{Finding, Rule};
use crate::ingest::{Case, Study};
use crate::record::value::Timestamp;
use crate::session::OriginId;
use crate::summary::Place;

use super::Limit;

/// What a limit met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sessions that it is held against.
    pub sessions: u64,
    /// Those in which something was found that it counts.
    pub found: u64,
    /// In how many of these by which rule.
    pub by_rule: BTreeMap<Rule, u64>,
    /// The first of these, by their time.
    pub proofs: Vec<Proof>,
}

/// A session in which something was found, and the rows that prove it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof {
    /// The session's first row.
    pub time: Option<Timestamp>,
    /// What `heloscope show` takes.
    pub id: Vec<u8>,
    /// The rule.
    pub rule: Rule,
    /// Says it in one sentence, as it stands in the log.
    pub message: String,
    /// The rows: path and line.
    pub rows: Vec<(String, u64)>,
    /// How many minutes east of UTC the server says it is.
    pub server_offset: Option<i32>,
}

impl Tally {
    /// How many sessions are kept as proof.
    pub const MOST_PROOFS: usize = 10;

    fn take(&mut self, limit: &Limit, case: &Case<'_>) {
        let mut findings = case.findings.iter().filter(|finding| limit.selection.holds(finding)).peekable();
        if let Some(first) = findings.peek() {
            self.found += 1;
            self.prove(case, first);
        }
        for finding in findings {
            *self.by_rule.entry(finding.rule).or_default() += 1;
        }
    }

    /// Keeps the session, if it is among the first.
    fn prove(&mut self, case: &Case<'_>, finding: &Finding) {
        let time = case.session.time(case.session.first());
        // Logs go forward in time, so once there are enough, hardly any is earlier.
        let is_full = self.proofs.len() == Self::MOST_PROOFS;
        if !is_full || self.proofs.last().is_some_and(|last| time <= last.time) {
            let proof = Proof::new(case, finding);
            let at = self.proofs.partition_point(|known| *known < proof);
            self.proofs.insert(at, proof);
            self.proofs.truncate(Self::MOST_PROOFS);
        }
    }
}

impl Proof {
    fn new(case: &Case<'_>, finding: &Finding) -> Self {
        let session = case.session;
        let rows = finding.evidence.rows().iter().filter_map(|row| session.rows.get(*row as usize));
        let path = |row: &crate::session::Row| case.files[row.file.0 as usize].path.to_string_lossy().into_owned();
        Self {
            time: session.time(session.first()),
            id: case.to_id(),
            rule: finding.rule,
            message: finding.to_message(session, case.facts),
            rows: rows.map(|row| (path(row), row.line)).collect(),
            server_offset: case.server_offset(),
        }
    }
}

impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.found += other.found;
        for (rule, count) in &other.by_rule {
            *self.by_rule.entry(*rule).or_default() += count;
        }
        self.proofs.extend_from_slice(&other.proofs);
        self.proofs.sort();
        self.proofs.truncate(Self::MOST_PROOFS);
    }
}

/// What all limits met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// In the order of the limits.
    pub limits: Vec<Tally>,
    /// The connectors that were met.
    pub places: BTreeSet<Place>,
    /// Sessions.
    pub sessions: u64,
}

impl AddAssign<&Self> for Tallies {
    fn add_assign(&mut self, other: &Self) {
        self.limits.resize_with(self.limits.len().max(other.limits.len()), Tally::default);
        for (mine, theirs) in self.limits.iter_mut().zip(&other.limits) {
            *mine += theirs;
        }
        self.places.extend(other.places.iter().cloned());
        self.sessions += other.sessions;
    }
}

/// Holds sessions against limits.
#[derive(Clone, Copy, Debug)]
pub struct Checking<'a>(pub &'a [Limit]);

/// Tallies in the making.
#[derive(Debug, Default)]
pub struct Checked {
    limits: Vec<Tally>,
    origins: HashMap<OriginId, Scope>,
}

/// The sessions of one origin.
#[derive(Debug)]
struct Scope {
    place: Place,
    /// The limits that hold for it, as indices.
    limits: Vec<usize>,
    sessions: u64,
}

impl Study for Checking<'_> {
    type Yield = Checked;

    fn begin(&self) -> Checked {
        Checked { limits: vec![Tally::default(); self.0.len()], origins: HashMap::new() }
    }

    fn take(&self, case: &Case<'_>, checked: &mut Checked) {
        let scope = checked.origins.entry(case.session.origin).or_insert_with(|| self.scope(case));
        scope.sessions += 1;
        if !case.findings.is_empty() {
            for at in &scope.limits {
                checked.limits[*at].take(&self.0[*at], case);
            }
        }
    }
}

impl Checking<'_> {
    fn scope(&self, case: &Case<'_>) -> Scope {
        let place = Place::of(case);
        let holds = |limit: &Limit| limit.connector.as_ref().is_none_or(|connector| connector.matches(&place));
        let limits = self.0.iter().enumerate().filter(|(_, limit)| holds(limit)).map(|(at, _)| at).collect();
        Scope { place, limits, sessions: 0 }
    }
}

impl Checked {
    /// Adds what was met to the tallies.
    pub fn add_to(mut self, tallies: &mut Tallies) {
        for scope in self.origins.values() {
            for at in &scope.limits {
                self.limits[*at].sessions += scope.sessions;
            }
            tallies.sessions += scope.sessions;
        }
        let places = self.origins.into_values().map(|scope| scope.place).collect();
        *tallies += &Tallies { limits: self.limits, places, sessions: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally(times: &[i64]) -> Tally {
        let proof = |time: &i64| Proof {
            time: Some(Timestamp(*time)),
            id: format!("EX01/{time}").into_bytes(),
            rule: Rule::AuthMissing,
            message: String::new(),
            rows: vec![("a.log".into(), 1)],
            server_offset: None,
        };
        let mut sum = Tally::default();
        for time in times {
            let by_rule = BTreeMap::from([(Rule::AuthMissing, 1)]);
            sum += &Tally { sessions: 2, found: 1, by_rule, proofs: vec![proof(time)] };
        }
        sum
    }

    proptest! {
        #[test]
        fn tallies_add_up(times in prop::collection::vec(0..99_i64, 0..40), at in any::<prop::sample::Index>()) {
            let (one, other) = times.split_at(at.index(times.len() + 1));
            let (mut forth, mut back) = (tally(one), tally(other));
            forth += &tally(other);
            back += &tally(one);
            prop_assert_eq!(&forth, &tally(&times));
            prop_assert_eq!(&forth, &back);
            prop_assert!(forth.proofs.len() <= Tally::MOST_PROOFS);
        }
    }
}
