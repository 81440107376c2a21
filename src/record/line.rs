//! A line of nine columns, taken apart.
//!
//! In: the bytes of one line without its line end, columns in the usual order. Out: [`Columns`],
//! [`Record`], or why the line is no row.
//!
//! **Invariant**: the plain reading of a line. The quick one in [`scan`](super::scan) must agree
//! with it, and a property test holds the two together.

use super::value::Timestamp;
use super::{Field, Malformed, Marker, Record};

/// How many columns a protocol log has.
pub const N_COLUMNS: usize = 9;

/// The length of `2026-11-23T08:29:00.104Z`.
pub(super) const TIME_BYTES: usize = 24;

/// Where the fields of a row lie, quotes included.
///
/// Units: bytes from the line's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Start and end of each field.
    pub spans: [(usize, usize); N_COLUMNS],
    /// The sequence number.
    pub sequence: u32,
    /// The event.
    pub marker: Marker,
}

/// Splits a line at the commas that stand outside quotes.
///
/// Shape: a field that opens with a quote reaches to the comma after its closing quote, a doubled
/// quote being none; where the closing quote is missing, the rest of the line is the field.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    line: &'a [u8],
    at: Option<usize>,
}

impl<'a> Fields<'a> {
    /// Begins at the line's start.
    pub fn new(line: &'a [u8]) -> Self {
        Self { line, at: Some(0) }
    }
}

impl Iterator for Fields<'_> {
    /// Start and end of a field, in bytes from the line's start.
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at?;
        let end = field_end(self.line, start);
        self.at = (end < self.line.len()).then_some(end + 1);
        Some((start, end))
    }
}

/// Returns where the field that starts at `start` ends: at a comma or at the line's end.
pub(crate) fn field_end(line: &[u8], start: usize) -> usize {
    let from = match line.get(start) {
        Some(b'"') => after_closing_quote(line, start + 1),
        _ => Some(start),
    };
    from.and_then(|from| memchr::memchr(b',', &line[from..]).map(|at| from + at)).unwrap_or(line.len())
}

/// Returns the place after the closing quote, or `None` where the line ends first.
fn after_closing_quote(line: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let quote = from + memchr::memchr(b'"', &line[from..])?;
        if line.get(quote + 1) != Some(&b'"') {
            return Some(quote + 1);
        }
        from = quote + 2;
    }
}

/// Opens a UTF-8 text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns how many bytes stand before a line's first column: a byte order mark, for files that were
/// joined carry it in their middle, and blanks, for a forum's code is indented.
pub(crate) fn lead_bytes(line: &[u8]) -> usize {
    let unmarked = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let n_blanks = unmarked.iter().take_while(|byte| b" \t".contains(byte)).count();
    line.len() - unmarked.len() + n_blanks
}

/// Reads a line as a row.
///
/// Shape: an event column with nothing in it is information: where a row was pasted into a forum,
/// Markdown took the `*` for emphasis. No other event is lost that way.
/// Errors: why the line is none. A row whose data opens a quote that never closes has no context.
pub fn parse_columns(line: &[u8]) -> Result<Columns, Malformed> {
    let mut spans = [(line.len(), line.len()); N_COLUMNS];
    let mut n_fields = 0;
    for span in Fields::new(line) {
        *spans.get_mut(n_fields).ok_or(Malformed::TooManyColumns)? = span;
        n_fields += 1;
    }
    let of = |column: usize| &line[spans[column].0..spans[column].1];
    if Timestamp::parse(Field(of(0)).as_inner()).is_none() {
        return Err(Malformed::NoTimestamp);
    }
    let is_data_unclosed = n_fields == 8 && is_unclosed(of(7));
    if n_fields < N_COLUMNS && !is_data_unclosed {
        return Err(Malformed::TooFewColumns);
    }
    if Field(of(2)).as_inner().is_empty() {
        return Err(Malformed::NoSessionId);
    }
    let sequence = parse_sequence(Field(of(3)).as_inner()).ok_or(Malformed::NoSequence)?;
    let marker = match Field(of(6)).as_inner() {
        [byte] => Marker::parse(*byte),
        [] if n_fields == N_COLUMNS => Some(Marker::Information),
        _ => None,
    };
    Ok(Columns { spans, sequence, marker: marker.ok_or(Malformed::NoEvent)? })
}

