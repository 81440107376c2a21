//! Open sessions, of which rows come now and then: what came long ago is packed.
//!
//! In: the rows of a session as they come. Out: all of them, as one [`Life`].
//!
//! A log never closes some of its sessions, and each of them is held to the end of the input. Their rows
//! are much alike, so that packed they take a fifth of the room. Rows are packed once, however often
//! more of them come, and unpacked once, when the session is handed over.
//!
//! **Invariant**: what comes out is what went in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Life;
use super::cutting::{Cutting, Gathered, Shape};
use crate::record::Marker;
use crate::session::{FileId, Position, Row};

/// A session that goes on.
#[derive(Clone, Debug)]
pub(super) struct Open {
    /// Its rows, but for those that are packed.
    pub(super) life: Life,
    /// Most sessions are over before any row of them is packed.
    packed: Option<Box<Packed>>,
    /// When a row last came, in the measure of [`OpenSessions`](super::open::OpenSessions).
    pub(super) touched: u64,
}

/// Rows that came long ago.
#[derive(Clone, Debug, Default)]
struct Packed {
    parts: Vec<Part>,
    /// How long their text is, unpacked.
    text_bytes: usize,
}

/// Rows that came one after the other.
#[derive(Clone, Debug)]
struct Part(Box<[u8]>);

/// Less text than this is not packed: it would take more time and hardly less room.
pub(super) const LEAST_BYTES: usize = 1 << 10;

/// Nor is more text than this, for while it is packed it is held twice.
const MOST_BYTES: usize = 1 << 26;

impl Open {
    pub(super) fn new(position: Position) -> Self {
        Self::of(Life::begin(position))
    }

    pub(super) fn of(life: Life) -> Self {
        Self { life, packed: None, touched: 0 }
    }

    /// How long the text of its rows is, unpacked.
    pub(super) fn text_bytes(&self) -> usize {
        self.packed.as_ref().map_or(0, |packed| packed.text_bytes) + self.life.size.text_bytes
    }

    /// Takes in as many of the rows as fit where its text is to have no more than so many bytes, and one at
    /// least where it has none yet. Returns the rest.
    pub(super) fn fill(&mut self, cutting: Cutting, shape: Shape, most_bytes: usize) -> Option<Cutting> {
        let room = most_bytes.saturating_sub(self.text_bytes());
        if cutting.size().text_bytes <= room {
            self.life.append(cutting, shape);
            return None;
        }
        let n_least = usize::from(self.text_bytes() == 0);
        let (fits, rest) = cutting.split(room, n_least);
        if let Some(cutting) = fits {
            let shape = cutting.shape();
            self.life.append(cutting, shape);
        }
        rest
    }

    /// Packs the rows that are not packed yet, where that is worth it.
    pub(super) fn rest(&mut self) {
        if (LEAST_BYTES..=MOST_BYTES).contains(&self.life.size.text_bytes) {
            self.pack();
        }
    }

    fn pack(&mut self) {
        let packed = self.packed.get_or_insert_default();
        packed.text_bytes += self.life.size.text_bytes;
        let Gathered { text, rows } = self.life.take_rows();
        packed.parts.push(Part::new(&text, &rows));
    }

    /// Unpacks all rows.
    fn wake(&mut self) {
        let Some(packed) = self.packed.take() else { return };
        let mut gathered = Gathered::default();
        gathered.text.reserve_exact(packed.text_bytes + self.life.size.text_bytes);
        for part in &packed.parts {
            part.unpack(&mut gathered);
        }
        let Gathered { text, rows } = self.life.take_rows();
        gathered.append(&text, rows.into_iter());
        self.life.keep(gathered.into_cutting());
    }

    /// All of it.
    pub(super) fn into_life(mut self) -> Life {
        self.wake();
        self.life
    }

    /// All of it, to look at.
    pub(super) fn to_life(&self) -> Cow<'_, Life> {
        match self.packed.is_none() {
            true => Cow::Borrowed(&self.life),
            false => Cow::Owned(self.clone().into_life()),
        }
    }
}

/// A row, by how it differs from the one before: small numbers, for they are written in few bytes.
#[derive(Serialize, Deserialize)]
struct Step {
    start: i32,
    data: u32,
    data_end: u32,
    context: u32,
    end: u32,
    sequence: i32,
    line: i64,
    file: i32,
    marker: u8,
}

impl Step {
    fn new(row: &Row, before: &Row) -> Self {
        Self {
            start: row.start.wrapping_sub(before.end).cast_signed(),
            data: row.data.wrapping_sub(row.start),
            data_end: row.data_end.wrapping_sub(row.data),
            context: row.context.wrapping_sub(row.data_end),
            end: row.end.wrapping_sub(row.context),
            sequence: row.sequence.wrapping_sub(before.sequence).cast_signed(),
            line: row.line.wrapping_sub(before.line).cast_signed(),
            file: row.file.0.wrapping_sub(before.file.0).cast_signed(),
            marker: row.marker as u8,
        }
    }

    fn to_row(&self, before: &Row) -> Row {
        let start = before.end.wrapping_add_signed(self.start);
        let data = start.wrapping_add(self.data);
        let data_end = data.wrapping_add(self.data_end);
        let context = data_end.wrapping_add(self.context);
        Row {
            start,
            data,
            data_end,
            context,
            end: context.wrapping_add(self.end),
            sequence: before.sequence.wrapping_add_signed(self.sequence),
            line: before.line.wrapping_add_signed(self.line),
            file: FileId(before.file.0.wrapping_add_signed(self.file)),
            marker: Marker::parse(self.marker).unwrap_or(Marker::Information),
        }
    }
}

