//! One line that says what was left out and why.
//!
//! In: a [`Catalogue`] and an [`Account`]. Out: a sentence, or none.
//!
//! **Invariant**: every skipped file and every malformed row is counted in it.

use std::collections::BTreeMap;

use crate::ingest::{Account, Catalogue, SkipReason};

use super::escape::visible;
use super::time::to_grouped;

/// Says it, or returns `None` where nothing was left out.
pub fn to_skipped_text(catalogue: &Catalogue, account: &Account) -> Option<String> {
    let parts: Vec<String> = [
        files_text(catalogue),
        malformed_text(account),
        foreign_text(account),
        pending_text(account),
        repeated_text(account),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| format!("skipped: {}", parts.join("; ")))
}

fn files_text(catalogue: &Catalogue) -> Option<String> {
    let reasons = count_reasons(catalogue);
    let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let n_files = catalogue.skipped.len();
    (n_files > 0).then(|| format!("{} ({})", counted(n_files as u64, "file"), reasons.join(", ")))
}

/// Counts the skipped files by reason.
pub(super) fn count_reasons(catalogue: &Catalogue) -> BTreeMap<String, u64> {
    let mut reasons = BTreeMap::new();
    for skipped in &catalogue.skipped {
        *reasons.entry(to_reason_text(&skipped.reason)).or_insert(0) += 1;
    }
    reasons
}

/// Says why a file was skipped, without naming another.
pub fn to_reason_text(reason: &SkipReason) -> String {
    match reason {
        SkipReason::OtherLog(kind) => visible(kind.as_bytes()).into_owned(),
        SkipReason::Packed(packing) => {
            let [linux, windows] = packing.remedies();
            format!("compressed by {} (unpack it first: {linux} on Linux, {windows} on Windows)", packing.name())
        }
        SkipReason::NotALog => "not a protocol log".into(),
        SkipReason::MissingColumn(column) => format!("without the column {column}"),
        SkipReason::Empty => "empty".into(),
        SkipReason::Duplicate(_) => "duplicate of another file".into(),
        SkipReason::OtherTime => "outside the time asked for".into(),
    }
}

fn malformed_text(account: &Account) -> Option<String> {
    let place = |place: &crate::ingest::MalformedPlace| {
        format!("{}:{} {}", visible(place.path.to_string_lossy().as_bytes()), place.line, place.reason.as_text())
    };
    let places: Vec<String> = account.malformed_places.iter().map(place).collect();
    let more = if account.malformed > places.len() as u64 { ", …" } else { "" };
    (account.malformed > 0)
        .then(|| format!("{} ({}{more})", counted(account.malformed, "malformed row"), places.join(", ")))
}

fn foreign_text(account: &Account) -> Option<String> {
    (account.foreign > 0).then(|| format!("{} of another log", counted(account.foreign, "row")))
}

fn pending_text(account: &Account) -> Option<String> {
    (account.pending > 0).then(|| format!("{} cut while being written", counted(account.pending, "last row")))
}

fn repeated_text(account: &Account) -> Option<String> {
    (account.repeated > 0).then(|| format!("{} that stand twice", counted(account.repeated, "row")))
}

/// `1 file`, `2 files`.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", to_grouped(count), if count == 1 { "" } else { "s" })
}
