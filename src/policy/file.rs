//! A policy file.
//!
//! ```toml
//! # For all sessions together:
//! severity = "error"                  # nothing so grave, or graver
//! deny = ["certificate-expired"]      # found in no session
//! [max]                               # found in at most so many sessions, or so much of them
//! connection-timed-out = 20
//! "auth-*" = "2.5%"
//!
//! # For the sessions of some connectors, together:
//! [[connector]]
//! name = 'Client Frontend *'          # of any server, or with it: 'EX01\*'
//! deny = ["auth-in-clear"]
//! ```
//!
//! In: TOML. Out: [`Limit`]s.
//!
//! **Invariant**: a key that is not known, or whatever is no limit, is an error with its place.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::limit::LimitError;
use super::limit::{Most, Selection};
use super::{ConnectorPattern, Limit, nearest};

/// The names of keys; they must agree with the fields below.
const KEYS: [&str; 5] = ["severity", "deny", "max", "connector", "name"];

/// Where a policy is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct PolicyError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    severity: Option<Spanned<String>>,
    #[serde(default)]
    deny: Vec<Spanned<String>>,
    #[serde(default)]
    max: BTreeMap<Spanned<String>, Spanned<Value>>,
    #[serde(default)]
    connector: Vec<Spanned<ConnectorTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectorTable {
    name: Spanned<String>,
    severity: Option<Spanned<String>>,
    #[serde(default)]
    deny: Vec<Spanned<String>>,
    #[serde(default)]
    max: BTreeMap<Spanned<String>, Spanned<Value>>,
}

/// Reads a policy.
///
/// Errors: where it is no TOML, has a key that is not known, or a limit that is none; or limits
/// nothing.
pub fn parse_policy(text: &str) -> Result<Vec<Limit>, PolicyError> {
    // A byte order mark is what editors on Windows put there.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: PolicyFile = toml::from_str(text).map_err(|error| place_toml(text, &error))?;
    let fail = |(span, message): Fault| place(text, span, message);
    let mut limits = limits_of(text, file.severity.as_ref(), &file.deny, &file.max, None).map_err(fail)?;
    for table in &file.connector {
        limits.extend(limits_of_connector(text, table).map_err(fail)?);
    }
    if limits.is_empty() {
        return Err(place(text, 0..0, "it limits nothing: give `severity`, `deny` or `max`".into()));
    }
    Ok(limits)
}

/// What is wrong, and the bytes where.
type Fault = (Range<usize>, String);

fn limits_of_connector(text: &str, table: &Spanned<ConnectorTable>) -> Result<Vec<Limit>, Fault> {
    let ConnectorTable { name, severity, deny, max } = table.get_ref();
    if name.get_ref().trim().is_empty() {
        return Err((name.span(), "`name` is empty: name a connector, or `*`".into()));
    }
    let connector = ConnectorPattern(name.get_ref().clone());
    let limits = limits_of(text, severity.as_ref(), deny, max, Some(&connector))?;
    if limits.is_empty() {
        return Err((name.span(), "nothing is limited for this connector: give `severity`, `deny` or `max`".into()));
    }
    Ok(limits)
}

fn limits_of(
    text: &str,
    severity: Option<&Spanned<String>>,
    deny: &[Spanned<String>],
    max: &BTreeMap<Spanned<String>, Spanned<Value>>,
    connector: Option<&ConnectorPattern>,
) -> Result<Vec<Limit>, Fault> {
    let at = |span: Range<usize>| move |error: LimitError| (span, error.to_string());
    let mut limits = Vec::new();
    if let Some(severity) = severity {
        limits.push(Limit::parse_severity(severity.get_ref()).map_err(at(severity.span()))?);
    }
    for rules in deny {
        limits.push(Limit::parse_deny(rules.get_ref()).map_err(at(rules.span()))?);
    }
    let mut by_place: Vec<_> = max.iter().collect();
    by_place.sort_by_key(|(rules, _)| rules.span().start);
    for (rules, most) in by_place {
        let selection = Selection::parse_rules(rules.get_ref()).map_err(at(rules.span()))?;
        // What is no text is read as it stands in the file.
        let word = most.get_ref().as_str().or(text.get(most.span())).unwrap_or_default();
        let most = Most::parse(word).map_err(at(most.span()))?;
        limits.push(Limit { selection, connector: None, most });
    }
    for limit in &mut limits {
        limit.connector = connector.cloned();
    }
    Ok(limits)
}

