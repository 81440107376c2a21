//! The certificate that the connector presents, held against the connector's name and the clock of
//! the log.
//!
//! In: the certificate's rows and the banner. Out: findings `certificate-…`.
//!
//! **Invariant**: a certificate's text is parsed once, not once for each session; its end is held
//! against the row's own time, never against today.

use std::borrow::Cow;

use chrono::Datelike;

use crate::dialogue::certificate::{Certificate, read_certificate};
use crate::record::value::Timestamp;

use super::article::{Article, Scope, step, step_for};
use super::remembered::Remembered;
use super::subject::Subject;
use super::{Finding, Found, Rule, Severity};

/// How long before its end a certificate is said to be about to expire: 30 days.
const EXPIRING_MILLIS: i64 = 30 * MILLIS_PER_DAY;
const MILLIS_PER_DAY: i64 = 86_400_000;

/// A certificate that was presented before, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Known {
    names: Option<Names>,
    not_after: Option<Timestamp>,
    is_self_signed: bool,
    /// The name that was last held against it, and whether it is one of its own.
    banner: Vec<u8>,
    is_match: bool,
}

/// The names that a certificate is for.
#[derive(Debug)]
struct Names(Vec<Vec<u8>>);

impl Known {
    fn new(certificate: Option<Certificate>) -> Self {
        let Some(certificate) = certificate else { return Self::default() };
        let is_self_signed = certificate.subject.is_some() && certificate.subject == certificate.issuer;
        Self { not_after: certificate.not_after, is_self_signed, names: Names::new(&certificate), ..Self::default() }
    }

    /// Whether the name is none of the certificate's; `false` where its names are not known.
    fn mismatches(&mut self, banner: &[u8]) -> bool {
        let Some(names) = &self.names else { return false };
        if self.banner != banner {
            self.banner = banner.to_vec();
            self.is_match = names.hold(banner);
        }
        !self.is_match
    }
}

impl Names {
    /// The subject's common name and the alternate names; `None` where a redacted row leaves it open
    /// which they are.
    fn new(certificate: &Certificate) -> Option<Self> {
        let is_complete = certificate.thumbprint.is_some() && certificate.not_after.is_some();
        if certificate.names.is_empty() && !is_complete {
            return None;
        }
        let common_name = certificate.subject.as_deref().and_then(common_name).map(<[u8]>::to_vec);
        let names: Vec<Vec<u8>> = certificate.names.iter().cloned().chain(common_name).collect();
        (!names.is_empty()).then_some(Self(names))
    }

    fn hold(&self, host: &[u8]) -> bool {
        self.0.iter().any(|name| holds(name, host))
    }
}

/// Whether a certificate's name is for the host: the same, or a wildcard for its first label. Letter
/// case is ignored.
///
/// Shape: `*.contoso.com` holds `mail.contoso.com`, but neither `a.b.contoso.com` nor `contoso.com`.
/// Source: RFC 6125 section 6.4.3.
fn holds(name: &[u8], host: &[u8]) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(parent) = name.strip_prefix(b"*.") else { return false };
    let Some(dot) = memchr::memchr(b'.', host) else { return false };
    dot > 0 && host[dot + 1..].eq_ignore_ascii_case(parent)
}

/// The certificate by its subject: `CN=mail.contoso.com` as `mail.contoso.com`.
pub(super) fn name_of(certificate: &Certificate) -> Option<String> {
    let subject = certificate.subject.as_deref()?;
    Some(String::from_utf8_lossy(common_name(subject).unwrap_or(subject)).into_owned())
}

/// Returns the common name of a distinguished name: `CN=mail.contoso.com, O=Contoso`.
pub(super) fn common_name(subject: &[u8]) -> Option<&[u8]> {
    let start =
        memchr::memmem::find_iter(subject, b"CN=").find(|&at| at == 0 || matches!(subject[at - 1], b' ' | b','))?;
    let value = &subject[start + b"CN=".len()..];
    let value = match value.strip_prefix(b"\"") {
        Some(quoted) => &quoted[..memchr::memchr(b'"', quoted).unwrap_or(quoted.len())],
        None => &value[..memchr::memchr(b',', value).unwrap_or(value.len())],
    };
    Some(value.trim_ascii()).filter(|value| !value.is_empty())
}

