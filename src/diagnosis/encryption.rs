//! STARTTLS: offered, asked for, refused, failed, or too weak.
//!
//! In: a session's TLS facts and refusals. Out: findings `starttls-…` and `tls-…`.
//!
//! **Invariant**: the algorithms' row is parsed once for each text, not once for each session.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::dialogue::extensions::is_starttls_offered;
use crate::dialogue::facts::{Asked, Protocol, Refusal, StartTls};
use crate::dialogue::notice::parse_negotiation;
use crate::dialogue::reply::parse_reply;

use super::article::{Article, Scope, step, step_for};
use super::remembered::Remembered;
use super::subject::Subject;
use super::{Finding, Found, Rule, Severity};

/// The port that mail programs submit to.
const SUBMISSION_PORT: u16 = 587;

static OFFER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"STARTTLS"));

/// STARTTLS was refused, or TLS is demanded.
pub(super) fn of_refusal(subject: &Subject<'_>, refusal: &Refusal) -> Option<Rule> {
    match refusal.code {
        _ if refusal.asked == Asked::StartTls && subject.facts.tls.outcome == StartTls::Refused => {
            Some(Rule::StartTlsRefused)
        }
        530 if refusal.status == (5, 7, 0) || subject.says(refusal.row, &["starttls"]) => Some(Rule::StartTlsRequired),
        _ => None,
    }
}

pub(super) fn examine(subject: &Subject<'_>, weak: &mut Remembered<bool>, found: &mut Found<'_>) {
    let tls = &subject.facts.tls;
    match tls.outcome {
        StartTls::Failed => found.note(Rule::StartTlsHandshakeFailed, handshake_rows(subject)),
        StartTls::Refused => found.note(Rule::StartTlsRefused, tls.answer_row),
        StartTls::Succeeded => examine_strength(subject, weak, found),
        StartTls::NotAttempted | StartTls::Unknown => {}
    }
    if is_offer_missing(subject) {
        found.note(Rule::StartTlsNotOffered, subject.facts.ehlo_rows.last().copied());
    }
}

/// The answer to STARTTLS, the certificate, and the row that says that it failed, or else the end.
fn handshake_rows(subject: &Subject<'_>) -> impl Iterator<Item = u32> {
    let tls = &subject.facts.tls;
    let end = tls.result_row.or(Some(subject.last_row()));
    [tls.answer_row, tls.certificate_rows.last().copied(), end].into_iter().flatten()
}

fn examine_strength(subject: &Subject<'_>, weak: &mut Remembered<bool>, found: &mut Found<'_>) {
    let tls = &subject.facts.tls;
    if tls.protocol.is_some_and(|protocol| protocol <= Protocol::Tls11) {
        found.note(Rule::TlsVersionOutdated, tls.result_row);
    }
    let Some(negotiation) = tls.negotiation else { return };
    let words = negotiation.of(subject.session.text);
    if *weak.recall(words, || is_weak(words)) {
        found.note(Rule::TlsCipherWeak, tls.result_row);
    }
}

/// RC4, 3DES, a cipher under 128 bits, or a key that is sent under the certificate's own.
fn is_weak(words: &[u8]) -> bool {
    let negotiation = parse_negotiation(words);
    let cipher = negotiation.cipher.unwrap_or_default();
    negotiation.cipher_bits.is_some_and(|bits| bits < 128)
        || [&b"RC4"[..], b"3DES"].iter().any(|name| cipher.starts_with(name))
        || negotiation.key_exchange.is_some_and(|name| name.starts_with(b"RSA"))
}

/// Whether a mail program was offered no STARTTLS. Where the head is cut, a list without it may be
/// that of a session that is encrypted already.
fn is_offer_missing(subject: &Subject<'_>) -> bool {
    let facts = subject.facts;
    let Some(last) = facts.ehlo_rows.last().and_then(|row| subject.row(*row)) else { return false };
    let data = subject.session.as_data(last).as_inner();
    // Nearly every list has the word, and then there is nothing more to ask.
    if facts.ehlo_rows.len() == 1 && OFFER.find(data).is_some_and(|at| is_word(data, at)) {
        return false;
    }
    let is_whole = !facts.is_head_cut && parse_reply(data).is_some_and(|reply| !reply.is_continued);
    is_whole && is_submission(subject) && !is_starttls_offered(subject.session, &facts.ehlo_rows)
}

fn is_word(data: &[u8], at: usize) -> bool {
    let end = at + b"STARTTLS".len();
    at > 0 && data[at - 1] == b' ' && data.get(end).is_none_or(|byte| *byte == b' ')
}

fn is_submission(subject: &Subject<'_>) -> bool {
    subject.port() == Some(SUBMISSION_PORT)
        || memchr::memmem::find(&subject.connector().to_ascii_lowercase(), b"client frontend").is_some()
}

