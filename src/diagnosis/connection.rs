//! The connection itself: limits, resources, time, an end too soon, and words that are no SMTP.
//!
//! In: a session's refusals and its end. Out: findings about the connection.
//!
//! **Invariant**: how a connection ended says nothing of whether it succeeded: only an end in the
//! middle of something is a finding.

use crate::dialogue::facts::{Asked, Auth, Refusal};

use super::article::{Article, step};
use super::refusal::severity_at;
use super::subject::{Subject, to_times_text};
use super::{Finding, Found, Rule, Severity};

/// The connection was refused, throttled, or had run out of time.
pub(super) fn of_refusal(subject: &Subject<'_>, refusal: &Refusal) -> Option<Rule> {
    let says = |phrases: &[&str]| subject.says(refusal.row, phrases);
    match (refusal.code, refusal.status) {
        (421, (4, 4, 1)) => Some(Rule::ConnectionTimedOut),
        (421 | 451, _) if says(&["timeout waiting", "timed out"]) => Some(Rule::ConnectionTimedOut),
        (451, (4, 7, 0)) if says(&["timeout"]) => Some(Rule::ConnectionTimedOut),
        (421, (4, 4, 2)) => Some(Rule::RateLimited),
        (400..500, _)
            if says(&["submission rate", "concurrent connections", "too many connections", "too many concurrent"]) =>
        {
            Some(Rule::RateLimited)
        }
        (452, (4, 3, 1)) | (421, (4, 3, 2)) => Some(Rule::ServerOutOfResources),
        (500..504 | 555, _) => Some(Rule::ProtocolError),
        (504, _) if refusal.asked != Asked::Auth => Some(Rule::ProtocolError),
        _ => None,
    }
}

pub(super) fn examine(subject: &Subject<'_>, found: &mut Found<'_>) {
    let facts = subject.facts;
    if let Some(row) = facts.pressure_row {
        found.note_as(Rule::ServerOutOfResources, severity_at(subject, Rule::ServerOutOfResources, row), [row]);
    }
    let Some((end, row)) = subject.disconnect() else { return };
    let reason = subject.session.as_context(row).as_inner();
    if reason.ends_with(b"(TimedOut)") {
        found.note(Rule::ConnectionTimedOut, [end]);
    } else if reason.starts_with(b"Remote") && facts.has_client_word {
        let is_login_open = facts.auth.is_cut_short && facts.auth.outcome == Auth::Abandoned;
        let begun = facts.open_transaction.or(facts.auth.attempt_row.filter(|_| is_login_open));
        if facts.open_transaction.is_some() || is_login_open {
            found.note(Rule::ConnectionDropped, begun.into_iter().chain([end]));
        }
    }
}

fn rate_limited(subject: &Subject<'_>, finding: &Finding) -> String {
    let after = match subject.facts.mail.accepted {
        0 => String::new(),
        1 => " after 1 message".into(),
        n_messages => format!(" after {n_messages} messages"),
    };
    format!("{} met a limit{after}: {}", subject.sending_client(), subject.refusal_text(finding))
}

fn out_of_resources(subject: &Subject<'_>, finding: &Finding) -> String {
    let server = subject.server();
    match subject.refusal(finding) {
        Some(_) => format!("{server} turned {} away: {}", subject.client(), subject.refusal_text(finding)),
        None => format!("{server} made {} wait: back pressure", subject.client()),
    }
}

fn timed_out(subject: &Subject<'_>, finding: &Finding) -> String {
    let whole = subject.elapsed(0, subject.last_row()).unwrap_or_else(|| "some time".into());
    let mails = match subject.facts.mail.accepted {
        0 => String::new(),
        1 => " and 1 message".into(),
        n_messages => format!(" and {n_messages} messages"),
    };
    match subject.refusal(finding) {
        Some(refusal) => {
            let text = subject.reply_text(refusal.row);
            format!("the session of {} ran out of time after {whole}{mails}: {text}", subject.client())
        }
        None => format!("{} fell silent, and its connection ran out of time after {whole}{mails}", subject.client()),
    }
}

