//! Sessions over time, and those that failed.
//!
//! In: a [`Model`]. Out: two rows, or one where rows are scarce.
//!
//! **Invariant**: a mark of one row stands above that of the same time in the other; which is which is
//! said in words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::output::time::to_grouped;
use crate::record::value::Timestamp;
use crate::summary::timeline::Tick;
use crate::tui::bindings::Action;
use crate::tui::model::{Focus, Model};
use crate::tui::theme::Part;
use crate::tui::update::has_days;

use super::Ink;
use super::header::minute_text;

/// Stands where nothing began.
const NOTHING: char = '.';

/// Stands among failures where sessions began, none of which failed.
const NONE_FAILED: char = ':';

/// What a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// Sessions, with the failures in the row below.
    Sessions,
    /// Failures, with the sessions in the row above.
    Failed,
    /// Sessions alone: none failed.
    AllWell,
    /// Failures alone, with a mark where sessions began and none failed.
    Both,
}

impl Count {
    fn of(self, tick: &Tick) -> u64 {
        match self {
            Self::Sessions | Self::AllWell => tick.sessions,
            Self::Failed | Self::Both => tick.failed,
        }
    }

    /// The largest figure, and the first step that has it.
    fn peak(self, ticks: &[Tick]) -> (u64, usize) {
        let figures = ticks.iter().map(|tick| self.of(tick)).enumerate();
        figures.rev().max_by_key(|(_, figure)| *figure).map_or((0, 0), |(at, figure)| (figure, at))
    }
}

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let mut ink = Ink::new(model, buffer);
    let ticks = model.answer.timeline.ticks();
    let has_failed = ticks.iter().any(|tick| tick.failed > 0);
    let counts = match (area.height, has_failed) {
        (0 | 1, true) => &[Count::Both][..],
        (0 | 1, false) => &[Count::AllWell],
        _ => &[Count::Sessions, Count::Failed],
    };
    for (y, count) in (area.y..area.bottom()).zip(counts) {
        draw_row(model, *count, Rect { y, height: 1, ..area }, &mut ink);
    }
    if model.focus == Focus::Timeline {
        let last = ticks.len().saturating_sub(1);
        let at = model.timeline.at.min(last);
        let from = model.timeline.from.unwrap_or(at).min(last);
        let start = area.x + 1 + u16::try_from(from.min(at)).unwrap_or(0);
        let width = u16::try_from(from.abs_diff(at) + 1).unwrap_or(1);
        ink.paint(Rect { x: start, width, ..area }, Style::new().add_modifier(Modifier::REVERSED));
    }
}

fn draw_row(model: &Model, count: Count, area: Rect, ink: &mut Ink<'_>) {
    let theme = &model.settings.theme;
    let aside = theme.style(Part::Aside);
    let ticks = model.answer.timeline.ticks();
    let (most, _) = count.peak(ticks);
    let full = match count {
        Count::Sessions | Count::AllWell => Style::new(),
        Count::Failed | Count::Both => theme.style(Part::Failure),
    };
    let mut bytes = [0; 4];
    for (x, tick) in (area.x + 1..area.right()).zip(ticks) {
        let (mark, style) = match count.of(tick) {
            0 if count == Count::Both && tick.sessions > 0 => (NONE_FAILED, Style::new()),
            0 => (NOTHING, aside),
            figure => {
                let eighths = (figure.saturating_mul(8)).checked_div(most).unwrap_or(0);
                (ink.glyphs.bar(usize::try_from(eighths).unwrap_or(8)), full)
            }
        };
        ink.put(x, area.y, 1, mark.encode_utf8(&mut bytes), style);
    }
    let x = area.x + 3 + u16::try_from(ticks.len()).unwrap_or(0);
    let caption = match model.focus {
        _ if ticks.is_empty() => String::new(),
        Focus::Timeline => caption_of_step(model, count),
        _ => caption(model, count),
    };
    ink.put(x, area.y, area.right().saturating_sub(x), &caption, aside);
}

/// `sessions per 5 min, peak 412 at 09:05`; `failed, peak 41 at 09:05`.
fn caption(model: &Model, count: Count) -> String {
    let timeline = &model.answer.timeline;
    let step = step_text(timeline.width_seconds());
    let (most, at) = count.peak(timeline.ticks());
    let peak = format!("peak {} at {}", to_grouped(most), moment(model, at));
    match count {
        Count::Sessions => format!("sessions per {step}, {peak}"),
        Count::Failed if most == 0 => "none failed".into(),
        Count::Failed => format!("failed, {peak}"),
        Count::AllWell => format!("sessions per {step}, {peak}; none failed"),
        Count::Both => format!("failed per {step}, {peak} ({NONE_FAILED} none failed)"),
    }
}

/// What the cursor stands on.
fn caption_of_step(model: &Model, count: Count) -> String {
    let timeline = &model.answer.timeline;
    let at = model.timeline.at.min(timeline.ticks().len().saturating_sub(1));
    let tick = timeline.ticks().get(at).copied().unwrap_or_default();
    let (sessions, failed) = (to_grouped(tick.sessions), to_grouped(tick.failed));
    let moment = format!("{} {}", moment(model, at), model.zone_text());
    let key = model.settings.keymap.key_of(Action::Mark);
    let marking = if model.timeline.from.is_some() { "ends the span" } else { "begins a span" };
    match count {
        Count::Failed => format!("{failed} failed, {key} {marking}"),
        Count::Sessions => format!("{moment} {sessions} sessions"),
        Count::AllWell | Count::Both => format!("{moment} {failed} of {sessions} failed, {key} {marking}"),
    }
}

/// When a step begins: the year is in the header, and so is the day where there is but one.
fn moment(model: &Model, at: usize) -> String {
    let timeline = &model.answer.timeline;
    let start = timeline.bounds().map_or(0, |(start, _)| start.to_unix().0);
    let steps = i64::try_from(at).unwrap_or(0);
    let time = Timestamp::from_unix(start.saturating_add(steps.saturating_mul(timeline.width_seconds())));
    let text = minute_text(time, model.zone());
    match (timeline.width_seconds() >= 86_400, has_days(model)) {
        (true, _) => text[..10].to_owned(),
        (false, true) => text[5..].to_owned(),
        (false, false) => text[11..].to_owned(),
    }
}

/// `5 min`.
fn step_text(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}
