//! `heloscope sessions`: one row a session.
//!
//! In: the format. Out: rows.
//!
//! **Invariant**: the same rows in the same order for any number of threads.

use std::io::IsTerminal;

use crate::ingest::Case;
use crate::output::text::Layout;
use crate::output::time::Zone;
use crate::output::{csv, json, text};

use super::args::{Common, SessionsFormat};
use super::reading::{Render, list};
use super::{Error, Exit, is_coloured};

struct Sessions {
    format: SessionsFormat,
    layout: Layout,
    zone: Zone,
}

impl Render for Sessions {
    fn render(&self, case: &Case<'_>, out: &mut Vec<u8>) {
        match self.format {
            SessionsFormat::Text => text::write_session(case, self.layout, self.zone, out),
            SessionsFormat::Ndjson => {
                json::write_record(case, out).expect("a record of strings and numbers, written into memory");
                out.push(b'\n');
            }
            SessionsFormat::Csv => csv::write_record(case, out).expect("cells, written into memory"),
        }
    }

    fn head(&self, _case: &Case<'_>, out: &mut Vec<u8>) {
        match self.format {
            SessionsFormat::Text => text::write_header(self.layout, self.zone, out),
            SessionsFormat::Ndjson => {}
            SessionsFormat::Csv => csv::write_header(out).expect("names, written into memory"),
        }
    }
}

/// Lists the sessions.
///
/// Errors: nothing to read, or the answer cannot be written.
pub(super) fn run(format: SessionsFormat, common: &Common) -> Result<Exit, Error> {
    let is_terminal = common.output.is_none() && std::io::stdout().is_terminal();
    let is_coloured = is_coloured(common.color, is_terminal);
    let layout = if is_terminal { Layout::Columns { is_coloured } } else { Layout::Words };
    list(common, &Sessions { format, layout, zone: common.tz })
}
