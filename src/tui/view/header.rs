//! What is read.
//!
//! In: a [`Model`]. Out: a row.
//!
//! **Invariant**: a range of time names its zone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::output::skipped::counted;
use crate::output::time::{Zone, to_duration_text, to_grouped, to_time_text};
use crate::record::value::Timestamp;
use crate::tui::model::{Model, Phase};
use crate::tui::theme::Part;

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
    let span = span_text(model);
    // What stands in brackets can be done without where the range itself would have to go.
    let short = span.split_once(" (").map_or(span.clone(), |(short, _)| short.to_owned());
    let mut parts = vec![(servers, Style::new()), (span, Style::new()), (sessions, bold), (failed, failed_style)];
    let wanted = |parts: &[(String, Style)]| parts.iter().map(|(text, _)| text.width() + 2).sum::<usize>();
    let has_room = |parts: &[(String, Style)]| wanted(parts) <= usize::from(room.saturating_sub(x));
    if !has_room(&parts[1..]) {
        parts[1].0 = short;
    }
    parts.retain(|(text, _)| !text.is_empty());
    // What is left out first stands first.
    while parts.len() > 1 && !has_room(&parts) {
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
pub(super) fn minute_text(time: Timestamp, zone: Zone) -> String {
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
