//! The summary as one JSON object.
//!
//! In: a [`Report`]. Out: JSON.
//!
//! **Invariant**: a field may be added, none is renamed or re-typed without a new `schema`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnosis::{Rule, Severity};
use crate::ingest::{Account, Catalogue};
use crate::output::json::to_pretty;
use crate::output::patterns::PatternsRecord;
use crate::output::skipped::to_reason_text;
use crate::output::time::{Zone, to_time_text};
use crate::summary::counts::Found;
use crate::summary::hours::Hours;
use crate::summary::timeline::Timeline;
use crate::summary::top::{Ranked, Top};
use crate::summary::{Counts, Place};

use super::{Report, USUAL_TOP, auth_counts, cause, protocol_counts, starttls_counts, verdict_counts};

#[derive(Serialize)]
struct SummaryRecord<'a> {
    schema: u8,
    account: AccountRecord,
    files: FilesRecord<'a>,
    start: Option<String>,
    end: Option<String>,
    servers: Vec<ServerRecord>,
    total: CountsRecord,
    connectors: Vec<PlaceRecord>,
    timeline: Option<TimelineRecord>,
    addresses: ListRecord<NameRecord>,
    users: ListRecord<UserRecord>,
    helos: ListRecord<NameRecord>,
    patterns: PatternsRecord,
}

#[derive(Serialize)]
struct AccountRecord {
    bytes: u64,
    lines: u64,
    records: u64,
    directives: u64,
    blank: u64,
    malformed: u64,
    foreign: u64,
    pending: u64,
    repeated: u64,
    malformed_places: Vec<PlaceOfLine>,
}

#[derive(Serialize)]
struct PlaceOfLine {
    path: String,
    line: u64,
    reason: &'static str,
}

#[derive(Serialize)]
struct FilesRecord<'a> {
    read: usize,
    skipped: Vec<SkippedRecord<'a>>,
    failed: Vec<FailedRecord<'a>>,
}

#[derive(Serialize)]
struct SkippedRecord<'a> {
    path: Cow<'a, str>,
    bytes: u64,
    reason: String,
}

#[derive(Serialize)]
struct FailedRecord<'a> {
    path: Cow<'a, str>,
    message: &'a str,
}

#[derive(Serialize)]
struct PlaceRecord {
    server: String,
    connector: String,
    #[serde(flatten)]
    counts: CountsRecord,
}

#[derive(Serialize)]
struct CountsRecord {
    sessions: u64,
    whole: u64,
    without_head: u64,
    without_tail: u64,
    verdicts: BTreeMap<&'static str, u64>,
    starttls: BTreeMap<&'static str, u64>,
    tls: BTreeMap<&'static str, u64>,
    auth: BTreeMap<&'static str, u64>,
    messages_attempted: u64,
    messages_accepted: u64,
    messages_bytes: u64,
    findings: Vec<FoundRecord>,
}

/// Sessions in which a rule found something.
#[derive(Serialize)]
struct FoundRecord {
    rule: &'static str,
    sessions: u64,
    errors: u64,
    warnings: u64,
    notes: u64,
    cause: String,
}

#[derive(Serialize)]
struct ServerRecord {
    server: String,
    gaps: Vec<GapRecord>,
}

#[derive(Serialize)]
struct GapRecord {
    start: String,
    end: String,
    hours: i64,
}

#[derive(Serialize)]
struct TimelineRecord {
    start: String,
    step_seconds: i64,
    sessions: Vec<u64>,
    failed: Vec<u64>,
}

/// The first names of a list. A name that is not held has at most `missed`; a figure of one that is
/// may be too small by its `short`.
#[derive(Serialize)]
struct ListRecord<R> {
    names: usize,
    missed: u64,
    top: Vec<R>,
}

#[derive(Serialize)]
struct NameRecord {
    name: String,
    sessions: u64,
    failed: u64,
    short: u64,
}

#[derive(Serialize)]
struct UserRecord {
    name: String,
    sessions_logged_in: u64,
    failed_logins: u64,
    short: u64,
}

impl CountsRecord {
    fn new(counts: &Counts) -> Self {
        Self {
            sessions: counts.sessions,
            whole: counts.whole,
            without_head: counts.without_head,
            without_tail: counts.without_tail,
            verdicts: verdict_counts(counts).collect(),
            starttls: starttls_counts(counts).collect(),
            tls: protocol_counts(counts).collect(),
            auth: auth_counts(counts).collect(),
            messages_attempted: counts.attempted,
            messages_accepted: counts.accepted,
            messages_bytes: counts.bytes,
            findings: counts.to_rules().into_iter().map(FoundRecord::new).collect(),
        }
    }
}

