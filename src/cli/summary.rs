//! `heloscope summary`: lines, sessions and outcomes in figures.
//!
//! In: the format. Out: figures.
//!
//! **Invariant**: the figures do not depend on threads or on the order of files.

use std::ops::ControlFlow;

use crate::output::summary::{Report, to_summary_json, to_summary_text};
use crate::summary::{Summary, Summing};

use super::args::{Common, Format};
use super::filtering::expression;
use super::reading::{close, read, sources, write_whole};
use super::{Error, Exit};

/// Prints the summary.
///
/// Errors: nothing to read, or the answer cannot be written.
pub(super) fn run(format: Format, common: &Common) -> Result<Exit, Error> {
    let sources = sources(common, expression(&common.filtering)?)?;
    let mut summary = Summary::default();
    let reading = read(&sources, common, &Summing, &mut |batch, _| {
        batch.value.add_to(&mut summary);
        ControlFlow::Continue(())
    });
    let report = Report { summary: &summary, account: &reading.account, catalogue: &sources.catalogue };
    let answer = match format {
        Format::Text => to_summary_text(&report, common.tz),
        Format::Json => to_summary_json(&report).expect("strings and numbers, written into memory"),
    };
    write_whole(common, answer.as_bytes())?;
    Ok(close(common, &sources, &reading))
}
