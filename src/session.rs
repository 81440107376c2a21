//! A session: the rows of one connection, in order, and what is missing of it.
//!
//! In: chunks of log text. Out: [`Session`]s that borrow their rows' bytes.
//!
//! **Invariant**: cutting the input at any line end, into chunks or into files, gives the same sessions.
//! Where files are torn in mid-line, their catalogue has put the line together before.

pub mod assemble;
pub mod join;
pub mod seen;

use std::io::{self, Write};

use crate::record::value::Timestamp;
use crate::record::{Field, Marker, Record, line, scan};

/// Where one row lies in its session's text, and which row it is.
///
/// Units: all offsets count bytes from the start of [`Session::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where the line starts.
    pub start: u32,
    /// Where the `data` field starts.
    pub data: u32,
    /// Where the `data` field ends.
    pub data_end: u32,
    /// Where the `context` field starts; it reaches to `end`.
    pub context: u32,
    /// Where the line ends, its line end not counted.
    pub end: u32,
    /// The sequence number.
    pub sequence: u32,
    /// The line's number in its file, from 1.
    pub line: u64,
    /// Which file of the input it stands in.
    pub file: FileId,
    /// The event.
    pub marker: Marker,
}

/// How many places of malformed lines are kept for the user to look at.
pub const N_MALFORMED_PLACES: usize = 3;

/// Which file of the input, in reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// Where a session's first row stands in the order of reading: the key that lists are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

/// Where a session was logged: server, role and connector, numbered by the one who names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OriginId(pub u32);

/// One SMTP session: its rows in order, over the text that they lie in.
///
/// Shape: `rows` is never empty.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// The bytes that the rows' offsets point into. Rows of other sessions may lie between.
    pub text: &'a [u8],
    /// The rows, in the order of the conversation.
    pub rows: &'a [Row],
    /// Which of several sessions with the same server and session id: 1 for the first.
    pub ordinal: u32,
    /// The order of reading.
    pub position: Position,
    /// Where it was logged.
    pub origin: OriginId,
}

/// Writes what `show` takes: `EX01/08DE2A1B3C4D5E6F`, with `~2` for a second session of the same name.
///
/// Errors: those of `out`.
pub fn write_id(out: &mut impl Write, server: &[u8], session_id: &[u8], ordinal: u32) -> io::Result<()> {
    out.write_all(server)?;
    out.write_all(b"/")?;
    out.write_all(session_id)?;
    match ordinal {
        0 | 1 => Ok(()),
        _ => write!(out, "~{ordinal}"),
    }
}

/// The session id in what [`write_id`] writes.
pub fn session_id_of<'a>(id: &'a [u8], server: &[u8], ordinal: u32) -> &'a [u8] {
    let behind = match ordinal {
        0 | 1 => 0,
        _ => "~".len() + 1 + ordinal.ilog10() as usize,
    };
    let end = id.len().saturating_sub(behind);
    id.get(server.len() + "/".len()..end).unwrap_or_default()
}

/// Appends what [`write_id`] writes.
///
/// # Panics
///
/// Never: memory takes whatever is written.
pub fn append_id(id: &mut Vec<u8>, server: &[u8], session_id: &[u8], ordinal: u32) {
    write_id(id, server, session_id, ordinal).expect("memory takes whatever is written");
}

/// Returns what [`write_id`] writes.
pub fn to_id(server: &[u8], session_id: &[u8], ordinal: u32) -> Vec<u8> {
    let mut id = Vec::with_capacity(server.len() + "/".len() + session_id.len());
    append_id(&mut id, server, session_id, ordinal);
    id
}

impl Row {
    /// Returns the bytes of the line, its line end not counted.
    pub fn as_line<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start as usize..self.end as usize]
    }
}

impl<'a> Session<'a> {
    /// Returns the bytes of the row's line, its line end not counted.
    pub fn as_line(&self, row: &Row) -> &'a [u8] {
        row.as_line(self.text)
    }

    /// Returns the row's `data` field.
    pub fn as_data(&self, row: &Row) -> Field<'a> {
        Field(&self.text[row.data as usize..row.data_end as usize])
    }

    /// Returns the row's `context` field.
    pub fn as_context(&self, row: &Row) -> Field<'a> {
        Field(&self.text[row.context as usize..row.end as usize])
    }

    /// Splits the row into all of its fields.
    pub fn to_record(&self, row: &Row) -> Record<'a> {
        let Some(fields) = scan::head_fields(self.text, row.start as usize) else {
            return line::split(self.as_line(row));
        };
        let [time, connector, session_id, _, local, remote] = fields.map(|(start, end)| Field(&self.text[start..end]));
        let (data, context) = (self.as_data(row), self.as_context(row));
        Record { time, connector, session_id, sequence: row.sequence, local, remote, marker: row.marker, data, context }
    }

    /// Returns the row's time.
    pub fn time(&self, row: &Row) -> Option<Timestamp> {
        line::parse_time(self.as_line(row))
    }

    /// The first row.
    pub fn first(&self) -> &'a Row {
        &self.rows[0]
    }

    /// The last row.
    pub fn last(&self) -> &'a Row {
        &self.rows[self.rows.len() - 1]
    }

    /// Whether the connect row was read.
    pub fn is_opened(&self) -> bool {
        self.rows.iter().any(|row| row.marker == Marker::Connect)
    }

    /// Whether the disconnect row was read.
    pub fn is_closed(&self) -> bool {
        self.rows.iter().rev().any(|row| row.marker == Marker::Disconnect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quick way to a record agrees with the plain one.
    #[track_caller]
    fn check(line: &str) {
        let head = "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,";
        // The text's last bytes are read the plain way, so one has more behind the row.
        for text in [format!("{head}{line}"), format!("{head}{line}\r\n{}", "#".repeat(64))] {
            let scan::Scanned::Row(found) = scan::scan_plain(text.as_bytes(), 0).what else { panic!("{line}") };
            let row = Row {
                start: found.start,
                data: found.data,
                data_end: found.data_end,
                context: found.context,
                end: found.end,
                sequence: found.sequence,
                line: 1,
                file: FileId(0),
                marker: found.marker,
            };
            let rows = [row];
            let session =
                Session { text: text.as_bytes(), rows: &rows, ordinal: 1, position: Position(0), origin: OriginId(0) };
            assert_eq!(session.to_record(&row), line::split(session.as_line(&row)), "{text}");
        }
    }

    #[test]
    fn ids_are_taken_apart() {
        for server in [&b"EX01"[..], b"", b"a/b~2"] {
            for session_id in [&b"08DE2A1B3C4D5E6F"[..], b"", b"~/7"] {
                for ordinal in [0, 1, 2, 9, 10, 99, 100, u32::MAX] {
                    let id = to_id(server, session_id, ordinal);
                    assert_eq!(session_id_of(&id, server, ordinal), session_id, "{}", String::from_utf8_lossy(&id));
                }
            }
        }
        assert_eq!(session_id_of(b"", b"EX01", 2), b"");
    }

    #[test]
    fn records_are_split_alike() {
        check("0,192.0.2.5:25,198.51.100.7:4096,+,,");
        check("17,[2001:db8::7]:25,\"a, \"\"b\"\"\",<,\"EHLO a,b\",\"c, d\"");
        check("3,\"a\"b,,*,,\"no end");
        check("4,,,,None,Set Session Permissions");
        check("5,,,<,\"no end, no context");
    }
}
