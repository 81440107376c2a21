//! What conversations amount to, case by case.
//!
//! In: rows in a short notation. Out: facts, compared.
//!
//! **Invariant**: every outcome of the session record has a conversation here that leads to it.

mod hidden;

use std::fmt::Write;

use super::super::extensions::read_extensions;
use super::super::facts::{Auth, Facts, Proxied, StartTls};
use super::*;
use crate::record::header::Schema;
use crate::session::assemble::{Pieces, TextEnd};
use crate::session::{FileId, OriginId, Position};

fn understood(rows: &str, first_sequence: u32) -> (String, Facts) {
    let (text, _, facts) = understood_rows(rows, first_sequence);
    (text, facts)
}

/// Makes a log of one session from `event data | context` lines and understands it.
fn understood_rows(rows: &str, first_sequence: u32) -> (String, Vec<Row>, Facts) {
    let mut text = String::new();
    for (number, row) in (first_sequence..).zip(rows.lines().map(str::trim).filter(|row| !row.is_empty())) {
        let (event, rest) = row.split_at(1);
        let (data, context) = rest.trim_start().split_once('|').unwrap_or((rest.trim_start(), ""));
        let quoted = |field: &str| match field.trim_end() {
            field if field.contains([',', '"']) => format!("\"{}\"", field.replace('"', "\"\"")),
            field => field.to_owned(),
        };
        let _ = write!(
            text,
            "2026-11-23T08:29:{:02}.104Z,EX01\\Default,08DE2A1B3C4D5E6F,{number},192.0.2.5:25,198.51.100.7:4096,{event},{},{}\r\n",
            number % 60,
            quoted(data),
            quoted(context.trim_start())
        );
    }
    let mut pieces = Pieces::default();
    pieces.begin(&Schema::default());
    pieces.assemble(text.as_bytes(), usize::MAX, TextEnd::OfFile, FileId(0)).unwrap();
    assert_eq!(pieces.counts.malformed, 0, "{text}");
    let rows: Vec<Row> = pieces.rows_of(&pieces.pieces[0]).collect();
    let mut facts = Facts::default();
    let session =
        Session { text: text.as_bytes(), rows: &rows, ordinal: 1, position: Position(0), origin: OriginId(0) };
    understand(&session, &mut Scratch::default(), &mut facts);
    (text, rows, facts)
}

fn text_of(text: &str, span: Option<Span>) -> String {
    span.map_or_else(|| "-".into(), |span| String::from_utf8_lossy(&span.to_value(text.as_bytes())).into_owned())
}

#[track_caller]
fn check_auth(rows: &str, expected: (Auth, u32, u32, &str, &str, &str)) {
    let (text, facts) = understood(rows, u32::from(!rows.trim_start().starts_with('+')));
    let auth = &facts.auth;
    let read = (
        auth.outcome,
        auth.attempts,
        auth.failures,
        text_of(&text, auth.mechanism),
        text_of(&text, auth.user),
        text_of(&text, auth.error),
    );
    let (outcome, attempts, failures, mechanism, user, error) = expected;
    assert_eq!(read, (outcome, attempts, failures, mechanism.into(), user.into(), error.into()));
}

const CHALLENGES: &str = "> 334 <authentication response>\n> 334 <authentication response>\n";
const FAILURE: &str = "* | Inbound AUTH LOGIN failed because of LogonDenied\n* | User Name: alice@contoso.com  \n* Tarpit for '0.00:00:05' due to '535 5.7.3 Authentication unsuccessful'\n";

