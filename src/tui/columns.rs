//! The columns of the list of sessions, as many as there is room for.
//!
//! In: a listed session. Out: cells, and the filter that a cell stands for.
//!
//! **Invariant**: cells are escaped; only rows that are shown are made into text.

use std::borrow::Cow;

use crate::diagnosis::{RULES, Severity, Verdict};
use crate::dialogue::facts::{Auth, Protocol, StartTls};
use crate::output::escape::visible;
use crate::output::json::{auth_text, starttls_text};
use crate::output::time::{Zone, to_duration_text, to_time_text};
use crate::query::display::to_term_text;
use crate::query::field::{AUTH_WORDS, Field, STARTTLS_WORDS, TLS_ORDERED_FROM, TLS_WORDS, VERDICT_WORDS};
use crate::query::subject::Subject;
use crate::roster::listed::Listed;

use super::table::share;
use super::theme::Glyphs;

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Time,
    Client,
    Helo,
    Tls,
    Verdict,
    Auth,
    User,
    Port,
    Mails,
    Duration,
    Server,
    Findings,
}

/// The columns from left to right, each with the cells it takes and how soon it has to go.
const COLUMNS: [(Column, u16, u8); 12] = [
    (Column::Time, 8, 0),
    (Column::Client, 15, 0),
    (Column::Helo, 10, 2),
    (Column::Tls, 7, 1),
    (Column::Verdict, 7, 0),
    (Column::Auth, 10, 3),
    (Column::User, 14, 1),
    (Column::Port, 4, 5),
    (Column::Mails, 5, 6),
    (Column::Duration, 9, 7),
    (Column::Server, 8, 8),
    (Column::Findings, 20, 4),
];

/// The widest that a column is made for its values' sake, in cells: an address of version 6; of what
/// people choose, more than they mostly do.
const WIDEST: [(Column, u16); 4] = [(Column::Client, 39), (Column::Helo, 32), (Column::User, 40), (Column::Server, 16)];

/// Columns from this rank on come only where addresses are not cut for them.
const DISPENSABLE: u8 = 2;

/// How long an address may be for that: one of version 6 without its zeros. For longer ones, which are
/// few, it would be a pity about the columns.
const ADDRESS_CELLS: u16 = 24;

/// What the values of the list's columns take at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// In the order of [`WIDEST`], in cells.
    cells: [u16; WIDEST.len()],
}

impl Needs {
    /// Takes a session in.
    pub(super) fn take(&mut self, listed: &Listed<'_>) {
        let values = [
            listed.client(),
            listed.client_name().unwrap_or_default(),
            listed.user_name().unwrap_or_default(),
            listed.server_name(),
        ];
        for ((cells, value), (_, most)) in self.cells.iter_mut().zip(values).zip(WIDEST) {
            // No character takes more cells than it has bytes; to count cells would take ten times as long.
            *cells = u16::try_from(value.len()).unwrap_or(u16::MAX).min(most).max(*cells);
        }
    }

    fn of(self, column: Column) -> u16 {
        let at = WIDEST.iter().position(|(other, _)| *other == column);
        at.map_or(0, |at| self.cells[at])
    }
}

/// What stands beside the time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TimeLook {
    /// The day: not all sessions are of one.
    pub(super) has_day: bool,
    /// How far from UTC it is: not all servers agree.
    pub(super) has_offset: bool,
}

/// The columns that fit, with their widths: what is left over goes where values are longer, then to the
/// last one.
pub(super) fn fitting(width: u16, time: TimeLook, needs: Needs) -> Vec<(Column, u16)> {
    let mut last_kept = 8;
    loop {
        let kept = COLUMNS.iter().filter(|(_, _, rank)| *rank <= last_kept);
        let mut kept: Vec<(Column, u16)> = kept.map(|(column, width, _)| (*column, *width)).collect();
        // The day stands before the time, the offset behind it.
        kept[0].1 += 6 * (u16::from(time.has_day) + u16::from(time.has_offset));
        let gaps = u16::try_from(kept.len()).unwrap_or(0).saturating_sub(1);
        let needed: u16 = kept.iter().map(|(_, width)| width).sum::<u16>() + gaps;
        let lacks = if last_kept >= DISPENSABLE { client_lacks(needs) } else { 0 };
        if needed + lacks <= width || last_kept == 0 {
            widen(&mut kept, needs, width.saturating_sub(needed));
            return kept;
        }
        last_kept -= 1;
    }
}

/// How many cells more addresses take than their column has at least.
fn client_lacks(needs: Needs) -> u16 {
    let width = COLUMNS.iter().find(|(column, ..)| *column == Column::Client).map_or(0, |(_, width, _)| *width);
    needs.of(Column::Client).min(ADDRESS_CELLS).saturating_sub(width)
}

fn widen(columns: &mut [(Column, u16)], needs: Needs, spare: u16) {
    let mut widths: Vec<u16> = columns.iter().map(|(_, width)| *width).collect();
    let needed: Vec<u16> = columns.iter().map(|(column, _)| needs.of(*column)).collect();
    let left = share(&mut widths, &needed, spare);
    if let Some(last) = widths.last_mut() {
        *last += left;
    }
    for ((_, width), wider) in columns.iter_mut().zip(widths) {
        *width = wider;
    }
}

