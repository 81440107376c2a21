//! Tables and lists that hold no more than so many entries, however many a log has.
//!
//! In: keys and names that strangers chose. Out: exact figures of those that are kept, and whether
//! there were more.
//!
//! Where there are more keys than room, a sample stays: the keys whose hashes are the smallest. A key
//! that belongs to it belongs to it among fewer keys too, so nothing that is kept was ever dropped for
//! a time, and its figures are whole. What is met often and what is met first is not preferred: either
//! would make the answer depend on the order.
//!
//! **Invariant**: the same keys with the same figures in any order of adding and merging.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::AddAssign;

use hashbrown::Equivalent;
use hashbrown::hash_map::{EntryRef, HashMap};

/// A table of at most so many keys.
#[derive(Clone, Debug)]
pub struct Bounded<K, V> {
    entries: HashMap<K, V>,
    most: usize,
    /// Keys of this rank and above are not kept.
    cut: u64,
}

/// Where a key stands among all keys: by chance, but always at the same place.
fn rank<Q: Hash + ?Sized>(key: &Q) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl<K: Hash + Ord + Clone, V: Default> Bounded<K, V> {
    /// An empty table for so many keys.
    pub fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), most, cut: u64::MAX }
    }

    /// How many keys are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the key's figures, as new where it was not met before; `None` where it is not among
    /// those that are kept.
    pub fn entry<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    {
        if self.entries.len() > self.most + self.most / 4 {
            self.shrink();
        }
        match self.entries.entry_ref(key) {
            EntryRef::Occupied(entry) => Some(entry.into_mut()),
            EntryRef::Vacant(_) if self.cut != u64::MAX && rank(key) >= self.cut => None,
            EntryRef::Vacant(entry) => Some(entry.insert(V::default())),
        }
    }

    /// Forgets the keys for which there is no room. A fourth more than there is room for may wait for
    /// it, so that this is done seldom.
    fn shrink(&mut self) {
        self.cut = self.true_cut();
        let cut = self.cut;
        self.entries.retain(|key, _| rank(key) < cut);
    }

    /// The rank of the first key for which there is no room.
    fn true_cut(&self) -> u64 {
        if self.entries.len() <= self.most {
            return self.cut;
        }
        let mut ranks: Vec<u64> = self.entries.keys().map(rank).collect();
        self.cut.min(*ranks.select_nth_unstable(self.most).1)
    }

    /// Returns what is kept, in the order of keys.
    pub fn kept(&self) -> Vec<(&K, &V)> {
        let cut = self.true_cut();
        let is_kept = |key: &K| cut == u64::MAX || rank(key) < cut;
        let mut kept: Vec<(&K, &V)> = self.entries.iter().filter(|(key, _)| is_kept(key)).collect();
        kept.sort_unstable_by_key(|(key, _)| *key);
        kept
    }

    /// Whether there were more keys than are kept.
    pub fn is_exceeded(&self) -> bool {
        self.true_cut() != u64::MAX
    }

    /// How many keys there were: exactly, or where there were too many, estimated.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    pub fn n_met(&self) -> u64 {
        match self.true_cut() {
            u64::MAX => self.entries.len() as u64,
            cut => (self.most as f64 / (cut as f64 / u64::MAX as f64)) as u64,
        }
    }
}

impl<K: Hash + Ord + Clone, V: Default + for<'a> AddAssign<&'a V>> AddAssign<&Self> for Bounded<K, V> {
    fn add_assign(&mut self, other: &Self) {
        if other.cut < self.cut {
            self.cut = other.cut;
            self.entries.retain(|key, _| rank(key) < other.cut);
        }
        for (key, value) in &other.entries {
            if let Some(mine) = self.entry(key) {
                *mine += value;
            }
        }
    }
}

/// How many names a list shows: enough to recognise who it is.
pub const FEW: usize = 6;

/// How much of a name is kept, in bytes: as much as a host name can have.
pub const NAME_BYTES: usize = 255;

/// A few of the names that were met.
///
/// There may be a hundred thousand of them, and most hold one name: so it costs one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Few {
    /// The names, each behind a byte that says its length, which is [`NAME_BYTES`] at most.
    packed: Vec<u8>,
    n_names: u8,
    has_more: bool,
}

