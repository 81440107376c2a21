//! What the servers' clocks show: how far from UTC, and when.
//!
//! In: the banners, which end in the server's local time. Out: [`Reading`]s.
//!
//! **Invariant**: a banner with the same offset as the last one of its listener costs a comparison.

use std::ops::AddAssign;
use std::sync::Arc;

use crate::dialogue::reply::parse_banner_offset;
use crate::record::value::Timestamp;

use super::bound::Bounded;
use super::moment::Period;
use super::{Listener, Visit};

/// How many offsets of servers are kept: a server has two where there is summer time.
const READINGS: usize = 4096;

/// An offset that a server's clock had for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The server, or the log's folder where no server is named.
    pub server: Vec<u8>,
    /// Minutes east of UTC.
    pub minutes: i32,
    /// The first session that was told it.
    pub first: Timestamp,
    /// The last one.
    pub last: Timestamp,
}

/// When an offset was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told(Period);

impl AddAssign<&Self> for Told {
    fn add_assign(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

/// The clocks of all servers.
#[derive(Clone, Debug)]
pub struct Clocks {
    told: Bounded<(Vec<u8>, i32), Told>,
}

impl Default for Clocks {
    fn default() -> Self {
        Self { told: Bounded::new(READINGS) }
    }
}

impl AddAssign<&Self> for Clocks {
    fn add_assign(&mut self, other: &Self) {
        self.told += &other.told;
    }
}

/// The last offset of a listener.
#[derive(Debug)]
pub(super) struct Last {
    listener: Arc<Listener>,
    minutes: i32,
    told: Told,
}

impl Last {
    pub(super) fn new(listener: Arc<Listener>) -> Self {
        Self { listener, minutes: 0, told: Told::default() }
    }
}

impl Clocks {
    pub(super) fn take(&mut self, visit: &Visit<'_>, last: &mut Last) {
        let Some(banner) = visit.case.facts.banner_text else { return };
        let Some(minutes) = parse_banner_offset(banner.of(visit.case.session.text)) else { return };
        if minutes != last.minutes {
            self.flush(last);
            last.minutes = minutes;
        }
        last.told.0.widen(visit.start);
    }

    pub(super) fn end(&mut self, mut last: Last) {
        self.flush(&mut last);
    }

    fn flush(&mut self, last: &mut Last) {
        let told = std::mem::take(&mut last.told);
        let is_told = told.0.ends().is_some();
        if is_told && let Some(kept) = self.told.entry(&(last.listener.server.clone(), last.minutes)) {
            *kept += &told;
        }
    }

    /// What was told, by server.
    pub fn readings(&self) -> Vec<Reading> {
        let kept = self.told.kept();
        let reading = |(server, minutes): &(Vec<u8>, i32), told: &Told| {
            let (first, last) = told.0.ends()?;
            Some(Reading { server: server.clone(), minutes: *minutes, first, last })
        };
        kept.into_iter().filter_map(|(key, told)| reading(key, told)).collect()
    }
}
