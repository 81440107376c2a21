//! What is typed by those who know other languages, and what they mean by it.
//!
//! In: words of a query. Out: what is wrong with them, and how it is written here.
//!
//! **Invariant**: a slip is refused where it would else find nothing and say nothing; in quotes the same
//! text is searched for as it is.

use super::address::Network;
use super::error::Problem;
use super::field::Field;
use super::syntax::{Operator, Part, Style, Tree};

/// Names that people try, beside the fields that they mean.
const OTHER_NAMES: [(&str, &str); 47] = [
    ("account", "user"),
    ("address", "ip"),
    ("certificate", "cert"),
    ("cipher_suite", "cipher"),
    ("client", "ip"),
    ("cn", "cert"),
    ("date", "after"),
    ("disconnect", "end"),
    ("ehlo", "helo"),
    ("elapsed", "duration"),
    ("finding", "rule"),
    ("findings", "rule"),
    ("folder", "file"),
    ("host", "server"),
    ("hostname", "server"),
    ("level", "severity"),
    ("local_ip", "local"),
    ("local_port", "port"),
    ("mail", "mails"),
    ("mailfrom", "from"),
    ("mech", "mechanism"),
    ("message_id", "msgid"),
    ("messageid", "msgid"),
    ("path", "file"),
    ("protocol", "tls"),
    ("rcpt", "to"),
    ("recipient", "to"),
    ("recipients", "to"),
    ("remote", "ip"),
    ("remote_ip", "ip"),
    ("reply", "code"),
    ("result", "verdict"),
    ("rows", "lines"),
    ("sender", "from"),
    ("senders", "from"),
    ("session", "id"),
    ("session_id", "id"),
    ("sessionid", "id"),
    ("since", "after"),
    ("size", "bytes"),
    ("src", "ip"),
    ("start", "after"),
    ("start_time", "after"),
    ("status", "code"),
    ("thumbprint", "cert"),
    ("until", "before"),
    ("username", "user"),
];

/// Returns the field that a name stands for elsewhere.
pub(super) fn other_name(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace('-', "_");
    OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, field)| *field)
}

/// What programs for writing letters make of quotes and of `-`.
const TYPOGRAPHIC: [char; 10] = [
    '\u{2018}', '\u{2019}', '\u{201a}', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2012}', '\u{2013}', '\u{2014}',
    '\u{2212}',
];

/// Says what is wrong with a word that stands alone, if it is a slip.
pub(super) fn in_word(word: &Part) -> Option<Problem> {
    if word.style != Style::Bare {
        return None;
    }
    let text = &word.text[..];
    if text.contains('/') && Network::parse(text).is_ok() {
        let meant = format!("did you mean `ip:{text}`?");
        return Some(Problem::new("this is taken for a text, not for a network").help(meant).help(IN_QUOTES));
    }
    let meant =
        match text {
            "&&" | "&" => "side by side means and: `a b`",
            "||" | "|" => "write `a or b`",
            text if text.starts_with(TYPOGRAPHIC) => "write \"…\" and `-`, as they stand on the keyboard",
            text if text.contains('\u{ff1a}') => "write `:`, as it stands on the keyboard",
            text if text.starts_with('\'') => "write \"…\"; around a whole filter, cmd.exe knows \"…\" only",
            text if text.contains('*') => {
                let problem = "`*` stands for something in the value of a field only";
                let bare = text.trim_matches('*');
                return Some(Problem::new(problem).help(format!(
                    "a word is found wherever it stands: `{bare}`; to search for a `*`, put it in quotes"
                )));
            }
            _ => return None,
        };
    Some(Problem::new(format!("`{}` means nothing here", word.text)).help(meant).help(IN_QUOTES))
}

