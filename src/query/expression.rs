//! A query as it was understood, before times are resolved.
//!
//! In: text and the saved filters it may name. Out: an [`Expression`], or a [`SyntaxError`].
//!
//! **Invariant**: an expression printed and parsed again is itself. Its size and depth are bounded,
//! whatever saved filters name each other.

use super::error::{Problem, SyntaxError, nearest};
use super::field::{FIELDS, Field};
use super::meaning::{Meaning, mean, mean_rows};
use super::pattern::{to_hir, too_large};
use super::saved::SavedFilters;
use super::slip;
use super::syntax::{Expected, Fault, MAX_DEPTH, Operator, Part, Place, Style, Tree, parse_tree};
use super::time::When;
use super::weight::{SEARCH, reading_weight, weight};

/// How long a query may be, in bytes.
pub const MAX_QUERY_BYTES: usize = 64 << 10;

/// How many terms a query may have, those of saved filters counted wherever they are named.
const MAX_TERMS: usize = 20_000;

/// How much the texts and regular expressions of a query may weigh together, those of saved filters counted
/// wherever they are named: prepared, a quarter of a GB and a second or two.
const MAX_WEIGHT: usize = 1 << 21;

/// How many saved filters may stand within one another.
const MAX_SAVED_DEPTH: usize = 16;

/// A query as it was understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// All of these.
    And(Vec<Expression>),
    /// Any of these.
    Or(Vec<Expression>),
    /// Not this.
    Not(Box<Expression>),
    /// A single question.
    Term(Term),
    /// A saved filter, by its name, and what it stands for.
    Saved(String, Box<Expression>),
}

/// A single question. Two are equal where they are written alike.
#[derive(Clone, Debug)]
pub struct Term {
    pub(super) written: Written,
    pub(super) meaning: Meaning,
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

/// A question as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Field { field: Field, operator: Operator, values: Vec<Value> },
    Rows(Value),
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Regex { pattern: String, ignores_case: bool },
}

impl Value {
    pub(super) fn as_text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Regex { pattern: text, .. } => text,
        }
    }

    /// How much it weighs. A text may have to be searched for as a regular expression, each letter in two cases.
    fn weight(&self) -> usize {
        let (pattern, ignores_case) = match self {
            Self::Text(text) if text.is_ascii() => return text.len() * 2,
            Self::Text(text) => return text.len() * 2 + SEARCH,
            Self::Regex { pattern, ignores_case } => (pattern, *ignores_case),
        };
        let reading = reading_weight(pattern) + SEARCH;
        match reading > MAX_WEIGHT {
            true => reading,
            false => to_hir(pattern, ignores_case).map_or(reading, |hir| weight(&hir).saturating_add(reading)),
        }
    }

    /// A regular expression, in which a slash needs no backslash.
    fn regex(text: &str, ignores_case: bool) -> Self {
        Self::Regex { pattern: without_escaped_slashes(text), ignores_case }
    }
}

fn without_escaped_slashes(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(next) = characters.next() {
        match (next, characters.clone().next()) {
            ('\\', Some('/')) => {}
            ('\\', Some(escaped)) => {
                pattern.extend(['\\', escaped]);
                characters.next();
            }
            (other, _) => pattern.push(other),
        }
    }
    pattern
}

impl Expression {
    /// Understands a text.
    ///
    /// Errors: where it is no query, and why.
    pub fn parse(text: &str, saved: &SavedFilters) -> Result<Self, SyntaxError> {
        Reading::new(saved).read(text)
    }

    /// Understands several texts, which together are bounded like one.
    ///
    /// Errors: where the first that is no query is none, and why.
    pub fn parse_all<T: AsRef<str>>(texts: &[T], saved: &SavedFilters) -> Result<Vec<Self>, SyntaxError> {
        let mut reading = Reading::new(saved);
        texts.iter().map(|text| reading.read(text.as_ref())).collect()
    }

