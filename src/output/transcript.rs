//! One session as a person wants to read it.
//!
//! In: a [`Case`]. Out: its facts, then its conversation.
//!
//! **Invariant**: client and server are told apart by letter and by indent, never by colour alone.

use std::fmt::Write;

use anstyle::Style;

use crate::dialogue::certificate::{Certificate, read_certificate};
use crate::dialogue::extensions::read_extensions;
use crate::dialogue::facts::Span;
use crate::dialogue::notice::{Notice, parse_negotiation, parse_notice, parse_protocol};
use crate::dialogue::secret::{to_open_context, to_open_data};
use crate::ingest::Case;
use crate::record::value::Timestamp;
use crate::record::{Field, Marker};
use crate::session::Row;

use super::escape::visible;
use super::finding::{push_findings, rules_of_row};
use super::json::{Record, Text, files_of, protocol_text};
use super::lines::as_letter;
use super::paint::{ASIDE, CLIENT, FAILURE, Paint};
use super::time::{Zone, push_time, to_duration_text, to_grouped, to_time_text};

/// Appends the session's facts and its conversation.
pub fn write_transcript(case: &Case<'_>, zone: Zone, paint: Paint, out: &mut String) {
    push_facts(case, zone.for_case(case), out);
    push_findings(case, paint, out);
    out.push('\n');
    for line in to_conversation(case, zone) {
        let (open, close) = paint.around(line.tone.style());
        let proof = if line.rules.is_empty() { ' ' } else { '!' };
        let rules = if line.rules.is_empty() { String::new() } else { format!("  <- {}", line.rules) };
        let text = format!("{:>29} {proof}{} {}{}{rules}", line.lead, line.mark, line.indent(), line.text);
        out.extend([&*open, text.trim_end(), &*close, "\n"]);
    }
}

/// What a line of a conversation is, for who looks for the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A reply that refuses: what a reader looks for.
    Refusal,
    /// What the client said.
    Client,
    /// What Exchange noted.
    Notice,
    /// Any other.
    Plain,
}

impl Tone {
    fn style(self) -> Option<Style> {
        match self {
            Self::Refusal => Some(FAILURE),
            Self::Client => Some(CLIENT),
            Self::Notice => Some(ASIDE),
            Self::Plain => None,
        }
    }
}

/// A line of a conversation, escaped. A row has one, or several where a reply has several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which of the session's rows.
    pub row: usize,
    /// The first row's time, for the others the time since the row before; empty on further lines.
    pub lead: String,
    /// `C`, `S`, `*`, `+` or `-`; a blank on further lines.
    pub mark: char,
    /// What was said.
    pub text: String,
    /// The rules that the row is evidence of, parted by commas.
    pub rules: String,
    /// How it is shown.
    pub tone: Tone,
    marker: Marker,
}

impl Line {
    /// What the server says stands to the right of what the client says.
    pub fn indent(&self) -> &'static str {
        match self.marker {
            Marker::Received | Marker::Connect | Marker::Disconnect => "",
            Marker::Sent => "    ",
            Marker::Information => "        ",
        }
    }
}

/// Returns the session's rows as a person wants to read them.
pub fn to_conversation(case: &Case<'_>, zone: Zone) -> Vec<Line> {
    let zone = zone.for_case(case);
    let mut lines = Vec::with_capacity(case.session.rows.len());
    let mut before: Option<Timestamp> = None;
    for (index, row) in case.session.rows.iter().enumerate() {
        let time = Timestamp::parse(case.session.to_record(row).time.as_inner());
        let mut opening = Some((to_lead(time, before, zone), rules_of_row(case, index)));
        let tone = tone_of(row.marker, case.session.as_data(row));
        lines.extend(to_lines(case, index, row).into_iter().map(|text| {
            let is_first = opening.is_some();
            let (lead, rules) = opening.take().unwrap_or_default();
            let mark = if is_first { char::from(as_letter(row.marker)) } else { ' ' };
            Line { row: index, lead, mark, text, rules, tone, marker: row.marker }
        }));
        before = time.or(before);
    }
    lines
}

/// The first row's time; for the others the time since the row before.
fn to_lead(time: Option<Timestamp>, before: Option<Timestamp>, zone: Zone) -> String {
    match (time, before) {
        (Some(time), Some(before)) => {
            let millis = time.millis_since(before);
            format!("{}{} ms", if millis < 0 { '-' } else { '+' }, to_grouped(millis.unsigned_abs()))
        }
        (Some(time), None) => to_time_text(time, zone),
        (None, _) => String::new(),
    }
}

