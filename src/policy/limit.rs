//! A limit as it is typed: `auth-*`, `auth-missing=20`, `auth-missing=1%`, `error`.
//!
//! In: text. Out: what is counted, and how much of it there may be.
//!
//! **Invariant**: a word that is no rule and matches none is an error that names the nearest.

use std::fmt;

use crate::diagnosis::{Finding, RULES, Rule, Severity};

use super::{Limit, is_match, nearest, nearest_few};

/// Why something typed is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No rule has that name.
    #[error("`{word}` is no rule{}; `heloscope explain` lists them", near(.nearest))]
    UnknownRule {
        /// As typed.
        word: String,
        /// The rules that may have been meant, the likeliest first.
        nearest: Vec<&'static str>,
    },
    /// No severity has that name.
    #[error("`{word}` is no severity: error, warning or note{}", near(.nearest.as_slice()))]
    UnknownSeverity {
        /// As typed.
        word: String,
        /// The severity that may have been meant.
        nearest: Option<&'static str>,
    },
    /// Neither a number of sessions nor a share of them.
    #[error("`{word}` is no limit: a number of sessions such as 20, or a share of them such as 0.5%")]
    NoNumber {
        /// As typed.
        word: String,
    },
    /// A limit without `=`.
    #[error("`{word}` names no limit: RULE=N or RULE=P%")]
    NoLimit {
        /// As typed.
        word: String,
    },
}

fn near(nearest: &[&str]) -> String {
    match nearest {
        [] => String::new(),
        names => format!("; near it: `{}`", names.join("`, `")),
    }
}

/// Rules, each at its place in [`RULES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RuleSet(u32);

/// There are fewer rules than bits.
const _: () = assert!(RULES.len() <= u32::BITS as usize);

/// Which findings are counted. A session with several of them counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// As it was typed.
    text: String,
    rules: RuleSet,
    at_least: Severity,
}

impl Selection {
    /// Reads a rule's name, or a pattern with `*` that matches some.
    ///
    /// Errors: no rule is meant.
    pub fn parse_rules(text: &str) -> Result<Self, LimitError> {
        let is_meant = |rule: Rule| is_match(text.as_bytes(), rule.name().as_bytes());
        let rules = RULES.iter().map(|article| article.rule).filter(|rule| is_meant(*rule));
        let rules = rules.fold(0, |set, rule| set | 1 << rule as u32);
        if rules == 0 {
            let nearest = nearest_few(&text.replace('*', ""), RULES.iter().map(|article| article.name));
            return Err(LimitError::UnknownRule { word: text.to_owned(), nearest });
        }
        Ok(Self { text: text.to_ascii_lowercase(), rules: RuleSet(rules), at_least: Severity::Note })
    }

    /// Reads `error`, `warning` or `note`: all findings that are so grave, or graver.
    ///
    /// Errors: it is none of these.
    pub fn parse_severity(text: &str) -> Result<Self, LimitError> {
        let severities = [Severity::Note, Severity::Warning, Severity::Error];
        let Some(at_least) = severities.into_iter().find(|severity| severity.as_text().eq_ignore_ascii_case(text))
        else {
            let nearest = nearest(text, severities.map(Severity::as_text));
            return Err(LimitError::UnknownSeverity { word: text.to_owned(), nearest });
        };
        let text = match at_least {
            Severity::Error => "any error",
            Severity::Warning => "any warning or error",
            Severity::Note => "any finding",
        };
        Ok(Self { text: text.into(), rules: RuleSet(u32::MAX), at_least })
    }

    /// Whether the finding is counted.
    pub fn holds(&self, finding: &Finding) -> bool {
        self.rules.0 >> finding.rule as u32 & 1 == 1 && finding.severity >= self.at_least
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How many sessions there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// So many.
    Sessions(u64),
    /// So many of a million.
    Share(u32),
}

impl Most {
    /// Reads `20` or `0.5%`.
    ///
    /// Errors: it is neither, or no share of a whole.
    pub fn parse(text: &str) -> Result<Self, LimitError> {
        let text = text.trim();
        let number = match text.strip_suffix('%') {
            Some(share) => parse_share(share.trim_end()).map(Self::Share),
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok().map(Self::Sessions),
            None => None,
        };
        number.ok_or_else(|| LimitError::NoNumber { word: text.to_owned() })
    }

