//! What all sessions together amount to, in figures.
//!
//! In: [`Case`]s. Out: a [`Summary`].
//!
//! **Invariant**: summaries add up: the order of adding does not matter, and nothing is allocated
//! for a session whose connector was met before.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use hashbrown::HashMap;

use crate::dialogue::facts::{Auth, Facts, Protocol, StartTls};
use crate::ingest::{Case, Study};
use crate::record::value::Timestamp;
use crate::session::OriginId;

/// Counts of sessions and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions.
    pub sessions: u64,
    /// Sessions with both ends.
    pub whole: u64,
    /// Sessions whose connect row was not read.
    pub without_head: u64,
    /// Sessions whose disconnect row was not read.
    pub without_tail: u64,
    /// Sessions by what became of STARTTLS, in the order of [`STARTTLS_OUTCOMES`].
    pub starttls: [u64; 5],
    /// Sessions by what became of AUTH, in the order of [`AUTH_OUTCOMES`].
    pub auth: [u64; 6],
    /// Sessions with TLS by protocol, in the order of [`PROTOCOLS`]; the last is not known.
    pub protocols: [u64; 6],
    /// MAIL FROM commands.
    pub attempted: u64,
    /// Messages accepted.
    pub accepted: u64,
    /// Bytes of accepted messages, as far as the replies name them.
    pub bytes: u64,
}

/// The order of [`Counts::starttls`].
pub const STARTTLS_OUTCOMES: [StartTls; 5] =
    [StartTls::NotAttempted, StartTls::Refused, StartTls::Failed, StartTls::Succeeded, StartTls::Unknown];

/// The order of [`Counts::auth`].
pub const AUTH_OUTCOMES: [Auth; 6] =
    [Auth::NotAttempted, Auth::Succeeded, Auth::Rejected, Auth::Failed, Auth::Abandoned, Auth::Unknown];

/// The order of [`Counts::protocols`].
pub const PROTOCOLS: [Protocol; 5] =
    [Protocol::Ssl3, Protocol::Tls10, Protocol::Tls11, Protocol::Tls12, Protocol::Tls13];

impl Counts {
    fn take(&mut self, is_opened: bool, is_closed: bool, facts: &Facts) {
        self.sessions += 1;
        self.whole += u64::from(is_opened && is_closed);
        self.without_head += u64::from(!is_opened);
        self.without_tail += u64::from(!is_closed);
        self.starttls[facts.tls.outcome as usize] += 1;
        self.auth[facts.auth.outcome as usize] += 1;
        if facts.tls.outcome == StartTls::Succeeded {
            self.protocols[facts.tls.protocol.map_or(PROTOCOLS.len(), |protocol| protocol as usize)] += 1;
        }
        self.attempted += u64::from(facts.mail.attempted);
        self.accepted += u64::from(facts.mail.accepted);
        self.bytes = self.bytes.saturating_add(facts.mail.bytes);
    }
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.whole += other.whole;
        self.without_head += other.without_head;
        self.without_tail += other.without_tail;
        self.attempted += other.attempted;
        self.accepted += other.accepted;
        self.bytes = self.bytes.saturating_add(other.bytes);
        let pairs = (self.starttls.iter_mut().zip(other.starttls))
            .chain(self.auth.iter_mut().zip(other.auth))
            .chain(self.protocols.iter_mut().zip(other.protocols));
        for (mine, theirs) in pairs {
            *mine += theirs;
        }
    }
}

/// Which server and which connector: as the log names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The server, or the log's folder where no server is named.
    pub server: Vec<u8>,
    /// The connector.
    pub connector: Vec<u8>,
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
}

impl AddAssign<&Self> for Summary {
    fn add_assign(&mut self, other: &Self) {
        self.span = match (self.span, other.span) {
            (Some(mine), Some(theirs)) => Some((mine.0.min(theirs.0), mine.1.max(theirs.1))),
            (mine, theirs) => mine.or(theirs),
        };
        self.total += &other.total;
        for (place, counts) in &other.places {
            match self.places.get_mut(place) {
                Some(mine) => *mine += counts,
                None => drop(self.places.insert(place.clone(), counts.clone())),
            }
        }
    }
}

/// Sums up every session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summing;

/// A summary in the making: counts by where sessions were logged.
#[derive(Debug, Default)]
pub struct Sum {
    span: Option<(Timestamp, Timestamp)>,
    places: Vec<(Place, Counts)>,
    /// Which of the places an origin is.
    index: HashMap<OriginId, usize>,
}

impl Study for Summing {
    type Yield = Sum;

    fn begin(&self) -> Sum {
        Sum::default()
    }

    fn take(&self, case: &Case<'_>, sum: &mut Sum) {
        let session = case.session;
        if let Some((start, end)) = case.facts.start.zip(case.facts.end) {
            let (from, to) = sum.span.unwrap_or((start, end));
            sum.span = Some((from.min(start), to.max(end)));
        }
        sum.counts(case).take(session.is_opened(), session.is_closed(), case.facts);
    }
}

impl Sum {
    fn counts(&mut self, case: &Case<'_>) -> &mut Counts {
        let at = *self.index.entry(case.session.origin).or_insert_with(|| {
            let place =
                Place { server: case.to_server().into_owned(), connector: case.connector_parts().1.into_owned() };
            self.places.push((place, Counts::default()));
            self.places.len() - 1
        });
        &mut self.places[at].1
    }

    /// Adds what was summed to a summary.
    pub fn add_to(&self, summary: &mut Summary) {
        let mut part = Summary { span: self.span, ..Summary::default() };
        for (place, counts) in &self.places {
            part.total += counts;
            *part.places.entry(place.clone()).or_default() += counts;
        }
        *summary += &part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_are_those_of_the_types() {
        assert!(STARTTLS_OUTCOMES.iter().enumerate().all(|(at, outcome)| *outcome as usize == at));
        assert!(AUTH_OUTCOMES.iter().enumerate().all(|(at, outcome)| *outcome as usize == at));
        assert!(PROTOCOLS.iter().enumerate().all(|(at, protocol)| *protocol as usize == at));
    }

    #[test]
    fn sums_add_up_in_any_order() {
        let place = |name: &str| Place { server: b"EX01".to_vec(), connector: name.into() };
        let counts = |sessions| Counts { sessions, bytes: sessions * 10, ..Counts::default() };
        let summary = |name: &str, sessions, from, to| Summary {
            span: Some((Timestamp(from), Timestamp(to))),
            total: counts(sessions),
            places: BTreeMap::from([(place(name), counts(sessions))]),
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
    }
}
