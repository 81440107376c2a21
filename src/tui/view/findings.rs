//! What was found in the selected session, and what to do about it.
//!
//! In: a [`Model`]. Out: a pane.
//!
//! **Invariant**: what does not fit is said to be above or below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::diagnosis::Severity;
use crate::output::skipped::counted;
use crate::tui::bindings::Action;
use crate::tui::findings::{Kind, to_lines};
use crate::tui::model::{Focus, Model};
use crate::tui::theme::{Part, Theme};

use super::{Ink, frame_style};

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let Some(loaded) = model.loaded() else { return };
    let mut ink = Ink::new(model, buffer);
    let style = frame_style(model, Focus::Findings);
    let names: Vec<&str> = loaded.findings.iter().map(|found| found.rule).collect();
    let inner = ink.frame(area, &names.join(", "), style);
    let lines = to_lines(&model.transcript.pair, usize::from(inner.width));
    let above = model.transcript.found_top.min(lines.len());
    for (y, (line, kind)) in (inner.y..inner.bottom()).zip(&lines[above..]) {
        ink.put(inner.x, y, inner.width, line, style_of(*kind, &model.settings.theme));
    }
    let below = (lines.len() - above).saturating_sub(usize::from(inner.height));
    if above + below > 0 {
        let text = format!(" {} ", rest_text(model, above, below));
        ink.put_right(area.x + 1, area.bottom() - 1, area.width.saturating_sub(2), &text, style);
    }
}

/// `3 lines above, 12 below`; where the keys go elsewhere, how to get there.
fn rest_text(model: &Model, above: usize, below: usize) -> String {
    let lines = |count: usize| counted(count as u64, "line");
    let rest = match (above, below) {
        (0, below) => format!("{} below", lines(below)),
        (above, 0) => format!("{} above", lines(above)),
        (above, below) => format!("{} above, {below} below", lines(above)),
    };
    let key = |action| model.settings.keymap.key_of(action);
    match model.focus {
        Focus::Findings => rest,
        _ => format!("{rest}: {} goes there, {} copies all", key(Action::NextPane), key(Action::CopyTranscript)),
    }
}

fn style_of(kind: Kind, theme: &Theme) -> Style {
    match kind {
        Kind::Finding(Severity::Error) => theme.style(Part::Failure),
        Kind::Finding(Severity::Warning) => theme.style(Part::Warning),
        Kind::Finding(Severity::Note) | Kind::Text => Style::new(),
        Kind::Command => Style::new().add_modifier(Modifier::BOLD),
    }
}
