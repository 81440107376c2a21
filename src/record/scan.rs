//! The quick reading of rows, one after the other.
//!
//! In: a chunk's text and the place where a line starts. Out: a [`Scanned`] line and the place of
//! the next. Rows of one log repeat themselves: the minute, the connector and the endpoints of a
//! row are mostly those of a row before, so they are compared, not parsed. Whatever looks unusual
//! goes to the plain reading of [`line`](super::line).
//!
//! **Invariant**: says of every line what [`parse_columns`] says of it.
//!
//! What must change together: the column order here, [`parse_columns`] and
//! [`COLUMN_NAMES`](super::header::COLUMN_NAMES).

use memchr::{memchr, memchr2};

use super::line::{field_end, hash_bytes, parse_columns, parse_hex16};
use super::value::Timestamp;
use super::{Field, Malformed, Marker};

/// The length of `2026-11-23T08:29:00.104Z`.
const TIME_BYTES: usize = 24;
/// The length of `2026-11-23T08:29:`, the part that consecutive rows share.
const MINUTE_BYTES: usize = 17;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// A row.
    Row(Head),
    /// A line that begins with `#`.
    Directive,
    /// An empty line.
    Blank,
    /// No row.
    Malformed(Malformed),
}

/// What grouping needs of a row, and where its payload lies.
///
/// Units: offsets count bytes from the start of the chunk's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The connector's field, quotes included: start and end.
    pub connector: (usize, usize),
    /// The session id as a number.
    pub session_key: u64,
    /// The sequence number.
    pub sequence: u32,
    /// The event.
    pub marker: Marker,
    /// The data field: start and end.
    pub data: (usize, usize),
    /// Where the context field starts; it reaches to the line's end.
    pub context: usize,
}

/// One line: what it is and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it starts, a byte order mark passed over.
    pub start: usize,
    /// Where it ends, its line end not counted.
    pub end: usize,
    /// Where the next one starts.
    pub next: usize,
    /// What it is.
    pub what: Scanned,
}

/// Remembers of the rows before what the next ones are likely to repeat.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    /// Where a row's time stands whose date, hour and minute were checked.
    minute_at: Option<usize>,
    /// The connector's field of the row before.
    connector: (usize, usize),
    /// Both endpoint fields of some recent rows, by the low bits of the session id, commas included.
    endpoints: Endpoints,
}

/// How many sessions' endpoints are remembered: a power of two.
const N_ENDPOINTS: usize = 64;

#[derive(Clone, Debug)]
struct Endpoints([(u32, u32); N_ENDPOINTS]);

impl Default for Endpoints {
    fn default() -> Self {
        Self([(0, 0); N_ENDPOINTS])
    }
}

impl Scanner {
    /// Reads the line that starts at `at`, which must be within the text.
    pub fn scan(&mut self, text: &[u8], at: usize) -> Line {
        if let Some((head, end, next)) = self.scan_quick(text, at) {
            return Line { start: at, end, next, what: Scanned::Row(head) };
        }
        scan_plain(text, at)
    }

    /// Reads a row of the usual shape: its head, its end, the start of the next line.
    #[inline]
    fn scan_quick(&mut self, text: &[u8], at: usize) -> Option<(Head, usize, usize)> {
        self.check_time(text, at)?;
        let connector = self.connector(text, at + TIME_BYTES + 1)?;
        let id_at = connector.1 + 1;
        let session_key = parse_hex16(text.get(id_at..id_at + 16)?)?;
        let (sequence, endpoints_at) = quick_sequence(text, id_at + 16)?;
        let event_at = self.skip_endpoints(text, endpoints_at, session_key)?;
        let [marker, b','] = *text.get(event_at..event_at + 2)? else { return None };
        let marker = Marker::parse(marker)?;
        let (data_end, context) = quick_data(text, event_at + 2)?;
        let (end, next) = quick_context(text, context)?;
        self.connector = connector;
        Some((Head { connector, session_key, sequence, marker, data: (event_at + 2, data_end), context }, end, next))
    }

