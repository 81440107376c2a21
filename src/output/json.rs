//! The session record: the public shape that scripts depend on.
//!
//! In: a [`Case`]. Out: one JSON object.
//!
//! **Invariant**: a field may be added, none renamed or re-typed without a new [`SCHEMA`]. What the
//! log does not tell is `null`; an empty list is `[]`. What steers a terminal or hides text is escaped.
//!
//! What must change together: the structs here, their fields in `json/line.rs`, `session-record.schema.json`, the
//! columns of [`csv`](super::csv).

mod line;
mod shared;

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::dialogue::certificate::Certificate;
use crate::dialogue::extensions::offers_starttls;
use crate::dialogue::facts::{Auth, Protocol, Proxied, Span, StartTls};
use crate::dialogue::notice::{Negotiation, parse_negotiation};
use crate::dialogue::secret::{to_open_context, to_open_data};
use crate::ingest::{Case, Role};
use crate::record::value::{Endpoint, Timestamp};
use crate::record::{Field, Marker};
use crate::session::{FileId, to_id};

use super::escape::escape_json;
use super::finding::FindingRecord;
use super::time::{Zone, to_time_text};
use line::Line;
use shared::{Extensions, Presented, certificate_of, extensions_of};

/// The version of the shape.
pub const SCHEMA: u8 = 1;

/// The JSON Schema of the record.
pub const RECORD_SCHEMA: &str = include_str!("session-record.schema.json");

/// Appends the record as one line of JSON, without its line end.
pub fn write_record(case: &Case<'_>, out: &mut Vec<u8>) {
    Record::new(case).append(out);
}

/// Returns a record as JSON for eyes, with its line end.
///
/// Errors: those of the record.
pub(super) fn to_pretty(record: &impl Serialize) -> serde_json::Result<String> {
    let mut json = serde_json::to_vec_pretty(record)?;
    json.push(b'\n');
    escape_json(&mut json, 0);
    Ok(String::from_utf8(json).expect("JSON is UTF-8, and so are its escapes"))
}

/// Bytes of a log as a JSON string; invalid UTF-8 becomes U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Text<'a>(pub(super) Cow<'a, [u8]>);

impl Text<'_> {
    /// Returns it as text.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Nearly all text is valid, and that is seen much sooner than mended.
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.serialize_str(&self.to_text()),
        }
    }
}

/// The session record. Field by field as documented in the README.
#[derive(Debug, serde::Serialize)]
pub(super) struct Record<'a> {
    pub(super) schema: u8,
    pub(super) id: Text<'a>,
    pub(super) session_id: Text<'a>,
    pub(super) log: &'static str,
    pub(super) server: Option<Text<'a>>,
    pub(super) connector: Option<Text<'a>>,
    pub(super) role: Option<&'static str>,
    pub(super) start: Text<'a>,
    pub(super) end: Text<'a>,
    pub(super) duration_ms: i64,
    pub(super) local: Option<Text<'a>>,
    pub(super) local_ip: Option<IpAddr>,
    pub(super) local_port: Option<u16>,
    pub(super) remote: Option<Text<'a>>,
    pub(super) remote_ip: Option<IpAddr>,
    pub(super) remote_port: Option<u16>,
    pub(super) lines: usize,
    pub(super) opened: bool,
    pub(super) closed: bool,
    pub(super) disconnect: Option<Text<'a>>,
    pub(super) files: Vec<FileRecord<'a>>,
    pub(super) banner: Option<Text<'a>>,
    pub(super) helo: Option<Text<'a>>,
    pub(super) extensions: Extensions,
    pub(super) extensions_tls: Extensions,
    pub(super) starttls: StartTlsRecord<'a>,
    pub(super) auth: AuthRecord<'a>,
    pub(super) mail: MailRecord<'a>,
    pub(super) proxied: ProxiedRecord<'a>,
    pub(super) tarpit_ms: u64,
    pub(super) verdict: &'static str,
    pub(super) findings: Vec<FindingRecord<'a>>,
    /// There only where it is true: no other answer than that of files that are followed has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) again: bool,
}

#[derive(Debug, serde::Serialize)]
pub(super) struct FileRecord<'a> {
    pub(super) path: Cow<'a, str>,
    pub(super) first_line: u64,
    pub(super) last_line: u64,
}

