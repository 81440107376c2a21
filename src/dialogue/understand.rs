//! Follows a conversation row by row and notes what it amounts to.
//!
//! In: a [`Session`]. Out: [`Facts`].
//!
//! Replies answer commands first in, first out: a client that pipelines sends MAIL, RCPT and DATA
//! before the first reply. So commands wait in a queue, and a reply that plainly is not the first
//! one's is given to the one that it fits.
//!
//! **Invariant**: linear in the rows; allocates nothing once its buffers have grown.

use std::collections::VecDeque;

use crate::record::{Field, Marker};
use crate::session::{Row, Session};

use super::command::{Command, find_parameter, is_last_chunk, parse_command, parse_path};
use super::extensions::is_offer;
use super::facts::{Asked, Facts, Proxied, Refusal, Span, StartTls};
use super::head::{count_unasked, is_answer};
use super::login::Login;
use super::notice::{Notice, Owner, parse_notice, parse_protocol, quoted_after};
use super::pending::{Pending, addressee};
use super::reply::{Reply, is_recipient_refusal, parse_accepted, parse_reply};
use super::secret::{Confidence, mechanism_of};

/// Buffers that are used again from session to session.
#[derive(Debug, Default)]
pub struct Scratch {
    pending: VecDeque<Pending>,
}

/// Clears `facts` and fills it with what the session amounts to.
pub fn understand(session: &Session<'_>, scratch: &mut Scratch, facts: &mut Facts) {
    facts.clear();
    scratch.pending.clear();
    facts.is_head_cut = !session.is_opened();
    (facts.start, facts.end) = (session.time(session.first()), session.time(session.last()));
    let mut conversation = Conversation {
        text: session.text,
        pending: &mut scratch.pending,
        facts,
        tls: Tls::None,
        login: Login::default(),
        confidence: Confidence::new(!session.is_opened()),
        owner: Owner::Server,
        destination: Span::default(),
        is_ehlo_orphan: false,
        is_refused: false,
        n_unasked: if session.is_opened() { 0 } else { count_unasked(session) },
    };
    for (index, row) in session.rows.iter().enumerate() {
        conversation.take(u32::try_from(index).unwrap_or(u32::MAX), row);
    }
    conversation.end(session.is_closed());
}

/// How far STARTTLS has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    None,
    Asked,
    /// 220 was sent: the handshake is on.
    Ready,
    /// It came up: what is said from here on is encrypted.
    Up,
    /// It was refused, or it failed.
    Down,
}

struct Conversation<'a> {
    text: &'a [u8],
    pending: &'a mut VecDeque<Pending>,
    facts: &'a mut Facts,
    tls: Tls,
    login: Login,
    confidence: Confidence,
    /// Whose certificate the property rows tell of.
    owner: Owner,
    /// Where a client session is to be handed to.
    destination: Span,
    /// Whether lines of an EHLO reply are read whose command was cut off.
    is_ehlo_orphan: bool,
    /// Whether the last reply refused.
    is_refused: bool,
    /// How many of the next replies answer commands that were cut off.
    n_unasked: usize,
}

