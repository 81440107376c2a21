//! A query as text.
//!
//! In: an [`Expression`]. Out: text that parses to the same.
//!
//! **Invariant**: what needs no quotes has none; whatever could be read as something else has.

use std::fmt::{Display, Formatter, Result, Write};

use super::expression::{Expression, Term, Value, Written};
use super::field::{Field, Kind};
use super::meaning::mean;
use super::slip::is_term;
use super::syntax::Operator;

/// Returns a term that asks for just this value: `user="alice@contoso.com"`.
///
/// `None` where the value is no text that can be typed.
pub fn to_term_text(field: Field, value: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(value).ok()?;
    let operator = if matches!(field.entry().kind, Kind::Text) { Operator::Is } else { Operator::Has };
    let values = vec![Value::Text(value.to_owned())];
    let meaning = mean(field, operator, &values).ok()?;
    Some(Term { written: Written::Field { field, operator, values }, meaning }.to_string())
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::And(parts) => list(f, parts, " "),
            Self::Or(parts) => list(f, parts, " or "),
            Self::Not(inner) => {
                f.write_char('-')?;
                enclosed(f, inner, matches!(**inner, Self::And(_) | Self::Or(_)))
            }
            Self::Term(term) => term.fmt(f),
            Self::Saved(name, _) => write!(f, "@{name}"),
        }
    }
}

fn list(f: &mut Formatter<'_>, parts: &[Expression], separator: &str) -> Result {
    let is_and = separator == " ";
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(separator)?;
        }
        // A list within a list of its own kind keeps its brackets, so that it stays one.
        let is_list = matches!(part, Expression::Or(_)) || (is_and && matches!(part, Expression::And(_)));
        enclosed(f, part, is_list)?;
    }
    Ok(())
}

fn enclosed(f: &mut Formatter<'_>, part: &Expression, in_brackets: bool) -> Result {
    if in_brackets { write!(f, "({part})") } else { part.fmt(f) }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.written {
            Written::Rows(value) => value.fmt(f),
            Written::Field { field, operator, values } => {
                write!(f, "{}{}", field.name(), operator.as_text())?;
                for (at, value) in values.iter().enumerate() {
                    f.write_str(if at > 0 { "," } else { "" })?;
                    match value {
                        Value::Text(text) if is_plain_value(text) => f.write_str(text)?,
                        value => value.fmt(f)?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Text(text) if is_plain_word(text) => f.write_str(text),
            Self::Text(text) => escaped(f, '"', text, |next| matches!(next, '"' | '\\')),
            Self::Regex { pattern, ignores_case } => {
                escaped_regex(f, pattern)?;
                f.write_str(if *ignores_case { "i" } else { "" })
            }
        }
    }
}

fn escaped(f: &mut Formatter<'_>, quote: char, text: &str, is_escaped: fn(char) -> bool) -> Result {
    f.write_char(quote)?;
    for next in text.chars() {
        if is_escaped(next) {
            f.write_char('\\')?;
        }
        f.write_char(next)?;
    }
    f.write_char(quote)
}

fn escaped_regex(f: &mut Formatter<'_>, pattern: &str) -> Result {
    escaped(f, '/', pattern, |next| next == '/')
}

/// Whether a word alone is read as this text: it cannot be a keyword, a field, or anything else.
fn is_plain_word(text: &str) -> bool {
    let is_keyword = ["and", "or", "not"].iter().any(|keyword| text.eq_ignore_ascii_case(keyword));
    let is_inner = |next: char| next.is_alphanumeric() || matches!(next, '.' | '-' | '_' | '@');
    !is_keyword && text.starts_with(|first: char| first.is_alphanumeric()) && text.chars().all(is_inner)
}

/// Whether a value is read as this text without quotes.
fn is_plain_value(text: &str) -> bool {
    let is_inner = |next: char| {
        next.is_alphanumeric() || matches!(next, '.' | '-' | '_' | '@' | ':' | '*' | '?' | '+' | '%' | '/')
    };
    !text.is_empty() && text.chars().all(is_inner) && !text.starts_with('/') && !is_term(text)
}
