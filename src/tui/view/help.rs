//! The keys, from the table of bindings.
//!
//! In: a [`Model`]. Out: the whole screen.
//!
//! **Invariant**: holds every row of the table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::tui::bindings::{BINDINGS, Context};
use crate::tui::model::Model;
use crate::tui::theme::Part;

use super::Ink;

pub(super) fn draw(model: &Model, top: usize, area: Rect, buffer: &mut Buffer) {
    let mut ink = Ink::new(model, buffer);
    let theme = &model.settings.theme;
    let inner = ink.frame(area, "Keys  (down for more, any other key closes this)", theme.style(Part::Focus));
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut lines: Vec<(String, &str, Style)> = Vec::new();
    for context in [Context::Anywhere, Context::List, Context::Transcript, Context::Timeline] {
        lines.push((context.title().into(), "", theme.style(Part::Focus)));
        for (at, binding) in BINDINGS.iter().enumerate().filter(|(_, binding)| binding.context == context) {
            lines.push((format!("  {:>16}", model.settings.keymap.keys_text(at)), binding.help, bold));
        }
    }
    let top = top.min(lines.len().saturating_sub(usize::from(inner.height)));
    for (y, (keys, help, style)) in (inner.y..inner.bottom()).zip(lines.iter().skip(top)) {
        let used = ink.put(inner.x, y, inner.width, keys, *style);
        ink.put(inner.x + used + 2, y, inner.width.saturating_sub(used + 2), help, Style::new());
    }
}
