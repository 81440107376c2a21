//! What is held of one session, and of all sessions of a sheet part by part.
//!
//! In: the values. Out: an [`Entry`], or a column of each part.
//!
//! A query asks about two or three parts of a million sessions. Where each part lies in a column of its own
//! it walks through a few bytes a session, and not through all of them.
//!
//! **Invariant**: texts, clients and connectors are numbers here; the sheet has what they stand for.

#![expect(clippy::expl_impl_clone_on_copy, reason = "in what the derive writes")]

use soa_rs::{SoaClone, Soars};

use crate::diagnosis::Verdict;
use crate::dialogue::facts::{Auth, Protocol, StartTls};
use crate::record::value::Timestamp;
use crate::session::Position;

use super::Place;
use super::names::NameId;

/// A time that may not be known, in eight bytes and not sixteen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start(i64);

/// A number of milliseconds that may not be known, in eight bytes and not sixteen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Millis(u64);

impl Start {
    /// Stands for none; no time is so early.
    const NONE: i64 = i64::MIN;

    pub(super) fn new(time: Option<Timestamp>) -> Self {
        Self(time.map_or(Self::NONE, |time| time.0))
    }

    pub(super) fn get(self) -> Option<Timestamp> {
        (self.0 != Self::NONE).then_some(Timestamp(self.0))
    }
}

impl Millis {
    /// Stands for none; no session is so long.
    const NONE: u64 = u64::MAX;

    pub(super) fn new(duration_ms: Option<u64>) -> Self {
        Self(duration_ms.unwrap_or(Self::NONE))
    }

    pub(super) fn get(self) -> Option<u64> {
        (self.0 != Self::NONE).then_some(self.0)
    }
}

/// What is held of one session.
#[derive(Debug, Soars, SoaClone)]
#[soa_derive(Debug)]
pub(super) struct Entry {
    pub(super) position: Position,
    pub(super) start: Start,
    pub(super) duration_ms: Millis,
    pub(super) bytes: u64,
    pub(super) first_row: Place,
    pub(super) last_row: Place,
    pub(super) tarpit_ms: u32,
    pub(super) id: NameId,
    pub(super) host: u32,
    pub(super) post: u32,
    pub(super) ordinal: u32,
    pub(super) helo: NameId,
    pub(super) cipher: NameId,
    pub(super) mechanism: NameId,
    pub(super) user: NameId,
    pub(super) auth_error: NameId,
    pub(super) tls_error: NameId,
    pub(super) end: NameId,
    pub(super) files: NameId,
    pub(super) replies: NameId,
    pub(super) findings: NameId,
    pub(super) certificate: NameId,
    pub(super) failures: u32,
    pub(super) accepted: u32,
    pub(super) attempted: u32,
    pub(super) lines: u32,
    pub(super) starttls: StartTls,
    pub(super) auth: Auth,
    pub(super) protocol: Option<Protocol>,
    pub(super) verdict: Verdict,
}

impl Entry {
    /// The time of the last row, to the millisecond.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let ticks = i64::try_from(self.duration_ms.get()?.saturating_mul(10_000)).unwrap_or(i64::MAX);
        self.start.get().map(|start| Timestamp(start.0.saturating_add(ticks)))
    }
}
