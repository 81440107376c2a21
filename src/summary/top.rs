//! The names that occur most: addresses, users, what clients call themselves.
//!
//! In: names with what to count for them. Out: the names in the order of their figures.
//!
//! A list is exact as long as it has met no more than [`Top::MOST`] different names. When one more
//! comes it keeps the heavier half and goes on: a figure may from then on be too small, never too
//! large, by at most the `short` that stands beside it, and a name that is missing has at most
//! [`Top::missed`]. A list that was not merged misses no name that makes up more than 1 / 32,768 of
//! all that was counted.
//!
//! **Invariant**: at most [`Top::MOST`] names of at most [`NAME_BYTES`] are held, and nothing is
//! allocated for a name met before.

use std::hash::BuildHasher;
use std::ops::AddAssign;
use std::sync::LazyLock;

use hashbrown::{DefaultHashBuilder, HashTable};

/// How much of a name is kept; two that differ only behind it count as one.
pub const NAME_BYTES: usize = 255;

/// Hashes names for all lists alike, so that adding one to another hashes nothing again.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// What is counted of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sessions.
    pub sessions: u64,
    /// Failures.
    pub failures: u64,
}

impl Tally {
    fn weight(self) -> u64 {
        self.sessions.saturating_add(self.failures)
    }
}

/// A name in the order of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked<'a> {
    /// As it stands in the log, in small letters.
    pub name: &'a [u8],
    /// What was counted of it.
    pub tally: Tally,
    /// By how much a figure may be too small.
    pub short: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    length: u8,
    hash: u64,
    tally: Tally,
    short: u64,
}

impl Entry {
    /// The most that may have been counted of it.
    fn most(&self) -> u64 {
        self.tally.weight().saturating_add(self.short)
    }
}

/// Names with their figures.
#[derive(Clone, Debug)]
pub struct Top {
    most: usize,
    /// All names, one behind the other.
    names: Vec<u8>,
    entries: Vec<Entry>,
    /// Indices into `entries` by the hash of the name.
    table: HashTable<u32>,
    missed: u64,
}

impl Default for Top {
    fn default() -> Self {
        Self::with_most(Self::MOST)
    }
}

/// The same names with the same figures, in whatever order they came.
impl PartialEq for Top {
    fn eq(&self, other: &Self) -> bool {
        self.missed == other.missed && self.to_ranking(usize::MAX) == other.to_ranking(usize::MAX)
    }
}

impl Eq for Top {}

impl Top {
    /// How many different names are held at most. Units: names; about 64 bytes each, and at worst
    /// 300, so 4 MB a list, and 20 MB where someone makes up long names.
    pub const MOST: usize = 1 << 16;

    fn with_most(most: usize) -> Self {
        Self { most, names: Vec::new(), entries: Vec::new(), table: HashTable::new(), missed: 0 }
    }

    /// Counts more of a name. Letter case is ignored, an empty name is none.
    #[inline]
    pub fn add(&mut self, name: &[u8], tally: Tally) {
        if !name.is_empty() {
            self.count(name, tally, 0);
            self.trim();
        }
    }

    /// Forgets every name, but keeps the room.
    pub fn clear(&mut self) {
        self.names.clear();
        self.entries.clear();
        self.table.clear();
        self.missed = 0;
    }

    /// How many names it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The most that may have been counted of a name that is not held; 0 where every name is.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The first `n`: most failures first, then most sessions, then by name.
    pub fn to_ranking(&self, n: usize) -> Vec<Ranked<'_>> {
        let mut ranking: Vec<Ranked<'_>> = self.entries.iter().map(|entry| self.to_ranked(entry)).collect();
        let order = |one: &Ranked<'_>, other: &Ranked<'_>| {
            let key = |ranked: &Ranked<'_>| (ranked.tally.failures, ranked.tally.sessions);
            key(other).cmp(&key(one)).then(one.name.cmp(other.name))
        };
        if n < ranking.len() {
            ranking.select_nth_unstable_by(n, order);
            ranking.truncate(n);
        }
        ranking.sort_unstable_by(order);
        ranking
    }

    fn to_ranked(&self, entry: &Entry) -> Ranked<'_> {
        Ranked { name: self.name(entry), tally: entry.tally, short: entry.short }
    }

    fn name(&self, entry: &Entry) -> &[u8] {
        &self.names[entry.start as usize..][..usize::from(entry.length)]
    }

    #[cfg(test)]
    fn find(&self, name: &[u8]) -> Option<&Entry> {
        self.find_hashed(HASHER.hash_one(name), name)
    }

    fn find_hashed(&self, hash: u64, name: &[u8]) -> Option<&Entry> {
        let at = self.table.find(hash, |at| self.name(&self.entries[*at as usize]) == name)?;
        Some(&self.entries[*at as usize])
    }

    fn count(&mut self, name: &[u8], tally: Tally, short: u64) {
        let start = self.names.len();
        self.names.extend_from_slice(&name[..name.len().min(NAME_BYTES)]);
        self.names[start..].make_ascii_lowercase();
        let hash = HASHER.hash_one(&self.names[start..]);
        self.count_last(start, hash, tally, short);
    }

    /// Counts more of the name that stands behind those that are held, from `start` on, and takes it
    /// off again where it is held already.
    fn count_last(&mut self, start: usize, hash: u64, tally: Tally, short: u64) {
        let (names, entries) = (&self.names, &self.entries);
        let known = self.table.find(hash, |at| {
            let entry = &entries[*at as usize];
            names[entry.start as usize..][..usize::from(entry.length)] == names[start..]
        });
        match known.copied() {
            Some(at) => {
                self.names.truncate(start);
                let entry = &mut self.entries[at as usize];
                entry.tally.sessions += tally.sessions;
                entry.tally.failures += tally.failures;
                entry.short += short;
            }
            None => self.insert(start, hash, tally, short + self.missed),
        }
    }

    fn insert(&mut self, start: usize, hash: u64, tally: Tally, short: u64) {
        // Twice MOST names of NAME_BYTES, while two lists are added, lie far within 32 bits.
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let length = u8::try_from(self.names.len() - start).unwrap_or(u8::MAX);
        let at = small(self.entries.len());
        self.entries.push(Entry { start: small(start), length, hash, tally, short });
        let entries = &self.entries;
        self.table.insert_unique(hash, at, |at| entries[*at as usize].hash);
    }

    /// Keeps the heavier half where there are too many.
    fn trim(&mut self) {
        if self.entries.len() <= self.most {
            return;
        }
        let old = std::mem::replace(self, Self { missed: self.missed, ..Self::with_most(self.most) });
        let mut order: Vec<&Entry> = old.entries.iter().collect();
        order.sort_unstable_by(|one, other| {
            other.most().cmp(&one.most()).then_with(|| old.name(one).cmp(old.name(other)))
        });
        let (kept, dropped) = order.split_at(self.most / 2);
        for entry in kept {
            let start = self.names.len();
            self.names.extend_from_slice(old.name(entry));
            self.insert(start, entry.hash, entry.tally, entry.short);
        }
        self.missed = self.missed.max(dropped.first().map_or(0, |entry| entry.most()));
    }
}

