//! The lines that a text or a regular expression can be true of, found in a text of many lines at once.
//!
//! In: a regular expression over a single row. Out: one over many lines, which finds each row that the
//! first one matches, and perhaps others.
//!
//! A row has no line end, so whatever could match one must not run on into the next row: line ends are
//! taken out of the expression. What holds at a row's ends only, `^` and `$`, holds wherever it stands
//! there, for the ends are elsewhere in the larger text.
//!
//! **Invariant**: where a row is matched, its line is found.

use std::sync::Arc;

use regex::bytes::Regex;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

use crate::ingest::sieve::FindLine;

use super::caseless::Caseless;
use super::matching::Node;
use super::pattern::{builder, to_hir};
use super::question::Question;

/// What finds lines.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    hir: Hir,
    search: Search,
}

#[derive(Clone, Debug)]
enum Search {
    Text(Caseless),
    Regex(Regex),
}

impl Lines {
    /// Makes what finds the rows that a regular expression matches; `None` where it can match none, or
    /// would be too large.
    pub(super) fn new(pattern: &str, ignores_case: bool) -> Option<Self> {
        Self::of(within_lines(&to_hir(pattern, ignores_case)?)?)
    }

    fn of(hir: Hir) -> Option<Self> {
        // Classes hold both letter cases by now, and bytes are marked as such.
        let regex = builder(&hir.to_string()).unicode(true).build().ok()?;
        Some(Self { hir, search: Search::Regex(regex) })
    }

    /// Finds the rows that hold a text of ASCII, letter case ignored. The expression is of that text.
    #[must_use]
    pub(super) fn of_text(mut self, text: &str) -> Self {
        if let Some(caseless) = Caseless::new(text.as_bytes()) {
            self.search = Search::Text(caseless);
        }
        self
    }

    /// Finds what any of these finds.
    fn any_of<'a>(all: impl Iterator<Item = &'a Self>) -> Option<Self> {
        Self::of(Hir::alternation(all.map(|lines| lines.hir.clone()).collect()))
    }

    /// The least that it finds, in bytes: what is longer is rarer.
    fn least_bytes(&self) -> usize {
        self.hir.properties().minimum_len().unwrap_or(0)
    }
}

impl FindLine for Lines {
    fn find_line(&self, text: &[u8]) -> Option<usize> {
        match &self.search {
            Search::Text(caseless) => caseless.find(text),
            Search::Regex(regex) => regex.shortest_match(text),
        }
    }
}

/// Takes line ends out of an expression, and what holds at certain places only. `None` where it matches
/// nothing without a line end.
fn within_lines(hir: &Hir) -> Option<Hir> {
    match hir.kind() {
        HirKind::Literal(literal) => (!literal.0.contains(&b'\n')).then(|| hir.clone()),
        HirKind::Class(Class::Unicode(class)) => {
            let mut class = class.clone();
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new('\n', '\n')]));
            Some(Hir::class(Class::Unicode(class)))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut class = class.clone();
            class.difference(&ClassBytes::new([ClassBytesRange::new(b'\n', b'\n')]));
            Some(Hir::class(Class::Bytes(class)))
        }
        HirKind::Empty | HirKind::Look(_) => Some(Hir::empty()),
        HirKind::Repetition(repetition) => match within_lines(&repetition.sub) {
            Some(sub) => Some(Hir::repetition(repetition.with(sub))),
            None => (repetition.min == 0).then(Hir::empty),
        },
        HirKind::Capture(capture) => within_lines(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(within_lines).collect::<Option<Vec<_>>>().map(Hir::concat),
        HirKind::Alternation(parts) => {
            let parts: Vec<Hir> = parts.iter().filter_map(within_lines).collect();
            (!parts.is_empty()).then(|| Hir::alternation(parts))
        }
    }
}

/// So many searches of every text are worth their time.
const MOST: usize = 3;

