//! Patterns for an administrator with a ticket open, and as JSON.
//!
//! In: [`Patterns`]. Out: text in five parts, the headlines alone, or JSON.
//!
//! **Invariant**: a login that succeeded where passwords were guessed stands above all else; what was
//! sampled or left out is said.

mod logins;
mod offers;
mod certificates;
mod need;
mod record;

use std::fmt::Write;

use crate::pattern::bound::Few;
use crate::pattern::guessing::suspicion::{Kind, Suspicion};
use crate::pattern::moment::Period;
use crate::pattern::probes::Probes;
use crate::pattern::{Listener, Patterns};

use super::escape::visible;
use super::skipped::counted;
use super::time::{Zone, to_duration_text, to_grouped, to_time_text};

pub(super) use record::PatternsRecord;

/// The JSON Schema of [`to_patterns_json`].
pub const PATTERNS_SCHEMA: &str = include_str!("patterns.schema.json");

/// How text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The zone of times.
    pub zone: Zone,
    /// How many entries of a list are shown.
    pub top: usize,
}

/// Returns the patterns as text.
pub fn to_patterns_text(patterns: &Patterns, look: Look) -> String {
    let mut text = String::new();
    logins::write(&patterns.logins, look, &mut text);
    offers::write(&patterns.offers, look, &mut text);
    certificates::write(&patterns.certificates, look, &mut text);
    need::write(&patterns.needs, look, &mut text);
    write_probes(&patterns.probes, look, &mut text);
    text
}

/// Returns what of the patterns deserves a line of a summary, the gravest first: possible break-ins,
/// then what guesses or is out of date, then changes of STARTTLS and AUTH.
pub fn to_headlines(patterns: &Patterns, zone: Zone) -> Vec<String> {
    let (suspicions, _) = patterns.logins.suspicions();
    let histories = patterns.offers.histories();
    let of_logins = suspicions.iter().map(|suspicion| logins::to_headline(suspicion, zone));
    of_logins.chain(offers::to_headlines(&histories, zone)).collect()
}

/// Returns the patterns as JSON; `top` limits the lists.
///
/// Errors: none that a log can cause.
pub fn to_patterns_json(patterns: &Patterns, top: Option<usize>) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&PatternsRecord::new(patterns, top.unwrap_or(usize::MAX))).map(|json| json + "\n")
}

/// The kind's word in the record.
pub fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Guessing => "password-guessing",
        Kind::Spraying => "password-spraying",
        Kind::Distributed => "distributed-guessing",
        Kind::StalePassword => "stale-password",
    }
}

/// `EX01\Client Frontend EX01 :587`.
pub fn listener_text(listener: &Listener) -> String {
    let name = format!("{}\\{}", visible(&listener.server), visible(&listener.connector));
    listener.port.map_or(name.clone(), |port| format!("{name} :{port}"))
}

/// The user, or that the log does not name it.
fn user_text(user: &[u8]) -> std::borrow::Cow<'_, str> {
    if user.is_empty() { "(not named)".into() } else { visible(user) }
}

/// `pc-17, pc-18, …`; `-` for none.
fn few_text(few: &Few) -> String {
    let names: Vec<_> = few.names().into_iter().map(|name| visible(name).into_owned()).collect();
    match (names.is_empty(), few.has_more()) {
        (true, _) => "-".into(),
        (_, true) => format!("{}, …", names.join(", ")),
        (_, false) => names.join(", "),
    }
}

/// `from … to …`, or the one time.
fn period_text(period: Period, zone: Zone) -> String {
    match period.ends() {
        None => "at an unknown time".into(),
        Some((first, last)) if first == last => format!("at {}", to_time_text(first, zone)),
        Some((first, last)) => format!("from {} to {}", to_time_text(first, zone), to_time_text(last, zone)),
    }
}

/// `last 2026-11-23T08:29:00.104Z`.
fn last_text(period: Period, zone: Zone) -> String {
    period.ends().map_or_else(|| "-".into(), |(_, last)| to_time_text(last, zone))
}

/// Writes a part's title over a line of its own.
fn write_title(text: &mut String, title: &str) {
    let gap = if text.is_empty() { "" } else { "\n" };
    let _ = writeln!(text, "{gap}{title}");
}

/// Says how many entries of a list are not shown.
fn write_more(text: &mut String, indent: usize, n_all: usize, look: Look) {
    if let Some(n_more) = n_all.checked_sub(look.top).filter(|n_more| *n_more > 0) {
        let _ = writeln!(text, "{:indent$}… {} more: --top {n_all}", "", to_grouped(n_more as u64));
    }
}

/// Says that figures are those of a sample.
fn sample_text(is_exceeded: bool) -> &'static str {
    if is_exceeded { "; too many to keep: a sample is shown" } else { "" }
}

fn write_probes(probes: &Probes, look: Look, text: &mut String) {
    if probes.sessions() == 0 {
        return;
    }
    let title = format!(
        "PROBES: {} without a word of the client, from {}{}; not counted above",
        counted(probes.sessions(), "session"),
        addresses_text(probes.n_addresses()),
        sample_text(probes.is_exceeded())
    );
    write_title(text, &title);
    let addresses = probes.by_address();
    for (address, probe) in addresses.iter().take(look.top) {
        let every =
            probe.every_millis().map_or(String::new(), |millis| format!(", every {}", to_duration_text(millis)));
        let _ = writeln!(
            text,
            "  {}  {}{every}, last {}",
            visible(address),
            counted(probe.sessions, "session"),
            last_text(probe.period, look.zone)
        );
        let _ = writeln!(text, "      on {}", few_text(&probe.connectors));
    }
    write_more(text, 2, addresses.len(), look);
}

/// `1 address`, `12 addresses`.
fn addresses_text(count: u64) -> String {
    format!("{} address{}", to_grouped(count), if count == 1 { "" } else { "es" })
}

/// Names, each with a count, as many as are shown.
fn counts_text(counts: &[(Vec<u8>, u64)], top: usize) -> String {
    let names: Vec<String> =
        counts.iter().take(top).map(|(name, count)| format!("{} {}", user_text(name), to_grouped(*count))).collect();
    let n_more = counts.len().saturating_sub(top);
    let more = if n_more > 0 { format!(", … {} more", to_grouped(n_more as u64)) } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// Where failures come from, in words.
fn place_text(suspicion: &Suspicion) -> String {
    match &suspicion.place {
        Some(place) => visible(place.as_bytes()).into_owned(),
        None => addresses_text(suspicion.addresses.len() as u64),
    }
}
