//! The sessions of one role, many at a time.
//!
//! In flows a role and its share of bytes, out flow rows in the order of time, and the truth of every session of which
//! a row was written. **Invariant**: a session's truth is made of its written rows alone, so that the corpus' begin,
//! its end and a restart may cut sessions anywhere between two milliseconds.

use crate::archive::Archive;
use crate::chance::Chance;
use crate::flight::Flight;
use crate::folder::{Folder, RowText};
use crate::handover::Handovers;
use crate::ledger::{Key, Ledger};
use crate::peer::Peer;
use crate::scene::{Pace, Row, Scene, Script};
use crate::site::{Certificate, Role, Server};
use crate::story;
use crate::text::{Clock, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, to_ticks};
use crate::truth::json::{Identity, record};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;

/// Sessions begin this long before the corpus does, so that some are in flight when it begins.
const WARM_UP_MS: i64 = 25 * MINUTE_MS;

/// Share of the busiest hour, for each hour of the day in UTC. Units: percent.
const ACTIVITY: [u64; 24] =
    [32, 30, 30, 30, 32, 38, 52, 74, 95, 100, 98, 92, 84, 90, 97, 94, 86, 70, 56, 48, 44, 40, 36, 34];

/// Fewer sessions fly in a small corpus: else it would hold nothing but cut ones. Units: bytes.
const BYTES_PER_SESSION_IN_FLIGHT: u64 = 100_000;

/// What a session in flight writes; measured, and only used to foresee how long a corpus lasts.
const BYTES_PER_SESSION_MINUTE: u64 = 7_500;

/// What one role is to write.
#[derive(Debug)]
pub(crate) struct Plan<'s> {
    pub(crate) server: &'s Server,
    pub(crate) role: &'s Role,
    pub(crate) partner: &'s Certificate,
    pub(crate) has_folders: bool,
    pub(crate) start_ms: i64,
    pub(crate) budget: u64,
}

/// Where it all goes.
#[derive(Debug)]
pub(crate) struct Outlets<'s, 'o> {
    pub(crate) archive: &'o mut Archive,
    pub(crate) folder: Folder<'s>,
    pub(crate) ledger: Ledger,
    pub(crate) handovers: Handovers,
}

/// When a session's next row is due; the order of beginning decides between equals.
type Turn = Reverse<(i64, u64, usize)>;

#[derive(Debug)]
struct Traffic<'s, 'o> {
    plan: Plan<'s>,
    outlets: Outlets<'s, 'o>,
    chance: Chance,
    turns: BinaryHeap<Turn>,
    flights: Vec<Option<Flight<'s>>>,
    free: Vec<usize>,
    counter: u64,
    n_begun: u64,
    next_arrival_ms: i64,
    /// Running mean of how long sessions last.
    mean_ms: i64,
    now_ms: i64,
    restart_at_bytes: u64,
    clock: Clock,
    line: Vec<u8>,
}

/// Writes the rows of one role until its share is full.
///
/// Errors: the disk's.
pub(crate) fn run(plan: Plan<'_>, outlets: Outlets<'_, '_>, mut chance: Chance) -> io::Result<()> {
    let began_ms = plan.start_ms - WARM_UP_MS;
    let uptime_ms = chance.between(HOUR_MS.unsigned_abs(), 6 * DAY_MS.unsigned_abs());
    let counter = first_id(&plan, began_ms - i64::try_from(uptime_ms).unwrap_or(0), &mut chance);
    let restart_at_bytes = plan.budget.min(60_000_000) * chance.between(35, 65) / 100;
    let mut traffic = Traffic {
        plan,
        outlets,
        chance,
        turns: BinaryHeap::new(),
        flights: Vec::new(),
        free: Vec::new(),
        counter,
        n_begun: 0,
        next_arrival_ms: began_ms,
        mean_ms: 40_000,
        now_ms: began_ms,
        restart_at_bytes,
        clock: Clock::new(),
        line: Vec::new(),
    };
    while traffic.step()? {}
    traffic.cut()?;
    traffic.outlets.ledger.close()
}

/// Returns how many sessions are to be in flight at `at_ms`.
fn n_in_flight(role: &Role, budget: u64, at_ms: i64) -> u64 {
    let hour = usize::try_from(at_ms.div_euclid(HOUR_MS).rem_euclid(24)).unwrap_or(0);
    let busiest = role.n_in_flight.min(budget / BYTES_PER_SESSION_IN_FLIGHT);
    (busiest * ACTIVITY[hour] / 100).max(3)
}

/// Foresees how long the log of `role` lasts that begins near `at_ms`, in milliseconds.
pub(crate) fn foresee_ms(role: &Role, budget: u64, at_ms: i64) -> i64 {
    let bytes_per_minute = n_in_flight(role, budget, at_ms) * BYTES_PER_SESSION_MINUTE;
    i64::try_from(budget.saturating_mul(MINUTE_MS.unsigned_abs()) / bytes_per_minute).unwrap_or(i64::MAX)
}

/// Returns the counter of a service that starts at `at_ms`.
///
/// The roles of a server start in seconds of different parity, so that their ids never meet.
fn first_id(plan: &Plan<'_>, at_ms: i64, chance: &mut Chance) -> u64 {
    let parity = i64::from(plan.role.label == Some("hub"));
    let second = at_ms.div_euclid(2 * SECOND_MS) * 2 - 2 + parity;
    to_ticks(second * SECOND_MS) + chance.below(1_000_000)
}