/// Says where the parser stopped; for a key that is not known, which may have been meant.
fn place_toml(text: &str, error: &toml::de::Error) -> PolicyError {
    let span = error.span().unwrap_or(0..0);
    let word = text.get(span.clone()).unwrap_or_default().trim_matches(['"', '\'']);
    let is_key = error.message().starts_with("unknown field");
    let meant = nearest(word, KEYS).filter(|_| is_key);
    let hint = meant.map(|key| format!("; near it: `{key}`")).unwrap_or_default();
    let message = error.message().replace("unknown field", "unknown key").replace("missing field", "missing key");
    place(text, span, message + &hint)
}

fn place(text: &str, span: Range<usize>, message: String) -> PolicyError {
    let before = text.get(..span.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    PolicyError { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let told = match parse_policy(text) {
            Ok(limits) => limits.iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn ok_policies() {
        check(
            "severity = 'error'\ndeny = ['certificate-*', \"relay-denied\"]\n[max]\n'rate-limited' = '1%'\nauth-missing = 3\n",
            &[
                "any error in no session",
                "certificate-* in no session",
                "relay-denied in no session",
                "rate-limited in at most 1% of the sessions",
                "auth-missing in at most 3 sessions",
            ],
        );
        check(
            "\u{feff}[[connector]]\r\nname = 'EX01\\Client *'\r\ndeny = ['auth-*']\r\n[[connector]]\r\nname='b'\r\nmax = { relay-denied = 1 }\r\n",
            &["auth-* in no session, on EX01\\Client *", "relay-denied in at most 1 session, on b"],
        );
    }

    #[test]
    fn odd_policies() {
        check("", &["1:1: it limits nothing: give `severity`, `deny` or `max`"]);
        check(
            "severity = 'error'\ndney = ['x']\n",
            &["2:1: unknown key `dney`, expected one of `severity`, `deny`, `max`, `connector`; near it: `deny`"],
        );
        check(
            "deny = [\n  'auth-mising',\n]\n",
            &[
                "2:3: `auth-mising` is no rule; near it: `auth-missing`, `auth-in-clear`; `heloscope explain` lists them",
            ],
        );
        check("severity = 'fatal'", &["1:12: `fatal` is no severity: error, warning or note"]);
        check(
            "[max]\nauth-missing = 'many'",
            &["2:16: `many` is no limit: a number of sessions such as 20, or a share of them such as 0.5%"],
        );
        for value in ["-1", "1.5", "true", "[1]", "{ a = 1 }"] {
            let error = parse_policy(&format!("[max]\n'*' = {value}")).unwrap_err();
            assert_eq!((error.line, error.column), (2, 7), "{value}");
            assert!(error.message.ends_with("such as 0.5%"), "{value}: {}", error.message);
        }
        check("[max]\n'*' = 1\n'*' = 2\n", &["3:1: duplicate key"]);
        check("[[connector]]\ndeny = ['*']\n", &["1:1: missing key `name`"]);
        check("[[connector]]\nname = ' '\ndeny = ['*']\n", &["2:8: `name` is empty: name a connector, or `*`"]);
        check(
            "[[connector]]\nname = 'Größe'\n",
            &["2:8: nothing is limited for this connector: give `severity`, `deny` or `max`"],
        );
        check("deny = 'x'", &["1:8: invalid type: string \"x\", expected a sequence"]);
        check("# ä\ndeny = ['ä', x]", &["2:14: string values must be quoted, expected literal string"]);
    }
}
