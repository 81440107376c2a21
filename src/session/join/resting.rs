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

use super::{Life, narrow};
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
        Self::of(Life { position, is_contiguous: true, ..Life::default() })
    }

    pub(super) fn of(life: Life) -> Self {
        Self { life, packed: None, touched: 0 }
    }

    /// How long the text of its rows is, unpacked.
    pub(super) fn text_bytes(&self) -> usize {
        self.packed.as_ref().map_or(0, |packed| packed.text_bytes) + self.life.text.len()
    }

    /// Packs the rows that are not packed yet, where that is worth it.
    pub(super) fn rest(&mut self) {
        if (LEAST_BYTES..=MOST_BYTES).contains(&self.life.text.len()) {
            self.pack();
        }
    }

    fn pack(&mut self) {
        let packed = self.packed.get_or_insert_default();
        packed.text_bytes += self.life.text.len();
        packed.parts.push(Part::new(&self.life.text, &self.life.rows));
        self.life.text = Vec::new();
        self.life.rows = Vec::new();
    }

    /// Unpacks all rows.
    fn wake(&mut self) {
        let Some(packed) = self.packed.take() else { return };
        let mut text = Vec::with_capacity(packed.text_bytes + self.life.text.len());
        let mut rows = Vec::new();
        for part in &packed.parts {
            part.unpack(&mut text, &mut rows);
        }
        let base = narrow(text.len());
        text.append(&mut self.life.text);
        rows.extend(self.life.rows.iter().map(|row| moved(row, base)));
        (self.life.text, self.life.rows) = (text, rows);
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
const NO_ROW: Row = Row {
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
    fn unpack(&self, text: &mut Vec<u8>, rows: &mut Vec<Row>) {
        let bytes = lz4_flex::decompress_size_prepended(&self.0).expect("it was packed here");
        let (steps, own_text): (Vec<Step>, &[u8]) = postcard::take_from_bytes(&bytes).expect("it was packed here");
        let base = narrow(text.len());
        let mut before = NO_ROW;
        rows.extend(steps.iter().map(|step| {
            before = step.to_row(&before);
            moved(&before, base)
        }));
        text.extend_from_slice(own_text);
    }
}

/// The row, with so much text before that of its own part.
fn moved(row: &Row, base: u32) -> Row {
    Row {
        start: row.start + base,
        data: row.data + base,
        data_end: row.data_end + base,
        context: row.context + base,
        end: row.end + base,
        ..*row
    }
}

#[cfg(test)]
mod tests {
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
            let (mut open, mut text, mut rows) = (Open::new(Position(7)), Vec::new(), Vec::new());
            let n_parts = parts.len();
            for (at, (own_text, own_rows)) in parts.into_iter().enumerate() {
                rows.extend(own_rows.iter().map(|row| moved(row, narrow(text.len()))));
                text.extend_from_slice(&own_text);
                (open.life.text, open.life.rows) = (own_text, own_rows);
                prop_assert_eq!(open.text_bytes(), text.len());
                if at + 1 < n_parts || is_packed_at_last {
                    open.pack();
                }
            }
            let seen = open.to_life().into_owned();
            let life = open.into_life();
            prop_assert_eq!((&life.text, &life.rows, life.position), (&text, &rows, Position(7)));
            prop_assert_eq!((seen.text, seen.rows), (text, rows));
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
}
