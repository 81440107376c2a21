//! Joins the pieces of sessions that cross the ends of chunks and files.
//!
//! In: the pieces of one chunk after the other. Out: [`Life`]s, sessions that own a copy of their
//! rows, each handed over when nothing can be missing of it any more; or, where files still grow,
//! as soon as it is closed, and again when more of it comes.
//!
//! **Invariant**: what comes out depends on the order of rows alone, not on where chunks end.

pub mod cutting;
pub mod leaving;
mod open;
mod resting;
mod told;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::vec::IntoIter;

use hashbrown::HashMap;

use crate::record::Marker;

use super::assemble::Piece;
use super::seen::{Fingerprint, hash_row};
use super::{OriginId, Position, Row, Session};
use crate::record::line::hash_bytes;
use cutting::{Cutting, Gathered, Shape, Size};
use open::OpenSessions;
use resting::Open;
use told::Told;

/// What tells one session from another: where it was logged, and the session id as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Where it was logged.
    pub origin: OriginId,
    /// The session id as a number.
    pub session_key: u64,
}

/// What was noted of a session's rows, a bit for each thing: all that was noted of any of them.
pub type Marks = u8;

/// A session that owns its rows: one that crosses a chunk's end, or whose rows are out of order.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// The rows, piece by piece.
    cuttings: Vec<Cutting>,
    size: Size,
    /// The sequence number of the row that came last.
    last_sequence: Option<u32>,
    /// A hash of the connect row that it began with.
    connect: Option<u64>,
    position: Position,
    is_opened: bool,
    is_closed: bool,
    is_contiguous: bool,
    marks: Marks,
    /// Under which ordinal it was handed over before, 0 if it was not.
    ordinal: u32,
    /// How many rows it had then.
    n_told: usize,
}

impl Life {
    fn begin(position: Position) -> Self {
        Self { position, is_contiguous: true, ..Self::default() }
    }

