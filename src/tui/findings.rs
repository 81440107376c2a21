//! What was found in a session, in lines.
//!
//! In: a [`Pair`], and how wide a line may be. Out: lines, each with what it is.
//!
//! **Invariant**: nothing is left out; whoever scrolls and whoever draws go by the same lines.

use crate::diagnosis::Severity;
use crate::output::time::to_grouped;
use crate::output::wrap::to_wrapped;

use super::session::{Found, Pair};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What happened.
    Finding(Severity),
    /// How often it did, or what a command is for.
    Text,
    /// A command.
    Command,
}

/// The lines of all findings, the gravest first.
pub(super) fn to_lines(pair: &Pair, width: usize) -> Vec<(String, Kind)> {
    let Some(loaded) = &pair.session else { return Vec::new() };
    let mut lines = Vec::new();
    for (at, found) in loaded.findings.iter().enumerate() {
        let message = format!("{}: {}", found.severity.as_text(), found.message);
        push(&mut lines, &message, width, Kind::Finding(found.severity));
        if at == 0 && pair.n_alike > 1 {
            // Behind what happened comes how often; the gravest is the one that was counted.
            let text = format!("{} such from this address in the hour up to here", to_grouped(pair.n_alike));
            push(&mut lines, &text, width, Kind::Text);
        }
        push_advice(&mut lines, found, width);
    }
    lines
}

fn push_advice(lines: &mut Vec<(String, Kind)>, found: &Found, width: usize) {
    for step in &found.advice {
        push(lines, &format!("{}: {}", step.kind.as_text(), step.purpose), width, Kind::Text);
        if let Some(command) = &step.command {
            let broken = to_wrapped(command, width.saturating_sub(2));
            lines.extend(broken.into_iter().map(|line| (format!("  {line}"), Kind::Command)));
        }
    }
}

fn push(lines: &mut Vec<(String, Kind)>, text: &str, width: usize, kind: Kind) {
    lines.extend(to_wrapped(text, width).into_iter().map(|line| (line, kind)));
}