pub(super) fn examine(subject: &Subject<'_>, certificates: &mut Remembered<Known>, found: &mut Found<'_>) {
    let rows = &subject.facts.tls.certificate_rows;
    let (Some(&row), session) = (rows.last(), subject.session) else { return };
    let data = |row: u32| subject.row(row).map(|row| session.as_data(row).as_inner()).unwrap_or_default();
    let text = match rows[..] {
        [only] => Cow::Borrowed(data(only)),
        // A row a property: the older form.
        _ => Cow::Owned(rows.iter().map(|row| data(*row)).collect::<Vec<_>>().join(&b'\n')),
    };
    let known = certificates.recall(&text, || Known::new(read_certificate(session, rows)));
    if let Some(banner) = subject.facts.banner
        && known.mismatches(banner.of(session.text))
    {
        found.note(Rule::CertificateNameMismatch, subject.banner_row().into_iter().chain([row]));
    }
    if known.is_self_signed {
        found.note(Rule::CertificateSelfSigned, [row]);
    }
    let time = subject.row(row).and_then(|row| session.time(row));
    match known.not_after.zip(time).map(|(not_after, time)| not_after.millis_since(time)) {
        Some(..0) => found.note(Rule::CertificateExpired, [row]),
        Some(0..=EXPIRING_MILLIS) => found.note(Rule::CertificateExpiring, [row]),
        _ => {}
    }
}

fn name_mismatch(subject: &Subject<'_>, _: &Finding) -> String {
    let certificate = subject.certificate();
    let names = certificate.as_ref().map(|certificate| &certificate.names[..]).unwrap_or_default();
    let names: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name)).collect();
    let name = || certificate.as_ref().and_then(name_of).unwrap_or_default();
    let names = if names.is_empty() { name() } else { names.join(", ") };
    format!("{} calls itself {}, and presents a certificate for {names}", subject.connector_name(), subject.banner())
}

/// The certificate, its end, and how many whole days lie between that and its row.
fn end_of(subject: &Subject<'_>, finding: &Finding) -> (String, String, i64) {
    let certificate = subject.certificate();
    let name = certificate.as_ref().and_then(name_of);
    let name = name.map_or_else(|| "the certificate".into(), |name| format!("the certificate of {name}"));
    let end = certificate.and_then(|certificate| certificate.not_after);
    let row = finding.evidence.rows().last().and_then(|row| subject.row(*row));
    let time = row.and_then(|row| subject.session.time(row));
    let days = end.zip(time).map_or(0, |(end, time)| end.millis_since(time).abs() / MILLIS_PER_DAY);
    let day = end.and_then(|end| chrono::DateTime::from_timestamp(end.to_unix().0, 0));
    // What is read has a year of four digits, and chrono's own way takes ten times as long.
    let day = day.map(|day| format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()));
    (name, day.unwrap_or_default(), days)
}

fn to_days_text(days: i64) -> String {
    match days {
        0 => "less than a day".into(),
        1 => "1 day".into(),
        _ => format!("{days} days"),
    }
}

fn expired(subject: &Subject<'_>, finding: &Finding) -> String {
    let (name, day, days) = end_of(subject, finding);
    format!("{name} expired on {day}, {} before it was presented to {}", to_days_text(days), subject.client())
}

fn expiring(subject: &Subject<'_>, finding: &Finding) -> String {
    let (name, day, days) = end_of(subject, finding);
    format!("{name} expires on {day}, {} after it was presented to {}", to_days_text(days), subject.client())
}

fn self_signed(subject: &Subject<'_>, _: &Finding) -> String {
    let name = subject.certificate_name().unwrap_or_else(|| "the connector".into());
    format!("the certificate of {name} is self-signed")
}