    /// Lends it as a session, its rows put together in `gathered`.
    pub fn to_session<'a>(&self, ordinal: u32, origin: OriginId, gathered: &'a mut Gathered) -> Session<'a> {
        gathered.gather(self.size, &self.cuttings);
        gathered.as_session(self.position, ordinal, origin)
    }

    /// The same where it is not needed any more, so that its rows are not held twice.
    pub fn into_session(self, ordinal: u32, origin: OriginId, gathered: &mut Gathered) -> Session<'_> {
        let Self { position, size, cuttings, .. } = self;
        gathered.take(size, cuttings);
        gathered.as_session(position, ordinal, origin)
    }

    /// Where its first row stood.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What was noted of its rows.
    pub fn marks(&self) -> Marks {
        self.marks
    }

    /// Under which ordinal it was handed over before, with fewer rows.
    pub fn ordinal_told(&self) -> Option<u32> {
        (self.ordinal > 0).then_some(self.ordinal)
    }

    /// Whether it holds rows that were not handed over before.
    fn is_news(&self) -> bool {
        self.size.n_rows != self.n_told
    }

    /// How many rows it has.
    pub fn n_rows(&self) -> u64 {
        self.size.n_rows as u64
    }

    /// Whether the connect row was read.
    pub fn is_opened(&self) -> bool {
        self.is_opened
    }

    /// Whether the disconnect row was read.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The rows, each with the text that its places are of.
    fn rows(&self) -> impl DoubleEndedIterator<Item = (&[u8], &Row)> {
        self.cuttings.iter().flat_map(Cutting::rows)
    }

    /// The first row, with the text that its places are of.
    pub fn first(&self) -> Option<(&[u8], &Row)> {
        self.cuttings.first().map(Cutting::first)
    }

    /// What tells it from others of the same name.
    pub fn fingerprint(&self) -> Fingerprint {
        let of = |(text, row): (&[u8], &Row)| hash_row(row.as_line(text));
        Fingerprint {
            connect: self.rows().find(|(_, row)| row.marker == Marker::Connect).map(of),
            disconnect: self.rows().rev().find(|(_, row)| row.marker == Marker::Disconnect).map(of),
        }
    }

    /// How much memory it takes, about.
    fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.size.text_bytes
            + self.size.n_rows * size_of::<Row>()
            + self.cuttings.len() * Cutting::OWN_BYTES
    }

    fn is_whole(&self) -> bool {
        self.is_opened && self.is_closed && self.is_contiguous
    }

    /// Whether the row is the connect row that it began with.
    fn is_same_connect(&self, line: &[u8]) -> bool {
        self.connect == Some(hash_bytes(line))
    }

    /// Takes in more rows.
    fn append(&mut self, cutting: Cutting, shape: Shape) {
        let (text, first) = cutting.first();
        match self.last_sequence.replace(cutting.last().sequence) {
            Some(last) => self.is_contiguous &= last.checked_add(1) == Some(first.sequence),
            None => self.connect = (first.marker == Marker::Connect).then(|| hash_bytes(first.as_line(text))),
        }
        let Shape { is_opened, is_closed, is_contiguous } = shape;
        self.is_opened |= is_opened;
        self.is_closed |= is_closed;
        self.is_contiguous &= is_contiguous;
        self.keep(cutting);
    }

    fn keep(&mut self, cutting: Cutting) {
        let Size { n_rows, text_bytes } = cutting.size();
        self.size.n_rows += n_rows;
        self.size.text_bytes += text_bytes;
        // Most have few, and those that never end would hold more room in vain.
        self.cuttings.reserve_exact(1);
        self.cuttings.push(cutting);
        if self.cuttings.len() > MOST_CUTTINGS || self.size.text_bytes > LONG_BYTES {
            self.put_together();
        }
    }

    /// Puts all rows behind those of the first cutting. A long one gets room to grow by, so that its rows are
    /// seldom moved; a short one no more than it needs.
    fn put_together(&mut self) {
        let [first, others @ ..] = &mut self.cuttings[..] else { return };
        if self.size.text_bytes <= LONG_BYTES {
            first.reserve_exact(self.size);
        }
        for other in others {
            first.absorb(other);
        }
        self.cuttings.truncate(1);
    }

    /// Takes all rows out, put together.
    fn take_rows(&mut self) -> Gathered {
        let mut gathered = Gathered::default();
        gathered.take(std::mem::take(&mut self.size), std::mem::take(&mut self.cuttings));
        gathered
    }

    /// Takes out rows that stand twice, byte for byte, and mends an order that time contradicts.
    /// Returns how many rows were taken out.
    fn settle(&mut self) -> u64 {
        if self.is_contiguous {
            return 0;
        }
        let mut gathered = self.take_rows();
        let n_before = gathered.rows.len();
        gathered.drop_repeats();
        if !gathered.is_in_time_order() {
            gathered.rows.sort_by_key(|row| (as_rank(row.marker), row.sequence));
        }
        self.is_contiguous = gathered.is_contiguous();
        let n_repeated = n_before - gathered.rows.len();
        self.keep(gathered.into_cutting());
        n_repeated as u64
    }

    /// Whether both can be parts of one session: not two different heads or tails, and with all rows
    /// in order of their numbers time does not run backwards and no number stands twice. Returns the
    /// session, and how many rows stood in both.
    fn merged_with(&self, other: &Self) -> Option<(Self, u64)> {
        let (mine, theirs) = (self.fingerprint(), other.fingerprint());
        let differ = |mine: Option<u64>, theirs: Option<u64>| mine.is_some() && theirs.is_some() && mine != theirs;
        if differ(mine.connect, theirs.connect) || differ(mine.disconnect, theirs.disconnect) {
            return None;
        }
        let mut gathered = Gathered::default();
        let size = Size {
            n_rows: self.size.n_rows + other.size.n_rows,
            text_bytes: self.size.text_bytes + other.size.text_bytes,
        };
        gathered.gather(size, self.cuttings.iter().chain(&other.cuttings));
        if !gathered.is_contiguous() {
            gathered.drop_repeats();
        }
        let n_repeated = (size.n_rows - gathered.rows.len()) as u64;
        gathered.rows.sort_by_key(|row| row.sequence);
        if !gathered.is_one_session() || !gathered.is_in_time_order() {
            return None;
        }
        let first = gathered.rows.first().filter(|row| row.marker == Marker::Connect);
        let mut merged = Self {
            last_sequence: gathered.rows.last().map(|row| row.sequence),
            connect: first.map(|row| hash_bytes(row.as_line(&gathered.text))),
            position: self.position.min(other.position),
            is_opened: self.is_opened | other.is_opened,
            is_closed: self.is_closed | other.is_closed,
            is_contiguous: gathered.is_contiguous(),
            marks: self.marks | other.marks,
            ordinal: [self.ordinal, other.ordinal].into_iter().filter(|ordinal| *ordinal > 0).min().unwrap_or(0),
            n_told: self.n_told.max(other.n_told),
            ..Self::default()
        };
        merged.keep(gathered.into_cutting());
        Some((merged, n_repeated))
    }
}

