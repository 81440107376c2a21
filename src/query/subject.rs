//! What a query can be asked about.
//!
//! In: a session, in whatever form it is kept. Out: the answers to what a query's fields ask.
//!
//! **Invariant**: an answer that the log does not tell is `None`; values that repeat are handed to a
//! test one after the other, so that none needs to be gathered. Nothing is allocated but where a
//! quote stands doubled in a value, and where certificates are asked for.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;

use crate::diagnosis::{Severity, Verdict};
use crate::dialogue::certificate::{Certificate, read_certificate};
use crate::dialogue::facts::{Auth, Protocol, Span, StartTls};
use crate::dialogue::notice::parse_negotiation;
use crate::dialogue::reply::parse_reply;
use crate::ingest::{Case, Role};
use crate::record::Marker;
use crate::record::value::Timestamp;
use crate::session::{session_id_of, to_id, write_id};

/// Says whether a value is meant.
pub type Test<'t> = &'t mut dyn FnMut(&[u8]) -> bool;

/// What a query can be asked about. The methods are named for the fields.
pub trait Subject {
    /// The client's address.
    fn ip(&self) -> Option<IpAddr>;
    /// The address of Exchange's end.
    fn local_ip(&self) -> Option<IpAddr>;
    /// The port of Exchange's end.
    fn port(&self) -> Option<u16>;
    /// The server, or the log's folder.
    fn server(&self) -> Cow<'_, [u8]>;
    /// The receive connector.
    fn connector(&self) -> Cow<'_, [u8]>;
    /// The transport role.
    fn role(&self) -> Option<Role>;
    /// Whether the path of any of its files passes, or its name.
    fn any_file(&self, test: Test<'_>) -> bool;
    /// Whether its session id passes: alone, behind the server, or with the number that tells it from
    /// others of its name.
    fn any_id(&self, test: Test<'_>) -> bool;
    /// The last EHLO or HELO argument.
    fn helo(&self) -> Option<Cow<'_, [u8]>>;
    /// The name in the banner.
    fn banner(&self) -> Option<Cow<'_, [u8]>>;
    /// What became of STARTTLS.
    fn starttls(&self) -> StartTls;
    /// The protocol that TLS settled on.
    fn protocol(&self) -> Option<Protocol>;
    /// The cipher that TLS settled on.
    fn cipher(&self) -> Option<Cow<'_, [u8]>>;
    /// Whether subject, issuer, serial number, thumbprint or a name of a certificate passes.
    fn any_certificate_text(&self, test: Test<'_>) -> bool;
    /// What became of the last AUTH.
    fn auth(&self) -> Auth;
    /// The mechanism of the last AUTH.
    fn mechanism(&self) -> Option<Cow<'_, [u8]>>;
    /// The user of the last AUTH.
    fn user(&self) -> Option<Cow<'_, [u8]>>;
    /// Whether Exchange's word for a failed login, or for a failed handshake, passes.
    fn any_error(&self, test: Test<'_>) -> bool;
    /// How many AUTH commands failed.
    fn failures(&self) -> u32;
    /// Whether any sender passes.
    fn any_sender(&self, test: Test<'_>) -> bool;
    /// Whether any accepted recipient passes.
    fn any_recipient(&self, test: Test<'_>) -> bool;
    /// Whether any message id passes.
    fn any_message_id(&self, test: Test<'_>) -> bool;
    /// How many messages were accepted.
    fn mails(&self) -> u32;
    /// The size of the accepted messages, in bytes.
    fn bytes(&self) -> u64;
    /// How many rows there are.
    fn lines(&self) -> u64;
    /// Whether the code and enhanced status of any reply pass; the status is all zero for none.
    fn any_reply(&self, test: &mut dyn FnMut(u16, (u8, u16, u16)) -> bool) -> bool;
    /// Whether the rule and severity of any finding pass.
    fn any_finding(&self, test: &mut dyn FnMut(&str, Severity) -> bool) -> bool;
    /// What all findings come to.
    fn verdict(&self) -> Verdict;
    /// The disconnect row's context; `None` where there is no such row.
    fn end(&self) -> Option<Cow<'_, [u8]>>;
    /// From the first row to the last, in milliseconds.
    fn duration_ms(&self) -> Option<u64>;
    /// The sum of all tarpits, in milliseconds.
    fn tarpit_ms(&self) -> u64;
    /// The first row's time.
    fn start(&self) -> Option<Timestamp>;
    /// Whether the bytes of any row pass, its line end not counted.
    fn any_row(&self, test: Test<'_>) -> bool;
}

/// How long an id may be that is put together without allocating, in bytes.
const ID_BYTES: usize = 128;

/// Whether an id, with server and ordinal, passes in full, as it stands in the log, or without the server.
pub(crate) fn any_form_of_id(id: &[u8], server: &[u8], ordinal: u32, test: Test<'_>) -> bool {
    let without_server = id.get(server.len() + 1..).unwrap_or_default();
    test(session_id_of(id, server, ordinal)) || test(id) || (ordinal > 1 && test(without_server))
}

impl Subject for Case<'_> {
    fn ip(&self) -> Option<IpAddr> {
        self.remote().ip
    }

    fn local_ip(&self) -> Option<IpAddr> {
        self.local().ip
    }

    fn port(&self) -> Option<u16> {
        self.local().port
    }

    fn server(&self) -> Cow<'_, [u8]> {
        self.to_server()
    }

    fn connector(&self) -> Cow<'_, [u8]> {
        self.connector_parts().1
    }

    fn role(&self) -> Option<Role> {
        Case::role(self)
    }

    fn any_file(&self, test: Test<'_>) -> bool {
        let mut last = None;
        self.session.rows.iter().any(|row| {
            let is_next = last.replace(row.file) != Some(row.file);
            is_next && is_path_of(&self.files[row.file.0 as usize].path, test)
        })
    }

    fn any_id(&self, test: Test<'_>) -> bool {
        let session_id = self.head.session_id.to_value();
        let (server, ordinal) = (Subject::server(self), self.session.ordinal);
        let mut buffer = [0; ID_BYTES];
        let mut room = &mut buffer[..];
        match write_id(&mut room, &server, &session_id, ordinal) {
            Ok(()) => {
                let length = ID_BYTES - room.len();
                any_form_of_id(&buffer[..length], &server, ordinal, test)
            }
            Err(_) => any_form_of_id(&to_id(&server, &session_id, ordinal), &server, ordinal, test),
        }
    }

    fn helo(&self) -> Option<Cow<'_, [u8]>> {
        value(self, self.facts.helo)
    }

    fn banner(&self) -> Option<Cow<'_, [u8]>> {
        value(self, self.facts.banner)
    }

    fn starttls(&self) -> StartTls {
        self.facts.tls.outcome
    }

    fn protocol(&self) -> Option<Protocol> {
        self.facts.tls.protocol
    }

    fn cipher(&self) -> Option<Cow<'_, [u8]>> {
        let negotiation = self.facts.tls.negotiation?.of(self.session.text);
        parse_negotiation(negotiation).cipher.map(Cow::Borrowed)
    }

    fn any_certificate_text(&self, test: Test<'_>) -> bool {
        [&self.facts.tls.certificate_rows, &self.facts.tls.client_certificate_rows].into_iter().any(|rows| {
            let certificate = if rows.is_empty() { None } else { read_certificate(self.session, rows) };
            certificate.is_some_and(|certificate| any_text(&certificate, test))
        })
    }

    fn auth(&self) -> Auth {
        self.facts.auth.outcome
    }

    fn mechanism(&self) -> Option<Cow<'_, [u8]>> {
        value(self, self.facts.auth.mechanism)
    }

    fn user(&self) -> Option<Cow<'_, [u8]>> {
        value(self, self.facts.auth.user)
    }

