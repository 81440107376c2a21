//! Every reply that refuses becomes evidence of a rule.
//!
//! In: the refusals of a session. Out: findings, or more rows of findings.
//!
//! **Invariant**: a refusal is evidence of exactly one rule; what no family knows is
//! [`Rule::CommandRefused`], so none is silent.

use crate::dialogue::facts::{Asked, Auth, Refusal};

use super::subject::Subject;
use super::{Found, Rule, Severity, authentication, connection, delivery, encryption};

/// How each family looks at a refusal, in the order that they are asked.
const FAMILIES: [fn(&Subject<'_>, &Refusal) -> Option<Rule>; 4] =
    [encryption::of_refusal, authentication::of_refusal, connection::of_refusal, delivery::of_refusal];

/// Notes every refusal down.
pub(super) fn examine(subject: &Subject<'_>, found: &mut Found<'_>) {
    for refusal in &subject.facts.refusals {
        let rule = rule_of(subject, refusal);
        if rule == Rule::CommandRefused && is_last_word(subject, refusal, found) {
            // Too many errors: the errors themselves say more.
            let first = found.findings[found.from].rule;
            found.note_as(first, Severity::Note, [refusal.row]);
            continue;
        }
        found.note_as(rule, severity_of(subject, refusal, rule), [refusal.row]);
    }
}

/// The rule that the refusal is a case of.
pub(super) fn rule_of(subject: &Subject<'_>, refusal: &Refusal) -> Rule {
    FAMILIES.iter().find_map(|family| family(subject, refusal)).unwrap_or(Rule::CommandRefused)
}

fn severity_of(subject: &Subject<'_>, refusal: &Refusal, rule: Rule) -> Severity {
    match rule {
        Rule::AuthCredentialsRejected if subject.facts.auth.outcome == Auth::Succeeded => Severity::Warning,
        Rule::CommandRefused if !is_end_of_it(subject, refusal) => Severity::Warning,
        rule => severity_at(subject, rule, refusal.row),
    }
}

/// How much it matters what that row tells of. What a client can mend within the session, or wait
/// out, did not stop it where it got what it wanted afterwards.
pub(super) fn severity_at(subject: &Subject<'_>, rule: Rule, row: u32) -> Severity {
    match rule {
        Rule::StartTlsRequired
        | Rule::AuthMechanismUnsupported
        | Rule::AuthMissing
        | Rule::AuthTemporaryFailure
        | Rule::AuthProxyFailed
        | Rule::ServerOutOfResources
            if subject.went_well_after(row) =>
        {
            Severity::Warning
        }
        rule => rule.article().severity,
    }
}

/// Whether a refusal that no rule knows ended what the client wanted.
fn is_end_of_it(subject: &Subject<'_>, refusal: &Refusal) -> bool {
    let facts = subject.facts;
    let is_put_off = refusal.code < 500;
    let is_hung_up = refusal.code == 421;
    match refusal.asked {
        _ if is_put_off && facts.mail.accepted > 0 => false,
        _ if is_put_off && !facts.is_head_cut && is_hung_up => true,
        // What a client asks for before it has mail to send can be asked for again.
        Asked::Greeting => {
            !subject.went_well_after(refusal.row) && facts.ehlo_rows.last().is_none_or(|row| *row < refusal.row)
        }
        Asked::Auth => !subject.went_well_after(refusal.row),
        Asked::Recipient => facts.mail.recipients.is_empty(),
        // A rule of its own tells of it where STARTTLS was not had in the end.
        Asked::StartTls | Asked::Other => false,
        // A reply that stands at the top of what is left of a session may answer anything.
        Asked::Nothing => !(is_put_off && facts.is_head_cut),
        Asked::Connection | Asked::Sender | Asked::Message => true,
    }
}

/// Whether Exchange hangs up over the errors before, and they are all that there is to say: a client
/// that wanted to log in or to send, and only met warnings, was stopped by nothing else.
fn is_last_word(subject: &Subject<'_>, refusal: &Refusal, found: &Found<'_>) -> bool {
    let Some(first) = found.findings.get(found.from..).filter(|own| !own.is_empty()) else { return false };
    let facts = subject.facts;
    let has_error = first.iter().any(|finding| finding.severity == Severity::Error);
    let is_served = (facts.mail.attempted == 0 && facts.auth.attempts == 0) || !is_end_of_it(subject, refusal);
    refusal.code == 421 && (has_error || is_served) && subject.says(refusal.row, &["too many errors"])
}
