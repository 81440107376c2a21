//! A query made ready: times resolved, cheap questions first.
//!
//! In: an [`Expression`]. Out: a [`Node`] that is asked session after session.
//!
//! **Invariant**: the order of asking changes no answer.

use super::expression::{Expression, Term, Written};
use super::meaning::{Meaning, Side};
use super::question::Question;
use super::subject::Subject;
use super::syntax::Operator;
use super::time::Times;
use crate::ingest::window::Window;
use crate::record::value::Timestamp;

/// A part of a query, ready to be asked.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// All of them; of none, it is true.
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Since(Timestamp),
    Until(Timestamp),
    Ask(Question),
}

/// What comparing a time costs, in the measure of [`Question::cost`].
const START_COST: u8 = 0;

impl Node {
    pub(super) fn everything() -> Self {
        Self::And(Vec::new())
    }

    pub(super) fn new(expression: &Expression, times: &Times) -> Self {
        match expression {
            Expression::And(parts) => Self::And(cheap_first(parts, times)),
            Expression::Or(parts) => Self::Or(cheap_first(parts, times)),
            Expression::Not(inner) => Self::Not(Box::new(Self::new(inner, times))),
            Expression::Saved(_, inner) => Self::new(inner, times),
            Expression::Term(term) => Self::of_term(term, times),
        }
    }

    fn of_term(term: &Term, times: &Times) -> Self {
        let node = match &term.meaning {
            Meaning::Start(Side::After, when) => Self::Since(when.resolve(times)),
            Meaning::Start(Side::Before, when) => Self::Until(when.resolve(times)),
            Meaning::Question(question) => Self::Ask(question.clone()),
        };
        match term.written {
            Written::Field { operator: Operator::IsNot, .. } => Self::Not(Box::new(node)),
            _ => node,
        }
    }

    fn cost(&self) -> u8 {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::cost).max().unwrap_or(0),
            Self::Not(inner) => inner.cost(),
            Self::Since(_) | Self::Until(_) => START_COST,
            Self::Ask(question) => question.cost(),
        }
    }

    pub(super) fn needs_rows(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::needs_rows),
            Self::Not(inner) => inner.needs_rows(),
            Self::Since(_) | Self::Until(_) => false,
            Self::Ask(question) => question.needs_rows(),
        }
    }

    /// When the sessions begin that can be meant.
    pub(super) fn window(&self) -> Window {
        let everything = Window::default();
        match self {
            Self::And(parts) => parts.iter().map(Self::window).fold(everything, Window::and),
            Self::Or(parts) => parts.iter().map(Self::window).reduce(Window::or).unwrap_or(everything),
            Self::Since(moment) => Window { since: Some(*moment), ..everything },
            Self::Until(moment) => Window { until: Some(*moment), ..everything },
            Self::Not(_) | Self::Ask(_) => everything,
        }
    }

    pub(super) fn is_match<S: Subject + ?Sized>(&self, subject: &S) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.is_match(subject)),
            Self::Or(parts) => parts.iter().any(|part| part.is_match(subject)),
            Self::Not(inner) => !inner.is_match(subject),
            Self::Since(moment) => subject.start().is_some_and(|start| start >= *moment),
            Self::Until(moment) => subject.start().is_some_and(|start| start < *moment),
            Self::Ask(question) => question.is_match(subject),
        }
    }
}

fn cheap_first(parts: &[Expression], times: &Times) -> Vec<Node> {
    let mut nodes: Vec<Node> = parts.iter().map(|part| Node::new(part, times)).collect();
    nodes.sort_by_key(Node::cost);
    nodes
}

/// A question about facts, and how it was written.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    pub(super) text: String,
    pub(super) node: Node,
}

/// Gathers the questions about facts that have to be true of some session if anything is to be
/// found: those that no `or` and no negation makes needless.
pub(super) fn gather_witnesses(expression: &Expression, times: &Times, witnesses: &mut Vec<Witness>) {
    match expression {
        Expression::And(parts) => parts.iter().for_each(|part| gather_witnesses(part, times, witnesses)),
        Expression::Saved(_, inner) => gather_witnesses(inner, times, witnesses),
        Expression::Term(term) => {
            let node = Node::of_term(term, times);
            let is_of_facts = !matches!(node, Node::Not(_) | Node::Ask(Question::Rows(_)));
            if is_of_facts {
                witnesses.push(Witness { text: term.to_string(), node });
            }
        }
        Expression::Or(_) | Expression::Not(_) => {}
    }
}