#[derive(Debug, serde::Serialize)]
pub(super) struct StartTlsRecord<'a> {
    pub(super) outcome: &'static str,
    pub(super) offered: Option<bool>,
    pub(super) error: Option<Text<'a>>,
    pub(super) protocol: Option<&'static str>,
    pub(super) cipher: Option<Text<'a>>,
    pub(super) cipher_bits: Option<u32>,
    pub(super) mac: Option<Text<'a>>,
    pub(super) key_exchange: Option<Text<'a>>,
    pub(super) key_exchange_bits: Option<u32>,
    pub(super) certificate: Presented,
    pub(super) client_certificate: Presented,
    pub(super) domain_capabilities: Option<Text<'a>>,
    pub(super) status: Option<Text<'a>>,
}

#[derive(Debug, serde::Serialize)]
pub(super) struct CertificateRecord {
    pub(super) subject: Option<Text<'static>>,
    pub(super) issuer: Option<Text<'static>>,
    pub(super) serial: Option<Text<'static>>,
    pub(super) thumbprint: Option<Text<'static>>,
    pub(super) not_before: Option<String>,
    pub(super) not_after: Option<String>,
    pub(super) names: Vec<Text<'static>>,
}

#[derive(Debug, serde::Serialize)]
pub(super) struct AuthRecord<'a> {
    pub(super) outcome: &'static str,
    pub(super) mechanism: Option<String>,
    pub(super) user: Option<Text<'a>>,
    pub(super) error: Option<Text<'a>>,
    pub(super) attempts: u32,
    pub(super) failures: u32,
    pub(super) permissions: Vec<Text<'a>>,
}

#[derive(Debug, serde::Serialize)]
pub(super) struct MailRecord<'a> {
    pub(super) attempted: u32,
    pub(super) accepted: u32,
    pub(super) senders: Vec<Text<'a>>,
    pub(super) recipients: Vec<Text<'a>>,
    pub(super) recipients_rejected: u32,
    pub(super) message_ids: Vec<Text<'a>>,
    pub(super) internal_ids: Vec<Text<'a>>,
    pub(super) bytes: u64,
}

/// `null` for none, one object for one, a list for several.
#[derive(Debug)]
pub(super) struct ProxiedRecord<'a>(pub(super) Vec<HandOver<'a>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(untagged)]
pub(super) enum HandOver<'a> {
    To { to: Option<Text<'a>>, session_id: Option<Text<'a>> },
    For { for_ip: Option<Text<'a>>, session_id: Option<Text<'a>> },
}

impl Serialize for ProxiedRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [] => serializer.serialize_none(),
            [one] => one.serialize(serializer),
            several => {
                let mut list = serializer.serialize_seq(Some(several.len()))?;
                for one in several {
                    list.serialize_element(one)?;
                }
                list.end()
            }
        }
    }
}

impl<'a> Record<'a> {
    pub(super) fn new(case: &Case<'a>) -> Self {
        let session = case.session;
        let (first, last) = (case.head, session.to_record(session.last()));
        let (server, connector) = first.connector_parts();
        let [local, remote] = [first.local, first.remote].map(|end| Endpoint::parse(end.as_inner()));
        let session_id = first.session_id.to_value();
        let id = to_id(&case.server_or_folder(server.clone()), &session_id, session.ordinal);
        let role = case.first_file().role.or_else(|| Role::infer(&connector, local.port));
        let [start, end] = [case.facts.start, case.facts.end].map(|time| time.unwrap_or(Timestamp(0)));
        let span = |span: Option<Span>| span.map(|span| text_of(case, span));
        let extensions = extensions_of(session, &case.facts.ehlo_rows);
        Self {
            schema: SCHEMA,
            id: Text(Cow::Owned(id)),
            session_id: Text(session_id),
            log: "smtp-receive",
            server: server.and_then(some_text),
            connector: some_text(connector),
            role: role.map(Role::as_text),
            start: time_text(first.time),
            end: time_text(last.time),
            duration_ms: end.millis_since(start),
            local: some_text(first.local.as_inner()),
            local_ip: local.ip,
            local_port: local.port,
            remote: some_text(first.remote.as_inner()),
            remote_ip: remote.ip,
            remote_port: remote.port,
            lines: session.rows.len(),
            opened: session.is_opened(),
            closed: session.is_closed(),
            disconnect: disconnect_of(case),
            files: files_of(case),
            banner: span(case.facts.banner),
            helo: span(case.facts.helo),
            starttls: StartTlsRecord::new(case, is_offered(case, &extensions)),
            extensions,
            extensions_tls: extensions_of(session, &case.facts.ehlo_rows_tls),
            auth: AuthRecord::new(case),
            mail: MailRecord::new(case),
            proxied: ProxiedRecord(hand_overs(case)),
            tarpit_ms: case.facts.tarpit_ms,
            verdict: case.verdict().as_text(),
            findings: case.findings.iter().map(|finding| FindingRecord::new(case, finding)).collect(),
            again: case.is_again,
        }
    }
}