    /// Returns the saved filters that cannot be understood, and why.
    pub fn faults(saved: &SavedFilters) -> Vec<(&str, SyntaxError)> {
        let fault = |name| Some((name, Self::parse(&format!("@{name}"), saved).err()?));
        saved.names().filter_map(fault).collect()
    }

    /// Whether any of its times is one of the last day in the logs, which then has to be known.
    pub fn asks_for_last_day(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::asks_for_last_day),
            Self::Not(inner) | Self::Saved(_, inner) => inner.asks_for_last_day(),
            Self::Term(term) => matches!(term.meaning, Meaning::Start(_, When::OnLastDay(_))),
        }
    }

    /// The sessions that start at a time or later, as `--since` asks for them.
    ///
    /// Errors: why it is no time.
    pub fn since(time: &str) -> Result<Self, SyntaxError> {
        started(Field::After, time)
    }

    /// The sessions that start before a time, as `--until` asks for them.
    ///
    /// Errors: why it is no time.
    pub fn until(time: &str) -> Result<Self, SyntaxError> {
        started(Field::Before, time)
    }
}

fn started(field: Field, time: &str) -> Result<Expression, SyntaxError> {
    let values = vec![Value::Text(time.to_owned())];
    match mean(field, Operator::Has, &values) {
        Ok(meaning) => {
            Ok(Expression::Term(Term { written: Written::Field { field, operator: Operator::Has, values }, meaning }))
        }
        Err((_, Problem { problem, help })) => {
            Err(SyntaxError { query: time.to_owned(), at: 0..time.len(), problem, help, saved: None })
        }
    }
}

/// What is known while queries and the saved filters that they name are read.
struct Reading<'a> {
    saved: &'a SavedFilters,
    /// The saved filters that are being read, the outermost first.
    within: Vec<String>,
    n_terms: usize,
    weight: usize,
}

/// What is wrong, and where.
type Misread = (Place, Problem);

impl<'a> Reading<'a> {
    fn new(saved: &'a SavedFilters) -> Self {
        Self { saved, within: Vec::new(), n_terms: 0, weight: 0 }
    }

    fn read(&mut self, text: &str) -> Result<Expression, SyntaxError> {
        if text.trim().is_empty() {
            return Err(error(
                text,
                0..text.len(),
                Problem::new("the filter is empty").expected("a field, a word, or /regex/"),
            ));
        }
        if text.len() > MAX_QUERY_BYTES {
            let problem = Problem::new(format!("the filter is longer than {MAX_QUERY_BYTES} bytes"))
                .help("ask for what its values have in common, or in several goes");
            return Err(error(text, 0..text.len(), problem));
        }
        // A saved filter is read as often as it is named.
        self.weight = self.weight.saturating_add(text.len() / 8);
        let tree = parse_tree(text).map_err(|fault| explain(text, fault))?;
        self.weigh(&tree).and_then(|()| self.resolve(&tree, text)).map_err(|misread| match misread {
            Wrong::Here((place, problem)) => {
                error(text, text.len() - place.left..text.len() - place.left_after, problem)
            }
            Wrong::Within(inner) => *inner,
        })
    }

    fn resolve(&mut self, tree: &Tree, text: &str) -> Result<Expression, Wrong> {
        Ok(match tree {
            Tree::And(parts) => match slip::in_terms(parts, text) {
                Some((part, problem)) => return Err(Wrong::Here((part.place, problem))),
                None => Expression::And(self.resolve_all(parts, text)?),
            },
            Tree::Or(parts) => Expression::Or(self.resolve_all(parts, text)?),
            Tree::Not(inner) => Expression::Not(Box::new(self.resolve(inner, text)?)),
            Tree::Saved(name) => self.resolve_saved(name)?,
            Tree::Term { field, operator, values } => {
                self.count(field.place)?;
                Expression::Term(read_term(field, *operator, values)?)
            }
            Tree::Rows(part) => {
                self.count(part.place)?;
                Expression::Term(read_rows(part)?)
            }
        })
    }

