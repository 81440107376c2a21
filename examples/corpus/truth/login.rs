//! The AUTH half of a record: attempts, failures, and how the last one ended.
//!
//! In flow effects, out flows the `auth` object. **Invariant**: the rows of one result (failure row and 535,
//! `authenticated` and 235) settle one attempt, and a result whose command was cut counts as an attempt.

use super::Effect;
use serde_json::{Value, json};

/// How a reply ends an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Succeeded,
    Failed,
    /// Refused before any challenge.
    Rejected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Sent,
    Challenged,
    Settled(Verdict),
}

#[derive(Debug)]
struct Attempt {
    stage: Stage,
    mechanism: Option<&'static str>,
    user: Option<String>,
    error: Option<&'static str>,
}

/// What is known of a session's logins.
#[derive(Debug, Default)]
pub(crate) struct Login {
    attempts: u32,
    failures: u32,
    last: Option<Attempt>,
}

impl Login {
    /// Adds what one row tells.
    pub(crate) fn apply(&mut self, effect: Effect<'_>) {
        match effect {
            Effect::Auth(mechanism) => self.begin(Some(mechanism)),
            Effect::Challenge => self.challenge(),
            Effect::AuthError { mechanism, error } => {
                let attempt = self.settle(Verdict::Failed);
                attempt.mechanism = attempt.mechanism.or(mechanism);
                attempt.error = Some(error);
            }
            Effect::AuthUser(user) => {
                if let Some(attempt) = &mut self.last {
                    attempt.user = Some(user);
                }
            }
            Effect::Authenticated(user) => self.settle(Verdict::Succeeded).user = Some(user),
            Effect::AuthVerdict(verdict) => {
                self.settle(verdict);
            }
            _ => {}
        }
    }

    /// A client proxy session set up is a success, and its row names the user too.
    pub(crate) fn proxied(&mut self, user: String) {
        self.settle(Verdict::Succeeded).user.get_or_insert(user);
    }

    fn begin(&mut self, mechanism: Option<&'static str>) {
        self.attempts += 1;
        self.last = Some(Attempt { stage: Stage::Sent, mechanism, user: None, error: None });
    }

    fn challenge(&mut self) {
        if let Some(attempt) = &mut self.last
            && attempt.stage == Stage::Sent
        {
            attempt.stage = Stage::Challenged;
        }
    }

    /// Settles the open attempt; with none open, either this repeats the last result or its command was cut.
    fn settle(&mut self, verdict: Verdict) -> &mut Attempt {
        let is_repeated = self.last.as_ref().is_some_and(|attempt| attempt.stage == Stage::Settled(verdict));
        let is_open = self.last.as_ref().is_some_and(|attempt| !matches!(attempt.stage, Stage::Settled(_)));
        if !is_repeated {
            self.failures += u32::from(verdict != Verdict::Succeeded);
            if !is_open {
                self.attempts += 1;
            }
        }
        let keeps_attempt = is_repeated || is_open;
        let attempt = self.last.take().filter(|_| keeps_attempt);
        let attempt = attempt.unwrap_or(Attempt { stage: Stage::Sent, mechanism: None, user: None, error: None });
        self.last.insert(Attempt { stage: Stage::Settled(verdict), ..attempt })
    }

    fn outcome(&self, is_closed: bool) -> &'static str {
        match self.last.as_ref().map(|attempt| attempt.stage) {
            None => "not-attempted",
            Some(Stage::Settled(Verdict::Succeeded)) => "succeeded",
            Some(Stage::Settled(Verdict::Failed)) => "failed",
            Some(Stage::Settled(Verdict::Rejected)) => "rejected",
            Some(Stage::Challenged) if is_closed => "abandoned",
            Some(_) => "unknown",
        }
    }

    /// Returns the `auth` object.
    pub(crate) fn to_json(&self, is_closed: bool, permissions: &str) -> Value {
        let last = self.last.as_ref();
        json!({
            "outcome": self.outcome(is_closed),
            "mechanism": last.and_then(|attempt| attempt.mechanism),
            "user": last.and_then(|attempt| attempt.user.as_deref()).map(str::trim_end),
            "error": last.and_then(|attempt| attempt.error),
            "attempts": self.attempts,
            "failures": self.failures,
            "permissions": permissions.split_whitespace().filter(|word| *word != "None").collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(effects: impl IntoIterator<Item = Effect<'static>>, expected: (&str, u32, u32)) {
        let mut login = Login::default();
        effects.into_iter().for_each(|effect| login.apply(effect));
        assert_eq!((login.outcome(true), login.attempts, login.failures), expected);
    }

    const FAILURE: Effect<'static> = Effect::AuthError { mechanism: Some("LOGIN"), error: "LogonDenied" };
    const LATE_REPLY: Effect<'static> = Effect::AuthVerdict(Verdict::Failed);

    #[test]
    fn the_rows_of_one_result_are_one_attempt() {
        check([Effect::Auth("LOGIN"), Effect::Challenge, FAILURE, LATE_REPLY], ("failed", 1, 1));
        check([Effect::Auth("LOGIN"), Effect::Challenge], ("abandoned", 1, 0));
    }

    #[test]
    fn a_result_without_its_command_is_an_attempt() {
        check([FAILURE, LATE_REPLY], ("failed", 1, 1));
        check([LATE_REPLY], ("failed", 1, 1));
        check([Effect::Challenge], ("not-attempted", 0, 0));
        let succeeded = Effect::AuthVerdict(Verdict::Succeeded);
        check([LATE_REPLY, Effect::Auth("LOGIN"), Effect::Challenge, succeeded], ("succeeded", 2, 1));
    }
}