impl Few {
    /// Takes a name in; an empty one is none.
    #[inline]
    pub fn insert(&mut self, name: &[u8]) {
        let name = clipped(name, NAME_BYTES);
        if name.is_empty() || self.iter().any(|known| known == name) {
            return;
        }
        self.insert_new(name);
    }

    fn insert_new(&mut self, name: &[u8]) {
        if usize::from(self.n_names) < FEW {
            return self.push(name);
        }
        self.has_more = true;
        let Some(last) = self.iter().max_by_key(|known| rank(*known)).filter(|last| rank(name) < rank(*last)) else {
            return;
        };
        let mut others = Self { has_more: true, ..Self::default() };
        self.iter().filter(|known| *known != last).for_each(|known| others.push(known));
        others.push(name);
        *self = others;
    }

    fn push(&mut self, name: &[u8]) {
        self.packed.reserve_exact(name.len() + 1);
        // NAME_BYTES at most.
        self.packed.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        self.packed.extend_from_slice(name);
        self.n_names += 1;
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.packed[..];
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first()?;
            let (name, behind) = behind.split_at_checked(usize::from(*length))?;
            rest = behind;
            Some(name)
        })
    }

    /// The names in order.
    pub fn names(&self) -> Vec<&[u8]> {
        let mut names: Vec<&[u8]> = self.iter().collect();
        names.sort_unstable();
        names
    }

    /// Whether there were more.
    pub fn has_more(&self) -> bool {
        self.has_more
    }
}

impl AddAssign<&Self> for Few {
    fn add_assign(&mut self, other: &Self) {
        self.has_more = self.has_more || other.has_more;
        for name in other.iter() {
            self.insert(name);
        }
    }
}

/// Returns so many bytes of it at most.
pub fn clipped(bytes: &[u8], most: usize) -> &[u8] {
    &bytes[..bytes.len().min(most)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A figure that adds up.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    struct Sum(u64);

    impl AddAssign<&Self> for Sum {
        fn add_assign(&mut self, other: &Self) {
            self.0 += other.0;
        }
    }

    fn table(keys: &[u8]) -> Bounded<Vec<u8>, Sum> {
        let mut table: Bounded<Vec<u8>, Sum> = Bounded::new(8);
        for key in keys {
            if let Some(sum) = table.entry(&[*key][..]) {
                sum.0 += 1;
            }
        }
        table
    }

    fn told(table: &Bounded<Vec<u8>, Sum>) -> (Vec<(Vec<u8>, u64)>, bool, u64) {
        let kept = table.kept().into_iter().map(|(key, sum)| (key.clone(), sum.0)).collect();
        (kept, table.is_exceeded(), table.n_met())
    }

    proptest! {
        #[test]
        fn order_and_parts_change_nothing(
            keys in prop::collection::vec(0..40_u8, 0..200),
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = told(&table(&keys));
            let at = cut.index(keys.len() + 1);
            let (head, tail) = (table(&keys[..at]), table(&keys[at..]));
            let (mut forth, mut back) = (head.clone(), tail.clone());
            forth += &tail;
            back += &head;
            prop_assert_eq!(told(&forth), whole.clone());
            prop_assert_eq!(told(&back), whole.clone());
            let counted = |key: &Vec<u8>| keys.iter().filter(|known| [**known] == key[..]).count() as u64;
            prop_assert!(whole.0.iter().all(|(key, sum)| *sum == counted(key)));
            prop_assert!(whole.0.len() <= 8);
        }

        #[test]
        fn few_names_are_the_same_in_any_order(names in prop::collection::vec("[a-c]{0,3}", 0..40)) {
            let list = |names: &mut dyn Iterator<Item = &String>| {
                let mut few = Few::default();
                names.for_each(|name| few.insert(name.as_bytes()));
                (few.names().into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), few.has_more())
            };
            prop_assert_eq!(list(&mut names.iter()), list(&mut names.iter().rev()));
        }
    }

    #[test]
    fn too_many_are_estimated() {
        let mut table: Bounded<Vec<u8>, Sum> = Bounded::new(1000);
        for number in 0..10_000_u32 {
            table.entry(&number.to_le_bytes()[..]);
        }
        assert!(table.is_exceeded());
        assert_eq!(table.kept().len(), 1000);
        assert!((9_000..11_000).contains(&table.n_met()), "{}", table.n_met());
    }
}
