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
use crate::session::{Row, Session};

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
    /// Whether the session can be meant, which owns all lines of its text.
    pub(super) fn lets_through(&self, session: &Session<'_>) -> bool {
        self.holds_start(session.text, session.first())
            && self.lines.iter().all(|lines| lines.find_line(session.text).is_some())
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

    /// Whether each finds a line between the beginning of the one row and the end of the other, whether
    /// or not it is of the same session.
    pub(super) fn are_between(&self, first: &Row, last: &Row) -> bool {
        self.line_ends.iter().all(|line_ends| is_between(line_ends, first, last))
    }

    /// Whether each finds one of the rows.
    pub(super) fn are_among(&self, rows: &[Row]) -> bool {
        self.line_ends.iter().all(|line_ends| rows.iter().any(|row| is_between(line_ends, row, row)))
    }
}

fn is_between(line_ends: &[usize], first: &Row, last: &Row) -> bool {
    let next = line_ends.partition_point(|line_end| *line_end <= first.start as usize);
    // Behind the row a line end has two bytes at most.
    line_ends.get(next).is_some_and(|line_end| *line_end <= last.end as usize + 2)
}
