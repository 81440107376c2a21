//! A query asked of many sessions that lie together.
//!
//! In: a [`Query`], and sessions, up to 64 at once. Out: a bit for each, set where it is meant.
//!
//! Sessions that lie together share names, addresses, replies, findings. What is asked about one of these
//! has the same answer wherever it stands, so it is worked out once and remembered by the number that
//! stands for it (`Block::number`), or, where most sessions are asked about, for all of them at once
//! (`Block::values`). And a question is put to a whole block before the next one is: of those that one part
//! decided on, the next is not asked.
//!
//! **Invariant**: means the sessions that [`Query::matches`] means. Nothing is allocated for a session;
//! what is remembered takes a byte for each number.

use super::Query;
use super::field::Field;
use super::matching::Node;
use super::question::Question;
use super::subject::Subject;
use super::values::Values;

/// How many sessions are asked at once: as many as a word has bits.
pub(crate) const BLOCK: usize = 64;

/// Sessions that lie together, [`BLOCK`] of them at most.
pub(crate) trait Block {
    /// How many.
    fn n_sessions(&self) -> usize;
    /// One of them.
    fn nth(&self, at: usize) -> impl Subject;
    /// Writes for each session the number that stands for what it has of a field, where it has one. Sessions
    /// with the same number answer alike to whatever is asked about that field alone, until answers are
    /// forgotten.
    fn number(&self, field: Field, numbers: &mut [u32; BLOCK]);
    /// What the numbers of a field stand for, until answers are forgotten, where this can be told.
    fn values(&self, field: Field) -> Option<Values<'_>>;
    /// Asks about a figure of each session whose bit is set in `asked`, and returns the bits of those that pass;
    /// `None` where the field is no figure that is held.
    fn ask_figures(&self, field: Field, asked: u64, test: impl Fn(Option<u64>) -> bool) -> Option<u64>;
}

/// Stands for nothing: the session is asked.
pub(crate) const NO_NUMBER: u32 = u32::MAX;

/// Of so many questions the answers are remembered. Nobody types more, and a made-up query with thousands of
/// them is not to take a byte for each of them and every name.
const MOST_REMEMBERED: usize = 100;

/// A query, and what is remembered while it is asked.
#[derive(Debug)]
pub struct Asking<'q> {
    step: Step<'q>,
}

impl<'q> Asking<'q> {
    /// Begins to ask.
    pub fn new(query: &'q Query) -> Self {
        Self { step: Step::new(&query.plan, &mut { MOST_REMEMBERED }) }
    }

    /// Forgets all answers: the sessions that follow have other numbers.
    pub fn forget(&mut self) {
        self.step.forget();
    }

    /// Which of the sessions are meant, by the bits of their places.
    pub(crate) fn find(&mut self, block: &impl Block) -> u64 {
        let all = match block.n_sessions().min(BLOCK) {
            0 => 0,
            some => u64::MAX >> (BLOCK - some),
        };
        self.step.find(all, block)
    }
}

/// A part of a query, with its answers.
#[derive(Debug)]
enum Step<'q> {
    And(Vec<Step<'q>>),
    Or(Vec<Step<'q>>),
    Not(Box<Step<'q>>),
    /// A time, which is asked of every session.
    Time(&'q Node),
    /// Asked of every session.
    Ask(&'q Question),
    /// A figure, which is compared for every session.
    Compare(Field, &'q Question),
    /// Asked once for every number of the field.
    Recall(Field, &'q Question, Vec<Option<bool>>),
}

impl<'q> Step<'q> {
    fn new(node: &'q Node, n_left: &mut usize) -> Self {
        match node {
            Node::And(parts) => Self::And(parts.iter().map(|part| Self::new(part, n_left)).collect()),
            Node::Or(parts) => Self::Or(parts.iter().map(|part| Self::new(part, n_left)).collect()),
            Node::Not(inner) => Self::Not(Box::new(Self::new(inner, n_left))),
            Node::Since(_) | Node::Until(_) => Self::Time(node),
            Node::Ask(question) => match question.numbered_field() {
                Some(field) if *n_left > 0 => {
                    *n_left -= 1;
                    Self::Recall(field, question, Vec::new())
                }
                _ => match question.figure_field() {
                    Some(field) => Self::Compare(field, question),
                    None => Self::Ask(question),
                },
            },
        }
    }

    fn forget(&mut self) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter_mut().for_each(Self::forget),
            Self::Not(inner) => inner.forget(),
            Self::Time(_) | Self::Ask(_) | Self::Compare(..) => {}
            Self::Recall(_, _, answers) => answers.clear(),
        }
    }

    /// Which of those whose bits are set in `asked` are meant. Whom one part decided on, the next one is
    /// not asked about.
    fn find(&mut self, asked: u64, block: &impl Block) -> u64 {
        if asked == 0 {
            return 0;
        }
        match self {
            Self::And(parts) => parts.iter_mut().fold(asked, |left, part| part.find(left, block)),
            Self::Or(parts) => parts.iter_mut().fold(0, |found, part| found | part.find(asked & !found, block)),
            Self::Not(inner) => asked & !inner.find(asked, block),
            Self::Time(node) => each(asked, |at| node.is_match(&block.nth(at))),
            Self::Ask(question) => each(asked, |at| question.is_match(&block.nth(at))),
            Self::Compare(field, question) => block
                .ask_figures(*field, asked, |figure| question.is_figure(figure))
                .unwrap_or_else(|| each(asked, |at| question.is_match(&block.nth(at)))),
            Self::Recall(field, question, answers) => {
                let mut numbers = [NO_NUMBER; BLOCK];
                block.number(*field, &mut numbers);
                let is_of_most = asked.count_ones() as usize * 2 > block.n_sessions();
                if answers.is_empty()
                    && is_of_most
                    && let Some(values) = block.values(*field)
                {
                    question.answer_all(values, answers);
                }
                each(asked, |at| match numbers[at] {
                    NO_NUMBER => question.is_match(&block.nth(at)),
                    number => recall(answers, number as usize, || question.is_match(&block.nth(at))),
                })
            }
        }
    }
}

/// Asks about each place whose bit is set; returns the bits of those that pass.
pub(crate) fn each(asked: u64, mut test: impl FnMut(usize) -> bool) -> u64 {
    let (mut left, mut found) = (asked, 0);
    while left != 0 {
        let at = left.trailing_zeros();
        left &= left - 1;
        found |= u64::from(test(at as usize)) << at;
    }
    found
}

fn recall(answers: &mut Vec<Option<bool>>, number: usize, ask: impl FnOnce() -> bool) -> bool {
    if let Some(Some(answer)) = answers.get(number) {
        return *answer;
    }
    let answer = ask();
    if answers.len() <= number {
        // Numbers come in ascending order where they are new, so it grows by doubling.
        answers.resize((number + 1).max(answers.len() * 2), None);
    }
    answers[number] = Some(answer);
    answer
}
