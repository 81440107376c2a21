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
        if rule == Rule::CommandRefused && is_last_word(subject, refusal) && !found.is_empty() {
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
    let facts = subject.facts;
    match rule {
        Rule::AuthCredentialsRejected if facts.auth.outcome == Auth::Succeeded => Severity::Warning,
        Rule::CommandRefused if refusal.code < 500 => Severity::Warning,
        // Others were accepted, or nothing of weight was asked.
        Rule::CommandRefused if refusal.asked == Asked::Other => Severity::Warning,
        Rule::CommandRefused if refusal.asked == Asked::Recipient && !facts.mail.recipients.is_empty() => {
            Severity::Warning
        }
        rule => rule.article().severity,
    }
}

/// Whether Exchange hangs up over the errors before.
fn is_last_word(subject: &Subject<'_>, refusal: &Refusal) -> bool {
    refusal.code == 421 && subject.says(refusal.row, &["too many errors"])
}
