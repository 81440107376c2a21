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
    pub(super) shape: Shape,
}

/// What of some rows a session's end is known by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Whether one is a connect row.
    pub(super) is_opened: bool,
    /// Whether one is a disconnect row.
    pub(super) is_closed: bool,
    /// Whether each sequence number is one more than the one before.
    pub(super) is_contiguous: bool,
}

impl Shape {
    fn of(rows: &[Row]) -> Self {
        let has = |marker: Marker| rows.iter().any(|row| row.marker == marker);
        Self {
            is_opened: has(Marker::Connect),
            is_closed: has(Marker::Disconnect),
            is_contiguous: rows.windows(2).all(|pair| pair[0].sequence.checked_add(1) == Some(pair[1].sequence)),
        }
    }
}

impl Excerpt {
    /// Copies the rows of a piece, lines counted from the start of the chunk.
    pub fn copy(pieces: &Pieces, piece: &Piece, text: &[u8]) -> Self {
        let mut copied = Gathered {
            text: Vec::with_capacity(pieces.fetch(piece, text)),
            rows: Vec::with_capacity(piece.n_rows as usize),
        };
        copied.copy(text, pieces.rows_of(piece));
        // The piece knows its shape, its rows need not be asked.
        let Piece { is_opened, is_closed, is_contiguous, .. } = *piece;
        copied.into_shaped(Shape { is_opened, is_closed, is_contiguous })
    }

    /// The rows, each with the text that its places are of.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = (&[u8], &Row)> {
        self.rows.iter().map(|row| (&*self.text, row))
    }

    pub(super) fn first(&self) -> (&[u8], &Row) {
        (&self.text, &self.rows[0])
    }

    pub(super) fn last(&self) -> &Row {
        &self.rows[self.rows.len() - 1]
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
            part.copy(&self.text, rows.iter().copied());
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
        for excerpt in excerpts {
            self.extend(excerpt);
        }
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

    /// Copies these rows. What lies next to each other is copied in one go.
    fn copy(&mut self, text: &[u8], rows: impl Iterator<Item = Row>) {
        let mut run = 0..0;
        for row in rows {
            if row.start as usize != run.end {
                self.text.extend_from_slice(&text[run]);
                run = row.start as usize..row.start as usize;
            }
            // Where the text begins that the row's places are of, if it is copied to its end. What wraps here
            // wraps back.
            let base = narrow(self.text.len()).wrapping_sub(narrow(run.start));
            self.rows.push(moved(&row, base));
            let end = row.end as usize;
            run.end = match &text[end..] {
                [b'\r', b'\n', ..] => end + 2,
                [b'\n', ..] => end + 1,
                _ => {
                    self.text.extend_from_slice(&text[run.start..end]);
                    self.text.extend_from_slice(b"\r\n");
                    run.start = end;
                    end
                }
            };
        }
        self.text.extend_from_slice(&text[run]);
    }

    /// All of it as one excerpt.
    pub(super) fn into_excerpt(self) -> Excerpt {
        let shape = Shape::of(&self.rows);
        self.into_shaped(shape)
    }

    fn into_shaped(self, shape: Shape) -> Excerpt {
        Excerpt { text: self.text.into(), rows: self.rows.into(), base_line: 0, shape }
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
        Shape::of(&self.rows).is_contiguous
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::header::Schema;
    use crate::session::FileId;
    use crate::session::assemble::TextEnd;
    use proptest::prelude::*;

    /// Groups rows of two sessions, which of them each tells, and copies those of each.
    fn copies(rows: &[(bool, &str, &str)]) -> (String, Vec<Excerpt>) {
        let row = |(number, (is_other, words, end)): (usize, &(bool, &str, &str))| {
            let id = if *is_other { "08DE2A1B3C4D5E70" } else { "08DE2A1B3C4D5E6F" };
            format!(
                "2026-11-23T08:29:00.104Z,EX01\\Default,{id},{number},192.0.2.5:25,198.51.100.7:4096,<,{words},{end}"
            )
        };
        let text: String = rows.iter().enumerate().map(row).collect();
        let mut pieces = Pieces::default();
        pieces.begin(&Schema::default());
        pieces.assemble(text.as_bytes(), usize::MAX, TextEnd::OfFile, FileId(3)).unwrap();
        let copies = pieces.pieces.iter().map(|piece| Excerpt::copy(&pieces, piece, text.as_bytes())).collect();
        (text, copies)
    }

    fn lines(excerpts: &[Excerpt]) -> Vec<(String, u64)> {
        let mut gathered = Gathered::default();
        gathered.gather(excerpts);
        let text = |row: &Row| String::from_utf8(row.as_line(&gathered.text).to_vec()).unwrap();
        let is_ended = |row: &Row| {
            gathered.text[row.end as usize..].starts_with(b"\n")
                || gathered.text[row.end as usize..].starts_with(b"\r\n")
        };
        assert!(gathered.rows.iter().all(is_ended));
        gathered.rows.iter().map(|row| (text(row), row.line)).collect()
    }

    fn rows() -> impl Strategy<Value = Vec<(bool, &'static str, &'static str)>> {
        let words = prop::sample::select(vec!["EHLO pc-17", "QUIT", "\"RCPT TO:<a,b@contoso.com>\""]);
        let end = prop_oneof![4 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r\n\r\n")];
        prop::collection::vec((any::<bool>(), words, end), 1..12)
    }

    proptest! {
        #[test]
        fn lines_come_out_as_they_went_in(mut rows in rows(), is_cut in any::<bool>(), most_bytes in 0_usize..900, n_least in 0_usize..2) {
            if is_cut {
                rows.last_mut().unwrap().2 = "";
            }
            let (text, copies) = copies(&rows);
            let number_of = |id: &str| -> Vec<(String, u64)> {
                let numbered = (1..).zip(text.lines());
                numbered.filter(|(_, line)| line.contains(id)).map(|(number, line)| (line.to_owned(), number)).collect()
            };
            let mut all = Vec::new();
            for copy in copies {
                let whole = lines(std::slice::from_ref(&copy));
                all.push(whole.clone());
                let (first, rest) = copy.clone().split(most_bytes, n_least);
                let n_first = first.as_ref().map_or(0, Excerpt::n_rows);
                let first_bytes = first.as_ref().map_or(0, Excerpt::text_bytes);
                prop_assert!(n_first >= n_least);
                prop_assert!(first_bytes <= most_bytes + 2 || n_first == n_least);
                let parts: Vec<Excerpt> = first.into_iter().chain(rest).collect();
                prop_assert_eq!(lines(&parts), whole.clone());
                // Rows that stand in another file's chunk keep their numbers.
                let later = Excerpt { base_line: 100, ..copy };
                prop_assert_eq!(lines(&[later]), whole.into_iter().map(|(line, number)| (line, number + 100)).collect::<Vec<_>>());
            }
            all.sort_by_key(|lines| lines[0].1);
            let mut expected: Vec<_> = ["5E6F,", "5E70,"].map(number_of).into_iter().filter(|lines| !lines.is_empty()).collect();
            expected.sort_by_key(|lines| lines[0].1);
            prop_assert_eq!(all, expected);
        }
    }
}
