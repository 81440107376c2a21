//! The AUTH attempts of a session, one after the other.
//!
//! In: commands, challenges and results as they come. Out: [`AuthFacts`].
//!
//! **Invariant**: an attempt is settled once; the row that settles it and the reply that says the
//! same count as one.

use super::facts::{Auth, AuthFacts, FailedLogin, Span};
use super::reply::Reply;

/// How far the last attempt has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    /// None is under way.
    #[default]
    Idle,
    /// The command was read; `has_response` where it brought credentials with it.
    Asked { has_response: bool },
    /// A challenge was sent.
    Challenged,
    /// A row has told the result, and the reply is still to come.
    Told,
    /// The client went on without awaiting the result, which may still come.
    Left,
}

/// Which row tells of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// One that Exchange wrote for itself.
    Notice(u32),
    /// The reply.
    Reply(u32),
}

/// Follows the attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Login {
    progress: Progress,
    /// Who was named before any attempt was read.
    named: Option<Span>,
}

impl Login {
    /// Whether the client now answers challenges, which are not words of SMTP.
    pub(super) fn is_challenged(self) -> bool {
        self.progress == Progress::Challenged
    }

    /// An AUTH command was read.
    pub(super) fn ask(&mut self, facts: &mut AuthFacts, mechanism: Option<Span>, has_response: bool) {
        self.abandon(facts);
        self.progress = Progress::Asked { has_response };
        begin(facts, mechanism);
    }

    /// 334 was sent.
    pub(super) fn challenge(&mut self) {
        if let Progress::Asked { .. } = self.progress {
            self.progress = Progress::Challenged;
        }
    }

    /// The session goes on without a result.
    pub(super) fn abandon(&mut self, facts: &mut AuthFacts) {
        if self.is_under_way() {
            facts.outcome = Auth::Abandoned;
            self.progress = Progress::Left;
        } else if self.progress != Progress::Left {
            self.progress = Progress::Idle;
        }
    }

    /// A row names who tries to log in, which Exchange writes once it has credentials. It stands
    /// behind the failure row as a rule.
    pub(super) fn name_user(&mut self, facts: &mut AuthFacts, user: Option<Span>) {
        match facts.attempts {
            0 => self.named = user,
            _ => facts.user = user,
        }
        if let Progress::Asked { has_response } = &mut self.progress {
            *has_response = true;
        }
        if let (Auth::Failed | Auth::Rejected, Some(last)) = (facts.outcome, facts.failed.last_mut()) {
            last.user = user;
        }
    }

    /// A row or reply says that the login succeeded: `authenticated`, the client proxy's row and the
    /// 235 say so of one attempt, in any order, for nobody logs in twice in a session. A result that
    /// comes without a command counts as an attempt: the command stands in a part that was cut off.
    pub(super) fn succeed(&mut self, facts: &mut AuthFacts) {
        if self.is_awaited() {
            self.progress = Progress::Told;
        } else if facts.outcome != Auth::Succeeded {
            self.begin_without_command(facts, None);
            self.progress = Progress::Told;
        }
        facts.outcome = Auth::Succeeded;
    }

    /// A row says that the login failed.
    pub(super) fn fail_by_row(&mut self, facts: &mut AuthFacts, mechanism: Option<Span>, error: Span, row: u32) {
        if !self.is_awaited() && self.progress != Progress::Told {
            self.begin_without_command(facts, mechanism);
        }
        facts.mechanism = facts.mechanism.or(mechanism);
        facts.error = Some(error);
        settle(facts, Auth::Failed, Proof::Notice(row));
        self.progress = Progress::Told;
    }

    /// The reply to an AUTH command, or a 235 or 535 whose command was cut off.
    pub(super) fn reply(&mut self, facts: &mut AuthFacts, reply: &Reply, words: &[u8], row: u32) {
        match (self.progress, outcome_of(self.progress, reply, words)) {
            // The front end knew the user, but no back end took the session over.
            (Progress::Told, Some(Auth::Failed)) => settle(facts, Auth::Failed, Proof::Reply(row)),
            (Progress::Told, _) => {}
            (_, Some(Auth::Succeeded)) => self.succeed(facts),
            (progress, Some(outcome)) => {
                if progress == Progress::Idle {
                    self.begin_without_command(facts, None);
                }
                settle(facts, outcome, Proof::Reply(row));
            }
            (_, None) => facts.outcome = Auth::Abandoned,
        }
        self.progress = Progress::Idle;
    }

    /// The session is over, or the log is.
    pub(super) fn end(&mut self, facts: &mut AuthFacts, is_closed: bool) {
        facts.is_cut_short = self.is_under_way();
        if self.is_under_way() {
            facts.outcome = if is_closed { Auth::Abandoned } else { Auth::Unknown };
        }
    }

    /// An attempt whose command stands in a part that was cut off.
    fn begin_without_command(&mut self, facts: &mut AuthFacts, mechanism: Option<Span>) {
        begin(facts, mechanism);
        facts.user = self.named.take();
    }

    fn is_under_way(self) -> bool {
        matches!(self.progress, Progress::Asked { .. } | Progress::Challenged)
    }

    /// Whether a result that comes now is that of the last attempt.
    fn is_awaited(self) -> bool {
        self.is_under_way() || self.progress == Progress::Left
    }
}

/// What a reply makes of an attempt; `None` where it ended without a result.
fn outcome_of(progress: Progress, reply: &Reply, words: &[u8]) -> Option<Auth> {
    let has_credentials = !matches!(progress, Progress::Asked { has_response: false });
    let is_challenged = progress == Progress::Challenged;
    match reply.code {
        200..=299 => Some(Auth::Succeeded),
        // The connection ran out of time, or is closed for another reason. The front end says 451
        // 4.7.0 too where it can hand the session to no back end.
        421 => None,
        451 if memchr::memmem::find(words, b"Timeout").is_some() => None,
        // The client took its attempt back.
        501 if is_challenged => None,
        500..=599 if !has_credentials => Some(Auth::Rejected),
        501 | 503 | 504 | 530 if !is_challenged => Some(Auth::Rejected),
        _ => Some(Auth::Failed),
    }
}

fn begin(facts: &mut AuthFacts, mechanism: Option<Span>) {
    facts.attempts = facts.attempts.saturating_add(1);
    facts.outcome = Auth::Unknown;
    facts.mechanism = mechanism;
    facts.user = None;
    facts.error = None;
}

/// The last attempt has failed: rows and replies that say so again count as one.
fn settle(facts: &mut AuthFacts, outcome: Auth, proof: Proof) {
    let (Proof::Notice(row) | Proof::Reply(row)) = proof;
    if !matches!(facts.outcome, Auth::Failed | Auth::Rejected) {
        facts.failures = facts.failures.saturating_add(1);
        let AuthFacts { user, mechanism, .. } = *facts;
        facts.failed.push(FailedLogin { row, reply: None, user, mechanism, error: None });
    }
    if let Some(last) = facts.failed.last_mut() {
        last.error = facts.error;
        if let Proof::Reply(row) = proof {
            last.reply = Some(row);
        }
    }
    facts.outcome = outcome;
}
