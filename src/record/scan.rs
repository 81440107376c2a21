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

use memchr::memchr;
use wide::u8x16;

use super::line::{TIME_BYTES, hash_bytes, lead_bytes, parse_columns, parse_hex16};
use super::value::{Shape, Timestamp};
use super::{Field, Malformed, Marker};

/// The length of `2026-11-23T08:29`, the part that consecutive rows share.
const MINUTE_BYTES: usize = 16;
/// What is taken for the minute before any was read: as good as any that was checked.
const SOME_MINUTE: &[u8; MINUTE_BYTES] = b"2000-01-01T00:00";
/// What stands behind the minute.
const SECOND: Shape = Shape::new(*b":59.999Z");
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

/// What grouping needs of a row, and where its parts lie.
///
/// Units: offsets count bytes from the start of the chunk's text, which is shorter than 4 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Where the line starts, a byte order mark and blanks passed over.
    pub start: u32,
    /// The connector's field, quotes included: start and end.
    pub connector: (u32, u32),
    /// Where the data field starts.
    pub data: u32,
    /// Where the data field ends.
    pub data_end: u32,
    /// Where the context field starts; it reaches to `end`.
    pub context: u32,
    /// Where the line ends, its line end not counted.
    pub end: u32,
    /// Where the next line starts.
    pub next: u32,
    /// The sequence number.
    pub sequence: u32,
    /// The session id as a number.
    pub session_key: u64,
    /// The event.
    pub marker: Marker,
    /// What was noted of an earlier row of the same connector and session id, or [`NO_NOTE`].
    pub note: u32,
    /// Where the scanner remembers the session.
    place: u32,
}

/// One line: what it is and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it starts, a byte order mark and blanks passed over.
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
    /// Date, hour and minute of a row whose time was checked.
    minute: [u8; MINUTE_BYTES],
    /// Recent rows, by a hash of their session ids.
    recent: Box<[Recent; N_RECENT]>,
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
    /// Connector and session id, with the comma behind each: start and length.
    lead: (u32, u32),
    /// Both endpoints, with the comma behind each: start and length.
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
        Self {
            minute: *SOME_MINUTE,
            recent: vec![Recent::default(); N_RECENT].try_into().expect("as many as were made"),
        }
    }
}

impl Scanner {
    /// Forgets everything: another text follows.
    pub fn clear(&mut self) {
        self.minute = *SOME_MINUTE;
        self.recent.fill(Recent::default());
    }

    /// Reads the line that starts at `at`, which must be within the text.
    #[inline]
    pub fn scan(&mut self, text: &[u8], at: usize) -> Line {
        match self.scan_row(text, at) {
            Some(head) => {
                Line { start: at, end: head.end as usize, next: head.next as usize, what: Scanned::Row(head) }
            }
            None => scan_plain(text, at),
        }
    }

    /// Leaves a note that comes back with the next row of the same connector and session id, unless
    /// it was forgotten by then.
    #[inline]
    pub fn note(&mut self, head: &Head, note: u32) {
        if let Some(recent) = self.recent.get_mut(head.place as usize) {
            recent.note = note;
        }
    }

    /// Reads the line that starts at `at` where it is a row of the usual shape. `None` says nothing
    /// of the line but that [`scan_plain`] has to read it.
    #[inline]
    pub fn scan_row(&mut self, text: &[u8], at: usize) -> Option<Head> {
        self.check_time(text.get(at..)?.first_chunk()?)?;
        let connector = at + TIME_BYTES + 1;
        let connector_end = connector_end(text, connector)?;
        let place = self.session(text, connector, connector_end)?;
        let (sequence, endpoints_at) = quick_sequence(text, connector_end + ID_BYTES + 2)?;
        let event_at = self.skip_endpoints(text, endpoints_at, place)?;
        let [marker, b',', ..] = *text.get(event_at..)?.first_chunk::<3>()? else { return None };
        let marker = Marker::parse(marker)?;
        let data = event_at + 2;
        let data_end = field_end(text, data)?;
        let context = data_end + 1;
        let (end, next) = match *text.get(data_end..)?.first_chunk()? {
            [b',', b'\r', b'\n'] => (context, context + 2),
            [b',', ..] => context_end(text, context)?,
            _ => return None,
        };
        let recent = &self.recent[place];
        Some(Head {
            start: narrow(at),
            connector: (narrow(connector), narrow(connector_end)),
            data: narrow(data),
            data_end: narrow(data_end),
            context: narrow(context),
            end: narrow(end),
            next: narrow(next),
            sequence,
            session_key: recent.session_key,
            marker,
            note: recent.note,
            place: narrow(place),
        })
    }

