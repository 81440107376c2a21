//! A term is put into a filter, or what it means is kept out.
//!
//! In: a filter and a term. Out: the filter with it.
//!
//! **Invariant**: what the filter asks for already is not asked again, and a term takes the place of its
//! opposite; all else of the filter stays as it was typed, unless something is taken from it.

use crate::query::expression::Expression;
use crate::query::saved::SavedFilters;

/// What becomes of what a term means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It goes into the filter.
    Include,
    /// It is kept out.
    Exclude,
}

/// Returns the filter with the term, the same where it has the term already.
pub(super) fn with_term(filter: &str, sign: Sign, term: &str, saved: &SavedFilters) -> String {
    let filter = filter.trim();
    let signed = match sign {
        Sign::Include => term.to_owned(),
        Sign::Exclude if term.contains(' ') => format!("-({term})"),
        Sign::Exclude => format!("-{term}"),
    };
    let parse = |text: &str| Expression::parse(text, saved).ok();
    let (Some(before), Some(meant), Some(added)) = (parse(filter), parse(term), parse(&signed)) else {
        // An empty filter is no expression; of what cannot be read, whoever reads it next says so.
        return joined(filter, &signed);
    };
    let is_choice = matches!(before, Expression::Or(_));
    let (before, added) = (to_parts(before), to_parts(added));
    let against = match sign {
        Sign::Include => vec![Expression::Not(Box::new(meant))],
        Sign::Exclude => to_parts(meant),
    };
    let news: Vec<&Expression> = added.iter().filter(|part| !before.contains(part)).collect();
    let kept = if against.iter().all(|part| before.contains(part)) {
        to_text(before.iter().filter(|part| !against.contains(part)))
    } else if news.is_empty() {
        return filter.to_owned();
    } else if is_choice {
        // A term behind an `or` would bind to its last part alone.
        format!("({filter})")
    } else {
        filter.to_owned()
    };
    joined(&kept, &to_text(news.into_iter()))
}

/// What has to hold, each for itself.
fn to_parts(expression: Expression) -> Vec<Expression> {
    match expression {
        Expression::And(parts) => parts,
        one => vec![one],
    }
}

fn to_text<'a>(parts: impl Iterator<Item = &'a Expression>) -> String {
    Expression::And(parts.cloned().collect()).to_string()
}

fn joined(one: &str, other: &str) -> String {
    [one, other].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filter: &str, sign: Sign, term: &str, expected: &str) {
        let saved = SavedFilters::default();
        let text = with_term(filter, sign, term, &saved);
        assert_eq!(text, expected, "{filter}");
        assert_eq!(with_term(&text, sign, term, &saved), text, "once more");
    }

    #[test]
    fn terms_are_added_once() {
        use Sign::{Exclude, Include};
        check("", Include, "port:25", "port:25");
        check("", Exclude, "port:25", "-port:25");
        check("  user:alice ", Include, "port:25", "user:alice port:25");
        check("user:alice", Exclude, "lines:1 x", "user:alice -(lines:1 x)");
        check("port:25 user:alice", Include, "port:25", "port:25 user:alice");
        check("port:25", Include, "verdict:failed rule:auth-*", "port:25 verdict:failed rule:auth-*");
        check("verdict:failed", Include, "verdict:failed rule:auth-*", "verdict:failed rule:auth-*");
        check("user:alice or user:bob", Include, "port:25", "(user:alice or user:bob) port:25");
        check("(user:alice or user:bob) port:25", Include, "port:587", "(user:alice or user:bob) port:25 port:587");
        check("helo:\"this or that\"", Include, "port:25", "helo:\"this or that\" port:25");
    }

    #[test]
    fn a_term_takes_the_place_of_its_opposite() {
        use Sign::{Exclude, Include};
        check("-port:25", Include, "port:25", "port:25");
        check("port:25", Exclude, "port:25", "-port:25");
        check("user:alice -port:25 helo:x", Include, "port:25", "user:alice helo:x port:25");
        check("(user:alice or user:bob) -port:25", Include, "port:25", "(user:alice or user:bob) port:25");
        check("verdict:failed rule:auth-*", Exclude, "verdict:failed rule:auth-*", "-(verdict:failed rule:auth-*)");
        check("-(verdict:failed rule:auth-*)", Include, "verdict:failed rule:auth-*", "verdict:failed rule:auth-*");
        // Half of it is no opposite.
        check("verdict:failed", Exclude, "verdict:failed rule:auth-*", "verdict:failed -(verdict:failed rule:auth-*)");
    }
}