    /// Checks that a time of 24 bytes and a comma stand at `at`.
    #[inline]
    fn check_time(&mut self, text: &[u8], at: usize) -> Option<()> {
        let time = text.get(at..=at + TIME_BYTES)?;
        if time[TIME_BYTES] != b',' {
            return None;
        }
        let is_known_minute =
            self.minute_at.is_some_and(|known| time[..MINUTE_BYTES] == text[known..known + MINUTE_BYTES]);
        let is_digit = |place: usize| time[place].is_ascii_digit();
        let is_second = matches!(time[17], b'0'..=b'5') && is_digit(18);
        let is_fraction = time[19] == b'.' && is_digit(20) && is_digit(21) && is_digit(22) && time[23] == b'Z';
        if !(is_known_minute && is_second && is_fraction) {
            Timestamp::parse(&time[..TIME_BYTES])?;
            self.minute_at = Some(at);
        }
        Some(())
    }

    /// Returns the connector field that starts at `at`: the same as in the row before, or searched.
    #[inline]
    fn connector(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let (start, end) = self.connector;
        if end > start && text.get(at..=at + (end - start))? == &text[start..=end] {
            return Some((at, at + (end - start)));
        }
        if *text.get(at)? == b'"' {
            return None;
        }
        let comma = at + memchr2(b',', b'\n', &text[at..])?;
        (text[comma] == b',').then_some((at, comma))
    }

    /// Returns where the event column starts.
    #[inline]
    fn skip_endpoints(&mut self, text: &[u8], at: usize, session_key: u64) -> Option<usize> {
        let slot = &mut self.endpoints.0[session_key.to_le_bytes()[0] as usize % N_ENDPOINTS];
        let (known, length) = (slot.0 as usize, slot.1 as usize);
        if length > 0 && text.get(at..at + length)? == &text[known..known + length] {
            return Some(at + length);
        }
        let remote_at = plain_field(text, at)?;
        let event_at = plain_field(text, remote_at)?;
        *slot = (u32::try_from(at).ok()?, u32::try_from(event_at - at).ok()?);
        Some(event_at)
    }
}

/// Passes over an unquoted field and its comma.
#[inline]
fn plain_field(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) == Some(&b'"') {
        return None;
    }
    let end = at + memchr2(b',', b'\n', &text[at..])?;
    (text[end] == b',').then_some(end + 1)
}

/// Reads `,digits,` and returns the number and what comes after.
#[inline]
fn quick_sequence(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let digits = text.get(at..at + 11)?;
    if digits[0] != b',' {
        return None;
    }
    let mut value = 0_u32;
    for (count, byte) in digits[1..].iter().enumerate() {
        match byte {
            // Nine digits fit into 32 bits, so nothing can overflow before the slice ends.
            b'0'..=b'9' if count < 9 => value = value * 10 + u32::from(byte - b'0'),
            b',' if count > 0 => return Some((value, at + count + 2)),
            _ => return None,
        }
    }
    None
}

/// Returns the end of the data field that starts at `at`, and where the context starts.
#[inline]
fn quick_data(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let end = match text.get(at)? {
        b',' => at,
        b'"' => {
            let line_end = at + memchr(b'\n', &text[at..])?;
            at + field_end(&text[at..line_end], 0)
        }
        _ => at + memchr2(b',', b'\n', &text[at..])?,
    };
    (text[end] == b',').then_some((end, end + 1))
}

/// Returns the end of the line whose last field starts at `at`, and where the next line starts.
#[inline]
fn quick_context(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let line_end = match text.get(at..at + 2)? {
        b"\r\n" => return Some((at, at + 2)),
        [b'"', _] => {
            let line_end = at + memchr(b'\n', &text[at..])?;
            let end = trim_return(text, at, line_end);
            // A comma after the closing quote would be a tenth column.
            if at + field_end(&text[at..end], 0) != end {
                return None;
            }
            line_end
        }
        _ => at + memchr2(b',', b'\n', &text[at..])?,
    };
    (text[line_end] == b'\n').then(|| (trim_return(text, at, line_end), line_end + 1))
}

#[inline]
fn trim_return(text: &[u8], start: usize, end: usize) -> usize {
    if end > start && text[end - 1] == b'\r' { end - 1 } else { end }
}

