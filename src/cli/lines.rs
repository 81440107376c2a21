//! `heloscope lines`: every row, session by session.
//!
//! In: the format. Out: rows.
//!
//! **Invariant**: sessions are whole; their rows stand together and in order.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::ingest::Case;
use crate::output::lines;
use crate::output::time::Zone;

use super::args::{Common, Following, LinesFormat, Listing};
use super::listing::{Render, list};
use super::{Error, Exit, complain};

struct Lines {
    format: LinesFormat,
    zone: Zone,
    ending: &'static [u8],
    /// Whether credentials went out with raw rows.
    has_secrets: AtomicBool,
}

impl Render for Lines {
    fn render(&self, case: &Case<'_>, out: &mut Vec<u8>) {
        match self.format {
            LinesFormat::Text => lines::write_text(case, self.zone, out),
            LinesFormat::Raw => {
                lines::write_raw(case, out);
                if !case.facts.secrets.is_empty() {
                    self.has_secrets.store(true, Ordering::Relaxed);
                }
            }
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
    let lines = Lines { format, zone: common.tz, ending, has_secrets: AtomicBool::new(false) };
    let exit = list(common, listing, following, &lines)?;
    if lines.has_secrets.into_inner() {
        complain("raw rows are as the log has them, and some hold credentials (AUTH); other formats hide them");
    }
    Ok(exit)
}
