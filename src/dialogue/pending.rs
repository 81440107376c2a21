//! The commands that wait for their replies.
//!
//! In: a reply. Out: which of the waiting commands it answers.
//!
//! **Invariant**: first in, first out, but for a reply that plainly answers another command.

use std::collections::VecDeque;

use super::facts::{Asked, Span};
use super::reply::Reply;

/// A command that waits for its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// EHLO, and whether a line of its reply was read.
    Ehlo {
        is_begun: bool,
    },
    StartTls,
    Auth,
    Mail,
    Rcpt(Span),
    /// DATA, or the last BDAT: its final reply accepts the message.
    Message,
    /// A BDAT that others follow.
    Part,
    Quit,
    Minor,
}

impl Pending {
    /// What a refusal of it refuses.
    pub(super) fn asked(self) -> Asked {
        match self {
            Self::Ehlo { .. } => Asked::Greeting,
            Self::StartTls => Asked::StartTls,
            Self::Auth => Asked::Auth,
            Self::Mail => Asked::Sender,
            Self::Rcpt(_) => Asked::Recipient,
            Self::Message | Self::Part => Asked::Message,
            Self::Quit | Self::Minor => Asked::Other,
        }
    }
}

/// Returns which of the waiting commands the reply answers: the first, but where it plainly answers
/// another one, that one.
pub(super) fn addressee(waiting: &VecDeque<Pending>, reply: &Reply) -> Option<usize> {
    let fits: fn(&Pending) -> bool = match (reply.code, reply.status) {
        (250, (2, 1, 0)) => |pending| matches!(pending, Pending::Mail),
        (250, (2, 1, 5)) => |pending| matches!(pending, Pending::Rcpt(_)),
        (354, _) => |pending| matches!(pending, Pending::Message),
        (334 | 235 | 535, _) => |pending| matches!(pending, Pending::Auth),
        (220, _) => |pending| matches!(pending, Pending::StartTls),
        (221, _) => |pending| matches!(pending, Pending::Quit),
        (250, _) => |pending| !matches!(pending, Pending::Auth | Pending::StartTls),
        _ => return (!waiting.is_empty()).then_some(0),
    };
    if waiting.front().is_some_and(fits) {
        return Some(0);
    }
    // How far a reply may have been lost before this one: enough for what clients pipeline.
    waiting.iter().take(64).position(fits)
}
