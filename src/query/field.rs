//! The fields that a query can ask for: the one table behind the parser, `heloscope fields`,
//! completion, help and README.
//!
//! In: nothing. Out: [`FIELDS`].
//!
//! **Invariant**: every [`Field`] has one row in the table, at its own place.

/// What a term of a query asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The client's address.
    Ip,
    /// The address of Exchange's end.
    Local,
    /// The port of Exchange's end.
    Port,
    /// The server.
    Server,
    /// The receive connector.
    Connector,
    /// The transport role.
    Role,
    /// The files that the rows stand in.
    File,
    /// The session's id.
    Id,
    /// What the client called itself.
    Helo,
    /// What the server called itself.
    Banner,
    /// What became of STARTTLS.
    StartTls,
    /// The protocol that TLS settled on.
    Tls,
    /// The cipher that TLS settled on.
    Cipher,
    /// Any text of a certificate.
    Cert,
    /// What became of the last AUTH.
    Auth,
    /// The mechanism of the last AUTH.
    Mechanism,
    /// The user of the last AUTH.
    User,
    /// The word that Exchange gives for a failed login or handshake.
    Error,
    /// How many AUTH commands failed.
    Failures,
    /// The senders.
    From,
    /// The accepted recipients.
    To,
    /// The message ids.
    MsgId,
    /// How many messages were accepted.
    Mails,
    /// The size of the accepted messages.
    Bytes,
    /// How many rows the session has.
    Lines,
    /// A reply that was given.
    Code,
    /// The rule of a finding.
    Rule,
    /// The severity of a finding.
    Severity,
    /// What all findings come to.
    Verdict,
    /// The disconnect row's context.
    End,
    /// From the first row to the last.
    Duration,
    /// The sum of all tarpits.
    Tarpit,
    /// Starts at this time or later.
    After,
    /// Starts before this time.
    Before,
}

/// What kind of values a field has, which decides how they are written and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// An address or a network.
    Address,
    /// A whole number.
    Number,
    /// A number of bytes, with or without a unit.
    Size,
    /// A length of time.
    Duration,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words; those from the second field's index on are in ascending order.
    Scale(&'static [&'static str], usize),
    /// A reply code.
    Code,
    /// The name of a rule.
    Rule,
    /// A moment.
    Time,
}

/// A row of the table of fields.
#[derive(Clone, Copy, Debug)]
pub struct FieldEntry {
    /// Which field.
    pub field: Field,
    /// As it is written in a query.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
    /// What it is.
    pub help: &'static str,
    /// A term that asks for it.
    pub example: &'static str,
}

/// The words of `starttls`, in the order of [`StartTls`](crate::dialogue::facts::StartTls).
pub const STARTTLS_WORDS: &[&str] = &["not-attempted", "refused", "failed", "succeeded", "unknown"];

/// The words of `auth`, in the order of [`Auth`](crate::dialogue::facts::Auth).
pub const AUTH_WORDS: &[&str] = &["not-attempted", "succeeded", "rejected", "failed", "abandoned", "unknown"];

/// The words of `role`, in the order of [`Role`](crate::ingest::Role), and one for what is not known.
pub const ROLE_WORDS: &[&str] = &["frontend", "hub", "edge", "mailbox-delivery", "mailbox-submission", "unknown"];

/// The words of `tls`: without TLS, with TLS of a protocol that the log does not tell, and in the
/// order of [`Protocol`](crate::dialogue::facts::Protocol).
pub const TLS_WORDS: &[&str] = &["none", "unknown", "ssl3", "1.0", "1.1", "1.2", "1.3"];

/// The words of `severity`, in the order of [`Severity`](crate::diagnosis::Severity).
pub const SEVERITY_WORDS: &[&str] = &["note", "warning", "error"];

/// The words of `verdict`, in the order of [`Verdict`](crate::diagnosis::Verdict).
pub const VERDICT_WORDS: &[&str] = &["ok", "failed", "incomplete", "probe"];

