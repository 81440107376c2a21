//! Logins that failed, in words.
//!
//! In: [`Logins`]. Out: text.
//!
//! **Invariant**: users and names are escaped; how sure it is that a password was found is said.

use crate::pattern::guessing::Logins;
use crate::pattern::guessing::suspicion::{Breach, Kind, Rest, Suspicion};

use super::super::escape::visible;
use super::super::skipped::counted;
use super::super::time::{to_duration_text, to_grouped};
use super::super::times::{Times, server_of_id};
use super::{
    View, addresses_text, counts_parts, few_parts, period_text, place_text, sample_text, server_of, user_text,
    write_line, write_line_of, write_more, write_parts, write_title,
};

/// Writes the part about logins.
pub(super) fn write(logins: &Logins, view: View<'_>, text: &mut String) {
    if logins.failures() + logins.successes() == 0 {
        return;
    }
    let title = format!(
        "LOGINS: {} refused, {} logged in{}",
        to_grouped(logins.failures()),
        counted(logins.successes(), "session"),
        sample_text(logins.is_exceeded())
    );
    write_title(text, &title);
    let (suspicions, rest) = logins.suspicions();
    for suspicion in suspicions.iter().take(view.top) {
        write_suspicion(suspicion, view, text);
    }
    write_more(text, 2, suspicions.len(), view);
    write_rest(rest, !suspicions.is_empty(), text);
}

fn write_rest(rest: Rest, has_suspicions: bool, text: &mut String) {
    if rest.failures == 0 {
        return;
    }
    let strangers = match rest.strangers {
        0 => String::new(),
        count => format!("; {} of the users never logged in", to_grouped(count as u64)),
    };
    let other = if has_suspicions { "other " } else { "" };
    let line = format!(
        "{other}failures that look like nothing of the kind: {}, for {} from {}{strangers}",
        to_grouped(rest.failures),
        counted(rest.users as u64, "user"),
        addresses_text(rest.addresses as u64)
    );
    write_line(text, 2, &line);
}

fn write_suspicion(suspicion: &Suspicion, view: View<'_>, text: &mut String) {
    let mark = if suspicion.is_breached() { "! " } else { "  " };
    write_line(text, 0, &format!("{mark}{}", title_of(suspicion)));
    for breach in suspicion.breaches.iter().take(view.top) {
        write_line(text, 6, &breach_text(suspicion.kind, breach, view.times));
    }
    write_more(text, 6, suspicion.breaches.len(), view);
    let server = server_of(&suspicion.connectors);
    let period = period_text(suspicion.period, &|time| view.times.text(server, time));
    let failures = format!("{}{},", counted(suspicion.failures, "failure"), rate_text(suspicion));
    write_line_of(text, 6, &[&failures, &period]);
    for (name, parts) in [
        ("users", users_parts(suspicion, view)),
        ("addresses", several_addresses(suspicion, view)),
        ("helos", few_parts(&suspicion.helos)),
        ("connectors", few_parts(&suspicion.connectors)),
        ("reasons", if suspicion.errors.names().is_empty() { Vec::new() } else { few_parts(&suspicion.errors) }),
    ] {
        if !parts.is_empty() {
            write_parts(text, 6, name, 10, parts.iter().map(String::as_str));
        }
    }
}

fn users_parts(suspicion: &Suspicion, view: View<'_>) -> Vec<String> {
    match suspicion.kind {
        Kind::StalePassword => Vec::new(),
        _ => counts_parts(&suspicion.users, view.top.max(5)),
    }
}

fn several_addresses(suspicion: &Suspicion, view: View<'_>) -> Vec<String> {
    match suspicion.addresses.len() {
        ..2 => Vec::new(),
        _ => counts_parts(&suspicion.addresses, view.top.max(5)),
    }
}

/// What it looks like, and whether a login succeeded.
fn title_of(suspicion: &Suspicion) -> String {
    let place = place_text(suspicion);
    let user = suspicion.users.first().map(|(user, _)| user_text(user)).unwrap_or_default();
    let end = if suspicion.is_breached() { ": A LOGIN SUCCEEDED" } else { "" };
    let what = match suspicion.kind {
        Kind::Guessing => format!("password guessing from {place}"),
        Kind::Spraying => {
            format!("password spraying from {place}, at {}", counted(suspicion.users.len() as u64, "user"))
        }
        Kind::Distributed => format!("password guessing at {user} from {place}"),
        Kind::StalePassword => format!("stale password of {user} at {place}"),
    };
    format!("{what}{end}")
}

fn breach_text(kind: Kind, breach: &Breach, times: &Times) -> String {
    let tried = match (kind, breach.is_own) {
        (Kind::StalePassword, _) => "the same user logged in since",
        (_, true) => "a user whose logins had failed there",
        (_, false) => "a user who had neither failed nor logged in there before",
    };
    format!(
        "{} logged in from {} at {}, {} ({}; {tried})",
        user_text(&breach.user),
        visible(&breach.address),
        times.text(server_of_id(&breach.mark.id), breach.mark.time),
        visible(&breach.mark.id),
        counted(breach.sessions, "session"),
    )
}

fn rate_text(suspicion: &Suspicion) -> String {
    if let Some(millis) = suspicion.beat_millis {
        return format!(", one every {}", to_duration_text(millis));
    }
    match suspicion.per_hour() {
        Some(rate) if rate >= 120.0 => format!(", {:.0} a minute", rate / 60.0),
        Some(rate) if rate >= 2.0 => format!(", {rate:.0} an hour"),
        Some(rate) => format!(", {:.1} a day", rate * 24.0),
        None => String::new(),
    }
}

/// One line for the summary.
pub(super) fn to_headline(suspicion: &Suspicion, times: &Times) -> String {
    let breach = match suspicion.breaches.first() {
        Some(breach) if suspicion.is_breached() => {
            let time = times.text(server_of_id(&breach.mark.id), breach.mark.time);
            format!(" ({} at {time})", user_text(&breach.user))
        }
        _ => String::new(),
    };
    format!("{}{breach}: {}{}", title_of(suspicion), counted(suspicion.failures, "failure"), rate_text(suspicion))
}
