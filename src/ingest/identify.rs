//! What a file is, by its first lines.
//!
//! In: the beginning of a file's text. Out: an [`Identity`].
//!
//! **Invariant**: the header decides, then the shape of the rows; the file's name is never asked.

use crate::record::header::{BYTE_ORDER_MARK, Kind, Order, Schema};
use crate::record::line::parse_record;
use crate::record::value::Timestamp;
use crate::record::{Marker, Record};

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
    /// Text that is no log of this kind.
    Unknown,
    /// Nothing but white space.
    Empty,
}

/// Says what the file is that begins with `head`. Its last line may be cut.
pub(super) fn identify(head: &[u8]) -> Identity {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    if head.trim_ascii().is_empty() {
        return Identity::Empty;
    }
    let mut schema = Schema::default();
    let mut has_kind = false;
    let mut has_fields = false;
    let mut rows = Vec::new();
    for line in head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end) {
        if line.starts_with(b"#") {
            let had_rows = !rows.is_empty();
            let is_settled = has_kind && has_fields;
            if had_rows || is_settled {
                break;
            }
            let name = line[1..].to_ascii_lowercase();
            has_kind |= name.starts_with(b"log-type:");
            has_fields |= name.starts_with(b"fields:");
            schema.take_directive(line);
        } else if !line.is_empty() {
            rows.push(line);
        }
    }
    judge(schema, has_kind, has_fields, &rows)
}

fn judge(schema: Schema, has_kind: bool, has_fields: bool, rows: &[&[u8]]) -> Identity {
    let usual: Vec<Vec<u8>> = rows.iter().map(|row| to_usual(&schema, row)).collect();
    let records: Vec<Record<'_>> = usual.iter().filter_map(|row| parse_record(row).ok()).collect();
    match (&schema.kind, &schema.order) {
        (Kind::Other(kind), _) => return Identity::Other(kind.clone()),
        (Kind::Receive, Order::Lacks(column)) if has_kind => return Identity::Lacks(column),
        (Kind::Receive, Order::Lacks(_)) => return Identity::Other(other_by_columns()),
        _ if has_kind => {}
        _ if records.iter().any(is_servers_reply_received) => return Identity::Other("SMTP Send Protocol Log".into()),
        _ if records.is_empty() && !has_fields => return Identity::Unknown,
        _ => {}
    }
    let first_time = records.first().and_then(|record| Timestamp::parse(record.time.as_inner()));
    Identity::Receive { schema, first_time }
}

fn to_usual(schema: &Schema, row: &[u8]) -> Vec<u8> {
    let mut usual = Vec::new();
    schema.append_usual(row, &mut usual);
    usual
}

fn other_by_columns() -> String {
    "a log of other columns".into()
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
    }

    #[test]
    fn odd_kinds() {
        check("", "empty");
        check("\r\n  \n", "empty");
        check("hello\nworld\n", "unknown");
        check(&format!("#Log-type: SMTP Send Protocol Log\n{FIELDS}\n"), "other SMTP Send Protocol Log");
        check("#Fields: date time s-ip cs-method\n2026-11-23 08:00:00 192.0.2.5 GET\n", "other a log of other columns");
        check("#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,data\n", "lacks session-id");
        check(
            "2026-11-23T08:29:00.104Z,Out,08DE2A1B3C4D5E6F,1,192.0.2.5:25,198.51.100.7:25,<,220 mx.example.com,\n",
            "other SMTP Send Protocol Log",
        );
    }
}
