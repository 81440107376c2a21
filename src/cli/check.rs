//! `heloscope check`: whether limits held.
//!
//! In: limits as they were typed, a policy. Out: what each limit met, and an exit code.
//!
//! **Invariant**: 0 is said only where everything was read and every limit was held against sessions,
//! unless it was asked to let nothing pass for something.

use std::ops::ControlFlow;
use std::path::Path;

use crate::output::check::Report;
use crate::output::check::json::to_check_json;
use crate::output::check::junit::to_check_junit;
use crate::output::check::markdown::to_check_markdown;
use crate::output::check::text::to_check_text;
use crate::policy::file::parse_policy;
use crate::policy::tally::{Checking, Tallies};
use crate::policy::{Basis, Empty, Limit, Outcome};

use super::args::{CheckFormat, Common, Limits};
use super::filtering::expression;
use super::reading::{close, paint, read, sources, write_whole};
use super::{Error, Exit, complain};

/// Checks.
///
/// Errors: no limit, a policy that is none, nothing to read, or the answer cannot be written.
pub(super) fn run(format: CheckFormat, typed: &Limits, common: &Common) -> Result<Exit, Error> {
    let limits = gather(typed)?;
    let sources = sources(common, expression(&common.filtering)?)?;
    let mut tallies = Tallies::default();
    let reading = read(&sources, common, &Checking(&limits), &mut |batch, _| {
        batch.value.add_to(&mut tallies);
        ControlFlow::Continue(())
    });
    let basis = Basis {
        empty: if typed.allow_empty { Empty::Held } else { Empty::Unknown },
        n_unreadable: sources.catalogue.errors.len() + reading.account.errors.len(),
        n_read: reading.account.sessions,
    };
    let report = Report::new(&limits, &tallies, basis);
    let answer = match format {
        CheckFormat::Text => to_check_text(&report, common.tz, paint(common)),
        CheckFormat::Json => to_check_json(&report).expect("strings and numbers, written into memory"),
        CheckFormat::Junit => to_check_junit(&report),
        CheckFormat::Markdown => to_check_markdown(&report, common.tz),
    };
    write_whole(common, answer.as_bytes())?;
    close(common, &sources, &reading);
    let is_told = format == CheckFormat::Text && common.output.is_none();
    if !is_told && report.outcome() != Outcome::Held {
        complain(&report.to_verdict_text());
    }
    Ok(match report.outcome() {
        Outcome::Held => Exit::Found,
        Outcome::Broken => Exit::Nothing,
        Outcome::Unknown => Exit::Error,
    })
}

/// The limits of the policy, then those that were typed.
fn gather(typed: &Limits) -> Result<Vec<Limit>, Error> {
    let mut limits = typed.policy.as_deref().map(load).transpose()?.unwrap_or_default();
    limits.extend(typed.deny.iter().chain(&typed.max).chain(&typed.severity).cloned());
    if limits.is_empty() { Err(Error::NoLimit) } else { Ok(limits) }
}

fn load(path: &Path) -> Result<Vec<Limit>, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::ReadPolicy { path: path.to_owned(), source })?;
    parse_policy(&text).map_err(|source| Error::Policy { path: path.to_owned(), source })
}
