//! Answers that are remembered by the bytes they were worked out from.
//!
//! In: bytes. Out: what was made of them.
//!
//! Thousands of sessions are shown the same certificate, are offered the same extensions and settle on the
//! same algorithms, so a few answers serve them all, here and where records are written.
//!
//! **Invariant**: holds a few entries, however many texts a log has.

/// How many answers of a kind are kept: more than a server has connectors that differ in it.
const MOST: usize = 16;

/// The last few texts with what was made of each.
#[derive(Debug)]
pub(crate) struct Remembered<V> {
    entries: Vec<(Vec<u8>, V)>,
    /// Which one gives way to the next.
    oldest: usize,
}

impl<V> Default for Remembered<V> {
    fn default() -> Self {
        Self { entries: Vec::new(), oldest: 0 }
    }
}

impl<V> Remembered<V> {
    /// Returns what was made of these bytes, making it where they are new.
    pub(crate) fn recall(&mut self, bytes: &[u8], make: impl FnOnce() -> V) -> &mut V {
        let known = self.entries.iter().position(|(known, _)| known == bytes);
        let at = known.unwrap_or_else(|| self.insert(bytes.to_vec(), make()));
        &mut self.entries[at].1
    }

    fn insert(&mut self, bytes: Vec<u8>, value: V) -> usize {
        if self.entries.len() < MOST {
            self.entries.push((bytes, value));
            return self.entries.len() - 1;
        }
        let at = self.oldest;
        self.entries[at] = (bytes, value);
        self.oldest = (at + 1) % MOST;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_forgotten_in_turn() {
        let mut remembered = Remembered::default();
        let mut n_made = 0;
        for text in ["a", "b", "a", "b"] {
            remembered.recall(text.as_bytes(), || n_made += 1);
        }
        assert_eq!(n_made, 2);
        for number in 0..100_u8 {
            remembered.recall(&[number, 0], || ());
        }
        assert_eq!(remembered.entries.len(), MOST);
        remembered.recall(b"a", || n_made += 1);
        assert_eq!(n_made, 3);
    }
}