const CONNECTOR: &str = "Get-ReceiveConnector {connector} | Format-List Identity,Fqdn,TlsCertificateName,AuthMechanism";
const PRESENTED: &str = "Get-ExchangeCertificate -Server {server} -Thumbprint {thumbprint} | Format-List Thumbprint,Subject,Issuer,CertificateDomains,Services,NotAfter,IsSelfSigned";
const ALL: &str =
    "Get-ExchangeCertificate -Server {server} | Format-List Thumbprint,Subject,CertificateDomains,Services,NotAfter";
const FOR_NAME: &str = "Get-ExchangeCertificate -Server {server} -DomainName {fqdn} | Format-List Thumbprint,Subject,CertificateDomains,Services,NotAfter";
const ENABLE: &str =
    "Enable-ExchangeCertificate -Server {server} -Thumbprint '<thumbprint of the new one>' -Services SMTP";
const HAND_OVER: &str = "$c = Get-ExchangeCertificate -Server {server} -Thumbprint '<thumbprint of the new one>'; Set-ReceiveConnector {connector} -TlsCertificateName \"<I>$($c.Issuer)<S>$($c.Subject)\"";

pub(super) const NAME_MISMATCH: Article = Article {
    rule: Rule::CertificateNameMismatch,
    name: "certificate-name-mismatch",
    severity: Severity::Warning,
    when: "the banner's name is neither the certificate's common name nor one of its names, exactly or by a wildcard for one label",
    meaning: "The connector goes by a name that its certificate is not for. Clients that check the name leave during the handshake, and Exchange may stop offering STARTTLS on this connector.",
    log: &[
        "`220 ex01.corp.contoso.com …` in the banner, and `*.contoso.com` in the row `Sending certificate`",
        "a wildcard holds one label: `*.contoso.com` is for mail.contoso.com, not for a.b.contoso.com nor contoso.com",
    ],
    causes: &[
        "the certificate was renewed without the connector's name in it",
        "the connector's Fqdn is still the server's internal name",
        "the wildcard certificate covers another level of the name",
    ],
    checks: &[
        step("the connector's name and the certificate that is named for it", CONNECTOR),
        step("the certificate that was presented", PRESENTED),
        step("the certificates that are for the connector's name, if any", FOR_NAME),
        step("all of them", ALL),
    ],
    changes: &[
        step_for(
            Scope::OtherConnector,
            "a Client connector, or one of your own: let it bear a name that the certificate holds (where AuthMechanism lists ExchangeServer, the shell takes no other than the server's)",
            "Set-ReceiveConnector {connector} -Fqdn {certified}",
        ),
        step_for(Scope::OtherConnector, "or let it present a certificate that holds its name", HAND_OVER),
        step_for(
            Scope::DefaultConnector,
            "a Default connector bears only the server's own names, so that its Fqdn cannot follow the certificate: have a certificate issued that holds the server's name too, enable it for SMTP, and let the connector present it",
            HAND_OVER,
        ),
    ],
    source: "RFC 6125 section 6.4; how Exchange selects a certificate for STARTTLS.",
    to_message: name_mismatch,
};

pub(super) const EXPIRED: Article = Article {
    rule: Rule::CertificateExpired,
    name: "certificate-expired",
    severity: Severity::Warning,
    when: "the certificate's row is later than the end of its validity",
    meaning: "Mail servers mostly do not mind; mail programs and partners that check certificates leave during the handshake.",
    log: &["in the row `Sending certificate` the second time lies before the row's own"],
    causes: &[
        "the certificate was renewed, but the new one was never enabled for SMTP",
        "TlsCertificateName of the connector still names the old one",
        "nobody renewed it",
    ],
    checks: &[
        step("the certificate that was presented", PRESENTED),
        step("whether a newer one is there", ALL),
        step("which one the connector names", CONNECTOR),
    ],
    changes: &[step("enable the new one for SMTP", ENABLE), step("where the connector names the old one", HAND_OVER)],
    source: "RFC 5280 section 4.1.2.5.",
    to_message: expired,
};

