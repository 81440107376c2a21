//! Which sessions were read before, in a few bytes each.
//!
//! In: each session that ends. Out: whether it is the first of its name, a further one of the same
//! name, or the same again (rows that stand twice in a folder of copies).
//!
//! **Invariant**: 16 bytes a session, about 24 with the table's spare room; a session is taken for
//! a repeat only where server, session id and the bytes of its first or last row agree (but for a
//! chance of one in 2^32 and a name that occurs twice), or where it has neither end and its id is a
//! clock's, which no two sessions of a server share.

use hashbrown::{HashMap, HashSet, HashTable};

use crate::record::line::hash_bytes;

/// Which server: an index given by the one who names them.
pub type ServerIndex = u32;

/// What is remembered of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    /// Stands for server and session id: no two ids of one server have the same.
    name: u64,
    /// Low bits of the hash of the connect row; of the disconnect row.
    connect: u32,
    disconnect: u32,
}

/// The two rows that tell one session from another of the same name.
///
/// Units: hashes of the rows' bytes; `None` where the row was not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// The connect row's.
    pub connect: Option<u64>,
    /// The disconnect row's.
    pub disconnect: Option<u64>,
}

/// Returns the hash of a row's line by which a session is known again: of its beginning, where time
/// and server stand, and of its end, where the client's address stands.
pub fn hash_row(line: &[u8]) -> u64 {
    const PART_BYTES: usize = 32;
    let head = &line[..line.len().min(PART_BYTES)];
    let tail = &line[line.len().saturating_sub(PART_BYTES).max(head.len())..];
    hash_bytes(head) ^ hash_bytes(tail).rotate_left(17)
}

/// What a session is to those that were read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// Its rows were read before.
    Repeat,
    /// The n-th of this server and session id, from 1.
    New(u32),
}

/// The sessions read so far.
///
/// A name that occurs once, as nearly all do, costs one entry. Further sessions of a name are kept
/// apart and found by their rows, so that one id for everything costs no more than many ids.
#[derive(Debug, Default)]
pub struct Seen {
    firsts: HashTable<Entry>,
    /// How many sessions each name has, where it is more than one.
    n_of_name: HashMap<u64, u32>,
    /// Hashes of name and connect row, of name and disconnect row, of the second and later ones.
    furthers: HashSet<u64>,
}

impl Seen {
    /// Takes in a session and says what it is.
    pub fn sight(&mut self, server: ServerIndex, session_key: u64, fingerprint: Fingerprint) -> Sighting {
        let name = name_of(server, session_key);
        match self.firsts.find(name, |entry| entry.name == name) {
            Some(entry) if is_repeat(entry, fingerprint) => Sighting::Repeat,
            // A stretch of a session that stands whole elsewhere: a copy that was cut at both ends.
            Some(_) if fingerprint == Fingerprint::default() && is_clock(session_key) => Sighting::Repeat,
            Some(_) => self.sight_further(name, fingerprint),
            None => {
                let entry = Entry {
                    name,
                    connect: low(fingerprint.connect).unwrap_or_default(),
                    disconnect: low(fingerprint.disconnect).unwrap_or_default(),
                };
                self.firsts.insert_unique(name, entry, |entry| entry.name);
                Sighting::New(1)
            }
        }
    }

    /// A session that was taken in before, as the n-th of its name, turned out to have more rows.
    pub fn amend(&mut self, server: ServerIndex, session_key: u64, ordinal: u32, fingerprint: Fingerprint) {
        let name = name_of(server, session_key);
        match self.firsts.find_mut(name, |entry| entry.name == name) {
            Some(first) if ordinal == 1 => {
                first.connect = low(fingerprint.connect).unwrap_or(first.connect);
                first.disconnect = low(fingerprint.disconnect).unwrap_or(first.disconnect);
            }
            _ => self.furthers.extend(ends_of(name, fingerprint)),
        }
    }

    fn sight_further(&mut self, name: u64, fingerprint: Fingerprint) -> Sighting {
        if ends_of(name, fingerprint).next().is_some_and(|end| self.furthers.contains(&end)) {
            return Sighting::Repeat;
        }
        self.furthers.extend(ends_of(name, fingerprint));
        let n_of_name = self.n_of_name.entry(name).or_insert(1);
        *n_of_name += 1;
        Sighting::New(*n_of_name)
    }
}

/// The hashes of name and connect row, and of name and disconnect row, as far as there are any.
fn ends_of(name: u64, fingerprint: Fingerprint) -> impl Iterator<Item = u64> {
    let connect = fingerprint.connect.map(|hash| name ^ hash.rotate_left(23));
    let disconnect = fingerprint.disconnect.map(|hash| name ^ hash.rotate_left(41));
    connect.into_iter().chain(disconnect)
}

