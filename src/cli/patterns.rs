//! `heloscope patterns`: what only many sessions show.
//!
//! In: the format, and how much to show. Out: patterns.
//!
//! **Invariant**: the figures do not depend on threads or on the order of files.

use std::ops::ControlFlow;

use crate::ingest::gathering::Gathering;
use crate::output::patterns::{Look, to_patterns_json, to_patterns_text};
use crate::pattern::Watching;

use super::args::{Common, Format};
use super::filtering::expression;
use super::reading::{close, read, sources, write_whole};
use super::{Error, Exit};

/// How many entries of a list fit a screen that shows all of them.
const TOP: usize = 3;

/// Prints the patterns.
///
/// Errors: nothing to read, or the answer cannot be written.
pub(super) fn run(format: Format, top: Option<usize>, common: &Common) -> Result<Exit, Error> {
    let sources = sources(common, expression(&common.filtering)?)?;
    let mut patterns = None;
    let gathering = Gathering::new(Watching);
    let reading = read(&sources, common, &gathering, &mut |batch, _| {
        gathering.rest(batch.value.emptied_if_full(&mut patterns));
        ControlFlow::Continue(())
    });
    for watch in gathering.into_gathered() {
        watch.add_to(&mut patterns);
    }
    let patterns = patterns.unwrap_or_default();
    let answer = match format {
        Format::Text => to_patterns_text(&patterns, Look { zone: common.tz, top: top.unwrap_or(TOP) }),
        Format::Json => to_patterns_json(&patterns, top).expect("strings and numbers, written into memory"),
    };
    write_whole(common, answer.as_bytes())?;
    Ok(close(common, &sources, &reading))
}
