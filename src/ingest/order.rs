//! Puts rendered sessions in the order of their first rows.
//!
//! In: what each batch rendered, in the order in which sessions end. Out: the same bytes in the
//! order in which sessions begin, as soon as no earlier one can come.
//!
//! **Invariant**: the order depends on the input alone. It is strict but for one bound: where more
//! than `bound_bytes` wait for a session that does not end, they are let go, and that session comes
//! when it ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::Range;

use crate::session::Position;

/// What a batch rendered: the bytes of its sessions, one behind the other, by ascending position.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// For each session its position and the end of its bytes.
    pub entries: Vec<(Position, usize)>,
}

/// Rendered sessions that wait for earlier ones.
#[derive(Debug)]
pub struct InOrder {
    bound_bytes: usize,
    /// How many more sessions may be written.
    n_left: u64,
    waiting_bytes: usize,
    batches: Vec<Option<Rendered>>,
    /// Places in `batches` that are empty.
    free: Vec<usize>,
    /// The next session of each batch: position, batch, entry.
    heads: BinaryHeap<Reverse<(Position, usize, usize)>>,
}

/// Takes bytes that are next in order.
pub type Write<'a> = dyn FnMut(&[u8]) -> io::Result<()> + 'a;

impl InOrder {
    /// Holds back at most about `bound_bytes`.
    pub fn new(bound_bytes: usize) -> Self {
        Self {
            bound_bytes,
            n_left: u64::MAX,
            waiting_bytes: 0,
            batches: Vec::new(),
            free: Vec::new(),
            heads: BinaryHeap::new(),
        }
    }

    /// Writes no more than so many sessions.
    #[must_use]
    pub fn with_limit(self, n_sessions: u64) -> Self {
        Self { n_left: n_sessions, ..self }
    }

    /// Whether no more will be written, whatever comes.
    pub fn is_full(&self) -> bool {
        self.n_left == 0
    }

    /// Takes in a batch and writes what nothing can come before any more.
    ///
    /// Errors: those of `write`.
    pub fn push(&mut self, rendered: Rendered, open_from: Position, write: &mut Write<'_>) -> io::Result<()> {
        if let Some(&(position, _)) = rendered.entries.first() {
            self.waiting_bytes += rendered.bytes.len();
            let batch = self.place(rendered);
            self.heads.push(Reverse((position, batch, 0)));
        }
        self.release(Some(open_from), write)
    }

    /// Writes all that still waits.
    ///
    /// Errors: those of `write`.
    pub fn finish(&mut self, write: &mut Write<'_>) -> io::Result<()> {
        self.release(None, write)
    }

    fn place(&mut self, mut rendered: Rendered) -> usize {
        // It may wait for long, so it holds no more room than it needs.
        rendered.bytes.shrink_to_fit();
        match self.free.pop() {
            Some(free) => {
                self.batches[free] = Some(rendered);
                free
            }
            None => {
                self.batches.push(Some(rendered));
                self.batches.len() - 1
            }
        }
    }

    fn release(&mut self, open_from: Option<Position>, write: &mut Write<'_>) -> io::Result<()> {
        while let Some(&Reverse((position, batch, entry))) = self.heads.peek() {
            if self.is_full() {
                break;
            }
            let must_wait = open_from.is_some_and(|open_from| position >= open_from);
            if must_wait && self.waiting_bytes <= self.bound_bytes {
                break;
            }
            self.heads.pop();
            let limit = self.heads.peek().map(|Reverse((next, _, _))| *next);
            // Past the bound one session at a time is let go, so no more than is needed.
            let limit = if must_wait { Some(position) } else { earliest(limit, open_from) };
            self.write_run(batch, entry, limit, write)?;
        }
        Ok(())
    }

    /// Writes the sessions of a batch from `entry` on that stand before `limit`, at least one.
    fn write_run(
        &mut self,
        batch: usize,
        entry: usize,
        limit: Option<Position>,
        write: &mut Write<'_>,
    ) -> io::Result<()> {
        let Some(rendered) = &self.batches[batch] else { return Ok(()) };
        let is_before = |position: Position| limit.is_none_or(|limit| position < limit);
        let further = rendered.entries[entry + 1..].iter().take_while(|(position, _)| is_before(*position));
        let n_allowed = usize::try_from(self.n_left).unwrap_or(usize::MAX);
        let n_written = (1 + further.count()).min(n_allowed);
        self.n_left -= n_written as u64;
        let next = entry + n_written;
        let run = run_of(rendered, entry, next);
        write(&rendered.bytes[run.clone()])?;
        self.waiting_bytes -= run.len();
        match rendered.entries.get(next) {
            Some(&(position, _)) => self.heads.push(Reverse((position, batch, next))),
            None => {
                self.batches[batch] = None;
                self.free.push(batch);
            }
        }
        Ok(())
    }
}

fn run_of(rendered: &Rendered, from: usize, to: usize) -> Range<usize> {
    let start = if from == 0 { 0 } else { rendered.entries[from - 1].1 };
    start..rendered.entries[to - 1].1
}

fn earliest(one: Option<Position>, other: Option<Position>) -> Option<Position> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(sessions: &[(u64, &str)]) -> Rendered {
        let mut rendered = Rendered::default();
        for (position, text) in sessions {
            rendered.bytes.extend_from_slice(text.as_bytes());
            rendered.entries.push((Position(*position), rendered.bytes.len()));
        }
        rendered
    }

    #[track_caller]
    fn check(bound_bytes: usize, batches: &[(&[(u64, &str)], u64)], expected: &[&str]) {
        let mut order = InOrder::new(bound_bytes);
        let mut steps = Vec::new();
        for (sessions, open_from) in batches {
            let mut step = Vec::new();
            order
                .push(rendered(sessions), Position(*open_from), &mut |bytes| {
                    step.extend_from_slice(bytes);
                    Ok(())
                })
                .unwrap();
            steps.push(String::from_utf8(step).unwrap());
        }
        let mut step = Vec::new();
        order
            .finish(&mut |bytes| {
                step.extend_from_slice(bytes);
                Ok(())
            })
            .unwrap();
        steps.push(String::from_utf8(step).unwrap());
        assert_eq!(steps, expected);
    }

    #[test]
    fn waits_for_the_earlier() {
        check(100, &[(&[(2, "b"), (4, "d")], 1), (&[(1, "a"), (3, "c")], 5), (&[(6, "f")], 5)], &["", "abcd", "", "f"]);
    }

    #[test]
    fn the_limit_holds_across_batches() {
        let mut order = InOrder::new(100).with_limit(3);
        let mut written = Vec::new();
        let mut write = |bytes: &[u8]| {
            written.extend_from_slice(bytes);
            Ok(())
        };
        order.push(rendered(&[(2, "b"), (4, "d"), (5, "e")]), Position(1), &mut write).unwrap();
        assert!(!order.is_full());
        order.push(rendered(&[(1, "a"), (3, "c")]), Position(9), &mut write).unwrap();
        assert!(order.is_full());
        order.finish(&mut write).unwrap();
        assert_eq!(written, b"abc");
    }

    #[test]
    fn the_bound_lets_go() {
        check(2, &[(&[(2, "bb"), (4, "dd")], 1), (&[(5, "ee")], 1), (&[(1, "a")], 9)], &["bb", "dd", "aee", ""]);
    }
}
