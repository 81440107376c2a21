//! A session's conversation.
//!
//! In: a [`Model`]. Out: a pane, or two beside each other.
//!
//! **Invariant**: client and server are told apart by letter and by indent, proofs by a mark.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::output::transcript::{Line, Tone};
use crate::tui::difference::first_difference;
use crate::tui::model::{Focus, Model};
use crate::tui::session::Loaded;
use crate::tui::theme::Part;

use super::{Ink, frame_style, scrolled};

/// How many cells the time since the row before takes.
const LEAD_CELLS: u16 = 12;

/// Stands where a session was, but is no more.
const GONE: &str = "not to be read again: its file is gone or changed, or it came from standard input";

pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let mut ink = Ink::new(model, buffer);
    let loaded = model.loaded();
    let title = loaded.map_or(String::new(), |loaded| format!("{}  {}", loaded.id, loaded.ends));
    let inner = ink.frame(area, &title, frame_style(model, Focus::Transcript));
    let Some(loaded) = loaded else {
        let text = match model.seat() {
            None => "no session is selected",
            Some(_) if model.transcript.pair.number == model.transcript.number => GONE,
            Some(_) => "reading…",
        };
        ink.put(inner.x + 1, inner.y, inner.width.saturating_sub(2), text, model.settings.theme.style(Part::Aside));
        return;
    };
    let differs_at = differences(model).map(|(at, _)| at);
    draw_lines(model, loaded, model.transcript.top, differs_at, inner, &mut ink);
    let at = model.transcript.at;
    if model.focus == Focus::Transcript
        && let Some(below) = at.checked_sub(model.transcript.top).and_then(|below| u16::try_from(below).ok())
        && below < inner.height
    {
        ink.paint(Rect::new(inner.x, inner.y + below, inner.width, 1), Style::new().add_modifier(Modifier::REVERSED));
    }
}

/// Draws the good session, at the same place.
pub(super) fn draw_good(model: &Model, area: Rect, buffer: &mut Buffer) {
    let mut ink = Ink::new(model, buffer);
    let good = model.transcript.pair.good.as_ref();
    let title = good.map_or(String::new(), |good| format!("good: {}  {}", good.id, good.ends));
    let inner = ink.frame(area, &title, model.settings.theme.style(Part::Frame));
    let Some(good) = good else {
        ink.put(
            inner.x + 1,
            inner.y,
            inner.width.saturating_sub(2),
            "reading…",
            model.settings.theme.style(Part::Aside),
        );
        return;
    };
    // The lines that differ stand beside each other.
    let (own, other) = differences(model).unwrap_or_default();
    let top = (model.transcript.top + other).saturating_sub(own);
    draw_lines(model, good, top, differences(model).map(|(_, at)| at), inner, &mut ink);
}

/// The first lines that differ.
fn differences(model: &Model) -> Option<(usize, usize)> {
    let pair = &model.transcript.pair;
    first_difference(&pair.session.as_ref()?.lines, &pair.good.as_ref()?.lines)
}

fn draw_lines(model: &Model, loaded: &Loaded, top: usize, differs_at: Option<usize>, area: Rect, ink: &mut Ink<'_>) {
    for (y, at) in (area.y..area.bottom()).zip(top..) {
        let line = Rect::new(area.x, y, area.width, 1);
        if model.transcript.is_raw && !model.transcript.has_good {
            let Some(row) = loaded.raw.get(at) else { break };
            draw_raw(model, loaded, at, row, line, ink);
        } else {
            let Some(row) = loaded.lines.get(at) else { break };
            draw_line(model, row, line, ink);
            if differs_at == Some(at) {
                ink.put(area.x, y, 1, ">", model.settings.theme.style(Part::Failure));
                ink.paint(line, Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED));
            }
        }
    }
}

fn draw_raw(model: &Model, loaded: &Loaded, at: usize, row: &str, area: Rect, ink: &mut Ink<'_>) {
    let is_proof = loaded.findings.iter().any(|finding| finding.rows.contains(&at));
    let style = if is_proof { model.settings.theme.style(Part::Failure) } else { Style::new() };
    ink.put(area.x, area.y, 1, if is_proof { "!" } else { " " }, style);
    let text = scrolled(row, model.transcript.left);
    ink.put(area.x + 1, area.y, area.width.saturating_sub(1), text, style);
    underline(model, text, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, ink);
}

fn draw_line(model: &Model, line: &Line, area: Rect, ink: &mut Ink<'_>) {
    let theme = &model.settings.theme;
    let is_proof = !line.rules.is_empty();
    let style = match line.tone {
        _ if is_proof => theme.style(Part::Failure),
        Tone::Refusal => theme.style(Part::Failure),
        Tone::Client => theme.style(Part::Client),
        Tone::Notice => theme.style(Part::Aside),
        Tone::Plain => Style::new(),
    };
    ink.put_right(area.x, area.y, LEAD_CELLS, clock_of(&line.lead), theme.style(Part::Aside));
    let mark = format!("{}{}", if is_proof { '!' } else { ' ' }, line.mark);
    ink.put(area.x + LEAD_CELLS + 1, area.y, 2, &mark, style);
    let rules = if is_proof { format!("  <- {}", line.rules) } else { String::new() };
    let text = format!("{}{}{rules}", line.indent(), line.text);
    let text = scrolled(&text, model.transcript.left);
    let x = area.x + LEAD_CELLS + 4;
    let width = area.right().saturating_sub(x);
    ink.put(x, area.y, width, text, style);
    underline(model, text, Rect { x, width, ..area }, ink);
}

/// Underlines what was searched for.
fn underline(model: &Model, text: &str, area: Rect, ink: &mut Ink<'_>) {
    use unicode_width::UnicodeWidthStr;
    let wanted = &model.transcript.search;
    if wanted.is_empty() {
        return;
    }
    let (text, wanted) = (text.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    for (at, found) in text.match_indices(&wanted) {
        let before = u16::try_from(text[..at].width()).unwrap_or(u16::MAX);
        let width = u16::try_from(found.width()).unwrap_or(0);
        if before < area.width {
            let cells = Rect { x: area.x + before, width: width.min(area.width - before), ..area };
            ink.paint(cells, model.settings.theme.style(Part::Match));
        }
    }
}

/// Of a whole time the time of day: the day stands in the list.
fn clock_of(lead: &str) -> &str {
    match lead.split_once('T') {
        Some((_, clock)) => clock.get(..LEAD_CELLS.into()).unwrap_or(clock),
        None => lead,
    }
}
