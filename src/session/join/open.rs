//! The sessions that go on, and when they rest.
//!
//! In: [`Open`] sessions, as rows of them come. Out: the same, by their keys.
//!
//! To pack rows takes longer than to join them, and most sessions are over soon. So one rests only after many
//! chunks without a row of it, or after a few where all together take too much room.
//!
//! **Invariant**: those rest first of which no row came for the longest time.

use std::collections::VecDeque;

use hashbrown::HashMap;

use super::Key;
use super::resting::Open;

/// After so many chunks without a row of it a session rests.
pub(super) const RESTS_AFTER: u64 = 64;

/// After so many it rests where all together take more than [`MOST_AWAKE_BYTES`].
const RESTS_EARLY_AFTER: u64 = 8;

/// How much memory sessions may take before some rest early, packed rows left out, in bytes.
const MOST_AWAKE_BYTES: usize = 8 << 20;

/// The sessions that are not over yet.
#[derive(Debug, Default)]
pub(super) struct OpenSessions {
    sessions: HashMap<Key, Open>,
    /// The keys of which rows came, and in which chunk, the last ones behind.
    touched: VecDeque<(u64, Key)>,
    n_chunks: u64,
    /// What all take, packed rows left out.
    awake_bytes: usize,
}

impl OpenSessions {
    /// Whether there is one of this key.
    pub(super) fn contains(&self, key: Key) -> bool {
        self.sessions.contains_key(&key)
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, key: Key) -> Option<Open> {
        let open = self.sessions.remove(&key)?;
        self.awake_bytes -= open.life.memory_bytes();
        Some(open)
    }

    /// Puts one in of which rows came.
    pub(super) fn insert(&mut self, key: Key, mut open: Open) {
        open.touched = self.n_chunks;
        self.touched.push_back((self.n_chunks, key));
        self.awake_bytes += open.life.memory_bytes();
        self.sessions.insert(key, open);
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Key, &Open)> {
        self.sessions.iter().map(|(key, open)| (*key, open))
    }

    /// Lets those rest of which no row came for long: another chunk ends.
    pub(super) fn end_chunk(&mut self) {
        self.n_chunks += 1;
        while let Some(&(touched, key)) = self.touched.front()
            && touched + self.rests_after() <= self.n_chunks
        {
            self.touched.pop_front();
            if let Some(open) = self.sessions.get_mut(&key).filter(|open| open.touched == touched) {
                self.awake_bytes -= open.life.memory_bytes();
                open.rest();
                self.awake_bytes += open.life.memory_bytes();
            }
        }
    }

    fn rests_after(&self) -> u64 {
        match self.awake_bytes > MOST_AWAKE_BYTES {
            true => RESTS_EARLY_AFTER,
            false => RESTS_AFTER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Life;
    use super::super::cutting::Gathered;
    use super::*;
    use crate::record::Marker;
    use crate::session::{FileId, OriginId, Row};

    /// Puts in so many sessions of 64 KiB, and returns how many of them are awake after so many chunks.
    fn n_awake(n_sessions: u64, n_chunks: u64) -> usize {
        let mut open = OpenSessions::default();
        for session_key in 0..n_sessions {
            let mut life = Life::default();
            let row = Row {
                start: 0,
                data: 0,
                data_end: 0,
                context: 0,
                end: 1 << 16,
                sequence: 0,
                line: 1,
                file: FileId(0),
                marker: Marker::Received,
            };
            life.keep(Gathered { text: vec![b'x'; 1 << 16], rows: vec![row] }.into_cutting());
            open.insert(Key { origin: OriginId(0), session_key }, Open::of(life));
        }
        (0..n_chunks).for_each(|_| open.end_chunk());
        let n_awake = open.iter().filter(|(_, open)| open.life.size.text_bytes > 0).count();
        // What is awake is counted as it is, also when all are taken out again.
        assert_eq!(open.awake_bytes, open.iter().map(|(_, open)| open.life.memory_bytes()).sum::<usize>());
        (0..n_sessions).for_each(|session_key| drop(open.remove(Key { origin: OriginId(0), session_key })));
        assert_eq!(open.awake_bytes, 0);
        n_awake
    }

    #[test]
    fn what_takes_too_much_room_rests_early() {
        assert_eq!(n_awake(100, RESTS_AFTER - 1), 100);
        assert_eq!(n_awake(100, RESTS_AFTER), 0);
        let n_most = MOST_AWAKE_BYTES >> 16;
        assert_eq!(n_awake(1000, RESTS_EARLY_AFTER - 1), 1000);
        let n_awake = n_awake(1000, RESTS_EARLY_AFTER);
        assert!(n_awake <= n_most && n_awake > n_most - 10, "{n_awake}");
    }
}