impl Conversation<'_> {
    #[inline]
    fn take(&mut self, index: u32, row: &Row) {
        match row.marker {
            Marker::Received => self.client(index, span_of(self.text, row.data, row.data_end)),
            Marker::Sent => self.server(index, span_of(self.text, row.data, row.data_end)),
            Marker::Information => self.notice(index, row),
            Marker::Connect | Marker::Disconnect => {}
        }
        if self.confidence.has_said() {
            self.confidence.echo(self.facts, self.text, index, span_of(self.text, row.context, row.end));
        }
    }

    /// A row that the client sent.
    fn client(&mut self, index: u32, data: Span) {
        let words = data.of(self.text);
        let (command, argument_at) = parse_command(words);
        self.facts.has_client_word = true;
        self.confidence.client(self.facts, self.text, index, data, (command, argument_at));
        if self.login.is_challenged() && command == Command::Other {
            // An answer to a challenge, which Exchange does not log as a rule.
            return;
        }
        self.leave_login();
        if self.tls == Tls::Ready && command != Command::StartTls {
            // A word that can be read after the 220 was decrypted: Exchange 2010 logs no other proof.
            self.tls_up();
        }
        let argument = data.part(argument_at, words.len());
        let pending = match command {
            Command::Ehlo => self.greet(argument, Pending::Ehlo { is_begun: false }),
            Command::Helo => self.greet(argument, Pending::Minor),
            Command::StartTls => self.start_tls(),
            Command::Auth => self.auth(index, argument),
            Command::Mail => self.mail(index, argument),
            Command::Rcpt => Pending::Rcpt(self.address(argument)),
            Command::Data => Pending::Message,
            Command::Bdat if is_last_chunk(argument.of(self.text)) => Pending::Message,
            Command::Bdat => Pending::Part,
            Command::Quit => self.quit(),
            Command::XProxy => self.xproxy(argument),
            Command::Minor => self.minor(words),
            Command::Other => Pending::Minor,
        };
        self.pending.push_back(pending);
    }

    /// A further word of SMTP: a login that is under way has no result any more.
    fn leave_login(&mut self) {
        if self.login.is_challenged() {
            self.login.abandon(&mut self.facts.auth);
            self.forget_auth();
        }
    }

    /// The reply to an AUTH command will not come any more.
    fn forget_auth(&mut self) {
        if self.pending.front() == Some(&Pending::Auth) {
            self.pending.pop_front();
        }
    }

    fn greet(&mut self, argument: Span, pending: Pending) -> Pending {
        let name = Some(super::notice::trimmed(self.text, argument)).filter(|name| !name.is_empty());
        self.facts.helo = name.or(self.facts.helo);
        self.facts.open_transaction = None;
        pending
    }

    fn quit(&mut self) -> Pending {
        self.facts.open_transaction = None;
        Pending::Quit
    }

    fn minor(&mut self, words: &[u8]) -> Pending {
        if words.trim_ascii_end().eq_ignore_ascii_case(b"RSET") {
            self.facts.open_transaction = None;
        }
        Pending::Minor
    }

    fn start_tls(&mut self) -> Pending {
        if self.tls == Tls::Up {
            // Only one is allowed, and what came up does not go down by asking again.
            return Pending::Minor;
        }
        self.tls = Tls::Asked;
        self.facts.tls.error = None;
        self.facts.tls.result_row = None;
        (self.facts.tls.negotiation, self.facts.tls.protocol) = (None, None);
        self.facts.tls.outcome = StartTls::Unknown;
        Pending::StartTls
    }

    fn auth(&mut self, index: u32, argument: Span) -> Pending {
        self.forget_auth();
        self.facts.auth.attempt_row = Some(index);
        let words = argument.of(self.text);
        let length = words.iter().position(|byte| *byte == b' ').unwrap_or(words.len());
        let has_response = !words[length..].trim_ascii().is_empty();
        self.login.ask(&mut self.facts.auth, mechanism_of(argument, self.text), has_response);
        Pending::Auth
    }

    fn mail(&mut self, index: u32, argument: Span) -> Pending {
        self.facts.open_transaction = Some(index);
        self.facts.mail.attempted = self.facts.mail.attempted.saturating_add(1);
        self.facts.mail.senders.push(self.address(argument));
        Pending::Mail
    }

    fn address(&self, argument: Span) -> Span {
        let (from, to) = parse_path(argument.of(self.text), 1 + usize::from(argument.is_quoted));
        argument.part(from, to)
    }

    fn xproxy(&mut self, argument: Span) -> Pending {
        let words = argument.of(self.text);
        let value = |name| find_parameter(words, name).map(|(from, to)| argument.part(from, to));
        let (ip, session_id) = (value(b"IP"), value(b"SID"));
        let bytes = |span: Option<Span>| span.map(|span| span.of(self.text));
        let is_same = |known: &Proxied| match known {
            Proxied::For { ip: other, session_id: id } => (bytes(*other), bytes(*id)) == (bytes(ip), bytes(session_id)),
            Proxied::To(_) => false,
        };
        if !self.facts.proxied.last().is_some_and(is_same) {
            self.facts.proxied.push(Proxied::For { ip, session_id });
        }
        Pending::Minor
    }

    /// A row that the server sent.
    fn server(&mut self, index: u32, data: Span) {
        self.confidence.server(self.facts, self.text, index, data);
        let Some(reply) = parse_reply(data.of(self.text)) else { return };
        if self.is_banner(&reply) {
            return self.banner(data, &reply);
        }
        self.is_refused = reply.is_refusal();
        let is_unasked = self.n_unasked > 0 && is_answer(data.of(self.text));
        self.n_unasked -= usize::from(is_unasked);
        let addressee = if is_unasked { None } else { addressee(self.pending, &reply) };
        if self.is_refused && !reply.is_continued {
            self.refuse(index, data, &reply, addressee.map(|at| self.pending[at]));
        }
        let Some(at) = addressee else { return self.orphan(index, data, &reply) };
        if at > 0 {
            self.pending.drain(..at);
        }
        self.answer(index, data, &reply);
    }

    /// Notes down a reply that refuses.
    #[cold]
    fn refuse(&mut self, index: u32, data: Span, reply: &Reply, pending: Option<Pending>) {
        let asked = match pending {
            Some(pending) => pending.asked(),
            None if reply.code == 535 => Asked::Auth,
            None if is_recipient_refusal(data.of(self.text), reply) => Asked::Recipient,
            None if !self.facts.has_client_word && !self.facts.is_head_cut => Asked::Connection,
            None => Asked::Nothing,
        };
        if pending == Some(Pending::Mail) {
            self.facts.open_transaction = None;
        }
        let recipient = match pending {
            Some(Pending::Rcpt(address)) => Some(address),
            _ => None,
        };
        self.facts.refusals.push(Refusal { row: index, asked, recipient, code: reply.code, status: reply.status });
    }

    fn is_banner(&self, reply: &Reply) -> bool {
        // The reply to STARTTLS bears a status, a banner none; some clients speak before it.
        let is_first = !self.facts.has_client_word && !self.facts.is_head_cut;
        reply.code == 220 && self.tls == Tls::None && (is_first || reply.status == (0, 0, 0))
    }

    fn banner(&mut self, data: Span, reply: &Reply) {
        let words = data.of(self.text);
        let text = data.part(reply.text_at, words.len());
        let name = text.of(self.text);
        let length = name.iter().position(|byte| *byte == b' ').unwrap_or(name.len());
        if self.facts.banner.is_none() && length > 0 {
            self.facts.banner = Some(text.part(0, length));
        }
        self.facts.banner_text = Some(text);
    }

    /// The reply to the first of the waiting commands.
    fn answer(&mut self, index: u32, data: Span, reply: &Reply) {
        let Some(pending) = self.pending.front().copied() else { return };
        let is_final = !reply.is_continued && !matches!(reply.code, 334 | 354);
        match pending {
            Pending::Ehlo { is_begun } => self.ehlo_line(index, reply, is_begun),
            Pending::StartTls => self.tls_answered(index, reply),
            Pending::Auth if reply.code == 334 => {
                self.login.challenge();
                self.note_clear(index);
            }
            Pending::Auth if is_final => self.auth_answered(index, data, reply),
            Pending::Rcpt(address) if is_final => self.recipient(address, reply),
            Pending::Message if is_final => self.message_answered(index, data, reply),
            _ => {}
        }
        if is_final {
            self.pending.pop_front();
        }
    }

    fn message_answered(&mut self, index: u32, data: Span, reply: &Reply) {
        if reply.code == 250 {
            self.accept(index, data, reply);
        }
        // A client that pipelines may have begun the next transaction already.
        if self.pending.len() == 1 {
            self.facts.open_transaction = None;
        }
    }

    fn auth_answered(&mut self, index: u32, data: Span, reply: &Reply) {
        if reply.code < 300 {
            self.note_clear(index);
        }
        self.login.reply(&mut self.facts.auth, reply, data.of(self.text), index);
    }

    /// A login that sends its password as it is, and no TLS around it.
    fn note_clear(&mut self, index: u32) {
        let auth = &mut self.facts.auth;
        if self.tls == Tls::Up || auth.clear_row.is_some() {
            return;
        }
        let mechanism = auth.mechanism.map(|span| span.of(self.text)).unwrap_or_default();
        let bares = mechanism.eq_ignore_ascii_case(b"LOGIN") || mechanism.eq_ignore_ascii_case(b"PLAIN");
        auth.clear_row = bares.then_some(index);
    }

    fn ehlo_line(&mut self, index: u32, reply: &Reply, is_begun: bool) {
        if reply.code != 250 {
            return;
        }
        let rows = match self.tls {
            Tls::Up => &mut self.facts.ehlo_rows_tls,
            _ => &mut self.facts.ehlo_rows,
        };
        if !is_begun {
            rows.clear();
        }
        rows.push(index);
        if let Some(Pending::Ehlo { is_begun }) = self.pending.front_mut() {
            *is_begun = true;
        }
    }

    fn tls_answered(&mut self, index: u32, reply: &Reply) {
        if self.tls != Tls::Asked {
            return;
        }
        self.facts.tls.answer_row = Some(index);
        if reply.code == 220 {
            self.tls = Tls::Ready;
        } else {
            self.tls = Tls::Down;
            self.facts.tls.outcome = StartTls::Refused;
        }
    }

    fn tls_up(&mut self) {
        self.tls = Tls::Up;
        self.facts.tls.outcome = StartTls::Succeeded;
    }

    fn recipient(&mut self, address: Span, reply: &Reply) {
        match reply.code {
            200..=299 => self.facts.mail.recipients.push(address),
            _ if reply.is_refusal() => {
                self.facts.mail.recipients_rejected = self.facts.mail.recipients_rejected.saturating_add(1);
            }
            _ => {}
        }
    }

    fn accept(&mut self, index: u32, data: Span, reply: &Reply) {
        let words = data.of(self.text);
        let text = data.part(reply.text_at, words.len());
        let accepted = parse_accepted(text.of(self.text));
        let mail = &mut self.facts.mail;
        mail.accepted = mail.accepted.saturating_add(1);
        mail.accepted_row = Some(index);
        mail.bytes = mail.bytes.saturating_add(accepted.bytes);
        mail.message_ids.extend(accepted.message_id.map(|(from, to)| text.part(from, to)));
        mail.internal_ids.extend(accepted.internal_id.map(|(from, to)| text.part(from, to)));
    }

    /// A reply whose command was not read: the session's head is cut, or a row was lost.
    fn orphan(&mut self, index: u32, data: Span, reply: &Reply) {
        match reply.code {
            235 | 535 => self.login.reply(&mut self.facts.auth, reply, data.of(self.text), index),
            354 => self.pending.push_front(Pending::Message),
            550 if is_recipient_refusal(data.of(self.text), reply) => self.recipient(data, reply),
            250 if reply.status == (2, 6, 0) && memchr::memmem::find(data.of(self.text), b"Queued mail").is_some() => {
                self.accept(index, data, reply);
            }
            250 if reply.is_continued || self.is_ehlo_orphan || is_offer(&data.of(self.text)[reply.text_at..]) => {
                self.ehlo_line(index, reply, self.is_ehlo_orphan);
                self.is_ehlo_orphan = reply.is_continued;
            }
            _ => {}
        }
    }

    /// A row that Exchange wrote for itself.
    fn notice(&mut self, index: u32, row: &Row) {
        let data = span_of(self.text, row.data, row.data_end);
        let context = span_of(self.text, row.context, row.end);
        self.confidence.echo(self.facts, self.text, index, data);
        match parse_notice(self.text, data, context) {
            Notice::Permissions(list) => {
                let is_none = matches!(list.of(self.text).trim_ascii(), b"" | b"None");
                self.facts.auth.permissions = (!is_none).then_some(list);
            }
            Notice::Authenticated(user) => {
                self.note_clear(index);
                self.login.succeed(&mut self.facts.auth);
                self.facts.auth.user = Some(user).filter(|user| !user.is_empty()).or(self.facts.auth.user);
            }
            Notice::Certificate(owner) => {
                self.owner = owner;
                self.certificate_row(index);
            }
            Notice::CertificateProperty => self.certificate_row(index),
            Notice::Negotiated(span) => {
                self.facts.tls.protocol = parse_protocol(span.of(self.text));
                self.facts.tls.negotiation = Some(span);
                self.facts.tls.result_row = Some(index);
                self.tls_up();
            }
            Notice::NegotiationFailed(error) => {
                self.tls = Tls::Down;
                self.facts.tls.outcome = StartTls::Failed;
                self.facts.tls.result_row = Some(index);
                self.facts.tls.error = Some(error).filter(|error| !error.is_empty());
            }
            Notice::DomainCapabilities(span) => self.domain_capabilities(span),
            Notice::LoginFailed { mechanism, error } => {
                self.login.fail_by_row(&mut self.facts.auth, mechanism, error, index);
            }
            Notice::UserName(user) => {
                let user = Some(user).filter(|user| !matches!(user.of(self.text), b"" | b"NULL"));
                self.login.name_user(&mut self.facts.auth, user);
            }
            Notice::ProxyDestination(destination) => self.destination = destination,
            Notice::ProxySetUp(user) => {
                self.facts.proxied.push(Proxied::To(self.destination));
                self.login.succeed(&mut self.facts.auth);
                let user = Some(user).filter(|user| !user.is_empty());
                self.facts.auth.user = self.facts.auth.user.or(user);
            }
            Notice::Tarpit { millis, is_pressure } => {
                self.facts.tarpit_ms = self.facts.tarpit_ms.saturating_add(millis);
                if is_pressure && self.facts.pressure_row.is_none() {
                    self.facts.pressure_row = Some(index);
                }
            }
            Notice::Other => {}
        }
    }

    fn certificate_row(&mut self, index: u32) {
        match self.owner {
            Owner::Server => self.facts.tls.certificate_rows.push(index),
            Owner::Client => self.facts.tls.client_certificate_rows.push(index),
        }
    }

    fn domain_capabilities(&mut self, span: Span) {
        let words = span.of(self.text);
        let part = |value: &[u8]| {
            let from = value.as_ptr() as usize - words.as_ptr() as usize;
            span.part(from, from + value.len())
        };
        self.facts.tls.domain_capabilities = quoted_after(words, b"TlsDomainCapabilities=").map(part);
        self.facts.tls.status = quoted_after(words, b"Status=").map(part);
    }

    /// The session is over, or the log is.
    fn end(&mut self, is_closed: bool) {
        if matches!(self.tls, Tls::Asked | Tls::Ready) {
            self.facts.tls.outcome = if is_closed { StartTls::Failed } else { StartTls::Unknown };
        }
        self.login.end(&mut self.facts.auth, is_closed);
        if self.is_refused {
            // Whoever leaves after a refusal was not cut off.
            self.facts.open_transaction = None;
        }
    }
}

/// Returns the value of the field that lies there, quotes off.
#[inline]
fn span_of(text: &[u8], start: u32, end: u32) -> Span {
    let whole = Span { start, end, is_quoted: false };
    let field = Field(whole.of(text));
    if !field.is_quoted() {
        return whole;
    }
    Span { is_quoted: true, ..whole.part(1, 1 + field.as_inner().len()) }
}

#[cfg(test)]
mod tests;