fn dropped(subject: &Subject<'_>, finding: &Finding) -> String {
    let (facts, client) = (subject.facts, subject.client());
    let rows = finding.evidence.rows();
    let after = match rows {
        [first, .., last] => subject.elapsed(*first, *last).map_or(String::new(), |after| format!(" {after}")),
        _ => String::new(),
    };
    let reason = subject.disconnect().map_or(String::new(), |(_, row)| {
        String::from_utf8_lossy(&subject.session.as_context(row).to_value()).into_owned()
    });
    match facts.open_transaction {
        Some(_) => {
            let sender = subject.sender().unwrap_or_else(|| "<>".into());
            format!("{client} left{after} into its message from {sender}, before it was accepted: {reason}")
        }
        None => format!("{client} left{after} into its login: {reason}"),
    }
}

fn protocol_error(subject: &Subject<'_>, finding: &Finding) -> String {
    let rows = subject.facts.refusals.iter();
    let n_errors = rows.filter(|refusal| super::refusal::rule_of(subject, refusal) == Rule::ProtocolError).count();
    let times = if n_errors > 1 { format!(" {}, first", to_times_text(n_errors)) } else { String::new() };
    format!("{} was not understood{times}: {}", subject.client(), subject.refusal_text(finding))
}

const TIMEOUTS: &str =
    "Get-ReceiveConnector {connector} | Format-List Identity,ConnectionTimeout,ConnectionInactivityTimeout";
const LIMITS: &str = "Get-ReceiveConnector {connector} | Format-List Identity,MessageRateLimit,MessageRateSource,MaxInboundConnection,MaxInboundConnectionPerSource,MaxInboundConnectionPercentagePerSource";

pub(super) const RATE_LIMITED: Article = Article {
    rule: Rule::RateLimited,
    name: "rate-limited",
    severity: Severity::Error,
    when: "421 4.4.2 over the submission rate, or a limit on connections",
    meaning: "The client sends, or connects, more often than the connector allows. Mail servers try again by themselves; many applications do not.",
    log: &[
        "`421 4.4.2 Message submission rate for this client has exceeded the configured limit`",
        "`421 4.3.2 The maximum number of concurrent connections from one source has exceeded a limit, closing transmission channel`",
    ],
    causes: &[
        "an application sends a batch through a connector made for people",
        "a client opens a connection for each message, and many at once",
        "many clients come from one address: a gateway, a load balancer without their own addresses",
        "an account sends spam",
    ],
    checks: &[step("the connector's limits", LIMITS)],
    changes: &[
        step("let the application send through a connector of its own, or more slowly", ""),
        step(
            "raise the rate (messages a minute), if the client is to be trusted",
            "Set-ReceiveConnector {connector} -MessageRateLimit 60",
        ),
        step(
            "raise the number of connections from one address",
            "Set-ReceiveConnector {connector} -MaxInboundConnectionPerSource 100",
        ),
    ],
    source: "MessageRateLimit, MaxInboundConnection of Set-ReceiveConnector.",
    to_message: rate_limited,
};

pub(super) const OUT_OF_RESOURCES: Article = Article {
    rule: Rule::ServerOutOfResources,
    name: "server-out-of-resources",
    severity: Severity::Error,
    when: "452 4.3.1, 421 4.3.2 without a limit on connections, or a tarpit due to back pressure; a warning where a message was accepted afterwards",
    meaning: "The server is short of disk or memory, or is in maintenance, and slows down or turns away who wants to send.",
    log: &[
        "`Tarpit for '0.00:00:10' due to 'Back Pressure'`",
        "`452 4.3.1 Insufficient system resources`, `421 4.3.2 Service not available`",
    ],
    causes: &[
        "the disk that holds the queue is nearly full",
        "the server is in maintenance: its transport component is inactive or draining",
        "memory or version buckets are exhausted by a flood of large messages",
    ],
    checks: &[
        step("whether a component is inactive", "Get-ServerComponentState {server} | Format-Table Component,State"),
        step(
            "which resource was short (events 15004 to 15007, written when it begins and ends)",
            "Get-WinEvent -ComputerName {server} -FilterHashtable @{LogName='Application';Id=15004,15005,15006,15007;StartTime=([datetime]{time}).AddHours(-2);EndTime=([datetime]{end}).AddMinutes(10)} -MaxEvents 10 | Format-List TimeCreated,Id,Message",
        ),
        step("the queues", "Get-Queue -Server {server} | Format-Table Identity,Status,MessageCount"),
        step("the disks, on the server", "Get-Volume | Format-Table DriveLetter,SizeRemaining,Size"),
    ],
    changes: &[
        step("where the disk is full: free space on it, or move the queue", ""),
        step(
            "where maintenance was forgotten",
            "Set-ServerComponentState {server} -Component '<the inactive component>' -State Active -Requester Maintenance",
        ),
    ],
    source: "Understanding back pressure, Exchange documentation; RFC 3463 section 3.4.",
    to_message: out_of_resources,
};

