//! What regular expressions cost, before they are prepared.
//!
//! In: a regular expression as it was understood. Out: how many steps its program has, about.
//!
//! A single one is bounded by the crate that prepares it, but says nothing of what it took; many of them,
//! each within its bound, took 8 GB and two minutes for a query of 7 kB. By their weight they are bounded
//! together.
//!
//! **Invariant**: what is repeated weighs as often as it is, and no sum overflows.

use regex_syntax::hir::{Class, Hir, HirKind};
use regex_syntax::utf8::Utf8Sequences;

/// What regular expressions weigh, in steps of their programs.
///
/// Source: measured, a step takes 55 to 140 bytes and a third of a microsecond to a whole one: 200 of `\pL{80}`,
/// 40 million steps, took 2.2 GB and 12 s.
pub(super) fn weight(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len().max(1),
        HirKind::Class(Class::Unicode(class)) => {
            let sequences = class.iter().flat_map(|range| Utf8Sequences::new(range.start(), range.end()));
            sequences.map(|sequence| sequence.len()).sum::<usize>().max(1)
        }
        HirKind::Repetition(repetition) => {
            let sub = weight(&repetition.sub);
            let n_times = repetition.max.unwrap_or(repetition.min).max(1);
            // Each that may be left out takes a step more, by which it is passed over.
            let n_choices = n_times - repetition.min.min(n_times) + 1;
            sub.saturating_mul(n_times as usize).saturating_add(n_choices as usize)
        }
        HirKind::Capture(capture) => weight(&capture.sub).saturating_add(1),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(weight).fold(1, usize::saturating_add),
    }
}

/// What each search costs beside its steps: about 10 kB.
pub(super) const SEARCH: usize = 100;

/// What reading a regular expression costs, whatever is left of it: classes of all languages, and of both
/// letter cases, may be dear to read and come to nothing.
pub(super) fn reading_weight(pattern: &str) -> usize {
    let n_brackets = pattern.bytes().filter(|byte| *byte == b'[').count();
    let is_class = |pair: &&[u8]| pair[0] == b'\\' && b"pPwWdDsSbB".contains(&pair[1]);
    let n_classes = pattern.as_bytes().windows(2).filter(is_class).count();
    // `[\x{0}-\x{10FFFF}]` takes 4 ms where letter case is ignored.
    let is_far = |pair: &&[u8]| pair[0] == b'-' && (pair[1] == b'\\' || !pair[1].is_ascii());
    let n_far_ranges = pattern.as_bytes().windows(2).filter(is_far).count();
    pattern.len() + n_brackets * 300 + n_classes * 1000 + n_far_ranges * 20_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: usize) {
        assert_eq!(weight(&regex_syntax::parse(pattern).unwrap()), expected, "{pattern}");
    }

    #[test]
    fn weights() {
        check("", 1);
        check("abc", 3);
        check("[a-cx]", 2);
        check("(?-u:[a-c])", 1);
        check("a+", 2);
        check("a*", 3);
        check("a{3}", 4);
        check("a{2,5}", 9);
        check("a{7,}", 8);
        check("(ab|[cd])", 5);
        // What nothing matches is a step all the same.
        check(r"[^\s\S]{100}", 101);
        // Characters of two bytes.
        check("[à-ü]", 2);
        check("[à-ü]{100}", 201);
        check("(?:(?:a{1000}){1000}){1000}", 1_001_001_001);
    }

    #[test]
    fn reading() {
        assert_eq!(reading_weight("abc"), 3);
        assert_eq!(reading_weight(r"[a-z]\.\w"), 9 + 300 + 1000);
        assert_eq!(reading_weight(r"[a-\x7f]"), 8 + 300 + 20_000);
    }
}