    /// Checks a time of 24 bytes and the comma behind it.
    #[inline]
    fn check_time(&mut self, time: &[u8; TIME_BYTES + 1]) -> Option<()> {
        let (minute, [second @ .., b',']) = time.split_first_chunk()? else { return None };
        if *minute == self.minute && SECOND.digits_of(second.try_into().ok()?).is_some() {
            return Some(());
        }
        self.check_unknown_time(time)
    }

    #[cold]
    fn check_unknown_time(&mut self, time: &[u8; TIME_BYTES + 1]) -> Option<()> {
        Timestamp::parse(&time[..TIME_BYTES])?;
        self.minute.copy_from_slice(&time[..MINUTE_BYTES]);
        Some(())
    }

    /// Returns the place of what is remembered of the session whose connector and id stand there.
    #[inline]
    fn session(&mut self, text: &[u8], connector: usize, connector_end: usize) -> Option<usize> {
        let lead = text.get(connector..connector_end + ID_BYTES + 2)?;
        let place = place_of(lead);
        let recent = &self.recent[place];
        let known = recent.lead.0 as usize;
        if recent.lead.1 as usize == lead.len() && text.get(known..known + lead.len()) == Some(lead) {
            return Some(place);
        }
        self.learn_session(lead, connector, place)
    }

    fn learn_session(&mut self, lead: &[u8], at: usize, place: usize) -> Option<usize> {
        let (connector, id) = lead.split_at(lead.len().checked_sub(ID_BYTES + 2)?);
        if connector.contains(&b'\n') {
            return None;
        }
        let [b',', digits @ .., b','] = id else { return None };
        let session_key = parse_hex16(digits)?;
        let lead = (narrow(at), narrow(connector.len() + id.len()));
        self.recent[place] = Recent { session_key, lead, endpoints: (0, 0), note: NO_NOTE };
        Some(place)
    }

    /// Returns where the event column starts.
    #[inline]
    fn skip_endpoints(&mut self, text: &[u8], at: usize, place: usize) -> Option<usize> {
        let (known, length) = self.recent[place].endpoints;
        let (known, length) = (known as usize, length as usize);
        if length > 0 && text.get(at..at + length)? == text.get(known..known + length)? {
            return Some(at + length);
        }
        self.learn_endpoints(text, at, place)
    }

    fn learn_endpoints(&mut self, text: &[u8], at: usize, place: usize) -> Option<usize> {
        let remote_at = plain_field(text, at)?;
        let event_at = plain_field(text, remote_at)?;
        self.recent[place].endpoints = (narrow(at), narrow(event_at - at));
        Some(event_at)
    }
}

/// Returns where the field that starts at `at` ends: at a comma or at a line's end.
#[inline]
fn field_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => quoted_end(text, at),
        _ => find_either(text, at, COMMA),
    }
}

/// Returns where the connector's field that starts at `at` ends: at a comma. Whether its line goes on so far
/// is seen where the connector is learned.
#[inline]
fn connector_end(text: &[u8], at: usize) -> Option<usize> {
    let window: &[u8; 2 * STEP_BYTES] = text.get(at..)?.first_chunk()?;
    let commas = commas_in(window.first_chunk()?) | commas_in(window.last_chunk()?) << STEP_BYTES;
    match commas {
        0 => field_end(text, at),
        _ if window[0] == b'"' => quoted_end(text, at),
        _ => Some(at + commas.trailing_zeros() as usize),
    }
}

/// Returns a bit for each of the bytes, the first one's lowest: whether it is a comma.
#[inline]
fn commas_in(window: &[u8; STEP_BYTES]) -> u32 {
    u8x16::new(*window).cmp_eq(u8x16::splat(b',')).move_mask().cast_unsigned()
}

/// How many fields stand before the event.
pub(crate) const N_HEAD_FIELDS: usize = 6;

