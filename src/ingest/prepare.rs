//! What can be done of a chunk without knowing any other: its rows grouped, the sessions that lie
//! within it understood, the rows of all others copied.
//!
//! In: a chunk's text. Out: a [`Desk`] with all of it.
//!
//! A session is understood soon after its last row was read, while its rows are still in the cache
//! of the processor, so a chunk can be as large as is good for sessions that are not to be cut.
//!
//! **Invariant**: depends on the chunk alone, so chunks can be prepared in any order.

use crate::diagnosis::{self, Finding, examine};
use crate::dialogue::facts::Facts;
use crate::dialogue::understand::{Scratch, understand};
use crate::record::header::{Order, Schema};
use crate::session::assemble::{NeedsRewrite, Piece, Pieces, rewrite};
use crate::session::join::Marks;
use crate::session::join::cutting::{Cutting, Gathered};
use crate::session::seen::{Fingerprint, hash_row};
use crate::session::{OriginId, Position, Row, Session};
use crate::source::Reading;

use super::dispatch::Job;
use super::sieve::{Finds, Sieve};

/// How much text is grouped before its sessions are understood, in bytes: well within the second
/// level of a processor's cache.
const BLOCK_BYTES: usize = 1 << 17;

/// What a worker keeps from chunk to chunk, so that it need not be allocated again.
#[derive(Default)]
pub(super) struct Desk<'a> {
    pub(super) sieve: Sieve<'a>,
    finds: Finds,
    pub(super) pieces: Pieces,
    /// For each piece its place among the understood sessions, or [`NOT_WHOLE`].
    whole_of_piece: Vec<u32>,
    wholes: Vec<Whole>,
    /// While a chunk is read, for each piece that is over a copy of its rows, unless it is a whole session.
    parts: Vec<Option<Part>>,
    /// The rows of the understood sessions, one session's behind the other's.
    rows: Vec<Row>,
    /// The facts of the understood sessions; there may be more, of an earlier chunk.
    facts: Vec<Facts>,
    n_understood: usize,
    /// The findings of the understood sessions, one session's behind the other's.
    findings: Vec<Finding>,
    pub(super) gathered: Gathered,
    pub(super) scratch: Scratch,
    pub(super) examination: diagnosis::Scratch,
}

/// Says that a piece is no whole session.
const NOT_WHOLE: u32 = u32::MAX;

/// A session that lies within the chunk.
#[derive(Clone, Copy, Debug)]
struct Whole {
    fingerprint: Fingerprint,
    /// `None` where the sieve held it back.
    understood: Option<Understood>,
}

/// A piece of a session that may go on beyond the chunk.
pub(super) struct Part {
    pub(super) cutting: Cutting,
    /// What the sieve found of its rows.
    pub(super) marks: Marks,
}

/// Where a session's rows, facts and findings lie.
#[derive(Clone, Copy, Debug)]
struct Understood {
    first_row: usize,
    end_row: usize,
    facts: usize,
    first_finding: usize,
    end_finding: usize,
}

/// A chunk whose rows are grouped, and whose whole sessions are understood.
pub(super) struct Prepared {
    /// The text that the rows lie in, where it is not the chunk's own.
    pub(super) text: Option<Vec<u8>>,
    /// The header in force at the chunk's end.
    pub(super) schema_at_end: Schema,
    /// For each piece a copy of its rows, unless it is a whole session.
    pub(super) parts: Vec<Option<Part>>,
}

impl<'a> Desk<'a> {
    /// A desk on which no more is understood than the sieve lets through.
    pub(super) fn new(sieve: Sieve<'a>) -> Self {
        Self { sieve, ..Self::default() }
    }

    /// Groups the rows of a chunk as they are read, and understands its sessions.
    pub(super) fn prepare(&mut self, job: &Job<'_>, reading: &mut Reading<'_>) -> Prepared {
        self.begin(&job.schema);
        loop {
            let text = reading.more(BLOCK_BYTES);
            if self.take(job, text).is_err() {
                return self.prepare_again(job, reading.more(usize::MAX), &job.schema);
            }
            if reading.is_complete() {
                return self.end(reading.text());
            }
        }
    }

    /// Does the same with the whole text at hand, where another header is in force than was taken,
    /// or where its columns stand in another order and the rows must be rewritten first.
    pub(super) fn prepare_again(&mut self, job: &Job<'_>, text: &[u8], schema: &Schema) -> Prepared {
        self.begin(schema);
        if self.take(job, text).is_ok() {
            return self.end(text);
        }
        let (text, schema_at_end) = rewrite(text, schema);
        let order = match &schema.order {
            Order::Custom { .. } => Order::Usual,
            order => order.clone(),
        };
        self.begin(&Schema { kind: schema.kind.clone(), order });
        // All columns of the rewritten text are usual ones, and its values no directives.
        let taken = self.take(job, &text);
        debug_assert_eq!(taken, Ok(()), "what was rewritten need not be rewritten");
        let prepared = self.end(&text);
        Prepared { text: Some(text), schema_at_end, ..prepared }
    }

