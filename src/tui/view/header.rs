//! What is read, and sessions over time.
//!
//! In: a [`Model`]. Out: two rows.
//!
//! **Invariant**: a range of time names its zone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::output::skipped::counted;
use crate::output::time::{Zone, to_duration_text, to_grouped, to_time_text};
use crate::record::value::Timestamp;
use crate::tui::model::{Focus, Model, Phase};
use crate::tui::theme::Part;
use crate::tui::update::has_days;

use super::Ink;

/// How wide the bar of the progress is, in cells.
const PROGRESS_CELLS: u64 = 10;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let mut ink = Ink::new(model, buffer);
    let theme = &model.settings.theme;
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let right = progress_text(model, &ink);
    let right_width = u16::try_from(right.chars().count()).unwrap_or(0);
    let mut x = area.x + 1 + ink.put(area.x + 1, area.y, area.width, "heloscope", bold);
    let room = area.width.saturating_sub(right_width + 2);
    let servers = counted(model.servers.len() as u64, "server");
    let sessions = counted(model.roster.len() as u64, "session");
    let failed = format!("{} failed", to_grouped(model.n_failed as u64));
    let failed_style = if model.n_failed > 0 { theme.style(Part::Failure) } else { Style::new() };
    let mut parts =
        vec![(servers, Style::new()), (span_text(model), Style::new()), (sessions, bold), (failed, failed_style)];
    parts.retain(|(text, _)| !text.is_empty());
    let wanted = |parts: &[(String, Style)]| parts.iter().map(|(text, _)| text.width() + 2).sum::<usize>();
    // What is left out first stands first.
    while parts.len() > 1 && wanted(&parts) > usize::from(room.saturating_sub(x)) {
        parts.remove(0);
    }
    for (text, style) in parts {
        x += 2 + ink.put(x + 2, area.y, room.saturating_sub(x + 2), &text, style);
    }
    ink.put_right(area.x, area.y, area.width.saturating_sub(1), &right, theme.style(Part::Aside));
}

/// `2026-11-23 08:00 - 12:00 UTC`.
fn span_text(model: &Model) -> String {
    let Some((first, last)) = model.span else { return String::new() };
    let zone = model.zone();
    let (first, last) = (minute_text(first, zone), minute_text(last, zone));
    let last = if first[..10] == last[..10] { &last[11..] } else { &last[..] };
    format!("{first} - {last} {}", model.zone_text())
}

/// `2026-11-23 08:00`.
fn minute_text(time: Timestamp, zone: Zone) -> String {
    let text = to_time_text(time, zone);
    match text.get(..16) {
        Some(minute) => minute.replace('T', " "),
        None => "0000-00-00 00:00".to_owned(),
    }
}

fn progress_text(model: &Model, ink: &Ink<'_>) -> String {
    let reading = &model.reading;
    match reading.phase {
        Phase::Looking => "looking for logs".into(),
        Phase::Reading => {
            let share = |of: u64| (reading.bytes.min(reading.all_bytes) * of).checked_div(reading.all_bytes);
            let (full, empty) = ink.glyphs.progress();
            let n_full = share(PROGRESS_CELLS).unwrap_or(0);
            let bar: String = (0..PROGRESS_CELLS).map(|cell| if cell < n_full { full } else { empty }).collect();
            format!("reading {bar} {:>2} %", share(100).unwrap_or(0))
        }
        Phase::Done if reading.errors.is_empty() => String::new(),
        Phase::Done => format!("{} not read", counted(reading.errors.len() as u64, "file")),
        Phase::Following => match (model.now, model.newest) {
            (Some(now), Some(last)) => format!("following, newest row {} old", age_text(now.millis_since(last))),
            _ => "following".into(),
        },
    }
}

/// An age in whole seconds.
fn age_text(millis: i64) -> String {
    let millis = millis.max(0);
    match millis < 60_000 {
        true => format!("{} s", millis / 1000),
        false => to_duration_text(millis),
    }
}

pub(super) fn draw_timeline(model: &Model, area: Rect, buffer: &mut Buffer) {
    let mut ink = Ink::new(model, buffer);
    let theme = &model.settings.theme;
    let timeline = &model.answer.timeline;
    let ticks = timeline.ticks();
    let has_failed = ticks.iter().any(|tick| tick.failed > 0);
    let figure = |at: usize| if has_failed { ticks[at].failed } else { ticks[at].sessions };
    let most = (0..ticks.len()).map(figure).max().unwrap_or(0);
    let style = if has_failed { theme.style(Part::Failure) } else { Style::new() };
    let mut cells = [0; 4];
    for (x, at) in (area.x + 1..area.right()).zip(0..ticks.len()) {
        let cell = match (figure(at) * 8).checked_div(most) {
            None | Some(0) if figure(at) == 0 => '.',
            eighths => ink.glyphs.bar(usize::try_from(eighths.unwrap_or(0)).unwrap_or(8)),
        };
        let style = if figure(at) == 0 { theme.style(Part::Aside) } else { style };
        ink.put(x, area.y, 1, cell.encode_utf8(&mut cells), style);
    }
    if model.focus == Focus::Timeline {
        let last = ticks.len().saturating_sub(1);
        let at = model.timeline.at.min(last);
        let from = model.timeline.from.unwrap_or(at).min(last);
        let start = area.x + 1 + u16::try_from(from.min(at)).unwrap_or(0);
        let length = u16::try_from(from.abs_diff(at) + 1).unwrap_or(1);
        ink.paint(Rect::new(start, area.y, length, 1), Style::new().add_modifier(Modifier::REVERSED));
    }
    let x = area.x + 3 + u16::try_from(ticks.len()).unwrap_or(0);
    let room = area.right().saturating_sub(x);
    ink.put(x, area.y, room, &caption(model, has_failed, most), theme.style(Part::Aside));
}

/// `failed per 5 min, peak 41 at 09:05`; what the cursor stands on, where it stands there.
fn caption(model: &Model, has_failed: bool, most: u64) -> String {
    let timeline = &model.answer.timeline;
    let Some((start, _)) = timeline.bounds() else { return String::new() };
    let width = timeline.width_seconds();
    let moment = |at: usize| {
        let steps = i64::try_from(at).unwrap_or(0);
        let time = Timestamp::from_unix(start.to_unix().0 + steps * width);
        let text = minute_text(time, model.zone());
        match (width >= 86_400, has_days(model)) {
            (true, _) => text[..10].to_owned(),
            // The year is in the header.
            (false, true) => text[5..].to_owned(),
            (false, false) => text[11..].to_owned(),
        }
    };
    if model.focus == Focus::Timeline {
        let at = model.timeline.at.min(timeline.ticks().len().saturating_sub(1));
        let tick = timeline.ticks()[at];
        let (sessions, failed) = (to_grouped(tick.sessions), to_grouped(tick.failed));
        let marking = if model.timeline.from.is_some() { ", space ends the span" } else { ", space begins a span" };
        return format!("{} {} {failed} of {sessions} failed{marking}", moment(at), model.zone_text());
    }
    let what = if has_failed { "failed" } else { "sessions" };
    let figure = |at: usize| {
        let tick = timeline.ticks()[at];
        if has_failed { tick.failed } else { tick.sessions }
    };
    let peak = (0..timeline.ticks().len()).find(|at| figure(*at) == most).unwrap_or(0);
    format!("{what} per {}, peak {} at {}", step_text(width), to_grouped(most), moment(peak))
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
