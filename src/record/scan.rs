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

use super::line::{hash_bytes, parse_columns, parse_hex16};
use super::value::Timestamp;
use super::{Field, Malformed, Marker};

/// The length of `2026-11-23T08:29:00.104Z`.
const TIME_BYTES: usize = 24;
/// The length of `2026-11-23T08:29:`, the part that consecutive rows share.
const MINUTE_BYTES: usize = 17;
/// The length of a session id.
const ID_BYTES: usize = 16;

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
    /// What was noted of an earlier row of the same connector and session id, or [`NO_NOTE`].
    pub note: u32,
    /// Where the scanner remembers the session.
    place: u32,
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
#[derive(Clone, Debug)]
pub struct Scanner {
    /// Where a row's time stands whose date, hour and minute were checked.
    minute_at: Option<usize>,
    /// The length of the connector's field of the row before.
    connector_bytes: usize,
    /// Recent rows, by a hash of their session ids.
    recent: Vec<Recent>,
}

/// How many sessions are remembered: a power of two.
const N_RECENT: usize = 1 << RECENT_BITS;
const RECENT_BITS: u32 = 11;

/// What the rows of one session have in common.
///
/// Units: places in the chunk's text; empty spans where nothing is remembered.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    session_key: u64,
    /// Connector and session id, with the comma behind each.
    lead: (u32, u32),
    /// Both endpoints, with the comma behind each.
    endpoints: (u32, u32),
    /// What the caller noted of the session.
    note: u32,
}

/// Says that nothing was noted.
pub const NO_NOTE: u32 = u32::MAX;

/// Says that a row has no place among the recent ones.
const NO_PLACE: u32 = u32::MAX;

impl Default for Scanner {
    fn default() -> Self {
        Self { minute_at: None, connector_bytes: 0, recent: vec![Recent::default(); N_RECENT] }
    }
}

impl Scanner {
    /// Forgets everything: another text follows.
    pub fn clear(&mut self) {
        self.minute_at = None;
        self.connector_bytes = 0;
        self.recent.fill(Recent::default());
    }

    /// Reads the line that starts at `at`, which must be within the text.
    #[inline]
    pub fn scan(&mut self, text: &[u8], at: usize) -> Line {
        if let Some((head, end, next)) = self.scan_quick(text, at) {
            return Line { start: at, end, next, what: Scanned::Row(head) };
        }
        scan_plain(text, at)
    }

    /// Leaves a note that comes back with the next row of the same connector and session id, unless
    /// it was forgotten by then.
    #[inline]
    pub fn note(&mut self, head: &Head, note: u32) {
        if let Some(recent) = self.recent.get_mut(head.place as usize) {
            recent.note = note;
        }
    }

    /// Reads a row of the usual shape: its head, its end, the start of the next line.
    #[inline]
    fn scan_quick(&mut self, text: &[u8], at: usize) -> Option<(Head, usize, usize)> {
        self.check_time(text, at)?;
        let (place, lead_end) = self.lead(text, at + TIME_BYTES + 1)?;
        let (sequence, endpoints_at) = quick_sequence(text, lead_end)?;
        let recent = &mut self.recent[place as usize];
        let event_at = skip_endpoints(text, endpoints_at, recent)?;
        let [marker, b','] = *text.get(event_at..event_at + 2)? else { return None };
        let marker = Marker::parse(marker)?;
        let (data_end, context) = quick_data(text, event_at + 2)?;
        let (end, next) = quick_context(text, context)?;
        let head = Head {
            connector: (at + TIME_BYTES + 1, lead_end - ID_BYTES - 2),
            session_key: recent.session_key,
            sequence,
            marker,
            data: (event_at + 2, data_end),
            context,
            note: recent.note,
            place,
        };
        Some((head, end, next))
    }

    /// Checks that a time of 24 bytes and a comma stand at `at`.
    #[inline]
    fn check_time(&mut self, text: &[u8], at: usize) -> Option<()> {
        let time: &[u8; TIME_BYTES + 1] = text.get(at..=at + TIME_BYTES)?.try_into().ok()?;
        let is_known_minute =
            self.minute_at.is_some_and(|known| time[..MINUTE_BYTES] == text[known..known + MINUTE_BYTES]);
        if !(is_known_minute && is_second(time[MINUTE_BYTES..].try_into().ok()?)) {
            Timestamp::parse(&time[..TIME_BYTES])?;
            self.minute_at = Some(at);
        }
        (time[TIME_BYTES] == b',').then_some(())
    }

    /// Reads connector and session id, which start at `at`. Returns the place of what is remembered
    /// of the session, and where the sequence number starts.
    #[inline]
    fn lead(&mut self, text: &[u8], at: usize) -> Option<(u32, usize)> {
        let end = at + self.connector_bytes + ID_BYTES + 2;
        let lead = text.get(at..end)?;
        let place = place_of(lead);
        let recent = &self.recent[place as usize];
        if recent.lead.1 as usize == lead.len() && is_same(lead, text, recent.lead.0 as usize) {
            return Some((place, end));
        }
        self.learn(text, at)
    }

