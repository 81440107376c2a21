//! A study of the sessions that a query means, and of no others.
//!
//! In: a [`Query`] and a [`Study`]. Out: what the study makes of them, and how many they were.
//!
//! **Invariant**: whole sessions; those that are not meant reach the inner study in no way.

use crate::ingest::sieve::Sieve;
use crate::ingest::{Case, Study};

use super::Query;

/// Whether it is noted which of the query's questions are ever true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noting {
    /// It is, until a session is found.
    Questions,
    /// It is not.
    Nothing,
}

/// A study of the sessions that a query means.
#[derive(Clone, Copy, Debug)]
pub struct Selecting<'a, S> {
    /// Which sessions.
    pub query: &'a Query,
    /// What is made of them.
    pub study: &'a S,
    /// What else is noted.
    pub noting: Noting,
}

/// What a batch holds of what is meant.
#[derive(Clone, Debug)]
pub struct Selected<Y> {
    /// What the study made of it.
    pub value: Y,
    /// How many sessions.
    pub n_sessions: u64,
    /// For each of the query's questions whether it was true of any session of the batch, where it
    /// was noted.
    pub is_true: Vec<bool>,
}

impl<S: Study> Study for Selecting<'_, S> {
    type Yield = Selected<S::Yield>;

    fn begin(&self) -> Self::Yield {
        Selected { value: self.study.begin(), n_sessions: 0, is_true: Vec::new() }
    }

    fn take(&self, case: &Case<'_>, selected: &mut Self::Yield) {
        if self.query.matches(case) {
            selected.n_sessions += 1;
            self.study.take(case, &mut selected.value);
        } else if self.noting == Noting::Questions && selected.n_sessions == 0 {
            self.query.note(case, &mut selected.is_true);
        }
    }

    /// What the questions are true of is to be noted of all sessions, those that are not meant first.
    fn sieve(&self) -> Sieve<'_> {
        match self.noting == Noting::Questions && self.query.questions().next().is_some() {
            true => Sieve::default(),
            false => self.query.sieve(),
        }
    }
}
