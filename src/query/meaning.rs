//! From a field, an operator and the values' words to what is asked of a session.
//!
//! In: words. Out: a [`Meaning`], or what is wrong with which of the words.
//!
//! **Invariant**: a word that the field does not know is an error, never a term that finds nothing.

use crate::diagnosis::RULE_NAMES;
use crate::record::value::Endpoint;

use super::address::Network;
use super::error::Problem;
use super::expression::Value;
use super::field::{Field, Kind};
use super::pattern::{Pattern, RowPattern, has_wildcard, regex};
use super::question::{CodeTest, Compare, ConnectorTest, Question};
use super::slip;
use super::syntax::Operator;
use super::time::{When, parse_length, scaled};

/// Which side of a moment a session starts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    After,
    Before,
}

/// What a term asks.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// When it starts, which may have to be resolved first.
    Start(Side, When),
    /// Anything else.
    Question(Question),
}

/// What is wrong, and with which of the values; `None` is the operator.
pub(super) type Wrong = (Option<usize>, Problem);

/// Says what the term asks. `!=` is read as `=`, and negated by the caller.
///
/// Errors: an operator or a value that the field does not know.
pub(super) fn mean(field: Field, operator: Operator, values: &[Value]) -> Result<Meaning, Wrong> {
    let kind = field.entry().kind;
    if !kind.operators().split(' ').any(|known| known == operator.as_text()) {
        return Err((None, no_operator(field, operator)));
    }
    let test = match kind {
        Kind::Text if field == Field::Connector => {
            Question::Connector(each(values, |value| connector(operator, value))?)
        }
        Kind::Text => Question::Text(field, each(values, |value| text(field, operator, value))?),
        Kind::Address => Question::Address(field, each(values, |value| network(field, value.as_text()))?),
        Kind::Number | Kind::Size | Kind::Duration => {
            Question::Number(field, each(values, |value| Ok((compare(operator), number(field, value.as_text())?)))?)
        }
        Kind::Word(words) => {
            Question::Word(field, mask(values, |value| word(field, operator, value.as_text(), words))?)
        }
        Kind::Scale(words, from) => {
            let mask = mask(values, |value| scale(field, operator, value.as_text(), (words, from)))?;
            if field == Field::Severity { Question::Severity(mask) } else { Question::Word(field, mask) }
        }
        Kind::Code => Question::Code(each(values, |value| code(operator, value.as_text()))?),
        Kind::Rule => Question::Rule(each(values, |value| rules(operator, value.as_text()))?.concat()),
        Kind::Time => return start(field, values),
    };
    Ok(Meaning::Question(test))
}

/// Says what a text or a regular expression asks of the rows.
///
/// Errors: not a regular expression, or nothing to search for.
pub(super) fn mean_rows(value: &Value) -> Result<Meaning, Problem> {
    if value.as_text().is_empty() {
        return Err(Problem::new("nothing to search for: every row holds it").expected("a text"));
    }
    let pattern = match value {
        Value::Text(text) => RowPattern::text(text)?,
        Value::Regex { pattern, ignores_case } => RowPattern::regex(pattern, *ignores_case)
            .map_err(|problem| problem.help("to search for the text as it is, put it in quotes"))?,
    };
    Ok(Meaning::Question(Question::Rows(pattern)))
}

fn each<T>(values: &[Value], read: impl Fn(&Value) -> Result<T, Problem>) -> Result<Vec<T>, Wrong> {
    values.iter().enumerate().map(|(at, value)| read(value).map_err(|problem| (Some(at), problem))).collect()
}

fn mask(values: &[Value], read: impl Fn(&Value) -> Result<u8, Problem>) -> Result<u8, Wrong> {
    Ok(each(values, read)?.into_iter().fold(0, |all, one| all | one))
}

fn no_operator(field: Field, operator: Operator) -> Problem {
    let entry = field.entry();
    let known: Vec<String> = entry.kind.operators().split(' ').map(|known| format!("`{known}`")).collect();
    Problem::new(format!("`{}` cannot be asked with `{}`", entry.name, operator.as_text()))
        .expected(known.join(", "))
        .help(format!("for example `{}`", entry.example))
}

fn compare(operator: Operator) -> Compare {
    match operator {
        Operator::Less => Compare::Less,
        Operator::AtMost => Compare::AtMost,
        Operator::More => Compare::More,
        Operator::AtLeast => Compare::AtLeast,
        Operator::Has | Operator::Is | Operator::IsNot | Operator::Matches => Compare::Equal,
    }
}

fn text(field: Field, operator: Operator, value: &Value) -> Result<Pattern, Problem> {
    // The record shows mechanisms in upper case, however they were typed.
    let ignores_case = field == Field::Mechanism;
    match (operator, value) {
        (Operator::Matches, Value::Regex { pattern, .. }) if pattern.is_empty() => {
            Err(Problem::new("nothing to search for: every value holds it").expected("a regular expression"))
        }
        (Operator::Matches, Value::Regex { pattern, ignores_case: flag }) => {
            let plain = format!("`{}:` takes a text, with * and ? for the whole value", field.name());
            regex(pattern, *flag || ignores_case).map(Pattern::Regex).map_err(|problem| problem.help(plain))
        }
        (Operator::Is | Operator::IsNot, value) if ignores_case => Ok(Pattern::IsInAnyCase(value.as_text().into())),
        (Operator::Is | Operator::IsNot, value) => Ok(Pattern::Is(value.as_text().into())),
        (_, value) if field == Field::Id => Pattern::forgiving_id(value.as_text()),
        (_, value) => Pattern::forgiving(value.as_text()),
    }
}

