//! Logging in: refused, impossible, missing, or in the clear.
//!
//! In: a session's AUTH facts and refusals. Out: findings `auth-…`.
//!
//! **Invariant**: a failed attempt is evidence of one rule: the one that its reply tells of, or
//! where no reply was read, that its credentials were rejected.

use std::collections::BTreeSet;

use crate::dialogue::extensions::is_starttls_offered;
use crate::dialogue::facts::{Asked, Auth, FailedLogin, Refusal, StartTls};

use super::article::{Article, Scope, step, step_for};
use super::refusal::{rule_of, severity_at};
use super::subject::{Subject, to_times_text};
use super::{Finding, Found, Rule, Severity};

/// A login was refused, or demanded.
pub(super) fn of_refusal(subject: &Subject<'_>, refusal: &Refusal) -> Option<Rule> {
    let is_login = refusal.asked == Asked::Auth
        || (refusal.asked == Asked::Nothing && subject.says(refusal.row, &["authentication"]));
    match refusal.code {
        530 if matches!(refusal.status, (5, 7, 57 | 1)) || subject.says(refusal.row, &["not authenticated"]) => {
            Some(Rule::AuthMissing)
        }
        451 if is_proxy_failure(subject, refusal) => Some(Rule::AuthProxyFailed),
        _ if !is_login => None,
        501 if subject.is_challenged(refusal) => Some(Rule::AuthAbandoned),
        504 => Some(Rule::AuthMechanismUnsupported),
        454 => Some(Rule::AuthTemporaryFailure),
        535 if subject.says(refusal.row, &["unable to proxy"]) => Some(Rule::AuthProxyFailed),
        534 | 535 | 538 => Some(Rule::AuthCredentialsRejected),
        _ => None,
    }
}

/// `451 4.7.0 Temporary server error. Please try again later. PRX2`, whatever was asked.
fn is_proxy_failure(subject: &Subject<'_>, refusal: &Refusal) -> bool {
    let text = subject.reply_text(refusal.row);
    text.split([' ', '.', ','])
        .any(|word| word.strip_prefix("PRX").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())))
}

pub(super) fn examine(subject: &Subject<'_>, found: &mut Found<'_>) {
    let auth = &subject.facts.auth;
    for failed in auth.failed.iter().filter(|failed| failed.reply != Some(failed.row)) {
        let severity = if auth.outcome == Auth::Succeeded { Severity::Warning } else { Severity::Error };
        match rule_of_reply(subject, failed) {
            Rule::AuthCredentialsRejected => found.note_as(Rule::AuthCredentialsRejected, severity, [failed.row]),
            rule => found.note_as(rule, severity_at(subject, rule, failed.row), [failed.row]),
        }
    }
    if auth.outcome == Auth::Abandoned {
        let end = auth.is_cut_short.then(|| subject.last_row());
        let row = auth.attempt_row.or(Some(subject.last_row()));
        found.note(Rule::AuthAbandoned, row.into_iter().chain(end));
    }
    if let Some(row) = auth.clear_row
        && is_known_clear(subject)
    {
        found.note(Rule::AuthInClear, auth.attempt_row.into_iter().filter(|attempt| *attempt < row).chain([row]));
    }
}

/// Exchange's own row tells of a failed login; the reply, where there is one, tells of which kind.
fn rule_of_reply(subject: &Subject<'_>, failed: &FailedLogin) -> Rule {
    match failed.reply.and_then(|row| subject.refusal_at(row)).map(|refusal| rule_of(subject, refusal)) {
        Some(rule @ (Rule::AuthTemporaryFailure | Rule::AuthProxyFailed | Rule::AuthMechanismUnsupported)) => rule,
        _ => Rule::AuthCredentialsRejected,
    }
}

/// Whether a login failed because of its name or password, as far as the log tells, and not because the
/// mechanism is not offered, nobody could check it, or no back end took the session over.
pub fn is_about_credentials(subject: &Subject<'_>, failed: &FailedLogin) -> bool {
    match failed.reply.filter(|reply| *reply == failed.row) {
        // The reply alone tells of it.
        Some(row) => {
            subject.refusal_at(row).is_some_and(|refusal| rule_of(subject, refusal) == Rule::AuthCredentialsRejected)
        }
        None => rule_of_reply(subject, failed) == Rule::AuthCredentialsRejected,
    }
}

