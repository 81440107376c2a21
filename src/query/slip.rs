//! What is typed by those who know other languages, and what they mean by it.
//!
//! In: words of a query. Out: what is wrong with them, and how it is written here.
//!
//! **Invariant**: a slip is refused where it would else find nothing and say nothing; in quotes the same
//! text is searched for as it is.

use super::address::Network;
use super::error::Problem;
use super::field::{Field, Kind};
use super::syntax::{Operator, Part, Style, Tree};
use super::time::is_unit_of_time;

/// Names that people try, beside the fields that they mean.
const OTHER_NAMES: [(&str, &str); 61] = [
    ("account", "user"),
    ("address", "ip"),
    ("certificate", "cert"),
    ("cipher_suite", "cipher"),
    ("client", "ip"),
    ("client_ip", "ip"),
    ("clientip", "ip"),
    ("cn", "cert"),
    ("connector_id", "connector"),
    ("date", "after"),
    ("disconnect", "end"),
    ("ehlo", "helo"),
    ("elapsed", "duration"),
    ("event", "rule"),
    ("finding", "rule"),
    ("findings", "rule"),
    ("folder", "file"),
    ("host", "server"),
    ("hostname", "server"),
    ("last", "after"),
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
    ("remote_endpoint", "ip"),
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
    ("source", "ip"),
    ("source_ip", "ip"),
    ("src", "ip"),
    ("src_ip", "ip"),
    ("start", "after"),
    ("start_time", "after"),
    ("status", "code"),
    ("tag", "rule"),
    ("thumbprint", "cert"),
    ("time", "after"),
    ("timestamp", "after"),
    ("tls_version", "tls"),
    ("until", "before"),
    ("username", "user"),
    ("version", "tls"),
];

/// Returns the field that a name stands for elsewhere.
pub(super) fn other_name(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace('-', "_");
    let in_record = || RECORD_NAMES.iter().find(|(in_record, _)| in_record.replace('.', "_") == name);
    OTHER_NAMES.iter().find(|(other, _)| *other == name).or_else(in_record).map(|(_, field)| *field)
}

/// What stands in the record of a session within another thing, and the field that asks for it.
const RECORD_NAMES: [(&str, &str); 18] = [
    ("auth.attempts", "failures"),
    ("auth.error", "error"),
    ("auth.failures", "failures"),
    ("auth.mechanism", "mechanism"),
    ("auth.outcome", "auth"),
    ("auth.user", "user"),
    ("findings.rule", "rule"),
    ("findings.severity", "severity"),
    ("mail.accepted", "mails"),
    ("mail.bytes", "bytes"),
    ("mail.message_ids", "msgid"),
    ("mail.recipients", "to"),
    ("mail.senders", "from"),
    ("starttls.certificate", "cert"),
    ("starttls.cipher", "cipher"),
    ("starttls.error", "error"),
    ("starttls.outcome", "starttls"),
    ("starttls.protocol", "tls"),
];

/// Words that people try, beside the outcomes that they mean, the likeliest first: the first one that the
/// field knows is meant.
const OTHER_VALUES: [(&str, &[&str]); 26] = [
    ("bad", &["failed", "error"]),
    ("broken", &["failed"]),
    ("clear", &["none"]),
    ("clean", &["ok"]),
    ("critical", &["error"]),
    ("denied", &["rejected", "refused", "failed"]),
    ("err", &["error", "failed"]),
    ("error", &["failed"]),
    ("fatal", &["error"]),
    ("good", &["ok", "succeeded"]),
    ("high", &["error"]),
    ("info", &["note"]),
    ("information", &["note"]),
    ("low", &["note"]),
    ("medium", &["warning"]),
    ("never", &["not-attempted", "none"]),
    ("no", &["not-attempted", "none"]),
    ("none", &["not-attempted", "ok"]),
    ("off", &["not-attempted", "none"]),
    ("ok", &["succeeded"]),
    ("open", &["incomplete"]),
    ("partial", &["incomplete"]),
    ("pass", &["ok", "succeeded"]),
    ("plain", &["none"]),
    ("true", &["succeeded"]),
    ("yes", &["succeeded"]),
];

