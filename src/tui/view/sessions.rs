//! The list of sessions.
//!
//! In: a [`Model`]. Out: a pane.
//!
//! **Invariant**: makes text of the sessions that are shown and of no others.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::diagnosis::Verdict;
use crate::output::time::to_grouped;
use crate::query::subject::Subject;
use crate::tui::columns::{Column, Look, TimeLook};
use crate::tui::model::{Focus, Model, Phase};
use crate::tui::theme::{Part, Theme};
use crate::tui::update::{columns, has_days};

use super::{Ink, frame_style};

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let mut ink = Ink::new(model, buffer);
    let inner = ink.frame(area, &title(model), frame_style(model, Focus::List));
    let columns = columns(model, inner.width);
    let names = Style::new().add_modifier(Modifier::BOLD);
    let selected_column = model.column.min(columns.len().saturating_sub(1));
    let mut x = inner.x;
    for (at, (column, width)) in columns.iter().enumerate() {
        let style = if at == selected_column { names.add_modifier(Modifier::UNDERLINED) } else { names };
        ink.put(x, inner.y, *width, column.name(), style);
        x += width + 1;
    }
    let rows = inner.y + 1..inner.bottom();
    let cursor = &model.cursors[0];
    for (y, at) in rows.zip(cursor.top..) {
        let Some((_, seat)) = model.answer.seats.get(at) else { break };
        draw_row(model, at, *seat, &columns, Rect::new(inner.x, y, inner.width, 1), &mut ink);
    }
    if model.answer.seats.is_empty() {
        let text = empty_text(model);
        ink.put(inner.x + 1, inner.y + 2, inner.width.saturating_sub(2), text, model.settings.theme.style(Part::Aside));
    }
}

fn title(model: &Model) -> String {
    let (n_kept, n_all) = (model.answer.seats.len() as u64, model.roster.len() as u64);
    let kept =
        if n_kept == n_all { to_grouped(n_all) } else { format!("{} of {}", to_grouped(n_kept), to_grouped(n_all)) };
    let failed = model.answer.n_failed;
    let failed = if failed > 0 { format!(", {} failed", to_grouped(failed)) } else { String::new() };
    let searched = model.asked.searched.map_or(String::new(), |percent| format!(", searching {percent} %"));
    format!("Sessions  {kept}{failed}{searched}")
}

fn empty_text(model: &Model) -> &'static str {
    match (model.reading.phase, model.filter.text.is_empty()) {
        (Phase::Looking | Phase::Reading, true) => "reading…",
        (Phase::Looking | Phase::Reading, false) => "nothing yet that the filter lets through",
        (_, false) => "the filter lets nothing through; Esc goes back",
        (_, true) => "no sessions in these logs",
    }
}

fn draw_row(
    model: &Model,
    at: usize,
    seat: crate::roster::Seat,
    columns: &[(Column, u16)],
    area: Rect,
    ink: &mut Ink<'_>,
) {
    let Some(listed) = model.roster.get(seat) else { return };
    let theme = &model.settings.theme;
    let time = TimeLook { has_day: has_days(model), has_offset: model.has_many_zones() };
    let look = Look { zone: model.zone_of(&listed), time, glyphs: model.settings.glyphs };
    let base = match listed.verdict() {
        Verdict::Probe => theme.style(Part::Aside),
        _ => Style::new(),
    };
    let mut x = area.x;
    for (column, width) in columns {
        let style = match column {
            Column::Verdict | Column::Findings if listed.verdict() == Verdict::Failed => theme.style(Part::Failure),
            Column::Findings => theme.style(Part::Warning),
            _ => base,
        };
        ink.put(x, area.y, *width, &column.cell(&listed, &look), style);
        x += width + 1;
    }
    if at == model.cursors[0].at {
        ink.paint(area, Theme::selection(model.focus == Focus::List));
        mark_cell(model, columns, area, ink);
    }
}

/// The selected cell stands out of the selected row.
fn mark_cell(model: &Model, columns: &[(Column, u16)], area: Rect, ink: &mut Ink<'_>) {
    let selected = model.column.min(columns.len().saturating_sub(1));
    let before: u16 = columns.iter().take(selected).map(|(_, width)| width + 1).sum();
    let width = columns.get(selected).map_or(0, |(_, width)| *width);
    if model.focus == Focus::List {
        ink.paint(
            Rect::new(area.x + before, area.y, width, 1),
            Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        );
    }
}
