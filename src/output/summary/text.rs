//! The summary on one screen.
//!
//! In: a [`Report`]. Out: lines of at most 80 columns.
//!
//! **Invariant**: unless more is asked for, it fits a screen of 40 lines.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::diagnosis::{Rule, Verdict};
use crate::dialogue::facts::{Auth, StartTls};
use crate::output::bars::to_bars;
use crate::output::escape::visible;
use crate::output::patterns::to_headlines;
use crate::output::text::cut;
use crate::output::time::{Zone, to_grouped};
use crate::output::times::Times;
use crate::output::wrap::{Frame, push_parts, push_wrapped};
use crate::summary::counts::Found;
use crate::summary::timeline::{Tick, Timeline};
use crate::summary::top::{Ranked, Top};
use crate::summary::{Counts, Summary};

use super::{Report, cause, doubt, figures, lists};

/// How long a line may be, in cells.
const WIDTH: usize = 80;
/// How many lines fit a screen.
const SCREEN_LINES: usize = 40;
/// How far values are indented.
const INDENT: usize = 11;

/// How much is told beside the findings.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// Servers, and hours that are missing.
    servers: usize,
    /// Patterns.
    patterns: usize,
    /// Entries of every list of names.
    names: usize,
    /// Lines of connectors.
    connectors: usize,
}

const fn shape(entries: usize, connectors: usize) -> Shape {
    Shape { servers: 2, patterns: entries, names: entries, connectors }
}

/// What is tried in turn until there is room for the findings.
const SHAPES: [Shape; 7] =
    [shape(10, 10), shape(5, 5), shape(4, 4), shape(3, 4), shape(3, 0), shape(2, 0), shape(1, 0)];

/// What is left where there are too many findings for any of these.
const BARE: Shape = Shape { servers: 1, patterns: 1, names: 0, connectors: 0 };

/// How many findings have a line of their own and their cause below it, if there is room.
const CAUSES: usize = 3;

/// Returns the summary as text: `top` entries of every list, or as many as fit a screen. Rules matter
/// most, so the names and the causes below the rules give way to them.
pub fn to_summary_text(report: &Report<'_>, zone: Zone, top: Option<usize>) -> String {
    let rules = report.summary.total.to_rules();
    let matter = Matter::new(report, zone, top.unwrap_or(SHAPES[0].names));
    if let Some(top) = top {
        let shape = Shape { servers: top, patterns: top, names: top, connectors: top };
        let layout = Layout { rows: top, causes: top, lines: 0, is_whole: top >= rules.len() };
        return Page::new(&matter, shape).to_text(&rules, layout);
    }
    let (page, layout) = to_fitting(&matter, &rules);
    page.to_text(&rules, layout)
}

/// What a page is made of, worked out once for all shapes that are tried.
struct Matter<'a> {
    report: &'a Report<'a>,
    times: Times,
    headlines: Vec<String>,
    lists: [List<'a>; 3],
}

/// Names, the first of them in order.
struct List<'a> {
    name: &'static str,
    columns: [&'static str; 2],
    names: &'a Top,
    ranking: Vec<Ranked<'a>>,
}

impl<'a> Matter<'a> {
    /// Makes it ready for shapes of no more than `most` names.
    fn new(report: &'a Report<'a>, zone: Zone, most: usize) -> Self {
        let lists = lists(report.summary).map(|(name, columns, names)| List {
            name,
            columns,
            names,
            ranking: names.to_ranking(most),
        });
        let times = Times::new(zone, &report.patterns.clocks);
        Self { report, times, headlines: to_headlines(report.patterns, zone), lists }
    }
}

/// Returns the largest page that has room for every rule: with causes for the first ones, or else without,
/// or else named in a paragraph; where none has, the smallest page with what fits.
fn to_fitting(matter: &Matter<'_>, rules: &[(Rule, Found)]) -> (Page, Layout) {
    let laid_out = |shape: &Shape| {
        let page = Page::new(matter, *shape);
        let layout = Layout::new(rules, page.room());
        (page, layout)
    };
    let wanted = rules.len().min(CAUSES);
    let mut pages: Vec<(Page, Layout)> = SHAPES.iter().map(laid_out).collect();
    let enough: [&dyn Fn(&Layout) -> bool; 3] = [
        &|layout| layout.rows == rules.len() && layout.causes >= wanted,
        &|layout| layout.rows == rules.len(),
        &|layout| layout.is_whole && layout.rows >= wanted,
    ];
    let found = enough.iter().find_map(|is_enough| pages.iter().position(|(_, layout)| is_enough(layout)));
    match found {
        Some(at) => pages.swap_remove(at),
        None => laid_out(&BARE),
    }
}