/// Returns the outcome that a word stands for elsewhere.
pub(super) fn other_value(text: &str, words: &[&str]) -> Option<&'static str> {
    let (_, meant) = OTHER_VALUES.iter().find(|(other, _)| other.eq_ignore_ascii_case(text))?;
    meant.iter().copied().find(|meant| words.contains(meant))
}

/// Returns what a range such as `25-587` or `25..587` is written as.
pub(super) fn range(field: Field, text: &str) -> Option<String> {
    let (from, to) = text.split_once("..").or_else(|| text.split_once('-'))?;
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let name = field.name();
    (is_number(from) && is_number(to)).then(|| format!("{name}>={from} {name}<={to}"))
}

/// What programs for writing letters make of quotes and of `-`.
const TYPOGRAPHIC: [char; 10] = [
    '\u{2018}', '\u{2019}', '\u{201a}', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2012}', '\u{2013}', '\u{2014}',
    '\u{2212}',
];

/// Characters that are copied along from pages and letters, and cannot be seen: soft hyphens, blanks without
/// width, marks of direction and of byte order.
fn is_unseen(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Joins letters or keeps them apart: part of how names are written, but at their ends.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

fn unseen(text: &str) -> Option<Problem> {
    let ends = [text.chars().next()?, text.chars().next_back()?];
    let at_end = || ends.into_iter().find(|character| is_joiner(*character));
    let unseen = text.chars().find(|character| is_unseen(*character)).or_else(at_end)?;
    let problem = Problem::new(format!("U+{:04X} stands here, which cannot be seen", u32::from(unseen)));
    Some(problem.help("take it out; to search for it, put the text in quotes"))
}

/// Says what is wrong with a word that stands alone, if it is a slip.
pub(super) fn in_word(word: &Part) -> Option<Problem> {
    if word.style != Style::Bare {
        return None;
    }
    let text = &word.text[..];
    if let Some(problem) = unseen(text) {
        return Some(problem);
    }
    if text.contains('/') && Network::parse(text).is_ok() {
        let meant = format!("did you mean `ip:{text}`?");
        return Some(Problem::new("this is taken for a text, not for a network").help(meant).help(IN_QUOTES));
    }
    if let Some(problem) = negated_field(text).or_else(|| name_in_record(text)) {
        return Some(problem);
    }
    let meant = match text {
        "&&" | "&" => "side by side means and: `a b`",
        "||" | "|" => "write `a or b`",
        text if text.starts_with(TYPOGRAPHIC) => KEYBOARD,
        text if text.contains('\u{ff1a}') => "write `:`, as it stands on the keyboard",
        text if text.starts_with('\'') => "write \"…\"; around a whole filter, cmd.exe knows \"…\" only",
        text if text.contains('*') => {
            let problem = "`*` stands for something in the value of a field only";
            let meant = match text.trim_matches('*') {
                "" => "every row holds it: leave it out".to_owned(),
                bare if bare.contains('*') => format!("did you mean `/{}/i`?", wildcard_in_row(bare)),
                bare => format!("a text is found wherever it stands: `\"{bare}\"`"),
            };
            return Some(Problem::new(problem).help(meant).help("to search for a `*`, put it in quotes"));
        }
        _ => return None,
    };
    Some(Problem::new(format!("`{}` means nothing here", word.text)).help(meant).help(IN_QUOTES))
}

/// Operators of other languages, `auth!:failed`, would make a text of a field and its value.
fn negated_field(text: &str) -> Option<Problem> {
    let (name, rest) = text.split_once('!')?;
    let operator = rest.chars().next().filter(|next| matches!(next, ':' | '~'))?;
    Field::by_name(name)?;
    let meant = format!("did you mean `-{name}{rest}`?");
    Some(Problem::new(format!("`!{operator}` is no operator")).help(meant).help(IN_QUOTES))
}

/// The regular expression that finds a row with all parts of a wildcard.
fn wildcard_in_row(text: &str) -> String {
    let parts: Vec<String> = text.split('*').filter(|part| !part.is_empty()).map(regex::escape).collect();
    parts.join(".*").replace('/', "\\/")
}

/// Names of the record would make a text of a field and its value.
fn name_in_record(text: &str) -> Option<Problem> {
    let (name, _) = text.split_at(text.find([':', '=', '!', '~', '<', '>'])?);
    let lower = name.to_lowercase();
    // What lies deeper still belongs to the same: `starttls.certificate.subject`.
    let is_of = |whole: &str| lower.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let (_, field) = RECORD_NAMES.iter().find(|(in_record, _)| is_of(in_record))?;
    let meant = format!("did you mean `{field}`?");
    Some(Problem::new(format!("no field is called `{name}`")).help(meant).help(IN_QUOTES))
}

/// Says what is wrong with a value, if it is a slip.
pub(super) fn in_value(field: Field, operator: Operator, value: &Part) -> Option<Problem> {
    if value.style != Style::Bare {
        return None;
    }
    if let Some(problem) = unseen(&value.text) {
        return Some(problem);
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
            let known = field.entry().kind.operators();
            let meant = match text.contains('~') && known.contains('~') {
                true => "~",
                false if known.contains('=') => "=",
                false => ":",
            };
            let wrong = format!("`{}{}` is no operator", operator.as_text(), &text[..text.len() - rest.len()]);
            let meant = format!("{name}{meant}{}", with_unit(field, rest));
            Some(Problem::new(wrong).help(did_you_mean(meant)).help(IN_QUOTES))
        }
        (_, '!') => Some(
            Problem::new("`!` stands before `=` only")
                .help(did_you_mean(format!("-{name}:{}", with_unit(field, rest))))
                .help(IN_QUOTES),
        ),
        (_, '\'') => Some(
            Problem::new("`'` does not hold a value together")
                .help(match text[1..].strip_suffix('\'').filter(|inner| !inner.ends_with('\\')) {
                    Some(inner) => did_you_mean(format!("{name}{}\"{inner}\"", operator.as_text())),
                    None => format!("write `{name}{}\"…\"`", operator.as_text()),
                })
                .help("to search for the text with its `'`, put it in quotes"),
        ),
        (_, first) if TYPOGRAPHIC.contains(&first) => {
            Some(Problem::new(format!("`{first}` does not hold a value together")).help(KEYBOARD).help(IN_QUOTES))
        }
        (Operator::Is, order @ ('<' | '>')) if field.entry().kind.operators().contains('<') => {
            let meant = format!("{name}{order}={}", with_unit(field, rest));
            Some(Problem::new(format!("`={order}` is no operator")).help(did_you_mean(meant)))
        }
        (Operator::Has | Operator::Is, _) if is_parted_by_pipe(field, text) => Some(parted_by_pipe(field, text)),
        (Operator::Has, '<' | '>') if field.entry().kind.operators().contains('<') => {
            let meant = did_you_mean(format!("{name}{}", with_unit(field, text)));
            Some(Problem::new("`:` and an order are two operators").help(meant))
        }
        (_, '<') if matches!(field, Field::From | Field::To) && text.ends_with('>') => {
            let address = text.trim_matches(['<', '>']);
            let address = if address.is_empty() { "\"\"" } else { address };
            let meant = did_you_mean(format!("{name}{}{address}", operator.as_text()));
            Some(Problem::new("addresses stand without `<` and `>`").help(meant).help(IN_QUOTES))
        }
        _ => another_term(name, text),
    }
}

