//! Mail that was not taken: sender, recipient, relaying, the message itself.
//!
//! In: a session's refusals. Out: findings about delivery, and the one for what no other rule knows.
//!
//! **Invariant**: names no reply that another family knows.

use crate::dialogue::facts::{Asked, Refusal};

use super::article::{Article, step};
use super::subject::{Subject, to_times_text};
use super::{Finding, Rule, Severity};

/// Mail was refused.
pub(super) fn of_refusal(subject: &Subject<'_>, refusal: &Refusal) -> Option<Rule> {
    let says = |phrases: &[&str]| subject.says(refusal.row, phrases);
    match (refusal.code, refusal.status) {
        (550, (5, 7, 54)) => Some(Rule::RelayDenied),
        (550, (5, 7, 60)) => Some(Rule::SenderNotPermitted),
        (550, (5, 7, 1)) if says(&["unable to relay"]) => Some(Rule::RelayDenied),
        (550, (5, 7, 1)) if says(&["send as this sender", "send as"]) => Some(Rule::SenderNotPermitted),
        (550, (5, 1, _)) if refusal.asked == Asked::Recipient => Some(Rule::RecipientRejected),
        (552, _) => Some(Rule::MessageRejected),
        (500.., _) if refusal.asked == Asked::Message => Some(Rule::MessageRejected),
        _ => None,
    }
}

/// How many refusals are evidence of the rule, and the recipients that they name.
fn recipients(subject: &Subject<'_>, rule: Rule) -> (usize, Vec<String>) {
    let of_rule = subject.facts.refusals.iter().filter(|refusal| super::refusal::rule_of(subject, refusal) == rule);
    let named: Vec<Option<String>> =
        of_rule.map(|refusal| refusal.recipient.map(|recipient| subject.text(recipient))).collect();
    (named.len(), named.into_iter().flatten().filter(|name| !name.is_empty()).collect())
}

/// `a`, `a and b`, `a and 3 others`.
fn to_list_text(names: &[String], otherwise: &str) -> String {
    match names {
        [] => otherwise.into(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, rest @ ..] => format!("{one} and {} others", rest.len()),
    }
}

fn relay_denied(subject: &Subject<'_>, finding: &Finding) -> String {
    let (_, names) = recipients(subject, Rule::RelayDenied);
    let whom = to_list_text(&names, "a recipient");
    format!("{} may not relay to {whom}: {}", subject.sending_client(), subject.refusal_text(finding))
}

fn sender_not_permitted(subject: &Subject<'_>, finding: &Finding) -> String {
    let who = subject.user().unwrap_or_else(|| subject.sending_client());
    let sender = subject.sender().unwrap_or_else(|| "another sender".into());
    format!("{who} may not write as {sender}: {}", subject.refusal_text(finding))
}

fn recipient_rejected(subject: &Subject<'_>, finding: &Finding) -> String {
    let (n_refused, names) = recipients(subject, Rule::RecipientRejected);
    let whom = to_list_text(&names, "a recipient");
    let verb = if n_refused > 1 { "were" } else { "was" };
    let others = match subject.facts.mail.recipients.len() {
        0 => String::new(),
        1 => " while 1 other was accepted".into(),
        n_others => format!(" while {n_others} others were accepted"),
    };
    format!("{whom} {verb} refused{others}: {}", subject.refusal_text(finding))
}

fn message_rejected(subject: &Subject<'_>, finding: &Finding) -> String {
    let sender = subject.sender().map_or_else(|| "a message".into(), |sender| format!("a message from {sender}"));
    format!("{sender} was refused: {}", subject.refusal_text(finding))
}

fn command_refused(subject: &Subject<'_>, finding: &Finding) -> String {
    let (n_refused, names) = recipients(subject, Rule::CommandRefused);
    let times = if n_refused > 1 { format!(" {}", to_times_text(n_refused)) } else { String::new() };
    let what = match &names[..] {
        [name] if n_refused == 1 => format!("RCPT TO {name}"),
        _ => subject.asked(finding).into(),
    };
    let is_put_off = subject.refusal(finding).is_some_and(|refusal| refusal.code < 500);
    let verb = if is_put_off { "put off" } else { "refused" };
    format!("{what} from {} was {verb}{times}: {}", subject.sending_client(), subject.refusal_text(finding))
}

