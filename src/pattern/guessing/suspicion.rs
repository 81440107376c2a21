//! What repeated failures look like: guessing, spraying, or a password that is out of date.
//!
//! In: [`Logins`]. Out: [`Suspicion`]s, those first after which a login succeeded.
//!
//! The log knows neither intent nor passwords, so this goes by numbers and times; the constants say by
//! which, and why.
//!
//! **Invariant**: a failure belongs to one suspicion, or is counted in [`Rest`].

pub mod place;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashSet;

use crate::pattern::bound::Few;
use crate::pattern::moment::{Mark, Period};
use crate::record::value::Timestamp;

use super::{Account, Logins};

use place::{Network, network_of, places};

/// From this many failures on a place or a user is looked at, for each day that they last. Accounts
/// are mostly locked after five to ten, and a person who mistypes asks for help before that.
pub const GUESSES: u64 = 10;

/// From this many users on whose logins all fail, a place tries names. A household or a device has a
/// few, an office has logins that succeed beside them.
pub const SPRAYED_USERS: usize = 10;

/// From this many networks on in which a user's logins all fail, it is not the user who travels.
pub const SPREAD_NETWORKS: usize = 10;

/// A beat shows from this many sessions on: five equal intervals are no chance.
pub const BEATS: usize = 6;

/// The shortest interval of a device that keeps trying, in milliseconds. Programs that fetch or send
/// on a schedule do it by the minute; who guesses does not wait so long, and looks regular only because
/// of the tarpit of five seconds.
pub const SHORTEST_BEAT_MILLIS: i64 = 30_000;

/// How it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Many failures for few users from one address or network.
    Guessing,
    /// Failures for many users from one address or network.
    Spraying,
    /// Failures for one user from many networks.
    Distributed,
    /// One user from one address, at a beat or after logins that succeeded: an old password is stored
    /// there.
    StalePassword,
}

/// Failures that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// How it looks.
    pub kind: Kind,
    /// The address or network that the failures come from; `None` for many.
    pub place: Option<String>,
    /// How many logins failed.
    pub failures: u64,
    /// When.
    pub period: Period,
    /// Each user, in lower case and empty where the log does not name it, with the failures; the most
    /// first.
    pub users: Vec<(Vec<u8>, u64)>,
    /// Each address with its failures; the most first.
    pub addresses: Vec<(Vec<u8>, u64)>,
    /// What the clients called themselves.
    pub helos: Few,
    /// The connectors.
    pub connectors: Few,
    /// The words that Exchange gives.
    pub errors: Few,
    /// The interval in milliseconds, where there is a beat.
    pub beat_millis: Option<i64>,
    /// Logins that succeeded from the same addresses after the first failure.
    pub breaches: Vec<Breach>,
}

/// A login that succeeded where others had failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Who, in lower case.
    pub user: Vec<u8>,
    /// From where.
    pub address: Vec<u8>,
    /// The first such session, or the last one where the user had logged in before the first failure.
    pub mark: Mark,
    /// In how many sessions, those before the first failure among them.
    pub sessions: u64,
    /// Whether logins of the same user had failed there.
    pub is_own: bool,
}

/// Failures that fit none of the kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// How many.
    pub failures: u64,
    /// From how many addresses.
    pub addresses: usize,
    /// For how many users.
    pub users: usize,
    /// How many of these never logged in, anywhere: people who mistype do, names that are guessed do not.
    pub strangers: usize,
}

impl Suspicion {
    /// Failures an hour, over the time that they last; `None` for too few or too short a time.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub fn per_hour(&self) -> Option<f64> {
        let millis = self.period.millis();
        (self.failures > 1 && millis > 0).then(|| (self.failures - 1) as f64 * 3_600_000.0 / millis as f64)
    }

    /// Whether a password may have been found.
    pub fn is_breached(&self) -> bool {
        self.kind != Kind::StalePassword && !self.breaches.is_empty()
    }
}

