//! Why a session failed: rules, and what they find.
//!
//! In: one [`Session`] and its [`Facts`]. Out: [`Finding`]s, each with the rows that prove it, and the
//! session's [`Verdict`].
//!
//! A rule stands in the file of its family, with its condition, its sentence and its [`Article`]:
//! from that one text come `heloscope explain`, the advice of `heloscope show` and the README's
//! table. A new rule is a variant of [`Rule`], a line in [`RULES`], its article, and a sample.
//!
//! **Invariant**: every finding points at the rows that prove it, and every reply that refuses is
//! evidence of one; a session without failures costs a few comparisons.

pub mod article;
pub mod powershell;
pub mod subject;
mod refusal;
pub(crate) mod remembered;
pub mod encryption;
pub mod certificate;
pub mod authentication;
pub mod delivery;
pub mod connection;
pub mod vocabulary;

use crate::dialogue::facts::Facts;
use crate::session::Session;

use article::{Advice, Article};
use subject::Subject;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// What will stop a client, or stopped a part of what it wanted.
    Warning,
    /// What stopped the client.
    Error,
}

impl Severity {
    /// Its word in the record.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What can be wrong with a session, in the order of [`RULES`]; [`Article`] says the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant's article says what it means")]
pub enum Rule {
    StartTlsHandshakeFailed,
    StartTlsRefused,
    StartTlsRequired,
    StartTlsNotOffered,
    TlsVersionOutdated,
    TlsCipherWeak,
    CertificateNameMismatch,
    CertificateExpired,
    CertificateExpiring,
    CertificateSelfSigned,
    AuthCredentialsRejected,
    AuthMechanismUnsupported,
    AuthMissing,
    AuthTemporaryFailure,
    AuthProxyFailed,
    AuthAbandoned,
    AuthInClear,
    RelayDenied,
    SenderNotPermitted,
    RecipientRejected,
    MessageRejected,
    RateLimited,
    ServerOutOfResources,
    ConnectionTimedOut,
    ConnectionDropped,
    ProtocolError,
    CommandRefused,
}

/// Every rule's article, in the order of [`Rule`].
pub const RULES: [&Article; 27] = [
    &encryption::HANDSHAKE_FAILED,
    &encryption::REFUSED,
    &encryption::REQUIRED,
    &encryption::NOT_OFFERED,
    &encryption::VERSION_OUTDATED,
    &encryption::CIPHER_WEAK,
    &certificate::NAME_MISMATCH,
    &certificate::EXPIRED,
    &certificate::EXPIRING,
    &certificate::SELF_SIGNED,
    &authentication::CREDENTIALS_REJECTED,
    &authentication::MECHANISM_UNSUPPORTED,
    &authentication::MISSING,
    &authentication::TEMPORARY_FAILURE,
    &authentication::PROXY_FAILED,
    &authentication::ABANDONED,
    &authentication::IN_CLEAR,
    &delivery::RELAY_DENIED,
    &delivery::SENDER_NOT_PERMITTED,
    &delivery::RECIPIENT_REJECTED,
    &delivery::MESSAGE_REJECTED,
    &connection::RATE_LIMITED,
    &connection::OUT_OF_RESOURCES,
    &connection::TIMED_OUT,
    &connection::DROPPED,
    &connection::PROTOCOL_ERROR,
    &delivery::COMMAND_REFUSED,
];

/// The rules' names, in the order of [`RULES`].
pub const RULE_NAMES: [&str; RULES.len()] = {
    let mut names = [""; RULES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = RULES[at].name;
        at += 1;
    }
    names
};

impl Rule {
    /// What is written about it.
    pub fn article(self) -> &'static Article {
        RULES[self as usize]
    }

    /// `auth-credentials-rejected`.
    pub fn name(self) -> &'static str {
        self.article().name
    }

    /// Returns the rule of that name, letter case ignored.
    pub fn parse(name: &str) -> Option<Self> {
        RULES.iter().find(|article| article.name.eq_ignore_ascii_case(name)).map(|article| article.rule)
    }
}

/// The rows that prove a finding: the first few, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    rows: [u32; Evidence::MOST],
    length: u8,
}

