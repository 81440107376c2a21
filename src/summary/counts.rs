//! Counts of sessions and what became of them.
//!
//! In: [`Case`]s. Out: [`Counts`].
//!
//! **Invariant**: counts add up; each of the lists of outcomes sums to the sessions.

use std::ops::AddAssign;

use crate::diagnosis::{RULES, Rule, Severity, Verdict};
use crate::dialogue::facts::{Auth, Protocol, StartTls};
use crate::ingest::Case;

/// Counts of sessions and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions.
    pub sessions: u64,
    /// Sessions with both ends.
    pub whole: u64,
    /// Sessions whose connect row was not read.
    pub without_head: u64,
    /// Sessions whose disconnect row was not read.
    pub without_tail: u64,
    /// Sessions by how they went, in the order of [`VERDICTS`].
    pub verdicts: [u64; 4],
    /// Sessions by what became of STARTTLS, in the order of [`STARTTLS_OUTCOMES`].
    pub starttls: [u64; 5],
    /// Sessions by what became of AUTH, in the order of [`AUTH_OUTCOMES`].
    pub auth: [u64; 6],
    /// Sessions with TLS by protocol, in the order of [`PROTOCOLS`]; the last is not known.
    pub protocols: [u64; 6],
    /// Sessions by what was found in them, in the order of [`RULES`].
    pub findings: [Found; RULES.len()],
    /// MAIL FROM commands.
    pub attempted: u64,
    /// Messages accepted.
    pub accepted: u64,
    /// Bytes of accepted messages, as far as the replies name them.
    pub bytes: u64,
}

/// Sessions in which a rule found something, by how much it mattered there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order of [`Severity`].
    by_severity: [u64; 3],
}

impl Found {
    /// All of them.
    pub fn sessions(self) -> u64 {
        self.by_severity.iter().sum()
    }

    /// Those where it mattered so much.
    pub fn of(self, severity: Severity) -> u64 {
        self.by_severity[severity as usize]
    }

    /// The gravest that was found.
    pub fn worst(self) -> Option<Severity> {
        [Severity::Error, Severity::Warning, Severity::Note].into_iter().find(|severity| self.of(*severity) > 0)
    }
}

/// The order of [`Counts::verdicts`].
pub const VERDICTS: [Verdict; 4] = [Verdict::Ok, Verdict::Failed, Verdict::Incomplete, Verdict::Probe];

/// The order of [`Counts::starttls`].
pub const STARTTLS_OUTCOMES: [StartTls; 5] =
    [StartTls::NotAttempted, StartTls::Refused, StartTls::Failed, StartTls::Succeeded, StartTls::Unknown];

/// The order of [`Counts::auth`].
pub const AUTH_OUTCOMES: [Auth; 6] =
    [Auth::NotAttempted, Auth::Succeeded, Auth::Rejected, Auth::Failed, Auth::Abandoned, Auth::Unknown];

/// The order of [`Counts::protocols`].
pub const PROTOCOLS: [Protocol; 5] =
    [Protocol::Ssl3, Protocol::Tls10, Protocol::Tls11, Protocol::Tls12, Protocol::Tls13];

impl Counts {
    pub(super) fn take(&mut self, case: &Case<'_>, verdict: Verdict) {
        let (session, facts) = (case.session, case.facts);
        let (is_opened, is_closed) = (session.is_opened(), session.is_closed());
        self.sessions += 1;
        self.whole += u64::from(is_opened && is_closed);
        self.without_head += u64::from(!is_opened);
        self.without_tail += u64::from(!is_closed);
        self.verdicts[verdict as usize] += 1;
        self.starttls[facts.tls.outcome as usize] += 1;
        self.auth[facts.auth.outcome as usize] += 1;
        if facts.tls.outcome == StartTls::Succeeded {
            self.protocols[facts.tls.protocol.map_or(PROTOCOLS.len(), |protocol| protocol as usize)] += 1;
        }
        for finding in case.findings {
            self.findings[finding.rule as usize].by_severity[finding.severity as usize] += 1;
        }
        self.attempted += u64::from(facts.mail.attempted);
        self.accepted += u64::from(facts.mail.accepted);
        self.bytes = self.bytes.saturating_add(facts.mail.bytes);
    }

    /// Sessions that went so.
    pub fn verdict(&self, verdict: Verdict) -> u64 {
        self.verdicts[verdict as usize]
    }

    /// The rules that found anything: the gravest first, then the most frequent.
    pub fn to_rules(&self) -> Vec<(Rule, Found)> {
        let found = RULES.iter().map(|article| article.rule).zip(self.findings);
        let mut found: Vec<(Rule, Found)> = found.filter(|(_, found)| found.sessions() > 0).collect();
        found.sort_by_key(|(rule, found)| {
            std::cmp::Reverse((found.worst(), found.sessions(), std::cmp::Reverse(*rule)))
        });
        found
    }
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.whole += other.whole;
        self.without_head += other.without_head;
        self.without_tail += other.without_tail;
        self.attempted += other.attempted;
        self.accepted += other.accepted;
        self.bytes = self.bytes.saturating_add(other.bytes);
        let pairs = (self.starttls.iter_mut().zip(other.starttls))
            .chain(self.verdicts.iter_mut().zip(other.verdicts))
            .chain(self.auth.iter_mut().zip(other.auth))
            .chain(self.protocols.iter_mut().zip(other.protocols));
        for (mine, theirs) in pairs {
            *mine += theirs;
        }
        for (mine, theirs) in self.findings.iter_mut().zip(other.findings) {
            for (mine, theirs) in mine.by_severity.iter_mut().zip(theirs.by_severity) {
                *mine += theirs;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_are_those_of_the_types() {
        assert!(VERDICTS.iter().enumerate().all(|(at, verdict)| *verdict as usize == at));
        assert!(STARTTLS_OUTCOMES.iter().enumerate().all(|(at, outcome)| *outcome as usize == at));
        assert!(AUTH_OUTCOMES.iter().enumerate().all(|(at, outcome)| *outcome as usize == at));
        assert!(PROTOCOLS.iter().enumerate().all(|(at, protocol)| *protocol as usize == at));
        assert_eq!([Severity::Note, Severity::Warning, Severity::Error].map(|severity| severity as usize), [0, 1, 2]);
    }

    #[test]
    fn the_gravest_rules_come_first() {
        let mut counts = Counts::default();
        let mut found = |rule: Rule, severity: Severity, sessions| {
            counts.findings[rule as usize].by_severity[severity as usize] += sessions;
        };
        found(Rule::CertificateSelfSigned, Severity::Note, 90);
        found(Rule::ProtocolError, Severity::Warning, 8);
        found(Rule::AuthCredentialsRejected, Severity::Error, 1);
        found(Rule::AuthCredentialsRejected, Severity::Warning, 1);
        found(Rule::RelayDenied, Severity::Error, 3);
        found(Rule::RateLimited, Severity::Error, 3);
        let rules: Vec<Rule> = counts.to_rules().iter().map(|(rule, _)| *rule).collect();
        assert_eq!(
            rules,
            [
                Rule::RelayDenied,
                Rule::RateLimited,
                Rule::AuthCredentialsRejected,
                Rule::ProtocolError,
                Rule::CertificateSelfSigned
            ]
        );
    }
}