pub(super) const EXPIRING: Article = Article {
    rule: Rule::CertificateExpiring,
    name: "certificate-expiring",
    severity: Severity::Warning,
    when: "the certificate's row is less than 30 days before the end of its validity",
    meaning: "All is well yet. When the certificate ends, clients that check it will leave during the handshake.",
    log: &["in the row `Sending certificate` the second time lies less than 30 days after the row's own"],
    causes: &["the certificate is due for renewal", "it was renewed, but the new one is not yet enabled for SMTP"],
    checks: &[step("the certificate that was presented", PRESENTED), step("whether a newer one is there", ALL)],
    changes: &[step("enable the new one for SMTP", ENABLE), step("where the connector names the old one", HAND_OVER)],
    source: "RFC 5280 section 4.1.2.5.",
    to_message: expiring,
};

pub(super) const SELF_SIGNED: Article = Article {
    rule: Rule::CertificateSelfSigned,
    name: "certificate-self-signed",
    severity: Severity::Note,
    when: "the certificate's subject is its issuer",
    meaning: "Nobody vouches for the certificate but itself. Between Exchange servers that is the normal state; mail programs and partners that check certificates refuse it.",
    log: &["in the row `Sending certificate` subject and issuer are the same: `CN=EX01 CN=EX01`"],
    causes: &[
        "the connector serves Exchange servers, and presents the certificate that setup made",
        "no certificate of an authority was enabled for SMTP on this server",
    ],
    checks: &[step("the certificate that was presented", PRESENTED), step("whether another one is there", ALL)],
    changes: &[
        step("where mail programs use this connector: enable one of an authority", ENABLE),
        step("and let the connector present it", HAND_OVER),
    ],
    source: "RFC 5280 section 3.2.",
    to_message: self_signed,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_hosts() {
        let check = |name: &str, host: &str, expected: bool| {
            assert_eq!(holds(name.as_bytes(), host.as_bytes()), expected, "{name} {host}");
        };
        check("mail.contoso.com", "MAIL.Contoso.COM", true);
        check("*.Contoso.com", "mail.contoso.com", true);
        check("*.contoso.com", "a.b.contoso.com", false);
        check("*.contoso.com", "contoso.com", false);
        check("*.contoso.com", ".contoso.com", false);
        check("*.contoso.com", "*.contoso.com", true);
        check("*", "contoso", false);
        check("*contoso.com", "mailcontoso.com", false);
        check("m*.contoso.com", "mail.contoso.com", false);
        check("", "mail.contoso.com", false);
    }

    #[test]
    fn common_names() {
        let check = |subject: &str, expected: Option<&str>| {
            assert_eq!(common_name(subject.as_bytes()).map(|name| std::str::from_utf8(name).unwrap()), expected);
        };
        check("CN=mail.contoso.com, O=Contoso, C=DE", Some("mail.contoso.com"));
        check("C=DE, O=Contoso, CN=mail.contoso.com", Some("mail.contoso.com"));
        check("CN=\"Contoso, Mail\", O=Contoso", Some("Contoso, Mail"));
        check("O=Contoso", None);
        check("O=XCN=a", None);
        check("CN=", None);
    }

    #[test]
    fn redacted_rows_leave_names_open() {
        let mut certificate = Certificate { subject: Some(b"CN=a.contoso.com".to_vec()), ..Certificate::default() };
        assert!(!Known::new(Some(certificate.clone())).mismatches(b"b.contoso.com"));
        certificate.thumbprint = Some(vec![b'A'; 40]);
        certificate.not_after = Some(Timestamp(0));
        assert!(Known::new(Some(certificate.clone())).mismatches(b"b.contoso.com"));
        assert!(!Known::new(Some(certificate)).mismatches(b"A.contoso.com"));
        assert!(!Known::new(None).mismatches(b"b.contoso.com"));
    }
}