#[test]
fn auth_outcomes() {
    check_auth(
        &format!(
            "+\n< AUTH LOGIN\n{CHALLENGES}* CONTOSO\\alice | authenticated\n> 235 2.7.0 Authentication successful\n-"
        ),
        (Auth::Succeeded, 1, 0, "LOGIN", "CONTOSO\\alice", "-"),
    );
    check_auth(
        &format!(
            "+\n< auth LOGIN\n{CHALLENGES}> 235 2.7.0 Authentication successful\n* CONTOSO\\alice | authenticated\n-"
        ),
        (Auth::Succeeded, 1, 0, "LOGIN", "CONTOSO\\alice", "-"),
    );
    check_auth(
        &format!("+\n< AUTH LOGIN\n{CHALLENGES}{FAILURE}> 535 5.7.3 Authentication unsuccessful\n-"),
        (Auth::Failed, 1, 1, "LOGIN", "alice@contoso.com", "LogonDenied"),
    );
    check_auth(
        &format!("+\n< AUTH LOGIN\n{CHALLENGES}{FAILURE}-"),
        (Auth::Failed, 1, 1, "LOGIN", "alice@contoso.com", "LogonDenied"),
    );
    check_auth(
        &format!(
            "+\n< AUTH LOGIN\n{CHALLENGES}{FAILURE}< QUIT\n> 535 5.7.3 Authentication unsuccessful\n> 221 2.0.0 Bye\n-"
        ),
        (Auth::Failed, 1, 1, "LOGIN", "alice@contoso.com", "LogonDenied"),
    );
    check_auth(
        "+\n< AUTH PLAIN\n> 504 5.7.4 Unrecognized authentication type\n-",
        (Auth::Rejected, 1, 1, "PLAIN", "-", "-"),
    );
    check_auth(
        "+\n< AUTH LOGIN\n> 530 5.7.0 Must issue a STARTTLS command first\n< QUIT\n> 221 2.0.0 Bye\n-",
        (Auth::Rejected, 1, 1, "LOGIN", "-", "-"),
    );
    check_auth(
        "+\n< AUTH PLAIN AGFsaWNlAHg=\n> 535 5.7.3 Authentication unsuccessful\n-",
        (Auth::Failed, 1, 1, "PLAIN", "-", "-"),
    );
    check_auth(
        "+\n< AUTH NTLM\n> 334 <authentication response>\n> 454 4.7.0 Temporary authentication failure\n-",
        (Auth::Failed, 1, 1, "NTLM", "-", "-"),
    );
    check_auth(
        &format!(
            "+\n< AUTH LOGIN\n{CHALLENGES}* CONTOSO\\svc | authenticated\n> 535 5.7.3 Unable to proxy authenticated session\n-"
        ),
        (Auth::Failed, 1, 1, "LOGIN", "CONTOSO\\svc", "-"),
    );
    check_auth("+\n< EHLO a\n> 250 b\n-", (Auth::NotAttempted, 0, 0, "-", "-", "-"));
}

#[test]
fn auth_without_a_result() {
    check_auth(&format!("+\n< AUTH LOGIN\n{CHALLENGES}-"), (Auth::Abandoned, 1, 0, "LOGIN", "-", "-"));
    check_auth(&format!("+\n< AUTH LOGIN\n{CHALLENGES}"), (Auth::Unknown, 1, 0, "LOGIN", "-", "-"));
    check_auth(
        &format!(
            "+\n< AUTH LOGIN\n{CHALLENGES}< MAIL FROM:<a@contoso.com>\n> 530 5.7.57 SMTP; Client was not authenticated\n-"
        ),
        (Auth::Abandoned, 1, 0, "LOGIN", "-", "-"),
    );
    check_auth(
        &format!("+\n< AUTH LOGIN\n{CHALLENGES}> 421 4.4.1 Connection timed out\n-"),
        (Auth::Abandoned, 1, 0, "LOGIN", "-", "-"),
    );
    check_auth(
        "+\n< AUTH LOGIN\n> 334 x\n< dXNlcg==\n> 235 2.7.0 Authentication successful\n-",
        (Auth::Succeeded, 1, 0, "LOGIN", "-", "-"),
    );
}

#[test]
fn several_attempts() {
    let failed = format!("< AUTH LOGIN\n{CHALLENGES}{FAILURE}> 535 5.7.3 Authentication unsuccessful\n");
    check_auth(&format!("+\n{failed}{failed}-"), (Auth::Failed, 2, 2, "LOGIN", "alice@contoso.com", "LogonDenied"));
    check_auth(
        &format!("+\n{failed}< AUTH NTLM\n> 334 x\n> 235 2.7.0 Authentication successful\n-"),
        (Auth::Succeeded, 2, 1, "NTLM", "-", "-"),
    );
    check_auth(
        &format!(
            "+\n{failed}< X-EXPS GSSAPI\n> 334 x\n* CONTOSO\\EX02$ | authenticated\n> 235 <authentication response>\n-"
        ),
        (Auth::Succeeded, 2, 1, "GSSAPI", "CONTOSO\\EX02$", "-"),
    );
}