/// Reads a line by the plain rules.
pub fn scan_plain(text: &[u8], at: usize) -> Line {
    let (line_end, next) = match memchr(b'\n', &text[at..]) {
        Some(length) => (at + length, at + length + 1),
        None => (text.len(), text.len()),
    };
    let end = trim_return(text, at, line_end);
    let start = at
        + super::header::BYTE_ORDER_MARK.len() * usize::from(text[at..end].starts_with(super::header::BYTE_ORDER_MARK));
    let line = &text[start..end];
    let what = match line {
        [b'#', ..] => Scanned::Directive,
        line if line.trim_ascii().is_empty() => Scanned::Blank,
        line => scan_columns(line, start),
    };
    Line { start, end, next, what }
}

fn scan_columns(line: &[u8], start: usize) -> Scanned {
    let columns = match parse_columns(line) {
        Ok(columns) => columns,
        Err(reason) => return Scanned::Malformed(reason),
    };
    let spans = columns.spans;
    let id = Field(&line[spans[2].0..spans[2].1]).as_inner();
    Scanned::Row(Head {
        connector: (start + spans[1].0, start + spans[1].1),
        session_key: parse_hex16(id).unwrap_or_else(|| hash_bytes(id)),
        sequence: columns.sequence,
        marker: columns.marker,
        data: (start + spans[7].0, start + spans[7].1),
        context: start + spans[8].0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads the text both ways and demands the same of every line.
    fn check_agreement(text: &[u8]) {
        let mut scanner = Scanner::default();
        let mut at = 0;
        while at < text.len() {
            let quick = scanner.scan(text, at);
            assert_eq!(quick, scan_plain(text, at), "at {at} of {:?}", String::from_utf8_lossy(text));
            assert!(quick.next > at);
            at = quick.next;
        }
    }

    fn field() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[ -~]{0,12}".prop_map(|text| text.replace([',', '"'], "")),
            2 => "[a,\" ]{0,8}".prop_map(|text| format!("\"{}\"", text.replace('"', "\"\""))),
            1 => "[a-c\",\r]{0,6}",
        ]
    }

    fn line() -> impl Strategy<Value = String> {
        let time = prop_oneof![
            8 => Just("2026-11-23T08:29:00.104Z".to_owned()),
            4 => (0..70_u8, 0..1000_u16).prop_map(|(s, ms)| format!("2026-11-23T08:29:{s:02}.{ms:03}Z")),
            1 => Just("2026-11-23T08:29:00Z".to_owned()),
            1 => Just("2026-02-30T08:29:00.104Z".to_owned()),
        ];
        let id = prop_oneof![8 => Just("08DE2A1B3C4D5E6F".to_owned()), 4 => Just("08DE2A1B3C4D5E70".to_owned()), 1 => "[0-9a-zA-Z]{0,17}"];
        let endpoint =
            prop_oneof![8 => Just("192.0.2.5:587".to_owned()), 4 => Just("[2001:db8::7]:25".to_owned()), 1 => field()];
        let event = prop_oneof![8 => "[+<>*-]", 1 => field()];
        let row = (
            time,
            prop_oneof![4 => Just("EX01\\Default".to_owned()), 1 => field()],
            id,
            "[0-9]{1,11}",
            endpoint.clone(),
            endpoint,
            event,
            field(),
            prop_oneof![3 => Just(String::new()), 1 => field()],
        )
            .prop_map(|(a, b, c, d, e, f, g, h, i)| format!("{a},{b},{c},{d},{e},{f},{g},{h},{i}"))
            .boxed();
        prop_oneof![
            20 => row.clone(),
            1 => (row, "[,a\"]{0,3}").prop_map(|(row, tail)| row + &tail),
            1 => Just(String::new()),
            1 => Just("#Date: 2026-11-23".to_owned()),
            1 => Just("\u{feff}#Software: x".to_owned()),
            1 => "[ -~]{0,40}",
        ]
    }

    proptest! {
        #[test]
        fn quick_agrees_with_plain(lines in prop::collection::vec((line(), prop_oneof![4 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r\r\n")]), 0..30), cut in 0..40_usize) {
            let text: String = lines.iter().flat_map(|(line, end)| [line.as_str(), *end]).collect();
            check_agreement(text.as_bytes());
            check_agreement(&text.as_bytes()[..text.len().saturating_sub(cut)]);
        }

        #[test]
        fn any_bytes_are_read(text in prop::collection::vec(any::<u8>(), 0..400)) {
            check_agreement(&text);
        }
    }
}
