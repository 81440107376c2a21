//! What a check found, as one JSON object.
//!
//! In: a [`Report`]. Out: JSON.
//!
//! **Invariant**: a field may be added, none is renamed or re-typed without a new `schema`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::output::json::{SCHEMA, to_pretty};
use crate::output::time::{Zone, to_time_text};
use crate::policy::limit::Most;
use crate::policy::tally::Proof;

use super::{Judged, Report};

#[derive(Serialize)]
struct CheckRecord<'a> {
    schema: u8,
    outcome: &'static str,
    sessions: u64,
    unreadable_files: usize,
    limits: Vec<LimitRecord<'a>>,
}

#[derive(Serialize)]
struct LimitRecord<'a> {
    limit: String,
    rules: String,
    connector: Option<&'a str>,
    /// One of the two is null.
    most_sessions: Option<u64>,
    most_percent: Option<f64>,
    outcome: &'static str,
    reason: Option<String>,
    sessions: u64,
    found: u64,
    found_by_rule: BTreeMap<&'static str, u64>,
    /// The first sessions in which it was found, whether or not they break the limit.
    proofs: Vec<ProofRecord<'a>>,
}

#[derive(Serialize)]
struct ProofRecord<'a> {
    id: Cow<'a, str>,
    start: Option<String>,
    rule: &'static str,
    message: &'a str,
    evidence: Vec<RowRecord<'a>>,
}

#[derive(Serialize)]
struct RowRecord<'a> {
    path: &'a str,
    line: u64,
}

/// Returns what the check found as one JSON object.
///
/// Errors: none that a log can cause.
pub fn to_check_json(report: &Report<'_>) -> serde_json::Result<String> {
    let record = CheckRecord {
        schema: SCHEMA,
        outcome: report.outcome().as_text(),
        sessions: report.tallies.sessions,
        unreadable_files: report.basis.n_unreadable,
        limits: report.limits.iter().map(|judged| limit_record(report, judged)).collect(),
    };
    to_pretty(&record)
}

fn limit_record<'a>(report: &Report<'a>, judged: &Judged<'a>) -> LimitRecord<'a> {
    let (most_sessions, most_percent) = match judged.limit.most {
        Most::Sessions(most) => (Some(most), None),
        Most::Share(millionths) => (None, Some(f64::from(millionths) / 10_000.0)),
    };
    LimitRecord {
        limit: judged.limit.to_string(),
        rules: judged.limit.selection.to_string(),
        connector: judged.limit.connector.as_ref().map(|connector| connector.0.as_str()),
        most_sessions,
        most_percent,
        outcome: judged.outcome.as_text(),
        reason: report.reason(judged),
        sessions: judged.tally.sessions,
        found: judged.tally.found,
        found_by_rule: judged.tally.by_rule.iter().map(|(rule, count)| (rule.name(), *count)).collect(),
        proofs: judged.tally.proofs.iter().map(proof_record).collect(),
    }
}

fn proof_record(proof: &Proof) -> ProofRecord<'_> {
    ProofRecord {
        id: String::from_utf8_lossy(&proof.id),
        start: proof.time.map(|time| to_time_text(time, Zone::Utc)),
        rule: proof.rule.name(),
        message: &proof.message,
        evidence: proof.rows.iter().map(|(path, line)| RowRecord { path, line: *line }).collect(),
    }
}