/// Where the head is cut, TLS may have come up in it, unless STARTTLS was still offered later.
fn is_known_clear(subject: &Subject<'_>) -> bool {
    !subject.facts.is_head_cut || is_starttls_offered(subject.session, &subject.facts.ehlo_rows)
}

fn credentials_rejected(subject: &Subject<'_>, _: &Finding) -> String {
    let failed: Vec<&FailedLogin> = subject
        .facts
        .auth
        .failed
        .iter()
        .filter(|failed| rule_of_reply(subject, failed) == Rule::AuthCredentialsRejected)
        .collect();
    let users: BTreeSet<String> = failed
        .iter()
        .filter_map(|failed| failed.user)
        .map(|user| subject.text(user))
        .filter(|user| !user.is_empty())
        .collect();
    let last =
        failed.last().and_then(|failed| failed.user).map(|user| subject.text(user)).filter(|user| !user.is_empty());
    let who = match (users.len(), last) {
        (0, _) => format!("a user that the log does not name, from {},", subject.client()),
        (1, Some(user)) => user,
        (1, None) => users.first().cloned().unwrap_or_default(),
        (n_users, last) => {
            let last = last.map_or(String::new(), |last| format!(", the last {last},"));
            format!("{n_users} users{last}")
        }
    };
    let verb = if users.len() > 1 { "were" } else { "was" };
    let times = if failed.len() > 1 { format!(" {}", to_times_text(failed.len())) } else { String::new() };
    let then = if subject.facts.auth.outcome == Auth::Succeeded { " before a login succeeded" } else { "" };
    let error = failed.iter().rev().find_map(|failed| failed.error).map(|error| format!(": {}", subject.text(error)));
    let error = error.or_else(|| Some(format!(": {}", subject.reply_text(failed.last()?.reply?))));
    format!("{who} {verb} refused{times}{then}{}", error.unwrap_or_default())
}

fn mechanism_unsupported(subject: &Subject<'_>, finding: &Finding) -> String {
    let rows = finding.evidence.rows();
    let refused = subject.facts.auth.failed.iter().filter(|failed| failed.reply.is_some_and(|row| rows.contains(&row)));
    let mut mechanisms: Vec<String> = refused
        .filter_map(|failed| failed.mechanism)
        .map(|mechanism| format!("AUTH {}", subject.text(mechanism).to_uppercase()))
        .collect();
    mechanisms.dedup();
    let asked = if mechanisms.is_empty() { "a mechanism".into() } else { mechanisms.join(" and ") };
    let last = rows.last().copied().unwrap_or_default();
    // Exchange 2010 has no row that says when TLS came up.
    let has_tls = subject.facts.tls.outcome == StartTls::Succeeded;
    let is_up = has_tls && subject.facts.tls.result_row.is_none_or(|up| up < last);
    let before = if is_up || subject.facts.is_head_cut { "" } else { " before TLS" };
    format!("{} asked for {asked}{before}, which {} does not take", subject.client(), subject.connector_name())
}

fn missing(subject: &Subject<'_>, finding: &Finding) -> String {
    format!(
        "{} asked for {} without logging in, which {} demands: {}",
        subject.client(),
        subject.asked(finding),
        subject.connector_name(),
        subject.refusal_text(finding)
    )
}

fn temporary_failure(subject: &Subject<'_>, finding: &Finding) -> String {
    let mechanism = subject.mechanism().map_or(String::new(), |mechanism| format!(" by {mechanism}"));
    format!("the login of {}{mechanism} could not be checked: {}", subject.client(), subject.refusal_text(finding))
}

fn proxy_failed(subject: &Subject<'_>, finding: &Finding) -> String {
    let user = subject.user();
    let what = match subject.refusal(finding).map(|refusal| refusal.asked) {
        Some(Asked::Sender | Asked::Recipient | Asked::Message) => "mail",
        _ => "session",
    };
    let whose = user.unwrap_or_else(|| format!("the client {}", subject.client()));
    format!("no back end took over the {what} of {whose}: {}", subject.refusal_text(finding))
}

fn abandoned(subject: &Subject<'_>, finding: &Finding) -> String {
    let auth = &subject.facts.auth;
    if let Some(refusal) = subject.refusal(finding) {
        return taken_back(subject, refusal);
    }
    let mechanism = subject.mechanism().map_or_else(|| "its login".into(), |name| format!("AUTH {name}"));
    let since = auth.attempt_row.filter(|_| auth.is_cut_short);
    let after = since.and_then(|row| subject.elapsed(row, subject.last_row()));
    let after = after.map_or(String::new(), |after| format!(" after {after}"));
    let how = if auth.is_cut_short { "the session ended without a result" } else { "went on without a result" };
    match auth.is_cut_short {
        true => format!("{} began {mechanism}, and {how}{after}", subject.client()),
        false => format!("{} began {mechanism} and {how}", subject.client()),
    }
}

