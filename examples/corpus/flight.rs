//! One session in flight: its rows to come, and what those written so far amount to.
//!
//! In flows a script, out flow lines. **Invariant**: a row is put together only when its turn has come, and its
//! sequence number counts the rows that were cut before it.

use crate::handover::Reason;
use crate::scene::{Row, Script};
use crate::site::Clientele;
use crate::text::{Clock, push_field, push_number};
use crate::truth::SessionTruth;
use crate::truth::json::Identity;

/// A session in flight.
#[derive(Debug)]
pub(crate) struct Flight<'s> {
    pub(crate) identity: Identity<'s>,
    pub(crate) rows: std::vec::IntoIter<Row<'s>>,
    pub(crate) sequence: usize,
    pub(crate) truth: SessionTruth<'s>,
    clientele: Clientele,
    domain: String,
    script_text: Vec<u8>,
    /// The columns between time and sequence number, and those between it and the event.
    before_sequence: Vec<u8>,
    after_sequence: Vec<u8>,
}

impl<'s> Flight<'s> {
    /// Takes a session from its script; `domain` is the name that the peer gave.
    pub(crate) fn new(identity: Identity<'s>, clientele: Clientele, domain: String, script: Script<'s>) -> Self {
        let mut before_sequence = vec![b','];
        push_field(&mut before_sequence, format!("{}\\{}", identity.server, identity.connector).as_bytes());
        before_sequence.extend_from_slice(format!(",{:016X},", identity.session).as_bytes());
        let after_sequence = format!(",{},{},", identity.local, identity.remote).into_bytes();
        Self {
            identity,
            rows: script.rows.into_iter(),
            sequence: 0,
            truth: SessionTruth::default(),
            clientele,
            domain,
            script_text: script.text,
            before_sequence,
            after_sequence,
        }
    }

    /// Puts a row's text into `line`, without its end, and returns where the event column begins.
    pub(crate) fn put_line(&self, row: &Row<'_>, clock: &mut Clock, line: &mut Vec<u8>) -> usize {
        line.clear();
        line.extend_from_slice(&clock.stamp(row.at_ms));
        line.extend_from_slice(&self.before_sequence);
        push_number(line, self.sequence);
        line.extend_from_slice(&self.after_sequence);
        let marker_at = line.len();
        line.extend_from_slice(&[row.marker, b',']);
        line.extend_from_slice(&self.script_text[row.text.clone()]);
        marker_at
    }

    /// Returns what the hub hears of the session, as columns of the part.
    pub(crate) fn handover_columns(&self) -> String {
        let reason = match self.clientele {
            Clientele::Internet | Clientele::Devices if self.truth.has_mail() => Reason::Mail,
            Clientele::Submission if self.truth.is_proxied() => Reason::Client,
            _ => return "-\t\t\t\t".to_owned(),
        };
        let remote = self.identity.remote;
        format!("{}\t{}\t{}\t{}\t", reason.letter(), remote.ip(), remote.port(), self.domain)
    }
}