impl<'a> StartTlsRecord<'a> {
    fn new(case: &Case<'a>, offered: Option<bool>) -> Self {
        let tls = &case.facts.tls;
        let text = case.session.text;
        let negotiation = tls.negotiation.map(|span| parse_negotiation(span.of(text))).unwrap_or_default();
        let Negotiation { cipher, cipher_bits, mac, key_exchange, key_exchange_bits } = negotiation;
        let span = |span: Option<Span>| span.map(|span| text_of(case, span));
        Self {
            outcome: starttls_text(tls.outcome),
            offered,
            error: span(tls.error),
            protocol: tls.protocol.map(protocol_text),
            cipher: cipher.and_then(some_text),
            cipher_bits,
            mac: mac.and_then(some_text),
            key_exchange: key_exchange.and_then(some_text),
            key_exchange_bits,
            certificate: certificate_of(case.session, &tls.certificate_rows),
            client_certificate: certificate_of(case.session, &tls.client_certificate_rows),
            domain_capabilities: span(tls.domain_capabilities),
            status: span(tls.status),
        }
    }
}

/// Whether STARTTLS was offered; `None` where no EHLO reply was read, or where a cut head leaves
/// open whether a list without it was given before TLS or after it.
fn is_offered(case: &Case<'_>, extensions: &[Text<'_>]) -> Option<bool> {
    let rows = &case.facts.ehlo_rows;
    let is_listed = offers_starttls(extensions.iter().map(|text| &*text.0));
    (!rows.is_empty() && (is_listed || !case.facts.is_head_cut)).then_some(is_listed)
}

impl CertificateRecord {
    fn new(certificate: Certificate) -> Self {
        let text = |part: Option<Vec<u8>>| part.map(|part| Text(Cow::Owned(part)));
        let time = |part: Option<Timestamp>| part.map(|time| to_time_text(time, Zone::Utc));
        Self {
            subject: text(certificate.subject),
            issuer: text(certificate.issuer),
            serial: text(certificate.serial),
            thumbprint: text(certificate.thumbprint),
            not_before: time(certificate.not_before),
            not_after: time(certificate.not_after),
            names: certificate.names.into_iter().map(|name| Text(Cow::Owned(name))).collect(),
        }
    }
}

impl<'a> AuthRecord<'a> {
    fn new(case: &Case<'a>) -> Self {
        let auth = &case.facts.auth;
        let span = |span: Option<Span>| span.map(|span| text_of(case, span));
        let permissions = auth.permissions.map(|span| span.of(case.session.text)).unwrap_or_default();
        Self {
            outcome: auth_text(auth.outcome),
            mechanism: auth.mechanism.map(|span| text_of(case, span).to_text().to_uppercase()),
            user: span(auth.user),
            error: span(auth.error),
            attempts: auth.attempts,
            failures: auth.failures,
            permissions: permissions.split(|&byte| byte == b' ').filter_map(some_text).collect(),
        }
    }
}

impl<'a> MailRecord<'a> {
    fn new(case: &Case<'a>) -> Self {
        let mail = &case.facts.mail;
        let list = |spans: &[Span]| spans.iter().map(|span| text_of(case, *span)).collect();
        Self {
            attempted: mail.attempted,
            accepted: mail.accepted,
            senders: list(&mail.senders),
            recipients: list(&mail.recipients),
            recipients_rejected: mail.recipients_rejected,
            message_ids: list(&mail.message_ids),
            internal_ids: list(&mail.internal_ids),
            bytes: mail.bytes,
        }
    }
}

/// Each hand-over once, in the order of the log: a hub's connection serves clients in turn.
fn hand_overs<'a>(case: &Case<'a>) -> Vec<HandOver<'a>> {
    let mut known = HashSet::new();
    let hand_overs = case.facts.proxied.iter().map(|proxied| hand_over(case, proxied));
    hand_overs.filter(|hand_over| known.insert(hand_over.clone())).collect()
}

fn hand_over<'a>(case: &Case<'a>, proxied: &Proxied) -> HandOver<'a> {
    let span = |span: Option<Span>| span.filter(|span| !span.is_empty()).map(|span| text_of(case, span));
    match *proxied {
        Proxied::To(host) => HandOver::To { to: span(Some(host)), session_id: None },
        Proxied::For { ip, session_id } => HandOver::For { for_ip: span(ip), session_id: span(session_id) },
    }
}

fn text_of<'a>(case: &Case<'a>, span: Span) -> Text<'a> {
    Text(span.to_value(case.session.text))
}