/// The client said `*`, which is not always logged.
fn taken_back(subject: &Subject<'_>, refusal: &Refusal) -> String {
    let asked = subject.auth_before(refusal.row);
    let mechanism = asked.as_ref().map_or_else(|| "its login".into(), |(_, words)| words.clone());
    let after = asked.and_then(|(row, _)| subject.elapsed(row, refusal.row));
    let after = after.map_or(String::new(), |after| format!(" {after} later"));
    let then = if subject.facts.auth.outcome == Auth::Succeeded { ", before a login succeeded" } else { "" };
    let reply = subject.reply_text(refusal.row);
    format!("{} began {mechanism} and took it back{after}{then}: {reply}", subject.client())
}

fn in_clear(subject: &Subject<'_>, _: &Finding) -> String {
    let mechanism = subject.mechanism().map_or_else(|| "a login".into(), |name| format!("AUTH {name}"));
    let user = subject.user().map_or(String::new(), |user| format!(" as {user}"));
    format!("{} used {mechanism}{user} without TLS: its password crossed the network in the clear", subject.client())
}

const CONNECTOR: &str =
    "Get-ReceiveConnector {connector} | Format-List Identity,Bindings,AuthMechanism,PermissionGroups,RequireTLS";
const ALL_CONNECTORS: &str =
    "Get-ReceiveConnector -Server {server} | Format-Table Identity,Bindings,RemoteIPRanges,PermissionGroups";
const USUAL_MECHANISMS: &str =
    "Set-ReceiveConnector {connector} -AuthMechanism '<all that the check showed>,BasicAuth,BasicAuthRequireTLS'";

pub(super) const CREDENTIALS_REJECTED: Article = Article {
    rule: Rule::AuthCredentialsRejected,
    name: "auth-credentials-rejected",
    severity: Severity::Error,
    when: "a login failed with 535 or with a row of Exchange's own; a warning where a later one succeeded",
    meaning: "Exchange understood who wanted to log in, and did not let them. TLS and connector are in order. The log's word is nearly always LogonDenied: wrong password, unknown name, disabled, locked and expired accounts all look alike here.",
    log: &[
        "`Inbound AUTH LOGIN failed because of LogonDenied`, then `User Name: …`",
        "a tarpit of five seconds, and `535 5.7.3 Authentication unsuccessful`",
    ],
    causes: &[
        "the password was changed, and this device or program still has the old one",
        "the account is locked, disabled or expired",
        "the name is written in a way that the domain does not know: try the address, or DOMAIN\\name",
        "someone is guessing: many names or many attempts from one address",
    ],
    checks: &[
        step(
            "whether the account exists and how it is called",
            "Get-User {user} | Format-List UserPrincipalName,SamAccountName,UserAccountControl",
        ),
        step(
            "why the domain said no: the event's sub status tells (0xC000006A password, 0xC0000064 name, 0xC0000234 locked, 0xC0000072 disabled)",
            "Get-WinEvent -ComputerName '<domain controller>' -FilterHashtable @{LogName='Security';Id=4625,4771,4776;StartTime=([datetime]{time}).AddMinutes(-1);EndTime=([datetime]{end}).AddMinutes(1)} -MaxEvents 50 | Format-List TimeCreated,Id,Message",
        ),
    ],
    changes: &[
        step("one client: type the password again in its settings", ""),
        step("someone guessing: shut that address out at the firewall", ""),
    ],
    source: "RFC 4954 section 6; event 1035 of MSExchangeFrontEndTransport; event 4625 of Windows.",
    to_message: credentials_rejected,
};

