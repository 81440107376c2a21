//! Addresses and networks whose logins fail.
//!
//! In: the logins of all users from all addresses. Out: [`Suspicion`]s about places.
//!
//! A place where more users log in than fail is shared: an office behind one address, or a load
//! balancer that hides its clients. There, only single users are suspicious.
//!
//! **Invariant**: a network is named only where no single address stands for it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::pattern::bound::Few;
use crate::pattern::moment::Period;

use super::{GUESSES, Kind, Pair, SHORTEST_BEAT_MILLIS, SPRAYED_USERS, Suspicion, beat_millis, gather};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Finds the places that guess, spray, or hold an old password. Returns the failing pairs that are left.
///
/// Shape: `all` stand in the order of their addresses.
pub(super) fn places<'a>(all: &[Pair<'a>]) -> (Vec<Suspicion>, Vec<Pair<'a>>) {
    // Where nothing failed there is nothing to find, and that is most places.
    let of_address = || all.chunk_by(|one, next| one.address == next.address);
    let has_failed = |pairs: &&[Pair<'a>]| pairs.iter().any(Pair::is_failing);
    let mut by_network: BTreeMap<Network<'a>, Vec<Pair<'a>>> =
        of_address().filter(has_failed).map(|pairs| (network_of(pairs[0].address), Vec::new())).collect();
    if !by_network.is_empty() {
        for pairs in of_address() {
            if let Some(known) = by_network.get_mut(&network_of(pairs[0].address)) {
                known.extend_from_slice(pairs);
            }
        }
    }
    let (mut suspicions, mut rest) = (Vec::new(), Vec::new());
    for (network, pairs) in by_network {
        of_network(&network, &pairs, &mut suspicions, &mut rest);
    }
    (suspicions, rest)
}

fn of_network<'a>(
    network: &Network<'a>,
    pairs: &[Pair<'a>],
    suspicions: &mut Vec<Suspicion>,
    rest: &mut Vec<Pair<'a>>,
) {
    let mut by_address: BTreeMap<&[u8], Vec<Pair<'a>>> = BTreeMap::new();
    for pair in pairs {
        by_address.entry(pair.address).or_default().push(*pair);
    }
    let failures = |pairs: &[Pair<'_>]| -> u64 { pairs.iter().map(|pair| pair.account.failures).sum() };
    let most = by_address.values().map(|pairs| failures(pairs)).max().unwrap_or_default();
    // Nine tenths from one address are that address's.
    let is_one = most * 10 >= failures(pairs) * 9;
    if !is_one
        && let Some((kind, failing)) = look(pairs).as_whole
        && are_concerted(&failing)
    {
        suspicions.push(gather(kind, Some(network.to_string()), &failing, pairs));
        let stale: Vec<Pair<'a>> =
            pairs.iter().filter(|pair| kind != Kind::Spraying && is_stale(pair)).copied().collect();
        suspicions.extend(stale.iter().map(|pair| gather_stale(pair, pairs)));
        return;
    }
    for (address, pairs) in by_address {
        of_address(address, &pairs, suspicions, rest);
    }
}

fn of_address<'a>(address: &[u8], pairs: &[Pair<'a>], suspicions: &mut Vec<Suspicion>, rest: &mut Vec<Pair<'a>>) {
    let name = || Some(String::from_utf8_lossy(address).into_owned());
    let look = look(pairs);
    let mut left: Vec<Pair<'a>> = pairs.iter().filter(|pair| pair.is_failing()).copied().collect();
    let mut settle = |failing: &[Pair<'a>]| {
        left.retain(|pair| failing.iter().all(|other| other.user != pair.user));
    };
    if let Some((kind, failing)) = look.as_whole {
        suspicions.push(gather(kind, name(), &failing, pairs));
        settle(&failing);
    }
    for failing in look.single {
        // Of a shared place only the user's own logins count.
        let own = |pair: &&Pair<'a>| pair.short_user() == failing.short_user();
        let near: Vec<Pair<'a>> = pairs.iter().filter(own).copied().collect();
        suspicions.push(gather(Kind::Guessing, name(), &[failing], &near));
        settle(&[failing]);
    }
    let stale: Vec<Pair<'a>> = left.iter().filter(|pair| is_stale(pair)).copied().collect();
    suspicions.extend(stale.iter().map(|pair| gather_stale(pair, pairs)));
    left.retain(|pair| !is_stale(pair));
    rest.extend(left);
}