#[test]
fn auth_after_a_cut_head() {
    check_auth(
        &format!("{FAILURE}> 535 5.7.3 Authentication unsuccessful\n-"),
        (Auth::Failed, 1, 1, "LOGIN", "alice@contoso.com", "LogonDenied"),
    );
    check_auth("> 535 5.7.3 Authentication unsuccessful\n-", (Auth::Failed, 1, 1, "-", "-", "-"));
    check_auth(
        "* alice | authenticated\n> 235 2.7.0 Authentication successful\n-",
        (Auth::Succeeded, 1, 0, "-", "alice", "-"),
    );
    check_auth("> 235 2.7.0 Authentication successful\n< QUIT\n-", (Auth::Succeeded, 1, 0, "-", "-", "-"));
}

#[test]
fn rows_of_one_result_are_one_attempt() {
    let asked = format!("+\n< AUTH LOGIN\n{CHALLENGES}");
    let done = (Auth::Succeeded, 1, 0, "LOGIN", "CONTOSO\\alice", "-");
    let row = "* CONTOSO\\alice | authenticated\n";
    let proxy = "* | Proxy session was successfully set up. Session foralice@contoso.com will now be proxied\n";
    let reply = "> 235 2.7.0 Authentication successful\n";
    for order in [[row, proxy, reply], [reply, row, proxy], [row, reply, proxy]] {
        check_auth(&format!("{asked}{}-", order.concat()), done);
    }
    // Each told twice, as copies have it where a row differs in its time alone.
    check_auth(
        &format!("{asked}* | Inbound AUTH LOGIN failed because of LogonDenied\n{FAILURE}> 535 5.7.3 No\n-"),
        (Auth::Failed, 1, 1, "LOGIN", "alice@contoso.com", "LogonDenied"),
    );
    // The client does not wait for the reply.
    check_auth(
        &format!("{asked}< QUIT\n> 535 5.7.3 Authentication unsuccessful\n> 221 2.0.0 Bye\n-"),
        (Auth::Failed, 1, 1, "LOGIN", "-", "-"),
    );
    check_auth(
        &format!("{asked}< QUIT\n{FAILURE}> 535 5.7.3 Authentication unsuccessful\n-"),
        (Auth::Failed, 1, 1, "LOGIN", "alice@contoso.com", "LogonDenied"),
    );
}

#[test]
fn the_reply_to_a_known_user_may_still_refuse() {
    for reply in [
        "535 5.7.3 Unable to proxy authenticated session",
        "454 4.7.0 Temporary authentication failure",
        "451 4.7.0 Temporary server error. Please try again later. PRX5",
    ] {
        check_auth(
            &format!("+\n< AUTH LOGIN\n{CHALLENGES}* CONTOSO\\alice | authenticated\n> {reply}\n-"),
            (Auth::Failed, 1, 1, "LOGIN", "CONTOSO\\alice", "-"),
        );
        check_auth(&format!("+\n< AUTH LOGIN\n{CHALLENGES}> {reply}\n-"), (Auth::Failed, 1, 1, "LOGIN", "-", "-"));
    }
}

#[test]
fn users_named_by_rows() {
    // What Exchange writes where it knows no name: NTLM that broke off.
    check_auth(
        "+\n< AUTH NTLM\n> 334 x\n* | Inbound authentication failed because of LogonDenied\n* | User Name: NULL\n> 535 5.7.3 No\n-",
        (Auth::Failed, 1, 1, "NTLM", "-", "LogonDenied"),
    );
    check_auth(
        "* | User Name: alice\n* | Inbound AUTH LOGIN failed because of LogonDenied\n-",
        (Auth::Failed, 1, 1, "LOGIN", "alice", "LogonDenied"),
    );
    check_auth("* | User Name: alice\n> 535 5.7.3 No\n-", (Auth::Failed, 1, 1, "-", "alice", "-"));
    check_auth("* | User Name: alice\n-", (Auth::NotAttempted, 0, 0, "-", "-", "-"));
    // Credentials that came with the command are not logged, but who sent them is.
    check_auth("+\n< AUTH LOGIN\n* | User Name: alice\n> 535 5.7.3 No\n-", (Auth::Failed, 1, 1, "LOGIN", "alice", "-"));
}

