//! `heloscope show`: one session as a conversation.
//!
//! In: a session's id. Out: its facts and its rows.
//!
//! **Invariant**: an id that stands for several sessions shows them all.

use std::ops::ControlFlow;
use std::path::Path;

use crate::ingest::{Case, Study};
use crate::output::escape::visible;
use crate::output::paint::Paint;
use crate::output::time::Zone;
use crate::output::{json, transcript};
use crate::query::Query;

use super::args::{Common, Format};
use super::filtering::expression;
use super::reading::{close, paint, read, sources, write_whole};
use super::{Error, Exit, complain};

struct Showing<'a> {
    id: &'a [u8],
    /// Which sessions may be shown. Asked here, so that one that it holds back is told from none.
    query: &'a Query,
    format: Format,
    zone: Zone,
    paint: Paint,
}

/// The sessions of the id: what is shown of each, and how many the filter holds back.
#[derive(Default)]
struct Shown {
    answers: Vec<(crate::session::Position, Vec<u8>)>,
    n_held_back: usize,
}

impl Study for Showing<'_> {
    type Yield = Shown;

    fn begin(&self) -> Shown {
        Shown::default()
    }

    fn take(&self, case: &Case<'_>, shown: &mut Shown) {
        if !is_meant(self.id, case) {
            return;
        }
        if !self.query.matches(case) {
            shown.n_held_back += 1;
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
        shown.answers.push((case.session.position, answer));
    }
}

/// Whether the id is the session's, whole or without server; letter case is ignored.
fn is_meant(id: &[u8], case: &Case<'_>) -> bool {
    let session_id = case.head.session_id.as_inner();
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
/// Errors: no id, nothing to read, or the answer cannot be written.
pub(super) fn run(id: &str, format: Format, common: &Common) -> Result<Exit, Error> {
    check_id(id, common)?;
    let mut sources = sources(common, expression(&common.filtering)?)?;
    let query = std::mem::replace(&mut sources.query, Query::everything());
    let study = Showing { id: id.as_bytes(), query: &query, format, zone: common.tz, paint: paint(common) };
    let mut shown = Shown::default();
    let reading = read(&sources, common, &study, &mut |batch, _| {
        shown.answers.extend(batch.value.answers);
        shown.n_held_back += batch.value.n_held_back;
        ControlFlow::Continue(())
    });
    shown.answers.sort_by_key(|(position, _)| *position);
    let answers: Vec<Vec<u8>> = shown.answers.into_iter().map(|(_, answer)| answer).collect();
    write_whole(common, &answers.join(&b'\n'))?;
    let exit = close(common, &sources, &reading);
    if answers.is_empty() && exit != Exit::Error {
        let id = visible(id.as_bytes());
        complain(&match shown.n_held_back {
            0 => format!("no session {id} in what was read; `heloscope sessions` lists the ids"),
            _ => format!("the filter does not let session {id} through; without it the session is shown"),
        });
        return Ok(Exit::Nothing);
    }
    Ok(exit)
}

/// Errors: nothing that can be an id, or a path in its place.
fn check_id(id: &str, common: &Common) -> Result<(), Error> {
    let has_path = common.paths.iter().any(|path| path.exists());
    let problem = match id.trim() {
        "" => "no session is named".to_owned(),
        path if !has_path && Path::new(path).exists() => {
            format!("`{}` is a file or folder, and no session is named", visible(path.as_bytes()))
        }
        _ => return Ok(()),
    };
    let remedy = "the id comes first: `heloscope show EX01/08DE2A1B3C4D5E6F logs`; `heloscope sessions` lists the ids";
    Err(Error::Explained(format!("{problem}\n{remedy}")))
}
