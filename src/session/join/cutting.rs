//! Rows in memory of their own, and no more in their chunk's.
//!
//! In: the rows of a piece. Out: a [`Cutting`], which is kept while its session goes on; and all cuttings of a
//! session as [`Gathered`] rows, one behind the other.
//!
//! A session keeps some cuttings as they came, so that nothing is moved as more rows come. They are put together
//! when all are there, and before only where there are many or they are long, where rows are packed, or where
//! they have to be sorted.
//!
//! **Invariant**: the lines come out as they went in, in the same order, each with a line end.

use std::borrow::Borrow;

use hashbrown::HashMap;

use crate::record::Marker;
use crate::record::line::{hash_bytes, parse_time};
use crate::session::assemble::{Piece, Pieces};
use crate::session::{OriginId, Position, Row, Session};

/// The rows of one piece, or some of them, copied out of the chunk.
#[derive(Clone, Debug)]
pub struct Cutting {
    /// Shape: never empty; each line has its line end.
    lines: Gathered,
    /// Is to be added to the rows' lines: lines of the file before the chunk.
    pub(super) base_line: u64,
}

/// What of some rows a session's ends are known by.
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
    /// A piece knows it, its rows need not be asked.
    pub(super) fn of_piece(piece: &Piece) -> Self {
        let Piece { is_opened, is_closed, is_contiguous, .. } = *piece;
        Self { is_opened, is_closed, is_contiguous }
    }
}

impl Cutting {
    /// How much memory it takes beside its text and rows, about: its own, and what two allocations cost.
    pub(super) const OWN_BYTES: usize = size_of::<Self>() + 2 * 16;

    /// Copies the rows of a piece, lines counted from the start of the chunk.
    pub fn copy(pieces: &Pieces, piece: &Piece, text: &[u8]) -> Self {
        let mut lines = Gathered {
            text: Vec::with_capacity(pieces.fetch(piece, text)),
            rows: Vec::with_capacity(piece.n_rows as usize),
        };
        lines.append_rows(text, pieces.rows_of(piece));
        lines.into_cutting()
    }

    /// The rows, each with the text that its places are of.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = (&[u8], &Row)> {
        self.lines.rows.iter().map(|row| (&self.lines.text[..], row))
    }

    pub(super) fn first(&self) -> (&[u8], &Row) {
        (&self.lines.text, &self.lines.rows[0])
    }

    pub(super) fn last(&self) -> &Row {
        &self.lines.rows[self.lines.rows.len() - 1]
    }

    pub(super) fn size(&self) -> Size {
        Size { n_rows: self.lines.rows.len(), text_bytes: self.lines.text.len() }
    }

    pub(super) fn shape(&self) -> Shape {
        let has = |marker: Marker| self.lines.rows.iter().any(|row| row.marker == marker);
        Shape {
            is_opened: has(Marker::Connect),
            is_closed: has(Marker::Disconnect),
            is_contiguous: self.lines.is_contiguous(),
        }
    }

    /// Makes room for so much in all, and no more.
    pub(super) fn reserve_exact(&mut self, size: Size) {
        let before = self.size();
        self.lines.text.reserve_exact(size.text_bytes.saturating_sub(before.text_bytes));
        self.lines.rows.reserve_exact(size.n_rows.saturating_sub(before.n_rows));
    }

    /// Takes in the rows of another one, which stand behind its own.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.count_from_file();
        self.lines.extend(other);
    }

    /// Counts the rows' lines from the start of their file.
    fn count_from_file(&mut self) {
        let base_line = std::mem::take(&mut self.base_line);
        if base_line > 0 {
            for row in &mut self.lines.rows {
                row.line += base_line;
            }
        }
    }

    /// Parts it before the first row that would make the text longer than so many bytes, but not before the
    /// first so many rows: what stands before that row, and the rest.
    pub(super) fn split(self, most_bytes: usize, n_least: usize) -> (Option<Self>, Option<Self>) {
        let Gathered { text, rows } = &self.lines;
        let n_first = rows.partition_point(|row| row.end as usize <= most_bytes).max(n_least);
        let part = |rows: &[Row]| {
            let mut part = Gathered::default();
            part.append_rows(text, rows.iter().copied());
            (!rows.is_empty()).then_some(Self { lines: part, base_line: self.base_line })
        };
        (part(&rows[..n_first]), part(&rows[n_first..]))
    }
}

/// Rows that lie together.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    pub(super) text: Vec<u8>,
    pub(super) rows: Vec<Row>,
}

/// How much there is of some rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) n_rows: usize,
    /// How long their lines are together, line ends included.
    pub(super) text_bytes: usize,
}

/// Few sessions have more text than this.
const MOST_KEPT_BYTES: usize = 1 << 20;

impl Gathered {
    /// Puts these together instead of what was put together before, the rows' lines counted from the start of
    /// their files. Cuttings that are given away are let go one by one.
    pub(super) fn gather<C: Borrow<Cutting>>(&mut self, size: Size, cuttings: impl IntoIterator<Item = C>) {
        self.text.clear();
        self.rows.clear();
        self.text.reserve_exact(size.text_bytes);
        self.rows.reserve_exact(size.n_rows);
        for cutting in cuttings {
            self.extend(cutting.borrow());
        }
    }

    /// The same with cuttings that nobody else needs.
    pub(super) fn take(&mut self, size: Size, mut cuttings: Vec<Cutting>) {
        match cuttings.pop() {
            Some(only) if cuttings.is_empty() => *self = Self::of(only),
            last => self.gather(size, cuttings.into_iter().chain(last)),
        }
    }