#[test]
fn an_end_of_time_is_no_result() {
    for reply in ["421 4.4.1 Connection timed out", "451 4.7.0 Timeout waiting for client input"] {
        check_auth(&format!("+\n< AUTH LOGIN\n> {reply}\n-"), (Auth::Abandoned, 1, 0, "LOGIN", "-", "-"));
        check_auth(&format!("+\n< AUTH LOGIN\n{CHALLENGES}> {reply}\n-"), (Auth::Abandoned, 1, 0, "LOGIN", "-", "-"));
    }
}

#[test]
fn client_proxy_is_success() {
    let rows = format!(
        "+\n< AUTH LOGIN\n{CHALLENGES}* | Setting up client proxy session to destination(s): EX02.contoso.com\n* | Proxy session was successfully set up. Session foralice@contoso.com will now be proxied\n> 235 2.7.0 Authentication successful\n-"
    );
    check_auth(&rows, (Auth::Succeeded, 1, 0, "LOGIN", "alice@contoso.com", "-"));
    let (text, facts) = understood(&rows, 0);
    let [Proxied::To(host)] = facts.proxied[..] else { panic!("{:?}", facts.proxied) };
    assert_eq!(text_of(&text, Some(host)), "EX02.contoso.com");
}

#[track_caller]
fn check_tls(rows: &str, outcome: StartTls, error: &str) {
    let (text, facts) = understood(rows, u32::from(!rows.trim_start().starts_with('+')));
    assert_eq!((facts.tls.outcome, text_of(&text, facts.tls.error)), (outcome, error.into()));
}

#[test]
fn starttls_outcomes() {
    const READY: &str = "+\n> 220 mail.contoso.com ready\n< EHLO a\n> 250  mail.contoso.com Hello [192.0.2.1] STARTTLS\n< STARTTLS\n> 220 2.0.0 SMTP server ready\n";
    check_tls("+\n< EHLO a\n-", StartTls::NotAttempted, "-");
    check_tls("+\n< STARTTLS\n> 454 4.7.0 TLS not available\n-", StartTls::Refused, "-");
    check_tls(&format!("{READY}* | TLS negotiation failed with error SocketError\n-"), StartTls::Failed, "SocketError");
    check_tls(&format!("{READY}-"), StartTls::Failed, "-");
    check_tls(READY, StartTls::Unknown, "-");
    check_tls(
        &format!("{READY}* | TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using\n-"),
        StartTls::Succeeded,
        "-",
    );
    check_tls(&format!("{READY}< EHLO a\n"), StartTls::Succeeded, "-");
    check_tls("+\n< X-ANONYMOUSTLS\n> 220 2.0.0 SMTP server ready\n-", StartTls::Failed, "-");
    check_tls("* | TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using\n-", StartTls::Succeeded, "-");
}

#[test]
fn extensions_before_and_after() {
    let rows = "+\n> 220 mail.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 23 Nov 2026 09:29:00 +0100\n< EHLO a\n> 250-mail.contoso.com Hello [192.0.2.1]\n> 250-STARTTLS\n> 250 CHUNKING\n< STARTTLS\n> 220 2.0.0 ready\n< EHLO b \n> 250  mail.contoso.com Hello [192.0.2.1] AUTH LOGIN\n-";
    let (text, facts) = understood(rows, 0);
    assert_eq!((facts.ehlo_rows, facts.ehlo_rows_tls), (vec![3, 4, 5], vec![9]));
    assert_eq!((text_of(&text, facts.banner), text_of(&text, facts.helo)), ("mail.contoso.com".into(), "b".into()));
}

#[track_caller]
fn check_greeting(rows: &str, banner: &str, helo: &str, plain: &[&str], encrypted: &[&str]) {
    let (text, rows, facts) = understood_rows(rows, u32::from(!rows.trim_start().starts_with('+')));
    let session =
        Session { text: text.as_bytes(), rows: &rows, ordinal: 1, position: Position(0), origin: OriginId(0) };
    let offers = |rows: &[u32]| {
        read_extensions(&session, rows).iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>()
    };
    assert_eq!((text_of(&text, facts.banner), text_of(&text, facts.helo)), (banner.into(), helo.into()));
    assert_eq!(
        (offers(&facts.ehlo_rows), offers(&facts.ehlo_rows_tls)),
        (
            plain.iter().map(|word| (*word).to_owned()).collect(),
            encrypted.iter().map(|word| (*word).to_owned()).collect()
        )
    );
}

