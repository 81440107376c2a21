//! The mail half of a record: senders, recipients, accepted messages.
//!
//! In flow effects, out flows the `mail` object. **Invariant**: a recipient counts only where both its RCPT and the
//! reply to it were written.

use super::Effect;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// What a final 250 names; Exchange 2010 names no size.
#[derive(Debug)]
pub(crate) struct Acceptance {
    pub(crate) message_id: String,
    pub(crate) internal_id: u64,
    pub(crate) bytes: Option<u64>,
}

/// What is known of a session's mail.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    senders: Vec<String>,
    recipients: Vec<String>,
    recipients_rejected: u32,
    unanswered: VecDeque<(u32, String)>,
    accepted: Vec<Acceptance>,
}

impl Mail {
    /// Adds what one row tells.
    pub(crate) fn apply(&mut self, effect: Effect<'_>) {
        match effect {
            Effect::Mail(sender) => self.senders.push(sender),
            Effect::Recipient { nth, address } => self.unanswered.push_back((nth, address)),
            Effect::RecipientReply { nth, is_accepted } => self.answer(nth, is_accepted),
            Effect::Accepted(acceptance) => self.accepted.push(acceptance),
            _ => {}
        }
    }

    fn answer(&mut self, nth: u32, is_accepted: bool) {
        self.recipients_rejected += u32::from(!is_accepted);
        // Pipelined replies come first in, first out; a reply whose RCPT was cut finds none waiting.
        if self.unanswered.front().is_some_and(|(asked, _)| *asked == nth)
            && let Some((_, address)) = self.unanswered.pop_front()
            && is_accepted
        {
            self.recipients.push(address);
        }
    }

    /// Returns how many messages were accepted.
    pub(crate) fn n_accepted(&self) -> usize {
        self.accepted.len()
    }

    /// Returns the `mail` object.
    pub(crate) fn to_json(&self) -> Value {
        let accepted = &self.accepted;
        json!({
            "attempted": self.senders.len(),
            "accepted": accepted.len(),
            "senders": self.senders,
            "recipients": self.recipients,
            "recipients_rejected": self.recipients_rejected,
            "message_ids": accepted.iter().map(|message| message.message_id.as_str()).collect::<Vec<_>>(),
            "internal_ids": accepted.iter().map(|message| message.internal_id.to_string()).collect::<Vec<_>>(),
            "bytes": accepted.iter().filter_map(|message| message.bytes).sum::<u64>(),
        })
    }
}