/// A connector by its name; behind a server and a backslash, as Exchange itself names it, of that server.
fn connector(operator: Operator, value: &Value) -> Result<ConnectorTest, Problem> {
    let read = |part: &str| text(Field::Connector, operator, &Value::Text(part.to_owned()));
    let name = text(Field::Connector, operator, value)?;
    Ok(match (operator, value.as_text().split_once('\\')) {
        (Operator::Matches, _) => ConnectorTest::InFull(name),
        (_, Some((server, of_server))) => ConnectorTest::NameOrParts(name, (read(server)?, read(of_server)?)),
        (_, None) => ConnectorTest::Name(name),
    })
}

/// An endpoint is no address: what its port is asked for with is said.
fn network(field: Field, text: &str) -> Result<Network, Problem> {
    Network::parse(text).map_err(|problem| {
        if let Some((address, _)) = text.split_once('%').filter(|(address, _)| Network::parse(address).is_ok()) {
            let why = "addresses are compared without their zone";
            return problem.help(format!("{why}; did you mean `{}:{address}`?", field.name()));
        }
        let endpoint = Endpoint::parse(text.as_bytes());
        let Some((address, port)) = endpoint.ip.zip(endpoint.port) else { return problem };
        let asked = match field {
            Field::Local => format!("{}:{address} {}:{port}", field.name(), Field::Port.name()),
            _ => format!("{}:{address} \"{text}\"", field.name()),
        };
        let why =
            if field == Field::Local { "the port has a field of its own" } else { "a client's port is found as text" };
        problem.help(format!("{why}; did you mean `{asked}`?"))
    })
}

fn number(field: Field, text: &str) -> Result<u64, Problem> {
    match field.entry().kind {
        Kind::Duration => return parse_length(text),
        Kind::Size => return size(text),
        _ => {}
    }
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    let number = number.ok_or_else(|| {
        let range = slip::range(field, text).map(|meant| format!("did you mean `{meant}`?"));
        Problem::new(format!("`{text}` is no number")).expected("a whole number").helps(range)
    })?;
    match field == Field::Port && number > u64::from(u16::MAX) {
        true => Err(Problem::new(format!("`{text}` is no port")).expected("0 to 65535")),
        false => Ok(number),
    }
}

/// The units of sizes, in bytes; the longer names first.
const SIZES: [(&str, u64); 11] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("kb", 1000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("k", 1000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("b", 1),
    ("", 1),
];

fn size(text: &str) -> Result<u64, Problem> {
    let lower = text.to_ascii_lowercase();
    let read = SIZES.iter().find_map(|(unit, bytes)| Some((lower.strip_suffix(unit)?, *bytes)));
    read.and_then(|(number, bytes)| scaled(number.trim_end(), bytes)).ok_or_else(|| {
        Problem::new(format!("`{text}` is no size"))
            .expected("a number of bytes, alone or with kB, MB, GB (k, M, G are the same), KiB, MiB or GiB")
    })
}

/// Finds a word of a list; with `:` it may have wildcards. Returns a bit for each that is meant.
fn word(field: Field, operator: Operator, text: &str, words: &[&str]) -> Result<u8, Problem> {
    let spelled = if field == Field::Tls { tls_spelling(text) } else { text.to_owned() };
    let meant = match operator == Operator::Has && has_wildcard(text) {
        true => like(&spelled, words)?,
        false => words.iter().map(|word| word.eq_ignore_ascii_case(&spelled)).collect(),
    };
    let mask = meant.iter().enumerate().fold(0, |mask, (at, is_meant)| mask | (u8::from(*is_meant) << at));
    if mask != 0 {
        return Ok(mask);
    }
    let problem = Problem::new(format!("`{text}` is no value of `{}`", field.name())).expected(words.join(", "));
    Err(match slip::other_value(&spelled, words) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.nearest(&spelled, words.iter().copied()),
    })
}

fn like(wildcard: &str, words: &[&str]) -> Result<Vec<bool>, Problem> {
    let pattern = Pattern::forgiving(wildcard)?;
    Ok(words.iter().map(|word| pattern.is_match(word.as_bytes())).collect())
}

/// `TLSv1.2`, `TLS1.2` and `1.2` are one, as are `SSLv3`, `SSL3` and `ssl3.0`.
fn tls_spelling(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    match lower.strip_prefix("tls").map(|rest| rest.trim_start_matches(['v', ' '])) {
        Some(version) => version.to_owned(),
        None if matches!(lower.as_str(), "sslv3" | "ssl3.0" | "sslv3.0" | "3.0") => "ssl3".to_owned(),
        None if lower == "1" => "1.0".to_owned(),
        None => lower,
    }
}