/// Where the protocols begin in [`TLS_WORDS`].
pub const TLS_ORDERED_FROM: usize = 2;

/// All fields, in the order in which they are listed.
pub const FIELDS: [FieldEntry; 34] = [
    row(Field::Ip, "ip", Kind::Address, "client's address", "ip:198.51.100.0/24"),
    row(Field::Local, "local", Kind::Address, "own address", "local:192.0.2.5"),
    row(Field::Port, "port", Kind::Number, "own port", "port:25,587"),
    row(Field::Server, "server", Kind::Text, "server, or the log's folder where none is named", "server:EX01"),
    row(
        Field::Connector,
        "connector",
        Kind::Text,
        "receive connector, also behind its server: EX01\\Default",
        "connector:\"client frontend\"",
    ),
    row(Field::Role, "role", Kind::Word(ROLE_WORDS), "transport role", "role:frontend"),
    row(Field::File, "file", Kind::Text, "path or name of a file that holds its rows", "file:FrontEnd"),
    row(
        Field::Id,
        "id",
        Kind::Text,
        "session id, alone or behind the server, with or without ~2",
        "id:08DE2A1B3C4D5E6F",
    ),
    row(Field::Helo, "helo", Kind::Text, "what the client called itself", "helo:mfp*"),
    row(Field::Banner, "banner", Kind::Text, "what the server called itself", "banner:*.contoso.com"),
    row(Field::StartTls, "starttls", Kind::Word(STARTTLS_WORDS), "what became of STARTTLS", "starttls:failed,refused"),
    row(
        Field::Tls,
        "tls",
        Kind::Scale(TLS_WORDS, TLS_ORDERED_FROM),
        "protocol that TLS settled on, in order; none without TLS",
        "tls<1.2",
    ),
    row(Field::Cipher, "cipher", Kind::Text, "cipher that TLS settled on", "cipher:AES_256"),
    row(Field::Cert, "cert", Kind::Text, "any text of a certificate", "cert:434AC224*"),
    row(Field::Auth, "auth", Kind::Word(AUTH_WORDS), "what became of the last AUTH", "auth:failed,rejected"),
    row(Field::Mechanism, "mechanism", Kind::Text, "mechanism of the last AUTH, in any letter case", "mechanism:NTLM"),
    row(Field::User, "user", Kind::Text, "user of the last AUTH", "user:alice"),
    row(Field::Error, "error", Kind::Text, "Exchange's word for a failed login or handshake", "error:LogonDenied"),
    row(Field::Failures, "failures", Kind::Number, "AUTH commands that failed", "failures>=3"),
    row(Field::From, "from", Kind::Text, "a sender; \"\" is the empty one", "from:*@contoso.com"),
    row(Field::To, "to", Kind::Text, "an accepted recipient", "to:*@fabrikam.com"),
    row(Field::MsgId, "msgid", Kind::Text, "message id of an accepted message", "msgid:\"<1@contoso.com>\""),
    row(Field::Mails, "mails", Kind::Number, "messages accepted", "mails=0"),
    row(Field::Bytes, "bytes", Kind::Size, "size of the accepted messages", "bytes>10MB"),
    row(Field::Lines, "lines", Kind::Number, "rows", "lines<=3"),
    row(Field::Code, "code", Kind::Code, "a reply that was given", "code:535,5.7.3,5xx"),
    row(Field::Rule, "rule", Kind::Rule, "rule of a finding", "rule:auth-*"),
    row(
        Field::Severity,
        "severity",
        Kind::Scale(SEVERITY_WORDS, 0),
        "severity of a finding, in order",
        "severity>=warning",
    ),
    row(Field::Verdict, "verdict", Kind::Word(VERDICT_WORDS), "what all findings come to", "verdict:failed"),
    row(Field::End, "end", Kind::Text, "the disconnect's context; open for none", "end:Remote*"),
    row(Field::Duration, "duration", Kind::Duration, "from the first row to the last", "duration>30s"),
    row(Field::Tarpit, "tarpit", Kind::Duration, "sum of all tarpits", "tarpit>=5s"),
    row(Field::After, "after", Kind::Time, "starts at this time or later", "after:2026-11-23T08:30"),
    row(Field::Before, "before", Kind::Time, "starts before this time", "before:-2h"),
];

