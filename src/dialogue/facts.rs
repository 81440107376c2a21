//! What a whole conversation amounts to.
//!
//! In: nothing; [`understand`](super::understand) fills it. Out: [`Facts`], read by every later stage.
//!
//! **Invariant**: holds spans and small numbers, never text, so one `Facts` serves session after
//! session without allocating.

use std::borrow::Cow;

use crate::record::undouble;
use crate::record::value::Timestamp;

use super::secret::Secret;

/// Where a piece of text lies in [`Session::text`](crate::session::Session::text).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Whether it lies in a quoted field, where a quote is doubled.
    pub is_quoted: bool,
}

impl Span {
    /// Returns the bytes as they stand in the log.
    pub fn of(self, text: &[u8]) -> &[u8] {
        &text[self.start as usize..self.end as usize]
    }

    /// Returns the bytes that were meant: doubled quotes of a quoted field made single.
    pub fn to_value(self, text: &[u8]) -> Cow<'_, [u8]> {
        match self.is_quoted {
            true => undouble(self.of(text)),
            false => Cow::Borrowed(self.of(text)),
        }
    }

    /// Whether it names no byte.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Returns the part of it that starts and ends so many bytes from its start, within it.
    #[must_use]
    pub fn part(self, from: usize, to: usize) -> Self {
        let at = |offset: usize| {
            u32::try_from(offset).map_or(self.end, |offset| self.start.saturating_add(offset).min(self.end))
        };
        Self { start: at(from), end: at(to.max(from)), ..self }
    }
}

/// What became of STARTTLS (or X-ANONYMOUSTLS). Source: `session-record`, field `starttls.outcome`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StartTls {
    /// No STARTTLS command was read.
    #[default]
    NotAttempted,
    /// The reply was not 220.
    Refused,
    /// 220, then a failure row, or the end with no sign that TLS came up.
    Failed,
    /// The negotiation row, or a further EHLO after the 220.
    Succeeded,
    /// The log ends after the 220, and the session is not closed.
    Unknown,
}

/// What became of the last AUTH attempt. Source: `session-record`, field `auth.outcome`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Auth {
    /// No attempt was read.
    #[default]
    NotAttempted,
    /// 235, an `authenticated` row, or a client proxy session set up.
    Succeeded,
    /// The mechanism was refused before any challenge.
    Rejected,
    /// 535 or 454 after a challenge, or a failure row.
    Failed,
    /// A challenge, then no result though the session went on or closed.
    Abandoned,
    /// The log ends before the result.
    Unknown,
}

/// The protocol that TLS settled on, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// SSL 3.0.
    Ssl3,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// What the log tells of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// What became of it.
    pub outcome: StartTls,
    /// The word that Exchange gives for a failure: `SocketError`.
    pub error: Option<Span>,
    /// The text of the row `TLS protocol … negotiation succeeded …`, read by
    /// [`parse_negotiation`](super::notice::parse_negotiation).
    pub negotiation: Option<Span>,
    /// The protocol that the negotiation row names.
    pub protocol: Option<Protocol>,
    /// The rows, as indices into the session's rows, that tell of the certificate Exchange presented.
    pub certificate_rows: Vec<u32>,
    /// The rows that tell of the peer's certificate.
    pub client_certificate_rows: Vec<u32>,
    /// The value of `TlsDomainCapabilities='…'`.
    pub domain_capabilities: Option<Span>,
    /// The value of `Status='…'`.
    pub status: Option<Span>,
    /// The row that answers STARTTLS.
    pub answer_row: Option<u32>,
    /// The row that says that TLS came up, or did not.
    pub result_row: Option<u32>,
}

/// A login that failed, and what proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedLogin {
    /// The row that says so first: Exchange's own, or the reply.
    pub row: u32,
    /// The reply, where one was read.
    pub reply: Option<u32>,
    /// Who tried.
    pub user: Option<Span>,
    /// The mechanism, as typed.
    pub mechanism: Option<Span>,
    /// The word that Exchange gives.
    pub error: Option<Span>,
}

/// What the log tells of AUTH.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthFacts {
    /// What became of the last attempt.
    pub outcome: Auth,
    /// The last attempt's mechanism, as typed.
    pub mechanism: Option<Span>,
    /// The last attempt's user, trailing spaces off.
    pub user: Option<Span>,
    /// The word that Exchange gives for a failure: `LogonDenied`.
    pub error: Option<Span>,
    /// How many AUTH and X-EXPS commands, counting results whose command was cut off.
    pub attempts: u32,
    /// How many of them failed or were rejected.
    pub failures: u32,
    /// The words of the last `Set Session Permissions` row; none where it says `None`.
    pub permissions: Option<Span>,
    /// Those that failed or were rejected, in order.
    pub failed: Vec<FailedLogin>,
    /// The last attempt's command.
    pub attempt_row: Option<u32>,
    /// The first row of an AUTH LOGIN or PLAIN that got as far as a challenge or a success before
    /// TLS came up.
    pub clear_row: Option<u32>,
    /// Whether the session, or the log, ended while the last attempt was under way.
    pub is_cut_short: bool,
}

