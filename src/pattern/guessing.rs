//! Logins that fail many times: someone guesses, or someone forgot to change a password somewhere.
//!
//! In: the logins of sessions. Out: what is known of each user at each address ([`Logins`]), from which
//! [`suspicion`] makes [`Suspicion`](suspicion::Suspicion)s.
//!
//! **Invariant**: a login counts only where a name or password was weighed: a mechanism that is not
//! offered, a domain controller that does not answer and a mailbox that is not found are no guesses.

pub mod suspicion;

use std::ops::AddAssign;

use crate::diagnosis::authentication::is_about_credentials;
use crate::diagnosis::subject::Subject;
use crate::dialogue::facts::{Auth, FailedLogin};
use crate::record::value::Timestamp;

use super::Visit;
use super::bound::{Bounded, Few, clipped};
use super::moment::{Marks, Period};

/// How many pairs of address and user are kept, those without failures among them.
const PAIRS: usize = 1 << 17;

/// How much of a user's name is kept, in bytes: an address has at most 320.
const USER_BYTES: usize = 320;

/// How many times of failures are kept of a pair, the earliest: enough to see a beat.
const TIMES: usize = 16;

/// The logins of one user from one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Logins that failed.
    pub failures: u64,
    /// Sessions in which the login succeeded in the end.
    pub successes: u64,
    /// When logins failed.
    pub failed: Period,
    /// When they succeeded, with the sessions.
    pub succeeded: Marks,
    /// What the client called itself when a login failed.
    pub helos: Few,
    /// The connectors on which logins failed.
    pub connectors: Few,
    /// The words that Exchange gives for the failures.
    pub errors: Few,
    /// The first times, one a session, in order.
    times: Vec<Timestamp>,
}

impl Account {
    fn fail(&mut self, time: Option<Timestamp>, is_first_of_session: bool) {
        self.failures += 1;
        self.failed.widen(time);
        if let Some(time) = time.filter(|_| is_first_of_session) {
            self.add_time(time);
        }
    }

    fn add_time(&mut self, time: Timestamp) {
        let at = self.times.partition_point(|known| *known <= time);
        if at < TIMES {
            if self.times.is_empty() {
                self.times.reserve_exact(1);
            }
            self.times.truncate(TIMES - 1);
            self.times.insert(at, time);
        }
    }

    /// The first times at which logins failed, one a session.
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }
}

impl AddAssign<&Self> for Account {
    fn add_assign(&mut self, other: &Self) {
        self.failures += other.failures;
        self.successes += other.successes;
        self.failed += other.failed;
        self.succeeded += &other.succeeded;
        self.helos += &other.helos;
        self.connectors += &other.connectors;
        self.errors += &other.errors;
        for time in &other.times {
            self.add_time(*time);
        }
    }
}

/// All logins, by address and user.
#[derive(Clone, Debug)]
pub struct Logins {
    failures: u64,
    successes: u64,
    /// The key is the address, a zero byte and the user in lower case.
    pairs: Bounded<Vec<u8>, Account>,
}

impl Default for Logins {
    fn default() -> Self {
        Self { failures: 0, successes: 0, pairs: Bounded::new(PAIRS) }
    }
}

impl AddAssign<&Self> for Logins {
    fn add_assign(&mut self, other: &Self) {
        self.failures += other.failures;
        self.successes += other.successes;
        self.pairs += &other.pairs;
    }
}

impl Logins {
    /// How many entries it holds.
    pub(super) fn n_held(&self) -> usize {
        self.pairs.len()
    }

    pub(super) fn take(&mut self, visit: &Visit<'_>, key: &mut Vec<u8>) {
        let auth = &visit.case.facts.auth;
        if !auth.failed.is_empty() {
            self.take_failures(visit, &auth.failed, key);
        }
        if auth.outcome != Auth::Succeeded {
            return;
        }
        self.successes += 1;
        write_key(key, visit.address, &visit.text(auth.user));
        if let Some(account) = self.pairs.entry(&key[..]) {
            account.successes += 1;
            let time = auth.attempt_row.and_then(|row| visit.row_time(row)).or(visit.start);
            account.succeeded.note(time, &|out| visit.write_id(out));
        }
    }

    fn take_failures(&mut self, visit: &Visit<'_>, failed: &[FailedLogin], key: &mut Vec<u8>) {
        let subject = Subject { session: visit.case.session, facts: visit.case.facts };
        let mut before = None;
        for failed in failed.iter().filter(|failed| is_about_credentials(&subject, failed)) {
            self.failures += 1;
            let user = visit.text(failed.user);
            write_key(key, visit.address, &user);
            let Some(account) = self.pairs.entry(&key[..]) else { continue };
            let is_first = before.as_ref() != Some(&user);
            account.fail(visit.row_time(failed.row), is_first);
            account.helos.insert(&visit.text(visit.case.facts.helo));
            account.connectors.insert(&visit.connector);
            account.errors.insert(&visit.text(failed.error));
            before = Some(user);
        }
    }

    /// Logins that failed, of all pairs.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Sessions in which a login succeeded, of all pairs.
    pub fn successes(&self) -> u64 {
        self.successes
    }

    /// Whether there were more pairs of address and user than are kept; then what is made of them is
    /// made of a sample.
    pub fn is_exceeded(&self) -> bool {
        self.pairs.is_exceeded()
    }

    /// How many pairs of address and user there were; an estimate where they were too many.
    pub fn n_pairs(&self) -> u64 {
        self.pairs.n_met()
    }

    /// Address, user and what is known of them.
    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8], &Account)> {
        self.pairs.kept().into_iter().map(|(key, account)| {
            let end = memchr::memchr(0, key).unwrap_or(key.len());
            (&key[..end], key.get(end + 1..).unwrap_or_default(), account)
        })
    }
}

fn write_key(key: &mut Vec<u8>, address: &[u8], user: &[u8]) {
    key.clear();
    key.extend(address.iter().map(|byte| if *byte == 0 { b'?' } else { *byte }));
    key.push(0);
    key.extend(clipped(user.trim_ascii(), USER_BYTES).iter().map(u8::to_ascii_lowercase));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_times_are_kept() {
        let mut account = Account::default();
        for time in [30, 5, 20, 7].into_iter().chain(100..130) {
            account.fail(Some(Timestamp(time)), true);
        }
        assert_eq!(account.times().len(), TIMES);
        assert_eq!(account.times()[..5], [5, 7, 20, 30, 100].map(Timestamp));
        assert_eq!((account.failures, account.failed.ends().unwrap().1), (34, Timestamp(129)));
    }
}