impl Column {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Time => "start",
            Self::Client => "client",
            Self::Helo => "helo",
            Self::Tls => "tls",
            Self::Verdict => "verdict",
            Self::Auth => "auth",
            Self::User => "user",
            Self::Port => "port",
            Self::Mails => "mails",
            Self::Duration => "duration",
            Self::Server => "server",
            Self::Findings => "findings",
        }
    }

    /// The session's value.
    pub(super) fn cell<'a>(self, listed: &Listed<'a>, look: &Look) -> Cow<'a, str> {
        let optional = |text: Option<&'a [u8]>| text.map_or(Cow::Borrowed("-"), visible);
        match self {
            Self::Time => Cow::Owned(time_cell(listed, look)),
            Self::Client => visible(listed.client()),
            Self::Helo => optional(listed.client_name()),
            Self::Tls => Cow::Borrowed(tls_cell(listed)),
            Self::Verdict => verdict_cell(listed, look.glyphs),
            Self::Auth => auth_cell(listed),
            Self::User => optional(listed.user_name()),
            Self::Port => listed.port().map_or(Cow::Borrowed("-"), |port| Cow::Owned(port.to_string())),
            Self::Mails => {
                let (accepted, attempted) = listed.mail_counts();
                Cow::Owned(format!("{accepted}/{attempted}"))
            }
            Self::Duration => listed.duration_ms().map_or(Cow::Borrowed("-"), |millis| {
                Cow::Owned(to_duration_text(i64::try_from(millis).unwrap_or(i64::MAX)))
            }),
            Self::Server => visible(listed.server_name()),
            Self::Findings => {
                let names: Vec<&str> = listed.findings().map(|(rule, _)| rule.name()).collect();
                if names.is_empty() { Cow::Borrowed("-") } else { Cow::Owned(names.join(" ")) }
            }
        }
    }

    /// The filter that means sessions with the same value; `None` where there is none.
    pub(super) fn to_term(self, listed: &Listed<'_>) -> Option<String> {
        let of_word = |field, words: &[&str], at: usize| to_term_text(field, words.get(at)?.as_bytes());
        match self {
            Self::Time => {
                let (seconds, _) = listed.start()?.to_unix();
                let minute = crate::record::value::Timestamp::from_unix(seconds.div_euclid(60) * 60);
                let next = crate::record::value::Timestamp::from_unix((seconds.div_euclid(60) + 1) * 60);
                Some(format!("after:{} before:{}", to_term_time(minute), to_term_time(next)))
            }
            Self::Client => to_term_text(Field::Ip, listed.client()),
            Self::Helo => to_term_text(Field::Helo, listed.client_name().unwrap_or_default()),
            // As its cell tells them apart.
            Self::Tls => match (listed.starttls(), listed.protocol()) {
                (StartTls::Succeeded, Some(protocol)) => {
                    of_word(Field::Tls, TLS_WORDS, TLS_ORDERED_FROM + protocol as usize)
                }
                (StartTls::Succeeded, None) => to_term_text(Field::Tls, b"unknown"),
                (outcome, _) => of_word(Field::StartTls, STARTTLS_WORDS, outcome as usize),
            },
            Self::Verdict => {
                let verdict = of_word(Field::Verdict, VERDICT_WORDS, listed.verdict() as usize)?;
                let rules = failing_word(listed).map(rules_of).filter(|rules| !rules.is_empty());
                Some(rules.map_or(verdict.clone(), |rules| format!("{verdict} rule:{rules}")))
            }
            Self::Auth => {
                let outcome = of_word(Field::Auth, AUTH_WORDS, listed.auth() as usize)?;
                let mechanism = listed.mechanism_name().filter(|_| listed.auth() == Auth::Succeeded);
                let mechanism = mechanism.and_then(|name| to_term_text(Field::Mechanism, name));
                Some(mechanism.map_or(outcome.clone(), |mechanism| format!("{outcome} {mechanism}")))
            }
            Self::User => to_term_text(Field::User, listed.user_name().unwrap_or_default()),
            Self::Port => to_term_text(Field::Port, listed.port()?.to_string().as_bytes()),
            Self::Mails => Some(format!("mails:{}", listed.mail_counts().0)),
            Self::Duration => Some(format!("duration>={}ms", listed.duration_ms()?)),
            Self::Server => to_term_text(Field::Server, listed.server_name()),
            Self::Findings => listed.findings().next().map(|(rule, _)| format!("rule:{}", rule.name())),
        }
    }
}

/// How cells look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) zone: Zone,
    pub(super) time: TimeLook,
    pub(super) glyphs: Glyphs,
}

/// A moment as a query has it: to the second.
pub(super) fn to_term_time(time: crate::record::value::Timestamp) -> String {
    to_time_text(time, Zone::Utc).replace(".000Z", "")
}

