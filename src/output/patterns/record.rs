//! The shape of patterns as JSON.
//!
//! In: [`Patterns`]. Out: a value that serde writes.
//!
//! **Invariant**: a field may be added, none renamed or re-typed without a new
//! [`SCHEMA`](crate::output::json::SCHEMA). What the log does not tell is `null`. `patterns.schema.json` changes with it.

use serde::Serialize;

use crate::dialogue::certificate::Certificate;
use crate::pattern::bound::Few;
use crate::pattern::certificates::Presented;
use crate::pattern::drift::{Change, History, Phase};
use crate::pattern::guessing::suspicion::{Breach, Suspicion};
use crate::pattern::moment::Period;
use crate::pattern::need::{Needs, THINGS, Thing, Use};
use crate::pattern::probes::Probe;
use crate::pattern::{Listener, Patterns};
use crate::record::value::Timestamp;

use super::super::time::{Zone, to_time_text};
use super::kind_text;
use super::need::thing_text;

/// All patterns.
#[derive(Debug, Serialize)]
pub(in crate::output) struct PatternsRecord {
    schema: u8,
    logins: LoginsRecord,
    offers: OffersRecord,
    certificates: CertificatesRecord,
    needs: Vec<NeedRecord>,
    probes: ProbesRecord,
}

#[derive(Debug, Serialize)]
struct LoginsRecord {
    failures: u64,
    succeeded_sessions: u64,
    sampled: bool,
    suspicions: Vec<SuspicionRecord>,
    rest: RestRecord,
}

#[derive(Debug, Serialize)]
struct RestRecord {
    failures: u64,
    addresses: usize,
    users: usize,
    strangers: usize,
}

#[derive(Debug, Serialize)]
struct SuspicionRecord {
    kind: &'static str,
    place: Option<String>,
    succeeded: Vec<BreachRecord>,
    failures: u64,
    start: Option<String>,
    end: Option<String>,
    per_hour: Option<f64>,
    beat_ms: Option<i64>,
    n_users: usize,
    users: Vec<CountRecord>,
    n_addresses: usize,
    addresses: Vec<CountRecord>,
    helos: NamesRecord,
    connectors: NamesRecord,
    errors: NamesRecord,
}

#[derive(Debug, Serialize)]
struct BreachRecord {
    user: Option<String>,
    address: String,
    time: String,
    id: String,
    sessions: u64,
    had_failed: bool,
}

#[derive(Debug, Serialize)]
struct CountRecord {
    name: Option<String>,
    failures: u64,
}

/// A few names, and whether there were more.
#[derive(Debug, Serialize)]
struct NamesRecord {
    names: Vec<String>,
    more: bool,
}

#[derive(Debug, Serialize)]
struct ListenerRecord {
    server: String,
    connector: String,
    port: Option<u16>,
}

#[derive(Debug, Serialize)]
struct OffersRecord {
    sampled: bool,
    listeners: Vec<HistoryRecord>,
}

