//! What only many sessions show.
//!
//! In: [`Case`]s. Out: [`Patterns`]: who guesses passwords and who only forgot to change one, what a
//! connector offers and since when, which certificates it presents, who would be cut off if an old
//! thing were turned off, and who merely knocks.
//!
//! **Invariant**: patterns add up, in any order; they hold no more than so many entries, however many
//! addresses and names a log has, and say where there were more. A session whose address, listener and
//! offers were met before allocates nothing.

pub mod bound;
pub mod moment;
pub mod guessing;
pub mod drift;
pub mod certificates;
pub mod need;
pub mod probes;
pub mod clocks;

use std::borrow::Cow;
use std::ops::AddAssign;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::diagnosis::Verdict;
use crate::dialogue::facts::{Proxied, Span};
use crate::ingest::{Case, Study};
use crate::record::value::{Endpoint, Timestamp, split_connector};
use crate::session::{OriginId, append_id};

use bound::{NAME_BYTES, clipped};

/// A connector on a port of a server: what clients connect to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    /// The server, or the log's folder where no server is named.
    pub server: Vec<u8>,
    /// The connector's own name.
    pub connector: Vec<u8>,
    /// The port.
    pub port: Option<u16>,
}

/// What all sessions together show.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// Logins, failed and succeeded.
    pub logins: guessing::Logins,
    /// What is offered.
    pub offers: drift::Offers,
    /// The certificates that are presented.
    pub certificates: certificates::Certificates,
    /// Who uses what.
    pub needs: need::Needs,
    /// Who never says a word.
    pub probes: probes::Probes,
    /// What the servers' clocks show.
    pub clocks: clocks::Clocks,
}

impl AddAssign<&Self> for Patterns {
    fn add_assign(&mut self, other: &Self) {
        self.logins += &other.logins;
        self.offers += &other.offers;
        self.certificates += &other.certificates;
        self.needs += &other.needs;
        self.probes += &other.probes;
        self.clocks += &other.clocks;
    }
}

/// How many entries a watch holds before it is full: about 2 MB.
const MOST_HELD: usize = 1 << 13;

impl Patterns {
    /// How many entries its tables hold.
    fn n_held(&self) -> usize {
        self.logins.n_held()
            + self.offers.n_held()
            + self.certificates.n_held()
            + self.needs.n_held()
            + self.probes.n_held()
    }
}

/// Watches every session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watching;

impl Study for Watching {
    type Yield = Watch;

    fn begin(&self) -> Watch {
        Watch::default()
    }

    fn take(&self, case: &Case<'_>, watch: &mut Watch) {
        watch.take(case);
    }
}

/// The sessions of a batch, and what the last of each listener showed: the next one mostly shows the
/// same.
#[derive(Debug, Default)]
pub struct Watch {
    patterns: Patterns,
    posts: Vec<Post>,
    /// Which of the posts a listener is.
    index: HashMap<(OriginId, Option<u16>), usize>,
    key: Vec<u8>,
}

/// What is remembered of a listener from session to session.
#[derive(Debug)]
struct Post {
    offers: drift::Last,
    certificates: certificates::Last,
    clock: clocks::Last,
}

impl Watch {
    /// Takes a session in.
    pub fn take(&mut self, case: &Case<'_>) {
        let visit = Visit::new(case);
        let at = self.post(&visit);
        self.patterns.clocks.take(&visit, &mut self.posts[at].clock);
        match (case.verdict(), case.facts.has_client_word) {
            (Verdict::Probe, _) => self.patterns.probes.take(&visit),
            // Turned away before it could say a word, or cut off: no word of the client either.
            (_, false) => {}
            (_, true) => self.take_spoken(&visit, at),
        }
    }

    fn take_spoken(&mut self, visit: &Visit<'_>, at: usize) {
        let Self { patterns, posts, key, .. } = self;
        let post = &mut posts[at];
        patterns.offers.take(visit, &mut post.offers);
        patterns.certificates.take(visit, &mut post.certificates);
        // A front end speaks here for its clients; its own log tells of them.
        if !visit.case.facts.proxied.iter().any(|proxied| matches!(proxied, Proxied::For { .. })) {
            patterns.logins.take(visit, key);
            patterns.needs.take(visit);
        }
    }

