//! Which certificate each listener presents, from when to when.
//!
//! In: the certificate rows of sessions. Out: [`Presented`], by listener, in the order of time.
//!
//! **Invariant**: a certificate like the last one of its listener is compared, not parsed; whether it
//! is for the listener's name is what the rule `certificate-name-mismatch` says.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use crate::diagnosis::Rule;
use crate::dialogue::certificate::{Certificate, read_certificate};
use crate::record::value::Timestamp;

use super::bound::{Bounded, Few, clipped};
use super::drift::Phase;
use super::moment::{Mark, Marks};
use super::{Listener, Visit};

/// How many certificates of listeners are kept: far more than an organisation has.
const CERTIFICATES: usize = 1 << 12;

/// How much of a certificate's rows tells it from others, in bytes; a certificate with a hundred names
/// takes less.
const TEXT_BYTES: usize = 8192;

/// A certificate at a listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    listener: Arc<Listener>,
    phase: Phase,
    /// The certificate's rows as they stand in the log.
    text: Vec<u8>,
}

/// What sessions show of a certificate at a listener.
#[derive(Clone, Debug, Default)]
struct Sighting {
    sessions: u64,
    marks: Marks,
    certificate: Certificate,
    banners: Few,
    /// The banners' names that it is not for.
    mismatches: Few,
}

impl AddAssign<&Self> for Sighting {
    fn add_assign(&mut self, other: &Self) {
        if self.sessions == 0 {
            self.certificate.clone_from(&other.certificate);
        }
        self.sessions += other.sessions;
        self.marks += &other.marks;
        self.banners += &other.banners;
        self.mismatches += &other.mismatches;
    }
}

/// The last certificates of a listener: for clients, and for other Exchange servers.
#[derive(Debug)]
pub(super) struct Last {
    listener: Arc<Listener>,
    runs: [Option<(Vec<u8>, Sighting)>; 2],
    text: Vec<u8>,
}

impl Last {
    pub(super) fn new(listener: Arc<Listener>) -> Self {
        Self { listener, runs: [None, None], text: Vec::new() }
    }
}

/// The certificates in use.
#[derive(Clone, Debug)]
pub struct Certificates {
    sightings: Bounded<Key, Sighting>,
}

impl Default for Certificates {
    fn default() -> Self {
        Self { sightings: Bounded::new(CERTIFICATES) }
    }
}

impl AddAssign<&Self> for Certificates {
    fn add_assign(&mut self, other: &Self) {
        self.sightings += &other.sightings;
    }
}

/// A certificate that a listener presents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The listener.
    pub listener: Listener,
    /// After which command: [`Phase::Tls`] or [`Phase::AnonymousTls`].
    pub phase: Phase,
    /// The certificate, as far as the log tells.
    pub certificate: Certificate,
    /// To how many sessions.
    pub sessions: u64,
    /// The first session.
    pub first: Mark,
    /// The last session.
    pub last: Mark,
    /// The names that the listener went by.
    pub banners: Few,
    /// Those of them that it is not for.
    pub mismatches: Few,
    /// Whether another one took its place: that one was first presented after this one.
    pub is_replaced: bool,
}

impl Presented {
    /// Days from its last presentation to its end; below 0 where it was presented after its end.
    pub fn days_left(&self) -> Option<i64> {
        const MILLIS_PER_DAY: i64 = 86_400_000;
        self.certificate.not_after.map(|end| end.millis_since(self.last.time).div_euclid(MILLIS_PER_DAY))
    }

    /// Whether the names that it is for are known.
    pub fn has_names(&self) -> bool {
        !self.certificate.names.is_empty() || self.certificate.subject.is_some()
    }
}

impl Certificates {
    /// How many entries it holds.
    pub(super) fn n_held(&self) -> usize {
        self.sightings.len()
    }

    pub(super) fn take(&mut self, visit: &Visit<'_>, last: &mut Last) {
        let session = visit.case.session;
        let rows = &visit.case.facts.tls.certificate_rows;
        let Some(&row) = rows.last() else { return };
        let Last { listener, runs, text } = last;
        text.clear();
        for row in rows.iter().filter_map(|row| session.rows.get(*row as usize)) {
            let data = session.as_data(row).as_inner();
            text.extend_from_slice(clipped(data, TEXT_BYTES.saturating_sub(text.len())));
            text.push(b'\n');
        }
        let phase = Phase::after_tls(visit);
        let slot = &mut runs[usize::from(phase == Phase::AnonymousTls)];
        if slot.as_ref().is_none_or(|(known, _)| known != text) {
            if let Some((known, sighting)) = slot.take() {
                self.flush(listener, phase, known, &sighting);
            }
            let Some(certificate) = read_certificate(session, rows) else { return };
            *slot = Some((text.clone(), Sighting { certificate, ..Sighting::default() }));
        }
        if let Some((_, sighting)) = slot {
            sighting.take(visit, visit.row_time(row));
        }
    }

    fn flush(&mut self, listener: &Arc<Listener>, phase: Phase, text: Vec<u8>, sighting: &Sighting) {
        let key = Key { listener: Arc::clone(listener), phase, text };
        if let Some(known) = self.sightings.entry(&key) {
            *known += sighting;
        }
    }

    pub(super) fn end(&mut self, last: Last) {
        for (run, phase) in last.runs.into_iter().zip([Phase::Tls, Phase::AnonymousTls]) {
            if let Some((text, sighting)) = run {
                self.flush(&last.listener, phase, text, &sighting);
            }
        }
    }

    /// Whether there were more than are kept.
    pub fn is_exceeded(&self) -> bool {
        self.sightings.is_exceeded()
    }

    /// The certificates in use, by listener, in the order in which they were first presented.
    pub fn presented(&self) -> Vec<Presented> {
        let mut newest: BTreeMap<(&Listener, Phase), Timestamp> = BTreeMap::new();
        let mut all = Vec::new();
        for (key, sighting) in self.sightings.kept() {
            let Some((first, last)) = sighting.marks.ends() else { continue };
            let latest = newest.entry((&key.listener, key.phase)).or_insert(first.time);
            *latest = (*latest).max(first.time);
            all.push((key, sighting, first, last));
        }
        let present = |(key, sighting, first, last): (&Key, &Sighting, &Mark, &Mark)| Presented {
            listener: (*key.listener).clone(),
            phase: key.phase,
            certificate: sighting.certificate.clone(),
            sessions: sighting.sessions,
            first: first.clone(),
            last: last.clone(),
            banners: sighting.banners.clone(),
            mismatches: sighting.mismatches.clone(),
            is_replaced: newest.get(&(&*key.listener, key.phase)).is_some_and(|latest| *latest > last.time),
        };
        let mut presented: Vec<Presented> = all.into_iter().map(present).collect();
        presented.sort_by(|one, other| {
            let order = |presented: &Presented| (presented.listener.clone(), presented.phase, presented.first.clone());
            order(one).cmp(&order(other))
        });
        presented
    }
}

impl Sighting {
    fn take(&mut self, visit: &Visit<'_>, time: Option<Timestamp>) {
        self.sessions += 1;
        self.marks.note(time, &|out| visit.write_id(out));
        let banner = visit.text(visit.case.facts.banner);
        self.banners.insert(&banner);
        if visit.case.findings.iter().any(|finding| finding.rule == Rule::CertificateNameMismatch) {
            self.mismatches.insert(&banner);
        }
    }
}
