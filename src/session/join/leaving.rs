//! The sessions that are left at the end of the input: the log never closes them.
//!
//! In: the open lives of a [`Joiner`]. Out: the same, some at a time.
//!
//! What is made of a session may take many times the room that its rows take, so that all of them at
//! once would not fit where they themselves do.
//!
//! **Invariant**: they come in the order of their first rows, however many at a time.

use std::vec::IntoIter;

use super::{Done, Joiner, Key};
use crate::session::Position;

/// How much text of lives is handed over at once, in bytes: about as much as a chunk holds.
const SHARE_BYTES: usize = 1 << 20;

/// Whether sessions are left to be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// There are more.
    Some,
    /// That was all.
    Nothing,
}

impl Joiner {
    /// Hands over what was kept at the first call; then the open lives, some with each call.
    pub fn end_input(&mut self, done: &mut Done<'_>) -> Left {
        let leaving = match self.leaving.take() {
            Some(leaving) => leaving,
            None => {
                self.end_file(done);
                self.in_order()
            }
        };
        self.hand_over(leaving, done)
    }

    fn in_order(&self) -> IntoIter<(Position, Key)> {
        let mut open: Vec<_> = self.open.iter().map(|(key, open)| (open.life.position, key)).collect();
        open.sort_unstable();
        open.into_iter()
    }

    fn hand_over(&mut self, mut leaving: IntoIter<(Position, Key)>, done: &mut Done<'_>) -> Left {
        let mut n_bytes = 0;
        while n_bytes < SHARE_BYTES {
            let Some((_, key)) = leaving.next() else { return Left::Nothing };
            let Some(open) = self.open.remove(key) else { continue };
            let mut life = open.into_life();
            n_bytes += life.size.text_bytes;
            self.n_repeated += life.settle();
            self.finish(key, life, done);
        }
        self.leaving = Some(leaving);
        Left::Some
    }
}