/// One connect row is one session, also where a copy breaks off within the disconnect row; without
/// the one the other tells. A session with neither end has no row to be known by.
fn is_repeat(entry: &Entry, fingerprint: Fingerprint) -> bool {
    match fingerprint {
        Fingerprint { connect: Some(_), .. } => low(fingerprint.connect) == Some(entry.connect),
        Fingerprint { disconnect: Some(_), .. } => low(fingerprint.disconnect) == Some(entry.disconnect),
        _ => false,
    }
}

/// Whether the id is as Exchange makes it: a count of 100 ns since the year 1, here of the years
/// 2000 to 2100, that grows with each session. Ids that were made unknowable are none.
pub(crate) fn is_clock(session_key: u64) -> bool {
    (630_822_816_000_000_000..662_380_416_000_000_000).contains(&session_key)
}

/// Half of a hash, never 0, which stands for a row that was not read.
fn low(hash: Option<u64>) -> Option<u32> {
    hash.map(|hash| u32::try_from(hash & 0xffff_ffff).unwrap_or_default().max(1))
}

/// Mixes server and session id: one to one for each server, and spread over the table, for ids
/// count up.
fn name_of(server: ServerIndex, session_key: u64) -> u64 {
    let apart = u64::from(server).wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(32);
    let mixed = (session_key ^ apart).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(connect: Option<u64>, disconnect: Option<u64>) -> Fingerprint {
        Fingerprint { connect, disconnect }
    }

    #[test]
    fn tells_repeats_from_names_used_again() {
        let mut seen = Seen::default();
        let first = ends(Some(11), Some(12));
        assert_eq!(seen.sight(0, 7, first), Sighting::New(1));
        assert_eq!(seen.sight(0, 7, first), Sighting::Repeat);
        assert_eq!(seen.sight(0, 7, ends(Some(11), None)), Sighting::Repeat);
        assert_eq!(seen.sight(0, 7, ends(None, Some(12))), Sighting::Repeat);
        assert_eq!(seen.sight(0, 7, ends(Some(13), Some(14))), Sighting::New(2));
        assert_eq!(seen.sight(1, 7, first), Sighting::New(1));
        assert_eq!(seen.sight(0, 8, ends(None, None)), Sighting::New(1));
        assert_eq!(seen.sight(0, 8, ends(None, None)), Sighting::New(2));
    }

    #[test]
    fn a_session_that_turned_out_longer_is_known_by_both_ends() {
        let mut seen = Seen::default();
        assert_eq!(seen.sight(0, 7, ends(None, Some(12))), Sighting::New(1));
        seen.amend(0, 7, 1, ends(Some(11), Some(12)));
        assert_eq!(seen.sight(0, 7, ends(Some(11), Some(12))), Sighting::Repeat);
        assert_eq!(seen.sight(0, 7, ends(Some(13), None)), Sighting::New(2));
        seen.amend(0, 7, 2, ends(Some(13), Some(14)));
        assert_eq!(seen.sight(0, 7, ends(None, Some(14))), Sighting::Repeat);
        assert_eq!(seen.sight(0, 7, ends(Some(15), Some(16))), Sighting::New(3));
    }

    #[test]
    fn many_cut_sessions_of_one_name_are_told_apart() {
        let mut seen = Seen::default();
        let hash = |number: u64| Some(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for number in 1..300_000 {
            let expected = Sighting::New(u32::try_from(number).unwrap());
            assert_eq!(seen.sight(0, 0, ends(None, hash(number))), expected);
        }
    }

    #[test]
    fn tells_cut_copies_from_sessions() {
        let id = 0x08DE_2A1B_3C4D_5E6F;
        let mut seen = Seen::default();
        assert_eq!(seen.sight(0, id, ends(Some(11), Some(12))), Sighting::New(1));
        assert_eq!(seen.sight(0, id, ends(None, None)), Sighting::Repeat);
        // Of a second session of the name too, as another role may have it.
        assert_eq!(seen.sight(0, id, ends(Some(13), Some(14))), Sighting::New(2));
        assert_eq!(seen.sight(0, id, ends(Some(13), None)), Sighting::Repeat);
        assert_eq!(seen.sight(0, id, ends(None, Some(14))), Sighting::Repeat);
        assert_eq!(seen.sight(0, id, ends(Some(13), Some(14))), Sighting::Repeat);
        // Copies that break off within the last row.
        assert_eq!(seen.sight(0, id, ends(Some(13), Some(15))), Sighting::Repeat);
        assert_eq!(seen.sight(0, id, ends(Some(11), Some(15))), Sighting::Repeat);
        assert_eq!(seen.sight(0, id, ends(Some(16), Some(17))), Sighting::New(3));
        // Without any end, the first is as good as any.
        assert_eq!(seen.sight(0, id + 1, ends(None, None)), Sighting::New(1));
    }
}