#[derive(Debug, Serialize)]
struct HistoryRecord {
    #[serde(flatten)]
    listener: ListenerRecord,
    phase: &'static str,
    sessions: u64,
    start: String,
    end: String,
    offered: Vec<String>,
    changes: Vec<ChangeRecord>,
    unsteady: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ChangeRecord {
    time: String,
    id: String,
    late: bool,
    before: Option<String>,
    before_id: Option<String>,
    restart: Option<String>,
    gained: Vec<String>,
    lost: Vec<String>,
}

#[derive(Debug, Serialize)]
struct CertificatesRecord {
    sampled: bool,
    presented: Vec<PresentedRecord>,
}

#[derive(Debug, Serialize)]
struct PresentedRecord {
    #[serde(flatten)]
    listener: ListenerRecord,
    phase: &'static str,
    start: String,
    end: String,
    first_id: String,
    last_id: String,
    sessions: u64,
    replaced: bool,
    subject: Option<String>,
    issuer: Option<String>,
    serial: Option<String>,
    thumbprint: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    names: Vec<String>,
    banners: NamesRecord,
    mismatches: NamesRecord,
    days_left: Option<i64>,
}

#[derive(Debug, Serialize)]
struct NeedRecord {
    thing: String,
    sampled: bool,
    n_clients: u64,
    #[serde(flatten)]
    total: UseRecord,
    clients: Vec<ClientRecord>,
}

#[derive(Debug, Serialize)]
struct UseRecord {
    sessions: u64,
    served: u64,
    start: Option<String>,
    end: Option<String>,
}

#[derive(Debug, Serialize)]
struct ClientRecord {
    address: String,
    #[serde(flatten)]
    figures: UseRecord,
    helos: NamesRecord,
    connectors: NamesRecord,
}

#[derive(Debug, Serialize)]
struct ProbesRecord {
    sessions: u64,
    n_addresses: u64,
    sampled: bool,
    addresses: Vec<ProbeRecord>,
}

#[derive(Debug, Serialize)]
struct ProbeRecord {
    address: String,
    sessions: u64,
    start: Option<String>,
    end: Option<String>,
    every_ms: Option<i64>,
    connectors: NamesRecord,
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn all_lossy(words: &[Vec<u8>]) -> Vec<String> {
    words.iter().map(|word| lossy(word)).collect()
}

fn some_lossy(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| lossy(bytes))
}

fn utc(time: Timestamp) -> String {
    to_time_text(time, Zone::Utc)
}

fn ends(period: Period) -> (Option<String>, Option<String>) {
    period.ends().map(|(first, last)| (utc(first), utc(last))).unzip()
}

fn phase_text(phase: Phase) -> &'static str {
    match phase {
        Phase::Clear => "clear",
        Phase::Tls => "starttls",
        Phase::AnonymousTls => "anonymous-tls",
    }
}

impl NamesRecord {
    fn new(few: &Few) -> Self {
        Self { names: few.names().into_iter().map(lossy).collect(), more: few.has_more() }
    }
}

impl ListenerRecord {
    fn new(listener: &Listener) -> Self {
        Self { server: lossy(&listener.server), connector: lossy(&listener.connector), port: listener.port }
    }
}

impl PatternsRecord {
    /// The patterns; at most `top` entries of a list.
    pub(in crate::output) fn new(patterns: &Patterns, top: usize) -> Self {
        let Patterns { offers, certificates, needs, probes, .. } = patterns;
        let used = THINGS.into_iter().filter(|thing| needs.total(*thing).sessions > 0);
        Self {
            schema: super::super::json::SCHEMA,
            logins: LoginsRecord::new(patterns, top),
            offers: OffersRecord {
                sampled: offers.is_exceeded(),
                listeners: offers.histories().iter().take(top).map(HistoryRecord::new).collect(),
            },
            certificates: CertificatesRecord {
                sampled: certificates.is_exceeded(),
                presented: certificates.presented().iter().take(top).map(PresentedRecord::new).collect(),
            },
            needs: used.map(|thing| NeedRecord::new(needs, thing, top)).collect(),
            probes: ProbesRecord {
                sessions: probes.sessions(),
                n_addresses: probes.n_addresses(),
                sampled: probes.is_exceeded(),
                addresses: probes.by_address().into_iter().take(top).map(ProbeRecord::new).collect(),
            },
        }
    }
}

impl LoginsRecord {
    fn new(patterns: &Patterns, top: usize) -> Self {
        let logins = &patterns.logins;
        let (suspicions, rest) = logins.suspicions();
        Self {
            failures: logins.failures(),
            succeeded_sessions: logins.successes(),
            sampled: logins.is_exceeded(),
            suspicions: suspicions.iter().take(top).map(|suspicion| SuspicionRecord::new(suspicion, top)).collect(),
            rest: RestRecord {
                failures: rest.failures,
                addresses: rest.addresses,
                users: rest.users,
                strangers: rest.strangers,
            },
        }
    }
}

