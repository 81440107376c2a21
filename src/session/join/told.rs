//! Sessions that were handed over though more of them may come: files still grow.
//!
//! In: lives that lack something, as they are handed over. Out: the same, when more rows of their
//! key have come, so that both can be handed over as one session.
//!
//! **Invariant**: holds a bounded number of bytes; what was handed over longest ago is forgotten
//! first, and late rows of it are then a session of their own.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::{Done, Joiner, Key, Life, MAX_PARKED_BYTES};

/// What was handed over, and may come again.
#[derive(Debug, Default)]
pub(super) struct Told {
    lives: HashMap<Key, (u64, Vec<Life>)>,
    /// When each was last handed over.
    order: BTreeMap<u64, Key>,
    next: u64,
    n_bytes: usize,
    /// Keys of which rows came since they were last asked for.
    touched: Vec<Key>,
}

impl Told {
    /// Rows of this key have come.
    #[inline]
    pub(super) fn touch(&mut self, key: Key) {
        if !self.lives.is_empty() && self.lives.contains_key(&key) {
            self.touched.push(key);
        }
    }

    /// The keys of which rows have come, each once.
    pub(super) fn take_touched(&mut self) -> Vec<Key> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Takes out what there is of this key.
    pub(super) fn take(&mut self, key: Key) -> Vec<Life> {
        let Some((stamp, lives)) = self.lives.remove(&key) else { return Vec::new() };
        self.order.remove(&stamp);
        self.n_bytes -= lives.iter().map(Life::memory_bytes).sum::<usize>();
        lives
    }

    pub(super) fn keep(&mut self, key: Key, life: Life) {
        self.n_bytes += life.memory_bytes();
        let stamp = self.next;
        self.next += 1;
        self.order.insert(stamp, key);
        let (before, lives) = self.lives.entry(key).or_insert((stamp, Vec::new()));
        if *before != stamp {
            self.order.remove(before);
            *before = stamp;
        }
        lives.push(life);
        while self.n_bytes > MAX_PARKED_BYTES
            && let Some((_, oldest)) = self.order.first_key_value()
        {
            self.take(*oldest);
        }
    }
}

impl Joiner {
    /// Hands over what is closed though something is missing of it, and keeps it in case that this
    /// still comes; it is then handed over again.
    pub fn settle(&mut self, done: &mut Done<'_>) {
        for (key, life) in self.release_parked() {
            self.tell(key, life, done);
        }
    }

    fn tell(&mut self, key: Key, mut life: Life, done: &mut Done<'_>) {
        if !life.is_news() {
            return self.told.keep(key, life);
        }
        if life.is_whole() {
            done(key, life);
        } else if let Some(ordinal) = done(key, life.clone()) {
            life.ordinal = ordinal;
            life.n_told = life.size.n_rows;
            self.told.keep(key, life);
        }
    }
}
