//! Groups the rows of one chunk by session.
//!
//! In: a chunk's text and the [`Schema`] in force at its start. Out: [`Pieces`]: for each session
//! that has rows here the run of its rows, and the count of every line.
//!
//! **Invariant**: knows no SMTP word; looks at nothing but session key, sequence and marker.

use std::hint::black_box;

use hashbrown::{HashMap, HashTable};

use crate::record::header::{COLUMN_NAMES, Order, Schema, split_directive};
use crate::record::line::{hash_bytes, is_unclosed, lead_bytes};
use crate::record::scan::{Head, Line, Scanned, Scanner, scan_plain};
use crate::record::{Malformed, Marker};
use crate::source::MAX_CHUNK_BYTES;

use super::{FileId, Row};

/// Which connector of a chunk a row belongs to: an index into [`Pieces::connectors`].
pub type ConnectorIndex = u32;

/// Ends a chain of rows.
const NO_ROW: u32 = u32::MAX;

/// A run of rows of one session within a chunk.
///
/// A piece begins at the chunk's first row of the session, at a connect row, or after a disconnect
/// row; it ends at the chunk's end, or with a disconnect row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on each other")]
pub struct Piece {
    /// The connector.
    pub connector: ConnectorIndex,
    /// The session id as a number.
    pub session_key: u64,
    /// The first row, an index into the chunk's rows.
    pub first: u32,
    /// The last row.
    pub last: u32,
    /// The last row's sequence number.
    last_sequence: u32,
    /// How many rows.
    pub n_rows: u32,
    /// Whether it begins with a connect row.
    pub is_opened: bool,
    /// Whether it ends with a disconnect row.
    pub is_closed: bool,
    /// Whether each sequence number is one more than the one before.
    pub is_contiguous: bool,
    /// Whether no row can be appended any more: it is closed, or its session began anew.
    is_over: bool,
}

impl Piece {
    fn begin(key: (ConnectorIndex, u64), head: &Head, index: u32) -> Self {
        let is_closed = head.marker == Marker::Disconnect;
        Self {
            connector: key.0,
            session_key: key.1,
            first: index,
            last: index,
            last_sequence: head.sequence,
            n_rows: 1,
            is_opened: head.marker == Marker::Connect,
            is_closed,
            is_contiguous: true,
            is_over: is_closed,
        }
    }

    #[inline]
    fn append(&mut self, head: &Head, index: u32) {
        self.is_contiguous &= self.last_sequence.checked_add(1) == Some(head.sequence);
        self.is_closed = head.marker == Marker::Disconnect;
        self.is_over = self.is_closed;
        self.last_sequence = head.sequence;
        self.last = index;
        self.n_rows += 1;
    }

    /// Whether no row can be appended any more: it is closed, or its session began anew.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether nothing of the session can be missing.
    pub fn is_whole(&self) -> bool {
        self.is_opened && self.is_closed && self.is_contiguous
    }
}

/// How many lines of each kind a chunk holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// All lines.
    pub lines: u64,
    /// Rows.
    pub records: u64,
    /// Lines that begin with `#`.
    pub directives: u64,
    /// Empty lines.
    pub blank: u64,
    /// Lines that are no row.
    pub malformed: u64,
    /// Rows under a header of another kind of log.
    pub foreign: u64,
    /// A last line that was cut while being written.
    pub pending: u64,
}

/// A row, and the next one of its piece.
///
/// Units: as [`Row`], but that the line counts from 1 at the chunk's start.
#[derive(Clone, Copy, Debug)]
struct Link {
    start: u32,
    data: u32,
    data_end: u32,
    context: u32,
    end: u32,
    sequence: u32,
    line: u32,
    /// An index into the chunk's rows, or [`NO_ROW`].
    next: u32,
    marker: Marker,
}

/// What one chunk amounts to. Kept and cleared, so that a steady state allocates nothing.
#[derive(Debug, Default)]
pub struct Pieces {
    /// The rows in the order of the text.
    links: Vec<Link>,
    /// The file that they stand in.
    file: FileId,
    /// In the order of their first rows.
    pub pieces: Vec<Piece>,
    /// The connector fields that occur, quotes included: start and end in the text.
    pub connectors: Vec<(usize, usize)>,
    /// The lines.
    pub counts: LineCounts,
    /// The first malformed lines: line within the chunk from 1, and why.
    pub malformed: Vec<(u64, Malformed)>,
    /// The header in force at the end.
    pub schema: Schema,
    open: HashMap<(ConnectorIndex, u64), u32>,
    connector_table: HashTable<ConnectorIndex>,
    scanner: Scanner,
    /// How far the text was read.
    at: usize,
    /// Pieces that no row can be appended to any more, in the order in which they came to that.
    over: Vec<u32>,
    /// How many of these were handed out.
    n_taken: usize,
    /// Whether the header in force is a receive log's.
    is_receive: bool,
}