fn some_text<'a>(bytes: impl Into<Cow<'a, [u8]>>) -> Option<Text<'a>> {
    let bytes = bytes.into();
    (!bytes.is_empty()).then_some(Text(bytes))
}

/// A time of three digits stands in the log as it stands here.
fn time_text(field: Field<'_>) -> Text<'_> {
    let text = field.as_inner();
    let odd = if text.len() == 24 { None } else { Timestamp::parse(text) };
    odd.map_or(Text(Cow::Borrowed(text)), |time| Text(Cow::Owned(to_time_text(time, Zone::Utc).into_bytes())))
}

fn disconnect_of<'a>(case: &Case<'a>) -> Option<Text<'a>> {
    let row = case.session.rows.iter().rev().find(|row| row.marker == Marker::Disconnect)?;
    Some(Text(case.session.as_context(row).to_value())).filter(|text| !text.0.is_empty())
}

/// The files of the session's rows, in the order of their first rows.
pub(super) fn files_of<'a>(case: &Case<'a>) -> Vec<FileRecord<'a>> {
    let mut spans: Vec<(FileId, u64, u64)> = Vec::with_capacity(1);
    for rows in case.session.rows.chunk_by(|row, next| row.file == next.file) {
        let file = rows[0].file;
        let lines = rows.iter().fold((u64::MAX, 0), |(first, last), row| (row.line.min(first), row.line.max(last)));
        match spans.iter_mut().rev().find(|(known, _, _)| *known == file) {
            Some((_, first, last)) => (*first, *last) = (lines.0.min(*first), lines.1.max(*last)),
            None => spans.push((file, lines.0, lines.1)),
        }
    }
    let record = |(file, first_line, last_line): (FileId, u64, u64)| FileRecord {
        path: case.files[file.0 as usize].to_path_text(),
        first_line,
        last_line,
    };
    spans.into_iter().map(record).collect()
}

/// The outcome's word in the record.
pub fn starttls_text(outcome: StartTls) -> &'static str {
    match outcome {
        StartTls::NotAttempted => "not-attempted",
        StartTls::Refused => "refused",
        StartTls::Failed => "failed",
        StartTls::Succeeded => "succeeded",
        StartTls::Unknown => "unknown",
    }
}

/// The outcome's word in the record.
pub fn auth_text(outcome: Auth) -> &'static str {
    match outcome {
        Auth::NotAttempted => "not-attempted",
        Auth::Succeeded => "succeeded",
        Auth::Rejected => "rejected",
        Auth::Failed => "failed",
        Auth::Abandoned => "abandoned",
        Auth::Unknown => "unknown",
    }
}

/// The protocol's word in the record.
pub fn protocol_text(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Ssl3 => "SSLv3",
        Protocol::Tls10 => "TLSv1.0",
        Protocol::Tls11 => "TLSv1.1",
        Protocol::Tls12 => "TLSv1.2",
        Protocol::Tls13 => "TLSv1.3",
    }
}

/// One row of a session, as `show --format json` lists it: without credentials.
#[derive(Debug, serde::Serialize)]
struct RowRecord<'a> {
    path: Cow<'a, str>,
    line: u64,
    time: Text<'a>,
    sequence: u32,
    who: &'static str,
    data: Text<'a>,
    context: Text<'a>,
}

#[derive(Debug, serde::Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    record: Record<'a>,
    rows: Vec<RowRecord<'a>>,
}

/// Appends the record with all of its rows.
///
/// Errors: none that the session can cause.
pub fn write_shown(case: &Case<'_>, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let rows = case.session.rows.iter().enumerate().map(|(index, row)| {
        let record = case.session.to_record(row);
        RowRecord {
            path: case.files[row.file.0 as usize].to_path_text(),
            line: row.line,
            time: time_text(record.time),
            sequence: row.sequence,
            who: who_text(row.marker),
            data: Text(to_open_data(case.session, case.facts, index, row)),
            context: Text(to_open_context(case.session, case.facts, index, row)),
        }
    });
    let mut record = Record::new(case);
    for (shown, finding) in record.findings.iter_mut().zip(case.findings) {
        shown.advise(case, finding);
    }
    let from = out.len();
    serde_json::to_writer_pretty(&mut *out, &Shown { record, rows: rows.collect() })?;
    escape_json(out, from);
    Ok(())
}

/// Who speaks in a row of a receive log.
pub fn who_text(marker: Marker) -> &'static str {
    match marker {
        Marker::Connect => "connect",
        Marker::Disconnect => "disconnect",
        Marker::Sent => "server",
        Marker::Received => "client",
        Marker::Information => "notice",
    }
}