impl<'s> Traffic<'s, '_> {
    /// Begins a session or writes a row, whichever is due first; says no when the share is full.
    fn step(&mut self) -> io::Result<bool> {
        let due_ms = self.turns.peek().map(|Reverse((at_ms, ..))| *at_ms);
        let Some(due_ms) = due_ms.filter(|due_ms| *due_ms < self.next_arrival_ms) else {
            self.begin_session()?;
            return Ok(true);
        };
        if due_ms > self.now_ms {
            let bytes = self.outlets.folder.bytes();
            if bytes >= self.plan.budget {
                return Ok(false);
            }
            if bytes >= self.restart_at_bytes {
                self.restart()?;
                return Ok(true);
            }
            self.now_ms = due_ms;
        }
        if let Some(Reverse((_, order, slot))) = self.turns.pop() {
            self.take_turn(order, slot)?;
        }
        Ok(true)
    }

    fn begin_session(&mut self) -> io::Result<()> {
        let at_ms = self.next_arrival_ms;
        self.outlets.handovers.advance(at_ms)?;
        self.counter += self.chance.between(1, 9);
        let flight = self.tell_story(at_ms);
        let lasts_ms = flight.rows.as_slice().last().map_or(0, |row| row.at_ms - at_ms);
        self.mean_ms += (lasts_ms - self.mean_ms) / 256;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.flights.push(None);
            self.flights.len() - 1
        });
        self.flights[slot] = Some(flight);
        self.turns.push(Reverse((at_ms, self.n_begun, slot)));
        self.n_begun += 1;
        self.next_arrival_ms += self.arrival_gap_ms(at_ms);
        Ok(())
    }

    /// Sessions come so often that, at the mean time they last, the wanted number is in flight.
    fn arrival_gap_ms(&mut self, at_ms: i64) -> i64 {
        let mean_gap_ms = self.mean_ms.unsigned_abs() / n_in_flight(self.plan.role, self.plan.budget, at_ms);
        i64::try_from(self.chance.below(2 * mean_gap_ms + 1)).unwrap_or(0)
    }

    fn tell_story(&mut self, at_ms: i64) -> Flight<'s> {
        let connector = self.chance.weighted(&self.plan.role.connectors);
        let peer = Peer::of(connector.clientele, self.plan.server, &mut self.chance);
        let mut scene = Scene {
            server: self.plan.server,
            connector,
            partner: self.plan.partner,
            handovers: &self.outlets.handovers,
            chance: &mut self.chance,
            peer,
            session: self.counter,
            start_ms: at_ms,
            now_ms: at_ms,
            pace: Pace { answer: 0, rest: 0 },
            is_encrypted: false,
            n_messages: 0,
            n_recipients: 0,
            script: Script::default(),
            scratch: Vec::with_capacity(256),
        };
        story::tell(&mut scene);
        let Scene { peer, script, .. } = scene;
        let role = if self.plan.has_folders { self.plan.role.label } else { connector.inferred_role };
        let server = self.plan.server;
        let identity = Identity {
            session: self.counter,
            server: &server.name,
            connector: &connector.name,
            role,
            local: SocketAddr::new(server.address_towards(peer.ip), connector.port),
            remote: SocketAddr::new(peer.ip, peer.port),
        };
        Flight::new(identity, connector.clientele, peer.helo, script)
    }

    fn take_turn(&mut self, order: u64, slot: usize) -> io::Result<()> {
        let Some(mut flight) = self.flights[slot].take() else { return Ok(()) };
        if let Some(row) = flight.rows.next() {
            if row.at_ms >= self.plan.start_ms {
                self.write_row(&mut flight, row)?;
            }
            flight.sequence += 1;
        }
        if let Some(row) = flight.rows.as_slice().first() {
            self.turns.push(Reverse((row.at_ms, order, slot)));
            self.flights[slot] = Some(flight);
            return Ok(());
        }
        self.free.push(slot);
        self.close_session(&flight)
    }

    fn write_row(&mut self, flight: &mut Flight<'s>, row: Row<'s>) -> io::Result<()> {
        let marker_at = flight.put_line(&row, &mut self.clock, &mut self.line);
        let archive = &mut *self.outlets.archive;
        let text = RowText { at_ms: row.at_ms, line: &self.line, marker_at };
        self.outlets.folder.write_row(archive, text)?;
        if flight.truth.start_ms().is_none() {
            self.outlets.ledger.begin(Key { start_ms: row.at_ms, session: flight.identity.session });
        }
        flight.truth.place(row.at_ms, archive.path(), archive.line());
        flight.truth.apply(row.effect);
        Ok(())
    }

    fn close_session(&mut self, flight: &Flight<'s>) -> io::Result<()> {
        let Some(start_ms) = flight.truth.start_ms() else { return Ok(()) };
        let key = Key { start_ms, session: flight.identity.session };
        let mut text = flight.handover_columns();
        let _ = write!(text, "{}", record(&flight.identity, &flight.truth));
        self.outlets.archive.account.sessions += 1;
        self.outlets.ledger.finish(key, text, self.now_ms)
    }

    /// Ends the log of every session in flight where it is.
    fn cut(&mut self) -> io::Result<()> {
        self.turns.clear();
        self.free.clear();
        for flight in std::mem::take(&mut self.flights).into_iter().flatten() {
            self.close_session(&flight)?;
        }
        Ok(())
    }

    /// The service dies and comes back: open sessions stay open, ids go on from the new start.
    fn restart(&mut self) -> io::Result<()> {
        self.cut()?;
        let down_ms = i64::try_from(self.chance.between(8_000, 45_000)).unwrap_or(0);
        let back_ms = self.now_ms + down_ms;
        self.counter = first_id(&self.plan, back_ms, &mut self.chance);
        self.outlets.archive.account.restarts += 1;
        self.outlets.folder.restart(self.outlets.archive, back_ms)?;
        self.next_arrival_ms = back_ms + SECOND_MS;
        self.restart_at_bytes = self.outlets.folder.bytes() + self.chance.between(20_000_000, 60_000_000);
        Ok(())
    }
}