const CONNECTOR: &str =
    "Get-ReceiveConnector {connector} | Format-List Identity,Bindings,RemoteIPRanges,PermissionGroups,MaxMessageSize";
const TRACKING: &str = "Get-MessageTrackingLog -Server {server} -Start ([datetime]{time}).AddMinutes(-5) -End ([datetime]{time}).AddMinutes(30) -EventId FAIL | Format-List Timestamp,Sender,Recipients,RecipientStatus";

pub(super) const RELAY_DENIED: Article = Article {
    rule: Rule::RelayDenied,
    name: "relay-denied",
    severity: Severity::Error,
    when: "550 5.7.54, or 550 5.7.1 Unable to relay",
    meaning: "The recipient's domain is not one of yours, and this client has no right to send to others through this connector. That is what keeps the server from being an open relay.",
    log: &[
        "`RCPT TO:<someone@fabrikam.com>`, then `550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain`",
    ],
    causes: &[
        "an application or a device sends to the outside without logging in",
        "its address is not among those of the relay connector, so that it hit the default one",
        "the domain is yours, but is missing from the accepted domains",
        "a stranger tries whether the server relays",
    ],
    checks: &[
        step(
            "whether the recipient's domain is one of yours",
            "Get-AcceptedDomain | Format-Table DomainName,DomainType",
        ),
        step(
            "which connectors there are, and for which addresses",
            "Get-ReceiveConnector -Server {server} | Format-Table Identity,Bindings,RemoteIPRanges,PermissionGroups",
        ),
        step(
            "which of them lets strangers relay",
            "Get-ReceiveConnector -Server {server} | Get-ADPermission -User 'NT AUTHORITY\\ANONYMOUS LOGON' | Where-Object {$_.ExtendedRights -like 'ms-Exch-SMTP-Accept-Any-Recipient'} | Format-Table Identity,ExtendedRights",
        ),
    ],
    changes: &[
        step("let the application log in on port 587: then it may relay", ""),
        step(
            "where the address is not yours, nothing; for an application of yours, a connector for its address alone; never open Default Frontend",
            "New-ReceiveConnector -Name 'Relay for applications' -Server {server} -TransportRole FrontendTransport -Usage Custom -Bindings 0.0.0.0:25 -RemoteIPRanges '<address of your application>' -PermissionGroups AnonymousUsers | Add-ADPermission -User 'NT AUTHORITY\\ANONYMOUS LOGON' -ExtendedRights 'ms-Exch-SMTP-Accept-Any-Recipient'",
        ),
    ],
    source: "RFC 5321 section 7.1; permissions of receive connectors.",
    to_message: relay_denied,
};

pub(super) const SENDER_NOT_PERMITTED: Article = Article {
    rule: Rule::SenderNotPermitted,
    name: "sender-not-permitted",
    severity: Severity::Error,
    when: "550 5.7.60, or its older wording under 550 5.7.1",
    meaning: "The client logged in as one account and writes as another, without the right to do so.",
    log: &[
        "`MAIL FROM:<info@contoso.com>`, and there or at the message's end `550 5.7.60 SMTP; Client does not have permissions to send as this sender`",
    ],
    causes: &[
        "the sender in the client's settings is not the account's own address",
        "an application logs in with a service account and writes as many",
        "the sender's address belongs to another mailbox, or is an alias of one",
    ],
    checks: &[
        step(
            "whose address it is",
            "Get-Recipient {sender} | Format-List Name,RecipientType,PrimarySmtpAddress,EmailAddresses",
        ),
        step(
            "who may send as it",
            "Get-Mailbox {sender} | Get-ADPermission | Where-Object {$_.ExtendedRights -like '*Send-As*'} | Format-Table User,Deny",
        ),
    ],
    changes: &[
        step("use the account's own address as sender", ""),
        step(
            "or, only if the owner of the address agrees (a stolen account writes as the boss), give the account the right",
            "Get-Mailbox '<the owner>' | Add-ADPermission -User {user} -ExtendedRights 'Send As'",
        ),
    ],
    source: "RFC 6409 section 6.1; ms-Exch-SMTP-Accept-Any-Sender.",
    to_message: sender_not_permitted,
};