    fn resolve_all(&mut self, parts: &[Tree], text: &str) -> Result<Vec<Expression>, Wrong> {
        parts.iter().map(|part| self.resolve(part, text)).collect()
    }

    fn count(&mut self, place: Place) -> Result<(), Wrong> {
        self.n_terms += 1;
        if self.n_terms > MAX_TERMS {
            let problem = Problem::new(format!("more than {MAX_TERMS} terms, those of saved filters counted"))
                .help("values of one field can be one term: `user:alice,bob`");
            return Err(Wrong::Here((place, problem)));
        }
        Ok(())
    }

    /// Weighs all values of a text before any of them is prepared; those of saved filters are weighed where these
    /// are read.
    fn weigh(&mut self, tree: &Tree) -> Result<(), Wrong> {
        match tree {
            Tree::And(parts) | Tree::Or(parts) => parts.iter().try_for_each(|part| self.weigh(part)),
            Tree::Not(inner) => self.weigh(inner),
            Tree::Saved(_) => Ok(()),
            Tree::Term { operator, values, .. } => {
                let weigh = |part: &Part| self.add_weight(part.place, to_value(*operator, part).weight());
                values.iter().try_for_each(weigh)
            }
            Tree::Rows(part) => self.add_weight(part.place, to_value(Operator::Has, part).weight() + SEARCH),
        }
    }

    fn add_weight(&mut self, place: Place, weight: usize) -> Result<(), Wrong> {
        self.weight = self.weight.saturating_add(weight);
        let what = match (weight > MAX_WEIGHT, self.weight > MAX_WEIGHT) {
            (true, _) => "this regular expression is too large",
            (false, true) => "up to here, what the filter searches for is too large together",
            (false, false) => return Ok(()),
        };
        Err(Wrong::Here((place, too_large(what))))
    }

    fn resolve_saved(&mut self, name: &Part) -> Result<Expression, Wrong> {
        let here = |problem| Err(Wrong::Here((name.place, problem)));
        let Some(filter) = self.saved.get(&name.text) else {
            let near = nearest(&name.text, self.saved.names());
            let problem = Problem::new(format!("no filter is saved as `@{}`", name.text))
                .helps(near.map(|near| format!("did you mean `@{near}`?")))
                .help("`heloscope fields` lists them; to search for the text, put it in quotes");
            return here(problem);
        };
        if self.within.contains(&filter.name) {
            let path: Vec<String> = self.within.iter().map(|name| format!("@{name}")).collect();
            let problem = Problem::new(format!("`@{}` uses itself", filter.name)).help(format!(
                "{} -> @{}",
                path.join(" -> "),
                filter.name
            ));
            return here(problem);
        }
        if self.within.len() >= MAX_SAVED_DEPTH {
            let problem = Problem::new(format!("more than {MAX_SAVED_DEPTH} saved filters within one another"))
                .help("write out what one of them stands for");
            return here(problem);
        }
        self.within.push(filter.name.clone());
        let read = self.read(&filter.text).map_err(|mut error| {
            error.saved.get_or_insert_with(|| filter.place());
            Wrong::Within(Box::new(error))
        });
        self.within.pop();
        Ok(Expression::Saved(filter.name.clone(), Box::new(read?)))
    }
}

/// What is wrong: in the text at hand, or in a saved filter that it names.
enum Wrong {
    Here(Misread),
    Within(Box<SyntaxError>),
}

impl From<Misread> for Wrong {
    fn from(misread: Misread) -> Self {
        Self::Here(misread)
    }
}

