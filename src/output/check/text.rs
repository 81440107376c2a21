//! What a check found, for eyes.
//!
//! In: a [`Report`]. Out: a line for each limit, with the sessions that break it below.
//!
//! **Invariant**: the last line says how it went.

use std::fmt::Write;

use crate::output::escape::visible;
use crate::output::paint::{FAILURE, Paint};
use crate::output::skipped::counted;
use crate::output::time::{Zone, to_time_text};
use crate::policy::Outcome;

use super::{Judged, Report, rows_text};

/// Returns what the check found as text.
pub fn to_check_text(report: &Report<'_>, zone: Zone, paint: Paint) -> String {
    let mut out = String::new();
    for judged in &report.limits {
        push_limit(report, judged, zone, paint, &mut out);
    }
    out.push_str(&report.to_verdict_text());
    out.push('\n');
    out
}

fn push_limit(report: &Report<'_>, judged: &Judged<'_>, zone: Zone, paint: Paint, out: &mut String) {
    let (open, close) = paint.around((judged.outcome == Outcome::Broken).then_some(FAILURE));
    let limit = judged.limit.to_string();
    let reason = report.reason(judged).map(|reason| format!("; {reason}")).unwrap_or_default();
    // Writing into a string cannot fail.
    let _ = writeln!(
        out,
        "{open}{:<8} {}: {}{}{close}",
        judged.outcome.as_text(),
        visible(limit.as_bytes()),
        judged.to_found_text(),
        visible(reason.as_bytes())
    );
    if judged.outcome == Outcome::Broken {
        push_proofs(judged, zone, out);
    }
}

/// Appends the sessions that break a limit, each with its rows.
pub(super) fn push_proofs(judged: &Judged<'_>, zone: Zone, out: &mut String) {
    for proof in &judged.tally.proofs {
        let time =
            proof.time.map_or_else(|| "-".into(), |time| to_time_text(time, zone.for_server(proof.server_offset)));
        let message = visible(proof.message.as_bytes());
        let _ = writeln!(out, "  {} {time} {}: {message}", visible(&proof.id), proof.rule.name());
        let _ = writeln!(out, "    {}", rows_text(&proof.rows));
    }
    if judged.n_more() > 0 {
        let _ = writeln!(out, "  and {}", counted(judged.n_more(), "more session").replace("more sessions", "more"));
    }
}
