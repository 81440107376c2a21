//! Values that many sessions have of one field, by their numbers.
//!
//! In: where they lie. Out: each of them; of texts also those that hold a part.
//!
//! **Invariant**: texts that are searched in one go are found by what they hold themselves, and none by what
//! lies across two.

use std::net::IpAddr;

use memchr::memchr2;

/// All values of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values<'a> {
    /// Number 1 stands for the first of them, and 0 for none.
    Texts(Texts<'a>),
    /// Number 0 stands for the first of them.
    Addresses(&'a [Option<IpAddr>]),
}

/// Texts that lie one behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'a> {
    bytes: &'a [u8],
    ends: &'a [u32],
}

impl<'a> Texts<'a> {
    /// Texts, each of which begins where the one before ends.
    pub(crate) fn new(bytes: &'a [u8], ends: &'a [u32]) -> Self {
        Self { bytes, ends }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// One of them.
    pub(crate) fn get(&self, nth: usize) -> Option<&'a [u8]> {
        let end = *self.ends.get(nth)? as usize;
        Some(&self.bytes[self.start(nth)..end])
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let (mut start, bytes) = (0, self.bytes);
        self.ends.iter().map(move |end| &bytes[std::mem::replace(&mut start, *end as usize)..*end as usize])
    }

    fn start(&self, nth: usize) -> usize {
        nth.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    /// Tells the numbers of those that hold a part, ASCII letter case ignored. It is in lower case and not
    /// empty.
    pub(crate) fn find_holding(&self, part: &[u8], found: &mut dyn FnMut(usize)) {
        let Some((&first, rest)) = part.split_first() else { return };
        let (mut at, mut nth) = (0, 0);
        while let Some(further) = memchr2(first, first.to_ascii_uppercase(), &self.bytes[at..]) {
            at += further;
            nth += self.ends[nth..].iter().take_while(|end| **end as usize <= at).count();
            let end = self.ends[nth] as usize;
            at += 1;
            if self.bytes[at..end].get(..rest.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(rest)) {
                found(nth);
                at = end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_at_once_are_each_by_itself(
            texts in prop::collection::vec("[a-cA-C]{0,4}", 0..12),
            part in "[a-c]{1,3}",
        ) {
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            for text in &texts {
                bytes.extend_from_slice(text.as_bytes());
                ends.push(u32::try_from(bytes.len()).unwrap());
            }
            let together = Texts::new(&bytes, &ends);
            prop_assert!(together.iter().eq(texts.iter().map(String::as_bytes)));
            prop_assert!((0..texts.len()).all(|nth| together.get(nth) == Some(texts[nth].as_bytes())));
            prop_assert_eq!((together.len(), together.get(texts.len())), (texts.len(), None));
            let mut found = Vec::new();
            together.find_holding(part.as_bytes(), &mut |nth| found.push(nth));
            let holds = |nth: &usize| texts[*nth].to_lowercase().contains(&part);
            prop_assert_eq!(found, (0..texts.len()).filter(holds).collect::<Vec<_>>());
        }
    }
}
