//! What is wrong with a session, for machines and for eyes.
//!
//! In: the findings of a [`Case`]. Out: records, and paragraphs with what to check and what to change.
//!
//! **Invariant**: a command that changes something is called `change`, and stands behind one that
//! only looks, called `check`.

use std::borrow::Cow;
use std::fmt::Write;

use crate::diagnosis::article::Advice;
use crate::diagnosis::{Finding, Severity};
use crate::ingest::Case;

use super::escape::visible;
use super::paint::{FAILURE, Paint};

#[derive(Debug, serde::Serialize)]
pub(super) struct FindingRecord<'a> {
    pub(super) rule: &'static str,
    pub(super) severity: &'static str,
    pub(super) message: String,
    pub(super) evidence: Vec<EvidenceRecord<'a>>,
    /// What to do about it: left out of lists, where it would be most of the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) steps: Vec<StepRecord>,
}

#[derive(Debug, serde::Serialize)]
pub(super) struct EvidenceRecord<'a> {
    pub(super) path: Cow<'a, str>,
    pub(super) line: u64,
}

#[derive(Debug, serde::Serialize)]
pub(super) struct StepRecord {
    pub(super) kind: &'static str,
    pub(super) purpose: &'static str,
    pub(super) command: Option<String>,
}

impl<'a> FindingRecord<'a> {
    pub(super) fn new(case: &Case<'a>, finding: &Finding) -> Self {
        let rows = finding.evidence.rows().iter().filter_map(|row| case.session.rows.get(*row as usize));
        let evidence =
            rows.map(|row| EvidenceRecord { path: case.files[row.file.0 as usize].to_path_text(), line: row.line });
        Self {
            rule: finding.rule.name(),
            severity: finding.severity.as_text(),
            message: finding.to_message(case.session, case.facts),
            evidence: evidence.collect(),
            steps: Vec::new(),
        }
    }

    /// Adds what to do about it.
    pub(super) fn advise(&mut self, case: &Case<'_>, finding: &Finding) {
        self.steps = finding.to_advice(case.session, case.facts).into_iter().map(StepRecord::new).collect();
    }
}

impl StepRecord {
    fn new(advice: Advice) -> Self {
        Self { kind: advice.kind.as_text(), purpose: advice.purpose, command: advice.command }
    }
}

/// Appends a paragraph for each finding: the sentence, the rows that prove it, what to do.
pub(super) fn push_findings(case: &Case<'_>, paint: Paint, out: &mut String) {
    for finding in case.findings {
        let (open, close) = paint.around((finding.severity == Severity::Error).then_some(FAILURE));
        let message = finding.to_message(case.session, case.facts);
        let (severity, name) = (finding.severity.as_text(), finding.rule.name());
        // Writing into a string cannot fail.
        let _ = writeln!(out, "\n{open}{severity:<11} {name}: {}{close}", visible(message.as_bytes()));
        let _ = writeln!(out, "  {:<9} {}", "proof", proof_text(case, finding));
        for advice in finding.to_advice(case.session, case.facts) {
            push_advice(&advice, out);
        }
    }
}

/// `EX01/RECV2026112308-1.LOG:16, 17`: a path once for the rows that follow in it.
fn proof_text(case: &Case<'_>, finding: &Finding) -> String {
    let rows = finding.evidence.rows().iter().filter_map(|row| case.session.rows.get(*row as usize));
    let mut text = String::new();
    let mut file = None;
    for row in rows {
        let comma = if text.is_empty() { "" } else { ", " };
        let path = case.files[row.file.0 as usize].to_path_text();
        let _ = match file == Some(row.file) {
            true => write!(text, "{comma}{}", row.line),
            false => write!(text, "{comma}{}:{}", visible(path.as_bytes()), row.line),
        };
        file = Some(row.file);
    }
    text
}

/// Appends what a step is for, and its command in a line of its own, ready to be copied.
pub(super) fn push_advice(advice: &Advice, out: &mut String) {
    let _ = writeln!(out, "  {:<9} {}", advice.kind.as_text(), advice.purpose);
    if let Some(command) = &advice.command {
        // A command holds nothing to escape: its literals are made of what can be seen.
        let _ = writeln!(out, "  {:<9}   {}", "", visible(command.as_bytes()));
    }
}

/// The rules that a row is evidence of.
pub(super) fn rules_of_row(case: &Case<'_>, row: usize) -> String {
    let is_proof = |finding: &&Finding| finding.evidence.rows().iter().any(|proof| *proof as usize == row);
    case.findings.iter().filter(is_proof).map(|finding| finding.rule.name()).collect::<Vec<_>>().join(", ")
}
