//! The session under examination, and its values in words.
//!
//! In: a [`Session`] and its [`Facts`]. Out: names, addresses and times for sentences and commands.
//!
//! **Invariant**: values are as the log has them; escaping is for those who show them.

use std::borrow::Cow;

use crate::dialogue::certificate::{Certificate, read_certificate};
use crate::dialogue::command::{Command, parse_command};
use crate::dialogue::facts::{Asked, Auth, Facts, Proxied, Refusal, Span};
use crate::dialogue::reply::parse_reply;
use crate::dialogue::secret::to_open_data;
use crate::record::value::{Endpoint, split_connector};
use crate::record::{Field, Marker};
use crate::session::{Row, Session};

use super::article::Values;
use super::{Finding, Rule};

/// A session and what it amounts to.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The rows.
    pub session: &'a Session<'a>,
    /// What they amount to.
    pub facts: &'a Facts,
}

impl<'a> Subject<'a> {
    pub(super) fn row(&self, index: u32) -> Option<&'a Row> {
        self.session.rows.get(index as usize)
    }

    /// The index of the last row.
    pub(super) fn last_row(&self) -> u32 {
        u32::try_from(self.session.rows.len() - 1).unwrap_or(u32::MAX)
    }

    /// The disconnect row with its index.
    pub(super) fn disconnect(&self) -> Option<(u32, &'a Row)> {
        let at = self.session.rows.iter().rposition(|row| row.marker == Marker::Disconnect)?;
        Some((u32::try_from(at).ok()?, &self.session.rows[at]))
    }

    /// The server's words in that row, with code and status; credentials that it says again are hidden.
    pub(super) fn reply_text(&self, row: u32) -> String {
        let data = self.row(row).map(|found| to_open_data(self.session, self.facts, row as usize, found));
        let data = data.unwrap_or_default();
        String::from_utf8_lossy(&data).trim().to_owned()
    }

    /// Whether the reply in that row says one of these, letter case ignored.
    pub(super) fn says(&self, row: u32, phrases: &[&str]) -> bool {
        let data = self.row(row).map(|row| self.session.as_data(row).as_inner()).unwrap_or_default();
        let text_at = parse_reply(data).map_or(0, |reply| reply.text_at);
        let words = data[text_at..].to_ascii_lowercase();
        phrases.iter().any(|phrase| memchr::memmem::find(&words, phrase.as_bytes()).is_some())
    }

    /// Whether the client got what it wanted after that row: a message was accepted, or a login that
    /// began behind it succeeded.
    pub(super) fn went_well_after(&self, row: u32) -> bool {
        let (mail, auth) = (&self.facts.mail, &self.facts.auth);
        let is_accepted = mail.accepted_row.is_some_and(|accepted| accepted > row);
        let is_begun = auth.attempt_row.is_some_and(|attempt| attempt > row);
        is_accepted || (is_begun && auth.outcome == Auth::Succeeded)
    }

    /// The last AUTH command before that row, and its row.
    pub(super) fn auth_before(&self, row: u32) -> Option<(u32, String)> {
        let before = self.session.rows.get(..row as usize)?;
        let is_auth = |row: &Row| parse_command(self.session.as_data(row).as_inner()).0 == Command::Auth;
        let at = before.iter().rposition(|row| row.marker == Marker::Received && is_auth(row))?;
        let words = self.session.as_data(&before[at]).to_value();
        let words = String::from_utf8_lossy(&words).split(' ').take(2).collect::<Vec<_>>().join(" ");
        Some((u32::try_from(at).ok()?, words.to_uppercase()))
    }

    /// Whether the refusal answers a login that had been challenged.
    pub(super) fn is_challenged(&self, refusal: &Refusal) -> bool {
        let before = self.session.rows.get(..refusal.row as usize).unwrap_or_default();
        let reply = before.iter().rev().find(|row| row.marker == Marker::Sent);
        refusal.asked == Asked::Auth
            && reply.is_some_and(|row| self.session.as_data(row).as_inner().starts_with(b"334"))
    }

    pub(super) fn text(&self, span: Span) -> String {
        String::from_utf8_lossy(&span.to_value(self.session.text)).into_owned()
    }

    fn some_text(&self, span: Option<Span>) -> Option<String> {
        span.map(|span| self.text(span)).filter(|text| !text.is_empty())
    }

    /// The client's address.
    pub(super) fn client(&self) -> String {
        let record = self.session.to_record(self.session.first());
        let host = Endpoint::parse(record.remote.as_inner()).host;
        if host.is_empty() { "the client".into() } else { String::from_utf8_lossy(host).into_owned() }
    }

    /// The address of the one who sends: on a hub the front end's client, where it is plain which.
    pub(super) fn sending_client(&self) -> String {
        let mut clients = self.facts.proxied.iter().filter_map(|proxied| match proxied {
            Proxied::For { ip, .. } => self.some_text(*ip),
            Proxied::To(_) => None,
        });
        match (clients.next(), clients.next()) {
            (None, _) => self.client(),
            (Some(only), None) => only,
            (Some(_), Some(_)) => format!("a client of {}", self.client()),
        }
    }

    /// Whether it is a front end that logged in here, for its clients.
    fn is_for_others(&self) -> bool {
        self.facts.proxied.iter().any(|proxied| matches!(proxied, Proxied::For { .. }))
    }

    /// The local port.
    pub(super) fn port(&self) -> Option<u16> {
        Endpoint::parse(self.session.to_record(self.session.first()).local.as_inner()).port
    }

    /// `SERVER\Connector`, as the log has it.
    pub(super) fn connector(&self) -> Cow<'a, [u8]> {
        self.session.to_record(self.session.first()).connector.to_value()
    }

    /// The connector's name alone.
    pub(super) fn connector_name(&self) -> String {
        let connector = self.connector();
        let name = String::from_utf8_lossy(split_connector(&connector).1).into_owned();
        if name.is_empty() { "the connector".into() } else { name }
    }

    /// Who the connector says it is.
    pub(super) fn banner(&self) -> String {
        self.some_text(self.facts.banner).unwrap_or_else(|| "Exchange".into())
    }

    /// The row of the banner.
    pub(super) fn banner_row(&self) -> Option<u32> {
        let start = self.facts.banner?.start;
        let at = self.session.rows.iter().position(|row| (row.data..row.data_end).contains(&start))?;
        u32::try_from(at).ok()
    }

    /// The user of the last attempt, or of the last that failed.
    pub(super) fn user(&self) -> Option<String> {
        let failed = self.facts.auth.failed.iter().rev().find_map(|failed| failed.user);
        self.some_text(self.facts.auth.user.or(failed)).filter(|_| !self.is_for_others())
    }

    /// The server that the connector names, or else its own name.
    pub(super) fn server(&self) -> String {
        let connector = self.connector();
        match split_connector(&connector).0 {
            Some(server) if !server.is_empty() => String::from_utf8_lossy(server).into_owned(),
            _ => self.banner(),
        }
    }

    /// The mechanism of the last attempt, in upper case.
    pub(super) fn mechanism(&self) -> Option<String> {
        self.some_text(self.facts.auth.mechanism).map(|mechanism| mechanism.to_uppercase())
    }

    /// The last sender before that row.
    pub(super) fn sender(&self) -> Option<String> {
        self.some_text(self.facts.mail.senders.last().copied())
    }

    /// The certificate that was presented.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        read_certificate(self.session, &self.facts.tls.certificate_rows)
    }

    /// The certificate by its subject: `CN=mail.contoso.com` as `mail.contoso.com`.
    pub(super) fn certificate_name(&self) -> Option<String> {
        super::certificate::name_of(&self.certificate()?)
    }

    /// The time between two rows, in words; `None` where one has no time.
    pub(super) fn elapsed(&self, from: u32, to: u32) -> Option<String> {
        let time = |row: u32| self.session.time(self.row(row)?);
        Some(to_span_text(time(to)?.millis_since(time(from)?)))
    }

    /// The refusal in that row. A session can hold a million of them, each asked for once.
    pub(super) fn refusal_at(&self, row: u32) -> Option<&'a Refusal> {
        let refusals = &self.facts.refusals;
        refusals.binary_search_by_key(&row, |refusal| refusal.row).ok().map(|at| &refusals[at])
    }

    /// The first refusal that is among the finding's rows.
    pub(super) fn refusal(&self, finding: &Finding) -> Option<&'a Refusal> {
        let rows = finding.evidence.rows();
        self.facts.refusals.iter().find(|refusal| rows.contains(&refusal.row))
    }

    /// The words of the reply that the finding is about, with its code.
    pub(super) fn refusal_text(&self, finding: &Finding) -> String {
        self.refusal(finding).map_or_else(String::new, |refusal| self.reply_text(refusal.row))
    }

    /// What the client asked when it was refused, as an object of a sentence.
    pub(super) fn asked(&self, finding: &Finding) -> &'static str {
        match self.refusal(finding).map(|refusal| refusal.asked) {
            Some(Asked::Connection) => "the connection",
            Some(Asked::Greeting) => "EHLO",
            Some(Asked::StartTls) => "STARTTLS",
            Some(Asked::Auth) => "AUTH",
            Some(Asked::Sender) => "MAIL FROM",
            Some(Asked::Recipient) => "RCPT TO",
            Some(Asked::Message) => "the message",
            Some(Asked::Other | Asked::Nothing) | None => "a command",
        }
    }

    /// A name for the connector that the certificate holds: the common name, or where that is a
    /// wildcard, the connector's own first label in its place.
    fn certified_name(&self, certificate: &Certificate) -> Option<String> {
        let common = certificate.subject.as_deref().and_then(super::certificate::common_name);
        let name = common.or_else(|| certificate.names.first().map(Vec::as_slice))?;
        let name = String::from_utf8_lossy(name).into_owned();
        let Some(parent) = name.strip_prefix("*.") else { return Some(name) };
        let banner = self.some_text(self.facts.banner)?;
        Some(format!("{}.{parent}", banner.split('.').next()?))
    }

    /// What goes into the commands about a finding.
    pub(super) fn to_values(self, finding: &Finding) -> Values {
        let record = self.session.to_record(self.session.first());
        let connector = record.connector.to_value();
        let server = split_connector(&connector).0.filter(|server| !server.is_empty());
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let some = |field: Field<'_>| Some(lossy(&field.to_value())).filter(|text| !text.is_empty());
        let certificate = self.certificate();
        let failed = self.facts.auth.failed.iter().rev().find_map(|failed| failed.user);
        let client = match self.is_for_others() {
            true => self.sending_client(),
            false => lossy(Endpoint::parse(record.remote.as_inner()).host),
        };
        Values {
            connector: some(record.connector),
            server: server.map(lossy),
            fqdn: self.some_text(self.facts.banner),
            certified: certificate.as_ref().and_then(|certificate| self.certified_name(certificate)),
            thumbprint: certificate.and_then(|certificate| certificate.thumbprint).as_deref().map(lossy),
            user: match finding.rule {
                Rule::AuthCredentialsRejected => self.some_text(failed),
                _ => self.user(),
            },
            client: Some(client).filter(|client| !client.is_empty() && !client.contains(' ')),
            sender: self.sender(),
            recipient: self.some_text(self.refusal(finding).and_then(|refusal| refusal.recipient)),
            time: some(record.time),
            end: some(self.session.to_record(self.session.last()).time),
            is_default: (!connector.is_empty()).then(|| is_default_connector(&connector)),
            reply: self.refusal(finding).map(|refusal| refusal.code),
        }
    }
}

/// Whether setup made the connector for other servers: it bears the server's own names and no other.
fn is_default_connector(connector: &[u8]) -> bool {
    let name = split_connector(connector).1.to_ascii_lowercase();
    name == b"default" || name.starts_with(b"default ") || name.starts_with(b"outbound proxy frontend")
}

/// `44 ms`, `0.9 s`, `2 min 51 s`.
fn to_span_text(millis: i64) -> String {
    let millis = millis.max(0);
    match millis {
        0..100 => format!("{millis} ms"),
        100..60_000 => {
            let tenths = (millis + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        _ => format!("{} min {} s", millis / 60_000, millis / 1000 % 60),
    }
}

/// `1 time`, `3 times`.
pub(super) fn to_times_text(count: usize) -> String {
    format!("{count} time{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        assert_eq!(
            [-1, 44, 877, 59_960, 171_000].map(to_span_text),
            ["0 ms", "44 ms", "0.9 s", "60.0 s", "2 min 51 s"]
        );
    }
}
