//! The grammar: from text to terms whose fields and values are still words.
//!
//! In: what was typed. Out: a `Tree` of `Part`s, or a `Fault`: where, and what should have
//! stood there.
//!
//! ```text
//! query  = and { "or" and }
//! and    = not { [ "and" ] not }
//! not    = ( "not" | "-" ) not | "(" query ")" | term
//! term   = field ":" value { "," value }
//!        | field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" ) value
//!        | "/" regex "/" [ "i" ] | "@" name | word | "quoted text"
//! ```
//!
//! Within quotes `\"` and `\\` stand for `"` and `\`, within slashes `\/` for `/`; any other
//! backslash is one. Brackets that close again within a word belong to it:
//! `end:Remote(ConnectionReset)`.
//!
//! **Invariant**: recursion is bounded by [`MAX_DEPTH`], whatever is typed.

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take, take_while};
use nom::character::complete::{char, satisfy};
use nom::combinator::{cut, eof, not, opt, peek, recognize, value};
use nom::error::{ErrorKind, ParseError};
use nom::multi::many0;
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

use super::field::{Field, Kind};

/// How deeply brackets and negations may be nested.
pub const MAX_DEPTH: usize = 64;

/// How two things are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `:`
    Has,
    /// `=`
    Is,
    /// `!=`
    IsNot,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `~`
    Matches,
}

impl Operator {
    /// As it is written.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::Has => ":",
            Self::Is => "=",
            Self::IsNot => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Matches => "~",
        }
    }
}

/// Where something stands, as bytes that were left when it began and when it had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) left: usize,
    pub(super) left_after: usize,
}

/// A piece of text as it is meant, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) style: Style,
    pub(super) place: Place,
}

/// How a piece of text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Bare,
    Quoted,
    /// Between slashes.
    Regex {
        ignores_case: bool,
    },
}

/// What was typed, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    Term { field: Part, operator: Operator, values: Vec<Part> },
    Rows(Part),
    Saved(Part),
}

/// What should have stood somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Term,
    /// A term before this operator stands for nothing.
    Field,
    Value,
    ClosingQuote,
    ClosingSlash,
    ClosingBracket,
    /// A bracket closes that was never opened.
    NoBracket,
    /// A bracket opens right behind a value.
    BracketInQuotes,
    /// Something stands right behind a term.
    Blank,
    OneValue,
    Shallower,
}

/// Where the text stopped to be a query, and what should have stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) left: usize,
    pub(super) expected: Expected,
}

impl ParseError<&str> for Fault {
    fn from_error_kind(input: &str, _: ErrorKind) -> Self {
        Self { left: input.len(), expected: Expected::Term }
    }

    fn append(_: &str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

type Parsed<'a, T> = IResult<&'a str, T, Fault>;

fn fail<T>(input: &str, expected: Expected) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Fault { left: input.len(), expected }))
}

/// Blanks of any kind: what is copied from a page or a letter has some that no key makes.
fn blanks(input: &str) -> Parsed<'_, &str> {
    take_while(char::is_whitespace).parse(input)
}

/// Takes the whole text apart.
pub(super) fn parse_tree(text: &str) -> Result<Tree, Fault> {
    let parsed = delimited(blanks, |input| parse_or(input, 0), blanks).parse(text);
    match parsed {
        Ok(("", tree)) => Ok(tree),
        Ok((rest, _)) => Err(Fault { left: rest.len(), expected: left_over(rest) }),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => Err(fault),
        Err(nom::Err::Incomplete(_)) => Err(Fault { left: 0, expected: Expected::Term }),
    }
}

fn left_over(rest: &str) -> Expected {
    match rest.chars().next() {
        Some(')') => Expected::NoBracket,
        Some(first) if is_operator_start(first) => Expected::Field,
        _ => Expected::Term,
    }
}

fn parse_or(input: &str, depth: usize) -> Parsed<'_, Tree> {
    let (input, first) = parse_and(input, depth)?;
    let next = preceded((blanks, keyword("or"), blanks), cut(|input| parse_and(input, depth)));
    let (input, more) = many0(next).parse(input)?;
    Ok((input, joined(first, more, Tree::Or)))
}

fn parse_and(input: &str, depth: usize) -> Parsed<'_, Tree> {
    let (input, first) = parse_not(input, depth)?;
    let after_word = preceded((blanks, keyword("and"), blanks), cut(|input| parse_not(input, depth)));
    let beside = preceded((blanks, not(keyword("or"))), |input| parse_not(input, depth));
    let (input, more) = many0(alt((after_word, beside))).parse(input)?;
    Ok((input, joined(first, more, Tree::And)))
}