#[test]
fn greetings_of_a_cut_head() {
    const BANNER: &str =
        "> 220 mail.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 23 Nov 2026 09:29:00 +0100\n";
    const OFFER: &str = "> 250  mail.contoso.com Hello [192.0.2.1] SIZE 1 STARTTLS\n";
    check_greeting(&format!("{BANNER}< EHLO a\n{OFFER}-"), "mail.contoso.com", "a", &["SIZE 1", "STARTTLS"], &[]);
    check_greeting(&format!("{OFFER}< QUIT\n-"), "-", "-", &["SIZE 1", "STARTTLS"], &[]);
    check_greeting("> 250-STARTTLS\n> 250 CHUNKING\n-", "-", "-", &["STARTTLS", "CHUNKING"], &[]);
    check_greeting("> 250 CHUNKING\n-", "-", "-", &["CHUNKING"], &[]);
    check_greeting(
        "> 250 2.1.5 Recipient OK\n> 220 2.0.0 SMTP server ready\n> 250 XProxyFrom accepted\n-",
        "-",
        "-",
        &[],
        &[],
    );
}

#[test]
fn odd_greetings() {
    const BANNER: &str = "> 220 mail.contoso.com ready\n";
    // A client that does not wait for the banner.
    check_greeting(
        &format!("+\n< EHLO a\n{BANNER}> 250  mail.contoso.com Hello [192.0.2.1] DSN\n-"),
        "mail.contoso.com",
        "a",
        &["DSN"],
        &[],
    );
    check_greeting(
        &format!(
            "+\n{BANNER}< EHLO a b\n> 501 5.5.4 Invalid domain name\n< HELO\n> 501 5.0.0 HELO requires domain address\n-"
        ),
        "mail.contoso.com",
        "a b",
        &[],
        &[],
    );
}

#[test]
fn starttls_is_not_undone_by_asking_again() {
    let up = "+\n< EHLO a\n> 250  mail.contoso.com Hello [192.0.2.1] STARTTLS\n< STARTTLS\n> 220 2.0.0 SMTP server ready\n* | TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using\n< EHLO a\n> 250  mail.contoso.com Hello [192.0.2.1] DSN\n";
    let again = format!("{up}< STARTTLS\n> 503 5.5.2 Only one STARTTLS command can be issued per session\n");
    check_tls(&format!("{again}-"), StartTls::Succeeded, "-");
    check_greeting(
        &format!("{again}< EHLO b\n> 250  mail.contoso.com Hello [192.0.2.1] CHUNKING\n-"),
        "-",
        "b",
        &["STARTTLS"],
        &["CHUNKING"],
    );
}

#[track_caller]
fn check_mail(rows: &str, expected: (u32, u32, u32, u64, &str, &str)) {
    let (text, facts) = understood(rows, u32::from(!rows.trim_start().starts_with('+')));
    let list = |spans: &[Span]| spans.iter().map(|span| text_of(&text, Some(*span))).collect::<Vec<_>>().join(" ");
    let mail = &facts.mail;
    let (attempted, accepted, rejected, bytes, senders, recipients) = expected;
    assert_eq!(
        (
            mail.attempted,
            mail.accepted,
            mail.recipients_rejected,
            mail.bytes,
            list(&mail.senders),
            list(&mail.recipients)
        ),
        (attempted, accepted, rejected, bytes, senders.into(), recipients.into())
    );
}

