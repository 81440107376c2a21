//! `heloscope show`: one session as a conversation.
//!
//! In: a session's id. Out: its facts and its rows.
//!
//! **Invariant**: an id that stands for several sessions shows them all.

use std::ops::ControlFlow;

use crate::ingest::{Case, Study};
use crate::output::escape::visible;
use crate::output::time::Zone;
use crate::output::{json, transcript};

use super::args::{Common, Format};
use super::reading::{catalogue, close, read, write_whole};
use super::{Error, Exit, complain};

struct Showing<'a> {
    id: &'a [u8],
    format: Format,
    zone: Zone,
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
                transcript::write_transcript(case, self.zone, &mut text);
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
    let record = case.session.to_record(case.session.first());
    let session_id = record.session_id.as_inner();
    // Most sessions are not meant, and their own id tells it without making the whole one.
    let is_candidate =
        id.to_ascii_lowercase().windows(session_id.len().max(1)).any(|part| part.eq_ignore_ascii_case(session_id));
    if !is_candidate {
        return false;
    }
    let whole = case.to_id();
    let bare = &whole[whole.len() - (whole.len() - case.to_server().len() - 1)..];
    id.eq_ignore_ascii_case(&whole) || id.eq_ignore_ascii_case(bare) || id.eq_ignore_ascii_case(session_id)
}

/// Shows the session.
///
/// Errors: nothing to read, or the answer cannot be written.
pub(super) fn run(id: &str, format: Format, common: &Common) -> Result<Exit, Error> {
    let catalogue = catalogue(common)?;
    let study = Showing { id: id.as_bytes(), format, zone: common.tz };
    let mut shown = Vec::new();
    let account = read(&catalogue, common, &study, &mut |batch| {
        shown.extend(batch.value);
        ControlFlow::Continue(())
    });
    shown.sort_by_key(|(position, _)| *position);
    let answers: Vec<Vec<u8>> = shown.into_iter().map(|(_, answer)| answer).collect();
    write_whole(common, &answers.join(&b'\n'))?;
    let exit = close(common, &catalogue, &account);
    if answers.is_empty() && exit != Exit::Error {
        complain(&format!("no session {} in what was read; `heloscope sessions` lists them", visible(id.as_bytes())));
        return Ok(Exit::Nothing);
    }
    Ok(exit)
}
