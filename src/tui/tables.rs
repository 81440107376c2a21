//! Findings, clients and users of the sessions that the filter lets through; beside them, TLS.
//!
//! In: listed sessions. Out: [`Table`]s, those with most failures first.
//!
//! **Invariant**: at most `MOST_ROWS` rows; what they leave out is said in a row of its own.

pub(super) mod tls;

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashSet};

use crate::diagnosis::{Rule, Severity, Verdict};
use crate::dialogue::facts::StartTls;
use crate::output::escape::visible;
use crate::output::json::protocol_text;
use crate::output::time::{Zone, to_grouped, to_minute_text};
use crate::pattern::guessing::suspicion::place::network_of;
use crate::query::display::to_term_text;
use crate::query::field::Field;
use crate::query::subject::Subject;
use crate::record::value::Timestamp;
use crate::roster::listed::Listed;

use super::table::{Column, Row, Table};
use super::theme::Part;

/// How many rows a table has at most: nobody reads more, and figures of all can be had by a filter.
const MOST_ROWS: usize = 10_000;

/// How clients are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Each address.
    #[default]
    Address,
    /// /24 and /64.
    Network,
}

/// What is counted of a group.
#[derive(Debug, Default)]
struct Group {
    sessions: u64,
    failed: u64,
    n_others: u64,
    words: Vec<&'static str>,
    /// The last session's time, and how far east of UTC its server is.
    last: Option<(Timestamp, Option<i32>)>,
}

impl Group {
    fn take(&mut self, listed: &Listed<'_>) {
        self.sessions += 1;
        self.failed += u64::from(listed.verdict() == Verdict::Failed);
        let start = listed.start();
        if start > self.last.map(|(last, _)| last) {
            self.last = start.map(|start| (start, listed.server_offset()));
        }
    }

    fn note(&mut self, word: &'static str) {
        if !self.words.contains(&word) {
            self.words.push(word);
            self.words.sort_unstable();
        }
    }
}

/// Groups by a key, each with how many different others it met.
#[derive(Debug, Default)]
struct Groups {
    by_key: HashMap<Vec<u8>, (u32, Group)>,
    met: HashSet<(u32, u64)>,
    hasher: DefaultHashBuilder,
}

impl Groups {
    fn of(&mut self, key: &[u8], other: Option<&[u8]>, listed: &Listed<'_>) -> &mut Group {
        let next = u32::try_from(self.by_key.len()).unwrap_or(u32::MAX);
        let (number, group) = self.by_key.entry_ref(key).or_insert_with(|| (next, Group::default()));
        group.take(listed);
        if let Some(other) = other {
            group.n_others += u64::from(self.met.insert((*number, self.hasher.hash_one(other))));
        }
        group
    }

    /// The groups, those with most failures first.
    fn into_ranking(self) -> (Vec<(Vec<u8>, Group)>, usize) {
        let mut ranking: Vec<_> = self.by_key.into_iter().map(|(key, (_, group))| (key, group)).collect();
        ranking.sort_by(|(one_key, one), (other_key, other)| {
            (other.failed, other.sessions, one_key).cmp(&(one.failed, one.sessions, other_key))
        });
        let n_more = ranking.len().saturating_sub(MOST_ROWS);
        ranking.truncate(MOST_ROWS);
        (ranking, n_more)
    }
}

fn part_of(group: &Group) -> Option<Part> {
    (group.failed > 0).then_some(Part::Failure)
}

fn last_text(group: &Group, zone: Zone) -> String {
    let Some((last, offset)) = group.last else { return String::new() };
    to_minute_text(last, zone.for_server(offset))
}

fn key_text(key: &[u8]) -> String {
    visible(key).into_owned()
}

fn push_more(rows: &mut Vec<Row>, n_more: usize) {
    if n_more > 0 {
        let text = format!("… {} more: a filter shows them", to_grouped(n_more as u64));
        rows.push(Row { key: "…".into(), cells: vec![text], filter: None, part: Some(Part::Aside) });
    }
}

