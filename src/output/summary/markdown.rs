//! The summary as a page, such as a CI job shows.
//!
//! In: a [`Report`]. Out: GitHub-flavoured Markdown.
//!
//! **Invariant**: whatever a log holds is text on the page.

use std::fmt::Write;

use crate::diagnosis::Verdict;
use crate::dialogue::facts::{Auth, StartTls};
use crate::output::bars::to_bars;
use crate::output::markdown::{Column, push_head, push_row, to_cell};
use crate::output::patterns::to_headlines;
use crate::output::time::{Zone, to_grouped};
use crate::output::times::Times;
use crate::summary::Summary;
use crate::summary::top::Top;

use super::{Report, USUAL_TOP, cause, doubt, figures, lists};

/// Returns the summary as a page with `top` entries of every list.
pub fn to_summary_markdown(report: &Report<'_>, zone: Zone, top: Option<usize>) -> String {
    let summary = report.summary;
    let times = Times::new(zone, &report.patterns.clocks);
    let top = top.unwrap_or(USUAL_TOP);
    let mut out = format!(
        "## SMTP receive sessions: {} of {} failed\n\n",
        to_grouped(summary.total.verdict(Verdict::Failed)),
        to_grouped(summary.total.sessions)
    );
    push_head(&mut out, &[("read", Column::Text), ("", Column::Text)]);
    for (name, value) in figures(report, &times, top) {
        push_row(&mut out, &[name, &to_cell(value.as_bytes())]);
    }
    push_timeline(&mut out, summary, &times);
    push_rules(&mut out, summary, top);
    push_patterns(&mut out, report, zone, top);
    push_connectors(&mut out, summary, top);
    for (name, columns, names) in lists(summary) {
        push_names(&mut out, name, columns, names, top);
    }
    out
}

/// Opens a section, if it holds anything.
fn push_title(out: &mut String, title: &str, shown: usize, all: usize) {
    // Writing into a string cannot fail.
    let _ = match shown < all {
        true => writeln!(out, "\n### {title}: {shown} of {}\n", to_grouped(all as u64)),
        false => writeln!(out, "\n### {title}\n"),
    };
}

fn push_timeline(out: &mut String, summary: &Summary, times: &Times) {
    let timeline = &summary.timeline;
    let Some((from, to)) = timeline.bounds() else { return };
    let sessions = to_bars(timeline.ticks().iter().map(|tick| tick.sessions));
    let failed = to_bars(timeline.ticks().iter().map(|tick| tick.failed));
    let (from, to) = (times.minute_text(None, from), times.minute_text(None, to));
    let _ = writeln!(out, "\n```text\nsessions {sessions}\nfailed   {failed}\n         {from} to {to}\n```");
}

fn push_rules(out: &mut String, summary: &Summary, top: usize) {
    let rules = summary.total.to_rules();
    push_title(out, "Found", top, rules.len());
    if rules.is_empty() {
        out.push_str("Nothing.\n");
        return;
    }
    let columns = [("rule", Column::Text), ("severity", Column::Text), ("sessions", Column::Number)];
    push_head(out, &[&columns[..], &[("why, as a rule", Column::Text)]].concat());
    for (rule, found) in rules.iter().take(top) {
        let severity = found.worst().map_or("", |severity| severity.as_text());
        let cause = to_cell(cause(*rule).as_bytes());
        push_row(out, &[rule.name(), severity, &to_grouped(found.sessions()), &cause]);
    }
}

fn push_patterns(out: &mut String, report: &Report<'_>, zone: Zone, top: usize) {
    let headlines = to_headlines(report.patterns, zone);
    if headlines.is_empty() {
        return;
    }
    push_title(out, "What only many sessions show", headlines.len().min(top), headlines.len());
    push_head(out, &[("the gravest first", Column::Text)]);
    for headline in headlines.iter().take(top) {
        push_row(out, &[&to_cell(headline.as_bytes())]);
    }
}

fn push_connectors(out: &mut String, summary: &Summary, top: usize) {
    if summary.places.is_empty() {
        return;
    }
    push_title(out, "Connectors", top, summary.places.len());
    let numbers = ["sessions", "failed", "TLS", "logged in", "messages"].map(|name| (name, Column::Number));
    push_head(out, &[&[("server", Column::Text), ("connector", Column::Text)], &numbers[..]].concat());
    let mut places: Vec<_> = summary.places.iter().collect();
    places
        .sort_by_key(|(place, counts)| (std::cmp::Reverse((counts.verdict(Verdict::Failed), counts.sessions)), *place));
    for (place, counts) in places.into_iter().take(top) {
        let figures = [
            counts.sessions,
            counts.verdict(Verdict::Failed),
            counts.starttls[StartTls::Succeeded as usize],
            counts.auth[Auth::Succeeded as usize],
            counts.accepted,
        ];
        let mut row = vec![to_cell(&place.server), to_cell(&place.connector)];
        row.extend(figures.map(to_grouped));
        push_row(out, &row);
    }
}

fn push_names(out: &mut String, name: &str, columns: [&str; 2], names: &Top, top: usize) {
    if names.is_empty() {
        return;
    }
    push_title(out, &(name[..1].to_uppercase() + &name[1..]), top, names.len());
    push_head(out, &[(name, Column::Text), (columns[0], Column::Number), (columns[1], Column::Number)]);
    for ranked in names.to_ranking(top) {
        let figures = [ranked.tally.failures, ranked.tally.sessions].map(to_grouped);
        push_row(out, &[&to_cell(ranked.name), &figures[0], &figures[1]]);
    }
    if names.missed() > 0 {
        let _ = writeln!(out, "\n{}.", doubt(names).trim_start_matches("; "));
    }
}
