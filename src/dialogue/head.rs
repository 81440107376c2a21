//! Where the replies begin that answer what was read, in a session whose head is cut off.
//!
//! In: a [`Session`] without its connect row. Out: how many replies answer commands that were cut
//! off.
//!
//! A client that pipelines sends MAIL, RCPT and DATA before the first reply. Where the cut goes
//! through such commands, the first replies are those of commands that nobody read: as many as
//! there are replies too many.
//!
//! **Invariant**: looks at no row behind the first exchange.

use crate::record::Marker;
use crate::session::Session;

use super::reply::parse_reply;

/// Returns how many replies, from the first on, answer nothing that was read.
pub(super) fn count_unasked(session: &Session<'_>) -> usize {
    let mut n_commands = 0_usize;
    let mut n_replies = 0_usize;
    for row in session.rows {
        match row.marker {
            Marker::Received if n_replies > 0 => break,
            Marker::Received => n_commands += 1,
            // Without a command before them, all are unasked, and no count is needed to tell.
            Marker::Sent if n_commands == 0 => return 0,
            Marker::Sent => n_replies += usize::from(is_answer(session.as_data(row).as_inner())),
            Marker::Connect | Marker::Disconnect | Marker::Information => {}
        }
    }
    n_replies.saturating_sub(n_commands)
}

/// Whether the row is the last of a reply to a command, and no word of parting.
pub(super) fn is_answer(words: &[u8]) -> bool {
    let is_parting = memchr::memmem::find(words, b"Timeout").is_some();
    !is_parting && parse_reply(words).is_some_and(|reply| !reply.is_continued && !matches!(reply.code, 334 | 354 | 421))
}