/// What stands above the findings, and what below.
#[derive(Debug)]
struct Page {
    above: String,
    below: String,
}

impl Page {
    fn new(matter: &Matter<'_>, shape: Shape) -> Self {
        let Matter { report, times, headlines, lists } = matter;
        let summary = report.summary;
        let (mut above, mut below) = (String::new(), String::new());
        for (name, value) in figures(report, times, shape.servers) {
            push_figure(&mut above, name, &value);
        }
        push_timeline(&mut above, &summary.timeline, times);
        push_patterns(&mut below, headlines, shape.patterns);
        below.push('\n');
        if shape.names == 0 {
            push_figure(&mut below, "not shown", &left_out_text(summary));
            return Self { above, below };
        }
        for list in lists {
            push_names(&mut below, list, shape.names);
        }
        push_connectors(&mut below, summary, shape.connectors);
        Self { above, below }
    }

    /// How many lines of findings fit, under their heading.
    fn room(&self) -> usize {
        SCREEN_LINES.saturating_sub(self.above.lines().count() + self.below.lines().count() + 2)
    }

    fn to_text(&self, rules: &[(Rule, Found)], layout: Layout) -> String {
        [&*self.above, &rules_text(rules, layout), &self.below].concat()
    }
}

/// `136 addresses, 58 users, 137 helos, 15 connectors: --top N lists them`.
fn left_out_text(summary: &Summary) -> String {
    let lists = lists(summary).map(|(name, _, names)| (names.len(), name));
    let counts = lists.into_iter().chain([(summary.places.len(), "connectors")]);
    let counts: Vec<String> = counts.map(|(count, name)| format!("{} {name}", to_grouped(count as u64))).collect();
    format!("{}: --top N lists them", counts.join(", "))
}

/// Appends a name and its value, which is broken between words where it is long.
fn push_figure(out: &mut String, name: &str, value: &str) {
    push_wrapped(out, Frame { width: WIDTH, hang: INDENT }, &format!("{name:<INDENT$}"), value);
}

/// Appends two lines of bars, and when they begin and end.
fn push_timeline(out: &mut String, timeline: &Timeline, times: &Times) {
    let Some((from, to)) = timeline.bounds() else { return };
    out.push('\n');
    push_bars(out, "sessions", timeline, |tick| tick.sessions);
    push_bars(out, "failed", timeline, |tick| tick.failed);
    let step = to_step_text(timeline.width_seconds());
    let (from, to) = (times.minute_text(None, from), times.minute_text(None, to));
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

/// How the rules are told, each with its sessions.
#[derive(Clone, Copy, Debug)]
struct Layout {
    /// How many have a line of their own.
    rows: usize,
    /// How many of these have their likeliest cause below it.
    causes: usize,
    /// How many lines the others fill together.
    lines: usize,
    /// Whether every rule is told.
    is_whole: bool,
}

impl Layout {
    /// What fits so many lines: all with their causes; or else all, and causes as far as there is
    /// room; or else as many as fit beside a paragraph that names the others.
    fn new(rules: &[(Rule, Found)], room: usize) -> Self {
        if let Some(causes) = room.checked_sub(rules.len()) {
            return Self { rows: rules.len(), causes: causes.min(rules.len()), lines: 0, is_whole: true };
        }
        let rows = (0..room).rev().find(|rows| others_text(&rules[*rows..]).lines().count() + rows <= room);
        Self { rows: rows.unwrap_or(0), causes: 0, lines: room - rows.unwrap_or(0), is_whole: rows.is_some() }
    }
}

/// Returns each rule with its sessions, and its likeliest cause below it.
fn rules_text(rules: &[(Rule, Found)], layout: Layout) -> String {
    let Layout { rows, causes, lines, is_whole } = layout;
    let title = if causes > 0 { "findings, and the likeliest cause" } else { "findings" };
    let heading = heading(title, if is_whole { rules.len() } else { rows }, rules.len());
    if rules.is_empty() || rows + lines == 0 {
        return format!("\n{heading}\n");
    }
    let mut out = format!("\n{:>8}  {heading}\n", "sessions");
    for (at, (rule, found)) in rules.iter().take(rows).enumerate() {
        let _ = writeln!(out, "{:>8}  {} ({})", to_grouped(found.sessions()), rule.name(), severity_text(found));
        if at < causes {
            let _ = writeln!(out, "      {}", cut(&cause(*rule), WIDTH - 6));
        }
    }
    for line in others_text(rules.get(rows..).unwrap_or_default()).lines().take(lines) {
        out.extend([line, "\n"]);
    }
    out
}

fn severity_text(found: &Found) -> &'static str {
    found.worst().map_or("", |severity| severity.as_text())
}

