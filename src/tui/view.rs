//! The screen as cells.
//!
//! In: a [`Model`]. Out: cells.
//!
//! **Invariant**: changes nothing: the same model gives the same cells. Text is cut at whole
//! characters, wide ones included; only rows that are shown are made into text.

mod header;
mod timeline;
mod sessions;
mod tables;
mod transcript;
mod findings;
mod status;
mod help;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::text::fitting;
use crate::output::wrap::to_wrapped;

use super::layout::{SMALLEST, lay_out};
use super::model::{Focus, Model};
use super::table::View;
use super::theme::{Glyphs, Part};

/// Draws the screen.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    // A terminal that was resized a moment ago has this size already; the message is on its way.
    let Some(panes) = lay_out(model, (area.width, area.height)) else { return too_small(model, area, buffer) };
    if let Some(top) = model.help {
        help::draw(model, top, area, buffer);
        return;
    }
    header::draw(model, panes.header, buffer);
    timeline::draw(model, panes.timeline, buffer);
    match model.view {
        View::Sessions => sessions::draw(model, panes.list, buffer),
        _ => tables::draw(model, panes.list, buffer),
    }
    if let Some(pane) = panes.transcript {
        transcript::draw(model, pane, buffer);
    }
    if let Some(pane) = panes.good {
        transcript::draw_good(model, pane, buffer);
    }
    if let Some(pane) = panes.findings {
        findings::draw(model, pane, buffer);
    }
    if let Some(cursor) = status::draw(model, panes.status, buffer) {
        frame.set_cursor_position(cursor);
    }
}

fn too_small(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (columns, rows) = SMALLEST;
    let text = format!("heloscope needs {columns} columns and {rows} rows; q quits");
    let mut ink = Ink::new(model, buffer);
    for (y, line) in (area.y..area.bottom()).zip(to_wrapped(&text, usize::from(area.width))) {
        ink.put(area.x, y, area.width, &line, Style::new());
    }
}

/// Puts text into cells.
struct Ink<'a> {
    buffer: &'a mut Buffer,
    glyphs: Glyphs,
}

impl<'a> Ink<'a> {
    fn new(model: &Model, buffer: &'a mut Buffer) -> Self {
        Self { buffer, glyphs: model.settings.glyphs }
    }

    /// Puts text into so many cells of a row, cut where it is longer. Returns how many it took.
    fn put(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let area = *self.buffer.area();
        if y < area.y || y >= area.bottom() || x < area.x {
            return 0;
        }
        let width = width.min(area.right().saturating_sub(x));
        let (kept, is_cut) = fitting(text, usize::from(width));
        let (end, _) = self.buffer.set_stringn(x, y, self.shown(kept), usize::from(width), style);
        if is_cut && end < x + width {
            let mut ellipsis = [0; 4];
            let ellipsis: &str = self.glyphs.ellipsis().encode_utf8(&mut ellipsis);
            let (end, _) = self.buffer.set_stringn(end, y, ellipsis, 1, style);
            return end - x;
        }
        end - x
    }

    /// What a console that knows ASCII alone can show.
    fn shown<'b>(&self, text: &'b str) -> std::borrow::Cow<'b, str> {
        if self.glyphs == Glyphs::Unicode || text.is_ascii() {
            return text.into();
        }
        text.chars().map(|letter| if letter.is_ascii() { letter } else { ascii_of(letter) }).collect::<String>().into()
    }

    /// Puts text at the right end of so many cells.
    fn put_right(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        let gap = usize::from(width).saturating_sub(text.width());
        let gap = u16::try_from(gap).unwrap_or(0);
        self.put(x + gap, y, width - gap, text, style);
    }

    /// Gives a run of cells a style.
    fn paint(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(*self.buffer.area()), style);
    }

    /// Draws a frame with a title, and returns what lies within.
    fn frame(&mut self, area: Rect, title: &str, style: Style) -> Rect {
        let [left_top, right_top, right_bottom, left_bottom, flat, upright] = self.glyphs.frame();
        if area.width < 2 || area.height < 2 {
            return Rect::new(area.x, area.y, 0, 0);
        }
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.x + 1..right {
            self.put(x, area.y, 1, flat, style);
            self.put(x, bottom, 1, flat, style);
        }
        for y in area.y + 1..bottom {
            self.put(area.x, y, 1, upright, style);
            self.put(right, y, 1, upright, style);
        }
        for (x, y, corner) in [
            (area.x, area.y, left_top),
            (right, area.y, right_top),
            (right, bottom, right_bottom),
            (area.x, bottom, left_bottom),
        ] {
            self.put(x, y, 1, corner, style);
        }
        if !title.is_empty() {
            self.put(area.x + 1, area.y, area.width - 2, &format!(" {title} "), style);
        }
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }
}

fn ascii_of(letter: char) -> char {
    match letter {
        '…' => '~',
        '—' | '–' | '─' => '-',
        _ => '?',
    }
}

/// The text without so many cells from its left.
fn scrolled(text: &str, left: usize) -> &str {
    let mut n_cells = 0;
    for (at, letter) in text.char_indices() {
        if n_cells >= left {
            return &text[at..];
        }
        n_cells += letter.width().unwrap_or(0);
    }
    ""
}

/// How a pane's frame looks.
fn frame_style(model: &Model, focus: Focus) -> Style {
    model.settings.theme.style(if model.focus == focus { Part::Focus } else { Part::Frame })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_scrolled_by_whole_characters() {
        assert_eq!(scrolled("abcd", 2), "cd");
        assert_eq!(scrolled("组织", 1), "织");
        assert_eq!(scrolled("a", 9), "");
    }
}