/// Returns what finds rows of all sessions that can be meant: for each that is returned, such a session
/// has a row that it finds.
pub(super) fn gather_lines(node: &Node) -> Vec<Arc<dyn FindLine>> {
    let mut all = Vec::new();
    gather(node, &mut all);
    all.retain(|lines| lines.least_bytes() > 1);
    all.sort_by_key(|lines| std::cmp::Reverse(lines.least_bytes()));
    all.truncate(MOST);
    all.into_iter().map(|lines| Arc::new(lines) as Arc<dyn FindLine>).collect()
}

fn gather(node: &Node, all: &mut Vec<Lines>) {
    match node {
        Node::And(parts) => parts.iter().for_each(|part| gather(part, all)),
        Node::Ask(Question::Rows(pattern)) => all.extend(pattern.lines().cloned()),
        Node::Or(parts) => {
            let of_part = |part: &Node| match part {
                Node::Ask(Question::Rows(pattern)) => pattern.lines().cloned(),
                _ => None,
            };
            let of_parts: Option<Vec<Lines>> = parts.iter().map(of_part).collect();
            all.extend(of_parts.and_then(|lines| Lines::any_of(lines.iter())));
        }
        Node::Not(_) | Node::Since(_) | Node::Until(_) | Node::Ask(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::RowPattern;
    use super::*;
    use proptest::prelude::*;

    /// The rows whose lines are found, as ingest looks for them.
    fn found(lines: &Lines, rows: &[String]) -> Vec<usize> {
        let text = rows.concat();
        let (mut at, mut found) = (0, Vec::new());
        while at < text.len() {
            let Some(place) = lines.find_line(&text.as_bytes()[at..]) else { break };
            let place = at + place;
            at = text[place..].find('\n').map_or(text.len(), |line_end| place + line_end + 1);
            found.push(text[..at].matches('\n').count() - usize::from(text[..at].ends_with('\n')));
        }
        found
    }

    #[track_caller]
    fn check(pattern: &str, rows: &[&str], expected: &[usize]) {
        let lines = Lines::new(pattern, false).unwrap();
        let rows: Vec<String> = rows.iter().map(|row| format!("{row}\r\n")).collect();
        assert_eq!(found(&lines, &rows), expected, "{pattern}");
    }

    #[test]
    fn lines_of_rows() {
        check("b", &["a", "b", "c", "ab"], &[1, 3]);
        check("^b|a$", &["a", "b", "c", "ab"], &[0, 1, 3]);
        check("a[^x]*c", &["a", "bc", "axc", "abc"], &[3]);
        check(r"a\s*b", &["a", "b", "a b"], &[2]);
        check(r"(?s)a.+b", &["a", "b", "a\tb"], &[2]);
        check("x*", &["a", "", "b"], &[0, 1, 2]);
        check(r"b$", &["b"], &[0]);
        check(r"\n|b", &["a", "b"], &[1]);
        assert!(Lines::new(r"a\nb", false).is_none());
    }

    proptest! {
        #[test]
        fn each_row_that_matches_is_found(
            pattern in r"([ab.]|\[\^a\]|\\s|\\b|\\W|\^|\$|[ab]\*|[ab.]\+|\(a\|b\)|\(\?s:\.\)|\||é|\\xff){1,7}",
            ignores_case in any::<bool>(),
            rows in prop::collection::vec("[abAB \t\ré]{0,6}", 1..6),
        ) {
            let Ok(of_row) = RowPattern::regex(&pattern, ignores_case) else { return Ok(()) };
            let rows: Vec<String> = rows.iter().map(|row| format!("{}\r\n", row.trim_end_matches('\r'))).collect();
            let matched: Vec<usize> = (0..rows.len()).filter(|at| of_row.is_match(rows[*at].trim_end().as_bytes())).collect();
            let found = match of_row.lines() {
                Some(lines) => found(lines, &rows),
                None => Vec::new(),
            };
            for row in &matched {
                prop_assert!(found.contains(row), "{} in {:?} finds {:?}, not {}", pattern, rows, found, row);
            }
        }
    }
}