impl AddAssign<&Self> for Top {
    fn add_assign(&mut self, other: &Self) {
        if other.missed > 0 {
            // What the other list does not hold it may have dropped.
            let is_held: Vec<bool> =
                self.entries.iter().map(|entry| other.find_hashed(entry.hash, self.name(entry)).is_some()).collect();
            for (entry, is_held) in self.entries.iter_mut().zip(is_held) {
                entry.short += if is_held { 0 } else { other.missed };
            }
        }
        for entry in &other.entries {
            let start = self.names.len();
            self.names.extend_from_slice(other.name(entry));
            self.count_last(start, entry.hash, entry.tally, entry.short);
        }
        self.missed += other.missed;
        self.trim();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const ONE: Tally = Tally { sessions: 1, failures: 0 };

    fn filled(most: usize, names: &[u8]) -> Top {
        let mut top = Top::with_most(most);
        for name in names {
            top.add(&[*name], ONE);
        }
        top
    }

    #[test]
    fn names_are_ranked_by_failures_then_sessions() {
        let mut top = Top::default();
        top.add(b"a", Tally { sessions: 9, failures: 0 });
        top.add(b"User@Contoso.com", Tally { sessions: 1, failures: 2 });
        top.add(b"user@contoso.COM", Tally { sessions: 0, failures: 1 });
        top.add(b"c", Tally { sessions: 10, failures: 0 });
        top.add(b"", Tally { sessions: 99, failures: 99 });
        let names: Vec<&[u8]> = top.to_ranking(2).iter().map(|ranked| ranked.name).collect();
        assert_eq!(names, [&b"user@contoso.com"[..], b"c"]);
        assert_eq!((top.len(), top.missed()), (3, 0));
        assert_eq!(top.to_ranking(1)[0].tally, Tally { sessions: 1, failures: 3 });
    }

    #[test]
    fn long_names_are_cut() {
        let mut top = Top::default();
        top.add(&[b'x'; 300], ONE);
        top.add(&[b'X'; 301], ONE);
        assert_eq!(
            top.to_ranking(9),
            [Ranked { name: &[b'x'; 255], tally: Tally { sessions: 2, failures: 0 }, short: 0 }]
        );
    }

    /// What was counted lies within what the list says of it.
    fn check(top: &Top, names: &[u8]) -> Result<(), TestCaseError> {
        let mut truth = BTreeMap::<u8, u64>::new();
        for name in names {
            *truth.entry(*name).or_default() += 1;
        }
        prop_assert!(top.len() <= top.most);
        for (name, count) in truth {
            match top.find(&[name.to_ascii_lowercase()]) {
                Some(entry) => prop_assert!((entry.tally.sessions..=entry.most()).contains(&count)),
                None => prop_assert!(count <= top.missed),
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn figures_are_bounded(names in prop::collection::vec(200..250_u8, 0..300), most in 4..20_usize) {
            let top = filled(most, &names);
            check(&top, &names)?;
            prop_assert!(top.missed <= (names.len() / (most / 2)) as u64);
        }

        #[test]
        fn sums_are_bounded(one in prop::collection::vec(200..250_u8, 0..200), other in prop::collection::vec(200..250_u8, 0..200), most in 4..20_usize) {
            let mut sum = filled(most, &one);
            sum += &filled(most, &other);
            check(&sum, &[one, other].concat())?;
        }

        #[test]
        fn sums_of_few_names_are_exact(names in prop::collection::vec(200..250_u8, 0..300), at in any::<prop::sample::Index>()) {
            let (one, other) = names.split_at(at.index(names.len() + 1));
            let (mut forth, mut back) = (filled(64, one), filled(64, other));
            forth += &filled(64, other);
            back += &filled(64, one);
            prop_assert_eq!(&forth, &filled(64, &names));
            prop_assert_eq!(forth, back);
        }
    }
}