#[test]
fn envelopes() {
    let accepted = "> 250 2.6.0 <1@example.com> [InternalId=7, Hostname=EX01] 100 bytes in 0.1, 1,000 KB/sec Queued mail for delivery\n";
    check_mail(
        &format!(
            "+\n< MAIL FROM:<a@example.com>\n< RCPT TO:<b@contoso.com>\n< RCPT TO:<c@contoso.com>\n< DATA\n> 250 2.1.0 Sender OK\n> 250 2.1.5 Recipient OK\n> 550 5.1.10 RESOLVER.ADR.RecipientNotFound\n> 354 Start\n{accepted}< MAIL FROM:<>\n> 250 2.1.0 Sender OK\n-"
        ),
        (2, 1, 1, 100, "a@example.com ", "b@contoso.com"),
    );
    check_mail(
        &format!("+\n< BDAT 10\n> 250 2.6.0 CHUNK received OK, 10 octets\n< BDAT 0 LAST\n{accepted}-"),
        (0, 1, 0, 100, "", ""),
    );
    check_mail(
        "+\n< MAIL FROM:<a@example.com>\n> 250 2.1.0 Sender OK\n< DATA\n> 354 Start\n> 552 5.3.4 Too large\n-",
        (1, 0, 0, 0, "a@example.com", ""),
    );
    // The head is cut between commands and their replies, and between DATA and its reply.
    check_mail(
        &format!(
            "> 250 2.1.0 Sender OK\n< RCPT TO:<b@contoso.com>\n> 250 2.1.5 Recipient OK\n> 354 Start\n{accepted}-"
        ),
        (0, 1, 0, 100, "", "b@contoso.com"),
    );
    check_mail(&format!("{accepted}-"), (0, 1, 0, 100, "", ""));
    check_mail(
        "> 550 5.7.1 Unable to relay\n> 550 5.7.54 SMTP; Unable to relay recipient\n> 550 5.7.1 Not authorized\n-",
        (0, 0, 2, 0, "", ""),
    );
}

#[test]
fn a_cut_through_pipelined_commands() {
    let replies = "> 250 2.1.0 Sender OK\n> 550 5.1.1 User unknown\n> 250 2.1.5 Recipient OK\n> 354 Start\n* x | y\n> 250 2.6.0 <1@example.com> [InternalId=7] 100 bytes in 0.1, 1 KB/sec Queued mail for delivery\n";
    let more = "< RSET\n> 250 2.0.0 Resetting\n-";
    check_mail(&format!("< RCPT TO:<c@contoso.com>\n< DATA\n{replies}{more}"), (0, 1, 1, 100, "", "c@contoso.com"));
    check_mail(&format!("< DATA\n{replies}{more}"), (0, 1, 1, 100, "", ""));
    // As many replies as commands: nothing is cut between them.
    check_mail(
        "< RCPT TO:<c@contoso.com>\n> 250 2.1.5 Recipient OK\n> 421 4.4.1 Connection timed out\n-",
        (0, 0, 0, 0, "", "c@contoso.com"),
    );
}

#[test]
fn addresses_in_quotes() {
    // The field is quoted, so that its own quotes are doubled.
    check_mail(
        "+\n< MAIL FROM:<\"a b>c\"@example.com> SIZE=1\n> 250 2.1.0 Sender OK\n< RCPT TO:<\"x, \\\"y>\"@contoso.com>\n> 250 2.1.5 Recipient OK\n-",
        (1, 0, 0, 0, "\"a b>c\"@example.com", "\"x, \\\"y>\"@contoso.com"),
    );
}

#[test]
fn hub_sessions_name_their_clients() {
    let (text, facts) = understood(
        "+\n< XPROXYFROM SID=08DE IP=198.51.100.7 PORT=5\n> 250 XProxyFrom accepted\n< XPROXYFROM SID=08DE IP=198.51.100.7 PORT=5\n< XPROXYFROM SID=08DF IP=198.51.100.8\n-",
        0,
    );
    let said: Vec<_> = facts
        .proxied
        .iter()
        .map(|proxied| match proxied {
            Proxied::For { ip, session_id } => format!("{} {}", text_of(&text, *ip), text_of(&text, *session_id)),
            Proxied::To(_) => panic!(),
        })
        .collect();
    assert_eq!(said, ["198.51.100.7 08DE", "198.51.100.8 08DF"]);
}

#[test]
fn facts_are_made_anew() {
    let (_, with) = understood("+\n< EHLO a\n< MAIL FROM:<a@b>\n* Tarpit for '0.00:00:05'\n-", 0);
    assert_eq!((with.tarpit_ms, with.mail.attempted), (5000, 1));
    let mut facts = with;
    facts.clear();
    assert_eq!(facts, Facts::default());
}
