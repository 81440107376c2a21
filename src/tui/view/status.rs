//! The last row: the filter or what is typed, keys, and what is said.
//!
//! In: a [`Model`]. Out: a row, or three where what is typed is not understood.
//!
//! **Invariant**: the caret stands under the place that is not understood.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::output::escape::visible;
use crate::tui::bindings::Action;
use crate::tui::model::{Focus, Model};
use crate::tui::prompt::{Prompt, Purpose};
use crate::tui::table::View;
use crate::tui::theme::Part;

use super::{Ink, scrolled};

/// Draws it, and returns where the cursor stands in what is typed.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let mut ink = Ink::new(model, buffer);
    match &model.prompt {
        Some(prompt) => Some(draw_prompt(model, prompt, area, &mut ink)),
        None => {
            draw_line(model, area, &mut ink);
            None
        }
    }
}

fn lead_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Filter => " / ",
        Purpose::Search => " search: ",
        Purpose::Write => " write to (.ndjson .csv .txt .log): ",
    }
}

fn draw_prompt(model: &Model, prompt: &Prompt, area: Rect, ink: &mut Ink<'_>) -> Position {
    let theme = &model.settings.theme;
    let lead = lead_of(prompt.purpose);
    let start = ink.put(area.x, area.y, area.width, lead, theme.style(Part::Focus));
    let room = usize::from(area.width.saturating_sub(start));
    let cursor = prompt.text[..prompt.cursor].width();
    // A line that is too long is scrolled so that the cursor is seen.
    let left = (cursor + 1).saturating_sub(room);
    let text = visible(prompt.text.as_bytes());
    // As text that is selected, which gives way to what is typed.
    let style = if prompt.is_proposed { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
    ink.put(area.x + start, area.y, area.width.saturating_sub(start), scrolled(&text, left), style);
    if area.height >= 3 {
        draw_fault(model, start, left, area, ink);
    }
    let x = area.x + start + u16::try_from(cursor - left).unwrap_or(0);
    Position::new(x.min(area.right().saturating_sub(1)), area.y)
}

/// A caret under the place, and below it what is wrong and what was expected.
fn draw_fault(model: &Model, start: u16, left: usize, area: Rect, ink: &mut Ink<'_>) {
    let Some(fault) = &model.filter.fault else { return };
    let style = model.settings.theme.style(Part::Failure);
    let before = fault.query.get(..fault.at.start).map_or(0, UnicodeWidthStr::width).saturating_sub(left);
    let within = fault.query.get(fault.at.clone()).map_or(0, UnicodeWidthStr::width).max(1);
    let x = area.x.saturating_add(start).saturating_add(u16::try_from(before).unwrap_or(u16::MAX));
    if x < area.right() {
        ink.put(x, area.y + 1, area.right() - x, &"^".repeat(within.min(200)), style);
    }
    let lines: Vec<&str> = std::iter::once(&fault.problem).chain(&fault.help).map(String::as_str).collect();
    let text = format!(" {}", lines.join("; "));
    ink.put(area.x, area.y + 2, area.width, &visible(text.as_bytes()), style);
}

fn draw_line(model: &Model, area: Rect, ink: &mut Ink<'_>) {
    let theme = &model.settings.theme;
    let (left, style) = match &model.notice {
        Some(notice) => (format!(" {}", visible(notice.text.as_bytes())), theme.style(notice.part)),
        None if model.filter.text.is_empty() => (hint(model), theme.style(Part::Aside)),
        None => (format!(" / {}", visible(model.filter.text.as_bytes())), Style::new().add_modifier(Modifier::BOLD)),
    };
    let used = ink.put(area.x, area.y, area.width, &left, style);
    let room = usize::from(area.width.saturating_sub(used + 3));
    let mut keys: Vec<String> = keys(model).iter().map(|(key, word)| format!("{key} {word}")).collect();
    // The last ones are for those who know no other.
    while !keys.is_empty() && keys.join("  ").width() > room {
        keys.remove(0);
    }
    ink.put_right(area.x, area.y, area.width.saturating_sub(1), &keys.join("  "), theme.style(Part::Aside));
}

/// What to do first.
fn hint(model: &Model) -> String {
    if model.settings.has_hint {
        return " 1. n: next failure  2. Enter: its transcript  3. /: filter, try auth:failed".into();
    }
    if model.focus == Focus::Transcript { " / to search".into() } else { " / to filter".into() }
}

/// The keys that matter where one is.
fn keys(model: &Model) -> Vec<(String, &'static str)> {
    let key = |action, word| (model.settings.keymap.key_of(action), word);
    let mut keys = match (model.focus, model.view) {
        (Focus::Transcript, _) => {
            vec![
                key(Action::NextMatch, "next proof"),
                key(Action::Compare, "beside a good one"),
                key(Action::Raw, "raw"),
            ]
        }
        (Focus::Findings, _) => {
            vec![key(Action::Down, "scroll"), key(Action::NextFailure, "next failure"), key(Action::Back, "back")]
        }
        (Focus::Timeline, _) => vec![key(Action::Mark, "mark"), key(Action::Back, "back")],
        (Focus::List, View::Sessions) => vec![key(Action::NextFailure, "next failure"), key(Action::CopyId, "copy")],
        (Focus::List, _) => vec![key(Action::Open, "its sessions"), key(Action::ViewSessions, "sessions")],
    };
    keys.push(key(Action::NextPane, "pane"));
    keys.push(key(Action::Help, "help"));
    keys.push(key(Action::Quit, "quit"));
    keys.retain(|(key, _)| !key.is_empty());
    keys
}
