//! What a file is, by its first lines.
//!
//! In: the beginning of a file's text. Out: an [`Identity`].
//!
//! **Invariant**: the header decides, then the shape of the rows; the file's name is never asked.

use crate::record::header::{Kind, Order, Schema, split_directive};
use crate::record::line::{BYTE_ORDER_MARK, lead_bytes, parse_record};
use crate::record::value::Timestamp;
use crate::record::{Marker, Record};

use super::packing::Packing;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// A receive protocol log.
    Receive {
        /// The header that it opens with.
        schema: Schema,
        /// The time of its first row.
        first_time: Option<Timestamp>,
    },
    /// Another log, in its header's own words.
    Other(String),
    /// A receive protocol log by its header, without a column that sessions need.
    Lacks(&'static str),
    /// A log or anything else in packed form.
    Packed(Packing),
    /// Text that is no log of this kind.
    Unknown,
    /// Nothing but white space.
    Empty,
}

/// Says what the file is that begins with `head`. Its last line may be cut.
pub(super) fn identify(head: &[u8]) -> Identity {
    if let Some(packing) = Packing::of(head) {
        return Identity::Packed(packing);
    }
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    if head.trim_ascii().is_empty() {
        return Identity::Empty;
    }
    let mut header = Header::default();
    let mut rows: Vec<&[u8]> = Vec::new();
    for line in head.split(|&byte| byte == b'\n').map(|line| line[lead_bytes(line)..].trim_ascii_end()) {
        if line.starts_with(b"#") {
            // Above a header there can stand the end of a torn line, or a remark; rows stand below it.
            if header.is_complete() || rows.iter().any(|row| parse_record(row).is_ok()) {
                break;
            }
            header.take(line);
        } else if !line.is_empty() {
            rows.push(line);
            // Rows below say nothing that the header and this one do not.
            if header.is_complete() && parse_record(&to_usual(&header.schema, line)).is_ok() {
                break;
            }
        }
    }
    judge(header, &rows)
}

/// Whether the text goes on in mid-line: its first line is neither a row nor a header's. A blank one
/// can be the rest of a line end.
pub(super) fn begins_torn(head: &[u8]) -> bool {
    let first = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = first[lead_bytes(first)..].trim_ascii_end();
    let is_text = !head.is_empty() && !head.starts_with(BYTE_ORDER_MARK) && Packing::of(head).is_none();
    is_text && !is_header_line(line) && parse_record(line).is_err()
}

