//! Text that repeats, held once.
//!
//! In: bytes. Out: a small number for each different text.
//!
//! **Invariant**: equal texts have equal numbers; nothing is allocated for a text met before.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::query::values::Texts;

/// A text: its number among [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameId(u32);

impl NameId {
    /// No text; not the same as an empty one.
    pub const NONE: Self = Self(u32::MAX);

    /// The number, for tables beside the names.
    pub fn index(self) -> Option<usize> {
        (self != Self::NONE).then_some(self.0 as usize)
    }

    /// The number, behind that of no text, which is 0.
    pub(super) fn rank(self) -> u32 {
        self.0.wrapping_add(1)
    }
}

/// Texts by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Names {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Names {
    /// The text; `None` for [`NameId::NONE`].
    pub fn get(&self, id: NameId) -> Option<&[u8]> {
        self.as_texts().get(id.index()?)
    }

    /// All of them, in the order of their numbers.
    pub(super) fn as_texts(&self) -> Texts<'_> {
        Texts::new(&self.bytes, &self.ends)
    }

    /// How many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

/// Numbers texts.
#[derive(Debug, Default)]
pub(super) struct NameMaker {
    names: Names,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl NameMaker {
    /// The number of a text. Past 4 GB of text, further ones have none.
    pub(super) fn number(&mut self, text: &[u8]) -> NameId {
        let Self { names, table, hasher } = self;
        let hash = hasher.hash_one(text);
        if let Some(known) = table.find(hash, |&index| names.get(NameId(index)) == Some(text)) {
            return NameId(*known);
        }
        let Ok(end) = u32::try_from(names.bytes.len() + text.len()) else { return NameId::NONE };
        let index = u32::try_from(names.ends.len()).unwrap_or(u32::MAX);
        names.bytes.extend_from_slice(text);
        names.ends.push(end);
        table.insert_unique(hash, index, |&index| hasher.hash_one(names.get(NameId(index)).unwrap_or_default()));
        NameId(index)
    }

    /// Ends the numbering.
    pub(super) fn into_names(self) -> Names {
        let mut names = self.names;
        names.bytes.shrink_to_fit();
        names.ends.shrink_to_fit();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut maker = NameMaker::default();
        let numbers = ["a", "", "b", "a", ""].map(|text| maker.number(text.as_bytes()));
        assert_eq!(numbers[0], numbers[3]);
        assert_eq!(numbers[1], numbers[4]);
        assert_ne!(numbers[0], numbers[2]);
        let names = maker.into_names();
        assert_eq!(
            numbers[..3].iter().map(|id| names.get(*id)).collect::<Vec<_>>(),
            [Some(&b"a"[..]), Some(b""), Some(b"b")]
        );
        assert_eq!(names.get(numbers[2]), Some(&b"b"[..]));
        assert_eq!(names.get(NameId::NONE), None);
    }
}
