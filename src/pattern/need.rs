//! Who still needs it: the clients that would be cut off if an old thing were turned off.
//!
//! In: sessions in which the client spoke for itself. Out: for each thing that can be turned off,
//! which addresses use it, how often, and when last.
//!
//! **Invariant**: a login that failed needs nothing, and neither does a probe.

use std::ops::AddAssign;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::dialogue::facts::{Auth, Facts, Protocol, StartTls};

use super::Visit;
use super::bound::{Bounded, Few};
use super::moment::Period;

/// How many addresses are kept for each thing: more than an organisation has devices, and than mail
/// servers write to it in a week.
const ADDRESSES: usize = 1 << 16;

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "they bear their own names")]
pub enum Mechanism {
    Login,
    Plain,
    Ntlm,
    Gssapi,
    Negotiate,
    ExchangeAuth,
    OAuth,
    /// Any other, or one that the log does not name.
    Other,
}

/// The names of mechanisms as clients write them.
const MECHANISMS: [(&[u8], Mechanism); 8] = [
    (b"LOGIN", Mechanism::Login),
    (b"PLAIN", Mechanism::Plain),
    (b"NTLM", Mechanism::Ntlm),
    (b"GSSAPI", Mechanism::Gssapi),
    (b"NEGOTIATE", Mechanism::Negotiate),
    (b"EXCHANGEAUTH", Mechanism::ExchangeAuth),
    (b"XOAUTH2", Mechanism::OAuth),
    (b"OAUTHBEARER", Mechanism::OAuth),
];

/// What can be turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// Connections without TLS.
    Clear,
    /// TLS of this version.
    Tls(Protocol),
    /// TLS of a version that the log does not tell.
    TlsUnknown,
    /// Logins of this kind.
    Login(Mechanism),
    /// Passwords that cross the network as they are.
    PasswordInClear,
    /// Mail to anyone from clients that do not log in.
    AnonymousRelay,
}

/// All of them, what breaks security most within each group first.
pub const THINGS: [Thing; 17] = [
    Thing::Clear,
    Thing::Tls(Protocol::Ssl3),
    Thing::Tls(Protocol::Tls10),
    Thing::Tls(Protocol::Tls11),
    Thing::Tls(Protocol::Tls12),
    Thing::Tls(Protocol::Tls13),
    Thing::TlsUnknown,
    Thing::PasswordInClear,
    Thing::AnonymousRelay,
    Thing::Login(Mechanism::Login),
    Thing::Login(Mechanism::Plain),
    Thing::Login(Mechanism::Ntlm),
    Thing::Login(Mechanism::Gssapi),
    Thing::Login(Mechanism::Negotiate),
    Thing::Login(Mechanism::ExchangeAuth),
    Thing::Login(Mechanism::OAuth),
    Thing::Login(Mechanism::Other),
];

impl Thing {
    fn index(self) -> usize {
        match self {
            Self::Clear => 0,
            Self::Tls(protocol) => 1 + protocol as usize,
            Self::TlsUnknown => 6,
            Self::PasswordInClear => 7,
            Self::AnonymousRelay => 8,
            Self::Login(mechanism) => 9 + mechanism as usize,
        }
    }

    /// Whether nobody will turn it off soon: such clients are counted, not described.
    pub fn is_modern(self) -> bool {
        matches!(self, Self::Tls(Protocol::Tls12 | Protocol::Tls13))
    }
}

/// How much an address uses a thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Sessions.
    pub sessions: u64,
    /// Those in which a login succeeded or a message was accepted: someone would miss them.
    pub served: u64,
    /// From when to when.
    pub period: Period,
    /// What the client called itself; empty for what [is modern](Thing::is_modern).
    pub helos: Few,
    /// On which connectors; empty for what is modern.
    pub connectors: Few,
}

impl AddAssign<&Self> for Use {
    fn add_assign(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.served += other.served;
        self.period += other.period;
        self.helos += &other.helos;
        self.connectors += &other.connectors;
    }
}

impl Use {
    fn count(&mut self, visit: &Visit<'_>, is_served: bool) {
        self.sessions += 1;
        self.served += u64::from(is_served);
        self.period.widen(visit.start);
    }
}

/// Who uses what.
#[derive(Clone, Debug)]
pub struct Needs {
    things: Vec<Clients>,
}

/// Who uses one thing.
#[derive(Clone, Debug)]
struct Clients {
    /// All of them together; names left out.
    total: Use,
    addresses: Bounded<Vec<u8>, Use>,
}