impl FoundRecord {
    fn new((rule, found): (Rule, Found)) -> Self {
        Self {
            rule: rule.name(),
            sessions: found.sessions(),
            errors: found.of(Severity::Error),
            warnings: found.of(Severity::Warning),
            notes: found.of(Severity::Note),
            cause: cause(rule),
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the summary as one JSON object with `top` entries of every list of names.
///
/// Errors: none that a log can cause.
pub fn to_summary_json(report: &Report<'_>, top: Option<usize>) -> serde_json::Result<String> {
    let Report { summary, patterns, account, catalogue } = report;
    let top = top.unwrap_or(USUAL_TOP);
    let record = SummaryRecord {
        schema: crate::output::json::SCHEMA,
        account: account_record(account),
        files: files_record(catalogue, account),
        start: summary.span.map(|(from, _)| to_time_text(from, Zone::Utc)),
        end: summary.span.map(|(_, to)| to_time_text(to, Zone::Utc)),
        servers: summary.hours.iter().map(server_record).collect(),
        total: CountsRecord::new(&summary.total),
        connectors: summary.places.iter().map(place_record).collect(),
        timeline: timeline_record(&summary.timeline),
        addresses: list_record(&summary.addresses, top, name_record),
        users: list_record(&summary.users, top, user_record),
        helos: list_record(&summary.helos, top, name_record),
        patterns: PatternsRecord::new(patterns, top),
    };
    to_pretty(&record)
}

fn files_record<'a>(catalogue: &'a Catalogue, account: &'a Account) -> FilesRecord<'a> {
    let skipped = catalogue.skipped.iter().map(|skipped| SkippedRecord {
        path: skipped.path.to_string_lossy(),
        bytes: skipped.size_bytes,
        reason: to_reason_text(&skipped.reason),
    });
    let failed = catalogue.errors.iter().chain(&account.errors);
    let failed = failed.map(|error| FailedRecord { path: error.path.to_string_lossy(), message: &error.message });
    FilesRecord {
        read: catalogue.files.len() - account.errors.len(),
        skipped: skipped.collect(),
        failed: failed.collect(),
    }
}

fn server_record((server, hours): (&Vec<u8>, &Hours)) -> ServerRecord {
    let gaps = hours.gaps().into_iter().map(|gap| GapRecord {
        start: to_time_text(gap.from, Zone::Utc),
        end: to_time_text(gap.to, Zone::Utc),
        hours: gap.hours(),
    });
    ServerRecord { server: lossy(server), gaps: gaps.collect() }
}

fn place_record((place, counts): (&Place, &Counts)) -> PlaceRecord {
    PlaceRecord { server: lossy(&place.server), connector: lossy(&place.connector), counts: CountsRecord::new(counts) }
}

fn timeline_record(timeline: &Timeline) -> Option<TimelineRecord> {
    let (start, _) = timeline.bounds()?;
    Some(TimelineRecord {
        start: to_time_text(start, Zone::Utc),
        step_seconds: timeline.width_seconds(),
        sessions: timeline.ticks().iter().map(|tick| tick.sessions).collect(),
        failed: timeline.ticks().iter().map(|tick| tick.failed).collect(),
    })
}

fn list_record<R>(names: &Top, top: usize, record: fn(Ranked<'_>) -> R) -> ListRecord<R> {
    ListRecord {
        names: names.len(),
        missed: names.missed(),
        top: names.to_ranking(top).into_iter().map(record).collect(),
    }
}

fn name_record(ranked: Ranked<'_>) -> NameRecord {
    let Ranked { name, tally, short } = ranked;
    NameRecord { name: lossy(name), sessions: tally.sessions, failed: tally.failures, short }
}

fn user_record(ranked: Ranked<'_>) -> UserRecord {
    let Ranked { name, tally, short } = ranked;
    UserRecord { name: lossy(name), sessions_logged_in: tally.sessions, failed_logins: tally.failures, short }
}

fn account_record(account: &Account) -> AccountRecord {
    let place = |place: &crate::ingest::MalformedPlace| PlaceOfLine {
        path: place.path.to_string_lossy().into_owned(),
        line: place.line,
        reason: place.reason.as_text(),
    };
    AccountRecord {
        bytes: account.bytes,
        lines: account.lines,
        records: account.records,
        directives: account.directives,
        blank: account.blank,
        malformed: account.malformed,
        foreign: account.foreign,
        pending: account.pending,
        repeated: account.repeated,
        malformed_places: account.malformed_places.iter().map(place).collect(),
    }
}
