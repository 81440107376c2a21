//! Rows in memory of their own, and no more in their chunk's.
//!
//! In: the rows of a piece. Out: an [`Excerpt`], which is kept while its session goes on; and all excerpts of a
//! session as [`Gathered`] rows, one behind the other.
//!
//! A session keeps each excerpt as it came, so that nothing is moved as more rows come. They are put together
//! once, when the session is looked at.
//!
//! **Invariant**: the lines come out as they went in, in the same order, each with a line end.

use hashbrown::HashMap;

use crate::record::Marker;
use crate::record::line::{hash_bytes, parse_time};
use crate::session::Row;
use crate::session::assemble::{Piece, Pieces};

/// The rows of one piece, or some of them, copied out of the chunk.
#[derive(Clone, Debug)]
pub struct Excerpt {
    /// The rows' lines, one behind the other, each with its line end.
    text: Box<[u8]>,
    /// Shape: never empty.
    rows: Box<[Row]>,
    /// Is to be added to the rows' lines: lines of the file before the chunk.
    pub(super) base_line: u64,
}

impl Excerpt {
    /// Copies the rows of a piece, lines counted from the start of the chunk.
    pub fn copy(pieces: &Pieces, piece: &Piece, text: &[u8]) -> Self {
        let mut copied = Gathered {
            text: Vec::with_capacity(pieces.fetch(piece, text)),
            rows: Vec::with_capacity(piece.n_rows as usize),
        };
        for row in pieces.rows_of(piece) {
            copied.append_line(text, row);
        }
        copied.into_excerpt()
    }

    /// The rows, each with the text that its places are of.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = (&[u8], &Row)> {
        self.rows.iter().map(|row| (&*self.text, row))
    }

    pub(super) fn first(&self) -> (&[u8], &Row) {
        (&self.text, &self.rows[0])
    }

    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Parts it before the first row that would make the text longer than so many bytes, but not before the
    /// first so many rows: what stands before that row, and the rest.
    pub(super) fn split(self, most_bytes: usize, n_least: usize) -> (Option<Self>, Option<Self>) {
        let n_first = self.rows.partition_point(|row| row.end as usize <= most_bytes).max(n_least);
        let part = |rows: &[Row]| {
            let mut part = Gathered::default();
            rows.iter().for_each(|row| part.append_line(&self.text, row));
            (!rows.is_empty()).then(|| Self { base_line: self.base_line, ..part.into_excerpt() })
        };
        (part(&self.rows[..n_first]), part(&self.rows[n_first..]))
    }
}

/// Rows that lie together, their lines counted from the start of their files.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    pub(super) text: Vec<u8>,
    pub(super) rows: Vec<Row>,
}

impl Gathered {
    /// Puts these together, instead of what was put together before.
    pub(super) fn gather(&mut self, excerpts: &[Excerpt]) {
        self.text.clear();
        self.rows.clear();
        excerpts.iter().for_each(|excerpt| self.extend(excerpt));
    }

    fn extend(&mut self, excerpt: &Excerpt) {
        let of_file = |row: &Row| Row { line: row.line + excerpt.base_line, ..*row };
        self.append(&excerpt.text, excerpt.rows.iter().map(of_file));
    }

    /// Puts a text and its rows behind those that are there.
    pub(super) fn append(&mut self, text: &[u8], rows: impl Iterator<Item = Row>) {
        let base = narrow(self.text.len());
        self.text.extend_from_slice(text);
        self.rows.extend(rows.map(|row| moved(&row, base)));
    }

    fn append_line(&mut self, text: &[u8], row: &Row) {
        // What wraps here wraps back.
        let base = narrow(self.text.len()).wrapping_sub(row.start);
        let end = row.end as usize;
        let ending = match &text[end..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => 0,
        };
        self.text.extend_from_slice(&text[row.start as usize..end + ending]);
        if ending == 0 {
            self.text.extend_from_slice(b"\r\n");
        }
        self.rows.push(moved(row, base));
    }

    /// All of it as one excerpt.
    pub(super) fn into_excerpt(self) -> Excerpt {
        Excerpt { text: self.text.into(), rows: self.rows.into(), base_line: 0 }
    }

    /// Takes out rows that stand twice, byte for byte.
    pub(super) fn drop_repeats(&mut self) {
        let mut known: HashMap<u64, u32> = HashMap::with_capacity(self.rows.len());
        let mut numbered: HashMap<u32, u32> = HashMap::with_capacity(self.rows.len());
        let mut kept: Vec<Row> = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let line = row.as_line(&self.text);
            let index = u32::try_from(kept.len()).unwrap_or(u32::MAX);
            let first = *known.entry(hash_bytes(line)).or_insert(index);
            if kept.get(first as usize).is_some_and(|first| first.as_line(&self.text) == line) {
                continue;
            }
            // A row that ends a copy may have been cut, and then it stands whole beside.
            let of_number = *numbered.entry(row.sequence).or_insert(index);
            match kept.get_mut(of_number as usize) {
                Some(other) if other.as_line(&self.text).starts_with(line) => {}
                Some(other) if line.starts_with(other.as_line(&self.text)) => *other = *row,
                _ => kept.push(*row),
            }
        }
        self.rows = kept;
    }

    pub(super) fn is_in_time_order(&self) -> bool {
        let time = |row: &Row| parse_time(row.as_line(&self.text));
        self.rows.windows(2).all(|pair| time(&pair[0]) <= time(&pair[1]))
    }

    /// Whether each sequence number is one more than the one before.
    pub(super) fn is_contiguous(&self) -> bool {
        self.rows.windows(2).all(|pair| pair[0].sequence.checked_add(1) == Some(pair[1].sequence))
    }

    /// Whether the sequence numbers ascend, none stands twice, and no connect or disconnect row stands between
    /// others.
    pub(super) fn is_one_session(&self) -> bool {
        let [behind_first, before_last] = [self.rows.get(1..), self.rows.split_last().map(|(_, rows)| rows)];
        self.rows.windows(2).all(|pair| pair[0].sequence < pair[1].sequence)
            && behind_first.unwrap_or_default().iter().all(|row| row.marker != Marker::Connect)
            && before_last.unwrap_or_default().iter().all(|row| row.marker != Marker::Disconnect)
    }
}

/// A place in a session's text: it is parted before these outgrow 32 bits.
pub(super) fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// The row, with so much more text before it.
fn moved(row: &Row, base: u32) -> Row {
    Row {
        start: row.start.wrapping_add(base),
        data: row.data.wrapping_add(base),
        data_end: row.data_end.wrapping_add(base),
        context: row.context.wrapping_add(base),
        end: row.end.wrapping_add(base),
        ..*row
    }
}
