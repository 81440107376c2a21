//! Connections without a word of the client: load balancers that look whether someone answers, and
//! scanners.
//!
//! In: sessions of which both ends were read and nothing of the client between. Out: who they come
//! from.
//!
//! **Invariant**: a probe counts here and nowhere else among the patterns.

use std::ops::AddAssign;

use super::Visit;
use super::bound::{Bounded, Few};
use super::moment::Period;

/// How many addresses are kept. A load balancer is one; only a storm of scanners comes near.
const ADDRESSES: usize = 1 << 15;

/// The probes of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// How many.
    pub sessions: u64,
    /// From when to when.
    pub period: Period,
    /// On which connectors.
    pub connectors: Few,
}

impl AddAssign<&Self> for Probe {
    fn add_assign(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.period += other.period;
        self.connectors += &other.connectors;
    }
}

impl Probe {
    /// The mean time from one to the next, in milliseconds; `None` for too few to tell.
    pub fn every_millis(&self) -> Option<i64> {
        let gaps = i64::try_from(self.sessions.checked_sub(1)?).ok()?;
        (gaps >= 2).then(|| self.period.millis() / gaps)
    }
}

/// All probes.
#[derive(Clone, Debug)]
pub struct Probes {
    sessions: u64,
    addresses: Bounded<Vec<u8>, Probe>,
}

impl Default for Probes {
    fn default() -> Self {
        Self { sessions: 0, addresses: Bounded::new(ADDRESSES) }
    }
}

impl AddAssign<&Self> for Probes {
    fn add_assign(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.addresses += &other.addresses;
    }
}

impl Probes {
    /// How many entries it holds.
    pub(super) fn n_held(&self) -> usize {
        self.addresses.len()
    }

    pub(super) fn take(&mut self, visit: &Visit<'_>) {
        self.sessions += 1;
        if let Some(probe) = self.addresses.entry(visit.address) {
            probe.sessions += 1;
            probe.period.widen(visit.start);
            probe.connectors.insert(&visit.connector);
        }
    }

    /// How many there were, of all addresses.
    pub fn sessions(&self) -> u64 {
        self.sessions
    }

    /// From how many addresses; an estimate where [`is_exceeded`](Self::is_exceeded).
    pub fn n_addresses(&self) -> u64 {
        self.addresses.n_met()
    }

    /// Whether there were more addresses than are kept.
    pub fn is_exceeded(&self) -> bool {
        self.addresses.is_exceeded()
    }

    /// The addresses, those with the most probes first.
    pub fn by_address(&self) -> Vec<(&[u8], &Probe)> {
        let mut probes = self.addresses.kept();
        probes.sort_by_key(|(_, probe)| std::cmp::Reverse(probe.sessions));
        probes.into_iter().map(|(address, probe)| (address.as_slice(), probe)).collect()
    }
}
