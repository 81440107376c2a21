//! What can be told of a session by its rows alone, before it is understood.
//!
//! In: the text of a chunk, its sessions' rows. Out: whether a session is worth to be understood.
//!
//! Understanding takes about half of all time, so a study that takes few sessions says by what rows
//! they are known. The text is searched as a whole, however its rows interleave, and a session is let
//! through where one of its rows was found.
//!
//! **Invariant**: lets too much through, never too little.

use std::fmt::Debug;
use std::sync::Arc;

use memchr::memchr;

use crate::record::line::parse_time;
use crate::session::Row;
use crate::session::join::{Life, Marks};

use super::window::Window;

/// Finds lines in a text.
pub trait FindLine: Debug + Send + Sync {
    /// Returns a place in the first line that can be meant, or right behind it. The text begins with a
    /// line.
    fn find_line(&self, text: &[u8]) -> Option<usize>;
}

/// Which sessions are worth to be understood.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sieve<'a> {
    /// When they begin.
    pub window: Window,
    /// Each of these finds one of their rows.
    pub lines: &'a [Arc<dyn FindLine>],
}

impl Sieve<'_> {
    /// Whether the session can be meant.
    pub(super) fn lets_through(&self, life: &Life) -> bool {
        self.has_all(life.marks()) && life.first().is_none_or(|(text, row)| self.holds_start(text, row))
    }

    /// Whether each found a row.
    pub(super) fn has_all(&self, marks: Marks) -> bool {
        (0..self.lines.len()).all(|nth| marks & bit(nth) != 0)
    }

    /// Whether a session that begins with this row begins in the window.
    pub(super) fn holds_start(&self, text: &[u8], first: &Row) -> bool {
        self.window == Window::default() || self.window.holds(parse_time(first.as_line(text)))
    }
}

/// The lines that were found in a text that is searched bit by bit.
#[derive(Debug, Default)]
pub(super) struct Finds {
    /// For each that finds lines where they end, in ascending order.
    line_ends: Vec<Vec<usize>>,
    searched_to: usize,
}

impl Finds {
    /// Forgets the text before.
    pub(super) fn begin(&mut self, sieve: &Sieve<'_>) {
        self.line_ends.resize(sieve.lines.len(), Vec::new());
        self.line_ends.iter_mut().for_each(Vec::clear);
        self.searched_to = 0;
    }

    /// Searches the text up to the end of a line.
    #[inline(never)]
    pub(super) fn search(&mut self, sieve: &Sieve<'_>, text: &[u8], until: usize) {
        for (lines, line_ends) in sieve.lines.iter().zip(&mut self.line_ends) {
            let mut at = self.searched_to;
            while at < until {
                let Some(found) = lines.find_line(&text[at..until]) else { break };
                let found = at + found;
                at = memchr(b'\n', &text[found..until]).map_or(until, |line_end| found + line_end + 1);
                line_ends.push(at);
            }
        }
        self.searched_to = until;
    }

    /// Says which find one of the rows, which are in the order of the text.
    pub(super) fn marks(&self, first: &Row, last: &Row, rows: &(impl Iterator<Item = Row> + Clone)) -> Marks {
        let found = self.line_ends.iter().enumerate().filter(|(_, line_ends)| {
            let from = line_ends.partition_point(|line_end| *line_end <= first.start as usize);
            let to = from + line_ends[from..].partition_point(|line_end| *line_end <= line_end_of(last));
            is_any(&line_ends[from..to], rows.clone())
        });
        found.fold(0, |marks, (nth, _)| marks | bit(nth))
    }
}

/// Whether one of the lines that end there is one of the rows, both in the order of the text.
fn is_any(mut line_ends: &[usize], mut rows: impl Iterator<Item = Row>) -> bool {
    !line_ends.is_empty()
        && rows.any(|row| {
            while let [line_end, rest @ ..] = line_ends
                && *line_end <= row.start as usize
            {
                line_ends = rest;
            }
            line_ends.first().is_some_and(|line_end| *line_end <= line_end_of(&row))
        })
}

/// Where the row's line ends at the latest: behind the row a line end has two bytes at most.
fn line_end_of(row: &Row) -> usize {
    row.end as usize + 2
}

/// The bit of what finds lines as the nth; those behind the last bit share it, so that too much is let
/// through and not too little.
fn bit(nth: usize) -> Marks {
    1 << nth.min(Marks::BITS as usize - 1)
}
