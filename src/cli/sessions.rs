//! `heloscope sessions`: one row a session.
//!
//! In: the format. Out: rows.
//!
//! **Invariant**: the same rows in the same order for any number of threads.

use crate::ingest::Case;
use crate::output::csv::Cells;
use crate::output::text::{Layout, Look};
use crate::output::{csv, json, text};

use super::args::{Common, Following, Listing, SessionsFormat};
use super::listing::{Render, list};
use super::reading::{is_for_terminal, paint};
use super::{Error, Exit};

struct Sessions {
    format: SessionsFormat,
    look: Look,
    cells: Cells,
    is_followed: bool,
}

impl Render for Sessions {
    fn render(&self, case: &Case<'_>, out: &mut Vec<u8>) {
        match self.format {
            SessionsFormat::Text => text::write_session(case, self.look, out),
            SessionsFormat::Ndjson => {
                json::write_record(case, out);
                out.push(b'\n');
            }
            SessionsFormat::Csv => {
                let write = if self.is_followed { csv::write_followed_record } else { csv::write_record };
                write(case, self.cells, out).expect("cells, written into memory");
            }
        }
    }

    fn head(&self, _case: &Case<'_>, out: &mut Vec<u8>) {
        match self.format {
            SessionsFormat::Text => text::write_header(self.look, out),
            SessionsFormat::Ndjson => {}
            SessionsFormat::Csv => {
                let write = if self.is_followed { csv::write_followed_header } else { csv::write_header };
                write(out).expect("names, written into memory");
            }
        }
    }
}

/// Lists the sessions.
///
/// Errors: nothing to read, or the answer cannot be written.
pub(super) fn run(
    format: SessionsFormat,
    listing: Listing,
    following: Following,
    common: &Common,
) -> Result<Exit, Error> {
    let (layout, cells) = match is_for_terminal(common) {
        true => (Layout::Columns, Cells::Visible),
        false => (Layout::Words, Cells::Exact),
    };
    let look = Look { layout, zone: common.tz, paint: paint(common) };
    list(common, listing, following, &Sessions { format, look, cells, is_followed: following.follow })
}