fn read_term(name: &Part, operator: Operator, values: &[Part]) -> Result<Term, Misread> {
    let Some(field) = Field::by_name(&name.text) else {
        let near = slip::other_name(&name.text).or_else(|| nearest(&name.text, FIELDS.iter().map(|entry| entry.name)));
        let problem = Problem::new(format!("no field is called `{}`", name.text))
            .helps(near.map(|near| format!("did you mean `{near}`?")))
            .help("`heloscope fields` lists them; to search for the text, put it in quotes");
        return Err((name.place, problem));
    };
    if let Some((value, problem)) =
        values.iter().find_map(|value| Some((value, slip::in_value(field, operator, value)?)))
    {
        return Err((value.place, problem));
    }
    let written: Vec<Value> = values.iter().map(|value| to_value(operator, value)).collect();
    match mean(field, operator, &written) {
        Ok(meaning) => Ok(Term { written: Written::Field { field, operator, values: written }, meaning }),
        Err((Some(at), problem)) => Err((values[at].place, problem)),
        // The operator stands between the field and the first value.
        Err((None, problem)) => Err((Place { left: name.place.left, left_after: values[0].place.left }, problem)),
    }
}

fn to_value(operator: Operator, part: &Part) -> Value {
    match (operator, part.style) {
        (_, Style::Regex { ignores_case }) => Value::regex(&part.text, ignores_case),
        (Operator::Matches, _) => Value::regex(&part.text, false),
        _ => Value::Text(part.text.clone()),
    }
}

fn read_rows(part: &Part) -> Result<Term, Misread> {
    if let Some(problem) = slip::in_word(part) {
        return Err((part.place, problem));
    }
    let value = to_value(Operator::Has, part);
    match mean_rows(&value) {
        Ok(meaning) => Ok(Term { written: Written::Rows(value), meaning }),
        Err(problem) => Err((part.place, problem)),
    }
}

fn error(text: &str, at: std::ops::Range<usize>, Problem { problem, help }: Problem) -> SyntaxError {
    SyntaxError { query: text.to_owned(), at, problem, help, saved: None }
}

const BRACKETS: &str = "where it belongs to a value or a text, put all of that in quotes";

/// Says what the grammar expected.
fn explain(text: &str, fault: Fault) -> SyntaxError {
    let at = text.len() - fault.left;
    let is_end = fault.left == 0;
    let problem = match fault.expected {
        Expected::Term if is_end => Problem::new("the filter ends too early").expected("a field, a word, or /regex/"),
        Expected::Term => Problem::new("this does not go here").expected("a field, a word, or /regex/"),
        Expected::Field => Problem::new("a field is missing before this")
            .helps(slip::negation(&text[at..]).map(str::to_owned))
            .help("to search for the text, put it in quotes"),
        Expected::Value => Problem::new("a value is missing")
            .expected("a value; put it in quotes if it is an odd one")
            .helps(slip::value_in_brackets(text, at)),
        Expected::ClosingQuote => Problem::new("this quote is never closed").expected("a closing `\"`"),
        Expected::ClosingSlash => Problem::new("this regular expression is never closed")
            .expected("a closing `/`")
            .help("to search for the text, put it in quotes"),
        Expected::ClosingBracket => {
            Problem::new("this bracket is never closed").expected("a closing `)`").help(BRACKETS)
        }
        Expected::NoBracket => Problem::new("this bracket was never opened").help(BRACKETS),
        Expected::BracketInQuotes => Problem::new("this bracket stands within a value")
            .helps(slip::value_in_brackets(text, at))
            .help("a bracket that is none of the value has a blank before it"),
        Expected::Blank => Problem::new("this stands too close").expected("a blank, or quotes around the whole value"),
        Expected::OneValue => {
            Problem::new("only `:` takes several values").expected("one value").helps(slip::several_values(text, at))
        }
        Expected::Shallower => Problem::new(format!("brackets and negations are nested deeper than {MAX_DEPTH}"))
            .help("brackets within brackets are needed only where `and` and `or` take turns"),
    };
    let length = text[at..].chars().next().map_or(0, char::len_utf8);
    error(text, at..at + length, problem)
}