fn tone_of(marker: Marker, data: Field<'_>) -> Tone {
    match (marker, data.as_inner()) {
        (Marker::Sent, [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', ..]) => Tone::Refusal,
        (Marker::Received, _) => Tone::Client,
        (Marker::Information, _) => Tone::Notice,
        _ => Tone::Plain,
    }
}

/// A row's text in words; several lines where a reply has several.
fn to_lines(case: &Case<'_>, index: usize, row: &Row) -> Vec<String> {
    match row.marker {
        Marker::Connect => vec![connect_text(case)],
        Marker::Disconnect => vec![disconnect_text(case.session.as_context(row))],
        Marker::Received => vec![joined(case, index, row)],
        Marker::Sent => reply_lines(case, index, row),
        Marker::Information => vec![notice_text(case, index, row)],
    }
}

fn connect_text(case: &Case<'_>) -> String {
    let record = &case.head;
    format!("connect from {} to {}", shown(record.remote), shown(record.local))
}

fn disconnect_text(context: Field<'_>) -> String {
    let context = shown(context);
    if context.is_empty() { "disconnect".into() } else { format!("disconnect: {context}") }
}

fn shown(field: Field<'_>) -> String {
    visible(&field.to_value()).into_owned()
}

/// Data and context, credentials hidden.
fn joined(case: &Case<'_>, index: usize, row: &Row) -> String {
    let data = to_open_data(case.session, case.facts, index, row);
    let context = to_open_context(case.session, case.facts, index, row);
    let (data, context) = (visible(&data), visible(&context));
    match (data.is_empty(), context.is_empty()) {
        (false, false) => format!("{data}  {context}"),
        _ => data.into_owned() + &context,
    }
}

/// An EHLO reply that later versions log in one row is unfolded, one extension a line.
fn reply_lines(case: &Case<'_>, index: usize, row: &Row) -> Vec<String> {
    let (whole, data) = (joined(case, index, row), case.session.as_data(row));
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let is_ehlo = [&case.facts.ehlo_rows, &case.facts.ehlo_rows_tls].iter().any(|rows| rows[..] == [index]);
    let extensions = if is_ehlo { read_extensions(case.session, &[index]) } else { Vec::new() };
    let Some(first) = extensions.first() else { return vec![whole] };
    let inner = data.as_inner();
    let greeting = first.as_ptr() as usize - inner.as_ptr() as usize;
    let mut lines = vec![visible(inner[..greeting].trim_ascii_end()).into_owned()];
    lines.extend(extensions.iter().map(|extension| format!("      {}", visible(extension))));
    lines
}

fn notice_text(case: &Case<'_>, index: usize, row: &Row) -> String {
    let (data, context) = (case.session.as_data(row), case.session.as_context(row));
    let text = [data.as_inner(), context.as_inner()].concat();
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let data_span = Span { start: 0, end: at(data.as_inner().len()), is_quoted: data.is_quoted() };
    let context_span = Span { start: data_span.end, end: at(text.len()), is_quoted: context.is_quoted() };
    match parse_notice(&text, data_span, context_span) {
        Notice::Negotiated(span) => negotiation_text(span.of(&text)),
        Notice::Certificate(_) if !data.as_inner().is_empty() => {
            let certificate_row = u32::try_from(index).unwrap_or(u32::MAX);
            match read_certificate(case.session, &[certificate_row]) {
                Some(certificate) => format!("{}: {}", opening(context), certificate_text(&certificate)),
                None => joined(case, index, row),
            }
        }
        _ => joined(case, index, row),
    }
}

/// `Sending certificate`, without the names of the columns that follow it.
fn opening(context: Field<'_>) -> String {
    shown(context).split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// `TLSv1.2 came up: AES_256 (256 bits), SHA_384, ECDH_EPHEM (384 bits)`.
fn negotiation_text(words: &[u8]) -> String {
    let negotiation = parse_negotiation(words);
    let bits = |name: Option<&[u8]>, bits: Option<u32>| {
        let name = visible(name?).into_owned();
        Some(bits.map_or(name.clone(), |bits| format!("{name} ({bits} bits)")))
    };
    let parts = [
        bits(negotiation.cipher, negotiation.cipher_bits),
        bits(negotiation.mac, None),
        bits(negotiation.key_exchange, negotiation.key_exchange_bits),
    ];
    let protocol = parse_protocol(words).map_or("TLS", protocol_text);
    format!("{protocol} came up: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn certificate_text(certificate: &Certificate) -> String {
    let text = |part: Option<&Vec<u8>>| part.map_or("unknown".into(), |part| visible(part).into_owned());
    let time = |time: Option<Timestamp>| time.map_or("unknown".into(), |time| to_time_text(time, Zone::Utc));
    let names: Vec<String> = certificate.names.iter().map(|name| visible(name).into_owned()).collect();
    format!(
        "{}, issued by {}, valid {} to {}, thumbprint {}, names {}",
        text(certificate.subject.as_ref()),
        text(certificate.issuer.as_ref()),
        time(certificate.not_before),
        time(certificate.not_after),
        text(certificate.thumbprint.as_ref()),
        if names.is_empty() { "unknown".into() } else { names.join(" ") }
    )
}

fn push_facts(case: &Case<'_>, zone: Zone, out: &mut String) {
    let record = Record::new(case);
    let text = |part: Option<&Text<'_>>| part.map_or("-".to_owned(), |part| visible(&part.0).into_owned());
    let auth = &record.auth;
    let tls = &record.starttls;
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            // Writing into a string cannot fail.
            let _ = writeln!(out, "{name:<11} {value}");
        }
    };
    fact("session", text(Some(&record.id)));
    fact(
        "server",
        format!(
            "{}, connector {}, role {}",
            text(record.server.as_ref()),
            text(record.connector.as_ref()),
            record.role.unwrap_or("unknown")
        ),
    );
    fact("client", format!("{}, helo {}", text(record.remote.as_ref()), text(record.helo.as_ref())));
    fact("local", format!("{}, banner {}", text(record.local.as_ref()), text(record.banner.as_ref())));
    fact("time", time_fact(case, zone, record.duration_ms));
    fact("rows", rows_fact(case, &record));
    fact(
        "starttls",
        [tls.outcome, tls.protocol.unwrap_or_default()].join(" ").trim_end().to_owned()
            + &tls.error.as_ref().map_or(String::new(), |error| format!(": {}", visible(&error.0))),
    );
    fact("auth", auth_fact(auth));
    fact("mail", mail_fact(&record));
    fact("verdict", record.verdict.to_owned());
    fact(
        "end",
        record.disconnect.as_ref().map_or_else(
            || if record.closed { "-".into() } else { "the log ends first".into() },
            |end| visible(&end.0).into_owned(),
        ),
    );
}

fn time_fact(case: &Case<'_>, zone: Zone, duration_ms: i64) -> String {
    let mut text = String::new();
    for (at, row) in [case.session.first(), case.session.last()].into_iter().enumerate() {
        text.push_str(if at == 0 { "" } else { " to " });
        if let Some(time) = Timestamp::parse(case.session.to_record(row).time.as_inner()) {
            push_time(&mut text, time, zone);
        }
    }
    format!("{text} ({})", to_duration_text(duration_ms))
}

fn rows_fact(case: &Case<'_>, record: &Record<'_>) -> String {
    let files: Vec<String> = files_of(case)
        .iter()
        .map(|file| format!("{}:{}-{}", visible(file.path.as_bytes()), file.first_line, file.last_line))
        .collect();
    let missing = match (record.opened, record.closed) {
        (true, true) => "",
        (false, true) => ", the head is missing",
        (true, false) => ", the tail is missing",
        (false, false) => ", head and tail are missing",
    };
    format!("{} in {}{missing}", record.lines, files.join(", "))
}

fn auth_fact(auth: &super::json::AuthRecord<'_>) -> String {
    let text = |part: Option<&Text<'_>>| part.map_or("-".to_owned(), |part| visible(&part.0).into_owned());
    if auth.attempts == 0 {
        return auth.outcome.to_owned();
    }
    let mechanism = auth.mechanism.as_deref().map_or("-".into(), |mechanism| visible(mechanism.as_bytes()));
    let error = auth.error.as_ref().map_or(String::new(), |error| format!(": {}", visible(&error.0)));
    format!(
        "{} {mechanism}, user {}{error}, {} attempts, {} failures",
        auth.outcome,
        text(auth.user.as_ref()),
        auth.attempts,
        auth.failures
    )
}

fn mail_fact(record: &Record<'_>) -> String {
    let mail = &record.mail;
    let delay = if record.tarpit_ms > 0 {
        format!(", tarpit {}", to_duration_text(i64::try_from(record.tarpit_ms).unwrap_or(i64::MAX)))
    } else {
        String::new()
    };
    format!(
        "{} of {} accepted, {} bytes, {} recipients, {} refused{delay}",
        mail.accepted,
        mail.attempted,
        to_grouped(mail.bytes),
        mail.recipients.len(),
        mail.recipients_rejected
    )
}
