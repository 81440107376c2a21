//! The AUTH attempts of a session, one after the other.
//!
//! In: commands, challenges and results as they come. Out: [`AuthFacts`].
//!
//! **Invariant**: an attempt is settled once; the row that settles it and the reply that says the
//! same count as one.

use super::facts::{Auth, AuthFacts, Span};
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
}

/// Follows the attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Login {
    progress: Progress,
}

impl Login {
    /// Whether the client now answers challenges, which are not words of SMTP.
    pub(super) fn is_challenged(self) -> bool {
        self.progress == Progress::Challenged
    }

    /// Whether only the reply is missing.
    fn is_told(self) -> bool {
        self.progress == Progress::Told
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
        }
        self.progress = Progress::Idle;
    }

    /// A row or reply says that the login succeeded. A result that comes without a command counts
    /// as an attempt: the command stands in a part that was cut off.
    pub(super) fn succeed(&mut self, facts: &mut AuthFacts, user: Option<Span>) {
        let is_known = facts.outcome == Auth::Succeeded && facts.user.is_none() && user.is_some();
        let is_counted = self.is_told() && facts.outcome == Auth::Succeeded;
        if !(self.is_under_way() || is_known || is_counted) {
            begin(facts, None);
        }
        facts.outcome = Auth::Succeeded;
        facts.user = user.or(facts.user);
        // A 235 that was read before is not awaited again.
        self.progress = if is_known && !self.is_told() { Progress::Idle } else { Progress::Told };
    }

    /// A row says that the login failed.
    pub(super) fn fail_by_row(&mut self, facts: &mut AuthFacts, mechanism: Option<Span>, error: Span) {
        if !self.is_under_way() {
            begin(facts, mechanism);
        }
        facts.mechanism = facts.mechanism.or(mechanism);
        facts.error = Some(error);
        settle(facts, Auth::Failed);
        self.progress = Progress::Told;
    }

    /// The reply to an AUTH command, or a 235 or 535 whose command was cut off.
    pub(super) fn reply(&mut self, facts: &mut AuthFacts, reply: &Reply) {
        match self.progress {
            // The password was right, yet the client is refused: no back end would take its session.
            Progress::Told if facts.outcome == Auth::Succeeded && matches!(reply.code, 454 | 535) => {
                settle(facts, Auth::Failed);
            }
            Progress::Told => {}
            progress => match outcome_of(progress, reply) {
                Some(Auth::Succeeded) => self.succeed(facts, None),
                Some(outcome) => {
                    if progress == Progress::Idle {
                        begin(facts, None);
                    }
                    settle(facts, outcome);
                }
                None => facts.outcome = Auth::Abandoned,
            },
        }
        self.progress = Progress::Idle;
    }

    /// The session is over, or the log is.
    pub(super) fn end(&mut self, facts: &mut AuthFacts, is_closed: bool) {
        if self.is_under_way() {
            facts.outcome = if is_closed { Auth::Abandoned } else { Auth::Unknown };
        }
    }

    fn is_under_way(self) -> bool {
        matches!(self.progress, Progress::Asked { .. } | Progress::Challenged)
    }
}

/// What a reply makes of an attempt; `None` where it ended without a result.
fn outcome_of(progress: Progress, reply: &Reply) -> Option<Auth> {
    let has_credentials =
        matches!(progress, Progress::Challenged | Progress::Idle | Progress::Asked { has_response: true });
    match reply.code {
        200..=299 => Some(Auth::Succeeded),
        // The connection ran out of time, or the client took its attempt back.
        421 | 501 if has_credentials => None,
        451 if reply.status == (4, 7, 0) && has_credentials => None,
        500..=599 if !has_credentials => Some(Auth::Rejected),
        504 | 530 | 503 if progress != Progress::Challenged => Some(Auth::Rejected),
        _ => Some(Auth::Failed),
    }
}

fn begin(facts: &mut AuthFacts, mechanism: Option<Span>) {
    facts.attempts = facts.attempts.saturating_add(1);
    facts.mechanism = mechanism;
    facts.user = None;
    facts.error = None;
}

fn settle(facts: &mut AuthFacts, outcome: Auth) {
    facts.failures = facts.failures.saturating_add(1);
    facts.outcome = outcome;
}