    fn any_error(&self, test: Test<'_>) -> bool {
        let words = [self.facts.auth.error, self.facts.tls.error];
        match words {
            [None, None] => test(b""),
            _ => words.into_iter().flatten().any(|word| test(&word.to_value(self.session.text))),
        }
    }

    fn failures(&self) -> u32 {
        self.facts.auth.failures
    }

    fn any_sender(&self, test: Test<'_>) -> bool {
        any_value(self, &self.facts.mail.senders, test)
    }

    fn any_recipient(&self, test: Test<'_>) -> bool {
        any_value(self, &self.facts.mail.recipients, test)
    }

    fn any_message_id(&self, test: Test<'_>) -> bool {
        any_value(self, &self.facts.mail.message_ids, test)
    }

    fn mails(&self) -> u32 {
        self.facts.mail.accepted
    }

    fn bytes(&self) -> u64 {
        self.facts.mail.bytes
    }

    fn lines(&self) -> u64 {
        self.session.rows.len() as u64
    }

    fn any_reply(&self, test: &mut dyn FnMut(u16, (u8, u16, u16)) -> bool) -> bool {
        let sent = self.session.rows.iter().filter(|row| row.marker == Marker::Sent);
        let replies = sent.filter_map(|row| parse_reply(self.session.as_data(row).as_inner()));
        replies.into_iter().any(|reply| test(reply.code, reply.status))
    }

    fn any_finding(&self, test: &mut dyn FnMut(&str, Severity) -> bool) -> bool {
        self.findings.iter().any(|finding| test(finding.rule.name(), finding.severity))
    }

    fn verdict(&self) -> Verdict {
        Case::verdict(self)
    }

    fn end(&self) -> Option<Cow<'_, [u8]>> {
        let row = self.session.rows.iter().rev().find(|row| row.marker == Marker::Disconnect)?;
        Some(self.session.as_context(row).to_value())
    }

    fn duration_ms(&self) -> Option<u64> {
        let (start, end) = self.facts.start.zip(self.facts.end)?;
        Some(u64::try_from(end.millis_since(start)).unwrap_or(0))
    }

    fn tarpit_ms(&self) -> u64 {
        self.facts.tarpit_ms
    }

    fn start(&self) -> Option<Timestamp> {
        self.facts.start
    }

    fn any_row(&self, test: Test<'_>) -> bool {
        self.session.rows.iter().any(|row| test(self.session.as_line(row)))
    }
}

/// Whether a path passes, or the name at its end.
pub(crate) fn is_path_of(path: &Path, test: Test<'_>) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    test(path.as_os_str().as_encoded_bytes()) || test(name)
}

fn value<'a>(case: &Case<'a>, span: Option<Span>) -> Option<Cow<'a, [u8]>> {
    span.map(|span| span.to_value(case.session.text))
}

fn any_value(case: &Case<'_>, spans: &[Span], test: Test<'_>) -> bool {
    spans.iter().any(|span| test(&span.to_value(case.session.text)))
}

fn any_text(certificate: &Certificate, test: Test<'_>) -> bool {
    let Certificate { subject, issuer, serial, thumbprint, names, .. } = certificate;
    let parts = [subject, issuer, serial, thumbprint];
    parts.into_iter().flatten().chain(names).any(|text| test(text))
}