fn is_field(name: &str) -> bool {
    Field::by_name(name).is_some()
}

/// Whether `|` parts values or whole terms. It can belong to a text.
fn is_parted_by_pipe(field: Field, text: &str) -> bool {
    let is_term = |part: &str| {
        let name = part.split([':', '=', '~', '!', '<', '>']).next().unwrap_or_default();
        name.len() < part.len() && is_field(name.trim_start_matches('-'))
    };
    text.contains('|') && (field.entry().kind != Kind::Text || text.split('|').any(is_term))
}

fn parted_by_pipe(field: Field, text: &str) -> Problem {
    let values = text.replace("||", "|");
    let is_value = |part: &str| {
        !part.is_empty() && part.chars().all(|next| next.is_alphanumeric() || matches!(next, '.' | '-' | '/'))
    };
    match values.split('|').all(is_value) {
        true => Problem::new("`|` does not part values").help(format!(
            "did you mean `{}:{}`?",
            field.name(),
            values.replace('|', ",")
        )),
        false => Problem::new("`|` parts nothing")
            .help("`,` stands between values, `or` between terms: `auth:failed,rejected or user:alice`"),
    }
}

/// A length of time has a unit.
fn with_unit(field: Field, text: &str) -> String {
    let is_number = text.ends_with(|last: char| last.is_ascii_digit());
    let unit = if field.entry().kind == Kind::Duration && is_number { "s" } else { "" };
    format!("{text}{unit}")
}