impl Evidence {
    /// How many rows are kept; a thousand guessed passwords are no better proved by all their rows.
    pub const MOST: usize = 8;

    /// The rows, as indices into the session's rows, in order.
    pub fn rows(&self) -> &[u32] {
        &self.rows[..usize::from(self.length)]
    }

    fn add(&mut self, row: u32) {
        let at = self.rows().partition_point(|known| *known < row);
        if at == Self::MOST || self.rows().get(at) == Some(&row) {
            return;
        }
        let end = (usize::from(self.length) + 1).min(Self::MOST);
        self.rows[at..end].rotate_right(1);
        self.rows[at] = row;
        // At most MOST, which is 8.
        self.length = u8::try_from(end).unwrap_or(self.length);
    }
}

/// What a rule found in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How much it matters here.
    pub severity: Severity,
    /// The rows that prove it.
    pub evidence: Evidence,
}

impl Finding {
    /// Says it in one sentence with the session's own values, as they stand in the log: to be
    /// escaped before it is shown.
    pub fn to_message(&self, session: &Session<'_>, facts: &Facts) -> String {
        (self.rule.article().to_message)(&Subject { session, facts }, self)
    }

    /// What to look at and what to change, with the session's own values in the commands.
    pub fn to_advice(&self, session: &Session<'_>, facts: &Facts) -> Vec<Advice> {
        self.rule.article().to_advice(&Subject { session, facts }.to_values(self))
    }
}

/// How a session went, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing stopped the client.
    Ok,
    /// A finding is an error.
    Failed,
    /// The log lacks the session's head or tail, and nothing failed in what there is.
    Incomplete,
    /// The client never said a word.
    Probe,
}

impl Verdict {
    /// Returns the verdict. A failure is one whether or not the session is whole; that a client
    /// said nothing is only known of a whole session.
    pub fn new(session: &Session<'_>, facts: &Facts, findings: &[Finding]) -> Self {
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            Self::Failed
        } else if !session.is_opened() || !session.is_closed() {
            Self::Incomplete
        } else if !facts.has_client_word {
            Self::Probe
        } else {
            Self::Ok
        }
    }

    /// Its word in the record.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
            Self::Probe => "probe",
        }
    }
}

/// What is remembered from session to session, so that it need not be worked out again.
#[derive(Debug, Default)]
pub struct Scratch {
    certificates: remembered::Remembered<certificate::Known>,
    negotiations: remembered::Remembered<bool>,
}

/// Appends what is wrong with the session to `findings`, the gravest first.
pub fn examine(session: &Session<'_>, facts: &Facts, scratch: &mut Scratch, findings: &mut Vec<Finding>) {
    let mut found = Found { from: findings.len(), findings };
    let subject = Subject { session, facts };
    refusal::examine(&subject, &mut found);
    encryption::examine(&subject, &mut scratch.negotiations, &mut found);
    certificate::examine(&subject, &mut scratch.certificates, &mut found);
    authentication::examine(&subject, &mut found);
    connection::examine(&subject, &mut found);
    let own = &mut found.findings[found.from..];
    if own.len() > 1 {
        own.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.rule));
    }
}

/// The findings of one session, behind those of others.
struct Found<'a> {
    findings: &'a mut Vec<Finding>,
    from: usize,
}

impl Found<'_> {
    /// Notes a rule down with its usual severity.
    fn note(&mut self, rule: Rule, rows: impl IntoIterator<Item = u32>) {
        self.note_as(rule, rule.article().severity, rows);
    }

    /// Notes a rule down. Where it was found before, rows are added, and the graver severity counts.
    fn note_as(&mut self, rule: Rule, severity: Severity, rows: impl IntoIterator<Item = u32>) {
        let at = match self.findings[self.from..].iter().position(|finding| finding.rule == rule) {
            Some(at) => self.from + at,
            None => {
                self.findings.push(Finding { rule, severity, evidence: Evidence::default() });
                self.findings.len() - 1
            }
        };
        let finding = &mut self.findings[at];
        finding.severity = finding.severity.max(severity);
        for row in rows {
            finding.evidence.add(row);
        }
    }
}

#[cfg(test)]
mod tests;