    /// Whether so many sessions out of so many are more than there may be.
    pub fn is_exceeded(self, found: u64, sessions: u64) -> bool {
        match self {
            Self::Sessions(most) => found > most,
            Self::Share(millionths) => u128::from(found) * 1_000_000 > u128::from(millionths) * u128::from(sessions),
        }
    }
}

/// Reads a percentage with up to four decimal places, as millionths.
fn parse_share(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || whole.len() > 3 || fraction.len() > 4 {
        return None;
    }
    let millionths = format!("{whole}{fraction:0<4}").parse().ok()?;
    (millionths <= 1_000_000).then_some(millionths)
}

impl fmt::Display for Most {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sessions(0) => f.write_str("no session"),
            Self::Sessions(1) => f.write_str("at most 1 session"),
            Self::Sessions(most) => write!(f, "at most {most} sessions"),
            Self::Share(millionths) => {
                let digits = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
                write!(f, "at most {}% of the sessions", digits.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

impl Limit {
    /// Reads what no session may have: a rule, or a pattern.
    ///
    /// Errors: no rule is meant.
    pub fn parse_deny(text: &str) -> Result<Self, LimitError> {
        Ok(Self { selection: Selection::parse_rules(text)?, connector: None, most: Most::Sessions(0) })
    }

    /// Reads `RULE=20` or `RULE=0.5%`.
    ///
    /// Errors: no rule is meant, or there is no limit.
    pub fn parse_max(text: &str) -> Result<Self, LimitError> {
        let (rules, most) = text.split_once('=').ok_or_else(|| LimitError::NoLimit { word: text.to_owned() })?;
        let selection = Selection::parse_rules(rules.trim())?;
        Ok(Self { selection, connector: None, most: Most::parse(most)? })
    }

    /// Reads a severity: no session may have anything so grave.
    ///
    /// Errors: it is none.
    pub fn parse_severity(text: &str) -> Result<Self, LimitError> {
        Ok(Self { selection: Selection::parse_severity(text)?, connector: None, most: Most::Sessions(0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Evidence;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let told = Limit::parse_max(text).map_or_else(|error| error.to_string(), |limit| limit.to_string());
        assert_eq!(told, expected);
    }

    #[test]
    fn ok_limits() {
        check("auth-missing=20", "auth-missing in at most 20 sessions");
        check("Auth-* = 1", "auth-* in at most 1 session");
        check("*=0", "* in no session");
        check("auth-missing=0.5%", "auth-missing in at most 0.5% of the sessions");
        check("auth-missing=100 %", "auth-missing in at most 100% of the sessions");
        check("auth-missing=0.0001%", "auth-missing in at most 0.0001% of the sessions");
        check("auth-missing=0%", "auth-missing in at most 0% of the sessions");
    }

    #[test]
    fn odd_limits() {
        check(
            "auth-mising=1",
            "`auth-mising` is no rule; near it: `auth-missing`, `auth-in-clear`; `heloscope explain` lists them",
        );
        check("qqq-*=1", "`qqq-*` is no rule; `heloscope explain` lists them");
        check("=1", "`` is no rule; `heloscope explain` lists them");
        check("auth-missing", "`auth-missing` names no limit: RULE=N or RULE=P%");
        for word in ["", "x", "-1", "1.5", "1e3", "%", ".5%", "5.%", "101%", "0.00001%", "1%%", "99999999999999999999"]
        {
            assert_eq!(Most::parse(word), Err(LimitError::NoNumber { word: word.to_owned() }));
        }
        let told = |text: &str| Limit::parse_severity(text).unwrap_err().to_string();
        assert_eq!(told("eror"), "`eror` is no severity: error, warning or note; near it: `error`");
    }

    #[test]
    fn shares_are_exact() {
        let one_in_hundred = Most::parse("1%").unwrap();
        assert!(!one_in_hundred.is_exceeded(1, 100));
        assert!(one_in_hundred.is_exceeded(1, 99));
        assert!(!one_in_hundred.is_exceeded(0, 0));
        assert!(!Most::parse("100%").unwrap().is_exceeded(u64::MAX, u64::MAX));
        assert!(Most::Sessions(3).is_exceeded(4, 1000) && !Most::Sessions(3).is_exceeded(3, 3));
    }

    #[test]
    fn severities_and_rules_select_findings() {
        let finding = |rule, severity| Finding { rule, severity, evidence: Evidence::default() };
        let warnings = Selection::parse_severity("Warning").unwrap();
        assert!(warnings.holds(&finding(Rule::CommandRefused, Severity::Error)));
        assert!(warnings.holds(&finding(Rule::AuthMissing, Severity::Warning)));
        assert!(!warnings.holds(&finding(Rule::AuthAbandoned, Severity::Note)));
        let auth = Selection::parse_rules("auth-*").unwrap();
        assert!(auth.holds(&finding(Rule::AuthAbandoned, Severity::Note)));
        assert!(!auth.holds(&finding(Rule::RelayDenied, Severity::Error)));
        for article in RULES {
            let only = Selection::parse_rules(article.name).unwrap();
            let held = RULES.iter().filter(|other| only.holds(&finding(other.rule, Severity::Note)));
            assert_eq!(held.count(), 1, "{}", article.name);
        }
    }
}