pub(super) const MECHANISM_UNSUPPORTED: Article = Article {
    rule: Rule::AuthMechanismUnsupported,
    name: "auth-mechanism-unsupported",
    severity: Severity::Error,
    when: "504 to AUTH; a warning where the client logged in or sent its mail afterwards",
    meaning: "The client asked to log in by a mechanism that this connector does not take, or not yet: AUTH LOGIN is taken only over TLS where Basic authentication demands it.",
    log: &["`AUTH LOGIN`, then `504 5.7.4 Unrecognized authentication type`"],
    causes: &[
        "STARTTLS is turned off in the client, and the connector takes Basic authentication only over TLS",
        "the client asks for PLAIN or XOAUTH2, which Exchange on premises does not offer",
        "the client speaks to port 25, where the connector takes no logins of people: 587 is theirs",
    ],
    checks: &[step("what the connector takes", CONNECTOR)],
    changes: &[
        step("turn STARTTLS on in the client, and use port 587", ""),
        step(
            "on a submission connector that lacks them only: the list replaces the whole set, so name what is there too",
            USUAL_MECHANISMS,
        ),
    ],
    source: "RFC 4954 section 4; AuthMechanism of Set-ReceiveConnector.",
    to_message: mechanism_unsupported,
};

pub(super) const MISSING: Article = Article {
    rule: Rule::AuthMissing,
    name: "auth-missing",
    severity: Severity::Error,
    when: "530 5.7.57 or 530 5.7.1: the client was not authenticated; a warning where it logged in or sent its mail afterwards",
    meaning: "The connector takes mail only from those who log in, and the client did not.",
    log: &["`MAIL FROM`, then `530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM`"],
    causes: &[
        "no account is entered in the client: scanners and applications often send without one",
        "the client speaks to 587, where everyone must log in, and means 25",
        "its login failed or was abandoned before, and it went on all the same",
    ],
    checks: &[
        step("who may use this connector", CONNECTOR),
        step("which other connectors there are, and for which addresses", ALL_CONNECTORS),
    ],
    changes: &[
        step("enter an account in the client", ""),
        step(
            "where the address is not yours, nothing; for a device of yours that cannot log in, a connector for its address alone",
            "New-ReceiveConnector -Name 'Devices without login' -Server {server} -TransportRole FrontendTransport -Usage Custom -Bindings 0.0.0.0:25 -RemoteIPRanges '<address of your device>' -PermissionGroups AnonymousUsers",
        ),
    ],
    source: "RFC 4954 section 6; PermissionGroups of Set-ReceiveConnector.",
    to_message: missing,
};

pub(super) const TEMPORARY_FAILURE: Article = Article {
    rule: Rule::AuthTemporaryFailure,
    name: "auth-temporary-failure",
    severity: Severity::Error,
    when: "454 to AUTH; a warning where the client logged in or sent its mail afterwards",
    meaning: "Exchange could not check the login just now. It happens between Exchange servers, when Kerberos does not work between them; mail queues up on the other side.",
    log: &["`X-EXPS GSSAPI`, `334 …`, then `454 4.7.0 Temporary authentication failure`"],
    causes: &[
        "the clocks of the two servers are more than five minutes apart",
        "the service principal name SMTPSVC/server is missing, or registered twice",
        "the secure channel of one server to the domain is broken",
        "no domain controller can be reached",
    ],
    checks: &[
        step("the clock, on both servers", "w32tm /query /status"),
        step("the service principal names", "setspn -L {server}"),
        step("the secure channel, on both servers", "Test-ComputerSecureChannel -Verbose"),
    ],
    changes: &[
        step(
            "mend the secure channel, on the server where it is broken",
            "Test-ComputerSecureChannel -Repair -Credential (Get-Credential)",
        ),
        step("where the clocks differ: let both take the domain's time", ""),
    ],
    source: "RFC 4954 section 6; event 1035 of MSExchangeTransport.",
    to_message: temporary_failure,
};