/// `09:05:02`, `11-23 09:05:02`, `09:05:02+01:00`.
fn time_cell(listed: &Listed<'_>, look: &Look) -> String {
    let Some(start) = listed.start() else { return "-".into() };
    let text = to_time_text(start, look.zone);
    let (date, rest) = text.split_once('T').unwrap_or((&text, ""));
    let clock = rest.get(..8).unwrap_or(rest);
    let offset = rest.rfind(['+', '-', 'Z']).and_then(|at| rest.get(at..)).filter(|_| look.time.has_offset);
    let offset = offset.unwrap_or_default();
    match look.time.has_day {
        true => format!("{} {clock}{offset}", date.get(date.len().saturating_sub(5)..).unwrap_or_default()),
        false => format!("{clock}{offset}"),
    }
}

fn tls_cell(listed: &Listed<'_>) -> &'static str {
    match (listed.starttls(), listed.protocol()) {
        (StartTls::NotAttempted, _) => "-",
        (StartTls::Succeeded, Some(protocol)) => match protocol {
            Protocol::Ssl3 => "ssl3",
            Protocol::Tls10 => "tls1.0",
            Protocol::Tls11 => "tls1.1",
            Protocol::Tls12 => "tls1.2",
            Protocol::Tls13 => "tls1.3",
        },
        (StartTls::Succeeded, None) => "yes",
        (outcome, _) => starttls_text(outcome),
    }
}

/// What a session failed for, as the cell calls it: TLS, the login, or something else.
fn failing_word(listed: &Listed<'_>) -> Option<&'static str> {
    let mut errors = listed.findings().filter(|(_, severity)| *severity == Severity::Error);
    let (rule, _) = errors.next().filter(|_| listed.verdict() == Verdict::Failed)?;
    Some(word_of(rule.name()))
}

/// The word for the rules whose names begin alike.
fn word_of(rule: &'static str) -> &'static str {
    match rule.split('-').next().unwrap_or(rule) {
        "starttls" | "certificate" => "tls",
        "command" => "cmd",
        "connection" => "conn",
        "message" => "msg",
        "protocol" => "proto",
        "recipient" => "rcpt",
        "sender" => "from",
        "server" => "load",
        other => other,
    }
}

/// The rules that a session can have failed for where its cell has this word. Those that only warn are
/// found in sessions that failed for something else.
fn rules_of(word: &str) -> String {
    let failing = RULES.iter().filter(|article| article.severity == Severity::Error && word_of(article.name) == word);
    failing.map(|article| article.name).collect::<Vec<_>>().join(",")
}

/// What failed: TLS, the login, or something else; or the verdict.
fn verdict_cell<'a>(listed: &Listed<'a>, glyphs: Glyphs) -> Cow<'a, str> {
    match (failing_word(listed), listed.verdict()) {
        (Some(word), _) => Cow::Owned(format!("{} {word}", glyphs.failed())),
        (None, Verdict::Incomplete) => Cow::Borrowed("(part)"),
        (None, verdict) => Cow::Borrowed(verdict.as_text()),
    }
}

fn auth_cell<'a>(listed: &Listed<'a>) -> Cow<'a, str> {
    match (listed.auth(), listed.mechanism_name()) {
        (Auth::NotAttempted, _) => Cow::Borrowed("-"),
        (Auth::Succeeded, Some(mechanism)) => Cow::Owned(visible(mechanism).to_uppercase()),
        (outcome, _) => Cow::Borrowed(auth_text(outcome)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_width() {
        let widest = Needs { cells: WIDEST.map(|(_, cells)| cells) };
        for width in 56..240 {
            let (short, long) = (TimeLook::default(), TimeLook { has_day: true, has_offset: true });
            for (time, needs) in [(short, Needs::default()), (long, Needs::default()), (long, widest)] {
                let columns = fitting(width, time, needs);
                let gaps = u16::try_from(columns.len()).unwrap() - 1;
                let all = columns.iter().map(|(_, width)| width).sum::<u16>() + gaps;
                assert_eq!(all, width);
            }
        }
        assert_eq!(fitting(240, TimeLook::default(), Needs::default()).len(), COLUMNS.len());
    }

    #[test]
    fn room_goes_where_it_is_needed() {
        let width_of = |width: u16, needs: Needs, wanted: Column| {
            let columns = fitting(width, TimeLook::default(), needs);
            columns.iter().find(|(column, _)| *column == wanted).map(|(_, width)| *width)
        };
        let of = |client: u16| Needs { cells: [client, 0, 0, 0] };
        assert_eq!(width_of(200, of(11), Column::Client), Some(15));
        // An address is not cut for a name's sake.
        assert_eq!(width_of(66, of(15), Column::Helo), Some(10));
        assert_eq!((width_of(66, of(18), Column::Helo), width_of(66, of(18), Column::Client)), (None, Some(18)));
        assert_eq!(width_of(200, of(39), Column::Client), Some(39));
        assert_eq!(width_of(80, of(39), Column::Client), Some(29));
        assert_eq!(
            width_of(200, of(39), Column::Findings),
            Some(200 - 11 - 39 - 8 - 10 - 7 - 7 - 10 - 14 - 4 - 5 - 9 - 8)
        );
    }
}
