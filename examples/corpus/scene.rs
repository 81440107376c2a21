//! One session while it is told: who talks, what time it is, and the rows said so far.
//!
//! In flow words and their effects, out flows a script of rows. **Invariant**: every row is said together with its
//! effect, and time never runs backwards.

use crate::chance::Chance;
use crate::handover::Handovers;
use crate::peer::Peer;
use crate::site::{Connector, Generation, Server};
use crate::text::push_field;
use crate::truth::Effect;
use std::fmt::Display;
use std::io::Write;
use std::ops::Range;

/// One row: its data and context are in the script's text, encoded and joined by a comma.
#[derive(Debug)]
pub(crate) struct Row<'s> {
    pub(crate) at_ms: i64,
    pub(crate) marker: u8,
    pub(crate) text: Range<usize>,
    pub(crate) effect: Effect<'s>,
}

/// All rows of one session; a row's sequence number is its index.
#[derive(Debug, Default)]
pub(crate) struct Script<'s> {
    pub(crate) rows: Vec<Row<'s>>,
    pub(crate) text: Vec<u8>,
}

/// How quickly the two ends of a session answer. Units: milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Longest time from one row to the next.
    pub(crate) answer: u64,
    /// Longest time from one message to the next.
    pub(crate) rest: u64,
}

const PACES: &[(u32, Pace)] = &[
    (35, Pace { answer: 25, rest: 400 }),
    (30, Pace { answer: 400, rest: 15_000 }),
    (35, Pace { answer: 5_000, rest: 60_000 }),
];

/// The stage on which a story is told.
#[derive(Debug)]
pub(crate) struct Scene<'s, 'r> {
    pub(crate) server: &'s Server,
    pub(crate) connector: &'s Connector,
    pub(crate) partner: &'s crate::site::Certificate,
    pub(crate) handovers: &'r Handovers,
    pub(crate) chance: &'r mut Chance,
    pub(crate) peer: Peer,
    pub(crate) session: u64,
    pub(crate) start_ms: i64,
    pub(crate) now_ms: i64,
    pub(crate) pace: Pace,
    pub(crate) is_encrypted: bool,
    pub(crate) n_messages: u32,
    pub(crate) n_recipients: u32,
    pub(crate) script: Script<'s>,
    pub(crate) scratch: Vec<u8>,
}

impl<'s> Scene<'s, '_> {
    /// Tells whether the server is an Exchange 2010.
    pub(crate) fn is_legacy(&self) -> bool {
        self.server.generation == Generation::Exchange2010
    }

    /// Picks how quickly this session goes.
    pub(crate) fn set_pace(&mut self) {
        self.pace = *self.chance.weighted(PACES);
    }

    /// Lets some milliseconds go by.
    pub(crate) fn pause(&mut self, low_ms: u64, high_ms: u64) {
        let pause_ms = self.chance.between(low_ms, high_ms);
        self.now_ms += i64::try_from(pause_ms).unwrap_or(0);
    }

    /// Waits for the next word at the session's pace.
    pub(crate) fn wait(&mut self) {
        self.pause(1, self.pace.answer);
    }

    /// Waits between two messages at the session's pace.
    pub(crate) fn rest(&mut self) {
        self.pause(self.pace.rest / 20, self.pace.rest);
    }

    /// Holds the connection without a word, as clients do that may have more to send.
    pub(crate) fn hold(&mut self) {
        let held_ms = self.chance.spread(500, 240_000);
        self.pause(held_ms / 2, held_ms);
    }

    /// The client says a command: a verb, which some write in small letters, and the rest as it stands.
    pub(crate) fn command(&mut self, verb: &str, rest: impl Display, effect: Effect<'s>) {
        self.scratch.clear();
        self.scratch.extend_from_slice(verb.as_bytes());
        if self.peer.is_lower_case {
            self.scratch.make_ascii_lowercase();
        }
        put(&mut self.scratch, rest);
        self.say(b'<', "", effect);
    }

    /// The client says bytes that may be anything but a line end.
    pub(crate) fn bytes(&mut self, bytes: &[u8], effect: Effect<'s>) {
        self.scratch.clear();
        self.scratch.extend_from_slice(bytes);
        self.say(b'<', "", effect);
    }

    /// Exchange replies.
    pub(crate) fn reply(&mut self, data: impl Display, effect: Effect<'s>) {
        self.scratch.clear();
        put(&mut self.scratch, data);
        self.say(b'>', "", effect);
    }

    /// Exchange notes something in passing.
    pub(crate) fn note(&mut self, data: impl Display, context: impl Display, effect: Effect<'s>) {
        self.scratch.clear();
        put(&mut self.scratch, data);
        self.say(b'*', context, effect);
    }

    /// The connection opens or ends.
    pub(crate) fn mark(&mut self, marker: u8, context: &str, effect: Effect<'s>) {
        self.scratch.clear();
        self.say(marker, context, effect);
    }

    fn say(&mut self, marker: u8, context: impl Display, effect: Effect<'s>) {
        let text = &mut self.script.text;
        let start = text.len();
        push_field(text, &self.scratch);
        text.push(b',');
        self.scratch.clear();
        put(&mut self.scratch, context);
        push_field(text, &self.scratch);
        self.script.rows.push(Row { at_ms: self.now_ms, marker, text: start..text.len(), effect });
    }
}

fn put(out: &mut Vec<u8>, text: impl Display) {
    // Writing into memory cannot fail.
    let _ = write!(out, "{text}");
}
