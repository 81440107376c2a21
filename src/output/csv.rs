//! The session record, flat: one row a session.
//!
//! In: a [`Case`]. Out: a line of comma-separated values.
//!
//! **Invariant**: the columns and their order are those of [`COLUMNS`]; a list stands in one cell,
//! parted by `;`; no cell can be taken for a formula. Cells are exact, but on a terminal.

use std::borrow::Cow;

use crate::ingest::Case;

use super::escape::{defused, visible};
use super::json::{CertificateRecord, HandOver, Record, Text};

/// The names of the columns, as the header has them.
pub const COLUMNS: [&str; 70] = [
    "schema",
    "id",
    "session_id",
    "log",
    "server",
    "connector",
    "role",
    "start",
    "end",
    "duration_ms",
    "local",
    "local_ip",
    "local_port",
    "remote",
    "remote_ip",
    "remote_port",
    "lines",
    "opened",
    "closed",
    "disconnect",
    "files",
    "banner",
    "helo",
    "extensions",
    "extensions_tls",
    "starttls_outcome",
    "starttls_offered",
    "starttls_error",
    "starttls_protocol",
    "starttls_cipher",
    "starttls_cipher_bits",
    "starttls_mac",
    "starttls_key_exchange",
    "starttls_key_exchange_bits",
    "certificate_subject",
    "certificate_issuer",
    "certificate_serial",
    "certificate_thumbprint",
    "certificate_not_before",
    "certificate_not_after",
    "certificate_names",
    "client_certificate_subject",
    "client_certificate_issuer",
    "client_certificate_thumbprint",
    "domain_capabilities",
    "certificate_status",
    "auth_outcome",
    "auth_mechanism",
    "auth_user",
    "auth_error",
    "auth_attempts",
    "auth_failures",
    "auth_permissions",
    "mail_attempted",
    "mail_accepted",
    "mail_senders",
    "mail_recipients",
    "mail_recipients_rejected",
    "mail_message_ids",
    "mail_internal_ids",
    "mail_bytes",
    "proxied",
    "tarpit_ms",
    "verdict",
    "findings",
    "file_count",
    "client_certificate_serial",
    "client_certificate_not_before",
    "client_certificate_not_after",
    "client_certificate_names",
];

/// A further column where files are followed: whether the session came before, with fewer rows.
const FOLLOWED_COLUMN: &str = "again";

/// Appends the header line.
///
/// Errors: none.
pub fn write_header(out: &mut Vec<u8>) -> csv::Result<()> {
    write_names(&COLUMNS, out)
}

/// Appends the header line of an answer that follows files.
///
/// Errors: none.
pub fn write_followed_header(out: &mut Vec<u8>) -> csv::Result<()> {
    write_names(&[&COLUMNS[..], &[FOLLOWED_COLUMN]].concat(), out)
}

fn write_names(names: &[&str], out: &mut Vec<u8>) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(names)?;
    Ok(writer.flush()?)
}

/// How text stands in the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// As it is: for a file or a pipe.
    Exact,
    /// Control characters and hidden ones by their codes: for a terminal.
    Visible,
}

/// Appends the session's line.
///
/// Errors: none that the session can cause.
pub fn write_record(case: &Case<'_>, cells: Cells, out: &mut Vec<u8>) -> csv::Result<()> {
    let mut row = Row { writer: to_writer(case, out), cells };
    row.record(&Record::new(case))?;
    row.end()
}

/// Appends the session's line in an answer that follows files.
///
/// Errors: none that the session can cause.
pub fn write_followed_record(case: &Case<'_>, cells: Cells, out: &mut Vec<u8>) -> csv::Result<()> {
    let mut row = Row { writer: to_writer(case, out), cells };
    row.record(&Record::new(case))?;
    row.own(case.is_again)?;
    row.end()
}

/// How long a cell may be for the usual buffer, in bytes of the session's rows.
const USUAL_BYTES: usize = 1 << 17;