/// Returns start and end of each field before the event of the row that starts at `at`. `None` says
/// nothing but that [`split`](super::line::split) has to read it.
///
/// What must change together: it trusts that a row stands there, which [`Scanner::scan_row`] or
/// [`scan_plain`] has said.
pub(crate) fn head_fields(text: &[u8], at: usize) -> Option<[(usize, usize); N_HEAD_FIELDS]> {
    let mut fields = [(at, at); N_HEAD_FIELDS];
    let mut start = at;
    for field in &mut fields {
        let end = field_end(text, start).filter(|end| text[*end] == b',')?;
        *field = (start, end);
        start = end + 1;
    }
    Some(fields)
}

/// Passes over an unquoted field and its comma.
fn plain_field(text: &[u8], at: usize) -> Option<usize> {
    let end = field_end(text, at).filter(|_| text[at] != b'"')?;
    (text[end] == b',').then_some(end + 1)
}

/// Returns the place after the closing quote of the field that opens at `at`; none where the
/// line ends before it closes.
#[inline]
fn quoted_end(text: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let stop = find_either(text, from, QUOTE)?;
        match *text.get(stop..)?.first_chunk()? {
            [b'\n', _] => return None,
            [_, b'"'] => from = stop + 2,
            _ => return Some(stop + 1),
        }
    }
}

/// Returns the end of the line whose context starts at `at`, and where the next line starts.
#[inline]
fn context_end(text: &[u8], at: usize) -> Option<(usize, usize)> {
    // What follows a closing quote must be the line's end, or the plain reading has the word.
    let stop = field_end(text, at)?;
    match *text.get(stop..)?.first_chunk()? {
        [b'\r', b'\n'] => Some((stop, stop + 2)),
        [b'\n', _] => Some((trim_return(text, at, stop), stop + 1)),
        _ => None,
    }
}

/// Returns the place of the first of two bytes that stands at or behind `at`; `None` also where the
/// text's last bytes, fewer than [`STEP_BYTES`], may hold it.
///
/// Most fields are a few bytes long, and for these the searches of `memchr` take more time to
/// begin than to search.
#[inline]
fn find_either(text: &[u8], mut at: usize, bytes: [u8; 2]) -> Option<usize> {
    loop {
        let stops = stops_in(text.get(at..)?.first_chunk()?, bytes);
        if stops != 0 {
            return Some(at + stops.trailing_zeros() as usize);
        }
        at += STEP_BYTES;
    }
}

/// How many bytes are looked at in one step.
const STEP_BYTES: usize = 16;

/// Returns a bit for each of the bytes, the first one's lowest: whether it is one of the two.
#[inline]
fn stops_in(window: &[u8; STEP_BYTES], [one, other]: [u8; 2]) -> u32 {
    let window = u8x16::new(*window);
    (window.cmp_eq(u8x16::splat(one)) | window.cmp_eq(u8x16::splat(other))).move_mask().cast_unsigned()
}

/// The end of a field or of the line.
const COMMA: [u8; 2] = *b",\n";
/// A quote, or the end of the line.
const QUOTE: [u8; 2] = *b"\"\n";

/// Where a session is remembered: by the last eight digits of its id, which count up.
#[inline]
fn place_of(lead: &[u8]) -> usize {
    let digits = lead.len().checked_sub(9).and_then(|at| lead[at..].first_chunk().copied());
    let mixed = digits.map_or(0, u64::from_le_bytes).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> (64 - RECENT_BITS)).unwrap_or(0)
}

/// An offset as it is kept: a chunk is shorter than 4 GiB, see
/// [`MAX_CHUNK_BYTES`](crate::source::MAX_CHUNK_BYTES).
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "assembling refuses a text whose offsets have more than 32 bits")]
fn narrow(offset: usize) -> u32 {
    offset as u32
}

/// Reads `digits,` and returns the number and what comes after.
#[inline]
fn quick_sequence(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let digits: &[u8; 10] = text.get(at..)?.first_chunk()?;
    let digit = |at: usize| u32::from(digits[at].wrapping_sub(b'0'));
    // Most have one or two digits.
    match digits {
        [_, b',', ..] if digit(0) <= 9 => return Some((digit(0), at + 2)),
        [_, _, b',', ..] if digit(0) <= 9 && digit(1) <= 9 => return Some((digit(0) * 10 + digit(1), at + 3)),
        _ => {}
    }
    let mut value = 0_u32;
    for (count, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (byte == b',' && count > 0).then_some((value, at + count + 1));
        }
        // Nine digits fit into 32 bits; a tenth is never used, for the slice ends with it.
        value = value.wrapping_mul(10).wrapping_add(u32::from(digit));
    }
    None
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
    let start = at + lead_bytes(&text[at..end]);
    let line = &text[start..end];
    let what = match line {
        [b'#', ..] => Scanned::Directive,
        line if line.trim_ascii().is_empty() => Scanned::Blank,
        line => scan_columns(line, start, next),
    };
    Line { start, end, next, what }
}

