//! `heloscope show`: one session as a conversation.
//!
//! In: a session's id. Out: its facts and its rows.
//!
//! **Invariant**: an id that stands for several sessions shows them all.

use std::ops::ControlFlow;

use crate::ingest::{Case, Study};
use crate::output::escape::visible;
use crate::output::paint::Paint;
use crate::output::time::Zone;
use crate::output::{json, transcript};

use super::args::{Common, Format};
use super::filtering::expression;
use super::reading::{close, paint, read, sources, write_whole};
use super::{Error, Exit, complain};

struct Showing<'a> {
    id: &'a [u8],
    format: Format,
    zone: Zone,
    paint: Paint,
}

impl Study for Showing<'_> {
    type Yield = Vec<(crate::session::Position, Vec<u8>)>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, shown: &mut Self::Yield) {
        if !is_meant(self.id, case) {
            return;
        }
        let mut answer = Vec::new();
        match self.format {
            Format::Text => {
                let mut text = String::new();
                transcript::write_transcript(case, self.zone, self.paint, &mut text);
                answer = text.into_bytes();
            }
            Format::Json => {
                json::write_shown(case, &mut answer).expect("a record of strings and numbers, written into memory");
                answer.push(b'\n');
            }
        }
        shown.push((case.session.position, answer));
    }
}

/// Whether the id is the session's, whole or without server; letter case is ignored.
fn is_meant(id: &[u8], case: &Case<'_>) -> bool {
    let session_id = case.session.to_record(case.session.first()).session_id.as_inner();
    // Most sessions are not meant, and their own id tells it without making the whole one.
    if !ends_with(id, session_id) && !ends_with(without_ordinal(id), session_id) {
        return false;
    }
    let whole = case.to_id();
    let bare = &whole[case.to_server().len() + 1..];
    [&whole, bare, session_id].iter().any(|name| id.eq_ignore_ascii_case(name))
}

fn ends_with(id: &[u8], end: &[u8]) -> bool {
    id.len().checked_sub(end.len()).is_some_and(|at| id[at..].eq_ignore_ascii_case(end))
}

/// `08DE2A1B3C4D5E6F~2` without its `~2`.
fn without_ordinal(id: &[u8]) -> &[u8] {
    memchr::memrchr(b'~', id).map_or(id, |at| &id[..at])
}

/// Shows the session.
///
/// Errors: nothing to read, or the answer cannot be written.
pub(super) fn run(id: &str, format: Format, common: &Common) -> Result<Exit, Error> {
    let sources = sources(common, expression(&common.filtering)?)?;
    let study = Showing { id: id.as_bytes(), format, zone: common.tz, paint: paint(common) };
    let mut shown = Vec::new();
    let reading = read(&sources, common, &study, &mut |batch, _| {
        shown.extend(batch.value);
        ControlFlow::Continue(())
    });
    shown.sort_by_key(|(position, _)| *position);
    let answers: Vec<Vec<u8>> = shown.into_iter().map(|(_, answer)| answer).collect();
    write_whole(common, &answers.join(&b'\n'))?;
    let exit = close(common, &sources, &reading);
    if answers.is_empty() && exit != Exit::Error {
        let among = if sources.query.is_everything() { "in what was read" } else { "that the filter lets through" };
        complain(&format!("no session {} {among}; `heloscope sessions` lists them", visible(id.as_bytes())));
        return Ok(Exit::Nothing);
    }
    Ok(exit)
}
