//! The names of what examining a session finds.
//!
//! In: nothing. Out: rules, severities and verdicts by name.
//!
//! **Invariant**: this file alone knows these names. It stands in for `diagnosis`, whose types and
//! whose table of rules take its place.

/// How bad a finding is, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Will stop the client some day.
    Warning,
    /// Stopped the client.
    Error,
}

/// What all findings of a session come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing stopped the client.
    Ok,
    /// Some finding is an error.
    Failed,
    /// The log lacks the session's head or tail, and nothing failed.
    Incomplete,
    /// The client never said anything.
    Probe,
}

/// The words of `severity`, in the order of [`Severity`].
pub const SEVERITY_WORDS: &[&str] = &["note", "warning", "error"];

/// The words of `verdict`, in the order of [`Verdict`].
pub const VERDICT_WORDS: &[&str] = &["ok", "failed", "incomplete", "probe"];

/// The rules that a finding can name. Source: the list of rules of the session record.
pub const RULE_NAMES: [&str; 26] = [
    "starttls-handshake-failed",
    "starttls-refused",
    "starttls-required",
    "starttls-not-offered",
    "tls-version-outdated",
    "tls-cipher-weak",
    "certificate-name-mismatch",
    "certificate-expired",
    "certificate-expiring",
    "certificate-self-signed",
    "auth-credentials-rejected",
    "auth-mechanism-unsupported",
    "auth-missing",
    "auth-temporary-failure",
    "auth-proxy-failed",
    "auth-abandoned",
    "auth-in-clear",
    "relay-denied",
    "sender-not-permitted",
    "recipient-rejected",
    "message-rejected",
    "rate-limited",
    "server-out-of-resources",
    "connection-timed-out",
    "connection-dropped",
    "protocol-error",
];