/// The row that a session begins with stays its first, and the one that ends it its last, whatever
/// their numbers: by these it is told from the session before and behind, also where its rows are
/// written out and read again.
fn as_rank(marker: Marker) -> u8 {
    match marker {
        Marker::Connect => 0,
        Marker::Sent | Marker::Received | Marker::Information => 1,
        Marker::Disconnect => 2,
    }
}

/// A life of more cuttings than this has them put together: each takes some memory of its own.
const MOST_CUTTINGS: usize = 8;

/// So has one with more text than this, in bytes, which would otherwise be held twice when it is studied.
const LONG_BYTES: usize = 1 << 16;

/// The most text of one life, in bytes: its offsets have 32 bits. A longer session goes on as
/// another one.
const MAX_TEXT_BYTES: usize = 1 << 31;

/// How much memory closed sessions that lack something may take while they are kept in case that it still
/// comes, in bytes, until their file ends.
const MAX_PARKED_BYTES: usize = 64 << 20;

/// Takes a life over. Returns the ordinal that it got, or `None` where it is a repeat of one that
/// was handed over before.
pub type Done<'a> = dyn FnMut(Key, Life) -> Option<u32> + 'a;

/// The sessions that are not over yet.
#[derive(Debug, Default)]
pub struct Joiner {
    open: OpenSessions,
    /// Lives that ended without a head, or with numbers missing: their rest may stand later in the
    /// same file where files were joined in another order than they were written.
    parked: Vec<(Key, Life)>,
    parked_bytes: usize,
    /// What was handed over though more of it may come.
    told: Told,
    /// The positions of all lives held.
    starts: BTreeSet<Position>,
    /// At the end of the input the lives that are still to be handed over, in the order of their first
    /// rows.
    leaving: Option<IntoIter<(Position, Key)>>,
    /// Rows that stood twice.
    n_repeated: u64,
}

impl Joiner {
    /// Where the earliest session starts that is still held.
    pub fn open_from(&self) -> Option<Position> {
        self.starts.first().copied()
    }

    /// Rows that stood twice within their session since the last call.
    pub fn take_repeated(&mut self) -> u64 {
        std::mem::take(&mut self.n_repeated)
    }

    /// Whether rows of this key are held as a session that goes on.
    pub fn is_open(&self, key: Key) -> bool {
        self.open.contains(key)
    }

    /// Takes in a piece, its rows copied, and hands over the lives that are over.
    pub fn take(&mut self, key: Key, piece: &Piece, mut cutting: Cutting, place: Place, done: &mut Done<'_>) {
        cutting.base_line = place.base_line;
        let (text, first) = cutting.first();
        let mut open = match self.open.remove(key) {
            Some(open) if !piece.is_opened || open.life.is_same_connect(first.as_line(text)) => open,
            Some(superseded) => {
                self.park(key, superseded.into_life(), done);
                self.begin(place.position)
            }
            None => self.begin(place.position),
        };
        let mut rest = open.fill(cutting, Shape::of_piece(piece), MAX_TEXT_BYTES);
        open.life.marks |= place.marks;
        while let Some(cutting) = rest {
            let full = std::mem::replace(&mut open, Open::new(place.position));
            self.finish(key, full.into_life(), done);
            self.starts.insert(place.position);
            let shape = cutting.shape();
            rest = open.fill(cutting, shape, MAX_TEXT_BYTES);
            open.life.marks |= place.marks;
        }
        self.told.touch(key);
        match piece.is_closed {
            true => self.close(key, open.into_life(), done),
            false => self.open.insert(key, open),
        }
    }