pub(super) const PROXY_FAILED: Article = Article {
    rule: Rule::AuthProxyFailed,
    name: "auth-proxy-failed",
    severity: Severity::Error,
    when: "the front end could not hand the session or the mail to a back end: 535 Unable to proxy, or 451 with PRX; a warning where it could afterwards",
    meaning: "The front end keeps no mail: it passes clients on to the server that holds the user's mailbox, and messages on to a transport service. It found none that would take them. After a 535 the password may well be right; after a 451 with PRX the client comes again by itself, if it is a mail server.",
    log: &[
        "`535 5.7.3 Unable to proxy authenticated session because either the backend does not support it or failed to resolve the user`",
        "sometimes after `CONTOSO\\user` `authenticated`",
        "`451 4.7.0 Temporary server error. Please try again later. PRX2`, with a login or without one",
    ],
    causes: &[
        "the account has no mailbox (535), or no transport service answers the front end (451 with PRX)",
        "535: the mailbox lies on an old server that cannot take the session over",
        "535: the client logged in by NTLM or GSSAPI (Integrated) on Client Frontend",
        "PRX: the transport service is stopped, in maintenance, or short of resources",
        "PRX: the server looks up its own kind at a name server outside, which does not know them",
        "PRX: a connector of your own was made for the transport service instead of the front end, and listens where the front end should",
    ],
    checks: &[
        step_for(
            Scope::Reply(535),
            "whether the account has a mailbox, and where",
            "Get-Mailbox {user} | Format-List UserPrincipalName,ServerName,Database,AdminDisplayVersion",
        ),
        step_for(Scope::Reply(451), "whether the services run", "Test-ServiceHealth -Server {server}"),
        step(
            "whether the transport service takes sessions",
            "Get-ServerComponentState {server} | Format-Table Component,State",
        ),
        step_for(
            Scope::Reply(451),
            "where the front end's send log lies, which says why at the same second (PRX is only a number)",
            "Get-FrontendTransportService {server} | Format-List Identity,SendProtocolLogPath,InternalDNSAdapterEnabled,InternalDNSServers",
        ),
        step_for(
            Scope::Reply(451),
            "whether the transport service listens on 2525, and no connector of its own stands in the front end's way on 25",
            "Get-ReceiveConnector -Server {server} | Format-Table Identity,TransportRole,Bindings,Enabled",
        ),
        step_for(Scope::Reply(535), "which mechanisms the connector takes", CONNECTOR),
    ],
    changes: &[
        step_for(Scope::Reply(535), "give the account a mailbox, or use another account", "Enable-Mailbox {user}"),
        step_for(
            Scope::Reply(535),
            "on a Client Frontend connector where only Integrated logins fail: the same list without Integrated, nothing else left out",
            "Set-ReceiveConnector {connector} -AuthMechanism '<all that the check showed, without Integrated>'",
        ),
        step_for(
            Scope::Reply(451),
            "where the transport service is stopped",
            "Invoke-Command -ComputerName {server} {Start-Service MSExchangeTransport}",
        ),
        step_for(
            Scope::Reply(451),
            "where maintenance was forgotten",
            "Set-ServerComponentState {server} -Component HubTransport -State Active -Requester Maintenance",
        ),
    ],
    source: "Vocabulary of the protocol log; the front end's send log at the same second.",
    to_message: proxy_failed,
};

pub(super) const ABANDONED: Article = Article {
    rule: Rule::AuthAbandoned,
    name: "auth-abandoned",
    severity: Severity::Note,
    when: "the last login had no result, though the session went on or was closed; or one was taken back: 501 after a challenge",
    meaning: "The client began to log in and did not end it. No password was refused.",
    log: &[
        "`AUTH LOGIN`, `334 …`, then `QUIT`, another command, or the disconnect",
        "`AUTH NTLM`, `334 …`, then `501`: the client answered the challenge with `*`, which is not always logged",
    ],
    causes: &[
        "the client waited for a person to type the password",
        "the client cannot answer the challenge: it has no password, or does not know the mechanism",
        "the session ran out of time, or the network failed",
        "a scanner that only wants to see what is offered",
    ],
    checks: &[
        step("which mechanisms the connector takes", CONNECTOR),
        step(
            "how long it waits",
            "Get-ReceiveConnector {connector} | Format-List ConnectionInactivityTimeout,ConnectionTimeout",
        ),
    ],
    changes: &[step("enter name and password in the client's settings", "")],
    source: "RFC 4954 section 4.",
    to_message: abandoned,
};

pub(super) const IN_CLEAR: Article = Article {
    rule: Rule::AuthInClear,
    name: "auth-in-clear",
    severity: Severity::Warning,
    when: "without TLS, an AUTH LOGIN or PLAIN got as far as a challenge or a success",
    meaning: "The connector takes passwords without encryption. Whoever can listen on the way has them.",
    log: &["the reply to the first `EHLO` lists `AUTH LOGIN`; `AUTH LOGIN`, `334 …`, and no STARTTLS before"],
    causes: &[
        "the connector takes Basic authentication without demanding TLS for it",
        "the connector has no certificate, so that TLS cannot be had",
        "it was opened for an old device, and others use it too",
    ],
    checks: &[step("what the connector takes", CONNECTOR)],
    changes: &[step(
        "take Basic authentication only over TLS, once the clients have STARTTLS turned on",
        USUAL_MECHANISMS,
    )],
    source: "RFC 4954 section 4; AuthMechanism of Set-ReceiveConnector.",
    to_message: in_clear,
};
