//! The words of the log, explained: replies, errors, rows.
//!
//! In: a word or a reply that someone read in a log. Out: what is known of it, or what comes nearest.
//!
//! **Invariant**: every rule's name, and every code that a rule's condition names, is known here.

use crate::dialogue::reply::parse_reply;

use super::article::Article;
use super::{RULES, Rule};

/// A word or a reply.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// As it stands in the log: `LogonDenied`, `535 5.7.3`.
    pub word: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The rules that say more.
    pub rules: &'static [Rule],
}

/// What is known of something.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is a rule.
    Rule(&'static Article),
    /// It is a word of the log, or several are meant.
    Words(Vec<&'static Entry>),
}

/// How alike two words must be for one to be offered for the other, from 0 to 1.
const ALIKE: f64 = 0.72;
/// How many words are offered.
const MOST_OFFERED: usize = 4;

/// Says what is known of a word, a reply, or a row of the log.
///
/// Errors: the nearest words, best first, where it is not known.
pub fn look_up(text: &str) -> Result<Answer, Vec<&'static str>> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(rule) = Rule::parse(&text) {
        return Ok(Answer::Rule(rule.article()));
    }
    let mut found = replies(&text);
    if found.is_empty() {
        found = words(&text);
    }
    if found.is_empty() { Err(nearest(&text)) } else { Ok(Answer::Words(found)) }
}

/// The entries of a reply: by code and status, else by code alone, or by status alone.
fn replies(text: &str) -> Vec<&'static Entry> {
    let opens = |opening: &str| {
        let is_it = move |entry: &&Entry| {
            entry.word.strip_prefix(opening).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        ENTRIES.iter().filter(is_it).collect::<Vec<_>>()
    };
    let by_status = |status: &str| {
        let is_it = |entry: &&Entry| entry.word.split(' ').nth(1) == Some(status);
        ENTRIES.iter().filter(is_it).collect::<Vec<_>>()
    };
    let Some(reply) = parse_reply(text.as_bytes()) else { return by_status(text) };
    let (class, subject, detail) = reply.status;
    let exact = opens(&format!("{} {class}.{subject}.{detail}", reply.code));
    // The text behind the status tells apart what shares one: connection limits and maintenance.
    if exact.is_empty() { opens(&reply.code.to_string()) } else { exact }
}

/// The entries of a word, or of the words that a row holds.
fn words(text: &str) -> Vec<&'static Entry> {
    let lower = text.to_lowercase();
    let exact: Vec<&Entry> = ENTRIES.iter().filter(|entry| entry.word.to_lowercase() == lower).collect();
    if !exact.is_empty() {
        return exact;
    }
    let is_part = |character: char| character.is_alphabetic() || character == '-';
    let holds = |word: &str| {
        let word = word.to_lowercase();
        lower
            .match_indices(&word)
            .any(|(at, _)| !lower[..at].ends_with(is_part) && !lower[at + word.len()..].starts_with(is_part))
    };
    ENTRIES
        .iter()
        .filter(|entry| !entry.word.starts_with(|first: char| first.is_ascii_digit()) && holds(entry.word))
        .collect()
}

/// The known words that are most like it, best first.
fn nearest(text: &str) -> Vec<&'static str> {
    let lower = text.to_lowercase();
    let known = RULES.iter().map(|article| article.name).chain(ENTRIES.iter().map(|entry| entry.word));
    let mut scored: Vec<(f64, &'static str)> =
        known.map(|word| (likeness(&lower, word), word)).filter(|(likeness, _)| *likeness >= ALIKE).collect();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    scored.dedup_by_key(|(_, word)| *word);
    scored.into_iter().take(MOST_OFFERED).map(|(_, word)| word).collect()
}

/// How alike they are; a reply is known by its code alone, too.
fn likeness(lower: &str, word: &str) -> f64 {
    let known = word.to_lowercase();
    let first = known.split(' ').next().unwrap_or_default();
    strsim::jaro_winkler(lower, &known).max(strsim::jaro_winkler(lower, first))
}

const fn entry(word: &'static str, meaning: &'static str, rules: &'static [Rule]) -> Entry {
    Entry { word, meaning, rules }
}