/// Whether failures from several addresses are one matter: addresses share users or try several each, or
/// most bear the same name. In a network of workplaces each address fails for its own user.
fn are_concerted(failing: &[Pair<'_>]) -> bool {
    let addresses: BTreeSet<&[u8]> = failing.iter().map(|pair| pair.address).collect();
    let users: BTreeSet<&[u8]> = failing.iter().map(Pair::short_user).collect();
    let mut helos = Few::default();
    for pair in failing {
        helos += &pair.account.helos;
    }
    let bear_one_name = !helos.has_more() && helos.names().len() * 4 <= addresses.len();
    failing.len() >= 2 * addresses.len().min(users.len()) || bear_one_name
}

/// A stale password concerns its own user only.
fn gather_stale(stale: &Pair<'_>, pairs: &[Pair<'_>]) -> Suspicion {
    let own = |pair: &&Pair<'_>| pair.short_user() == stale.short_user() && pair.address == stale.address;
    let near: Vec<Pair<'_>> = pairs.iter().filter(own).copied().collect();
    let place = String::from_utf8_lossy(stale.address).into_owned();
    gather(Kind::StalePassword, Some(place), &[*stale], &near)
}

/// What failing pairs of a place amount to.
struct Look<'a> {
    /// How the place as a whole looks, and the pairs that make it look so.
    as_whole: Option<(Kind, Vec<Pair<'a>>)>,
    /// Otherwise, users that are guessed at.
    single: Vec<Pair<'a>>,
}

fn look<'a>(pairs: &[Pair<'a>]) -> Look<'a> {
    let failing: Vec<Pair<'a>> = pairs.iter().filter(|pair| pair.is_failing()).copied().collect();
    let served: BTreeSet<&[u8]> =
        pairs.iter().filter(|pair| pair.account.successes > 0).map(Pair::short_user).collect();
    let failed: BTreeSet<&[u8]> = failing.iter().map(Pair::short_user).filter(|user| !served.contains(user)).collect();
    let is_shared = served.len() >= failed.len().max(2);
    if !is_shared && failed.len() >= SPRAYED_USERS {
        return Look { as_whole: Some((Kind::Spraying, failing)), single: Vec::new() };
    }
    let hasty: Vec<Pair<'a>> = failing.into_iter().filter(|pair| !is_stale(pair)).collect();
    if !is_shared && are_many(&hasty) {
        return Look { as_whole: Some((Kind::Guessing, hasty)), single: Vec::new() };
    }
    Look { as_whole: None, single: hasty.into_iter().filter(|pair| are_many(&[*pair])).collect() }
}

/// Whether so many fail that nobody mistyped: [`GUESSES`] for each day that it lasts.
fn are_many(pairs: &[Pair<'_>]) -> bool {
    let mut period = Period::default();
    let mut failures = 0;
    for pair in pairs {
        failures += pair.account.failures;
        period += pair.account.failed;
    }
    let days = u64::try_from(period.millis() / MILLIS_PER_DAY).unwrap_or_default() + 1;
    failures >= GUESSES * days
}

/// Whether an old password is stored there: the failures keep a beat, or the same user logged in there
/// before the first of them, and they do not come in haste.
fn is_stale(pair: &Pair<'_>) -> bool {
    let account = pair.account;
    if beat_millis(account.times()).is_some() {
        return true;
    }
    let Some(((first_failure, _), known_since)) = account.failed.ends().zip(pair.known_since) else { return false };
    let gaps = i64::try_from(account.failures - 1).unwrap_or(i64::MAX).max(1);
    let is_slow = account.failed.millis() / gaps >= SHORTEST_BEAT_MILLIS;
    account.failures >= GUESSES && known_since < first_failure && is_slow && account.helos.names().len() == 1
}

/// The network of an address: `203.0.113.0/24`, `2001:db8:0:7::/64`; what is no address is its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Network<'a> {
    /// The first three bytes.
    V4([u8; 3]),
    /// The first four groups.
    V6([u16; 4]),
    /// The text.
    Other(Cow<'a, str>),
}

impl fmt::Display for Network<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4([a, b, c]) => write!(f, "{a}.{b}.{c}.0/24"),
            Self::V6(parts) => write!(f, "{}/64", Ipv6Addr::new(parts[0], parts[1], parts[2], parts[3], 0, 0, 0, 0)),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Returns the network of an address.
pub fn network_of(address: &[u8]) -> Network<'_> {
    let text = String::from_utf8_lossy(address);
    let bare = text.split('%').next().unwrap_or_default();
    match bare.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            Network::V4([a, b, c])
        }
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            Network::V6([a, b, c, d])
        }
        Err(_) => Network::Other(text),
    }
}