/// Whether the line is one of those that Exchange begins a log with.
pub(super) fn is_header_line(line: &[u8]) -> bool {
    let names: [&[u8]; 5] = [b"software", b"version", b"log-type", b"date", b"fields"];
    split_directive(line).is_some_and(|(name, _)| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// What the header lines say that a file opens with.
#[derive(Default)]
struct Header<'a> {
    schema: Schema,
    has_kind: bool,
    has_fields: bool,
    software: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// Whether kind and columns are known.
    fn is_complete(&self) -> bool {
        self.has_kind && self.has_fields
    }

    fn take(&mut self, line: &'a [u8]) {
        self.schema.take_directive(line);
        let Some((name, value)) = split_directive(line) else { return };
        self.has_kind |= name.eq_ignore_ascii_case(b"log-type");
        self.has_fields |= name.eq_ignore_ascii_case(b"fields");
        if name.eq_ignore_ascii_case(b"software") {
            self.software = Some(value);
        }
    }

    /// A log whose header names no kind goes by the program that wrote it: IIS.
    fn to_other(&self) -> String {
        match self.software {
            Some(software) => format!("a log of {}", String::from_utf8_lossy(software)),
            None => "a log of other columns".into(),
        }
    }
}

fn judge(header: Header<'_>, rows: &[&[u8]]) -> Identity {
    let usual: Vec<Vec<u8>> = rows.iter().map(|row| to_usual(&header.schema, row)).collect();
    let records: Vec<Record<'_>> = usual.iter().filter_map(|row| parse_record(row).ok()).collect();
    match (&header.schema.kind, &header.schema.order) {
        (Kind::Other(kind), _) => return Identity::Other(kind.clone()),
        (Kind::Receive, Order::Lacks(column)) if header.has_kind => return Identity::Lacks(column),
        (Kind::Receive, Order::Lacks(_)) => return Identity::Other(header.to_other()),
        _ if header.has_kind => {}
        _ if records.iter().any(is_servers_reply_received) => return Identity::Other("SMTP Send Protocol Log".into()),
        _ if records.is_empty() && !header.has_fields => return Identity::Unknown,
        _ => {}
    }
    let first_time = records.first().and_then(|record| Timestamp::parse(record.time.as_inner()));
    Identity::Receive { schema: header.schema, first_time }
}

fn to_usual(schema: &Schema, row: &[u8]) -> Vec<u8> {
    let mut usual = Vec::new();
    schema.append_usual(row, &mut usual);
    usual
}

/// Whether the row shows that Exchange was the client: it received a banner.
fn is_servers_reply_received(record: &Record<'_>) -> bool {
    record.marker == Marker::Received && record.data.as_inner().starts_with(b"220 ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str =
        "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context";

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let said = match identify(text.as_bytes()) {
            Identity::Receive { first_time, .. } => format!("receive {}", first_time.is_some()),
            Identity::Other(kind) => format!("other {kind}"),
            Identity::Lacks(column) => format!("lacks {column}"),
            Identity::Packed(packing) => format!("packed {}", packing.name()),
            Identity::Unknown => "unknown".into(),
            Identity::Empty => "empty".into(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn ok_receive() {
        let row = "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:4096,+,,";
        check(
            &format!("\u{feff}#Software: x\r\n#Log-type: SMTP Receive Protocol Log\r\n{FIELDS}\r\n{row}\r\n"),
            "receive true",
        );
        check(&format!("#Log-Type: SMTP Receive Protocol Log\n{FIELDS}\n"), "receive false");
        check(&format!("torn row,,\n{row}\n"), "receive true");
        check(&format!("    {row}\n"), "receive true");
        check(&format!("oftware: x\n#Log-type: SMTP Receive Protocol Log\n{FIELDS}\n{row}\n"), "receive true");
        check(&format!("{}\n", row.replace('+', "")), "receive true");
    }

    #[test]
    fn torn_beginnings() {
        let row = "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:4096,+,,";
        let whole =
            [row.to_owned(), format!("    {row}\r\n#"), "#Date: 2026\n".into(), "\u{feff}a".into(), String::new()];
        for text in whole {
            assert!(!begins_torn(text.as_bytes()), "{text:?}");
        }
        assert!(!begins_torn(b"\x1f\x8b\x08\x00\n"));
        for text in [&row[1..], "\r\n#Software: x", "\n", "#12> SIZE=7,\r\n", "type: SMTP Receive Protocol Log\r\n"] {
            assert!(begins_torn(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn odd_kinds() {
        check("", "empty");
        check("\r\n  \n", "empty");
        check("hello\nworld\n", "unknown");
        check("PK\u{3}\u{4} whatever\n", "packed zip");
        check(&format!("#Log-type: SMTP Send Protocol Log\n{FIELDS}\n"), "other SMTP Send Protocol Log");
        check("#Fields: date time s-ip cs-method\n2026-11-23 08:00:00 192.0.2.5 GET\n", "other a log of other columns");
        check(
            "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip\n",
            "other a log of Microsoft Internet Information Services 10.0",
        );
        check("#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,data\n", "lacks session-id");
        check(
            "2026-11-23T08:29:00.104Z,Out,08DE2A1B3C4D5E6F,1,192.0.2.5:25,198.51.100.7:25,<,220 mx.example.com,\n",
            "other SMTP Send Protocol Log",
        );
    }
}