/// How many malformed lines of a chunk are kept by place.
const N_PLACES: usize = crate::session::N_MALFORMED_PLACES;

/// Whether the text is the end of its file, where a last line may still be in the making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextEnd {
    /// Lines of the same file follow.
    More,
    /// The file ends here.
    OfFile,
}

/// The chunk has rows in an unusual order of columns and must be rewritten first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeedsRewrite;

impl Pieces {
    /// Forgets the chunk before; another one follows, in the columns of `schema`.
    pub fn begin(&mut self, schema: &Schema) {
        self.links.clear();
        self.pieces.clear();
        self.connectors.clear();
        self.malformed.clear();
        self.open.clear();
        self.over.clear();
        self.n_taken = 0;
        self.connector_table.clear();
        self.counts = LineCounts::default();
        self.scanner.clear();
        self.at = 0;
        self.schema = schema.clone();
        self.is_receive = schema.is_receive();
    }

    /// Whether the text was read to its end.
    pub fn is_at_end(&self, text: &[u8]) -> bool {
        self.at >= text.len()
    }

    /// How much of the text was read, in bytes.
    pub fn read_bytes(&self) -> usize {
        self.at
    }

    /// Returns the next of the pieces that came to their end, in the order of their ends.
    pub fn next_over(&mut self) -> Option<u32> {
        let next = self.over.get(self.n_taken).copied()?;
        self.n_taken += 1;
        Some(next)
    }

    /// All pieces, each an index: those that are over in the order of their ends, whichever begin first;
    /// then those that go on. It is the order in which they come where the text is cut into many chunks.
    pub fn by_ends(&self) -> impl Iterator<Item = usize> {
        let open = self.pieces.iter().enumerate().filter(|(_, piece)| !piece.is_over).map(|(index, _)| index);
        self.over.iter().map(|&index| index as usize).chain(open)
    }

    /// Groups the rows of the next `n_bytes` of `text`, to the end of a line: each call goes on
    /// where the one before ended.
    ///
    /// Errors: [`NeedsRewrite`] where the columns stand in another order; [`rewrite`] mends that.
    ///
    /// # Panics
    ///
    /// On a text longer than [`MAX_CHUNK_BYTES`], which no source cuts.
    pub fn assemble(&mut self, text: &[u8], n_bytes: usize, end: TextEnd, file: FileId) -> Result<(), NeedsRewrite> {
        assert!(text.len() <= MAX_CHUNK_BYTES, "a chunk is cut before its offsets outgrow 32 bits");
        if self.schema.is_custom() {
            return Err(NeedsRewrite);
        }
        self.file = file;
        let mut at = self.at;
        let until = at.saturating_add(n_bytes).min(text.len());
        while at < until {
            let head = match self.scanner.scan_row(text, at) {
                Some(head) if self.is_receive => head,
                _ => {
                    let line = scan_plain(text, at);
                    match self.take_line(text, line, end)? {
                        Some(head) => head,
                        None => {
                            at = line.next;
                            continue;
                        }
                    }
                }
            };
            self.take_row(text, &head);
            at = head.next as usize;
        }
        self.at = at;
        Ok(())
    }

    /// Takes in a line that is not of the usual shape. Gives it back where it is a row all the same.
    fn take_line(&mut self, text: &[u8], line: Line, end: TextEnd) -> Result<Option<Head>, NeedsRewrite> {
        let is_cut = line.next == text.len() && end == TextEnd::OfFile && !text.ends_with(b"\n");
        match line.what {
            Scanned::Row(head) if self.is_receive && is_cut && is_within_quotes(text, &head) => {
                self.counts.pending += 1;
            }
            Scanned::Row(head) if self.is_receive => return Ok(Some(head)),
            Scanned::Row(_) => self.counts.foreign += 1,
            Scanned::Malformed(_) if !self.is_receive => self.counts.foreign += 1,
            Scanned::Blank => self.counts.blank += 1,
            Scanned::Directive => {
                self.counts.directives += 1;
                self.schema.take_directive(&text[line.start..line.end]);
                self.is_receive = self.schema.is_receive();
                if self.schema.is_custom() {
                    return Err(NeedsRewrite);
                }
            }
            Scanned::Malformed(_) if is_cut => self.counts.pending += 1,
            Scanned::Malformed(reason) => {
                self.counts.malformed += 1;
                if self.malformed.len() < N_PLACES {
                    self.malformed.push((self.counts.lines + 1, reason));
                }
            }
        }
        self.counts.lines += 1;
        Ok(None)
    }

