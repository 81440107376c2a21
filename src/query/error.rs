//! Why a text is no query.
//!
//! In: what was typed and where it went wrong. Out: [`SyntaxError`].
//!
//! **Invariant**: holds the text as it was typed; whoever shows it has to escape it.

use std::ops::Range;

/// A text that is no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct SyntaxError {
    /// What was typed.
    pub query: String,
    /// Where it went wrong, in bytes.
    pub at: Range<usize>,
    /// What is wrong.
    pub problem: String,
    /// What was expected, the nearest name, the remedy: a line each.
    pub help: Vec<String>,
    /// The saved filter that the text comes from.
    pub saved: Option<String>,
}

/// What is wrong with a piece of text, before it is known where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) problem: String,
    pub(super) help: Vec<String>,
}

impl Problem {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), help: Vec::new() }
    }

    pub(super) fn expected(mut self, what: impl AsRef<str>) -> Self {
        self.help.push(format!("expected {}", what.as_ref()));
        self
    }

    pub(super) fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }

    pub(super) fn helps(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.help.extend(lines);
        self
    }

    /// Names the nearest of the known names, if one is near.
    pub(super) fn nearest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.helps(nearest(name, known).map(|near| format!("did you mean `{near}`?")))
    }
}

/// How alike two names must be, from 0 to 1.
const LIKENESS: f64 = 0.8;

/// Only the beginning of a name is compared: comparing takes the square of its length.
const MAX_NAME_CHARACTERS: usize = 64;

/// Returns the known name that is most like this one, if any is.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: String = name.chars().take(MAX_NAME_CHARACTERS).collect::<String>().to_lowercase();
    let scored = known.into_iter().map(|known| (likeness(&name, known), known));
    let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(score, _)| *score >= LIKENESS).map(|(_, known)| known)
}

/// A slip of one or two keys counts, and a beginning.
fn likeness(name: &str, known: &str) -> f64 {
    strsim::jaro_winkler(name, known).max(strsim::normalized_damerau_levenshtein(name, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name() {
        let names = ["starttls", "auth", "user", "error", "from"];
        assert_eq!(nearest("starttsl", names), Some("starttls"));
        assert_eq!(nearest("STARTTL", names), Some("starttls"));
        assert_eq!(nearest("usr", names), Some("user"));
        assert_eq!(nearest("errors", names), Some("error"));
        assert_eq!(nearest("zzz", names), None);
        assert_eq!(nearest("", names), None);
    }
}
