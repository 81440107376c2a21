//! The screen as a picture.
//!
//! In: cells. Out: SVG, for the README.
//!
//! **Invariant**: the same cells give the same bytes.

use std::fmt::Write;
use std::path::PathBuf;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::headless::Headless;
use super::settings::Settings;

/// How wide and how high a cell is, in pixels.
const CELL: (usize, usize) = (8, 17);

/// What is written on.
const GROUND: &str = "#1b1d23";

/// What is written with.
const TEXT: &str = "#d8dce4";

/// The README's pictures: their names, and the keys that lead there.
pub const PICTURES: [(&str, &str); 3] =
    [("sessions", "/auth:failed port:587<enter>"), ("patterns", "6"), ("findings", "2")];

/// Draws the README's picture of that name; the samples are looked for in the working folder.
pub fn draw(keys: &str) -> String {
    let mut screen = Headless::open(&[PathBuf::from("samples")], Settings::default(), (120, 32));
    screen.press(keys);
    to_svg(&screen.draw())
}

/// Returns the cells as SVG.
pub fn to_svg(buffer: &Buffer) -> String {
    let (width, height) = (usize::from(buffer.area().width), usize::from(buffer.area().height));
    let mut svg = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{GROUND}\"/>",
        width * CELL.0,
        height * CELL.1
    );
    for (y, row) in buffer.content().chunks(width.max(1)).enumerate() {
        let mut x = 0;
        while x < row.len() {
            let mut end = x + row[x].symbol().width().max(1);
            while end < row.len() && is_alike(&row[x], &row[end]) {
                end += row[end].symbol().width().max(1);
            }
            let end = end.min(row.len());
            push_run(&mut svg, x, y, &row[x..end]);
            x = end;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn is_alike(one: &Cell, other: &Cell) -> bool {
    (one.fg, one.modifier) == (other.fg, other.modifier)
}

fn push_run(svg: &mut String, x: usize, y: usize, cells: &[Cell]) {
    let mut text = String::new();
    let mut skipped = 0;
    for cell in cells {
        if skipped == 0 {
            text.push_str(cell.symbol());
            skipped = cell.symbol().width().max(1);
        }
        skipped -= 1;
    }
    let (style, n_cells) = (cells[0].modifier, cells.len());
    let is_reversed = style.contains(Modifier::REVERSED);
    let (ink, ground) = if is_reversed { (GROUND, colour(cells[0].fg)) } else { (colour(cells[0].fg), GROUND) };
    let (left, top) = (x * CELL.0, y * CELL.1);
    if is_reversed {
        let width = n_cells * CELL.0;
        let _ =
            writeln!(svg, "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{ground}\"/>", CELL.1);
    }
    let kept = text.trim_end();
    if kept.is_empty() {
        return;
    }
    let weight = if style.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let line = if style.contains(Modifier::UNDERLINED) { " text-decoration=\"underline\"" } else { "" };
    let fade = if style.contains(Modifier::DIM) { " opacity=\"0.65\"" } else { "" };
    let escaped = kept.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" \
         fill=\"{ink}\"{weight}{line}{fade}>{escaped}</text>",
        top + 13,
        kept.width() * CELL.0
    );
}

fn colour(colour: Color) -> &'static str {
    match colour {
        Color::Red | Color::LightRed => "#ff6b6b",
        Color::Green | Color::LightGreen => "#7bd88f",
        Color::Magenta | Color::LightMagenta => "#d39bff",
        Color::Cyan | Color::LightCyan => "#6fd3e0",
        Color::Blue | Color::LightBlue => "#7aa8ff",
        _ => TEXT,
    }
}
