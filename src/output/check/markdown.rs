//! What a check found, as a page such as a CI job shows.
//!
//! In: a [`Report`]. Out: GitHub-flavoured Markdown.
//!
//! **Invariant**: whatever a log holds is text on the page.

use std::fmt::Write;

use crate::output::markdown::{Column, push_head, push_row, to_cell};
use crate::output::time::{Zone, to_grouped, to_time_text};
use crate::policy::Outcome;

use super::{Judged, Report, rows_text};

/// Returns what the check found as a page.
pub fn to_check_markdown(report: &Report<'_>, zone: Zone) -> String {
    let mut out = format!("## {}\n\n", to_cell(report.to_verdict_text().as_bytes()));
    let columns = [("outcome", Column::Text), ("limit", Column::Text), ("found in", Column::Text), ("", Column::Text)];
    push_head(&mut out, &columns);
    for judged in &report.limits {
        push_row(
            &mut out,
            &[
                judged.outcome.as_text(),
                &to_cell(judged.limit.to_string().as_bytes()),
                &judged.to_found_text(),
                &to_cell(report.reason(judged).unwrap_or_default().as_bytes()),
            ],
        );
    }
    for judged in report.limits.iter().filter(|judged| judged.outcome == Outcome::Broken) {
        push_broken(judged, zone, &mut out);
    }
    out
}

fn push_broken(judged: &Judged<'_>, zone: Zone, out: &mut String) {
    // Writing into a string cannot fail.
    let _ = writeln!(out, "\n### {}\n", to_cell(judged.limit.to_string().as_bytes()));
    push_head(out, &["session", "time", "what", "rows"].map(|name| (name, Column::Text)));
    for proof in &judged.tally.proofs {
        let what = format!("{}: {}", proof.rule.name(), proof.message);
        let time =
            proof.time.map_or_else(|| "-".into(), |time| to_time_text(time, zone.for_server(proof.server_offset)));
        let rows = rows_text(&proof.rows);
        let cells = [&proof.id[..], time.as_bytes(), what.as_bytes(), rows.as_bytes()].map(to_cell);
        push_row(out, &cells);
    }
    if judged.n_more() > 0 {
        let _ = writeln!(out, "\nAnd {} more.", to_grouped(judged.n_more()));
    }
}