fn handshake_failed(subject: &Subject<'_>, finding: &Finding) -> String {
    let (client, tls) = (subject.client(), &subject.facts.tls);
    let error = tls.error.map(|error| subject.text(error));
    let end = finding.evidence.rows().last().copied();
    let of = subject
        .certificate_name()
        .map_or_else(|| "its certificate".into(), |name| format!("the certificate of {name}"));
    let since = match (tls.certificate_rows.last(), tls.answer_row) {
        (Some(row), _) => Some((*row, format!("{of} was sent"))),
        (None, Some(row)) => Some((row, "the go-ahead, before any certificate was sent".into())),
        (None, None) => None,
    };
    let after =
        since.zip(end).and_then(|((row, what), end)| Some(format!(" {} after {what}", subject.elapsed(row, end)?)));
    let after = after.unwrap_or_default();
    match error.as_deref() {
        None if subject
            .disconnect()
            .is_some_and(|(_, row)| subject.session.as_context(row).as_inner().starts_with(b"Local")) =>
        {
            format!("the TLS handshake with {client} came to nothing, and Exchange hung up{after}")
        }
        None => format!("{client} dropped the TLS handshake{after}"),
        Some(error @ ("SocketError" | "ConnectionReset" | "ConnectionAborted" | "ConnectionClosed")) => {
            format!("{client} dropped the TLS handshake{after}: {error}")
        }
        Some(error @ "TimedOut") => format!("{client} fell silent in the TLS handshake{after}: {error}"),
        Some(error @ ("NoCredentials" | "UnknownCredentials")) => {
            format!("Exchange could not use {of} in the TLS handshake with {client}: {error}")
        }
        Some(error @ "AlgorithmMismatch") => format!("{client} and the server share no TLS version or cipher: {error}"),
        Some(error) => format!("the TLS handshake with {client} failed{after}: {error}"),
    }
}

fn refused(subject: &Subject<'_>, finding: &Finding) -> String {
    let text = finding.evidence.rows().first().map(|row| subject.reply_text(*row)).unwrap_or_default();
    let then = if subject.facts.mail.accepted > 0 { "; the client then sent its mail in the clear" } else { "" };
    format!("STARTTLS from {} was refused: {text}{then}", subject.client())
}

fn required(subject: &Subject<'_>, finding: &Finding) -> String {
    format!(
        "{} asked for {} before STARTTLS, which {} demands: {}",
        subject.client(),
        subject.asked(finding),
        subject.connector_name(),
        subject.refusal_text(finding)
    )
}

fn not_offered(subject: &Subject<'_>, _: &Finding) -> String {
    format!("{} offered {} no STARTTLS", subject.banner(), subject.client())
}

fn version_outdated(subject: &Subject<'_>, _: &Finding) -> String {
    let version = match subject.facts.tls.protocol {
        Some(Protocol::Ssl3) => "SSL 3.0",
        Some(Protocol::Tls10) => "TLS 1.0",
        _ => "TLS 1.1",
    };
    format!("{} speaks {version}", subject.client())
}

fn cipher_weak(subject: &Subject<'_>, _: &Finding) -> String {
    let words = subject.facts.tls.negotiation.map(|span| span.of(subject.session.text)).unwrap_or_default();
    let negotiation = parse_negotiation(words);
    let name = |name: Option<&[u8]>| String::from_utf8_lossy(name.unwrap_or(b"an unnamed algorithm")).into_owned();
    let bits = negotiation.cipher_bits.map_or(String::new(), |bits| format!(" ({bits} bits)"));
    format!(
        "{} settled on {}{bits} with the key exchange {}",
        subject.client(),
        name(negotiation.cipher),
        name(negotiation.key_exchange)
    )
}

/// What shows the connector's name and certificate.
const CONNECTOR: &str = "Get-ReceiveConnector {connector} | Format-List Identity,Fqdn,TlsCertificateName,AuthMechanism";
/// What shows the server's certificates.
const CERTIFICATES: &str = "Get-ExchangeCertificate -Server {server} | Format-List Thumbprint,Subject,CertificateDomains,Services,NotAfter,HasPrivateKey,Status";
/// What the server wrote when it found no certificate.
const EVENTS: &str =
    "Get-WinEvent -ComputerName {server} -FilterHashtable @{LogName='Application';Id=12014} -MaxEvents 5";
/// What hands another certificate to the connector than the one that it presented.
const HAND_OVER: &str = "$c = Get-ExchangeCertificate -Server {server} -Thumbprint '<thumbprint of the right one>'; Set-ReceiveConnector {connector} -TlsCertificateName \"<I>$($c.Issuer)<S>$($c.Subject)\"";