const fn row(field: Field, name: &'static str, kind: Kind, help: &'static str, example: &'static str) -> FieldEntry {
    FieldEntry { field, name, kind, help, example }
}

impl Field {
    /// Its row in the table.
    pub fn entry(self) -> &'static FieldEntry {
        &FIELDS[self as usize]
    }

    /// As it is written in a query.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// Finds a field by its name; letter case is ignored.
    pub fn by_name(name: &str) -> Option<Self> {
        FIELDS.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)).map(|entry| entry.field)
    }
}

impl Kind {
    /// Says which values there are.
    pub fn values(self) -> String {
        match self {
            Self::Text => "text, with * and ? for the whole value".into(),
            Self::Address => "an address, 10.0.0.0/8, 10.1.*, 2001:db8::/32".into(),
            Self::Number => "a number".into(),
            Self::Size => "a number of bytes; kB, MB, GB (or k, M, G), KiB, MiB, GiB".into(),
            Self::Duration => "a number with ms, s, m, h or d".into(),
            Self::Word(words) | Self::Scale(words, _) => words.join(", "),
            Self::Code => "535, 5xx, 5.7.3, 5.7.x".into(),
            Self::Rule => "the name of a rule, with * and ?".into(),
            Self::Time => "2026-11-23, 2026-11-23T08:30, 08:30 (last day in the logs), -2h (before now); UTC".into(),
        }
    }

    /// The operators that it knows.
    pub fn operators(self) -> &'static str {
        match self {
            Self::Text => ": = != ~",
            Self::Address | Self::Word(_) | Self::Rule => ": = !=",
            Self::Number | Self::Size | Self::Duration | Self::Scale(..) | Self::Code => ": = != < <= > >=",
            Self::Time => ":",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Severity, Verdict};

    #[test]
    fn every_field_stands_at_its_own_place() {
        assert!(FIELDS.iter().enumerate().all(|(at, entry)| entry.field as usize == at));
        assert!(FIELDS.iter().all(|entry| Field::by_name(entry.name) == Some(entry.field)));
        assert_eq!(Field::by_name("StartTLS"), Some(Field::StartTls));
    }

    #[test]
    fn words_are_in_the_order_of_the_types() {
        use crate::dialogue::facts::{Auth, Protocol, StartTls};
        use crate::ingest::Role;
        assert_eq!(STARTTLS_WORDS[StartTls::Unknown as usize], "unknown");
        assert_eq!(STARTTLS_WORDS[StartTls::Failed as usize], "failed");
        assert_eq!(AUTH_WORDS[Auth::Unknown as usize], "unknown");
        assert_eq!(AUTH_WORDS[Auth::Rejected as usize], "rejected");
        for severity in [Severity::Note, Severity::Warning, Severity::Error] {
            assert_eq!(SEVERITY_WORDS[severity as usize], severity.as_text());
        }
        for verdict in [Verdict::Ok, Verdict::Failed, Verdict::Incomplete, Verdict::Probe] {
            assert_eq!(VERDICT_WORDS[verdict as usize], verdict.as_text());
        }
        assert_eq!(TLS_WORDS[TLS_ORDERED_FROM + Protocol::Tls13 as usize], "1.3");
        let roles = [Role::Frontend, Role::Hub, Role::Edge, Role::MailboxDelivery, Role::MailboxSubmission];
        assert!(roles.iter().all(|role| ROLE_WORDS[*role as usize] == role.as_text()));
    }
}