/// The rules that have no line of their own, with their sessions: `error: relay-denied 3; warning: …`.
fn others_text(rules: &[(Rule, Found)]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for group in rules.chunk_by(|one, other| one.1.worst() == other.1.worst()) {
        let names = group.iter().map(|(rule, found)| format!("{} {},", rule.name(), to_grouped(found.sessions())));
        let from = parts.len();
        parts.extend(names);
        parts[from].insert_str(0, &format!("{}: ", severity_text(&group[0].1)));
        if let Some(last) = parts.last_mut() {
            last.pop();
            last.push(';');
        }
    }
    let Some(last) = parts.last_mut() else { return String::new() };
    last.pop();
    let mut out = String::new();
    push_parts(
        &mut out,
        Frame { width: WIDTH, hang: 10 },
        &format!("{:>8}  ", "and"),
        parts.iter().map(String::as_str),
    );
    out
}

/// Appends what only many sessions show, the gravest first.
fn push_patterns(out: &mut String, headlines: &[String], top: usize) {
    if headlines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", heading("patterns", top, headlines.len()));
    for headline in headlines.iter().take(top) {
        push_figure(out, "  -", headline);
    }
}

fn push_names(out: &mut String, list: &List<'_>, top: usize) {
    let List { name, columns, names, ranking } = list;
    let heading = heading(name, top, names.len());
    if names.is_empty() {
        let _ = writeln!(out, "{heading}");
        return;
    }
    let figures = |ranked: &Ranked| [ranked.tally.failures, ranked.tally.sessions].map(to_grouped);
    let rows: Vec<_> = ranking.iter().take(top).map(figures).collect();
    let widths = widths([10, 10], &rows);
    let _ = writeln!(out, "{}  {heading}{}", side_by_side(&columns.map(str::to_owned), widths), doubt(names));
    let n_left = WIDTH.saturating_sub(widths.iter().sum::<usize>() + 2);
    for (ranked, row) in ranking.iter().zip(&rows) {
        let short = if ranked.short > 0 { format!(" (+ up to {})", to_grouped(ranked.short)) } else { String::new() };
        let name = visible(ranked.name);
        let name = cut(&name, n_left.saturating_sub(short.width()));
        let _ = writeln!(out, "{}  {name}{short}", side_by_side(row, widths));
    }
}

/// The widths of columns of figures: no less than these, and more where a figure would touch its
/// neighbour.
fn widths<const N: usize>(least: [usize; N], rows: &[[String; N]]) -> [usize; N] {
    std::array::from_fn(|at| rows.iter().map(|row| row[at].len() + 2).fold(least[at], usize::max))
}

fn side_by_side<const N: usize>(row: &[String; N], widths: [usize; N]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let _ = write!(line, "{cell:>width$}");
    }
    line
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
    places.truncate(top);
    let figures = |counts: &Counts| {
        [
            to_grouped(failed(counts)),
            to_grouped(counts.sessions),
            part(counts.starttls[StartTls::Succeeded as usize], counts.sessions - counts.starttls[0]),
            part(counts.auth[Auth::Succeeded as usize], counts.sessions - counts.auth[0]),
            part(counts.accepted, counts.attempted),
        ]
    };
    let rows: Vec<_> = places.iter().map(|(_, counts)| figures(counts)).collect();
    let widths = widths([8, 9, 10, 10, 10], &rows);
    let _ = writeln!(out, "\n{}  {heading}", side_by_side(&columns.map(str::to_owned), widths));
    let n_left = WIDTH.saturating_sub(widths.iter().sum::<usize>() + 2);
    for ((place, _), row) in places.iter().zip(&rows) {
        let _ = writeln!(out, "{}  {}", side_by_side(row, widths), cut(&place_text(place), n_left));
    }
}

fn place_text(place: &crate::summary::Place) -> String {
    format!("{}\\{}", visible(&place.server), visible(&place.connector))
}

/// `22/25`: so many of so many.
fn part(some: u64, all: u64) -> String {
    if all == 0 { "-".into() } else { format!("{}/{}", to_grouped(some), to_grouped(all)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_do_not_touch() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned);
        let rows = [row(["0", "10"]), row(["1,000,000", "12,000/13,000"])];
        let widths = widths([8, 9], &rows);
        assert_eq!(side_by_side(&rows[0], widths), "          0             10");
        assert_eq!(side_by_side(&rows[1], widths), "  1,000,000  12,000/13,000");
        assert_eq!(side_by_side(&row(["0", "10"]), super::widths([8, 9], &rows[..1])), "       0       10");
    }
}