pub(super) const HANDSHAKE_FAILED: Article = Article {
    rule: Rule::StartTlsHandshakeFailed,
    name: "starttls-handshake-failed",
    severity: Severity::Error,
    when: "STARTTLS was answered by 220, and TLS did not come up",
    meaning: "The server was ready to encrypt, and client and server did not come to terms. Nothing was sent: no password, no message. Clients seldom try without TLS afterwards.",
    log: &[
        "`STARTTLS`, `220 2.0.0 SMTP server ready`, the certificate, and then `TLS negotiation failed with error SocketError`",
        "or no such row at all: the next one is the disconnect",
    ],
    causes: &[
        "SocketError, ConnectionReset, or no word at all: the client distrusts the certificate (self-signed, expired, another name, an issuer that it does not know) and hangs up",
        "the client is too old for the TLS versions that the server still allows, or shares no cipher with it (AlgorithmMismatch)",
        "NoCredentials: the certificate has no usable private key, or TlsCertificateName matches none",
        "UnknownCredentials: the certificate is not enabled for SMTP, or the service may not read its key",
        "TimedOut: a firewall that looks into SMTP swallows the handshake",
    ],
    checks: &[
        step("which certificate the connector is meant to present", CONNECTOR),
        step("whether that certificate is valid, enabled for SMTP and has its key", CERTIFICATES),
        step(
            "what Schannel says of it, on the server",
            "Get-WinEvent -ComputerName {server} -FilterHashtable @{LogName='System';ProviderName='Schannel';StartTime=([datetime]{time}).AddMinutes(-1);EndTime=([datetime]{end}).AddMinutes(1)} -MaxEvents 20 | Format-List TimeCreated,Id,Message",
        ),
    ],
    changes: &[
        step(
            "where the certificate is good but not enabled for SMTP (answer no to replacing the default certificate)",
            "Enable-ExchangeCertificate -Server {server} -Thumbprint {thumbprint} -Services SMTP",
        ),
        step("where the connector presents another one than it should", HAND_OVER),
        step(
            "where the client is too old or does not know the issuer: update it, or give it the issuer's certificate",
            "",
        ),
    ],
    source: "Vocabulary of the protocol log; Schannel events 36871, 36874, 36887.",
    to_message: handshake_failed,
};

pub(super) const REFUSED: Article = Article {
    rule: Rule::StartTlsRefused,
    name: "starttls-refused",
    severity: Severity::Error,
    when: "STARTTLS was answered by anything but 220",
    meaning: "The client wanted to encrypt and the server would not. A client that insists on TLS gives up here; one that does not goes on in the clear.",
    log: &["`STARTTLS`, then `454 4.7.0 …`, `554 5.7.3 …` or `500 5.3.3 Unrecognized command`"],
    causes: &[
        "the certificate that the connector should present cannot be used: removed, expired, or its private key is not readable",
        "STARTTLS was not offered on this connector, and the client asked all the same",
        "the server is under load and takes no further handshakes",
    ],
    checks: &[
        step("which certificate the connector is meant to present", CONNECTOR),
        step("whether it is there, valid, and has its key", CERTIFICATES),
        step("whether the server complains of a missing certificate", EVENTS),
    ],
    changes: &[
        step(
            "enable a valid certificate for SMTP (answer no to replacing the default certificate)",
            "Enable-ExchangeCertificate -Server {server} -Thumbprint '<thumbprint of the right one>' -Services SMTP",
        ),
        step("let the connector present it", HAND_OVER),
    ],
    source: "RFC 3207 section 4; events 12014, 12017, 12018 of MSExchangeTransport.",
    to_message: refused,
};

pub(super) const REQUIRED: Article = Article {
    rule: Rule::StartTlsRequired,
    name: "starttls-required",
    severity: Severity::Error,
    when: "530 5.7.0 to a command; a warning where the client logged in or sent its mail afterwards",
    meaning: "The connector takes this command only over TLS, and the client did not turn TLS on first.",
    log: &["`MAIL FROM` or `AUTH`, then `530 5.7.0 Must issue a STARTTLS command first`"],
    causes: &[
        "encryption is turned off in the client's settings (often called SSL/TLS, STARTTLS or secure connection)",
        "the client expects TLS from the first byte, as on port 465 of other servers, and its fallback speaks without it",
    ],
    checks: &[step(
        "whether the connector is meant to demand TLS",
        "Get-ReceiveConnector {connector} | Format-List Identity,RequireTLS,AuthMechanism,Bindings",
    )],
    changes: &[step("turn STARTTLS on in the client, for this port", "")],
    source: "RFC 3207 section 4; RequireTLS of Set-ReceiveConnector.",
    to_message: required,
};