fn scale(field: Field, operator: Operator, text: &str, scale: (&[&str], usize)) -> Result<u8, Problem> {
    let (words, from) = scale;
    let asked = word(field, operator, text, words)?;
    if matches!(operator, Operator::Has | Operator::Is | Operator::IsNot) {
        return Ok(asked);
    }
    let place = asked.trailing_zeros() as usize;
    if place < from {
        return Err(Problem::new(format!("`{text}` is neither more nor less than any other"))
            .expected(words[from..].join(", "))
            .help(format!("for the sessions that have it, `{}:{text}`", field.name())));
    }
    let is_meant = |at: &usize| compare(operator).holds(*at, place);
    Ok((from..words.len()).filter(is_meant).fold(0, |mask, at| mask | (1 << at)))
}

fn code(operator: Operator, text: &str) -> Result<CodeTest, Problem> {
    let is_pattern = matches!(operator, Operator::Has | Operator::Is | Operator::IsNot);
    match (is_pattern, text.contains('.')) {
        (true, true) => status(text),
        (true, false) => code_range(text).map(|(from, to)| CodeTest::Within(from, to)),
        (false, _) => match code_range(text) {
            Some((from, to)) if from == to => Some(CodeTest::Compared(compare(operator), from)),
            _ => None,
        },
    }
    .ok_or_else(|| {
        let problem = Problem::new(format!("`{text}` is no reply code"));
        match is_pattern {
            true => problem
                .expected(format!("{}; the first number is 2, 3, 4 or 5", Kind::Code.values()))
                .helps(meant_code(operator, text).map(|meant| format!("did you mean `{meant}`?"))),
            false => problem.expected("a code from 200 to 599"),
        }
    })
}

/// What a reply was meant by: as the log has it, `535 5.7.3`, begun, `5.7`, or with a `*`, `5*`.
fn meant_code(operator: Operator, text: &str) -> Option<String> {
    let term = |code: &str| format!("{}{}{code}", Field::Code.name(), operator.as_text());
    if let Some((number, status_of)) = text.split_once([' ', '-']) {
        let is_reply = code_range(number).is_some() && status(status_of).is_some();
        return is_reply.then(|| format!("{} {}", term(number), term(status_of)));
    }
    let begun = text.trim_end_matches(['*', '.']);
    let whole = if begun.contains('.') { format!("{begun}.x") } else { format!("{begun:x<3}") };
    let is_code = code_range(&whole).is_some() || status(&whole).is_some();
    (is_code && whole != text).then(|| term(&whole))
}

/// Reads `535`, `53x`, `5xx` as the first and the last code that is meant.
///
/// Source: RFC 5321 section 4.2.1, which knows no reply of SMTP that begins with another digit.
fn code_range(text: &str) -> Option<(u16, u16)> {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_rest_free = text[n_digits..].bytes().all(|byte| matches!(byte, b'x' | b'X'));
    if text.len() != 3 || n_digits == 0 || !is_rest_free || !text.starts_with(['2', '3', '4', '5']) {
        return None;
    }
    let width = 10_u16.pow(u32::try_from(3 - n_digits).ok()?);
    let from = text[..n_digits].parse::<u16>().ok()? * width;
    Some((from, from + width - 1))
}

/// Reads `5.7.3`, `5.7.x`, `5.*.*`.
///
/// Source: RFC 3463 section 2, which knows the classes 2, 4 and 5.
fn status(text: &str) -> Option<CodeTest> {
    let part = |part: &str| match part {
        "x" | "X" | "*" => Some(None),
        digits if (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().map(Some)
        }
        _ => None,
    };
    let mut parts = text.split('.').map(part);
    let (class, subject, detail) = (parts.next()??, parts.next()??, parts.next()??);
    let is_whole = parts.next().is_none() && matches!(class, None | Some(2 | 4 | 5));
    is_whole.then_some(CodeTest::Status(class, subject, detail))
}

/// Finds the rules that are meant: those that hold the text or fit its wildcard, or the one.
fn rules(operator: Operator, text: &str) -> Result<Vec<&'static str>, Problem> {
    let pattern = match operator {
        Operator::Has => Pattern::forgiving(text)?,
        _ => Pattern::IsInAnyCase(text.into()),
    };
    let rules: Vec<&str> = RULE_NAMES.into_iter().filter(|name| pattern.is_match(name.as_bytes())).collect();
    if !rules.is_empty() {
        return Ok(rules);
    }
    Err(Problem::new(format!("no rule is called `{text}`"))
        .nearest(text, RULE_NAMES)
        .help("`heloscope fields` lists them; `rule:auth-*` means all of a family"))
}

fn start(field: Field, values: &[Value]) -> Result<Meaning, Wrong> {
    let [value] = values else {
        return Err((Some(1), Problem::new(format!("`{}` takes one time", field.name()))));
    };
    let side = if field == Field::After { Side::After } else { Side::Before };
    let when = When::parse(value.as_text()).map_err(|problem| (Some(0), problem))?;
    Ok(Meaning::Start(side, when))
}