    fn post(&mut self, visit: &Visit<'_>) -> usize {
        *self.index.entry((visit.case.session.origin, visit.local_port)).or_insert_with(|| {
            let listener = Listener {
                server: visit.case.to_server().into_owned(),
                connector: visit.case.connector_parts().1.into_owned(),
                port: visit.local_port,
            };
            let listener = Arc::new(listener);
            self.posts.push(Post {
                offers: drift::Last::new(Arc::clone(&listener)),
                certificates: certificates::Last::new(Arc::clone(&listener)),
                clock: clocks::Last::new(listener),
            });
            self.posts.len() - 1
        })
    }

    /// Returns it as it is, or where it is full a new one, and its own patterns added to `all`: workers
    /// would each hold as much, and what is in one is mostly in the others.
    #[must_use]
    pub fn emptied_if_full(self, all: &mut Option<Patterns>) -> Self {
        if self.patterns.n_held() <= MOST_HELD {
            return self;
        }
        self.add_to(all);
        Self::default()
    }

    /// Ends the batch, and adds what it shows to what others showed.
    pub fn add_to(self, all: &mut Option<Patterns>) {
        let own = self.into_patterns();
        match all {
            Some(all) => *all += &own,
            None => *all = Some(own),
        }
    }

    /// Ends the batch.
    pub fn into_patterns(self) -> Patterns {
        let Self { mut patterns, posts, .. } = self;
        for post in posts {
            patterns.offers.end(post.offers);
            patterns.certificates.end(post.certificates);
            patterns.clocks.end(post.clock);
        }
        patterns
    }
}

/// A session with what all patterns ask of it, read once.
#[derive(Debug)]
struct Visit<'a> {
    case: &'a Case<'a>,
    /// The time of its first row.
    start: Option<Timestamp>,
    /// The client's address as it stands in the log.
    address: &'a [u8],
    local_port: Option<u16>,
    /// `EX01\Client Frontend EX01`.
    connector: Cow<'a, [u8]>,
    session_id: Cow<'a, [u8]>,
}

impl<'a> Visit<'a> {
    fn new(case: &'a Case<'a>) -> Self {
        let record = &case.head;
        Self {
            case,
            start: case.facts.start,
            address: clipped(host_of(record.remote.as_inner()), NAME_BYTES),
            local_port: port_of(record.local.as_inner()),
            connector: record.connector.to_value(),
            session_id: record.session_id.to_value(),
        }
    }

    fn row_time(&self, row: u32) -> Option<Timestamp> {
        self.case.session.rows.get(row as usize).and_then(|row| self.case.session.time(row))
    }

    fn text(&self, span: Option<Span>) -> Cow<'a, [u8]> {
        span.map(|span| span.to_value(self.case.session.text)).unwrap_or_default()
    }

    /// Appends what `show` takes.
    fn write_id(&self, out: &mut Vec<u8>) {
        let named = split_connector(&self.connector).0.filter(|server| !server.is_empty());
        let server = named.map_or_else(|| self.case.to_server(), Cow::Borrowed);
        append_id(out, &server, &self.session_id, self.case.session.ordinal);
    }
}

/// The address of an endpoint; the usual form without looking whether it is one.
fn host_of(endpoint: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', endpoint) {
        Some(colon) if memchr::memchr(b':', endpoint) == Some(colon) => &endpoint[..colon],
        _ => Endpoint::parse(endpoint).host,
    }
}

/// The port of an endpoint.
fn port_of(endpoint: &[u8]) -> Option<u16> {
    let colon = memchr::memrchr(b':', endpoint)?;
    let digits = &endpoint[colon + 1..];
    if digits.is_empty() || digits.len() > 5 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    u16::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_split_as_elsewhere() {
        for text in ["192.0.2.5:587", "[2001:db8::7]:25", "[fe80::1%12]:25", "client-a:25", "", "192.0.2.5", "a:x"] {
            let endpoint = Endpoint::parse(text.as_bytes());
            assert_eq!(port_of(text.as_bytes()), endpoint.port, "{text}");
            if endpoint.port.is_some() || text != "a:x" {
                assert_eq!(host_of(text.as_bytes()), endpoint.host, "{text}");
            }
        }
        assert_eq!(port_of(b"192.0.2.5:65536"), None);
        assert_eq!(port_of(b"192.0.2.5:99999999999"), None);
    }
}
