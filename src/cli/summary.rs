//! `heloscope summary`: lines, sessions and outcomes in figures.
//!
//! In: the format. Out: figures.
//!
//! **Invariant**: the figures do not depend on threads or on the order of files.

use std::ops::ControlFlow;

use crate::ingest::gathering::Gathering;
use crate::output::summary::Report;
use crate::output::summary::json::to_summary_json;
use crate::output::summary::markdown::to_summary_markdown;
use crate::output::summary::text::to_summary_text;
use crate::pattern::Watching;
use crate::summary::{Summary, Summing};

use super::args::{Common, SummaryFormat};
use super::filtering::expression;
use super::reading::{close, read, sources, write_whole};
use super::{Error, Exit};

/// Prints the summary.
///
/// Errors: nothing to read, or the answer cannot be written.
pub(super) fn run(format: SummaryFormat, top: Option<usize>, common: &Common) -> Result<Exit, Error> {
    let sources = sources(common, expression(&common.filtering)?)?;
    let mut summary = Summary::default();
    let mut patterns = None;
    let gathering = Gathering::new((Summing, Watching));
    let reading = read(&sources, common, &gathering, &mut |batch, _| {
        let (mut sum, watch) = batch.value;
        sum.move_names_to(&mut summary);
        gathering.rest((sum, watch.emptied_if_full(&mut patterns)));
        ControlFlow::Continue(())
    });
    for (sum, watch) in gathering.into_gathered() {
        sum.add_to(&mut summary);
        watch.add_to(&mut patterns);
    }
    let patterns = patterns.unwrap_or_default();
    let report =
        Report { summary: &summary, patterns: &patterns, account: &reading.account, catalogue: &sources.catalogue };
    if summary.total.sessions == 0 && !sources.query.is_everything() && format == SummaryFormat::Text {
        // Nothing is meant, and nothing is said, as elsewhere; who reads JSON or a page wants one.
        return Ok(close(common, &sources, &reading));
    }
    let answer = match format {
        SummaryFormat::Text => to_summary_text(&report, common.tz, top),
        SummaryFormat::Markdown => to_summary_markdown(&report, common.tz, top),
        SummaryFormat::Json => to_summary_json(&report, top).expect("strings and numbers, written into memory"),
    };
    write_whole(common, answer.as_bytes())?;
    Ok(close(common, &sources, &reading))
}
