//! Rules, condition by condition.
//!
//! In: rows in a short notation. Out: which rules were found, how grave, and the verdict.
//!
//! **Invariant**: every rule has a conversation here that it is found in, and its near misses.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::*;
use crate::dialogue::understand::{self, understand};
use crate::record::header::Schema;
use crate::session::assemble::{Pieces, TextEnd};
use crate::session::{FileId, OriginId, Position, Row};

/// A connector as the log has it, and the port that it listens on.
#[derive(Clone, Copy)]
struct Place(&'static str, u16);

const DEFAULT: Place = Place("EX01\\Default Frontend EX01", 25);
const SUBMISSION: Place = Place("EX01\\Client Frontend EX01", 587);

/// What was found in a session of `event data | context` lines.
struct Told {
    found: String,
    messages: Vec<String>,
    evidence: Vec<Vec<u32>>,
    advice: Vec<Advice>,
}

fn told(rows: &str, place: Place) -> Told {
    let mut text = String::new();
    let first_sequence = u32::from(!rows.trim_start().starts_with('+'));
    let quoted = |field: &str| match field.trim_end() {
        field if field.contains([',', '"']) => format!("\"{}\"", field.replace('"', "\"\"")),
        field => field.to_owned(),
    };
    for (number, row) in (first_sequence..).zip(rows.lines().map(str::trim).filter(|row| !row.is_empty())) {
        let (event, rest) = row.split_at(1);
        let (data, context) = rest.trim_start().split_once('|').unwrap_or((rest.trim_start(), ""));
        let _ = write!(
            text,
            "2026-11-23T08:29:{:02}.104Z,{},08DE2A1B3C4D5E6F,{number},192.0.2.5:{},198.51.100.7:4096,{event},{},{}\r\n",
            number % 60,
            quoted(place.0),
            place.1,
            quoted(data),
            quoted(context.trim_start())
        );
    }
    let mut pieces = Pieces::default();
    pieces.begin(&Schema::default());
    pieces.assemble(text.as_bytes(), usize::MAX, TextEnd::OfFile, FileId(0)).unwrap();
    assert_eq!(pieces.counts.malformed, 0, "{text}");
    let rows: Vec<Row> = pieces.rows_of(&pieces.pieces[0]).collect();
    let session =
        Session { text: text.as_bytes(), rows: &rows, ordinal: 1, position: Position(0), origin: OriginId(0) };
    let mut facts = Facts::default();
    understand(&session, &mut understand::Scratch::default(), &mut facts);
    let mut findings = Vec::new();
    examine(&session, &facts, &mut Scratch::default(), &mut findings);
    let verdict = Verdict::new(&session, &facts, &findings).as_text();
    let names: Vec<String> =
        findings.iter().map(|finding| format!("{}:{}", finding.severity.as_text(), finding.rule.name())).collect();
    for finding in &findings {
        assert!(!finding.evidence.rows().is_empty(), "{}: nothing proves it", finding.rule.name());
    }
    Told {
        found: [vec![verdict.to_owned()], names].concat().join(" "),
        messages: findings.iter().map(|finding| finding.to_message(&session, &facts)).collect(),
        evidence: findings.iter().map(|finding| finding.evidence.rows().to_vec()).collect(),
        advice: findings.iter().flat_map(|finding| finding.to_advice(&session, &facts)).collect(),
    }
}

/// The steps of what was found, as one text.
fn steps(told: &Told) -> String {
    let steps =
        told.advice.iter().map(|advice| format!("{} {}", advice.purpose, advice.command.as_deref().unwrap_or("")));
    steps.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check_at(place: Place, rows: &str, expected: &str) {
    assert_eq!(told(rows, place).found, expected);
}

/// On a front end's default connector.
#[track_caller]
fn check(rows: &str, expected: &str) {
    check_at(DEFAULT, rows, expected);
}

const BANNER: &str = "+\n> 220 mail.contoso.com Microsoft ESMTP MAIL Service ready\n";
const OFFER: &str = "< EHLO pc-17\n> 250  mail.contoso.com Hello [198.51.100.7] SIZE 37748736 STARTTLS AUTH NTLM\n";
const ASK: &str = "< STARTTLS\n> 220 2.0.0 SMTP server ready\n";
const UP: &str = "* | TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using bulk encryption algorithm CALG_AES_256 with strength 256 bits, MAC hash algorithm CALG_SHA_384 with strength 0 bits and key exchange algorithm CALG_ECDH_EPHEM with strength 384 bits\n";
const QUIT: &str = "< QUIT\n> 221 2.0.0 Service closing transmission channel\n- | Local";
const MAIL: &str = "< MAIL FROM:<a@contoso.com>\n> 250 2.1.0 Sender OK\n";
const RCPT: &str = "< RCPT TO:<b@contoso.com>\n> 250 2.1.5 Recipient OK\n";
const DATA: &str = "< DATA\n> 354 Start mail input; end with <CRLF>.<CRLF>\n";
const DONE: &str = "> 250 2.6.0 <m@contoso.com> [InternalId=1, Hostname=EX01.contoso.com] 10 bytes in 0.1, 1 KB/sec Queued mail for delivery\n";
const LOGIN: &str = "< AUTH LOGIN\n> 334 <authentication response>\n> 334 <authentication response>\n";
const DENIED: &str = "* | Inbound AUTH LOGIN failed because of LogonDenied\n* | User Name: alice@contoso.com\n> 535 5.7.3 Authentication unsuccessful\n";
const GRANTED: &str = "* CONTOSO\\alice | authenticated\n> 235 2.7.0 Authentication successful\n";

/// Up to a session with TLS.
fn encrypted() -> String {
    format!("{BANNER}{OFFER}{ASK}{UP}< EHLO pc-17\n> 250  mail.contoso.com Hello [198.51.100.7] AUTH NTLM LOGIN\n")
}

fn certificate(names: &str, not_after: &str) -> String {
    format!(
        "* CN=mail.contoso.com, O=Contoso CN=Example CA, O=Example 0404C0F032C2760F 434AC224C8459924B26521298CE8834C514856AB 2026-08-12T10:39:24.000Z {not_after} {names} | Sending certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names\n"
    )
}

#[test]
fn all_is_well() {
    check(&format!("{}{MAIL}{RCPT}{DATA}{DONE}{QUIT}", encrypted()), "ok");
    check_at(SUBMISSION, &format!("{}{LOGIN}{GRANTED}{QUIT}", encrypted()), "ok");
    check("+\n> 220 mail.contoso.com ready\n- | Remote(SocketError)", "probe");
    check("+\n- | Remote(ConnectionReset)", "probe");
    check("+\n> 220 mail.contoso.com ready\n", "incomplete");
    check(&format!("{MAIL}{RCPT}{DATA}{DONE}{QUIT}"), "incomplete");
}

#[test]
fn handshakes() {
    let begun = format!("{BANNER}{OFFER}{ASK}{}", certificate("mail.contoso.com", "2027-11-20T09:39:23.000Z"));
    let expected = "failed error:starttls-handshake-failed";
    check(&format!("{begun}* | TLS negotiation failed with error SocketError\n- | Remote(SocketError)"), expected);
    check(&format!("{begun}- | Remote(SocketError)"), expected);
    check(&format!("{begun}- | Local"), expected);
    check(&begun, "incomplete");
    let silent = told(&format!("{begun}- | Remote(SocketError)"), DEFAULT);
    assert_eq!(
        silent.messages,
        ["198.51.100.7 dropped the TLS handshake 1.0 s after the certificate of mail.contoso.com was sent"]
    );
    assert_eq!(silent.evidence, [[5, 6, 7]]);
    check(
        &format!("{BANNER}{OFFER}< STARTTLS\n> 454 4.7.0 TLS not available\n{QUIT}"),
        "failed error:starttls-refused",
    );
    check(&format!("{BANNER}{OFFER}< STARTTLS\n> 501 5.5.4 No\n{QUIT}"), "failed error:starttls-refused");
    check(
        &format!("{BANNER}{OFFER}< STARTTLS\n> 454 4.7.0 Later\n{ASK}{UP}< EHLO a\n> 250 b\n{QUIT}"),
        "ok warning:command-refused",
    );
    check(
        &format!("{BANNER}{OFFER}< MAIL FROM:<a@contoso.com>\n> 530 5.7.0 Must issue a STARTTLS command first\n{QUIT}"),
        "failed error:starttls-required",
    );
}

#[test]
fn offers() {
    const BARE: &str = "< EHLO pc-17\n> 250  mail.contoso.com Hello [198.51.100.7] SIZE 37748736 AUTH NTLM\n";
    let expected = "ok warning:starttls-not-offered";
    check_at(SUBMISSION, &format!("{BANNER}{BARE}{QUIT}"), expected);
    check_at(Place("EX01\\Client Frontend EX01", 2587), &format!("{BANNER}{BARE}{QUIT}"), expected);
    check_at(Place("EX01\\Other", 587), &format!("{BANNER}{BARE}{QUIT}"), expected);
    let lines = "< EHLO pc-17\n> 250-mail.contoso.com Hello [198.51.100.7]\n> 250-SIZE\n> 250 AUTH NTLM\n";
    check_at(SUBMISSION, &format!("{BANNER}{lines}{QUIT}"), expected);
    // Near misses: another port, HELO, TLS that is up, a cut head, a list that is cut.
    check(&format!("{BANNER}{BARE}{QUIT}"), "ok");
    check_at(SUBMISSION, &format!("{BANNER}< HELO a\n> 250 mail.contoso.com Hello [198.51.100.7]\n{QUIT}"), "ok");
    check_at(SUBMISSION, &format!("{}{QUIT}", encrypted()), "ok");
    check_at(SUBMISSION, &format!("{BARE}{QUIT}"), "incomplete");
    check_at(SUBMISSION, &format!("{BANNER}< EHLO a\n> 250-mail.contoso.com Hello\n> 250-SIZE\n"), "incomplete");
    let lines = "< EHLO pc-17\n> 250-mail.contoso.com Hello [198.51.100.7]\n> 250-STARTTLS\n> 250 AUTH NTLM\n";
    check_at(SUBMISSION, &format!("{BANNER}{lines}{QUIT}"), "ok");
    check_at(
        SUBMISSION,
        &format!("{BANNER}< EHLO a\n> 501 5.5.4 Invalid domain name\n{QUIT}"),
        "ok warning:protocol-error",
    );
}

#[test]
fn strength() {
    let with = |protocol: &str, cipher: &str, bits: u32| {
        let row = UP
            .replace("SP_PROT_TLS1_2_SERVER", protocol)
            .replace("CALG_AES_256 with strength 256", &format!("{cipher} with strength {bits}"));
        format!("{BANNER}{OFFER}{ASK}{row}{QUIT}")
    };
    check(&with("SP_PROT_TLS1_3_SERVER", "CALG_AES_256", 256), "ok");
    check(&with("SP_PROT_TLS1_1_SERVER", "CALG_AES_256", 256), "ok warning:tls-version-outdated");
    check(&with("SP_PROT_SSL3_SERVER", "CALG_RC4", 128), "ok warning:tls-version-outdated warning:tls-cipher-weak");
    check(&with("SP_PROT_TLS1_2_SERVER", "CALG_3DES", 168), "ok warning:tls-cipher-weak");
    check(&with("SP_PROT_TLS1_2_SERVER", "CALG_AES_128", 128), "ok");
}

#[test]
fn certificates() {
    let with = |row: &str| format!("{BANNER}{OFFER}{ASK}{row}{UP}{QUIT}");
    let far = "2027-11-20T09:39:23.000Z";
    check(&with(&certificate("mail.contoso.com", far)), "ok");
    check(&with(&certificate("a.contoso.com;b.contoso.com", far)), "ok");
    let wildcard = certificate("*.contoso.com;contoso.com", far).replace("CN=mail.contoso.com", "CN=*.contoso.com");
    check(&with(&wildcard), "ok");
    let deep = with(&wildcard).replace("220 mail.contoso.com", "220 mail.corp.contoso.com");
    check(&deep, "ok warning:certificate-name-mismatch");
    check(&deep.replace("mail.corp.contoso.com", "contoso.com"), "ok");
    check(&with(&certificate("mail.contoso.com", "2026-11-23T08:29:05.000Z")), "ok warning:certificate-expired");
    check(&with(&certificate("mail.contoso.com", "2026-11-24T08:29:05.000Z")), "ok warning:certificate-expiring");
    check(&with(&certificate("mail.contoso.com", "2026-12-24T08:29:05.000Z")), "ok");
    let own =
        certificate("mail.contoso.com", far).replace("CN=Example CA, O=Example", "CN=mail.contoso.com, O=Contoso");
    check(&with(&own), "ok note:certificate-self-signed");
    // A row a property, and the names redacted.
    let parts = "* | Sending certificate\n* CN=ex01.contoso.com | Certificate subject\n* CN=Example CA | Certificate issuer name\n";
    check(&with(parts), "ok");
    check(
        &with(&format!("{parts}* ex01.contoso.com | Certificate alternate names\n")),
        "ok warning:certificate-name-mismatch",
    );
    assert_eq!(told(&deep, DEFAULT).evidence, [[1, 6]]);
    // Default connectors take no name but the server's own.
    let renames = |name: &'static str| {
        let steps = steps(&told(&deep, Place(name, 25)));
        let rename = steps.contains(&format!("Set-ReceiveConnector '{name}' -Fqdn 'mail.contoso.com'"));
        assert!(steps.contains("-TlsCertificateName"), "{steps}");
        assert_ne!(rename, steps.contains("the server's own names"), "{steps}");
        rename
    };
    for name in ["EX01\\Default Frontend EX01", "EX01\\default EX01", "EX01\\Outbound Proxy Frontend EX01"] {
        assert!(!renames(name), "{name}");
    }
    for name in ["EX01\\Client Frontend EX01", "EX01\\Client Proxy EX01", "EX01\\Relay", "EX01\\Defaults of ours"] {
        assert!(renames(name), "{name}");
    }
}

#[test]
fn refused_logins() {
    let expected = "failed error:auth-credentials-rejected";
    let open = encrypted();
    check(&format!("{open}{LOGIN}{DENIED}{QUIT}"), expected);
    check(&format!("{open}{LOGIN}* | Inbound AUTH LOGIN failed because of LogonDenied\n- | Local"), expected);
    check(&format!("{open}{LOGIN}> 535 5.7.3 Authentication unsuccessful\n- | Remote(SocketError)"), expected);
    check("> 535 5.7.3 Authentication unsuccessful\n- | Local", expected);
    // Found as a warning where a later attempt succeeds, and still as an error where it is left.
    check(&format!("{open}{LOGIN}{DENIED}{LOGIN}{GRANTED}{QUIT}"), "ok warning:auth-credentials-rejected");
    check(&format!("{open}{LOGIN}{DENIED}{LOGIN}{QUIT}"), "failed error:auth-credentials-rejected note:auth-abandoned");
    check(&format!("{open}{LOGIN}{DENIED}> 421 4.7.0 Too many errors on this connection\n- | Local"), expected);
    check(
        &format!("{open}< AUTH PLAIN\n> 504 5.7.4 Unrecognized authentication type\n{QUIT}"),
        "failed error:auth-mechanism-unsupported",
    );
    check(
        &format!("{open}< X-EXPS GSSAPI\n> 334 x\n> 454 4.7.0 Temporary authentication failure\n{QUIT}"),
        "failed error:auth-temporary-failure",
    );
    check(
        &format!(
            "{open}< X-EXPS GSSAPI\n> 334 x\n* | Inbound authentication failed because of SecurityError\n> 454 4.7.0 Temporary authentication failure\n{QUIT}"
        ),
        "failed error:auth-temporary-failure",
    );
    check(
        &format!("{open}{LOGIN}{GRANTED}< AUTH LOGIN\n> 503 5.5.2 Already authenticated\n{QUIT}"),
        "ok warning:protocol-error",
    );
    let told = told(&format!("{open}{}{QUIT}", format!("{LOGIN}{DENIED}").repeat(3)), SUBMISSION);
    assert_eq!(told.messages, ["alice@contoso.com was refused 3 times: LogonDenied"]);
}

#[test]
fn logins_without_a_back_end() {
    let expected = "failed error:auth-proxy-failed";
    let open = encrypted();
    let refusal = "> 535 5.7.3 Unable to proxy authenticated session because either the backend does not support it or failed to resolve the user\n";
    check(&format!("{open}{LOGIN}{refusal}{QUIT}"), expected);
    check(&format!("{open}{LOGIN}* CONTOSO\\svc | authenticated\n{refusal}- | Remote(ConnectionReset)"), expected);
    let busy = "> 451 4.7.0 Temporary server error. Please try again later. PRX2\n";
    check(&format!("{open}{LOGIN}{busy}{QUIT}"), expected);
    check(&format!("{open}{LOGIN}{GRANTED}{MAIL}{RCPT}< DATA\n{busy}{QUIT}"), expected);
    // Without a login the mail is what was not handed over, wherever it was in the dialogue.
    check(&format!("{open}{MAIL}{RCPT}< DATA\n{busy}{QUIT}"), expected);
    check(&format!("{open}< MAIL FROM:<a@contoso.com>\n{busy}{QUIT}"), expected);
    check(&format!("{open}{MAIL}< RCPT TO:<b@contoso.com>\n{busy}{QUIT}"), expected);
    check(&format!("{BANNER}< EHLO a\n{busy}- | Local"), expected);
    // Handed over when it was tried again.
    check(
        &format!("{open}< MAIL FROM:<a@contoso.com>\n{busy}{MAIL}{RCPT}{DATA}{DONE}{QUIT}"),
        "ok warning:auth-proxy-failed",
    );
    // Near misses: other hosts and words that begin like it.
    for reply in ["451 4.7.1 Greylisted by prx01.example.com", "451 4.7.1 See https://prx.example.com/prx2x"] {
        check(&format!("{open}< MAIL FROM:<a@contoso.com>\n> {reply}\n{QUIT}"), "failed error:command-refused");
    }
}

#[test]
fn the_checks_are_those_of_the_case() {
    let open = encrypted();
    let busy = "> 451 4.7.0 Temporary server error. Please try again later. PRX2\n";
    let hub = steps(&told(&format!("{open}{MAIL}{RCPT}< DATA\n{busy}{QUIT}"), DEFAULT));
    assert!(hub.contains("Test-ServiceHealth") && hub.contains("send log"), "{hub}");
    assert!(!hub.contains("Get-Mailbox") && !hub.contains("Enable-Mailbox"), "{hub}");
    let refusal = "> 535 5.7.3 Unable to proxy authenticated session because either the backend does not support it\n";
    let user = steps(&told(&format!("{open}{LOGIN}* CONTOSO\\svc | authenticated\n{refusal}{QUIT}"), SUBMISSION));
    assert!(user.contains("Get-Mailbox 'CONTOSO\\svc'") && !user.contains("Test-ServiceHealth"), "{user}");
}

#[test]
fn missing_and_abandoned_logins() {
    let open = encrypted();
    for reply in ["530 5.7.57 SMTP; Client was not authenticated", "530 5.7.1 Client was not authenticated"] {
        check(&format!("{open}< MAIL FROM:<a@contoso.com>\n> {reply}\n{QUIT}"), "failed error:auth-missing");
    }
    check(&format!("{open}{LOGIN}{QUIT}"), "ok note:auth-abandoned");
    check(&format!("{open}{LOGIN}- | Remote(SocketError)"), "ok warning:connection-dropped note:auth-abandoned");
    check(&format!("{open}{LOGIN}- | Local"), "ok note:auth-abandoned");
    check(&format!("{open}{LOGIN}- | Remote(TimedOut)"), "ok warning:connection-timed-out note:auth-abandoned");
    check(
        &format!("{open}{LOGIN}> 421 4.4.1 Connection timed out\n- | Local"),
        "ok warning:connection-timed-out note:auth-abandoned",
    );
    check(&format!("{open}{LOGIN}"), "incomplete");
}

#[test]
fn cancelled_logins() {
    let open = encrypted();
    let cancelled = "> 501 5.7.0 Authentication cancelled\n";
    let told = told(&format!("{open}{LOGIN}< *\n{cancelled}{QUIT}"), SUBMISSION);
    assert_eq!(told.found, "ok note:auth-abandoned");
    assert_eq!(
        told.messages,
        ["198.51.100.7 began AUTH LOGIN and took it back 4.0 s later: 501 5.7.0 Authentication cancelled"]
    );
    assert_eq!(told.evidence, [[9, 13]]);
    // Exchange does not log what answers a challenge.
    check(&format!("{open}{LOGIN}{cancelled}- | Remote(SocketError)"), "ok note:auth-abandoned");
    check(&format!("{open}< AUTH NTLM\n> 334 x\n{cancelled}{LOGIN}{GRANTED}{QUIT}"), "ok note:auth-abandoned");
    check(
        &format!("{open}{LOGIN}{cancelled}{LOGIN}{DENIED}{QUIT}"),
        "failed error:auth-credentials-rejected note:auth-abandoned",
    );
    // Near misses: refused before any challenge, and a 501 to something else.
    check(&format!("{open}< AUTH LOGIN\n> 501 5.5.4 Invalid arguments\n{QUIT}"), "ok warning:protocol-error");
    check(
        &format!("{open}{LOGIN}{cancelled}< MAIL FROM:<a\n> 501 5.1.7 Invalid address\n{QUIT}"),
        "ok warning:protocol-error note:auth-abandoned",
    );
}

#[test]
fn what_went_well_in_the_end_is_a_warning() {
    let plain = format!("{BANNER}{OFFER}");
    let mail = format!("{MAIL}{RCPT}{DATA}{DONE}");
    let up = format!("{ASK}{UP}< EHLO pc-17\n> 250  mail.contoso.com Hello [198.51.100.7] AUTH NTLM LOGIN\n");
    let login = format!("{LOGIN}{GRANTED}");
    let refused = |command: &str, reply: &str| format!("< {command}\n> {reply}\n");
    let unknown = refused("AUTH LOGIN", "504 5.7.4 Unrecognized authentication type");
    let demanded = refused("MAIL FROM:<a@contoso.com>", "530 5.7.0 Must issue a STARTTLS command first");
    let missing = refused("MAIL FROM:<a@contoso.com>", "530 5.7.57 SMTP; Client was not authenticated");
    let busy = refused("MAIL FROM:<a@contoso.com>", "452 4.3.1 Insufficient system resources");
    let pressure = "* Tarpit for '0.00:00:10' due to 'Back Pressure'\n";
    let later = "> 454 4.7.0 Temporary authentication failure\n";
    for (rows, rule) in [
        (format!("{unknown}{up}{login}{QUIT}"), "auth-mechanism-unsupported"),
        (format!("{unknown}{mail}{QUIT}"), "auth-mechanism-unsupported"),
        (format!("{demanded}{up}{mail}{QUIT}"), "starttls-required"),
        (format!("{up}{missing}{login}{mail}{QUIT}"), "auth-missing"),
        (format!("{up}{LOGIN}{later}{login}{QUIT}"), "auth-temporary-failure"),
        (format!("{pressure}{mail}{QUIT}"), "server-out-of-resources"),
        (format!("{pressure}{busy}{mail}{QUIT}"), "server-out-of-resources"),
    ] {
        check(&format!("{plain}{rows}"), &format!("ok warning:{rule}"));
    }
    // Near misses: what went well before the refusal, or did not go well after it.
    for (rows, rule) in [
        (format!("{unknown}{up}{LOGIN}{QUIT}"), "auth-mechanism-unsupported note:auth-abandoned"),
        (format!("{demanded}{up}{QUIT}"), "starttls-required"),
        (format!("{mail}{missing}{QUIT}"), "auth-missing"),
        (format!("{mail}{busy}{QUIT}"), "server-out-of-resources"),
        (format!("{mail}{pressure}{busy}{QUIT}"), "server-out-of-resources"),
        (format!("{pressure}{MAIL}{QUIT}"), "server-out-of-resources"),
    ] {
        check(&format!("{plain}{rows}"), &format!("failed error:{rule}"));
    }
}

#[test]
fn logins_in_the_clear() {
    const BARE: &str = "< EHLO pc-17\n> 250  mail.contoso.com Hello [198.51.100.7] STARTTLS AUTH LOGIN\n";
    check(&format!("{BANNER}{BARE}{LOGIN}{GRANTED}{QUIT}"), "ok warning:auth-in-clear");
    check(
        &format!("{BANNER}{BARE}{LOGIN}{DENIED}{QUIT}"),
        "failed error:auth-credentials-rejected warning:auth-in-clear",
    );
    check(
        &format!("{BANNER}{BARE}< AUTH PLAIN x\n> 235 2.7.0 Authentication successful\n{QUIT}"),
        "ok warning:auth-in-clear",
    );
    check(&format!("{BARE}{LOGIN}{GRANTED}{QUIT}"), "incomplete warning:auth-in-clear");
    // Near misses: refused before a challenge, NTLM, TLS in a head that is cut, TLS.
    check(
        &format!("{BANNER}{BARE}< AUTH LOGIN\n> 504 5.7.4 Unrecognized authentication type\n{QUIT}"),
        "failed error:auth-mechanism-unsupported",
    );
    check(&format!("{BANNER}{BARE}< AUTH NTLM\n> 334 x\n{GRANTED}{QUIT}"), "ok");
    check(&format!("{LOGIN}{GRANTED}{QUIT}"), "incomplete");
    check(&format!("{}{LOGIN}{GRANTED}{QUIT}", encrypted()), "ok");
}

#[test]
fn evidence_is_bounded_and_in_order() {
    let mut evidence = Evidence::default();
    for row in [9, 3, 9, 1, 20, 4] {
        evidence.add(row);
    }
    assert_eq!(evidence.rows(), [1, 3, 4, 9, 20]);
    for row in 0..50 {
        evidence.add(row);
    }
    assert_eq!(evidence.rows(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn commands_bear_the_connector_whatever_it_is_called() {
    let names = [
        "EX01\\Client Frontend (new) 'x'",
        "EX01\\a, \"b\" $(x) `c`",
        "EX01\\it\u{2019}s \u{201c}mine\u{201d}",
        "EX01\\a\u{1b}[31m",
    ];
    let quoted = [
        "'EX01\\Client Frontend (new) ''x'''",
        "'EX01\\a, \"b\" $(x) `c`'",
        "'EX01\\it\u{2019}\u{2019}s \u{201c}mine\u{201d}'",
        "\"EX01\\a$([char]0x1B)[31m\"",
    ];
    for (name, literal) in names.into_iter().zip(quoted) {
        let told = told(
            &format!("{BANNER}{OFFER}{MAIL}< RCPT TO:<x@fabrikam.com>\n> 421 4.4.1 Connection timed out\n- | Local"),
            Place(name, 25),
        );
        let commands: Vec<String> = told.advice.into_iter().filter_map(|advice| advice.command).collect();
        assert!(
            commands.iter().any(|command| command.contains(&format!("Get-ReceiveConnector {literal} |"))),
            "{commands:?}"
        );
    }
}

#[test]
fn names_are_unique_and_read_again() {
    let names: BTreeSet<&str> = RULES.iter().map(|article| article.name).collect();
    assert_eq!(names.len(), RULES.len());
    for article in RULES {
        assert_eq!(Rule::parse(&article.name.to_uppercase()), Some(article.rule));
    }
    assert_eq!(Rule::parse("no-such-rule"), None);
}

mod mail;