/// Says what is wrong with a value, if it is a slip.
pub(super) fn in_value(field: Field, operator: Operator, value: &Part) -> Option<Problem> {
    if value.style != Style::Bare {
        return None;
    }
    let (name, text) = (field.name(), &value.text[..]);
    let rest = text.trim_start_matches(['=', '~', '!', '>', '<']);
    let did_you_mean = |meant: String| format!("did you mean `{meant}`?");
    match (operator, text.chars().next()?) {
        (Operator::Has, '/') if field != Field::File && text.len() > 2 && text.ends_with('/') => {
            Some(Problem::new("`:` takes no regular expression").help(did_you_mean(format!("{name}~{text}"))))
        }
        (Operator::Matches, _) => None,
        (_, '=' | '~') => {
            let meant = if text.contains('~') { "~" } else { "=" };
            let wrong = format!("`{}{}` is no operator", operator.as_text(), &text[..text.len() - rest.len()]);
            Some(Problem::new(wrong).help(did_you_mean(format!("{name}{meant}{rest}"))).help(IN_QUOTES))
        }
        (_, '!') => Some(
            Problem::new("`!` stands before `=` only").help(did_you_mean(format!("-{name}:{rest}"))).help(IN_QUOTES),
        ),
        (_, '\'') => Some(
            Problem::new("`'` does not hold a value together")
                .help(did_you_mean(format!("{name}{}\"{}\"", operator.as_text(), text.trim_matches('\''))))
                .help("to search for the text with its `'`, put it in quotes"),
        ),
        _ => another_term(name, text),
    }
}

/// A comma that was put between two terms makes the second one a value of the first.
fn another_term(name: &str, text: &str) -> Option<Problem> {
    let (other, _) = text.split_once([':', '=', '~'])?;
    Field::by_name(other)?;
    let problem = Problem::new(format!("`{text}` is taken for a value of `{name}`"));
    Some(problem.help("terms stand side by side, without a comma").help(IN_QUOTES))
}

/// Finds what a blank parted: a time of day from its date, `after:2026-11-23 08:30`, a unit from its
/// number, `bytes>10 MB`.
pub(super) fn in_terms(parts: &[Tree]) -> Option<(&Part, Problem)> {
    parted_unit(parts).or_else(|| parted_clock(parts))
}

fn parted_unit(parts: &[Tree]) -> Option<(&Part, Problem)> {
    parts.windows(2).find_map(|pair| match pair {
        [Tree::Term { field, operator, values, .. }, Tree::Rows(unit)] => {
            let number = values.last().filter(|number| number.text.bytes().all(|byte| byte.is_ascii_digit()))?;
            let is_unit = ["b", "kb", "mb", "gb", "kib", "mib", "gib"].contains(&&*unit.text.to_ascii_lowercase());
            let is_parted = is_unit && unit.style == Style::Bare && Field::by_name(&field.text) == Some(Field::Bytes);
            let meant = format!("did you mean `{}{}{}{}`?", field.text, operator.as_text(), number.text, unit.text);
            let problem = Problem::new("this is taken for a text, not for a unit").help(meant).help(IN_QUOTES);
            is_parted.then_some((unit, problem))
        }
        _ => None,
    })
}

fn parted_clock(parts: &[Tree]) -> Option<(&Part, Problem)> {
    parts.windows(2).find_map(|pair| match pair {
        [Tree::Term { field, values, .. }, Tree::Rows(clock)] => {
            let is_moment =
                Field::by_name(&field.text).is_some_and(|field| matches!(field, Field::After | Field::Before));
            let date = values.last().filter(|date| is_moment && is_shaped(&date.text, "0000-00-00"))?;
            let is_clock = ["00:00", "0:00", "00:00:00"].iter().any(|shape| is_shaped(&clock.text, shape));
            let meant = format!("did you mean `{}:{}T{}`?", field.text, date.text, clock.text);
            (is_clock && clock.style == Style::Bare)
                .then(|| (clock, Problem::new("this is taken for a text, not for a time").help(meant).help(IN_QUOTES)))
        }
        _ => None,
    })
}

/// Whether the text has digits where the shape has, and else the same.
fn is_shaped(text: &str, shape: &str) -> bool {
    let fits = |(have, want): (u8, u8)| if want == b'0' { have.is_ascii_digit() } else { have == want };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// Says how what begins with an exclamation mark is negated.
pub(super) fn negation(rest: &str) -> Option<&'static str> {
    let is_slip = rest.starts_with('!') && !rest.starts_with("!=");
    is_slip.then_some("write `-a` or `not a` for what `!a` means elsewhere")
}

const IN_QUOTES: &str = "to search for the text, put it in quotes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_are_of_fields_and_are_none() {
        for (other, name) in OTHER_NAMES {
            assert!(Field::by_name(name).is_some() && Field::by_name(other).is_none(), "{other}");
        }
        assert_eq!(other_name("Remote-IP"), Some("ip"));
        assert_eq!(other_name("zzz"), None);
    }
}
