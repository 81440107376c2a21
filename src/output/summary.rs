//! The summary on one screen, and as JSON.
//!
//! In: a [`Summary`] with the [`Account`] and the [`Catalogue`] behind it. Out: text or JSON.
//!
//! **Invariant**: the lines of the account add up to the lines read.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::ingest::{Account, Catalogue};
use crate::summary::{AUTH_OUTCOMES, Counts, PROTOCOLS, STARTTLS_OUTCOMES, Summary};

use super::escape::visible;
use super::json::{auth_text, protocol_text, starttls_text};
use super::skipped::{count_reasons, counted, to_reason_text};
use super::time::{Zone, to_grouped, to_time_text};

/// Everything that a summary tells of.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The figures.
    pub summary: &'a Summary,
    /// What became of every line.
    pub account: &'a Account,
    /// The files.
    pub catalogue: &'a Catalogue,
}

/// Returns the summary as text of at most 80 columns, names of connectors and files apart.
pub fn to_summary_text(report: &Report<'_>, zone: Zone) -> String {
    let Report { summary, account, catalogue } = report;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{name:<10} {value}");
    };
    line("files", files_line(catalogue, account));
    line("bytes", to_grouped(account.bytes));
    line("lines", account_line(account));
    if account.repeated > 0 {
        line("", format!("{} of the records stand twice and count once", to_grouped(account.repeated)));
    }
    line("time", span_line(summary, zone));
    line("sessions", sessions_line(&summary.total));
    line("starttls", words(&starttls_counts(&summary.total)));
    line("tls", words(&protocol_counts(&summary.total)));
    line("auth", words(&auth_counts(&summary.total)));
    line("messages", messages_line(&summary.total));
    for (place, counts) in &summary.places {
        let _ = write!(text, "\n{} \\ {}\n", visible(&place.server), visible(&place.connector));
        for (name, value) in [
            ("sessions", sessions_line(counts)),
            ("starttls", words(&starttls_counts(counts))),
            ("tls", words(&protocol_counts(counts))),
            ("auth", words(&auth_counts(counts))),
            ("messages", messages_line(counts)),
        ] {
            let _ = writeln!(text, "  {name:<8} {value}");
        }
    }
    text
}

fn files_line(catalogue: &Catalogue, account: &Account) -> String {
    let n_failed = (catalogue.errors.len() + account.errors.len()) as u64;
    let failed = if n_failed > 0 { format!(", {} not readable", to_grouped(n_failed)) } else { String::new() };
    let reasons: Vec<String> =
        count_reasons(catalogue).iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let why = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let n_read = (catalogue.files.len() - account.errors.len()) as u64;
    format!("{} read, {} skipped{why}{failed}", to_grouped(n_read), to_grouped(catalogue.skipped.len() as u64))
}

fn account_line(account: &Account) -> String {
    let parts = [
        ("records", account.records),
        ("directives", account.directives),
        ("blank", account.blank),
        ("malformed", account.malformed),
        ("of another log", account.foreign),
        ("cut", account.pending),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {name}", to_grouped(*count)))
        .collect();
    format!("{} = {}", to_grouped(account.lines), if parts.is_empty() { "0".into() } else { parts.join(" + ") })
}

fn span_line(summary: &Summary, zone: Zone) -> String {
    match summary.span {
        // Several servers may have several offsets, so a span of all of them is in UTC.
        Some((from, to)) => format!("{} to {}", to_time_text(from, zone), to_time_text(to, zone)),
        None => "-".into(),
    }
}

fn sessions_line(counts: &Counts) -> String {
    format!(
        "{}: {} whole, {} without head, {} without tail",
        to_grouped(counts.sessions),
        to_grouped(counts.whole),
        to_grouped(counts.without_head),
        to_grouped(counts.without_tail)
    )
}

fn messages_line(counts: &Counts) -> String {
    format!(
        "{} of {} accepted, {}",
        to_grouped(counts.accepted),
        to_grouped(counts.attempted),
        counted(counts.bytes, "byte")
    )
}

fn words(counts: &BTreeMap<&'static str, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{} {name}", to_grouped(*count)))
        .collect();
    if parts.is_empty() { "-".into() } else { parts.join(", ") }
}

fn starttls_counts(counts: &Counts) -> BTreeMap<&'static str, u64> {
    STARTTLS_OUTCOMES.iter().map(|outcome| starttls_text(*outcome)).zip(counts.starttls).collect()
}

fn auth_counts(counts: &Counts) -> BTreeMap<&'static str, u64> {
    AUTH_OUTCOMES.iter().map(|outcome| auth_text(*outcome)).zip(counts.auth).collect()
}

fn protocol_counts(counts: &Counts) -> BTreeMap<&'static str, u64> {
    PROTOCOLS.iter().map(|protocol| protocol_text(*protocol)).chain(["unknown"]).zip(counts.protocols).collect()
}

#[derive(Serialize)]
struct SummaryRecord<'a> {
    schema: u8,
    account: AccountRecord,
    files: FilesRecord<'a>,
    start: Option<String>,
    end: Option<String>,
    total: CountsRecord,
    connectors: Vec<PlaceRecord>,
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
    path: std::borrow::Cow<'a, str>,
    bytes: u64,
    reason: String,
}

#[derive(Serialize)]
struct FailedRecord<'a> {
    path: std::borrow::Cow<'a, str>,
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
    starttls: BTreeMap<&'static str, u64>,
    tls: BTreeMap<&'static str, u64>,
    auth: BTreeMap<&'static str, u64>,
    messages_attempted: u64,
    messages_accepted: u64,
    messages_bytes: u64,
}

impl CountsRecord {
    fn new(counts: &Counts) -> Self {
        Self {
            sessions: counts.sessions,
            whole: counts.whole,
            without_head: counts.without_head,
            without_tail: counts.without_tail,
            starttls: starttls_counts(counts),
            tls: protocol_counts(counts),
            auth: auth_counts(counts),
            messages_attempted: counts.attempted,
            messages_accepted: counts.accepted,
            messages_bytes: counts.bytes,
        }
    }
}

/// Returns the summary as one JSON object.
///
/// Errors: none that a log can cause.
pub fn to_summary_json(report: &Report<'_>) -> serde_json::Result<String> {
    let Report { summary, account, catalogue } = report;
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let failed = catalogue.errors.iter().chain(&account.errors);
    let record = SummaryRecord {
        schema: super::json::SCHEMA,
        account: account_record(account),
        files: FilesRecord {
            read: catalogue.files.len() - account.errors.len(),
            skipped: catalogue
                .skipped
                .iter()
                .map(|skipped| SkippedRecord {
                    path: skipped.path.to_string_lossy(),
                    bytes: skipped.size_bytes,
                    reason: to_reason_text(&skipped.reason),
                })
                .collect(),
            failed: failed
                .map(|error| FailedRecord { path: error.path.to_string_lossy(), message: &error.message })
                .collect(),
        },
        start: summary.span.map(|(from, _)| to_time_text(from, Zone::Utc)),
        end: summary.span.map(|(_, to)| to_time_text(to, Zone::Utc)),
        total: CountsRecord::new(&summary.total),
        connectors: summary
            .places
            .iter()
            .map(|(place, counts)| PlaceRecord {
                server: lossy(&place.server),
                connector: lossy(&place.connector),
                counts: CountsRecord::new(counts),
            })
            .collect(),
    };
    serde_json::to_string_pretty(&record).map(|json| json + "\n")
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