    #[inline]
    fn take_row(&mut self, text: &[u8], head: &Head) {
        self.counts.records += 1;
        self.counts.lines += 1;
        let index = narrow(self.links.len());
        self.links.push(Link {
            start: head.start,
            data: head.data,
            data_end: head.data_end,
            context: head.context,
            end: head.end,
            sequence: head.sequence,
            line: u32::try_from(self.counts.lines).unwrap_or(u32::MAX),
            next: NO_ROW,
            marker: head.marker,
        });
        match self.pieces.get_mut(head.note as usize) {
            Some(piece) if !piece.is_over && head.marker != Marker::Connect => {
                self.links[piece.last as usize].next = index;
                piece.append(head, index);
                if piece.is_over {
                    self.over.push(head.note);
                }
            }
            _ => self.place_row(text, head, index),
        }
    }

    /// Finds the piece of the row's session, or begins a new piece with it.
    fn place_row(&mut self, text: &[u8], head: &Head, index: u32) {
        let key = (self.connector_index(text, head.connector), head.session_key);
        let is_connect = head.marker == Marker::Connect;
        let found = self.open.get(&key).copied().filter(|&piece| !self.pieces[piece as usize].is_over);
        if let Some(piece) = found.filter(|&piece| !is_connect || self.is_same_connect(text, piece, index)) {
            let appended = &mut self.pieces[piece as usize];
            self.links[appended.last as usize].next = index;
            appended.append(head, index);
            if appended.is_over {
                self.over.push(piece);
            }
            return self.scanner.note(head, piece);
        }
        if let Some(superseded) = found {
            self.pieces[superseded as usize].is_over = true;
            self.over.push(superseded);
        }
        let piece = narrow(self.pieces.len());
        self.pieces.push(Piece::begin(key, head, index));
        if self.pieces[piece as usize].is_over {
            self.over.push(piece);
        }
        self.open.insert(key, piece);
        self.scanner.note(head, piece);
    }

    /// Whether the connect row is the one that the piece began with, byte for byte: a copy in which
    /// rows stand twice.
    fn is_same_connect(&self, text: &[u8], piece: u32, index: u32) -> bool {
        let piece = &self.pieces[piece as usize];
        let line = |row: u32| self.row(row).as_line(text);
        piece.is_opened && line(piece.first) == line(index)
    }

    fn connector_index(&mut self, text: &[u8], field: (u32, u32)) -> ConnectorIndex {
        let field = (field.0 as usize, field.1 as usize);
        let name = &text[field.0..field.1];
        let (connectors, hash) = (&mut self.connectors, hash_bytes(name));
        let of = |index: u32| &text[connectors[index as usize].0..connectors[index as usize].1];
        if let Some(&index) = self.connector_table.find(hash, |&index| of(index) == name) {
            return index;
        }
        let index = narrow(connectors.len());
        connectors.push(field);
        let hash_of = |&index: &u32| hash_bytes(&text[connectors[index as usize].0..connectors[index as usize].1]);
        self.connector_table.insert_unique(hash, index, hash_of);
        index
    }

    /// Brings the rows of a piece into the processor's cache. They lie far apart in the text, and where all
    /// of them are touched first they come together, and not each when it is read. Returns how long they
    /// are together, in bytes, each with the longest line end.
    pub fn fetch(&self, piece: &Piece, text: &[u8]) -> usize {
        let (mut text_bytes, mut touched) = (0, 0);
        for row in self.rows_of(piece) {
            text_bytes += (row.end - row.start) as usize + "\r\n".len();
            touched ^= text[row.start as usize] ^ text[row.data as usize];
        }
        black_box(touched);
        text_bytes
    }

    /// A row of the chunk, its line counted from 1 at the chunk's start.
    ///
    /// # Panics
    ///
    /// On an index that is none.
    pub fn row(&self, index: u32) -> Row {
        self.to_row(&self.links[index as usize])
    }

    /// The rows of a piece, in order.
    pub fn rows_of(&self, piece: &Piece) -> impl Iterator<Item = Row> + Clone {
        let mut at = piece.first;
        std::iter::from_fn(move || {
            let link = self.links.get(at as usize)?;
            at = link.next;
            Some(self.to_row(link))
        })
    }

    fn to_row(&self, link: &Link) -> Row {
        let Link { start, data, data_end, context, end, sequence, line, marker, .. } = *link;
        Row { start, data, data_end, context, end, sequence, line: line.into(), file: self.file, marker }
    }
}

/// Whether the row ends within a quoted field. Where the file ends there too, the rest of it was not
/// written yet.
fn is_within_quotes(text: &[u8], head: &Head) -> bool {
    let field = |start: u32, end: u32| &text[start as usize..end as usize];
    is_unclosed(field(head.data, head.data_end)) || is_unclosed(field(head.context, head.end))
}