/// Whenever its buffer is full, the writer searches all that is left of a cell for quotes. With a buffer
/// that grows with the rows that the cells are from, it does so a few times and not once for each 8 KiB:
/// a row of 1 GB took hours.
fn to_writer<'a>(case: &Case<'_>, out: &'a mut Vec<u8>) -> csv::Writer<&'a mut Vec<u8>> {
    let n_bytes: usize = case.session.rows.iter().map(|row| (row.end - row.start) as usize).sum();
    match n_bytes <= USUAL_BYTES {
        true => csv::Writer::from_writer(out),
        false => csv::WriterBuilder::new().buffer_capacity(n_bytes / 16).from_writer(out),
    }
}

struct Row<'a> {
    writer: csv::Writer<&'a mut Vec<u8>>,
    cells: Cells,
}

impl Row<'_> {
    fn record(&mut self, record: &Record<'_>) -> csv::Result<()> {
        self.session(record)?;
        self.starttls(record)?;
        self.auth_and_mail(record)?;
        self.client_certificate(record.starttls.client_certificate.as_ref())
    }

    fn end(mut self) -> csv::Result<()> {
        self.writer.write_record(None::<&[u8]>)?;
        Ok(self.writer.flush()?)
    }

    fn cell(&mut self, value: &str) -> csv::Result<()> {
        let value = defused(value);
        match self.cells {
            Cells::Exact => self.writer.write_field(value.as_bytes()),
            Cells::Visible => self.writer.write_field(visible(value.as_bytes()).as_bytes()),
        }
    }

    /// A value that heloscope made: it cannot be a formula, though it may open with a minus sign.
    fn own(&mut self, value: impl std::fmt::Display) -> csv::Result<()> {
        self.writer.write_field(value.to_string())
    }

    fn own_option(&mut self, value: Option<impl std::fmt::Display>) -> csv::Result<()> {
        match value {
            Some(value) => self.own(value),
            None => self.cell(""),
        }
    }

    fn text(&mut self, value: Option<&Text<'_>>) -> csv::Result<()> {
        self.cell(&value.map(Text::to_text).unwrap_or_default())
    }

    fn list(&mut self, values: &[Text<'_>]) -> csv::Result<()> {
        let texts: Vec<Cow<'_, str>> = values.iter().map(Text::to_text).collect();
        self.cell(&texts.join(";"))
    }

    fn session(&mut self, record: &Record<'_>) -> csv::Result<()> {
        self.own(record.schema)?;
        self.text(Some(&record.id))?;
        self.text(Some(&record.session_id))?;
        self.own(record.log)?;
        self.text(record.server.as_ref())?;
        self.text(record.connector.as_ref())?;
        self.own_option(record.role)?;
        self.text(Some(&record.start))?;
        self.text(Some(&record.end))?;
        self.own(record.duration_ms)?;
        self.text(record.local.as_ref())?;
        self.own_option(record.local_ip)?;
        self.own_option(record.local_port)?;
        self.text(record.remote.as_ref())?;
        self.own_option(record.remote_ip)?;
        self.own_option(record.remote_port)?;
        self.own(record.lines)?;
        self.own(record.opened)?;
        self.own(record.closed)?;
        self.text(record.disconnect.as_ref())?;
        let files: Vec<String> =
            record.files.iter().map(|file| format!("{}:{}-{}", file.path, file.first_line, file.last_line)).collect();
        self.cell(&files.join(";"))?;
        self.text(record.banner.as_ref())?;
        self.text(record.helo.as_ref())?;
        self.list(&record.extensions)?;
        self.list(&record.extensions_tls)
    }

    fn starttls(&mut self, record: &Record<'_>) -> csv::Result<()> {
        let tls = &record.starttls;
        self.own(tls.outcome)?;
        self.own_option(tls.offered)?;
        self.text(tls.error.as_ref())?;
        self.own_option(tls.protocol)?;
        self.text(tls.cipher.as_ref())?;
        self.own_option(tls.cipher_bits)?;
        self.text(tls.mac.as_ref())?;
        self.text(tls.key_exchange.as_ref())?;
        self.own_option(tls.key_exchange_bits)?;
        let part = |certificate: &Option<CertificateRecord>, of: fn(&CertificateRecord) -> Option<&Text<'static>>| {
            certificate.as_ref().and_then(of).cloned()
        };
        self.text(part(&tls.certificate, |own| own.subject.as_ref()).as_ref())?;
        self.text(part(&tls.certificate, |own| own.issuer.as_ref()).as_ref())?;
        self.text(part(&tls.certificate, |own| own.serial.as_ref()).as_ref())?;
        self.text(part(&tls.certificate, |own| own.thumbprint.as_ref()).as_ref())?;
        self.own_option(tls.certificate.as_ref().and_then(|own| own.not_before.as_ref()))?;
        self.own_option(tls.certificate.as_ref().and_then(|own| own.not_after.as_ref()))?;
        self.list(tls.certificate.as_ref().map_or(&[], |own| &own.names))?;
        self.text(part(&tls.client_certificate, |peer| peer.subject.as_ref()).as_ref())?;
        self.text(part(&tls.client_certificate, |peer| peer.issuer.as_ref()).as_ref())?;
        self.text(part(&tls.client_certificate, |peer| peer.thumbprint.as_ref()).as_ref())?;
        self.text(tls.domain_capabilities.as_ref())?;
        self.text(tls.status.as_ref())
    }

    fn auth_and_mail(&mut self, record: &Record<'_>) -> csv::Result<()> {
        let (auth, mail) = (&record.auth, &record.mail);
        self.own(auth.outcome)?;
        self.cell(auth.mechanism.as_deref().unwrap_or_default())?;
        self.text(auth.user.as_ref())?;
        self.text(auth.error.as_ref())?;
        self.own(auth.attempts)?;
        self.own(auth.failures)?;
        self.list(&auth.permissions)?;
        self.own(mail.attempted)?;
        self.own(mail.accepted)?;
        self.list(&mail.senders)?;
        self.list(&mail.recipients)?;
        self.own(mail.recipients_rejected)?;
        self.list(&mail.message_ids)?;
        self.list(&mail.internal_ids)?;
        self.own(mail.bytes)?;
        let proxied: Vec<String> = record.proxied.0.iter().map(to_hand_over_text).collect();
        self.cell(&proxied.join(";"))?;
        self.own(record.tarpit_ms)?;
        self.own(record.verdict)?;
        let rules: Vec<&str> = record.findings.iter().map(|finding| finding.rule).collect();
        self.cell(&rules.join(";"))?;
        self.own(record.files.len())
    }

    /// What is told of it beyond the columns that stand beside TLS: columns are added at the end, so
    /// that scripts which count them go on.
    fn client_certificate(&mut self, peer: Option<&CertificateRecord>) -> csv::Result<()> {
        self.text(peer.and_then(|peer| peer.serial.as_ref()))?;
        self.own_option(peer.and_then(|peer| peer.not_before.as_ref()))?;
        self.own_option(peer.and_then(|peer| peer.not_after.as_ref()))?;
        self.list(peer.map_or(&[], |peer| &peer.names))
    }
}

/// `to=host`, or `for=198.51.100.7 session=08DE…`.
fn to_hand_over_text(hand_over: &HandOver<'_>) -> String {
    let text = |part: &Option<Text<'_>>| part.as_ref().map_or_else(String::new, |part| part.to_text().into_owned());
    match hand_over {
        HandOver::To { to, .. } => format!("to={}", text(to)),
        HandOver::For { for_ip, session_id } => format!("for={} session={}", text(for_ip), text(session_id)),
    }
}