    fn of(mut cutting: Cutting) -> Self {
        cutting.count_from_file();
        cutting.lines
    }

    /// Holds no more room from session to session than most sessions need.
    pub fn let_go(&mut self) {
        if self.text.capacity() > MOST_KEPT_BYTES {
            *self = Self::default();
        }
    }

    /// Lends the rows as a session.
    pub(super) fn as_session(&self, position: Position, ordinal: u32, origin: OriginId) -> Session<'_> {
        Session { text: &self.text, rows: &self.rows, ordinal, position, origin }
    }

    fn extend(&mut self, cutting: &Cutting) {
        let of_file = |row: &Row| Row { line: row.line + cutting.base_line, ..*row };
        self.append(&cutting.lines.text, cutting.lines.rows.iter().map(of_file));
    }

    /// Puts a text and its rows behind those that are there.
    pub(super) fn append(&mut self, text: &[u8], rows: impl Iterator<Item = Row>) {
        let base = narrow(self.text.len());
        self.text.extend_from_slice(text);
        self.rows.extend(rows.map(|row| moved(&row, base)));
    }

    /// Copies these rows. What lies next to each other is copied in one go.
    fn append_rows(&mut self, text: &[u8], rows: impl Iterator<Item = Row>) {
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

    /// All of it as one cutting.
    pub(super) fn into_cutting(self) -> Cutting {
        Cutting { lines: self, base_line: 0 }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::header::Schema;
    use crate::session::FileId;
    use crate::session::assemble::TextEnd;
    use proptest::prelude::*;

    /// Groups rows of two sessions, which of them each tells, and copies those of each.
    fn copies(rows: &[(bool, &str, &str)]) -> (String, Vec<Cutting>) {
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
        let copies = pieces.pieces.iter().map(|piece| Cutting::copy(&pieces, piece, text.as_bytes())).collect();
        (text, copies)
    }

    /// The lines of these, line ends included, each with its number; in whatever way they are put together.
    fn lines(cuttings: Vec<Cutting>) -> Vec<(String, u64)> {
        let mut gathered = Gathered { text: b"of another session".to_vec(), rows: Vec::new() };
        let sizes = cuttings.iter().map(Cutting::size);
        let size = sizes.fold(Size::default(), |all, one| Size {
            n_rows: all.n_rows + one.n_rows,
            text_bytes: all.text_bytes + one.text_bytes,
        });
        gathered.gather(size, &cuttings);
        let mut whole = cuttings[0].clone();
        cuttings[1..].iter().for_each(|cutting| whole.absorb(cutting));
        let absorbed = Gathered::of(whole);
        assert_eq!((&gathered.text, &gathered.rows), (&absorbed.text, &absorbed.rows));
        let mut taken = Gathered::default();
        taken.take(size, cuttings);
        assert_eq!((&gathered.text, &gathered.rows), (&taken.text, &taken.rows));
        assert_eq!((gathered.text.len(), gathered.rows.len()), (size.text_bytes, size.n_rows));
        let starts = gathered.rows.iter().map(|row| row.start as usize);
        let ends = starts.clone().skip(1).chain([gathered.text.len()]);
        let lines = starts.zip(ends).map(|(start, end)| String::from_utf8(gathered.text[start..end].to_vec()).unwrap());
        for (line, row) in lines.clone().zip(&gathered.rows) {
            assert_eq!(line.trim_end().as_bytes(), row.as_line(&gathered.text));
        }
        lines.zip(&gathered.rows).map(|(line, row)| (line, row.line)).collect()
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
            // Blank lines are of no session, and a line that was cut gets its end.
            let expected = |id: &str| -> Vec<(String, u64)> {
                let numbered = (1..).zip(text.split_inclusive('\n')).filter(|(_, line)| line.contains(id));
                let ended = |line: &str| if line.ends_with('\n') { line.to_owned() } else { format!("{line}\r\n") };
                numbered.map(|(number, line)| (ended(line), number)).collect()
            };
            let mut all = Vec::new();
            for copy in copies {
                let whole = lines(vec![copy.clone()]);
                all.push(whole.clone());
                // Rows that stand in a later chunk of their file.
                let later = Cutting { base_line: 100, ..copy };
                let moved: Vec<_> = whole.into_iter().map(|(line, number)| (line, number + 100)).collect();
                prop_assert_eq!(lines(vec![later.clone()]), moved.clone());
                let (first, rest) = later.split(most_bytes, n_least);
                let Size { n_rows, text_bytes } = first.as_ref().map(Cutting::size).unwrap_or_default();
                prop_assert!(n_rows >= n_least);
                prop_assert!(text_bytes <= most_bytes + "\r\n".len() || n_rows == n_least);
                if let Some(rest) = &rest {
                    let next = rest.lines.rows[0].end as usize;
                    prop_assert!(text_bytes + next > most_bytes);
                }
                prop_assert_eq!(lines(first.into_iter().chain(rest).collect()), moved);
            }
            all.sort_by_key(|lines| lines[0].1);
            let mut expected: Vec<_> = ["5E6F,", "5E70,"].map(expected).into_iter().filter(|lines| !lines.is_empty()).collect();
            expected.sort_by_key(|lines| lines[0].1);
            prop_assert_eq!(all, expected);
        }
    }
}