/// Puts the rows of a chunk into the usual order of columns, line by line, and returns the header
/// in force at its end.
pub fn rewrite(text: &[u8], schema: &Schema) -> (Vec<u8>, Schema) {
    let mut schema = schema.clone();
    let mut usual = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let line_end = &line[content.len()..];
        // What leads a line is left out where the line is written anew.
        let bare = &content[lead_bytes(content)..];
        if bare.starts_with(b"#") {
            schema.take_directive(bare);
            // Also under the header of another log: the kind may change below, and the order stays.
            match is_fields(bare) && matches!(schema.order, Order::Custom { .. }) {
                true => usual.extend_from_slice(format!("#Fields: {}", COLUMN_NAMES.join(",")).as_bytes()),
                false => usual.extend_from_slice(content),
            }
        } else if schema.is_custom() {
            let from = usual.len();
            schema.append_usual(bare, &mut usual);
            // What stands for a time must not come to be a directive: such a row is malformed, and stays it.
            if usual[from + lead_bytes(&usual[from..])..].starts_with(b"#") {
                usual.insert(from, b'_');
            }
        } else {
            usual.extend_from_slice(content);
        }
        usual.extend_from_slice(line_end);
    }
    (usual, schema)
}

fn is_fields(directive: &[u8]) -> bool {
    split_directive(directive).is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"fields"))
}

/// A chunk of less than 4 GiB has fewer rows and pieces than that.
#[inline]
fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("a chunk is shorter than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,2,192.0.2.5:25,198.51.100.7:4096,";

    /// Takes the text for the end of a file and returns how many rows it has, and how many pending lines.
    #[track_caller]
    fn check(tail: &str, expected: (u64, u64)) {
        let mut pieces = Pieces::default();
        pieces.begin(&Schema::default());
        let text = format!("{ROW}{tail}");
        pieces.assemble(text.as_bytes(), usize::MAX, TextEnd::OfFile, FileId(0)).unwrap();
        assert_eq!((pieces.counts.records, pieces.counts.pending), expected, "{tail}");
        assert_eq!(pieces.counts.lines, 1);
    }

    #[test]
    fn a_last_line_cut_within_quotes_is_pending() {
        check(">,\"220 mail.contoso.com ready at Mon, 23", (0, 1));
        check("*,,\"TLS protocol SP_PROT_TLS1_2_SERVER negotiation succ", (0, 1));
        check("-,\"", (0, 1));
        check("-,,\"Local\"\"", (0, 1));
    }

    #[test]
    fn rewriting_passes_over_what_leads_a_line() {
        let text = "\u{feff}#Fields: session-id,date-time,event,data\r\n    ID,T,<,NOOP\n";
        let (usual, _) = rewrite(text.as_bytes(), &Schema::default());
        let expected = format!("#Fields: {}\r\nT,,ID,0,,,<,NOOP,\n", COLUMN_NAMES.join(","));
        assert_eq!(String::from_utf8_lossy(&usual), expected);
    }

    #[test]
    fn no_value_comes_to_be_a_directive() {
        for lead in ["", " \t", "\u{feff}"] {
            let row = format!("ID,{lead}#Fields: data,<,NOOP\r\n");
            let text = format!("#Fields: session-id,date-time,event,data\r\n{row}ID,T,<,NOOP\r\n");
            let (usual, schema) = rewrite(text.as_bytes(), &Schema::default());
            let usual = String::from_utf8(usual).unwrap();
            let lines: Vec<&str> = usual.lines().collect();
            assert_eq!(lines[1..], [&format!("_{lead}#Fields: data,,ID,0,,,<,NOOP,"), "T,,ID,0,,,<,NOOP,"]);
            assert!(schema.is_custom());
        }
    }

    #[test]
    fn columns_are_rewritten_under_any_header() {
        let text = "#Log-type: x\n#Fields: session-id,date-time,event,data\nID,T,<,x\n#Log-type: SMTP Receive Protocol Log\nID,T,<,NOOP\n";
        let (usual, _) = rewrite(text.as_bytes(), &Schema::default());
        let fields = COLUMN_NAMES.join(",");
        let expected = format!(
            "#Log-type: x\n#Fields: {fields}\nID,T,<,x\n#Log-type: SMTP Receive Protocol Log\nT,,ID,0,,,<,NOOP,\n"
        );
        assert_eq!(String::from_utf8_lossy(&usual), expected);
    }

    #[test]
    fn a_last_line_that_may_be_whole_is_a_row() {
        check("-,,Local", (1, 0));
        check("-,,\"Local\"", (1, 0));
        check("<,\"EHLO a,b\r\n", (1, 0));
        check("<,\"EHLO a\",", (1, 0));
    }
}
