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

pub use offers::phase_text;

use crate::pattern::bound::Few;
use crate::pattern::guessing::suspicion::{Kind, Suspicion};
use crate::pattern::moment::Period;
use crate::pattern::probes::{Probe, Probes};
use crate::pattern::{Listener, Patterns};
use crate::record::value::Timestamp;

use super::escape::visible;
use super::json::to_pretty;
use super::skipped::counted;
use super::time::{Zone, to_duration_text, to_grouped};
use super::times::{Times, server_of_connectors};
use super::wrap::{Frame, push_parts, push_wrapped};

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

/// How long a line may be, in cells.
const WIDTH: usize = 80;

/// The look, and the clocks that times are told by.
#[derive(Clone, Copy, Debug)]
struct View<'a> {
    times: &'a Times,
    top: usize,
}

/// Returns the patterns as text.
pub fn to_patterns_text(patterns: &Patterns, look: Look) -> String {
    let times = Times::new(look.zone, &patterns.clocks);
    let view = View { times: &times, top: look.top };
    let mut text = String::new();
    logins::write(&patterns.logins, view, &mut text);
    offers::write(&patterns.offers, view, &mut text);
    certificates::write(&patterns.certificates, view, &mut text);
    need::write(&patterns.needs, view, &mut text);
    write_probes(&patterns.probes, view, &mut text);
    text
}

/// Returns what of the patterns deserves a line of a summary, the gravest first: possible break-ins,
/// then what guesses or is out of date, then changes of STARTTLS and AUTH.
pub fn to_headlines(patterns: &Patterns, zone: Zone) -> Vec<String> {
    let (suspicions, _) = patterns.logins.suspicions();
    let histories = patterns.offers.histories();
    let times = Times::new(zone, &patterns.clocks);
    let of_logins = suspicions.iter().map(|suspicion| logins::to_headline(suspicion, &times));
    of_logins.chain(offers::to_headlines(&histories, &times)).collect()
}

/// Returns the patterns as JSON; `top` limits the lists.
///
/// Errors: none that a log can cause.
pub fn to_patterns_json(patterns: &Patterns, top: Option<usize>) -> serde_json::Result<String> {
    to_pretty(&PatternsRecord::new(patterns, top.unwrap_or(usize::MAX)))
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
    few_parts(few).join(" ")
}

/// Each name with its comma.
fn few_parts(few: &Few) -> Vec<String> {
    let mut names: Vec<String> = few.names().into_iter().map(|name| visible(name).into_owned()).collect();
    if few.has_more() {
        names.push("…".into());
    }
    if names.is_empty() { vec!["-".into()] } else { with_commas(names) }
}

/// A comma behind each but the last.
fn with_commas(mut names: Vec<String>) -> Vec<String> {
    let n_commas = names.len().saturating_sub(1);
    names.iter_mut().take(n_commas).for_each(|name| name.push(','));
    names
}

/// The server that these connectors are of, where it is one.
fn server_of(connectors: &Few) -> Option<&[u8]> {
    // Where there are more than are kept, others may be among them.
    server_of_connectors(&connectors.names()).filter(|_| !connectors.has_more())
}

/// `from … to …`, or the one time.
fn period_text(period: Period, text: &dyn Fn(Timestamp) -> String) -> String {
    match period.ends() {
        None => "at an unknown time".into(),
        Some((first, last)) if first == last => format!("at {}", text(first)),
        Some((first, last)) => format!("from {} to {}", text(first), text(last)),
    }
}

/// `last 2026-11-23T08:29:00.104Z`.
fn last_text(period: Period, text: &dyn Fn(Timestamp) -> String) -> String {
    period.ends().map_or_else(|| "-".into(), |(_, last)| text(last))
}

/// Writes a part's title over a line of its own.
fn write_title(text: &mut String, title: &str) {
    text.push_str(if text.is_empty() { "" } else { "\n" });
    push_wrapped(text, Frame { width: WIDTH, hang: 2 }, "", title);
}

/// Writes a line that is so far indented; where it has to be broken, the rest is indented further.
fn write_line(text: &mut String, indent: usize, line: &str) {
    push_wrapped(text, Frame { width: WIDTH, hang: indent + 4 }, &" ".repeat(indent), line);
}

/// Writes a line of parts that are not broken, if they fit a line.
fn write_line_of(text: &mut String, indent: usize, parts: &[&str]) {
    let frame = Frame { width: WIDTH, hang: indent + 4 };
    push_parts(text, frame, &" ".repeat(indent), parts.iter().copied());
}

/// Writes a name and what is told of it in parts, which are not broken and stand in one column.
fn write_parts<'a>(
    text: &mut String,
    indent: usize,
    name: &str,
    width: usize,
    parts: impl IntoIterator<Item = &'a str>,
) {
    let hang = indent + width + 1;
    push_parts(text, Frame { width: WIDTH, hang }, &format!("{:indent$}{name:<width$} ", ""), parts);
}

/// Says how many entries of a list are not shown.
fn write_more(text: &mut String, indent: usize, n_all: usize, view: View<'_>) {
    if let Some(n_more) = n_all.checked_sub(view.top).filter(|n_more| *n_more > 0) {
        write_line(text, indent, &format!("… {} more: --top {n_all}", to_grouped(n_more as u64)));
    }
}

/// Says that figures are those of a sample.
fn sample_text(is_exceeded: bool) -> &'static str {
    if is_exceeded { "; too many to keep: a sample is shown" } else { "" }
}

fn write_probes(probes: &Probes, view: View<'_>, text: &mut String) {
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
    for (address, probe) in addresses.iter().take(view.top) {
        write_probe(address, probe, view, text);
    }
    write_more(text, 2, addresses.len(), view);
}

fn write_probe(address: &[u8], probe: &Probe, view: View<'_>, text: &mut String) {
    let every = probe.every_millis().map_or(String::new(), |millis| format!(", every {}", to_duration_text(millis)));
    let server = server_of(&probe.connectors);
    let last = last_text(probe.period, &|time| view.times.text(server, time));
    let sessions = counted(probe.sessions, "session");
    write_line(text, 2, &format!("{}  {sessions}{every}, last {last}", visible(address)));
    write_line(text, 6, &format!("on {}", few_text(&probe.connectors)));
}

/// `1 address`, `12 addresses`.
fn addresses_text(count: u64) -> String {
    format!("{} address{}", to_grouped(count), if count == 1 { "" } else { "es" })
}

/// Names, each with a count and a comma, as many as are shown.
fn counts_parts(counts: &[(Vec<u8>, u64)], top: usize) -> Vec<String> {
    let of = |(name, count): &(Vec<u8>, u64)| format!("{} {}", user_text(name), to_grouped(*count));
    let mut parts: Vec<String> = counts.iter().take(top).map(of).collect();
    let n_more = counts.len().saturating_sub(top);
    if n_more > 0 {
        parts.push(format!("… {} more", to_grouped(n_more as u64)));
    }
    with_commas(parts)
}

/// Where failures come from, in words.
fn place_text(suspicion: &Suspicion) -> String {
    match &suspicion.place {
        Some(place) => visible(place.as_bytes()).into_owned(),
        None => addresses_text(suspicion.addresses.len() as u64),
    }
}
