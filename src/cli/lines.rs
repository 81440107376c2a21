//! `heloscope lines`: every row, session by session.
//!
//! In: the format. Out: rows.
//!
//! **Invariant**: sessions are whole; their rows stand together and in order.

use crate::ingest::Case;
use crate::output::lines;
use crate::output::time::Zone;

use super::args::{Common, Following, LinesFormat, Listing};
use super::listing::{Render, list};
use super::{Error, Exit};

struct Lines {
    format: LinesFormat,
    zone: Zone,
    ending: &'static [u8],
}

impl Render for Lines {
    fn render(&self, case: &Case<'_>, out: &mut Vec<u8>) {
        match self.format {
            LinesFormat::Text => lines::write_text(case, self.zone, out),
            LinesFormat::Raw => lines::write_raw(case, out),
        }
        out.extend_from_slice(self.ending);
    }

    fn head(&self, case: &Case<'_>, out: &mut Vec<u8>) {
        if self.format == LinesFormat::Raw {
            lines::write_raw_header(case, out);
        }
    }
}

/// Prints the rows.
///
/// Errors: nothing to read, or the answer cannot be written.
pub(super) fn run(
    format: LinesFormat,
    has_nul: bool,
    listing: Listing,
    following: Following,
    common: &Common,
) -> Result<Exit, Error> {
    let ending = if has_nul { &b"\0"[..] } else { b"" };
    list(common, listing, following, &Lines { format, zone: common.tz, ending })
}