pub(super) const RECIPIENT_REJECTED: Article = Article {
    rule: Rule::RecipientRejected,
    name: "recipient-rejected",
    severity: Severity::Error,
    when: "550 5.1.x to RCPT",
    meaning: "The recipient does not exist here. Others of the same message may have been accepted.",
    log: &[
        "`RCPT TO:<nobody@contoso.com>`, then `550 5.1.1 User unknown` or `550 5.1.10 RESOLVER.ADR.RecipientNotFound; …`",
    ],
    causes: &[
        "the address is misspelled, or its owner has left",
        "the address was not carried over when the mailbox was moved or renamed",
        "someone tries names to find out which exist: many refusals, no message",
        "the recipient cache is not up to date",
    ],
    checks: &[
        step("whether the address exists", "Get-Recipient {recipient} | Format-List Name,RecipientType,EmailAddresses"),
        step(
            "whether recipients are looked up",
            "Get-AcceptedDomain | Format-Table DomainName,DomainType,AddressBookEnabled",
        ),
    ],
    changes: &[step(
        "where the address should exist, add it to its owner's mailbox",
        "Set-Mailbox '<mailbox>' -EmailAddresses @{add={recipient}}",
    )],
    source: "RFC 3463 section 3.2.",
    to_message: recipient_rejected,
};

pub(super) const MESSAGE_REJECTED: Article = Article {
    rule: Rule::MessageRejected,
    name: "message-rejected",
    severity: Severity::Error,
    when: "a 5xx after DATA or BDAT that no other rule knows, or 552",
    meaning: "Sender and recipients were taken, the message was not. It will not be tried again: the sender gets it back.",
    log: &[
        "the message, then `550 5.7.1 Message rejected as spam by Content Filtering.` or another 5xx",
        "`MAIL FROM:<…> SIZE=…`, then `552 5.3.4 Message size exceeds fixed maximum message size`",
    ],
    causes: &[
        "552: the message is larger than the connector, the server or the organisation takes; in transit it grows by a third",
        "a transport rule or an agent (spam, malware) rejects it",
        "a header is malformed, or there are too many of them",
        "the recipient is not looked up before the message is there, and does not exist (550 5.1.10)",
    ],
    checks: &[
        step("the connector's limit", CONNECTOR),
        step(
            "the organisation's limits",
            "Get-TransportConfig | Format-List MaxReceiveSize,MaxSendSize,MaxRecipientEnvelopeLimit",
        ),
        step("the rules", "Get-TransportRule | Format-Table Name,State,Priority"),
        step("the agents, on the server", "Get-TransportAgent | Format-Table Identity,Enabled,Priority"),
        step("what became of it", TRACKING),
    ],
    changes: &[step(
        "raise the connector's limit, where it is the lowest",
        "Set-ReceiveConnector {connector} -MaxMessageSize 50MB",
    )],
    source: "RFC 5321 section 4.2, RFC 1870 section 6.",
    to_message: message_rejected,
};

pub(super) const COMMAND_REFUSED: Article = Article {
    rule: Rule::CommandRefused,
    name: "command-refused",
    severity: Severity::Error,
    when: "any other 4xx or 5xx; a warning for a 4xx where the session got a message accepted all the same, for a recipient beside others that were accepted, and for a command that asks for nothing",
    meaning: "Exchange refused something, and no rule knows this reply. A 4xx puts the client off: a mail server comes again by itself, many applications do not. A 5xx is final. The reply itself is the best explanation there is: try `heloscope explain` with its code.",
    log: &["a reply that opens with 4 or 5"],
    causes: &[
        "a transport agent, rule or third-party filter with a reply of its own",
        "greylisting: the first attempt of a sender is put off (450, 451), and the next one is accepted",
        "a limit: recipients of a message (452 4.5.3), hops, header size",
    ],
    checks: &[
        step("the connector", CONNECTOR),
        step(
            "the agents that may have answered, on the server",
            "Get-TransportAgent | Format-Table Identity,Enabled,Priority",
        ),
        step(
            "and those of its front end",
            "Get-TransportAgent -TransportService FrontEnd | Format-Table Identity,Enabled,Priority",
        ),
        step("what message tracking knows of that time", TRACKING),
    ],
    changes: &[],
    source: "RFC 5321 section 4.2.1, RFC 3463.",
    to_message: command_refused,
};
