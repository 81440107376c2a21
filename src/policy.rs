//! Limits on what may be found, and whether they held.
//!
//! In: limits as they were typed, or a policy file; [`Case`](crate::ingest::Case)s. Out: for each
//! [`Limit`] its [`Tally`], and the [`Outcome`].
//!
//! **Invariant**: nothing that was typed is ignored: a limit is understood whole, or is an error; one
//! that met nothing it could be held against did not hold, it is unknown.

pub mod limit;
pub mod file;
pub mod tally;

use std::fmt;

use limit::{Most, Selection};
use tally::Tally;

/// A limit on the sessions in which something is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted.
    pub selection: Selection,
    /// Whose sessions; `None` is all of them.
    pub connector: Option<ConnectorPattern>,
    /// How many there may be.
    pub most: Most,
}

/// Which connectors: `Client Frontend *` of any server, or `EX01\*` with the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectorPattern(pub String);

impl ConnectorPattern {
    /// Whether it means this connector. Letter case is ignored; `*` stands for anything.
    pub fn matches(&self, place: &crate::summary::Place) -> bool {
        match self.0.contains('\\') {
            true => is_match(self.0.as_bytes(), &[&place.server[..], b"\\", &place.connector].concat()),
            false => is_match(self.0.as_bytes(), &place.connector),
        }
    }
}

/// Whether the text is of the pattern: `*` stands for anything, letter case is ignored.
pub(crate) fn is_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Where to go on when what follows the last star does not match: pattern behind it, text.
    let mut retry: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, from));
            }
            Some(byte) if byte.eq_ignore_ascii_case(&text[from]) => {
                at += 1;
                from += 1;
            }
            _ => match &mut retry {
                Some((behind, start)) => {
                    *start += 1;
                    (at, from) = (*behind, *start);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Whether a limit held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It held.
    Held,
    /// There was nothing to hold it against, or not all of it could be read.
    Unknown,
    /// It was broken.
    Broken,
}

impl Outcome {
    /// Its word in every output.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
        }
    }
}

/// What counts as having nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// A limit without sessions is unknown.
    Unknown,
    /// A limit without sessions held.
    Held,
}

/// What the limits are held against, beside the sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// What to say of a limit without sessions.
    pub empty: Empty,
    /// Files that could not be read.
    pub n_unreadable: usize,
    /// Sessions that were read, whether or not they are meant.
    pub n_read: u64,
}

impl Limit {
    /// Says whether it held. What was found is enough to break it, whatever else could not be read.
    pub fn judge(&self, tally: &Tally, basis: Basis) -> Outcome {
        match () {
            () if self.most.is_exceeded(tally.found, tally.sessions) => Outcome::Broken,
            () if basis.n_unreadable > 0 => Outcome::Unknown,
            () if tally.sessions == 0 && basis.empty == Empty::Unknown => Outcome::Unknown,
            () => Outcome::Held,
        }
    }
}

/// `auth-* in at most 1% of the sessions, on Client Frontend *`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.selection, self.most)?;
        self.connector.iter().try_for_each(|connector| write!(f, ", on {}", connector.0))
    }
}

/// How many words are offered for one that is not known.
const MOST_OFFERED: usize = 3;

/// Returns the known word that comes nearest, if any comes near.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_few(word, known).first().copied()
}

/// Returns the known words that come near, the nearest first.
pub(crate) fn nearest_few<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    /// How alike two words must be, from 0 to 1.
    const ALIKE: f64 = 0.72;
    let word = word.to_lowercase();
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(&word, &known.to_lowercase()), known));
    let mut near: Vec<(f64, &str)> = scored.filter(|(likeness, _)| *likeness >= ALIKE).collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    near.into_iter().take(MOST_OFFERED).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Place;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text) in [
            ("auth-*", "auth-missing"),
            ("*", ""),
            ("*-tls-*", "a-tls-b-tls-c"),
            ("a*b*c", "aXbXbXc"),
            ("Auth", "aUTH"),
            ("**a", "ba"),
        ] {
            assert!(is_match(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [("auth-*", "auth"), ("", "a"), ("a*b", "abc"), ("a", ""), ("*a*a", "a")] {
            assert!(!is_match(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
    }

    #[test]
    fn connectors_with_and_without_server() {
        let place = Place { server: b"EX01".to_vec(), connector: b"Client Frontend EX01".to_vec() };
        let is_meant = |pattern: &str| ConnectorPattern(pattern.into()).matches(&place);
        assert!(is_meant("client frontend *") && is_meant("EX01\\*") && is_meant("*\\Client*") && is_meant("*"));
        assert!(!is_meant("EX02\\*") && !is_meant("Client Frontend") && !is_meant("EX01"));
    }

    proptest! {
        #[test]
        fn a_pattern_made_of_its_text_matches(parts in prop::collection::vec("[a-c]{0,3}", 1..5), fillings in prop::collection::vec("[a-c]{0,3}", 5)) {
            let text: String = parts.iter().zip(&fillings).flat_map(|(part, filling)| [part.as_str(), filling]).collect();
            let pattern = parts.join("*") + "*";
            prop_assert!(is_match(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
