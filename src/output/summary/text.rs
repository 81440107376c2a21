//! The summary on one screen.
//!
//! In: a [`Report`]. Out: lines of at most 80 columns.
//!
//! **Invariant**: unless more is asked for, it fits a screen of 40 lines.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::diagnosis::Verdict;
use crate::dialogue::facts::{Auth, StartTls};
use crate::output::bars::to_bars;
use crate::output::escape::visible;
use crate::output::patterns::to_headlines;
use crate::output::text::cut;
use crate::output::time::{Zone, to_grouped, to_minute_text};
use crate::summary::timeline::{Tick, Timeline};
use crate::summary::top::Top;
use crate::summary::{Counts, Summary};

use super::{Report, cause, doubt, figures, lists};

/// How long a line may be, in cells.
const WIDTH: usize = 80;
/// How many lines fit a screen.
const SCREEN_LINES: usize = 40;
/// How far values are indented.
const INDENT: usize = 11;

/// How much is told.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// Servers, and hours that are missing.
    servers: usize,
    /// Entries of every other list.
    entries: usize,
    /// Lines of connectors.
    connectors: usize,
}

const fn shape(entries: usize, connectors: usize) -> Shape {
    Shape { servers: 2, entries, connectors }
}

/// What is tried in turn until it fits.
const SHAPES: [Shape; 7] =
    [shape(10, 10), shape(5, 5), shape(4, 4), shape(3, 4), shape(3, 0), shape(2, 0), shape(1, 0)];

/// Returns the summary as text: `top` entries of every list, or as many as fit a screen.
pub fn to_summary_text(report: &Report<'_>, zone: Zone, top: Option<usize>) -> String {
    if let Some(top) = top {
        return render(report, zone, Shape { servers: top, entries: top, connectors: top });
    }
    let mut text = String::new();
    for shape in SHAPES {
        text = render(report, zone, shape);
        if text.lines().count() <= SCREEN_LINES {
            break;
        }
    }
    text
}

fn render(report: &Report<'_>, zone: Zone, shape: Shape) -> String {
    let summary = report.summary;
    let mut out = String::new();
    for (name, value) in figures(report, zone, shape.servers) {
        push_figure(&mut out, name, &value);
    }
    push_timeline(&mut out, &summary.timeline, zone);
    push_rules(&mut out, &summary.total, shape.entries);
    push_patterns(&mut out, report, zone, shape.entries);
    out.push('\n');
    for (name, columns, names) in lists(summary) {
        push_names(&mut out, name, columns, names, shape.entries);
    }
    push_connectors(&mut out, summary, shape.connectors);
    out
}

/// Appends a name and its value, which is broken between words where it is long.
fn push_figure(out: &mut String, name: &str, value: &str) {
    let mut line = format!("{name:<INDENT$}");
    let mut is_begun = false;
    for word in value.split(' ') {
        if is_begun && line.width() + 1 + word.width() > WIDTH {
            out.extend([line.trim_end(), "\n"]);
            line = " ".repeat(INDENT);
            is_begun = false;
        }
        line.push_str(if is_begun { " " } else { "" });
        line.push_str(word);
        is_begun = true;
    }
    out.extend([line.trim_end(), "\n"]);
}

/// Appends two lines of bars, and when they begin and end.
fn push_timeline(out: &mut String, timeline: &Timeline, zone: Zone) {
    let Some((from, to)) = timeline.bounds() else { return };
    out.push('\n');
    push_bars(out, "sessions", timeline, |tick| tick.sessions);
    push_bars(out, "failed", timeline, |tick| tick.failed);
    let step = to_step_text(timeline.width_seconds());
    let (from, to) = (to_minute_text(from, zone), to_minute_text(to, zone));
    let _ = writeln!(out, "{:<INDENT$}{from} to {to}, {step} a bar", "");
}

fn push_bars(out: &mut String, name: &str, timeline: &Timeline, figure: fn(&Tick) -> u64) {
    let figures = timeline.ticks().iter().map(figure);
    let most = figures.clone().max().unwrap_or_default();
    // Writing into a string cannot fail.
    let _ = writeln!(out, "{name:<INDENT$}{} at most {}", to_bars(figures), to_grouped(most));
}