impl Rest {
    fn new(all: &[Pair<'_>], rest: &[Pair<'_>]) -> Self {
        let users: BTreeSet<&[u8]> = rest.iter().map(|pair| pair.user).collect();
        let mut strangers: HashSet<&[u8]> = users.iter().map(|user| short_name(user)).collect();
        for pair in all.iter().filter(|pair| pair.account.successes > 0) {
            strangers.remove(pair.short_user());
        }
        Self {
            failures: rest.iter().map(|pair| pair.account.failures).sum(),
            addresses: rest.iter().map(|pair| pair.address).collect::<BTreeSet<_>>().len(),
            strangers: users.iter().filter(|user| strangers.contains(short_name(user))).count(),
            users: users.len(),
        }
    }
}

/// The logins of one user from one address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    address: &'a [u8],
    user: &'a [u8],
    account: &'a Account,
    /// When the user first logged in there, under any form of its name.
    known_since: Option<Timestamp>,
}

impl<'a> Pair<'a> {
    fn is_failing(&self) -> bool {
        self.account.failures > 0
    }

    /// The user without domain: `CONTOSO\erin` and `erin@contoso.com` are mostly one account, and a
    /// failed login is logged as typed while one that succeeded bears the domain's name.
    fn short_user(&self) -> &'a [u8] {
        short_name(self.user)
    }
}

fn short_name(user: &[u8]) -> &[u8] {
    let user = memchr::memrchr(b'\\', user).map_or(user, |at| &user[at + 1..]);
    memchr::memchr(b'@', user).filter(|at| *at > 0).map_or(user, |at| &user[..at])
}

impl Logins {
    /// Returns what the failures look like, those first after which a login succeeded, and how many
    /// fit no kind.
    pub fn suspicions(&self) -> (Vec<Suspicion>, Rest) {
        let pairs = self.to_pairs();
        let (mut suspicions, rest) = places(&pairs);
        let rest = distributed(&pairs, rest, &mut suspicions);
        suspicions.sort_by_cached_key(|suspicion| {
            (
                !suspicion.is_breached(),
                suspicion.kind,
                Reverse(suspicion.failures),
                suspicion.place.clone(),
                suspicion.users.clone(),
            )
        });
        (suspicions, Rest::new(&pairs, &rest))
    }
}

impl Logins {
    /// The pairs in the order of their addresses.
    fn to_pairs(&self) -> Vec<Pair<'_>> {
        let mut pairs: Vec<Pair<'_>> =
            self.pairs().map(|(address, user, account)| Pair { address, user, account, known_since: None }).collect();
        for pairs in pairs.chunk_by_mut(|one, next| one.address == next.address) {
            // It is asked only of pairs that fail.
            if pairs.iter().any(Pair::is_failing) {
                note_known(pairs);
            }
        }
        pairs
    }
}

/// Notes down since when each user of an address is known there.
fn note_known(pairs: &mut [Pair<'_>]) {
    let mut known: BTreeMap<&[u8], Timestamp> = BTreeMap::new();
    for pair in &*pairs {
        if let Some((first, _)) = pair.account.succeeded.ends() {
            let since = known.entry(pair.short_user()).or_insert(first.time);
            *since = (*since).min(first.time);
        }
    }
    for pair in pairs {
        pair.known_since = known.get(pair.short_user()).copied();
    }
}

/// Finds users whose logins fail in many networks. Returns the pairs that are left.
fn distributed<'a>(all: &[Pair<'a>], rest: Vec<Pair<'a>>, suspicions: &mut Vec<Suspicion>) -> Vec<Pair<'a>> {
    let mut by_user: BTreeMap<&[u8], Vec<Pair<'a>>> = BTreeMap::new();
    for pair in rest {
        by_user.entry(pair.short_user()).or_default().push(pair);
    }
    let mut left = Vec::new();
    for (user, pairs) in by_user {
        let networks: BTreeSet<Network<'_>> = pairs.iter().map(|pair| network_of(pair.address)).collect();
        if user.is_empty() || networks.len() < SPREAD_NETWORKS {
            left.extend(pairs);
            continue;
        }
        let addresses: BTreeSet<&[u8]> = pairs.iter().map(|pair| pair.address).collect();
        let theirs = all.iter().filter(|pair| pair.short_user() == user && addresses.contains(pair.address));
        let theirs: Vec<Pair<'_>> = theirs.copied().collect();
        suspicions.push(gather(Kind::Distributed, None, &pairs, &theirs));
    }
    left
}