    /// Copies the rows of the sessions that go on: the text is at its end.
    fn end(&mut self, text: &[u8]) -> Prepared {
        let is_open = |index: &usize| !self.pieces.pieces[*index].is_over();
        for index in (0..self.pieces.pieces.len()).filter(is_open) {
            self.parts[index] = Some(self.copy(text, &self.pieces.pieces[index]));
        }
        let parts = std::mem::take(&mut self.parts);
        Prepared { text: None, schema_at_end: self.pieces.schema.clone(), parts }
    }

    /// Copies the rows of a piece.
    pub(super) fn copy(&self, text: &[u8], piece: &Piece) -> Part {
        Part { cutting: Cutting::copy(&self.pieces, piece, text), marks: self.marks(piece) }
    }

    fn begin(&mut self, schema: &Schema) {
        self.whole_of_piece.clear();
        self.wholes.clear();
        self.parts.clear();
        self.rows.clear();
        self.findings.clear();
        self.n_understood = 0;
        self.finds.begin(&self.sieve);
        self.pieces.begin(schema);
    }

    /// Takes in the lines behind those that were taken in before.
    fn take(&mut self, job: &Job<'_>, text: &[u8]) -> Result<(), NeedsRewrite> {
        while !self.pieces.is_at_end(text) {
            self.pieces.assemble(text, BLOCK_BYTES, job.end, job.file)?;
            self.finds.search(&self.sieve, text, self.pieces.read_bytes());
            self.understand_over(text);
        }
        Ok(())
    }

    fn understand_over(&mut self, text: &[u8]) {
        self.whole_of_piece.resize(self.pieces.pieces.len(), NOT_WHOLE);
        self.parts.resize_with(self.pieces.pieces.len(), || None);
        while let Some(index) = self.pieces.next_over() {
            let piece = self.pieces.pieces[index as usize];
            if !piece.is_whole() {
                self.parts[index as usize] = Some(self.copy(text, &piece));
                continue;
            }
            let hash = |row: u32| Some(hash_row(self.pieces.row(row).as_line(text)));
            let fingerprint = Fingerprint { connect: hash(piece.first), disconnect: hash(piece.last) };
            self.whole_of_piece[index as usize] = u32::try_from(self.wholes.len()).unwrap_or(NOT_WHOLE);
            let understood = self.understand(text, &piece);
            self.wholes.push(Whole { fingerprint, understood });
        }
    }

    /// Understands the session, if the sieve lets it through.
    // Within the loop over the rows it would take the place of what is called for each of them.
    #[inline(never)]
    fn understand(&mut self, text: &[u8], piece: &Piece) -> Option<Understood> {
        let first = self.pieces.row(piece.first);
        if !self.sieve.holds_start(text, &first) || !self.sieve.has_all(self.marks(piece)) {
            return None;
        }
        let first_row = self.rows.len();
        self.pieces.fetch(piece, text);
        self.rows.extend(self.pieces.rows_of(piece));
        let rows = &self.rows[first_row..];
        if self.facts.len() == self.n_understood {
            self.facts.push(Facts::default());
        }
        let session = Session { text, rows, ordinal: 1, position: Position(0), origin: OriginId(0) };
        let facts = &mut self.facts[self.n_understood];
        understand(&session, &mut self.scratch, facts);
        let first_finding = self.findings.len();
        examine(&session, facts, &mut self.examination, &mut self.findings);
        self.n_understood += 1;
        let (end_row, end_finding) = (self.rows.len(), self.findings.len());
        Some(Understood { first_row, end_row, facts: self.n_understood - 1, first_finding, end_finding })
    }

    fn marks(&self, piece: &Piece) -> Marks {
        let (first, last) = (self.pieces.row(piece.first), self.pieces.row(piece.last));
        self.finds.marks(&first, &last, &self.pieces.rows_of(piece))
    }

    /// Returns what tells the session of a piece from others of the same name, where the piece is a
    /// whole session.
    pub(super) fn fingerprint(&self, piece: usize) -> Option<Fingerprint> {
        Some(self.wholes.get(self.whole_of_piece[piece] as usize)?.fingerprint)
    }

    /// Returns rows, facts and findings of a piece that is a whole session, its lines counted from
    /// the start of the file; `None` where the sieve held it back. To be called once for each.
    pub(super) fn whole(&mut self, piece: usize, base_line: u64) -> Option<(&[Row], &Facts, &[Finding])> {
        let whole = &self.wholes[self.whole_of_piece[piece] as usize];
        let Understood { first_row, end_row, facts, first_finding, end_finding } = whole.understood?;
        let rows = &mut self.rows[first_row..end_row];
        if base_line > 0 {
            for row in &mut *rows {
                row.line += base_line;
            }
        }
        Some((rows, &self.facts[facts], &self.findings[first_finding..end_finding]))
    }
}