    fn begin(&mut self, position: Position) -> Open {
        self.starts.insert(position);
        Open::new(position)
    }

    /// Lets the sessions rest of which no row came for long: another chunk ends.
    pub fn end_chunk(&mut self) {
        self.open.end_chunk();
    }

    fn close(&mut self, key: Key, mut life: Life, done: &mut Done<'_>) {
        self.n_repeated += life.settle();
        match life.is_whole() {
            true => self.finish(key, life, done),
            false => self.park(key, life, done),
        }
    }

    fn finish(&mut self, key: Key, life: Life, done: &mut Done<'_>) {
        self.starts.remove(&life.position);
        if life.is_news() {
            done(key, life);
        }
    }

    fn park(&mut self, key: Key, mut life: Life, done: &mut Done<'_>) {
        self.n_repeated += life.settle();
        self.parked_bytes += life.memory_bytes();
        self.parked.push((key, life));
        if self.parked_bytes > MAX_PARKED_BYTES {
            self.end_file(done);
        }
    }

    /// Hands over what was kept in case that its rest still comes: the file is at its end.
    pub fn end_file(&mut self, done: &mut Done<'_>) {
        for (key, life) in self.release_parked() {
            match life.is_news() {
                true => drop(done(key, life)),
                false => self.told.keep(key, life),
            }
        }
    }

    /// Merges what belongs together of what is parked and returns what is over, in the order of first
    /// rows: the order in which they were parked depends on the chunks.
    fn release_parked(&mut self) -> Vec<(Key, Life)> {
        let mut released = Vec::new();
        for (key, lives) in self.take_parked() {
            released.extend(self.release(key, lives).into_iter().map(|life| (key, life)));
        }
        released.sort_by_key(|(_, life)| life.position);
        released
    }

    /// Takes what is parked, by key; then the keys of which something was handed over before, and rows
    /// have come.
    fn take_parked(&mut self) -> Vec<(Key, Vec<Life>)> {
        let mut places: HashMap<Key, usize> = HashMap::new();
        let mut parked: Vec<(Key, Vec<Life>)> = Vec::new();
        for (key, life) in std::mem::take(&mut self.parked) {
            let place = *places.entry(key).or_insert(parked.len());
            if place == parked.len() {
                parked.push((key, Vec::new()));
            }
            parked[place].1.push(life);
        }
        self.parked_bytes = 0;
        parked.extend(self.told.take_touched().into_iter().map(|key| (key, Vec::new())));
        parked
    }

    /// Merges what belongs together of one key, the open life included, and returns what is over.
    fn release(&mut self, key: Key, mut lives: Vec<Life>) -> Vec<Life> {
        lives.extend(self.told.take(key));
        let open = self.open.remove(key).map(Open::into_life);
        for life in lives.iter().chain(&open) {
            self.starts.remove(&life.position);
        }
        lives.sort_by_key(|life| life.first().map(|(_, row)| row.sequence));
        let (mut merged, open) = self.merge_neighbours(lives, open);
        if let Some(life) = open {
            match life.is_closed {
                true => merged.push(life),
                false => {
                    self.starts.insert(life.position);
                    self.open.insert(key, Open::of(life));
                }
            }
        }
        merged
    }