fn scan_columns(line: &[u8], start: usize, next: usize) -> Scanned {
    let columns = match parse_columns(line) {
        Ok(columns) => columns,
        Err(reason) => return Scanned::Malformed(reason),
    };
    let spans = columns.spans;
    let id = Field(&line[spans[2].0..spans[2].1]).as_inner();
    let at = |offset: usize| narrow(start + offset);
    Scanned::Row(Head {
        start: narrow(start),
        connector: (at(spans[1].0), at(spans[1].1)),
        data: at(spans[7].0),
        data_end: at(spans[7].1),
        context: at(spans[8].0),
        end: at(line.len()),
        next: narrow(next),
        sequence: columns.sequence,
        session_key: parse_hex16(id).unwrap_or_else(|| hash_bytes(id)),
        marker: columns.marker,
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
            check_head(text, &quick);
            at = quick.next;
        }
    }

    /// Where the fields before a row's event are found quickly, they lie where they lie.
    fn check_head(text: &[u8], line: &Line) {
        if let (Scanned::Row(_), Some(fields)) = (line.what, head_fields(text, line.start)) {
            let plain = parse_columns(&text[line.start..line.end]).unwrap();
            let moved = |(start, end): (usize, usize)| (line.start + start, line.start + end);
            assert_eq!(fields[..], plain.spans[..N_HEAD_FIELDS].iter().copied().map(moved).collect::<Vec<_>>());
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
            1 => (10..60_u8, "[,Z]{0,1}").prop_map(|(m, behind)| format!("2026-11-23T08:{m}:00.104Z{behind}")),
        ];
        let id = prop_oneof![8 => Just("08DE2A1B3C4D5E6F".to_owned()), 4 => Just("08DE2A1B3C4D5E70".to_owned()), 1 => "[0-9a-zA-Z]{0,17}"];
        let endpoint =
            prop_oneof![8 => Just("192.0.2.5:587".to_owned()), 4 => Just("[2001:db8::7]:25".to_owned()), 1 => field()];
        let event = prop_oneof![8 => "[+<>*-]", 1 => Just(String::new()), 1 => field()];
        let row = (
            time,
            prop_oneof![
                8 => Just("EX01\\Default".to_owned()),
                2 => field(),
                1 => "[A-Z\\\\]{14,70}",
                1 => "EX01\n[A-Z]{0,30}",
            ],
            id,
            prop_oneof![8 => "[0-9]{1,11}", 1 => "[-+ :;/0-9a]{1,3}"],
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
            1 => (row.clone(), "[,a\"]{0,3}").prop_map(|(row, tail)| row + &tail),
            1 => (row, "[ \t\u{feff}]{1,4}").prop_map(|(row, lead)| lead + &row),
            1 => Just(String::new()),
            1 => Just("#Date: 2026-11-23".to_owned()),
            1 => Just("\u{feff}#Software: x".to_owned()),
            1 => "[ -~]{0,40}",
        ]
    }

    fn plain_stops_in(window: &[u8; STEP_BYTES], bytes: [u8; 2]) -> u32 {
        window.iter().rev().fold(0, |stops, byte| (stops << 1) | u32::from(bytes.contains(byte)))
    }

    proptest! {
        #[test]
        fn windows_agree(window in any::<[u8; STEP_BYTES]>(), letters in prop::collection::vec(prop::sample::select(b",\n\"a".to_vec()), STEP_BYTES)) {
            let letters: [u8; STEP_BYTES] = letters.try_into().unwrap();
            for (window, bytes) in [(window, COMMA), (letters, COMMA), (letters, QUOTE)] {
                prop_assert_eq!(stops_in(&window, bytes), plain_stops_in(&window, bytes));
            }
        }

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