/// Every word that is known, replies by code first.
pub const ENTRIES: [Entry; 79] = [
    entry(
        "220",
        "The server is ready: at the beginning with its banner, after STARTTLS with the go-ahead for the handshake.",
        &[],
    ),
    entry("221", "The server says goodbye, as a rule in answer to QUIT.", &[]),
    entry("235", "The login succeeded.", &[]),
    entry(
        "250",
        "The command was carried out. After a message: it is accepted, and the server answers for it from here on.",
        &[],
    ),
    entry("252", "The server neither confirms nor denies the address (VRFY), but would try to deliver.", &[]),
    entry("334", "The server awaits the next part of a login. What the client answers is not logged.", &[]),
    entry("354", "The server awaits the message.", &[]),
    entry(
        "421",
        "The server closes the connection. The status says why: 4.3.2 resources or connection limits, 4.4.1 time, 4.4.2 rate, 4.7.0 too many errors.",
        &[],
    ),
    entry(
        "421 4.3.2",
        "Service not available: the transport component is inactive or the server is short of resources. Where the text speaks of concurrent connections, a limit was met instead.",
        &[Rule::ServerOutOfResources, Rule::RateLimited],
    ),
    entry(
        "421 4.4.1",
        "The whole time of the session is used up: ten minutes as a rule, five on an edge server. Often a batch job that holds one connection for everything.",
        &[Rule::ConnectionTimedOut],
    ),
    entry("421 4.4.2", "The client sends more messages a minute than MessageRateLimit allows.", &[Rule::RateLimited]),
    entry(
        "421 4.7.0",
        "Too many errors on this connection: someone guesses, or a client is broken. The errors before it tell which.",
        &[Rule::AuthCredentialsRejected, Rule::ProtocolError],
    ),
    entry("432", "A password transition is needed; Exchange does not send it, but servers in front of it may.", &[]),
    entry(
        "450",
        "The mailbox is not available just now, or the server wants the client to come again later (greylisting).",
        &[Rule::CommandRefused],
    ),
    entry(
        "451 4.7.0",
        "Either the client was silent for too long (Timeout waiting for client input), or the front end could not reach the hub (Temporary server error … PRX).",
        &[Rule::ConnectionTimedOut, Rule::AuthProxyFailed],
    ),
    entry(
        "451 5.7.3",
        "What the sending server logs where it must use STARTTLS and is offered none.",
        &[Rule::StartTlsNotOffered],
    ),
    entry(
        "452 4.3.1",
        "Insufficient system resources: back pressure, as a rule a disk that is nearly full.",
        &[Rule::ServerOutOfResources],
    ),
    entry(
        "452 4.5.3",
        "Too many recipients for one message; the client is to send the rest in another one.",
        &[Rule::CommandRefused],
    ),
    entry(
        "454 4.7.0",
        "In answer to STARTTLS: the certificate or its key cannot be used just now. In answer to AUTH: the login could not be checked, as a rule Kerberos between servers.",
        &[Rule::StartTlsRefused, Rule::AuthTemporaryFailure],
    ),
    entry("500", "The server does not know the command.", &[Rule::ProtocolError]),
    entry(
        "500 5.3.3",
        "Unrecognized command: the client said what is no SMTP, or what this connector does not offer.",
        &[Rule::ProtocolError],
    ),
    entry(
        "501",
        "The command is known, its argument is malformed. After a challenge to AUTH: the client took its attempt back.",
        &[Rule::ProtocolError, Rule::AuthAbandoned],
    ),
    entry("501 5.1.7", "Invalid address: the sender in MAIL FROM is malformed.", &[Rule::ProtocolError]),
    entry(
        "501 5.5.4",
        "Invalid domain name: what the client calls itself in EHLO is malformed.",
        &[Rule::ProtocolError],
    ),
    entry("502", "The command is known and not carried out here.", &[Rule::ProtocolError]),
    entry(
        "503",
        "The command came at the wrong moment: MAIL before EHLO, DATA without a recipient.",
        &[Rule::ProtocolError],
    ),
    entry(
        "503 5.5.2",
        "Send hello first, or need MAIL or RCPT first: the commands came in the wrong order.",
        &[Rule::ProtocolError],
    ),
    entry(
        "504 5.7.4",
        "Unrecognized authentication type: this mechanism is not offered, or not before STARTTLS.",
        &[Rule::AuthMechanismUnsupported],
    ),
    entry("530 5.7.0", "Must issue a STARTTLS command first: the connector demands TLS.", &[Rule::StartTlsRequired]),
    entry("530 5.7.1", "The older wording of 530 5.7.57: the client was not authenticated.", &[Rule::AuthMissing]),
    entry(
        "530 5.7.57",
        "The client was not authenticated to send anonymous mail: the connector takes mail only from those who log in.",
        &[Rule::AuthMissing],
    ),
    entry(
        "535 5.7.3",
        "Authentication unsuccessful: LogonDenied and its relatives. Where the text says Unable to proxy, the login may be right, and no back end took the session.",
        &[Rule::AuthCredentialsRejected, Rule::AuthProxyFailed],
    ),
    entry("550 5.1.1", "User unknown: the recipient does not exist here.", &[Rule::RecipientRejected]),
    entry(
        "550 5.1.10",
        "RecipientNotFound: the recipient was looked up and does not exist here.",
        &[Rule::RecipientRejected],
    ),
    entry(
        "550 5.7.1",
        "Refused by policy; the text says which: Unable to relay, not permitted to send as this sender, or a filter's own words.",
        &[Rule::RelayDenied, Rule::SenderNotPermitted, Rule::MessageRejected],
    ),
    entry(
        "550 5.7.54",
        "Unable to relay: the recipient's domain is not accepted here, and the client has no relay right.",
        &[Rule::RelayDenied],
    ),
    entry("550 5.7.60", "The client has no right to send as this sender.", &[Rule::SenderNotPermitted]),
    entry(
        "552 5.3.4",
        "The message is larger than the server takes. With SIZE in MAIL FROM the client learns it before it sends everything.",
        &[Rule::MessageRejected],
    ),
    entry("554", "The transaction failed; the text says why.", &[Rule::MessageRejected, Rule::CommandRefused]),
    entry(
        "554 5.7.3",
        "In answer to STARTTLS: TLS cannot be had, the certificate or its key cannot be used.",
        &[Rule::StartTlsRefused],
    ),
    entry("555", "A parameter of MAIL or RCPT is not known.", &[Rule::ProtocolError]),
    entry(
        "PRX",
        "With a number behind it, the reason why the front end could not reach the hub. The front end's send log tells more at the same second.",
        &[Rule::AuthProxyFailed],
    ),
    entry(
        "LogonDenied",
        "The domain refused the login: wrong password, unknown name, disabled, locked or expired account. Event 4625 on the domain controller tells them apart.",
        &[Rule::AuthCredentialsRejected],
    ),
    entry(
        "Inbound AUTH",
        "Opens the row that says why a login failed; the next row names the user.",
        &[Rule::AuthCredentialsRejected],
    ),
    entry("authenticated", "The login succeeded; the data column names the account.", &[]),
    entry("User Name", "Who tried to log in, as typed.", &[Rule::AuthCredentialsRejected]),
    entry(
        "TLS negotiation failed",
        "STARTTLS was accepted, and the handshake came to nothing; the word behind it says why.",
        &[Rule::StartTlsHandshakeFailed],
    ),
    entry(
        "SocketError",
        "The peer hung up. In a TLS handshake: it distrusts the certificate, shares no protocol or cipher, or something in between cut the connection. At the end of a session it need not mean anything.",
        &[Rule::StartTlsHandshakeFailed, Rule::ConnectionDropped],
    ),
    entry(
        "ConnectionReset",
        "The peer cut the connection. It often ends a session that succeeded, where the client saves itself the QUIT; in the middle of a handshake or a message it is a failure.",
        &[Rule::StartTlsHandshakeFailed, Rule::ConnectionDropped],
    ),
    entry(
        "ConnectionAborted",
        "The connection was cut by the system or by something in between.",
        &[Rule::StartTlsHandshakeFailed, Rule::ConnectionDropped],
    ),
    entry("TimedOut", "The peer no longer answered.", &[Rule::ConnectionTimedOut, Rule::StartTlsHandshakeFailed]),
    entry(
        "NoCredentials",
        "In a TLS handshake: the certificate has no usable private key, or TlsCertificateName matches none.",
        &[Rule::StartTlsHandshakeFailed],
    ),
    entry(
        "UnknownCredentials",
        "In a TLS handshake: the certificate is not enabled for SMTP, or the service may not read its key.",
        &[Rule::StartTlsHandshakeFailed],
    ),
    entry(
        "AlgorithmMismatch",
        "In a TLS handshake: client and server share no protocol or cipher.",
        &[Rule::StartTlsHandshakeFailed, Rule::TlsVersionOutdated],
    ),
    entry(
        "Local",
        "In the disconnect row: Exchange closed the connection, after QUIT, after too many errors or when time was up. It is no verdict.",
        &[],
    ),
    entry(
        "Remote",
        "In the disconnect row: the peer closed the connection. It is no verdict.",
        &[Rule::ConnectionDropped],
    ),
    entry(
        "Sending certificate",
        "The certificate that Exchange presents: subject, issuer, serial number, thumbprint, validity, names.",
        &[Rule::CertificateNameMismatch, Rule::CertificateExpired, Rule::CertificateSelfSigned],
    ),
    entry("Remote certificate", "The certificate that the peer presents.", &[]),
    entry(
        "negotiation succeeded",
        "TLS came up; the row names protocol and algorithms. A MAC strength of 0 bits is normal.",
        &[Rule::TlsVersionOutdated, Rule::TlsCipherWeak],
    ),
    entry("SP_PROT_TLS1_0_SERVER", "TLS 1.0.", &[Rule::TlsVersionOutdated]),
    entry("SP_PROT_TLS1_1_SERVER", "TLS 1.1.", &[Rule::TlsVersionOutdated]),
    entry("SP_PROT_TLS1_2_SERVER", "TLS 1.2.", &[]),
    entry("SP_PROT_TLS1_3_SERVER", "TLS 1.3.", &[]),
    entry("EmptyCertificate", "The client showed no certificate, which is normal.", &[]),
    entry("NoRemoteCertificate", "The client showed no certificate, which is normal.", &[]),
    entry("TlsDomainCapabilities", "What the peer's domain may do because of its certificate; None is normal.", &[]),
    entry(
        "STARTTLS",
        "The client asks to encrypt. Missing from the reply to EHLO, it cannot be had.",
        &[Rule::StartTlsNotOffered, Rule::StartTlsRefused, Rule::StartTlsHandshakeFailed],
    ),
    entry(
        "X-ANONYMOUSTLS",
        "STARTTLS between Exchange servers, where a self-signed certificate is normal.",
        &[Rule::StartTlsHandshakeFailed],
    ),
    entry("X-EXPS", "A login between Exchange servers.", &[Rule::AuthTemporaryFailure]),
    entry("XPROXY", "A front end hands a client over to the hub: SID is the front end's session, IP the client.", &[]),
    entry(
        "XPROXYFROM",
        "A front end hands a message over to the hub: SID is the front end's session, IP the client. One hub session carries many.",
        &[],
    ),
    entry(
        "Set Session Permissions",
        "What the session may do. With SMTPAcceptAnyRecipient it may relay to anyone.",
        &[Rule::RelayDenied],
    ),
    entry("SMTPAcceptAnyRecipient", "The right to send to recipients of any domain: to relay.", &[Rule::RelayDenied]),
    entry("SMTPAcceptAnySender", "The right to write as any sender.", &[Rule::SenderNotPermitted]),
    entry(
        "Tarpit",
        "The server waits before it answers, as a rule five seconds after a refusal. The word behind due to says why.",
        &[],
    ),
    entry(
        "DelayedAck",
        "The answer waits until a second server holds a copy (shadow redundancy). A delay, and no error, with Delivered as well as with Expired.",
        &[],
    ),
    entry("Back Pressure", "The server is short of resources and slows down who sends.", &[Rule::ServerOutOfResources]),
    entry("receiving message", "A message begins. Its text is that of message tracking's source-context.", &[]),
    entry(
        "Proxy session was successfully set up",
        "The front end has handed the client to a back end: a success, and the front end logs no more of it.",
        &[],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        match look_up(text) {
            Ok(Answer::Rule(article)) => assert_eq!(vec![article.name], expected),
            Ok(Answer::Words(entries)) => {
                assert_eq!(entries.iter().map(|entry| entry.word).collect::<Vec<_>>(), expected);
            }
            Err(nearest) => panic!("{text}: not known, near {nearest:?}"),
        }
    }

    #[test]
    fn ok_words() {
        check("Auth-Credentials-Rejected", &["auth-credentials-rejected"]);
        check("535", &["535 5.7.3"]);
        check("535  5.7.3", &["535 5.7.3"]);
        check("535 5.7.3 Authentication unsuccessful", &["535 5.7.3"]);
        check("535 5.7.8", &["535 5.7.3"]);
        check("5.7.54", &["550 5.7.54"]);
        check("550", &["550 5.1.1", "550 5.1.10", "550 5.7.1", "550 5.7.54", "550 5.7.60"]);
        check("logondenied", &["LogonDenied"]);
        check("SocketError", &["SocketError"]);
        check("Remote(SocketError)", &["SocketError", "Remote"]);
        check("Inbound AUTH LOGIN failed because of LogonDenied", &["LogonDenied", "Inbound AUTH"]);
        check("Tarpit for '0.00:00:05' due to 'DelayedAck'", &["Tarpit", "DelayedAck"]);
        check("PRX2", &["PRX"]);
    }

    #[test]
    fn odd_words() {
        let near = |text: &str| look_up(text).map_or_else(|nearest| nearest, |answer| panic!("{text}: {answer:?}"));
        assert_eq!(near("LogonDenid")[0], "LogonDenied");
        assert_eq!(near("auth-credential-rejected")[0], "auth-credentials-rejected");
        assert!(near("536").contains(&"535 5.7.3"), "{:?}", near("536"));
        assert!(near("").is_empty());
        assert!(near("ünïcödé \u{1b}").is_empty());
    }

    #[test]
    fn every_entry_is_found_by_its_own_word() {
        for entry in &ENTRIES {
            let Ok(Answer::Words(found)) = look_up(entry.word) else { panic!("{}", entry.word) };
            assert!(found.iter().any(|one| one.word == entry.word), "{}", entry.word);
            assert!(entry.meaning.ends_with('.'), "{}", entry.word);
        }
    }
}