    /// Merges each life with the one before it where both can be parts of one session, and the last
    /// of them with the open one. `lives` are in the order of their numbers, so that only a neighbour
    /// fits.
    fn merge_neighbours(&mut self, lives: Vec<Life>, open: Option<Life>) -> (Vec<Life>, Option<Life>) {
        if lives.len() > MAX_PARTS {
            return (lives, open);
        }
        let mut merged: Vec<Life> = Vec::with_capacity(lives.len());
        for life in lives {
            match merged.last().and_then(|last| last.merged_with(&life)) {
                Some((joined, n_repeated)) => {
                    self.n_repeated += n_repeated;
                    merged.pop();
                    merged.push(joined);
                }
                None => merged.push(life),
            }
        }
        match open.as_ref().zip(merged.last()).and_then(|(open, last)| last.merged_with(open)) {
            Some((joined, n_repeated)) => {
                self.n_repeated += n_repeated;
                merged.pop();
                (merged, Some(joined))
            }
            None => (merged, open),
        }
    }

    /// The lives that are open, in no order: their rows so far.
    pub fn open(&self) -> impl Iterator<Item = (Key, Cow<'_, Life>)> {
        self.open.iter().map(|(key, open)| (key, open.to_life()))
    }
}

/// So many parts of one key are no session in pieces, and trying them all would take long.
const MAX_PARTS: usize = 64;

/// Where a piece stands in the input.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its first row, in the order of reading.
    pub position: Position,
    /// Lines of the file before the chunk.
    pub base_line: u64,
    /// What was noted of its rows.
    pub marks: Marks,
}

#[cfg(test)]
mod tests {
    use super::super::FileId;
    use super::super::assemble::{Pieces, TextEnd};
    use super::cutting::narrow;
    use super::leaving::Left;
    use super::*;
    use crate::record::header::Schema;

    const KEY: Key = Key { origin: OriginId(0), session_key: 7 };

    /// Makes rows of one session from `sequence event data` words.
    fn rows(session: &[&str]) -> String {
        let row = |row: &&str| {
            let (sequence, rest) = row.split_once(' ').unwrap();
            format!(
                "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,{sequence},192.0.2.5:25,198.51.100.7:4096,{rest}\r\n"
            )
        };
        session.iter().map(row).collect()
    }

    /// Joins the texts, each a file of its own, and returns the sessions' sequence numbers and how
    /// many rows stood twice; whether or not the sessions rest between two texts.
    #[track_caller]
    fn check(texts: &[String], expected: &[&[u32]], repeated: u64) {
        check_with(0, texts, expected, repeated);
        check_with(open::RESTS_AFTER, texts, expected, repeated);
    }

    #[track_caller]
    fn check_with(n_chunks: u64, texts: &[String], expected: &[&[u32]], repeated: u64) {
        let mut joiner = Joiner::default();
        let mut lives = Vec::new();
        let mut done = |_, life: Life| {
            lives.push(life.rows().map(|(_, row)| row.sequence).collect::<Vec<_>>());
            Some(1)
        };
        for (number, text) in (0..).zip(texts) {
            let mut pieces = Pieces::default();
            pieces.begin(&Schema::default());
            pieces.assemble(text.as_bytes(), usize::MAX, TextEnd::OfFile, FileId(number)).unwrap();
            for piece in &pieces.pieces {
                let place = Place {
                    position: Position(u64::from(number) << 32 | u64::from(piece.first)),
                    base_line: 0,
                    marks: 0,
                };
                joiner.take(KEY, piece, Cutting::copy(&pieces, piece, text.as_bytes()), place, &mut done);
            }
            joiner.end_file(&mut done);
            (0..n_chunks).for_each(|_| joiner.end_chunk());
            let has_rested =
                |(_, open): (Key, &Open)| n_chunks == 0 || open.life.size.text_bytes < resting::LEAST_BYTES;
            assert!(joiner.open.iter().all(has_rested));
        }
        while joiner.end_input(&mut done) == Left::Some {}
        assert_eq!(
            (lives, joiner.take_repeated()),
            (expected.iter().map(|numbers| numbers.to_vec()).collect(), repeated)
        );
    }

