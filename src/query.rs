//! The filter language: which sessions are meant.
//!
//! In: the text of a query, and [`Subject`]s. Out: yes or no, for whole sessions.
//!
//! ```
//! use heloscope::query::Query;
//! use heloscope::query::expression::Expression;
//! use heloscope::query::saved::SavedFilters;
//!
//! let saved = SavedFilters::default();
//! let expression = Expression::parse("auth:failed user:alice or code:5.7.3", &saved)?;
//! assert_eq!(expression.to_string(), "auth:failed user:alice or code:5.7.3");
//!
//! let error = Expression::parse("auth:faild", &saved).unwrap_err();
//! assert_eq!(error.problem, "`faild` is no value of `auth`");
//! assert_eq!(error.help.last().map(String::as_str), Some("did you mean `failed`?"));
//! # Ok::<(), heloscope::query::error::SyntaxError>(())
//! ```
//!
//! **Invariant**: matching reads facts and allocates nothing; cheap questions are asked first.

pub mod field;
pub mod syntax;
pub mod error;
mod weight;
mod pattern;
pub(crate) mod values;
mod caseless;
mod lines;
mod address;
pub mod time;
mod question;
mod meaning;
mod slip;
pub mod expression;
pub mod display;
pub mod saved;
pub mod subject;
mod matching;
pub mod asking;
pub mod complete;
pub mod selecting;

use std::sync::Arc;

use crate::ingest::sieve::{FindLine, Sieve};
use crate::ingest::window::Window;
use error::SyntaxError;
use expression::Expression;
use matching::{Node, Witness};
use saved::SavedFilters;
use subject::Subject;
use time::Times;

/// Which sessions are meant, ready to be asked.
#[derive(Clone, Debug)]
pub struct Query {
    expression: Option<Expression>,
    plan: Node,
    witnesses: Vec<Witness>,
    lines: Vec<Arc<dyn FindLine>>,
}

impl Query {
    /// All sessions.
    pub fn everything() -> Self {
        Self { expression: None, plan: Node::everything(), witnesses: Vec::new(), lines: Vec::new() }
    }

    /// Makes an expression ready; `times` is what its relative times are relative to.
    pub fn new(expression: Expression, times: &Times) -> Self {
        let plan = Node::new(&expression, times);
        let mut witnesses = Vec::new();
        matching::gather_witnesses(&expression, times, &mut witnesses);
        let lines = lines::gather_lines(&plan);
        Self { expression: Some(expression), plan, witnesses, lines }
    }

    /// Understands a text and makes it ready.
    ///
    /// Errors: where the text is no query, and why.
    pub fn parse(text: &str, saved: &SavedFilters, times: &Times) -> Result<Self, SyntaxError> {
        Expression::parse(text, saved).map(|expression| Self::new(expression, times))
    }

    /// Whether the subject is meant.
    pub fn matches<S: Subject + ?Sized>(&self, subject: &S) -> bool {
        self.plan.is_match(subject)
    }

    /// Whether it asks for what only rows tell: free text, certificates, senders, recipients, message
    /// ids. A [`Subject`] that does not hold them cannot answer.
    pub fn needs_rows(&self) -> bool {
        self.plan.needs_rows()
    }

    /// Whether everything is meant.
    pub fn is_everything(&self) -> bool {
        self.expression.is_none()
    }

    /// When the sessions begin that can be meant.
    pub fn window(&self) -> Window {
        self.plan.window()
    }

    /// By what rows the sessions are known that can be meant.
    pub fn sieve(&self) -> Sieve<'_> {
        Sieve { window: self.window(), lines: &self.lines }
    }

    /// The questions about facts without which nothing is meant, as text: where one of them is true
    /// of no session, it is to blame that nothing is found.
    pub fn questions(&self) -> impl Iterator<Item = &str> {
        self.witnesses.iter().map(|witness| witness.text.as_str())
    }

    /// Notes for each of the [`questions`](Self::questions) whether it is true of the subject.
    pub fn note<S: Subject + ?Sized>(&self, subject: &S, is_true: &mut Vec<bool>) {
        is_true.resize(self.witnesses.len(), false);
        for (is_true, witness) in is_true.iter_mut().zip(&self.witnesses) {
            *is_true = *is_true || witness.node.is_match(subject);
        }
    }
}

impl std::fmt::Display for Query {
    /// Writes a text that parses to the same query; nothing where everything is meant.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.expression.iter().try_for_each(|expression| write!(f, "{expression}"))
    }
}
