//! Up, down, and to the next failure.
//!
//! In: an [`Action`]. Out: cursors.
//!
//! **Invariant**: a cursor stands on a row, if there is one, and its row is on the screen.

use crate::diagnosis::Verdict;
use crate::query::subject::Subject;
use crate::tui::bindings::Action;
use crate::tui::columns::{Column, TimeLook, fitting};
use crate::tui::findings::to_lines;
use crate::tui::layout::layout;
use crate::tui::model::{Focus, Model};
use crate::tui::table::View;
use crate::tui::theme::Part;

use super::{timeline, transcript};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Forward,
    Backward,
}

/// How many sessions are looked at for the next failure at a time: more would take too long.
const MOST_LOOKED_AT: usize = 100_000;

pub(super) fn move_by(model: &mut Model, action: Action) {
    let panes = layout(model).unwrap_or_default();
    let page = match model.focus {
        Focus::Transcript => panes.transcript_lines(),
        Focus::Findings => panes.findings_size().1,
        _ => panes.list_rows(),
    };
    let page = isize::try_from(page.max(2) - 1).unwrap_or(1);
    match action {
        Action::Up => step(model, -1),
        Action::Down => step(model, 1),
        Action::PageUp => step(model, -page),
        Action::PageDown => step(model, page),
        Action::First => step(model, isize::MIN / 2),
        _ => step(model, isize::MAX / 2),
    }
}

/// Moves so many rows.
pub(super) fn step(model: &mut Model, by: isize) {
    match model.focus {
        Focus::List => {
            let at = model.cursor().at.saturating_add_signed(by);
            go(model, at);
        }
        Focus::Transcript => transcript::step(model, by),
        // How far it can be scrolled is known when it is laid out.
        Focus::Findings => {
            model.transcript.found_top = model.transcript.found_top.saturating_add_signed(by);
        }
        Focus::Timeline => timeline::step(model, by),
    }
}

/// Moves to a row of the list, or to its last one.
pub(super) fn go(model: &mut Model, at: usize) {
    let at = at.min(model.n_rows().saturating_sub(1));
    let view = model.view;
    model.cursors[view as usize].at = at;
    match view {
        View::Sessions => model.selected = model.answer.seats.get(at).map(|(rank, _)| *rank),
        _ => model.cursors[view as usize].key = model.table().and_then(|table| Some(table.rows.get(at)?.key.clone())),
    }
}

/// Puts the cursor of a table on the row that it was on before the figures changed.
pub(super) fn find_key(model: &mut Model) {
    let view = model.view;
    if view == View::Sessions {
        return;
    }
    let key = model.cursor().key.clone();
    let found = model.table().and_then(|table| table.rows.iter().position(|row| Some(&row.key) == key.as_ref()));
    let n_rows = model.n_rows();
    let cursor = &mut model.cursors[view as usize];
    cursor.at = found.unwrap_or(cursor.at).min(n_rows.saturating_sub(1));
}

pub(super) fn sideways(model: &mut Model, way: Way) {
    let by = if way == Way::Forward { 1 } else { -1 };
    match model.focus {
        Focus::List => {
            let n_columns = columns_shown(model).len();
            model.column = model.column.saturating_add_signed(by).min(n_columns.saturating_sub(1));
        }
        Focus::Transcript => {
            model.transcript.left = model.transcript.left.saturating_add_signed(by * 8).min(1 << 16);
        }
        Focus::Findings => {}
        Focus::Timeline => timeline::step(model, by),
    }
}

/// The columns of the list, on so many cells.
pub(in crate::tui) fn columns(model: &Model, width: u16) -> Vec<(Column, u16)> {
    let look = TimeLook { has_day: has_days(model), has_offset: model.has_many_zones() };
    fitting(width, look, model.answer.needs)
}

/// The columns of the list, as it is laid out.
pub(super) fn columns_shown(model: &Model) -> Vec<(Column, u16)> {
    columns(model, layout(model).map_or(0, |panes| panes.list.width.saturating_sub(2)))
}

/// Whether the sessions lie on more than one day.
pub(in crate::tui) fn has_days(model: &Model) -> bool {
    model.span.is_some_and(|(first, last)| first.to_unix().0.div_euclid(86_400) != last.to_unix().0.div_euclid(86_400))
}

/// Goes to the next session that failed.
pub(super) fn go_to_failure(model: &mut Model, way: Way) {
    model.view = View::Sessions;
    let at = model.cursor().at;
    let seats = &model.answer.seats;
    let has_failed = |index: &usize| {
        let listed = seats.get(*index).and_then(|(_, seat)| model.roster.get(*seat));
        listed.is_some_and(|listed| listed.verdict() == Verdict::Failed)
    };
    let last_looked_at = match way {
        Way::Forward => at.saturating_add(MOST_LOOKED_AT).min(seats.len()),
        Way::Backward => at.saturating_sub(MOST_LOOKED_AT),
    };
    let found = match way {
        Way::Forward => (at + 1..last_looked_at).find(has_failed),
        Way::Backward => (last_looked_at..at).rev().find(has_failed),
    };
    let is_at_end = last_looked_at == 0 || last_looked_at == seats.len();
    match found {
        Some(found) => go(model, found),
        None if is_at_end => model.say("no further failure", Part::Aside),
        None => {
            go(model, last_looked_at);
            model.say("none in 100,000 sessions; once more to go on", Part::Aside);
        }
    }
}

/// Scrolls so that the cursor's row is on the screen, and no more than that.
pub(super) fn keep_in_sight(model: &mut Model) {
    let Some(panes) = layout(model) else { return };
    let n_rows = model.n_rows();
    let view = model.view;
    let cursor = &mut model.cursors[view as usize];
    cursor.top = sight(cursor.at, cursor.top, panes.list_rows(), n_rows);
    let n_lines = model.n_lines();
    let transcript = &mut model.transcript;
    transcript.at = transcript.at.min(n_lines.saturating_sub(1));
    transcript.top = sight(transcript.at, transcript.top, panes.transcript_lines(), n_lines);
    // Lines are broken anew where there is something to hold back, and for nothing else.
    if transcript.found_top > 0 {
        let (width, n_shown) = panes.findings_size();
        let n_lines = to_lines(&transcript.pair, width).len();
        transcript.found_top = transcript.found_top.min(n_lines.saturating_sub(n_shown));
    }
}

fn sight(at: usize, top: usize, n_shown: usize, n_rows: usize) -> usize {
    let n_shown = n_shown.max(1);
    let lowest = at.saturating_sub(n_shown - 1);
    top.clamp(lowest, at).min(n_rows.saturating_sub(n_shown).max(lowest))
}
