//! The `#` lines: which kind of log this is and in which order its columns stand.
//!
//! In: directives as they come, also in mid-file. Out: the [`Schema`] in force.
//!
//! **Invariant**: columns are bound by the names in `#Fields`, never by position; what comes after
//! this stage sees the nine columns in the usual order.

use super::line::{Fields, N_COLUMNS};

/// The nine columns in their usual order.
pub const COLUMN_NAMES: [&str; N_COLUMNS] = [
    "date-time",
    "connector-id",
    "session-id",
    "sequence-number",
    "local-endpoint",
    "remote-endpoint",
    "event",
    "data",
    "context",
];

/// Columns without which no session can be rebuilt.
const NEEDED: [usize; 4] = [0, 2, 6, 7];

/// The kind of log that a header names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// SMTP receive protocol log.
    Receive,
    /// Any other, in its header's own words.
    Other(String),
}

/// The order of the columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The nine, in the usual order.
    Usual,
    /// Where each of the nine stands, of how many columns. A column that is absent reads as empty.
    Custom {
        /// For each of the nine its place in the row.
        places: [Option<usize>; N_COLUMNS],
        /// How many columns a row has.
        n_columns: usize,
    },
    /// A column that sessions need is not there.
    Lacks(&'static str),
}

/// What the header in force says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schema {
    /// The kind of log.
    pub kind: Kind,
    /// The order of its columns.
    pub order: Order,
}

impl Default for Schema {
    /// What is taken where there is no header: a receive log in the usual order.
    fn default() -> Self {
        Self { kind: Kind::Receive, order: Order::Usual }
    }
}

impl Schema {
    /// Whether its rows are rows of receive sessions.
    pub fn is_receive(&self) -> bool {
        self.kind == Kind::Receive && !matches!(self.order, Order::Lacks(_))
    }

    /// Whether its rows have to be put into the usual order first.
    pub fn is_custom(&self) -> bool {
        self.is_receive() && self.order != Order::Usual
    }

    /// Takes in a line that begins with `#`.
    ///
    /// Shape: `#Log-type: …` and `#Fields: …`, letter case ignored; any other is passed over. A
    /// spreadsheet's trailing commas are no part of it.
    /// Source: the header block of the protocol log.
    pub fn take_directive(&mut self, line: &[u8]) {
        let Some((name, value)) = split_directive(line) else { return };
        if name.eq_ignore_ascii_case(b"log-type") {
            self.kind = parse_kind(value);
        } else if name.eq_ignore_ascii_case(b"fields") {
            self.order = parse_order(value);
        }
    }

    /// Appends the row in the usual order of columns, line end not counted; a row of another width
    /// is appended as it is.
    pub fn append_usual(&self, line: &[u8], out: &mut Vec<u8>) {
        let Order::Custom { places, n_columns } = &self.order else {
            return out.extend_from_slice(line);
        };
        let spans: Vec<(usize, usize)> = Fields::new(line).collect();
        if spans.len() != *n_columns {
            return out.extend_from_slice(line);
        }
        for (column, place) in places.iter().enumerate() {
            if column > 0 {
                out.push(b',');
            }
            match place {
                Some(place) => out.extend_from_slice(&line[spans[*place].0..spans[*place].1]),
                None if column == 3 => out.push(b'0'),
                None => {}
            }
        }
    }
}

/// Splits `#Name: value`.
pub fn split_directive(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_prefix(b"#")?;
    let colon = memchr::memchr(b':', line)?;
    let end = line.iter().rposition(|byte| !b", \t\r".contains(byte)).map_or(0, |at| at + 1);
    Some((line[..colon].trim_ascii(), line[(colon + 1).min(end)..end].trim_ascii()))
}

/// How much of another log's kind is kept, in bytes: each chunk below it has a copy.
const MAX_KIND_BYTES: usize = 200;

fn parse_kind(value: &[u8]) -> Kind {
    if value.eq_ignore_ascii_case(b"SMTP Receive Protocol Log") {
        Kind::Receive
    } else {
        Kind::Other(String::from_utf8_lossy(&value[..value.len().min(MAX_KIND_BYTES)]).into_owned())
    }
}

fn parse_order(value: &[u8]) -> Order {
    let names: Vec<&[u8]> = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).collect();
    let place = |name: &str| names.iter().position(|have| have.eq_ignore_ascii_case(name.as_bytes()));
    let places = COLUMN_NAMES.map(place);
    if let Some(lacking) = NEEDED.iter().find(|&&column| places[column].is_none()) {
        return Order::Lacks(COLUMN_NAMES[*lacking]);
    }
    let is_usual = names.len() == N_COLUMNS && places.iter().enumerate().all(|(at, place)| *place == Some(at));
    if is_usual { Order::Usual } else { Order::Custom { places, n_columns: names.len() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(lines: &[&str]) -> Schema {
        let mut schema = Schema::default();
        for line in lines {
            schema.take_directive(line.as_bytes());
        }
        schema
    }

    #[test]
    fn ok_usual() {
        let usual = format!("#Fields: {}", COLUMN_NAMES.join(","));
        assert_eq!(schema(&["#Log-Type: smtp receive protocol log", &usual]), Schema::default());
        assert_eq!(schema(&["#Log-type: SMTP Receive Protocol Log,,,,", &format!("{usual},,")]), Schema::default());
    }

    #[test]
    fn ok_custom() {
        let custom = schema(&[
            "#Fields: session-id,date-time,event,extra,data,connector-id,sequence-number,local-endpoint,remote-endpoint,context",
        ]);
        assert!(custom.is_custom());
        let mut row = Vec::new();
        custom.append_usual(b"ID,T,<,x,\"a,b\",C,7,L,R,", &mut row);
        assert_eq!(row, b"T,C,ID,7,L,R,<,\"a,b\",");
    }

    #[test]
    fn odd_headers() {
        assert_eq!(schema(&["#Log-type: SMTP Send Protocol Log"]).kind, Kind::Other("SMTP Send Protocol Log".into()));
        let long = schema(&[&format!("#Log-type: {}", "x".repeat(1 << 20))]);
        assert_eq!(long.kind, Kind::Other("x".repeat(MAX_KIND_BYTES)));
        assert_eq!(schema(&["#Fields: date-time,data"]).order, Order::Lacks("session-id"));
        assert_eq!(schema(&["#", "#Fields", "#:", "# Remark"]), Schema::default());
    }
}