pub(super) const TIMED_OUT: Article = Article {
    rule: Rule::ConnectionTimedOut,
    name: "connection-timed-out",
    severity: Severity::Warning,
    when: "421 4.4.1, a 451 4.7.0 that says timeout, or an end by TimedOut",
    meaning: "The session was over before the client was done: its whole time was used up, or it said nothing for too long. What was accepted before stays accepted.",
    log: &[
        "`421 4.4.1 Connection timed out`: the whole time, ten minutes as a rule, five on an edge server",
        "`451 4.7.0 Timeout waiting for client input`: silence, five minutes as a rule",
        "the disconnect row says `Remote(TimedOut)`",
    ],
    causes: &[
        "a batch job holds one connection for all of its messages",
        "the client keeps its connection for later and forgets it",
        "a firewall dropped the connection without telling either side",
        "a slow line and a large message",
    ],
    checks: &[step("how long the connector waits", TIMEOUTS)],
    changes: &[
        step("let the job connect anew after some messages", ""),
        step(
            "or let the connector wait longer",
            "Set-ReceiveConnector {connector} -ConnectionTimeout 00:30:00 -ConnectionInactivityTimeout 00:10:00",
        ),
    ],
    source: "RFC 5321 section 4.5.3.2; ConnectionTimeout of Set-ReceiveConnector.",
    to_message: timed_out,
};

pub(super) const DROPPED: Article = Article {
    rule: Rule::ConnectionDropped,
    name: "connection-dropped",
    severity: Severity::Warning,
    when: "the peer left in the middle of a transaction or of a login",
    meaning: "The client, or something between, cut the connection after MAIL FROM and before the message was accepted, or within a login. A connection that is cut after an accepted message, after QUIT or after a refusal is no finding.",
    log: &[
        "`MAIL FROM`, perhaps `DATA` and `354`, then the disconnect row with `Remote(ConnectionReset)` or `Remote(SocketError)`",
    ],
    causes: &[
        "the client was stopped, or gave up waiting",
        "a firewall or an antivirus proxy disliked what it read in the message",
        "a packet size problem on a tunnel: short commands pass, the message does not",
        "a load balancer moved the connection",
    ],
    checks: &[
        step("how long the connector waits", TIMEOUTS),
        step("whether the client can be reached at all", "Test-NetConnection {client}"),
    ],
    changes: &[step("look at the client's own log of that second, and at the firewall's", "")],
    source: "RFC 5321 section 4.1.1.5.",
    to_message: dropped,
};

pub(super) const PROTOCOL_ERROR: Article = Article {
    rule: Rule::ProtocolError,
    name: "protocol-error",
    severity: Severity::Warning,
    when: "500, 501, 502, 503 or 555, and 504 to anything but AUTH; not a 501 after a challenge, which ends a login",
    meaning: "The client said something that is no SMTP, or said it at the wrong moment.",
    log: &["`500 5.3.3 Unrecognized command`, `501 5.1.7 Invalid address`, `503 5.5.2 Send hello first`"],
    causes: &[
        "no mail client at all: a web browser, a port scanner, a TLS handshake without STARTTLS",
        "a name or an address that is malformed: spaces, underscores, missing brackets",
        "an application with a home-made SMTP client that does not wait for replies",
        "a command that this connector does not offer",
    ],
    checks: &[step(
        "whether it is the connector that the client means: port and addresses",
        "Get-ReceiveConnector {connector} | Format-List Identity,Bindings,RemoteIPRanges",
    )],
    changes: &[step("mend the client; a scanner can be left alone", "")],
    source: "RFC 5321 section 4.2.2, section 4.3.2.",
    to_message: protocol_error,
};