/// What the first row of a part differs from.
pub(super) const NO_ROW: Row = Row {
    start: 0,
    data: 0,
    data_end: 0,
    context: 0,
    end: 0,
    sequence: 0,
    line: 0,
    file: FileId(0),
    marker: Marker::Information,
};

impl Part {
    fn new(text: &[u8], rows: &[Row]) -> Self {
        let mut before = &NO_ROW;
        let mut steps = Vec::with_capacity(rows.len());
        for row in rows {
            steps.push(Step::new(row, before));
            before = row;
        }
        let mut bytes = postcard::to_allocvec(&steps).expect("numbers, written into memory");
        bytes.extend_from_slice(text);
        Self(lz4_flex::compress_prepend_size(&bytes).into())
    }

    /// Appends its rows and their text.
    fn unpack(&self, gathered: &mut Gathered) {
        let bytes = lz4_flex::decompress_size_prepended(&self.0).expect("it was packed here");
        let (steps, text): (Vec<Step>, &[u8]) = postcard::take_from_bytes(&bytes).expect("it was packed here");
        let mut before = NO_ROW;
        gathered.append(
            text,
            steps.iter().map(|step| {
                before = step.to_row(&before);
                before
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::cutting::narrow;
    use super::*;
    use proptest::prelude::*;

    /// Rows of which only the order of their offsets is sure.
    fn any_row() -> impl Strategy<Value = Row> {
        let marker = prop::sample::select(&b"+-><*"[..]).prop_map(|byte| Marker::parse(byte).unwrap());
        (prop::array::uniform5(0_u32..1 << 20), any::<u32>(), any::<u64>(), any::<u32>(), marker).prop_map(
            |(mut offsets, sequence, line, file, marker)| {
                offsets.sort_unstable();
                let [start, data, data_end, context, end] = offsets;
                Row { start, data, data_end, context, end, sequence, line, file: FileId(file), marker }
            },
        )
    }

    proptest! {
        #[test]
        fn rows_come_out_as_they_went_in(
            parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), prop::collection::vec(any_row(), 1..9)), 1..4),
            is_packed_at_last in any::<bool>(),
        ) {
            let (mut open, mut gathered) = (Open::new(Position(7)), Gathered::default());
            let n_parts = parts.len();
            for (at, (own_text, own_rows)) in parts.into_iter().enumerate() {
                let own = Gathered { text: own_text, rows: own_rows };
                gathered.append(&own.text, own.rows.iter().copied());
                open.life.keep(own.into_cutting());
                prop_assert_eq!(open.text_bytes(), gathered.text.len());
                if at + 1 < n_parts || is_packed_at_last {
                    open.pack();
                }
            }
            let seen = open.to_life().into_owned().take_rows();
            let mut life = open.into_life();
            prop_assert_eq!(life.position, Position(7));
            let life = life.take_rows();
            prop_assert_eq!((&life.text, &life.rows), (&gathered.text, &gathered.rows));
            prop_assert_eq!((seen.text, seen.rows), (gathered.text, gathered.rows));
        }
    }

    #[test]
    fn rows_that_are_alike_take_little_room() {
        let line =
            "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,2,192.0.2.5:25,198.51.100.7:4096,>,250 OK,\r\n";
        let row = |number: u32| {
            let start = number * narrow(line.len());
            let end = start + narrow(line.len()) - 2;
            Row { start, data: end - 7, data_end: end - 1, context: end, end, line: number.into(), ..NO_ROW }
        };
        let part = Part::new(line.repeat(50).as_bytes(), &(0..50).map(row).collect::<Vec<_>>());
        assert!(part.0.len() * 10 < 50 * line.len(), "{}", part.0.len());
    }

    /// Fills sessions with ten rows until none are left, and returns how many rows each got.
    fn n_rows_of_parts(row_bytes: u32, most_bytes: usize, n_packed: usize) -> Vec<u64> {
        let text = format!("{}\r\n", "x".repeat(row_bytes as usize - 2)).repeat(10).into_bytes();
        let row = |number: u32| Row { start: number * row_bytes, end: (number + 1) * row_bytes - 2, ..NO_ROW };
        let mut open = Open::new(Position(7));
        if n_packed > 0 {
            let rows = (0..narrow(n_packed)).map(row).collect();
            open.life.keep(Gathered { text: text[..n_packed * row_bytes as usize].to_vec(), rows }.into_cutting());
            open.pack();
        }
        let mut rest = Some(Gathered { text, rows: (0..10).map(row).collect() }.into_cutting());
        let mut parts = Vec::new();
        while let Some(cutting) = rest {
            let shape = cutting.shape();
            rest = open.fill(cutting, shape, most_bytes);
            let full = std::mem::replace(&mut open, Open::new(Position(7)));
            parts.push(full.into_life().n_rows());
        }
        parts
    }

    #[test]
    fn a_session_is_parted_before_it_is_too_long() {
        assert_eq!(n_rows_of_parts(100, 1000, 0), [10]);
        assert_eq!(n_rows_of_parts(100, 450, 0), [4, 4, 2]);
        assert_eq!(n_rows_of_parts(100, 50, 0), [1; 10]);
        assert_eq!(n_rows_of_parts(100, 450, 3), [4, 4, 4, 1]);
        assert_eq!(n_rows_of_parts(100, 200, 3), [3, 2, 2, 2, 2, 2]);
    }
}
