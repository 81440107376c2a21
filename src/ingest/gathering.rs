//! A study whose batches go on from one chunk to the next, where the order of sessions does not matter.
//!
//! In: a [`Study`]. Out: the same study; a batch that was handed back goes on instead of a new one.
//!
//! What adds up need not be added up after each chunk: tables are made and merged once a worker, and
//! not once a chunk.
//!
//! **Invariant**: at most one batch more is held than are in flight, so about one a worker.

use std::sync::{Mutex, PoisonError};

use super::{Case, Study};

/// A study whose batches go on from one chunk to the next.
///
/// What must change together: it is for studies whose sessions can be taken in any order, and whose
/// batches hold nothing of a chunk but what is taken out before [`rest`](Self::rest).
#[derive(Debug)]
pub struct Gathering<S: Study> {
    study: S,
    resting: Mutex<Vec<S::Yield>>,
}

impl<S: Study> Gathering<S> {
    /// Nothing gathered yet.
    pub fn new(study: S) -> Self {
        Self { study, resting: Mutex::new(Vec::new()) }
    }

    /// Hands a batch back: it goes on with a later chunk.
    pub fn rest(&self, batch: S::Yield) {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
    }

    /// Returns what was gathered, in no order.
    pub fn into_gathered(self) -> Vec<S::Yield> {
        self.resting.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Study> Study for Gathering<S> {
    type Yield = S::Yield;

    fn begin(&self) -> Self::Yield {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        resting.unwrap_or_else(|| self.study.begin())
    }

    #[inline]
    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        self.study.take(case, batch);
    }
}