/// Several parts are joined; one alone stays what it is.
fn joined(first: Tree, more: Vec<Tree>, join: fn(Vec<Tree>) -> Tree) -> Tree {
    if more.is_empty() {
        return first;
    }
    let mut parts = Vec::with_capacity(1 + more.len());
    parts.push(first);
    parts.extend(more);
    join(parts)
}

fn parse_not(input: &str, depth: usize) -> Parsed<'_, Tree> {
    let negation = terminated(alt((keyword("not"), value((), char('-')))), blanks);
    let (rest, is_negated) = opt(negation).parse(input)?;
    if is_negated.is_none() {
        return alt((|input| parse_brackets(input, depth), parse_term)).parse(input);
    }
    if depth >= MAX_DEPTH {
        return fail(input, Expected::Shallower);
    }
    let (rest, inner) = cut(|input| parse_not(input, depth + 1)).parse(rest)?;
    Ok((rest, Tree::Not(Box::new(inner))))
}

fn parse_brackets(input: &str, depth: usize) -> Parsed<'_, Tree> {
    let (rest, _) = char('(').parse(input)?;
    if depth >= MAX_DEPTH {
        return fail(input, Expected::Shallower);
    }
    let (rest, _) = blanks(rest)?;
    let (rest, inner) = cut(|input| parse_or(input, depth + 1)).parse(rest)?;
    let (rest, _) = blanks(rest)?;
    match rest.strip_prefix(')') {
        Some(rest) => Ok((rest, inner)),
        None if rest.is_empty() => fail(input, Expected::ClosingBracket),
        None => fail(rest, left_over(rest)),
    }
}

/// A word of the language: alone, not the beginning of another.
fn keyword<'a>(word: &'static str) -> impl Parser<&'a str, Output = (), Error = Fault> {
    let end = alt((eof, recognize(satisfy(|next| next.is_whitespace() || matches!(next, '(' | ')' | '"')))));
    value((), terminated(tag_no_case(word), peek(end)))
}

fn parse_term(input: &str) -> Parsed<'_, Tree> {
    if keyword("or").parse(input).is_ok() || keyword("and").parse(input).is_ok() {
        return Err(nom::Err::Error(Fault { left: input.len(), expected: Expected::Term }));
    }
    let (rest, term) =
        alt((parse_rows_regex, parse_saved, parse_rows_text, parse_field_term, parse_word)).parse(input)?;
    match rest.chars().next() {
        Some('(') if is_text_value(&term) => fail(rest, Expected::BracketInQuotes),
        None | Some('(' | ')') => Ok((rest, term)),
        Some(next) if next.is_whitespace() => Ok((rest, term)),
        Some(',') if matches!(term, Tree::Term { .. }) => fail(rest, Expected::OneValue),
        Some(_) => fail(rest, Expected::Blank),
    }
}

/// Whether a term ends with a value that can hold a bracket, and is not in quotes.
fn is_text_value(term: &Tree) -> bool {
    let Tree::Term { field, values, .. } = term else { return false };
    let is_text = Field::by_name(&field.text).is_some_and(|field| field.entry().kind == Kind::Text);
    is_text && values.last().is_some_and(|value| value.style == Style::Bare)
}

fn parse_rows_regex(input: &str) -> Parsed<'_, Tree> {
    parse_regex.map(Tree::Rows).parse(input)
}

fn parse_rows_text(input: &str) -> Parsed<'_, Tree> {
    parse_quoted.map(Tree::Rows).parse(input)
}

fn parse_saved(input: &str) -> Parsed<'_, Tree> {
    let name = take_while(|next: char| !next.is_whitespace() && !matches!(next, '(' | ')' | '"'));
    let (rest, name) = preceded(char('@'), name).parse(input)?;
    Ok((rest, Tree::Saved(part(input, rest, name.into(), Style::Bare))))
}

fn parse_field_term(input: &str) -> Parsed<'_, Tree> {
    let is_inner = |next: char| next.is_alphanumeric() || matches!(next, '-' | '_');
    let mut name = recognize(pair(satisfy(char::is_alphabetic), take_while(is_inner)));
    let (rest, name) = name.parse(input)?;
    let field = part(input, rest, name.into(), Style::Bare);
    let (rest, operator) = preceded(blanks, parse_operator).parse(rest)?;
    let (rest, _) = blanks(rest)?;
    let value = |input| parse_value(input, operator);
    let (rest, first) = cut(value).parse(rest)?;
    let further = preceded((char(','), blanks), cut(value));
    let (rest, more) = match operator {
        Operator::Has => many0(further).parse(rest)?,
        _ => (rest, Vec::new()),
    };
    let values = std::iter::once(first).chain(more).collect();
    Ok((rest, Tree::Term { field, operator, values }))
}

