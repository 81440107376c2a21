//! What a check found: as text, as JSON, as JUnit, and as a page of Markdown.
//!
//! In: limits, what each met, and what they are held against. Out: text.
//!
//! **Invariant**: every limit is told, and every broken one names sessions and the rows that prove it.

pub mod text;
pub mod json;
pub mod junit;
pub mod markdown;

use crate::policy::tally::{Tallies, Tally};
use crate::policy::{Basis, ConnectorPattern, Limit, Outcome};

use super::escape::visible;
use super::skipped::counted;
use super::time::to_grouped;

/// A limit, what it met, and whether it held.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The limit.
    pub limit: &'a Limit,
    /// What it met.
    pub tally: &'a Tally,
    /// Whether it held.
    pub outcome: Outcome,
}

/// Everything that a check tells.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// In the order in which they were given.
    pub limits: Vec<Judged<'a>>,
    /// What was met.
    pub tallies: &'a Tallies,
    /// What they are held against.
    pub basis: Basis,
}

/// What a limit met where no session was read at all.
const NOTHING: &Tally =
    &Tally { sessions: 0, found: 0, by_rule: std::collections::BTreeMap::new(), proofs: Vec::new() };

impl<'a> Report<'a> {
    /// Holds each limit against what it met.
    pub fn new(limits: &'a [Limit], tallies: &'a Tallies, basis: Basis) -> Self {
        let tally = |at: usize| tallies.limits.get(at).unwrap_or(NOTHING);
        let judged = |(at, limit): (usize, &'a Limit)| Judged {
            limit,
            tally: tally(at),
            outcome: limit.judge(tally(at), basis),
        };
        Self { limits: limits.iter().enumerate().map(judged).collect(), tallies, basis }
    }

    /// Whether all held: one that is broken outweighs one that is not known.
    pub fn outcome(&self) -> Outcome {
        self.limits.iter().map(|judged| judged.outcome).max().unwrap_or(Outcome::Held)
    }

    /// How many limits went so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.limits.iter().filter(|judged| judged.outcome == outcome).count()
    }

    /// `2 of 5 limits broken, 1 unknown, in 116 sessions`.
    pub fn to_verdict_text(&self) -> String {
        let all = counted(self.limits.len() as u64, "limit");
        let sessions = counted(self.tallies.sessions, "session");
        let unknown = match self.count(Outcome::Unknown) {
            0 => String::new(),
            n_unknown => format!(", {n_unknown} unknown"),
        };
        match (self.count(Outcome::Broken), unknown.is_empty()) {
            (0, true) => format!("{all} held in {sessions}"),
            (n_broken, _) => format!("{n_broken} of {all} broken{unknown}, in {sessions}"),
        }
    }

    /// Says why a limit is not known to have held.
    fn reason(&self, judged: &Judged<'_>) -> Option<String> {
        if judged.outcome != Outcome::Unknown {
            return None;
        }
        let unreadable = match self.basis.n_unreadable {
            0 => None,
            n_files => Some(format!("{} could not be read", counted(n_files as u64, "file"))),
        };
        unreadable.or_else(|| Some(self.missing_text(judged.limit.connector.as_ref())))
    }

    fn missing_text(&self, connector: Option<&ConnectorPattern>) -> String {
        let n_left_out = self.basis.n_read.saturating_sub(self.tallies.sessions);
        let Some(connector) = connector else {
            return match n_left_out {
                0 => "no session was read".into(),
                n_left_out => format!("{} read, and the filter lets none through", counted(n_left_out, "session")),
            };
        };
        let has_server = connector.0.contains('\\');
        let names = self.tallies.places.iter().map(|place| match has_server {
            true => {
                format!("{}\\{}", String::from_utf8_lossy(&place.server), String::from_utf8_lossy(&place.connector))
            }
            false => String::from_utf8_lossy(&place.connector).into_owned(),
        });
        let names: Vec<String> = names.collect();
        let near = crate::policy::nearest(&connector.0, names.iter().map(String::as_str));
        let near = near.map(|name| format!("; near it: `{name}`")).unwrap_or_default();
        let what = if n_left_out == 0 { "was read" } else { "was let through by the filter" };
        format!("no session of such a connector {what}{near}")
    }
}

impl Judged<'_> {
    /// `12 of 340 sessions`.
    fn to_found_text(self) -> String {
        format!("{} of {}", to_grouped(self.tally.found), counted(self.tally.sessions, "session"))
    }

    /// How many of the sessions that break it are not named.
    fn n_more(self) -> u64 {
        self.tally.found - self.tally.proofs.len() as u64
    }
}

/// `EX01/RECV2026112308-1.LOG:16, 17`: a path once for the rows that follow in it.
fn rows_text(rows: &[(String, u64)]) -> String {
    let mut text = String::new();
    for (at, (path, line)) in rows.iter().enumerate() {
        let is_same = at > 0 && rows[at - 1].0 == *path;
        text.push_str(if at == 0 { "" } else { ", " });
        if !is_same {
            text.push_str(&visible(path.as_bytes()));
            text.push(':');
        }
        text.push_str(&line.to_string());
    }
    text
}