/// What the log tells of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFacts {
    /// MAIL FROM commands.
    pub attempted: u32,
    /// Final 250 replies after DATA or the last BDAT.
    pub accepted: u32,
    /// Each MAIL FROM's address, brackets off; empty for `<>`.
    pub senders: Vec<Span>,
    /// The recipients that were accepted.
    pub recipients: Vec<Span>,
    /// RCPT TO commands that were refused.
    pub recipients_rejected: u32,
    /// Message ids of the accepting replies, brackets kept.
    pub message_ids: Vec<Span>,
    /// `InternalId=` of the accepting replies.
    pub internal_ids: Vec<Span>,
    /// The sum of the sizes that the accepting replies name, in bytes.
    pub bytes: u64,
    /// The last accepting reply.
    pub accepted_row: Option<u32>,
}

/// What a refusing reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// The connection itself.
    Connection,
    /// EHLO.
    Greeting,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// A message: DATA, BDAT, or what followed them.
    Message,
    /// A word that asks for nothing of these.
    Other,
    /// Nothing that was read.
    Nothing,
}

/// A reply that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its row, as an index into the session's rows.
    pub row: u32,
    /// What it answers.
    pub asked: Asked,
    /// The recipient that it refuses.
    pub recipient: Option<Span>,
    /// `550`.
    pub code: u16,
    /// `5.7.54`; all zero where there is none.
    pub status: (u8, u16, u16),
}

/// To whom, or for whom, the session was passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxied {
    /// A front end handed the client on to this host.
    To(Span),
    /// A hub took this client's session over from a front end.
    For {
        /// The client's address.
        ip: Option<Span>,
        /// The front end's session id.
        session_id: Option<Span>,
    },
}

/// What a whole conversation amounts to. Spans lie in the session's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The first row's time.
    pub start: Option<Timestamp>,
    /// The last row's time.
    pub end: Option<Timestamp>,
    /// The name in the 220 banner.
    pub banner: Option<Span>,
    /// The whole banner after its code: it ends in the server's local time and UTC offset.
    pub banner_text: Option<Span>,
    /// The last EHLO or HELO argument.
    pub helo: Option<Span>,
    /// The rows of the last EHLO reply before TLS, as indices into the session's rows.
    pub ehlo_rows: Vec<u32>,
    /// The rows of the last EHLO reply after TLS.
    pub ehlo_rows_tls: Vec<u32>,
    /// Whether the EHLO reply before TLS may have been cut off or not told from one after it.
    pub is_head_cut: bool,
    /// TLS.
    pub tls: TlsFacts,
    /// AUTH.
    pub auth: AuthFacts,
    /// Messages.
    pub mail: MailFacts,
    /// Hand-overs between front end and hub, repeats of the one before left out.
    pub proxied: Vec<Proxied>,
    /// The sum of all tarpits, in milliseconds.
    pub tarpit_ms: u64,
    /// Whether the client said anything.
    pub has_client_word: bool,
    /// Every reply that refuses, in order; never more than the session has rows.
    pub refusals: Vec<Refusal>,
    /// What rows hold that is not to be shown, in the order of rows and of places in them.
    pub secrets: Vec<Secret>,
    /// The first tarpit that is due to back pressure.
    pub pressure_row: Option<u32>,
    /// The MAIL FROM of a transaction that neither ended nor was given up when the rows end.
    pub open_transaction: Option<u32>,
}

impl Facts {
    /// Makes it as new, keeping what its lists have allocated.
    pub fn clear(&mut self) {
        let mut lists = std::mem::take(self);
        for rows in [
            &mut lists.ehlo_rows,
            &mut lists.ehlo_rows_tls,
            &mut lists.tls.certificate_rows,
            &mut lists.tls.client_certificate_rows,
        ] {
            rows.clear();
        }
        for spans in [
            &mut lists.mail.senders,
            &mut lists.mail.recipients,
            &mut lists.mail.message_ids,
            &mut lists.mail.internal_ids,
        ] {
            spans.clear();
        }
        lists.proxied.clear();
        lists.refusals.clear();
        lists.secrets.clear();
        lists.auth.failed.clear();
        self.ehlo_rows = lists.ehlo_rows;
        self.ehlo_rows_tls = lists.ehlo_rows_tls;
        self.tls.certificate_rows = lists.tls.certificate_rows;
        self.tls.client_certificate_rows = lists.tls.client_certificate_rows;
        self.mail.senders = lists.mail.senders;
        self.mail.recipients = lists.mail.recipients;
        self.mail.message_ids = lists.mail.message_ids;
        self.mail.internal_ids = lists.mail.internal_ids;
        self.proxied = lists.proxied;
        self.refusals = lists.refusals;
        self.secrets = lists.secrets;
        self.auth.failed = lists.auth.failed;
    }
}