impl Default for Needs {
    fn default() -> Self {
        let clients = || Clients { total: Use::default(), addresses: Bounded::new(ADDRESSES) };
        Self { things: THINGS.iter().map(|_| clients()).collect() }
    }
}

impl AddAssign<&Self> for Needs {
    fn add_assign(&mut self, other: &Self) {
        for (mine, theirs) in self.things.iter_mut().zip(&other.things) {
            mine.total += &theirs.total;
            mine.addresses += &theirs.addresses;
        }
    }
}

impl Needs {
    /// How many entries it holds.
    pub(super) fn n_held(&self) -> usize {
        self.things.iter().map(|clients| clients.addresses.len()).sum()
    }

    pub(super) fn take(&mut self, visit: &Visit<'_>) {
        let facts = visit.case.facts;
        let is_logged_in = facts.auth.outcome == Auth::Succeeded;
        let is_served = is_logged_in || facts.mail.accepted > 0;
        if let Some(thing) = encryption_of(facts, is_served) {
            self.note(thing, visit, is_served);
        }
        if is_logged_in {
            self.note(Thing::Login(mechanism_of(visit)), visit, true);
            // Where the head is cut, TLS may have come up in it.
            if facts.auth.clear_row.is_some() && !facts.is_head_cut {
                self.note(Thing::PasswordInClear, visit, true);
            }
        } else if is_relayed(visit) {
            self.note(Thing::AnonymousRelay, visit, true);
        }
    }

    fn note(&mut self, thing: Thing, visit: &Visit<'_>, is_served: bool) {
        let Clients { total, addresses } = &mut self.things[thing.index()];
        total.count(visit, is_served);
        let Some(figures) = addresses.entry(visit.address) else { return };
        figures.count(visit, is_served);
        if !thing.is_modern() {
            figures.helos.insert(&visit.text(visit.case.facts.helo));
            figures.connectors.insert(&visit.connector);
        }
    }

    /// All uses of a thing together, without names.
    pub fn total(&self, thing: Thing) -> &Use {
        &self.things[thing.index()].total
    }

    /// How many addresses use a thing; an estimate where [`is_exceeded`](Self::is_exceeded).
    pub fn n_clients(&self, thing: Thing) -> u64 {
        self.things[thing.index()].addresses.n_met()
    }

    /// Whether more addresses use it than are kept.
    pub fn is_exceeded(&self, thing: Thing) -> bool {
        self.things[thing.index()].addresses.is_exceeded()
    }

    /// Who uses a thing: those who would be missed most first.
    pub fn clients(&self, thing: Thing) -> Vec<(&[u8], &Use)> {
        let mut clients = self.things[thing.index()].addresses.kept();
        clients.sort_by_key(|(_, figures)| std::cmp::Reverse((figures.served, figures.sessions)));
        clients.into_iter().map(|(address, figures)| (address.as_slice(), figures)).collect()
    }
}

/// What the connection was encrypted by; `None` where that is not known, or where the client wanted
/// TLS, did not get it, and was not served without.
fn encryption_of(facts: &Facts, is_served: bool) -> Option<Thing> {
    match facts.tls.outcome {
        StartTls::Succeeded => Some(facts.tls.protocol.map_or(Thing::TlsUnknown, Thing::Tls)),
        // Who does not greet asks for nothing; where the head is cut, TLS may have come up in it.
        _ if facts.is_head_cut || facts.helo.is_none() => None,
        StartTls::NotAttempted => Some(Thing::Clear),
        _ => is_served.then_some(Thing::Clear),
    }
}

fn mechanism_of(visit: &Visit<'_>) -> Mechanism {
    let name = visit.text(visit.case.facts.auth.mechanism);
    let known = MECHANISMS.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
    known.map_or(Mechanism::Other, |(_, mechanism)| *mechanism)
}

/// The right to send to anyone. Making a searcher takes longer than a search.
static RELAYING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"SMTPAcceptAnyRecipient"));

/// Whether mail was taken, without a login, in a session that may send to anyone.
fn is_relayed(visit: &Visit<'_>) -> bool {
    let facts = visit.case.facts;
    facts.mail.accepted > 0
        && facts.auth.attempts == 0
        // A login may stand in a head that was cut off.
        && !facts.is_head_cut
        && facts.auth.permissions.is_some_and(|permissions| {
            RELAYING.find(permissions.of(visit.case.session.text)).is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_stand_in_the_order_of_their_numbers() {
        assert!(THINGS.iter().enumerate().all(|(at, thing)| thing.index() == at));
    }
}