/// Findings by rule: how often, how grave, why.
pub(super) fn findings<'a>(sessions: impl Iterator<Item = Listed<'a>>) -> Table {
    let mut counts: HashMap<Rule, (u64, Severity)> = HashMap::new();
    for listed in sessions {
        for (rule, severity) in listed.findings() {
            let (count, gravest) = counts.entry(rule).or_insert((0, severity));
            *count += 1;
            *gravest = severity.max(*gravest);
        }
    }
    let mut ranking: Vec<_> = counts.into_iter().collect();
    ranking.sort_by_key(|(rule, (count, severity))| (std::cmp::Reverse((*severity, *count)), *rule));
    let row = |(rule, (count, severity)): (Rule, (u64, Severity))| Row {
        key: rule.name().into(),
        cells: vec![
            severity.as_text().into(),
            rule.name().into(),
            to_grouped(count),
            rule.article().causes.first().copied().unwrap_or_default().replace('`', ""),
        ],
        filter: Some(format!("rule:{}", rule.name())),
        part: Some(if severity == Severity::Error { Part::Failure } else { Part::Warning })
            .filter(|_| severity != Severity::Note),
    };
    let columns = vec![
        Column::text("severity", 8),
        Column::text("rule", 28),
        Column::number("sessions", 9),
        Column::wide("likeliest cause", 20),
    ];
    Table::new(columns, ranking.into_iter().map(row).collect(), "nothing was found in these sessions")
}

/// Clients: sessions, failures, users, TLS versions, last seen.
pub(super) fn clients<'a>(sessions: impl Iterator<Item = Listed<'a>>, by: By, zone: Zone) -> Table {
    let mut groups = Groups::default();
    for listed in sessions {
        let network = (by == By::Network).then(|| network_of(listed.client()).to_string());
        let key = network.as_deref().map_or(listed.client(), str::as_bytes);
        groups.of(key, listed.user_name(), &listed).note(protocol_word(&listed));
    }
    let columns = [
        Column::text(if by == By::Network { "network" } else { "client" }, 24),
        Column::number("sessions", 9),
        Column::number("failed", 8),
        Column::number("users", 6),
        Column::text("tls", 12),
        Column::text("last seen", 22),
    ];
    ranked(groups, Field::Ip, columns, zone, "no session, no client")
}

/// Users: sessions, failures, addresses, mechanisms, last seen.
pub(super) fn users<'a>(sessions: impl Iterator<Item = Listed<'a>>, zone: Zone) -> Table {
    const KNOWN: [&str; 6] = ["LOGIN", "PLAIN", "NTLM", "GSSAPI", "XOAUTH2", "EXCHANGEAUTH"];
    let mut groups = Groups::default();
    for listed in sessions {
        let Some(user) = listed.user_name() else { continue };
        let mechanism = listed.mechanism_name().unwrap_or_default();
        let word = KNOWN.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(mechanism));
        let group = groups.of(user, Some(listed.client()), &listed);
        if !mechanism.is_empty() {
            group.note(word.unwrap_or("other"));
        }
    }
    let columns = [
        Column::text("user", 24),
        Column::number("sessions", 9),
        Column::number("failed", 8),
        Column::number("clients", 8),
        Column::text("mechanisms", 14),
        Column::text("last seen", 22),
    ];
    ranked(groups, Field::User, columns, zone, "nobody tried to log in")
}

/// A row a group: its key, which the field asks for, its figures, its words, when it was last seen.
fn ranked(groups: Groups, field: Field, columns: [Column; 6], zone: Zone, empty: &'static str) -> Table {
    let (ranking, n_more) = groups.into_ranking();
    let row = |(key, group): (Vec<u8>, Group)| Row {
        key: key_text(&key),
        cells: vec![
            key_text(&key),
            to_grouped(group.sessions),
            to_grouped(group.failed),
            to_grouped(group.n_others),
            group.words.join(" "),
            last_text(&group, zone),
        ],
        filter: to_term_text(field, &key),
        part: part_of(&group),
    };
    let mut rows: Vec<Row> = ranking.into_iter().map(row).collect();
    push_more(&mut rows, n_more);
    Table::new(columns.to_vec(), rows, empty)
}

fn protocol_word(listed: &Listed<'_>) -> &'static str {
    match (listed.protocol(), listed.starttls()) {
        (Some(protocol), _) => protocol_text(protocol),
        (None, StartTls::Succeeded) => "unknown",
        (None, _) => "none",
    }
}
