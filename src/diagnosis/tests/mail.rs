//! What becomes of mail and of connections, rule by rule.
//!
//! In: rows in a short notation. Out: which rules were found, how grave, and the verdict.
//!
//! **Invariant**: no reply that refuses goes without a finding.

use super::*;

#[test]
fn refused_mail() {
    let open = format!("{BANNER}{OFFER}");
    let rcpt = |reply: &str| format!("{open}{MAIL}< RCPT TO:<x@fabrikam.com>\n> {reply}\n{QUIT}");
    check(&rcpt("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"), "failed error:relay-denied");
    check(&rcpt("550 5.7.1 Unable to relay"), "failed error:relay-denied");
    check(&rcpt("550 5.1.1 User unknown"), "failed error:recipient-rejected");
    check(&rcpt("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"), "failed error:recipient-rejected");
    check(&rcpt("550 5.7.1 Blocked by policy"), "failed error:command-refused");
    check(&rcpt("450 4.7.0 Greylisted"), "failed error:command-refused");
    check(&rcpt("501 5.1.3 Invalid address"), "ok warning:protocol-error");
    let message = |reply: &str| format!("{open}{MAIL}{RCPT}{DATA}> {reply}\n{QUIT}");
    check(&message("550 5.7.1 Message rejected as spam by Content Filtering."), "failed error:message-rejected");
    check(&message("550 5.1.10 RESOLVER.ADR.RecipientNotFound"), "failed error:message-rejected");
    check(
        &message("550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        "failed error:sender-not-permitted",
    );
    check(
        &message("550 5.7.1 Client does not have permissions to send as this sender"),
        "failed error:sender-not-permitted",
    );
    check(&message("451 4.3.0 Try later"), "failed error:command-refused");
    check(
        &format!(
            "{open}< MAIL FROM:<a@contoso.com> SIZE=99999999\n> 552 5.3.4 Message size exceeds fixed maximum message size\n{QUIT}"
        ),
        "failed error:message-rejected",
    );
    check(
        &format!(
            "{open}< MAIL FROM:<a@contoso.com>\n> 550 5.7.60 SMTP; Client does not have permissions to send as this sender\n{QUIT}"
        ),
        "failed error:sender-not-permitted",
    );
    // One recipient among others that are accepted.
    let beside = |reply: &str| format!("{open}{MAIL}{RCPT}< RCPT TO:<c@contoso.com>\n> {reply}\n{DATA}{DONE}{QUIT}");
    check(&beside("452 4.5.3 Too many recipients"), "ok warning:command-refused");
    check(&beside("550 5.7.1 Blocked by policy"), "ok warning:command-refused");
    check(&beside("550 5.1.1 User unknown"), "failed error:recipient-rejected");
    check(&format!("{open}< VRFY a\n> 550 5.1.1 No\n{QUIT}"), "ok warning:command-refused");
}

#[test]
fn put_off() {
    let open = format!("{BANNER}{OFFER}");
    let (failed, ok) = ("failed error:command-refused", "ok warning:command-refused");
    let mail = format!("{MAIL}{RCPT}{DATA}{DONE}");
    let later = "< MAIL FROM:<a@contoso.com>\n> 451 4.7.1 Try again later\n";
    let shut = "> 421 4.7.0 Closing transmission channel\n- | Local";
    // Nothing was accepted.
    check(&format!("{open}{later}{QUIT}"), failed);
    check(&format!("{open}{MAIL}{RCPT}{DATA}> 451 4.3.0 Try again later\n- | Remote(ConnectionReset)"), failed);
    check(&format!("{BANNER}< EHLO a\n> 451 4.3.0 Try again later\n{QUIT}"), failed);
    check(&format!("+\n{shut}"), failed);
    check(&format!("{BANNER}{shut}"), failed);
    check(&format!("{open}{shut}"), failed);
    check(&format!("{open}< NOOP\n{shut}"), failed);
    check(&format!("{later}{QUIT}"), failed);
    check(&format!("{}{LOGIN}> 432 4.7.12 A password transition is needed\n{QUIT}", encrypted()), failed);
    check(
        &format!("{open}< MAIL FROM:<a\n> 501 5.1.7 Invalid address\n> 421 4.7.0 Too many errors\n- | Local"),
        "failed error:command-refused warning:protocol-error",
    );
    let told = told(&format!("{open}{later}{QUIT}"), DEFAULT);
    assert_eq!(told.messages, ["MAIL FROM from 198.51.100.7 was put off: 451 4.7.1 Try again later"]);
    // Something was, before or after.
    check(&format!("{open}{mail}{later}{QUIT}"), ok);
    check(&format!("{open}{later}{mail}{QUIT}"), ok);
    check(&format!("{open}{mail}{shut}"), ok);
    check(&format!("{BANNER}< EHLO a\n> 451 4.3.0 Try again later\n{OFFER}{QUIT}"), ok);
    // Nothing of weight was asked, or it is not known what.
    check(&format!("{open}< NOOP\n> 451 4.3.0 Try again later\n{QUIT}"), ok);
    check("> 451 4.3.0 Try again later\n- | Local", "incomplete warning:command-refused");
    // Scanners that want no mail.
    check(
        &format!("{BANNER}< GET /\n> 500 5.3.3 Unrecognized command\n> 421 4.7.0 Too many errors\n- | Local"),
        "ok warning:protocol-error",
    );
}

#[test]
fn limits_and_resources() {
    let open = format!("{BANNER}{OFFER}");
    let mail = |reply: &str| format!("{open}< MAIL FROM:<a@contoso.com>\n> {reply}\n- | Local");
    check(
        &mail("421 4.4.2 Message submission rate for this client has exceeded the configured limit"),
        "failed error:rate-limited",
    );
    check(&mail("452 4.3.1 Insufficient system resources"), "failed error:server-out-of-resources");
    check("+\n> 421 4.3.2 Service not available\n- | Local", "failed error:server-out-of-resources");
    check(
        "+\n> 421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing transmission channel\n- | Local",
        "failed error:rate-limited",
    );
    check(
        &format!("{open}* Tarpit for '0.00:00:10' due to 'Back Pressure'\n{MAIL}{RCPT}{QUIT}"),
        "failed error:server-out-of-resources",
    );
    for context in ["Delivered", "Expired"] {
        check(
            &format!("{open}{MAIL}{RCPT}{DATA}* Tarpit for '0.00:00:05' due to 'DelayedAck' | {context}\n{DONE}{QUIT}"),
            "ok",
        );
    }
    check(&mail("421 4.4.1 Connection timed out"), "ok warning:connection-timed-out");
    check(&mail("451 4.7.0 Timeout waiting for client input"), "ok warning:connection-timed-out");
    check(&format!("{open}- | Remote(TimedOut)"), "ok warning:connection-timed-out");
}

#[test]
fn ends() {
    let open = format!("{BANNER}{OFFER}");
    let dropped = "ok warning:connection-dropped";
    for end in ["Remote(ConnectionReset)", "Remote(SocketError)", "Remote"] {
        for part in [
            MAIL.to_owned(),
            format!("{MAIL}{RCPT}"),
            format!("{MAIL}{RCPT}{DATA}"),
            "< MAIL FROM:<a@contoso.com>\n".into(),
        ] {
            check(&format!("{open}{part}- | {end}"), dropped);
        }
        check(&format!("{open}{MAIL}{RCPT}{DATA}{DONE}{MAIL}- | {end}"), dropped);
        // Near misses: after the message, after QUIT, RSET or a refusal, before any, and probes.
        let message = format!("{open}{MAIL}{RCPT}{DATA}{DONE}");
        for part in ["", "< QUIT\n", "< RSET\n> 250 2.0.0 Resetting\n"] {
            check(&format!("{message}{part}- | {end}"), "ok");
        }
        check(&format!("{open}{MAIL}< RSET\n- | {end}"), "ok");
        check(&format!("{open}{MAIL}< QUIT\n- | {end}"), "ok");
        check(
            &format!("{open}{MAIL}< RCPT TO:<x@fabrikam.com>\n> 550 5.7.54 SMTP; Unable to relay\n- | {end}"),
            "failed error:relay-denied",
        );
        check(&format!("{open}- | {end}"), "ok");
        check(&format!("{BANNER}- | {end}"), "probe");
    }
    check(&format!("{open}{MAIL}- | Local"), "ok");
    check(&format!("{open}{MAIL}-"), "ok");
    check(&format!("{open}{MAIL}"), "incomplete");
    let proxied = "* | Setting up client proxy session to destination(s): EX02.contoso.com\n* | Proxy session was successfully set up. Session foralice@contoso.com will now be proxied\n";
    check(
        &format!("{}{LOGIN}{proxied}> 235 2.7.0 Authentication successful\n- | Remote(ConnectionReset)", encrypted()),
        "ok",
    );
    // The next transaction is pipelined before the message is answered.
    check(
        &format!(
            "{open}{MAIL}{RCPT}< BDAT 10 LAST\n< MAIL FROM:<a@contoso.com>\n{DONE}> 250 2.1.0 Sender OK\n- | Remote"
        ),
        dropped,
    );
    check(&format!("{open}{MAIL}{RCPT}< BDAT 10 LAST\n< QUIT\n{DONE}- | Remote"), "ok");
}

#[test]
fn words_that_are_no_smtp() {
    for reply in [
        "500 5.3.3 Unrecognized command",
        "501 5.5.4 No",
        "502 5.3.3 No",
        "503 5.5.2 Send hello first",
        "504 5.5.4 No",
        "555 5.5.4 No",
    ] {
        check(&format!("{BANNER}< GET / HTTP/1.1\n> {reply}\n- | Remote(SocketError)"), "ok warning:protocol-error");
    }
}

#[test]
fn no_refusal_is_silent() {
    let starts = [BANNER.to_owned(), format!("{BANNER}{OFFER}"), encrypted(), String::new()];
    let asks = [
        "",
        "< EHLO a\n",
        "< STARTTLS\n",
        "< AUTH LOGIN\n",
        LOGIN,
        "< MAIL FROM:<a@contoso.com>\n",
        "< RCPT TO:<b@contoso.com>\n",
        DATA,
        "< BDAT 10 LAST\n",
        "< QUIT\n",
        "< XYZ\n",
    ];
    for start in &starts {
        for ask in asks {
            for code in (400..460).chain(500..560) {
                for status in ["", " 5.7.1", " 4.7.0 x"] {
                    let found = told(&format!("{start}{ask}> {code}{status}\n- | Local"), DEFAULT);
                    let row = found.evidence.iter().flatten().copied().max();
                    let n_rows = u32::try_from(format!("{start}{ask}").lines().count()).unwrap();
                    assert!(row >= Some(n_rows), "{start}{ask}> {code}{status}: {}", found.found);
                }
            }
        }
    }
}