impl SuspicionRecord {
    fn new(suspicion: &Suspicion, top: usize) -> Self {
        let counts = |counts: &[(Vec<u8>, u64)]| {
            let record =
                |(name, failures): &(Vec<u8>, u64)| CountRecord { name: some_lossy(name), failures: *failures };
            counts.iter().take(top).map(record).collect()
        };
        let (start, end) = ends(suspicion.period);
        Self {
            kind: kind_text(suspicion.kind),
            place: suspicion.place.clone(),
            succeeded: suspicion.breaches.iter().take(top).map(BreachRecord::new).collect(),
            failures: suspicion.failures,
            start,
            end,
            per_hour: suspicion.per_hour().map(|rate| (rate * 10.0).round() / 10.0),
            beat_ms: suspicion.beat_millis,
            n_users: suspicion.users.len(),
            users: counts(&suspicion.users),
            n_addresses: suspicion.addresses.len(),
            addresses: counts(&suspicion.addresses),
            helos: NamesRecord::new(&suspicion.helos),
            connectors: NamesRecord::new(&suspicion.connectors),
            errors: NamesRecord::new(&suspicion.errors),
        }
    }
}

impl BreachRecord {
    fn new(breach: &Breach) -> Self {
        Self {
            user: some_lossy(&breach.user),
            address: lossy(&breach.address),
            time: utc(breach.mark.time),
            id: lossy(&breach.mark.id),
            sessions: breach.sessions,
            had_failed: breach.is_own,
        }
    }
}

impl HistoryRecord {
    fn new(history: &History) -> Self {
        Self {
            listener: ListenerRecord::new(&history.listener),
            phase: phase_text(history.phase),
            sessions: history.sessions,
            start: utc(history.ends.0),
            end: utc(history.ends.1),
            offered: all_lossy(&history.words),
            changes: history.changes.iter().map(ChangeRecord::new).collect(),
            unsteady: all_lossy(&history.unsteady),
        }
    }
}

impl ChangeRecord {
    fn new(change: &Change) -> Self {
        Self {
            time: utc(change.since.time),
            id: lossy(&change.since.id),
            late: change.is_late,
            before: change.before.as_ref().map(|before| utc(before.time)),
            before_id: change.before.as_ref().map(|before| lossy(&before.id)),
            restart: change.restart.map(utc),
            gained: all_lossy(&change.gained),
            lost: all_lossy(&change.lost),
        }
    }
}

impl PresentedRecord {
    fn new(presented: &Presented) -> Self {
        let Certificate { subject, issuer, serial, thumbprint, not_before, not_after, names } = &presented.certificate;
        let text = |part: &Option<Vec<u8>>| part.as_deref().map(lossy);
        Self {
            listener: ListenerRecord::new(&presented.listener),
            phase: phase_text(presented.phase),
            start: utc(presented.first.time),
            end: utc(presented.last.time),
            first_id: lossy(&presented.first.id),
            last_id: lossy(&presented.last.id),
            sessions: presented.sessions,
            replaced: presented.is_replaced,
            subject: text(subject),
            issuer: text(issuer),
            serial: text(serial),
            thumbprint: text(thumbprint),
            not_before: not_before.map(utc),
            not_after: not_after.map(utc),
            names: all_lossy(names),
            banners: NamesRecord::new(&presented.banners),
            mismatches: NamesRecord::new(&presented.mismatches),
            days_left: presented.days_left(),
        }
    }
}

impl UseRecord {
    fn new(figures: &Use) -> Self {
        let (start, end) = ends(figures.period);
        Self { sessions: figures.sessions, served: figures.served, start, end }
    }
}

impl NeedRecord {
    fn new(needs: &Needs, thing: Thing, top: usize) -> Self {
        let client = |(address, figures): (&[u8], &Use)| ClientRecord {
            address: lossy(address),
            figures: UseRecord::new(figures),
            helos: NamesRecord::new(&figures.helos),
            connectors: NamesRecord::new(&figures.connectors),
        };
        Self {
            thing: thing_text(thing),
            sampled: needs.is_exceeded(thing),
            n_clients: needs.n_clients(thing),
            total: UseRecord::new(needs.total(thing)),
            clients: needs.clients(thing).into_iter().take(top).map(client).collect(),
        }
    }
}

impl ProbeRecord {
    fn new((address, probe): (&[u8], &Probe)) -> Self {
        let (start, end) = ends(probe.period);
        Self {
            address: lossy(address),
            sessions: probe.sessions,
            start,
            end,
            every_ms: probe.every_millis(),
            connectors: NamesRecord::new(&probe.connectors),
        }
    }
}