    /// Reads connector and session id that are not those of a session that is remembered, or not
    /// where they were expected.
    fn learn(&mut self, text: &[u8], at: usize) -> Option<(u32, usize)> {
        let comma = match text.get(at)? {
            b'"' => quoted_end(text, at)?,
            _ => at + memchr2(b',', b'\n', &text[at..])?,
        };
        if *text.get(comma)? != b',' {
            return None;
        }
        self.connector_bytes = comma - at;
        let lead = text.get(at..comma + ID_BYTES + 2)?;
        let (place, end) = (place_of(lead), at + lead.len());
        let recent = &mut self.recent[place as usize];
        if recent.lead.1 as usize == lead.len() && is_same(lead, text, recent.lead.0 as usize) {
            return Some((place, end));
        }
        let session_key = parse_hex16(&text[comma + 1..end - 1])?;
        if text[end - 1] != b',' {
            return None;
        }
        let lead = (u32::try_from(at).ok()?, u32::try_from(lead.len()).ok()?);
        *recent = Recent { session_key, lead, endpoints: (0, 0), note: NO_NOTE };
        Some((place, end))
    }
}

/// Where a session is remembered: by the last eight digits of its id, which count up.
#[inline]
fn place_of(lead: &[u8]) -> u32 {
    let digits = lead.len().checked_sub(9).and_then(|at| lead[at..at + 8].try_into().ok());
    let mixed = digits.map_or(0, u64::from_le_bytes).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    u32::try_from(mixed >> (64 - RECENT_BITS)).unwrap_or(0)
}

/// Whether the same bytes stand at `at` of the text, which has been read that far.
#[inline]
fn is_same(bytes: &[u8], text: &[u8], at: usize) -> bool {
    bytes == &text[at..at + bytes.len()]
}

/// Whether the bytes are `00.104Z,`, read as one number: each digit must be one, all else equal.
#[inline]
fn is_second(bytes: [u8; 8]) -> bool {
    const SHAPE: u64 = u64::from_le_bytes(*b"00.000Z,");
    // A digit is 0 to 9 after the shape is taken off, so that adding 6 reaches no higher nibble;
    // the first digit of a second is 0 to 5. Where no digit stands, nothing may be left at all.
    const ROOM: u64 = u64::from_le_bytes([10, 6, 0, 6, 6, 6, 0, 0]);
    const REST: u64 = u64::from_le_bytes([0xf0, 0xf0, 0xff, 0xf0, 0xf0, 0xf0, 0xff, 0xff]);
    let left = u64::from_le_bytes(bytes) ^ SHAPE;
    // No byte of `left` that is within its nibble can carry into the next.
    left & REST == 0 && (left + ROOM) & REST == 0
}

/// Returns where the event column starts.
#[inline]
fn skip_endpoints(text: &[u8], at: usize, recent: &mut Recent) -> Option<usize> {
    let (known, length) = (recent.endpoints.0 as usize, recent.endpoints.1 as usize);
    if length > 0 && is_same(text.get(at..at + length)?, text, known) {
        return Some(at + length);
    }
    let remote_at = plain_field(text, at)?;
    let event_at = plain_field(text, remote_at)?;
    recent.endpoints = (u32::try_from(at).ok()?, u32::try_from(event_at - at).ok()?);
    Some(event_at)
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

/// Reads `digits,` and returns the number and what comes after.
#[inline]
fn quick_sequence(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let mut value = 0_u32;
    for (count, byte) in text.get(at..at + 10)?.iter().enumerate() {
        match byte {
            // Nine digits fit into 32 bits, so nothing can overflow before the slice ends.
            b'0'..=b'9' if count < 9 => value = value * 10 + u32::from(byte - b'0'),
            b',' if count > 0 => return Some((value, at + count + 1)),
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
        b'"' => quoted_end(text, at)?,
        _ => at + memchr2(b',', b'\n', &text[at..])?,
    };
    (*text.get(end)? == b',').then_some((end, end + 1))
}

/// Returns the place after the closing quote of the field that opens at `at`; none where the line
/// ends before it closes.
#[inline]
fn quoted_end(text: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let stop = from + memchr2(b'"', b'\n', text.get(from..)?)?;
        match (text[stop], text.get(stop + 1)) {
            (b'\n', _) => return None,
            (_, Some(b'"')) => from = stop + 2,
            _ => return Some(stop + 1),
        }
    }
}

/// Returns the end of the line whose last field starts at `at`, and where the next line starts.
#[inline]
fn quick_context(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let stop = match text.get(at..at + 2)? {
        b"\r\n" => return Some((at, at + 2)),
        // What follows the closing quote must be the line's end, or the plain reading has the word.
        [b'"', _] => quoted_end(text, at)?,
        _ => at + memchr2(b',', b'\n', &text[at..])?,
    };
    match text.get(stop..stop + 2)? {
        b"\r\n" => Some((stop, stop + 2)),
        [b'\n', _] => Some((trim_return(text, at, stop), stop + 1)),
        _ => None,
    }
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
        note: NO_NOTE,
        place: NO_PLACE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain reading knows nothing of other rows.
    fn forgetful(line: Line) -> Line {
        match line.what {
            Scanned::Row(head) => Line { what: Scanned::Row(Head { note: NO_NOTE, place: NO_PLACE, ..head }), ..line },
            _ => line,
        }
    }

    /// Reads the text both ways and demands the same of every line.
    fn check_agreement(text: &[u8]) {
        let mut scanner = Scanner::default();
        let mut at = 0;
        while at < text.len() {
            let quick = forgetful(scanner.scan(text, at));
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
