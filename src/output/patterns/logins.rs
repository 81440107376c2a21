//! Logins that failed, in words.
//!
//! In: [`Logins`]. Out: text.
//!
//! **Invariant**: users and names are escaped; how sure it is that a password was found is said.

use std::fmt::Write;

use crate::pattern::guessing::Logins;
use crate::pattern::guessing::suspicion::{Breach, Kind, Rest, Suspicion};

use super::super::escape::visible;
use super::super::skipped::counted;
use super::super::time::{Zone, to_duration_text, to_grouped, to_time_text};
use super::{
    Look, addresses_text, counts_text, few_text, period_text, place_text, sample_text, user_text, write_more,
    write_title,
};

/// Writes the part about logins.
pub(super) fn write(logins: &Logins, look: Look, text: &mut String) {
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
    for suspicion in suspicions.iter().take(look.top) {
        write_suspicion(suspicion, look, text);
    }
    write_more(text, 2, suspicions.len(), look);
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
    let _ = writeln!(
        text,
        "  {other}failures that look like nothing of the kind: {}, for {} from {}{strangers}",
        to_grouped(rest.failures),
        counted(rest.users as u64, "user"),
        addresses_text(rest.addresses as u64)
    );
}

fn write_suspicion(suspicion: &Suspicion, look: Look, text: &mut String) {
    let mark = if suspicion.is_breached() { "! " } else { "  " };
    let _ = writeln!(text, "{mark}{}", title_of(suspicion));
    for breach in suspicion.breaches.iter().take(look.top) {
        let _ = writeln!(text, "      {}", breach_text(suspicion.kind, breach, look.zone));
    }
    write_more(text, 6, suspicion.breaches.len(), look);
    let _ = writeln!(
        text,
        "      {}{}, {}",
        counted(suspicion.failures, "failure"),
        rate_text(suspicion),
        period_text(suspicion.period, look.zone)
    );
    for (name, value) in [
        ("users", users_text(suspicion, look)),
        ("addresses", several_addresses(suspicion, look)),
        ("helos", Some(few_text(&suspicion.helos))),
        ("connectors", Some(few_text(&suspicion.connectors))),
        ("reasons", Some(few_text(&suspicion.errors)).filter(|reasons| reasons != "-")),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "      {name:<10} {value}");
        }
    }
}

fn users_text(suspicion: &Suspicion, look: Look) -> Option<String> {
    (suspicion.kind != Kind::StalePassword).then(|| counts_text(&suspicion.users, look.top.max(5)))
}

fn several_addresses(suspicion: &Suspicion, look: Look) -> Option<String> {
    (suspicion.addresses.len() > 1).then(|| counts_text(&suspicion.addresses, look.top.max(5)))
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

fn breach_text(kind: Kind, breach: &Breach, zone: Zone) -> String {
    let tried = match (kind, breach.is_own) {
        (Kind::StalePassword, _) => "the same user logged in since",
        (_, true) => "a user whose logins had failed there",
        (_, false) => "a user who had neither failed nor logged in there before",
    };
    format!(
        "{} logged in from {} at {}, {} ({}; {tried})",
        user_text(&breach.user),
        visible(&breach.address),
        to_time_text(breach.mark.time, zone),
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
pub(super) fn to_headline(suspicion: &Suspicion, zone: Zone) -> String {
    let breach = match suspicion.breaches.first() {
        Some(breach) if suspicion.is_breached() => {
            format!(" ({} at {})", user_text(&breach.user), to_time_text(breach.mark.time, zone))
        }
        _ => String::new(),
    };
    format!("{}{breach}: {}{}", title_of(suspicion), counted(suspicion.failures, "failure"), rate_text(suspicion))
}