/// A comma that was put between two terms makes the second one a value of the first.
fn another_term(name: &str, text: &str) -> Option<Problem> {
    let problem = || Problem::new(format!("`{text}` is taken for a value of `{name}`"));
    is_term(text).then(|| problem().help("terms stand side by side, without a comma").help(IN_QUOTES))
}

/// Whether a value without quotes looks like a term of its own.
pub(super) fn is_term(text: &str) -> bool {
    text.split_once([':', '=', '~']).is_some_and(|(name, _)| is_field(name))
}

/// Finds what a blank parted: a time of day from its date, `after:2026-11-23 08:30`, a unit from its
/// number, `bytes>10 MB`, a bracket from the name that it belongs to, `connector:Default (new)`.
pub(super) fn in_terms<'a>(parts: &'a [Tree], query: &str) -> Option<(&'a Part, Problem)> {
    parted_unit(parts).or_else(|| parted_clock(parts)).or_else(|| parted_bracket(parts, query))
}

/// A bracket around one word says nothing, but in the middle of a name.
fn parted_bracket<'a>(parts: &'a [Tree], query: &str) -> Option<(&'a Part, Problem)> {
    parts.windows(2).find_map(|pair| {
        let [Tree::Term { field, operator, values }, Tree::Rows(word)] = pair else { return None };
        let value = values.last().filter(|value| value.style == Style::Bare && word.style == Style::Bare)?;
        // Of all names those of connectors have brackets now and then: `Default (EX01)`.
        let is_name = Field::by_name(&field.text) == Some(Field::Connector);
        let between = &query[query.len() - value.place.left_after..query.len() - word.place.left];
        let after = &query[query.len() - word.place.left_after..];
        let has_brackets = between.trim() == "(" && after.trim_start().starts_with(')');
        let whole = &query[query.len() - value.place.left..];
        let whole = &whole[..=whole.find(')')?];
        let meant = format!("did you mean `{}{}\"{whole}\"`?", field.text, operator.as_text());
        (is_name && has_brackets && values.len() == 1).then(|| {
            (word, Problem::new("this is taken for a text, not for a part of the value").help(meant).help(IN_QUOTES))
        })
    })
}