/// Whether the field opens a quote that never closes.
pub(crate) fn is_unclosed(field: &[u8]) -> bool {
    field.first() == Some(&b'"') && after_closing_quote(field, 1).is_none()
}

/// Reads a sequence number: decimal digits, at most 32 bits.
pub(crate) fn parse_sequence(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u32, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Reads a line as a record.
///
/// Errors: why the line is none.
pub fn parse_record(line: &[u8]) -> Result<Record<'_>, Malformed> {
    let columns = parse_columns(line)?;
    let field = |column: usize| Field(&line[columns.spans[column].0..columns.spans[column].1]);
    Ok(Record {
        time: field(0),
        connector: field(1),
        session_id: field(2),
        sequence: columns.sequence,
        local: field(4),
        remote: field(5),
        marker: columns.marker,
        data: field(7),
        context: field(8),
    })
}

/// Reads the time of a line that is known to be a row, and nothing else of it.
pub fn parse_time(line: &[u8]) -> Option<Timestamp> {
    // As Exchange writes it, its end need not be looked for: a time holds no comma and no quote.
    let usual = line.get(TIME_BYTES).filter(|next| **next == b',').map(|_| &line[..TIME_BYTES]);
    usual.and_then(Timestamp::parse).or_else(|| Timestamp::parse(Field(&line[..field_end(line, 0)]).as_inner()))
}

/// Splits a line that is known to be a row; every field of any other line is empty.
pub fn split(line: &[u8]) -> Record<'_> {
    parse_record(line).unwrap_or(Record {
        time: Field::default(),
        connector: Field::default(),
        session_id: Field::default(),
        sequence: 0,
        local: Field::default(),
        remote: Field::default(),
        marker: Marker::Information,
        data: Field(line),
        context: Field::default(),
    })
}

/// Returns the session id as a number: sixteen hexadecimal digits as they count, any other text by
/// a hash of its bytes, which cannot be told from a number but for a chance of one in 2^64.
pub fn parse_session_key(text: &[u8]) -> u64 {
    parse_hex16(text).unwrap_or_else(|| hash_bytes(text))
}

/// Reads sixteen hexadecimal digits.
#[inline]
pub(crate) fn parse_hex16(text: &[u8]) -> Option<u64> {
    let digits: &[u8; 16] = text.try_into().ok()?;
    let mut value = 0_u64;
    let mut bad = 0_u8;
    for &byte in digits {
        let digit = HEX[byte as usize];
        bad |= digit;
        value = (value << 4) | u64::from(digit & 0x0f);
    }
    (bad & 0xf0 == 0).then_some(value)
}

/// The value of each hexadecimal digit; 0xff for any other byte.
static HEX: [u8; 256] = hex_table();