fn parse_operator(input: &str) -> Parsed<'_, Operator> {
    alt((
        value(Operator::Has, tag(":")),
        value(Operator::Is, tag("=")),
        value(Operator::IsNot, tag("!=")),
        value(Operator::AtMost, tag("<=")),
        value(Operator::Less, tag("<")),
        value(Operator::AtLeast, tag(">=")),
        value(Operator::More, tag(">")),
        value(Operator::Matches, tag("~")),
    ))
    .parse(input)
}

fn is_operator_start(first: char) -> bool {
    matches!(first, ':' | '=' | '!' | '<' | '>' | '~' | ',')
}

fn parse_value(input: &str, operator: Operator) -> Parsed<'_, Part> {
    let parsed = match operator {
        Operator::Matches => alt((parse_quoted, parse_regex, |input| parse_bare(input, false))).parse(input),
        _ => alt((parse_quoted, |input| parse_bare(input, true))).parse(input),
    };
    match parsed {
        Err(nom::Err::Error(_)) => fail(input, Expected::Value),
        parsed => parsed,
    }
}

/// A word that stands for itself: some row holds it.
fn parse_word(input: &str) -> Parsed<'_, Tree> {
    if input.starts_with(is_operator_start) {
        return fail(input, Expected::Field);
    }
    parse_bare(input, false).map(|(rest, word)| (rest, Tree::Rows(word)))
}

fn parse_bare(input: &str, stops_at_comma: bool) -> Parsed<'_, Part> {
    let length = bare_length(input, stops_at_comma);
    if length == 0 {
        return Err(nom::Err::Error(Fault { left: input.len(), expected: Expected::Term }));
    }
    let (rest, text) = (&input[length..], &input[..length]);
    Ok((rest, part(input, rest, text.into(), Style::Bare)))
}

/// How many bytes a word has that is not quoted.
fn bare_length(input: &str, stops_at_comma: bool) -> usize {
    let mut n_open = 0_usize;
    for (at, next) in input.char_indices() {
        let is_end = match next {
            '"' => true,
            ',' => stops_at_comma && n_open == 0,
            '(' if n_open == 0 && (at == 0 || !closes_within_word(&input[at..])) => true,
            '(' => {
                n_open += 1;
                false
            }
            ')' if n_open == 0 => true,
            ')' => {
                n_open -= 1;
                false
            }
            other => other.is_whitespace(),
        };
        if is_end {
            return at;
        }
    }
    input.len()
}

/// Whether the bracket that opens the text closes before the word ends.
fn closes_within_word(text: &str) -> bool {
    let mut n_open = 0_usize;
    for next in text.chars() {
        match next {
            '(' => n_open += 1,
            ')' if n_open == 1 => return true,
            ')' => n_open -= 1,
            '"' => return false,
            other if other.is_whitespace() => return false,
            _ => {}
        }
    }
    false
}

fn parse_quoted(input: &str) -> Parsed<'_, Part> {
    let (rest, _) = char('"').parse(input)?;
    let Some((length, text)) = unescaped(rest, '"', |next| matches!(next, '"' | '\\')) else {
        return fail(input, Expected::ClosingQuote);
    };
    let (rest, _) = take(length).parse(rest)?;
    Ok((rest, part(input, rest, text, Style::Quoted)))
}

fn parse_regex(input: &str) -> Parsed<'_, Part> {
    let (rest, _) = char('/').parse(input)?;
    let Some((length, text)) = unescaped(rest, '/', |next| next == '/') else {
        return fail(input, Expected::ClosingSlash);
    };
    let (rest, _) = take(length).parse(rest)?;
    let (rest, flag) = opt(char('i')).parse(rest)?;
    Ok((rest, part(input, rest, text, Style::Regex { ignores_case: flag.is_some() })))
}

/// Reads up to the closing character, which is counted; a backslash before what it may escape is
/// taken off. Returns how many characters were read.
fn unescaped(text: &str, closing: char, is_escaped: fn(char) -> bool) -> Option<(usize, String)> {
    let mut meant = String::new();
    let mut characters = text.chars();
    let mut n_read = 0;
    while let Some(next) = characters.next() {
        n_read += 1;
        if next == closing {
            return Some((n_read, meant));
        }
        if next != '\\' {
            meant.push(next);
            continue;
        }
        let escaped = characters.next()?;
        n_read += 1;
        if !is_escaped(escaped) {
            meant.push('\\');
        }
        meant.push(escaped);
    }
    None
}

fn part(input: &str, rest: &str, text: String, style: Style) -> Part {
    Part { text, style, place: Place { left: input.len(), left_after: rest.len() } }
}