/// What a value that holds brackets has to look like, or the values that elsewhere stand in brackets, where it
/// is known to which field they belong.
pub(super) fn value_in_brackets(query: &str, bracket_at: usize) -> Option<String> {
    let (before, rest) = query.split_at_checked(bracket_at).filter(|(_, rest)| rest.starts_with('('))?;
    let (field, operator, value) = term_before(before)?;
    let whole = rest.find(')').map_or(rest, |end| &rest[..=end]);
    let words = whole.trim_matches(['(', ')']).split_whitespace();
    let (values, ors): (Vec<&str>, Vec<&str>) = words.partition(|word| !word.eq_ignore_ascii_case("or"));
    if value.is_empty() && !ors.is_empty() && ors.len() + 1 == values.len() {
        return Some(format!("did you mean `{}:{}`?", field.name(), values.join(",")));
    }
    let can_be_quoted = field.entry().kind == Kind::Text && !whole.contains('"') && !value.contains('"');
    can_be_quoted.then(|| format!("did you mean `{}{operator}\"{value}{whole}\"`?", field.name()))
}

/// The field, the operator and the value that end a text, none of them in quotes.
fn term_before(text: &str) -> Option<(Field, &str, &str)> {
    let term = text.rsplit([' ', '\t', '(']).next()?;
    let (name, rest) = term.split_at(term.find([':', '=', '!', '~', '<', '>'])?);
    let value = rest.trim_start_matches([':', '=', '!', '~', '<', '>']);
    Some((Field::by_name(name.trim_start_matches('-'))?, &rest[..rest.len() - value.len()], value))
}

/// What was meant by several values where one goes: any of them, or a number with its thousands parted.
pub(super) fn several_values(query: &str, comma_at: usize) -> Option<String> {
    let (before, rest) = query.split_at_checked(comma_at)?;
    let (field, operator, value) = term_before(before)?;
    let more = rest.split_whitespace().next()?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let meant = match operator {
        "=" => format!("{}:{value}{more}", field.name()),
        "!=" => format!("-{}:{value}{more}", field.name()),
        _ if is_number(value) && more.split(',').skip(1).all(|part| part.len() == 3 && is_number(part)) => {
            format!("{}{operator}{value}{}", field.name(), more.replace(',', ""))
        }
        _ => return None,
    };
    Some(format!("did you mean `{meant}`?"))
}

/// The words that stand for units of sizes.
const SIZE_UNITS: [&str; 10] = ["b", "k", "m", "g", "kb", "mb", "gb", "kib", "mib", "gib"];

fn parted_unit(parts: &[Tree]) -> Option<(&Part, Problem)> {
    parts.windows(2).find_map(|pair| match pair {
        [Tree::Term { field, operator, values, .. }, Tree::Rows(unit)] => {
            let number = values.last().filter(|number| number.text.bytes().all(|byte| byte.is_ascii_digit()))?;
            let is_unit = match Field::by_name(&field.text)?.entry().kind {
                Kind::Size => SIZE_UNITS.contains(&&*unit.text.to_ascii_lowercase()),
                Kind::Duration => is_unit_of_time(&unit.text),
                _ => false,
            };
            let is_parted = is_unit && unit.style == Style::Bare;
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

const KEYBOARD: &str = "write \"…\" and `-`, as they stand on the keyboard";

const IN_QUOTES: &str = "to search for the text, put it in quotes";

#[cfg(test)]
mod tests {
    use super::super::field::FIELDS;
    use super::*;

    #[test]
    fn other_values_are_of_fields_and_are_none() {
        let lists = FIELDS.iter().filter_map(|entry| match entry.kind {
            Kind::Word(words) | Kind::Scale(words, _) => Some(words),
            _ => None,
        });
        let lists: Vec<&[&str]> = lists.collect();
        for (other, meant) in OTHER_VALUES {
            assert!(meant.iter().all(|meant| lists.iter().any(|words| words.contains(meant))), "{other}");
            assert!(
                lists.iter().any(|words| !words.contains(&other) && other_value(other, words).is_some()),
                "{other}"
            );
        }
    }

    #[test]
    fn other_names_are_of_fields_and_are_none() {
        for (other, name) in OTHER_NAMES {
            assert!(Field::by_name(name).is_some() && Field::by_name(other).is_none(), "{other}");
        }
        assert_eq!(other_name("Remote-IP"), Some("ip"));
        assert_eq!(other_name("zzz"), None);
    }
}
