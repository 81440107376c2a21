//! The views that count.
//!
//! In: a [`Model`]. Out: a pane.
//!
//! **Invariant**: figures stand on the right, under each other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::output::time::to_grouped;
use crate::tui::model::{Focus, Model, Phase};
use crate::tui::table::{Row, Table, View};
use crate::tui::theme::{Part, Theme};

use super::{Ink, frame_style};

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let mut ink = Ink::new(model, buffer);
    let of_all = if model.view == View::Patterns { " of all sessions" } else { "" };
    let of_kept = match model.filter.text.is_empty() || model.view == View::Patterns {
        true => String::new(),
        false => format!("  in {} filtered sessions", to_grouped(model.answer.seats.len() as u64)),
    };
    let n_rows = model.table().map_or(String::new(), |table| format!("  {}", to_grouped(table.rows.len() as u64)));
    let title = format!("{}{n_rows}{of_all}{of_kept}", model.view.title());
    let inner = ink.frame(area, &title, frame_style(model, Focus::List));
    let aside = model.settings.theme.style(Part::Aside);
    let Some(table) = model.table() else {
        ink.put(inner.x + 1, inner.y + 1, inner.width.saturating_sub(2), waiting_text(model), aside);
        return;
    };
    let columns = table.fitting(inner.width);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    put_cells(&mut ink, table, &columns, Rect { height: 1, ..inner }, |at| table.columns[at].name, bold);
    let cursor = model.cursor();
    for (y, (at, row)) in (inner.y + 1..inner.bottom()).zip(table.rows.iter().enumerate().skip(cursor.top)) {
        let line = Rect::new(inner.x, y, inner.width, 1);
        draw_row(model, table, &columns, row, line, &mut ink);
        if at == cursor.at {
            ink.paint(line, Theme::selection(model.focus == Focus::List));
        }
    }
    if table.rows.is_empty() {
        ink.put(inner.x + 1, inner.y + 2, inner.width.saturating_sub(2), table.empty, aside);
    }
}

fn waiting_text(model: &Model) -> &'static str {
    match (model.view, model.reading.phase) {
        (View::Patterns, Phase::Looking | Phase::Reading) => "patterns come when all is read…",
        _ => "counting…",
    }
}

fn draw_row(model: &Model, table: &Table, columns: &[(usize, u16)], row: &Row, area: Rect, ink: &mut Ink<'_>) {
    let style = row.part.map_or(Style::new(), |part| model.settings.theme.style(part));
    if row.filter.is_none() && row.cells.len() == 1 {
        ink.put(area.x, area.y, area.width, &row.cells[0], style);
        return;
    }
    let cell = |at: usize| row.cells.get(at).map_or("", String::as_str);
    put_cells(ink, table, columns, area, cell, style);
}

fn put_cells<'a>(
    ink: &mut Ink<'_>,
    table: &Table,
    columns: &[(usize, u16)],
    area: Rect,
    cell: impl Fn(usize) -> &'a str,
    style: Style,
) {
    let mut x = area.x;
    for (at, width) in columns {
        let width = (*width).min(area.right().saturating_sub(x));
        match table.columns[*at].is_number {
            true => ink.put_right(x, area.y, width, cell(*at), style),
            false => drop(ink.put(x, area.y, width, cell(*at), style)),
        }
        x += width + 1;
    }
}
