//! What was found in the selected session, and what to do about it.
//!
//! In: a [`Model`]. Out: a pane.
//!
//! **Invariant**: what does not fit is said to be left out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::diagnosis::Severity;
use crate::output::time::to_grouped;
use crate::output::wrap::to_wrapped;
use crate::tui::model::Model;
use crate::tui::session::Found;
use crate::tui::theme::Part;

use super::Ink;

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let Some(loaded) = model.loaded() else { return };
    let mut ink = Ink::new(model, buffer);
    let theme = &model.settings.theme;
    let names: Vec<&str> = loaded.findings.iter().map(|found| found.rule).collect();
    let inner = ink.frame(area, &names.join(", "), theme.style(Part::Frame));
    let width = usize::from(inner.width);
    let mut lines: Vec<(String, Style)> =
        loaded.findings.iter().flat_map(|found| to_lines(model, found, width)).collect();
    let n_alike = model.transcript.pair.n_alike;
    if n_alike > 1 {
        // Behind what happened comes how often.
        let at = lines.iter().position(|(line, _)| line.starts_with("check")).unwrap_or(lines.len());
        let text = format!("{} such from this address in the hour up to here", to_grouped(n_alike));
        lines.splice(at..at, to_wrapped(&text, width).into_iter().map(|line| (line, Style::new())));
    }
    let n_shown = usize::from(inner.height);
    for (y, (line, style)) in (inner.y..inner.bottom()).zip(&lines) {
        ink.put(inner.x, y, inner.width, line, *style);
    }
    if lines.len() > n_shown {
        let text = format!(" {} more lines: Y copies all, heloscope show prints them ", lines.len() - n_shown);
        ink.put_right(area.x + 1, area.bottom() - 1, area.width.saturating_sub(2), &text, theme.style(Part::Frame));
    }
}

fn to_lines(model: &Model, found: &Found, width: usize) -> Vec<(String, Style)> {
    let theme = &model.settings.theme;
    let style = match found.severity {
        Severity::Error => theme.style(Part::Failure),
        Severity::Warning => theme.style(Part::Warning),
        Severity::Note => Style::new(),
    };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut lines: Vec<(String, Style)> =
        to_wrapped(&format!("{}: {}", found.severity.as_text(), found.message), width)
            .into_iter()
            .map(|line| (line, style))
            .collect();
    for step in &found.advice {
        let purpose = format!("{}: {}", step.kind.as_text(), step.purpose);
        lines.extend(to_wrapped(&purpose, width).into_iter().map(|line| (line, Style::new())));
        if let Some(command) = &step.command {
            lines.extend(
                to_wrapped(command, width.saturating_sub(2)).into_iter().map(|line| (format!("  {line}"), bold)),
            );
        }
    }
    lines
}
