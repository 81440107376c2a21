//! A text looked for in many bytes, ASCII letter case ignored.
//!
//! In: the text. Out: a [`Caseless`] search, and the first place where the text stands.
//!
//! Searches that know no letter case look for one rare byte or for some beginnings in all their
//! spellings. Here two bytes of the text are compared at once, at the distance that they have in it and
//! with the bit taken off that tells small letters from capitals; only where both fit is the rest
//! compared.
//!
//! **Invariant**: finds what comparing at every place would find.

use wide::u8x16;

/// The bit that small letters have and capitals lack.
const CASE: u8 = 0x20;

/// How many places are looked at in one step.
const STEP: usize = 64;
const LANES: usize = 16;

/// The letters from frequent to rare; any other byte counts as more frequent than all of them.
const FREQUENT_FIRST: &[u8] = b"etoanirsclmdhpufgwbvykxqjz";

/// A search for one text.
#[derive(Clone, Debug)]
pub(super) struct Caseless {
    text: Box<[u8]>,
    /// Where in the text the two bytes stand that are looked for first.
    pair: [usize; 2],
}

impl Caseless {
    /// Prepares the search; `None` for a text of fewer than two bytes.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        if text.len() < 2 {
            return None;
        }
        let rarity = |at: &usize| FREQUENT_FIRST.iter().position(|letter| *letter == text[*at].to_ascii_lowercase());
        let mut places: Vec<usize> = (0..text.len()).collect();
        places.sort_by_key(|at| std::cmp::Reverse(rarity(at)));
        Some(Self { text: text.into(), pair: [places[0], places[1]] })
    }

    /// Returns where the text stands first.
    pub(super) fn find(&self, haystack: &[u8]) -> Option<usize> {
        let n_places = (haystack.len() + 1).checked_sub(self.text.len())?;
        let [ones, others] = self.pair.map(|offset| &haystack[offset..offset + n_places]);
        let [one, other] = self.pair.map(|offset| u8x16::splat(self.text[offset] | CASE));
        let mut at = 0;
        for (ones, others) in ones.chunks_exact(STEP).zip(others.chunks_exact(STEP)) {
            let mut both = u8x16::ZERO;
            for (ones, others) in ones.as_chunks::<LANES>().0.iter().zip(others.as_chunks::<LANES>().0) {
                both |= folded(*ones).cmp_eq(one) & folded(*others).cmp_eq(other);
            }
            if both.any()
                && let Some(place) = self.find_plain(haystack, at, at + STEP)
            {
                return Some(place);
            }
            at += STEP;
        }
        self.find_plain(haystack, at, n_places)
    }

    /// Compares at every place from the one to before the other.
    fn find_plain(&self, haystack: &[u8], from: usize, to: usize) -> Option<usize> {
        let [one, other] = self.pair;
        let fits = |at: usize| {
            (haystack[at + one] ^ self.text[one]) & !CASE == 0
                && (haystack[at + other] ^ self.text[other]) & !CASE == 0
                && haystack[at..at + self.text.len()].eq_ignore_ascii_case(&self.text)
        };
        (from..to).find(|at| fits(*at))
    }
}

fn folded(bytes: [u8; LANES]) -> u8x16 {
    u8x16::new(bytes) | u8x16::splat(CASE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, haystack: &[u8], expected: Option<usize>) {
        assert_eq!(Caseless::new(text.as_bytes()).unwrap().find(haystack), expected, "{text}");
    }

    #[test]
    fn texts_are_found() {
        check("LogonDenied", b"", None);
        check("LogonDenied", b"failed because of LogonDenied", Some(18));
        check("logondenied", &[&[b'x'; 200][..], b"LOGONDENIED"].concat(), Some(200));
        check("ab", b"a", None);
        // These differ in the bit of letter case alone, and are no letters.
        check("a@", b"a`", None);
        check("[]", b"{}[]", Some(2));
        assert!(Caseless::new(b"a").is_none());
    }

    proptest! {
        #[test]
        fn finds_what_comparing_everywhere_finds(
            text in prop::collection::vec(prop::sample::select(&b"aAbB@`[{\xe9\xc9 "[..]), 2..5),
            haystack in prop::collection::vec(prop::sample::select(&b"aAbB@`[{\xe9\xc9 "[..]), 0..300),
        ) {
            let expected = haystack.windows(text.len()).position(|window| window.eq_ignore_ascii_case(&text));
            prop_assert_eq!(Caseless::new(&text).unwrap().find(&haystack), expected);
        }
    }
}
