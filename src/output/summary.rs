//! The summary on one screen, as JSON, and as a page of Markdown.
//!
//! In: a [`Summary`] with the [`Account`] and the [`Catalogue`] behind it. Out: text.
//!
//! **Invariant**: the lines of the account add up to the lines read.

pub mod text;
pub mod json;
pub mod markdown;

use crate::diagnosis::Rule;
use crate::ingest::{Account, Catalogue};
use crate::pattern::Patterns;
use crate::summary::counts::{AUTH_OUTCOMES, PROTOCOLS, STARTTLS_OUTCOMES, VERDICTS};
use crate::summary::top::Top;
use crate::summary::{Counts, Summary};

use super::escape::visible;
use super::json::{auth_text, protocol_text, starttls_text};
use super::skipped::{count_reasons, counted};
use super::time::to_grouped;
use super::times::Times;

/// Everything that a summary tells of.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The figures.
    pub summary: &'a Summary,
    /// What only many sessions show.
    pub patterns: &'a Patterns,
    /// What became of every line.
    pub account: &'a Account,
    /// The files.
    pub catalogue: &'a Catalogue,
}

/// How many entries of every list pages and JSON hold, unless it is said.
pub const USUAL_TOP: usize = 10;

/// The lists of names: what each is called, the headings of its two figures, and its names.
fn lists(summary: &Summary) -> [(&'static str, [&'static str; 2], &Top); 3] {
    [
        ("addresses", ["failed", "sessions"], &summary.addresses),
        ("users", ["failed", "logged in"], &summary.users),
        ("helos", ["failed", "sessions"], &summary.helos),
    ]
}

/// The figures that take a line each, with their names.
fn figures(report: &Report<'_>, times: &Times, top: usize) -> Vec<(&'static str, String)> {
    let Report { summary, account, catalogue, .. } = report;
    let total = &summary.total;
    let mut figures = vec![
        ("files", files_text(catalogue, account, top)),
        ("lines", account_text(account)),
        ("time", span_text(summary, times)),
        ("servers", servers_text(summary, top)),
    ];
    figures.extend(gaps_text(summary, times, top).map(|text| ("gaps", text)));
    figures.extend([
        ("sessions", sessions_text(total)),
        ("starttls", words(starttls_counts(total))),
        ("tls", words(protocol_counts(total))),
        ("auth", words(auth_counts(total))),
        ("messages", messages_text(total)),
    ]);
    figures
}

fn files_text(catalogue: &Catalogue, account: &Account, top: usize) -> String {
    let mut reasons: Vec<(String, u64)> = count_reasons(catalogue).into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let reasons = reasons.into_iter().map(|(reason, count)| format!("{} {reason}", to_grouped(count)));
    let why = shortened(reasons.collect(), top).map(|why| format!(" ({why})")).unwrap_or_default();
    let failed = match catalogue.errors.len() + account.errors.len() {
        0 => String::new(),
        n_failed => format!(", {} not readable", to_grouped(n_failed as u64)),
    };
    format!(
        "{} read ({}), {} skipped{why}{failed}",
        to_grouped((catalogue.files.len() - account.errors.len()) as u64),
        counted(account.bytes, "byte"),
        to_grouped(catalogue.skipped.len() as u64)
    )
}

fn account_text(account: &Account) -> String {
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
    let sum =
        format!("{} = {}", to_grouped(account.lines), if parts.is_empty() { "0".into() } else { parts.join(" + ") });
    match account.repeated {
        0 => sum,
        repeated => format!("{sum}; {} of the records stand twice and count once", to_grouped(repeated)),
    }
}

fn span_text(summary: &Summary, times: &Times) -> String {
    match summary.span {
        Some((from, to)) => format!("{} to {}", times.text(None, from), times.text(None, to)),
        None => "-".into(),
    }
}

/// `EX01 (2 connectors), EX02 (1 connector), and 3 more`.
fn servers_text(summary: &Summary, top: usize) -> String {
    let mut servers: Vec<(&[u8], u64)> = Vec::new();
    for place in summary.places.keys() {
        match servers.last_mut() {
            Some((server, n_connectors)) if *server == place.server => *n_connectors += 1,
            _ => servers.push((&place.server, 1)),
        }
    }
    let name = |(server, n_connectors): (&[u8], u64)| {
        format!("{} ({})", visible(if server.is_empty() { b"-" } else { server }), counted(n_connectors, "connector"))
    };
    shortened(servers.into_iter().map(name).collect(), top).unwrap_or_else(|| "-".into())
}

/// `EX01 2026-11-23T09:00Z to 2026-11-23T11:00Z (2 h)`; `None` where there is none.
fn gaps_text(summary: &Summary, times: &Times, top: usize) -> Option<String> {
    let gaps = summary.hours.iter().flat_map(|(server, hours)| {
        hours.gaps().into_iter().map(move |gap| {
            let time = |time| times.minute_text(Some(server), time);
            let (from, to) = (time(gap.from), time(gap.to));
            format!("{} no row {from} to {to} ({} h)", visible(server), to_grouped(gap.hours().unsigned_abs()))
        })
    });
    shortened(gaps.collect(), top)
}

/// The first few parts, and how many more there are.
fn shortened(mut parts: Vec<String>, top: usize) -> Option<String> {
    let n_more = parts.len().saturating_sub(top);
    parts.truncate(top);
    if n_more > 0 {
        parts.push(format!("and {} more", to_grouped(n_more as u64)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn sessions_text(counts: &Counts) -> String {
    format!(
        "{}: {}; {} whole, {} without head, {} without tail",
        to_grouped(counts.sessions),
        words(verdict_counts(counts)),
        to_grouped(counts.whole),
        to_grouped(counts.without_head),
        to_grouped(counts.without_tail)
    )
}

fn messages_text(counts: &Counts) -> String {
    format!(
        "{} of {} accepted, {}",
        to_grouped(counts.accepted),
        to_grouped(counts.attempted),
        counted(counts.bytes, "byte")
    )
}

/// `46 succeeded, 3 failed`: what is 0 is left out.
fn words(counts: impl Iterator<Item = (&'static str, u64)>) -> String {
    let parts: Vec<String> =
        counts.filter(|(_, count)| *count > 0).map(|(name, count)| format!("{} {name}", to_grouped(count))).collect();
    if parts.is_empty() { "-".into() } else { parts.join(", ") }
}

fn verdict_counts(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> {
    VERDICTS.iter().map(|verdict| verdict.as_text()).zip(counts.verdicts)
}

fn starttls_counts(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> {
    STARTTLS_OUTCOMES.iter().map(|outcome| starttls_text(*outcome)).zip(counts.starttls)
}

fn auth_counts(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> {
    AUTH_OUTCOMES.iter().map(|outcome| auth_text(*outcome)).zip(counts.auth)
}

fn protocol_counts(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> {
    PROTOCOLS.iter().map(|protocol| protocol_text(*protocol)).chain(["unknown"]).zip(counts.protocols)
}

/// The likeliest cause.
fn cause(rule: Rule) -> String {
    rule.article().causes[0].replace('`', "")
}

/// Says of a list what it cannot tell; empty where every figure is exact.
fn doubt(top: &Top) -> String {
    match top.missed() {
        0 => String::new(),
        missed => format!("; more names than can be held, so a figure may be up to {} too small", to_grouped(missed)),
    }
}