    /// Joins the pieces of a text, each with a note of its own, and returns what was noted of the sessions.
    fn notes(text: &str) -> Vec<Marks> {
        let (mut joiner, mut marks) = (Joiner::default(), Vec::new());
        let mut pieces = Pieces::default();
        pieces.begin(&Schema::default());
        pieces.assemble(text.as_bytes(), usize::MAX, TextEnd::OfFile, FileId(0)).unwrap();
        let mut done = |_, life: Life| {
            marks.push(life.marks());
            Some(1)
        };
        for (number, piece) in pieces.pieces.iter().enumerate() {
            let place = Place { position: Position(u64::from(piece.first)), base_line: 0, marks: 1 << number };
            joiner.take(KEY, piece, Cutting::copy(&pieces, piece, text.as_bytes()), place, &mut done);
        }
        joiner.end_file(&mut done);
        marks
    }

    #[test]
    fn many_cuttings_and_long_ones_are_put_together() {
        let mut life = Life::default();
        let n_bytes = |number: u32| if number < 100 { 100 } else { narrow(LONG_BYTES) };
        for number in 0..102 {
            let row = Row { end: n_bytes(number), sequence: number, ..resting::NO_ROW };
            let text = vec![b'x'; row.end as usize];
            life.keep(Gathered { text, rows: vec![row] }.into_cutting());
            let n_most = if number < 100 { MOST_CUTTINGS } else { 1 };
            assert!(life.cuttings.len() <= n_most, "{number}: {}", life.cuttings.len());
        }
        let rows = life.take_rows().rows;
        assert!(rows.iter().map(|row| (row.sequence, row.end - row.start)).eq((0..102).map(|n| (n, n_bytes(n)))));
    }

    #[test]
    fn what_was_noted_of_any_rows_is_noted_of_their_session() {
        let (head, tail) = (rows(&["0 +,,"]), rows(&["1 <,NOOP,", "2 -,,Local"]));
        assert_eq!(notes(&format!("{head}{tail}")), [1]);
        // Joined in the wrong order, and a copy of the first row.
        assert_eq!(notes(&format!("{tail}{head}")), [0b11]);
        assert_eq!(notes(&format!("{head}{head}{tail}")), [1]);
    }

    #[test]
    fn a_cut_row_gives_way_to_the_whole_one() {
        let whole = rows(&["0 +,,", "1 *,,Inbound AUTH LOGIN failed because of LogonDenied", "2 -,,Local"]);
        let cut_at = whole.find("Denied").unwrap();
        let rest = rows(&["1 *,,Inbound AUTH LOGIN failed because of LogonDenied", "2 -,,Local"]);
        check(&[whole[..cut_at].to_owned(), rest.clone()], &[&[0, 1, 2]], 1);
        check(&[whole[..cut_at].to_owned(), whole.clone()], &[&[0, 1, 2]], 2);
        let cut = format!("{}\r\n", &whole[..cut_at]);
        check(&[cut.clone() + &cut + &rest], &[&[0, 1, 2]], 3);
    }

    #[test]
    fn sessions_go_on_in_later_files() {
        // Long enough to be packed.
        let long = format!("2 >,250 {},", "x".repeat(resting::LEAST_BYTES));
        let files = [rows(&["0 +,,", &long.replace("2 >", "1 *")]), rows(&[&long]), rows(&["3 -,,Local"])];
        check(&files, &[&[0, 1, 2, 3]], 0);
        // The connect row again: the same session in a copy, or one that begins anew.
        check(&[files[0].clone(), files.concat()], &[&[0, 1, 2, 3]], 2);
        let anew = files.concat().replace("08:29:00.104Z", "09:00:00.000Z");
        check(&[files[0].clone(), anew], &[&[0, 1, 2, 3], &[0, 1]], 0);
    }

    #[test]
    fn parts_that_share_rows_are_merged() {
        // Joined in the wrong order, and with a copy of the last row behind the first.
        let (head, tail) = (rows(&["0 +,,"]), rows(&["1 <,NOOP,", "2 >,250 2.0.0 OK,", "3 -,,Local"]));
        let last = rows(&["3 -,,Local"]);
        check(&[tail.clone() + &head + &last], &[&[0, 1, 2, 3]], 1);
        check(&[tail + &head], &[&[0, 1, 2, 3]], 0);
    }
}