pub(super) const NOT_OFFERED: Article = Article {
    rule: Rule::StartTlsNotOffered,
    name: "starttls-not-offered",
    severity: Severity::Warning,
    when: "submission (port 587, or `Client Frontend`), and an EHLO reply before TLS that lists no STARTTLS",
    meaning: "Mail programs are offered no encryption here. Those that insist on it leave; those that do not send passwords in the clear, where the connector lets them.",
    log: &["the reply to the first `EHLO` lists SIZE, PIPELINING and others, and no STARTTLS"],
    causes: &[
        "no certificate that is enabled for SMTP holds the connector's Fqdn: renewed under another name, or expired (event 12014)",
        "TlsCertificateName still names the certificate before the renewal",
        "Tls is missing from the connector's AuthMechanism",
        "a firewall in between takes STARTTLS out of the list",
    ],
    checks: &[
        step("the connector's name and its certificate", CONNECTOR),
        step("the certificates that could be presented", CERTIFICATES),
        step("whether the server complains of a missing certificate", EVENTS),
    ],
    changes: &[
        step("let the connector present a certificate that holds its name", HAND_OVER),
        step_for(
            Scope::OtherConnector,
            "or, on a Client connector or one of your own, let it bear the certificate's name",
            "Set-ReceiveConnector {connector} -Fqdn '<name in the certificate>'",
        ),
        step_for(
            Scope::DefaultConnector,
            "a Default connector bears only the server's own names: the certificate must hold the server's name, or the connector name its certificate as above",
            "",
        ),
    ],
    source: "RFC 3207 section 4; event 12014 of MSExchangeTransport.",
    to_message: not_offered,
};

pub(super) const VERSION_OUTDATED: Article = Article {
    rule: Rule::TlsVersionOutdated,
    name: "tls-version-outdated",
    severity: Severity::Warning,
    when: "TLS came up as SSL 3.0, TLS 1.0 or TLS 1.1",
    meaning: "It works today. When the old versions are turned off on the server, this client can no longer connect.",
    log: &["`TLS protocol SP_PROT_TLS1_0_SERVER negotiation succeeded …`"],
    causes: &[
        "an old device: printer, scanner, appliance",
        "an application on an old framework or operating system that does not offer TLS 1.2 by default",
    ],
    checks: &[step(
        "which versions the server has turned off, on the server",
        "Get-ChildItem 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols' -Recurse | Get-ItemProperty",
    )],
    changes: &[step("update the client, or give it a relay of its own, before the old versions are turned off", "")],
    source: "RFC 8996.",
    to_message: version_outdated,
};

pub(super) const CIPHER_WEAK: Article = Article {
    rule: Rule::TlsCipherWeak,
    name: "tls-cipher-weak",
    severity: Severity::Warning,
    when: "TLS settled on RC4, 3DES, a cipher under 128 bits, or an RSA key exchange",
    meaning: "It works today, and is weaker than it should be: such a cipher can be broken, and with an RSA key exchange whoever obtains the certificate's key can read what was recorded before.",
    log: &["`… bulk encryption algorithm CALG_3DES … and key exchange algorithm CALG_RSA_KEYX …`"],
    causes: &[
        "an old device or application that offers nothing better",
        "the server's list of cipher suites puts weak ones first",
    ],
    checks: &[step(
        "the server's cipher suites in their order, on the server",
        "Get-TlsCipherSuite | Format-Table Name",
    )],
    changes: &[
        step("update the client", ""),
        step(
            "once no client needs it any more, on the server",
            "Disable-TlsCipherSuite -Name 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'",
        ),
    ],
    source: "RFC 7465, RFC 9325 section 4.",
    to_message: cipher_weak,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cipher: &str, bits: u32, key_exchange: &str, expected: bool) {
        let words = format!(
            "TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using bulk encryption algorithm {cipher} with strength {bits} bits, MAC hash algorithm CALG_SHA1 with strength 160 bits and key exchange algorithm {key_exchange} with strength 256 bits"
        );
        assert_eq!(is_weak(words.as_bytes()), expected, "{words}");
    }

    #[test]
    fn weak_ciphers() {
        check("CALG_AES_256", 256, "CALG_ECDH_EPHEM", false);
        check("CALG_AES_128", 128, "CALG_ECDHE", false);
        check("CALG_AES_128", 128, "CALG_DH_EPHEM", false);
        check("CALG_AES_256", 256, "CALG_RSA_KEYX", true);
        check("CALG_3DES", 168, "CALG_ECDHE", true);
        check("CALG_RC4", 128, "CALG_ECDHE", true);
        check("CALG_DES", 56, "CALG_ECDHE", true);
        assert!(!is_weak(b"TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using"));
    }
}