/// Puts together what is known of failing pairs, and which logins succeeded among `near` ones.
fn gather(kind: Kind, place: Option<String>, failing: &[Pair<'_>], near: &[Pair<'_>]) -> Suspicion {
    let mut suspicion = Suspicion {
        kind,
        place,
        failures: 0,
        period: Period::default(),
        users: Vec::new(),
        addresses: Vec::new(),
        helos: Few::default(),
        connectors: Few::default(),
        errors: Few::default(),
        beat_millis: match failing {
            [only] => beat_millis(only.account.times()),
            _ => None,
        },
        breaches: Vec::new(),
    };
    for Pair { account, .. } in failing {
        suspicion.failures += account.failures;
        suspicion.period += account.failed;
        suspicion.helos += &account.helos;
        suspicion.connectors += &account.connectors;
        suspicion.errors += &account.errors;
    }
    suspicion.users = counts(failing.iter().map(|pair| (pair.user, pair.account.failures)));
    suspicion.addresses = counts(failing.iter().map(|pair| (pair.address, pair.account.failures)));
    suspicion.breaches = breaches(failing, near, suspicion.period);
    suspicion
}

fn counts<'a>(names: impl Iterator<Item = (&'a [u8], u64)>) -> Vec<(Vec<u8>, u64)> {
    let mut counts: BTreeMap<&[u8], u64> = BTreeMap::new();
    for (name, count) in names {
        *counts.entry(name).or_default() += count;
    }
    let mut counts: Vec<(Vec<u8>, u64)> = counts.into_iter().map(|(name, count)| (name.to_vec(), count)).collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

fn breaches(failing: &[Pair<'_>], near: &[Pair<'_>], period: Period) -> Vec<Breach> {
    let Some((first_failure, _)) = period.ends() else { return Vec::new() };
    let tried: BTreeSet<&[u8]> = failing.iter().map(Pair::short_user).collect();
    let mut breaches: Vec<Breach> = near
        .iter()
        .filter_map(|pair| {
            let (first, last) = pair.account.succeeded.ends()?;
            let is_own = tried.contains(pair.short_user());
            let mark = if first.time >= first_failure { first } else { last };
            // Whoever logged in there before, and never failed, is at home there.
            let is_at_home = !is_own && first.time < first_failure;
            (mark.time >= first_failure && !is_at_home).then(|| Breach {
                user: pair.user.to_vec(),
                address: pair.address.to_vec(),
                mark: mark.clone(),
                sessions: pair.account.successes,
                is_own,
            })
        })
        .collect();
    breaches.sort_by(|one, other| (!one.is_own, &one.mark).cmp(&(!other.is_own, &other.mark)));
    breaches
}

/// The interval at which a device keeps trying: where three of four intervals are within a tenth of
/// the middle one, and that is long enough to be a schedule.
fn beat_millis(times: &[Timestamp]) -> Option<i64> {
    if times.len() < BEATS {
        return None;
    }
    let mut gaps: Vec<i64> = times.windows(2).map(|pair| pair[1].millis_since(pair[0])).collect();
    gaps.sort_unstable();
    let middle = gaps[gaps.len() / 2];
    let n_regular = gaps.iter().filter(|gap| (**gap - middle).abs() * 10 <= middle).count();
    (middle >= SHORTEST_BEAT_MILLIS && n_regular * 4 >= gaps.len() * 3).then_some(middle)
}

#[cfg(test)]
mod tests;
