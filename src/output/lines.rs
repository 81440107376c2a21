//! The rows of sessions, session by session: for `grep`, and as a log again.
//!
//! In: a [`Case`]. Out: a line a row.
//!
//! **Invariant**: `raw` writes the rows' own bytes, so that what comes out can be read again; text
//! hides credentials.

use crate::dialogue::secret::{to_open_context, to_open_data};
use crate::ingest::Case;
use crate::record::Marker;
use crate::record::header::COLUMN_NAMES;

use super::escape::visible;
use super::time::{Zone, push_time};

/// Appends a header block for a log that begins with this session.
pub fn write_raw_header(case: &Case<'_>, out: &mut Vec<u8>) {
    let date = case.head.time.as_inner();
    out.extend_from_slice(b"#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: ");
    out.extend_from_slice(date);
    out.extend_from_slice(b"\r\n#Fields: ");
    out.extend_from_slice(COLUMN_NAMES.join(",").as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends the rows as they stand in the log, line ends included.
pub fn write_raw(case: &Case<'_>, out: &mut Vec<u8>) {
    for row in case.session.rows {
        out.extend_from_slice(case.session.as_line(row));
        let rest = &case.session.text[row.end as usize..];
        out.extend_from_slice(if rest.starts_with(b"\n") { b"\n" } else { b"\r\n" });
    }
}

/// Appends the rows as `id time C|S|*|+|- text`; before those of a session that came before, with
/// fewer rows, one with `=`.
pub fn write_text(case: &Case<'_>, zone: Zone, out: &mut Vec<u8>) {
    let zone = zone.for_case(case);
    let id = case.to_id();
    let id = super::escape::as_word(&id);
    let mut time = String::with_capacity(32);
    if case.is_again {
        if let Some(moment) = case.session.time(case.session.first()) {
            push_time(&mut time, moment, zone);
        }
        out.extend_from_slice(format!("{id} {time} = again: rows came late\n").as_bytes());
    }
    for (index, row) in case.session.rows.iter().enumerate() {
        time.clear();
        if let Some(moment) = case.session.time(row) {
            push_time(&mut time, moment, zone);
        }
        for part in [id.as_bytes(), b" ", time.as_bytes(), b" ", &[as_letter(row.marker)]] {
            out.extend_from_slice(part);
        }
        let data = to_open_data(case.session, case.facts, index, row);
        for value in [data, to_open_context(case.session, case.facts, index, row)] {
            if !value.is_empty() {
                out.push(b' ');
                out.extend_from_slice(visible(&value).as_bytes());
            }
        }
        out.push(b'\n');
    }
}

/// Who speaks: client, server, or a row's own mark. The log's `<` and `>` are Exchange's view.
pub fn as_letter(marker: Marker) -> u8 {
    match marker {
        Marker::Received => b'C',
        Marker::Sent => b'S',
        Marker::Connect => b'+',
        Marker::Disconnect => b'-',
        Marker::Information => b'*',
    }
}