/// `5 min`.
fn to_step_text(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The line above a list: its name, and how much of it is shown.
fn heading(name: &str, shown: usize, all: usize) -> String {
    match (shown, all) {
        (_, 0) => format!("{name}: none"),
        (0, all) => format!("{name}: {}, listed by `--top N`", to_grouped(all as u64)),
        (shown, all) if shown >= all => name.to_owned(),
        (shown, all) => format!("{name}: {shown} of {}", to_grouped(all as u64)),
    }
}

/// Appends each rule with its sessions, and its likeliest cause below it.
fn push_rules(out: &mut String, counts: &Counts, top: usize) {
    let rules = counts.to_rules();
    let heading = heading("findings, and the likeliest cause", top, rules.len());
    if rules.is_empty() {
        let _ = writeln!(out, "\n{heading}");
        return;
    }
    let _ = writeln!(out, "\n{:>8}  {heading}", "sessions");
    for (rule, found) in rules.iter().take(top) {
        let severity = found.worst().map_or("", |severity| severity.as_text());
        let _ = writeln!(out, "{:>8}  {} ({severity})", to_grouped(found.sessions()), rule.name());
        let _ = writeln!(out, "      {}", cut(&cause(*rule), WIDTH - 6));
    }
}

/// Appends what only many sessions show, the gravest first.
fn push_patterns(out: &mut String, report: &Report<'_>, zone: Zone, top: usize) {
    let headlines = to_headlines(report.patterns, zone);
    if headlines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", heading("patterns", top, headlines.len()));
    for headline in headlines.iter().take(top) {
        push_figure(out, "  -", headline);
    }
}

fn push_names(out: &mut String, name: &str, columns: [&str; 2], names: &Top, top: usize) {
    let heading = heading(name, top, names.len());
    if names.is_empty() {
        let _ = writeln!(out, "{heading}");
        return;
    }
    let _ = writeln!(out, "{:>10}{:>10}  {heading}{}", columns[0], columns[1], doubt(names));
    for ranked in names.to_ranking(top) {
        let (failures, sessions) = (to_grouped(ranked.tally.failures), to_grouped(ranked.tally.sessions));
        let short = if ranked.short > 0 { format!(" (+ up to {})", to_grouped(ranked.short)) } else { String::new() };
        let name = visible(ranked.name);
        let _ = writeln!(out, "{failures:>10}{sessions:>10}  {}{short}", cut(&name, WIDTH - 22 - short.width()));
    }
}

/// Appends a line for each connector, those with most failures first.
fn push_connectors(out: &mut String, summary: &Summary, top: usize) {
    let mut places: Vec<_> = summary.places.iter().collect();
    let failed = |counts: &Counts| counts.verdict(Verdict::Failed);
    places.sort_by_key(|(place, counts)| (std::cmp::Reverse((failed(counts), counts.sessions)), *place));
    let heading = heading("connectors", top, places.len());
    if top == 0 || places.is_empty() {
        let _ = writeln!(out, "\n{heading}");
        return;
    }
    let columns = ["failed", "sessions", "starttls", "logins", "messages"];
    let _ = writeln!(
        out,
        "\n{:>8}{:>9}{:>10}{:>10}{:>10}  {heading}",
        columns[0], columns[1], columns[2], columns[3], columns[4]
    );
    for (place, counts) in places.iter().take(top) {
        let _ = writeln!(
            out,
            "{:>8}{:>9}{:>10}{:>10}{:>10}  {}",
            to_grouped(failed(counts)),
            to_grouped(counts.sessions),
            part(counts.starttls[StartTls::Succeeded as usize], counts.sessions - counts.starttls[0]),
            part(counts.auth[Auth::Succeeded as usize], counts.sessions - counts.auth[0]),
            part(counts.accepted, counts.attempted),
            cut(&place_text(place), WIDTH - 49),
        );
    }
}

fn place_text(place: &crate::summary::Place) -> String {
    format!("{}\\{}", visible(&place.server), visible(&place.connector))
}

/// `22/25`: so many of so many.
fn part(some: u64, all: u64) -> String {
    if all == 0 { "-".into() } else { format!("{}/{}", to_grouped(some), to_grouped(all)) }
}