const fn hex_table() -> [u8; 256] {
    let mut table = [0xff; 256];
    let mut value = 0_u8;
    while value < 16 {
        table[b"0123456789ABCDEF"[value as usize] as usize] = value;
        table[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    table
}

/// A hash that is the same in every run, so that answers are.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = 0x9E37_79B9_7F4A_7C15_u64 ^ (bytes.len() as u64);
    for piece in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..piece.len()].copy_from_slice(piece);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        hash ^= hash >> 32;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROW: &str = "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,3,192.0.2.5:25,198.51.100.7:4096,";

    #[track_caller]
    fn check(tail: &str, expected: Result<(&str, &str), Malformed>) {
        let line = format!("{ROW}{tail}");
        let read = parse_record(line.as_bytes()).map(|record| {
            (
                String::from_utf8(record.data.to_value().into_owned()).unwrap(),
                String::from_utf8(record.context.to_value().into_owned()).unwrap(),
            )
        });
        assert_eq!(read, expected.map(|(data, context)| (data.to_owned(), context.to_owned())));
    }

    #[test]
    fn ok_rows() {
        check("<,EHLO pc-17,", Ok(("EHLO pc-17", "")));
        check("*,,\"a, b \"\"c\"\"\"", Ok(("", "a, b \"c\"")));
        check(">,\"250 a, b\",", Ok(("250 a, b", "")));
        check("+,,", Ok(("", "")));
    }

    #[test]
    fn odd_events() {
        check(",None,Set Session Permissions", Ok(("None", "Set Session Permissions")));
        check(",\"SMTPSubmit, a", Err(Malformed::NoEvent));
        check(",None", Err(Malformed::TooFewColumns));
        check("  ,None,", Err(Malformed::NoEvent));
    }

    #[test]
    fn leads_of_lines() {
        for (line, n_bytes) in
            [("2026", 0), ("    2026", 4), ("\t#Date", 1), ("\u{feff}  #", 5), (" \u{feff}#", 1), ("", 0)]
        {
            assert_eq!(lead_bytes(line.as_bytes()), n_bytes, "{line:?}");
        }
    }

    #[test]
    fn odd_rows() {
        check("<,\"EHLO a,b", Ok(("EHLO a,b", "")));
        check("<,EHLO", Err(Malformed::TooFewColumns));
        check("<,EHLO,a,b", Err(Malformed::TooManyColumns));
        check("!,EHLO,", Err(Malformed::NoEvent));
        check("", Err(Malformed::TooFewColumns));
    }

    #[test]
    fn odd_columns() {
        assert_eq!(parse_record(b"not a row"), Err(Malformed::NoTimestamp));
        let row = ROW.replace(",3,", ",99999999999,");
        assert_eq!(parse_record(format!("{row}+,,").as_bytes()), Err(Malformed::NoSequence));
        let row = ROW.replace("08DE2A1B3C4D5E6F", "");
        assert_eq!(parse_record(format!("{row}+,,").as_bytes()), Err(Malformed::NoSessionId));
    }

    #[test]
    fn session_keys() {
        assert_eq!(parse_session_key(b"08DE2A1B3C4D5E6F"), 0x08DE_2A1B_3C4D_5E6F);
        assert_eq!(parse_session_key(b"08de2a1b3c4d5e6f"), 0x08DE_2A1B_3C4D_5E6F);
        assert_ne!(parse_session_key(b"session-a"), parse_session_key(b"session-b"));
    }

    proptest! {
        /// The time that is read without looking for its end is the one that is read with it.
        #[test]
        fn times_are_read_alike(at in 0_usize..26, put in "[,\"0-9T:.Z-]{0,3}", taken in 0_usize..3) {
            let mut line = String::from("2026-11-23T08:29:00.104Z,EX01\\A,08DE2A1B3C4D5E6F");
            line.replace_range(at..at + taken, &put);
            for line in [line.as_bytes(), &line.as_bytes()[..at]] {
                let plain = Timestamp::parse(Field(&line[..field_end(line, 0)]).as_inner());
                prop_assert_eq!(parse_time(line), plain);
            }
        }

        /// Rows as a spreadsheet's rules have them: what holds a comma or a quote stands in quotes.
        #[test]
        fn agrees_with_the_csv_crate(fields in prop::collection::vec("[ -~äß]{0,12}", 5), sequence in any::<u32>(), marker in prop::sample::select(b"+->*<".to_vec())) {
            let [connector, local, remote, data, context] = &fields[..] else { unreachable!() };
            let (sequence, marker) = (sequence.to_string(), char::from(marker).to_string());
            let values = ["2026-11-23T08:29:00.104Z", connector, "08DE2A1B3C4D5E6F", &sequence, local, remote, &marker, data, context];
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(values).unwrap();
            let row = writer.into_inner().unwrap();
            let line = row.strip_suffix(b"\n").unwrap();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&row[..]);
            let theirs = reader.byte_records().next().unwrap().unwrap();
            let record = parse_record(line).unwrap();
            let ours = [record.time, record.connector, record.session_id, record.local, record.remote, record.data, record.context];
            for (ours, column) in ours.iter().zip([0, 1, 2, 4, 5, 7, 8]) {
                prop_assert_eq!(&*ours.to_value(), &theirs[column]);
                prop_assert_eq!(&*ours.to_value(), values[column].as_bytes());
            }
        }
    }
}
