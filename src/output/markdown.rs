//! Text in Markdown, such as a CI job's summary page shows.
//!
//! In: any text. Out: cells and tables of GitHub-flavoured Markdown.
//!
//! **Invariant**: text from a log is nothing but text on the page: no markup, no HTML, no link, no
//! end of a cell.

use std::fmt::Write;

use super::escape::visible;

/// Returns the text fit to stand in a cell or a line: what Markdown or HTML would take for more than
/// text is written as its number.
pub fn to_cell(bytes: &[u8]) -> String {
    let shown = visible(bytes);
    let mut cell = String::with_capacity(shown.len() + 16);
    let mut before = None;
    let mut characters = shown.trim().chars().peekable();
    while let Some(character) = characters.next() {
        if is_text(character, before, characters.peek().copied()) {
            cell.push(character);
        } else {
            // Writing into a string cannot fail.
            let _ = write!(cell, "&#{};", u32::from(character));
        }
        before = Some(character);
    }
    cell
}

/// Whether a character is text to every renderer, between these two.
fn is_text(character: char, before: Option<char>, after: Option<char>) -> bool {
    match character {
        ' ' | ',' | ';' | '/' | '%' => true,
        // What these may open at the beginning of a line is a list, a heading or a rule.
        '-' | '+' | '=' | '(' | ')' => before.is_some(),
        // Renderers make links of `http://…` and `www.…`.
        ':' => before.is_some() && after != Some('/'),
        '.' => !matches!(before, Some('w' | 'W')),
        character => character.is_alphanumeric() || !character.is_ascii(),
    }
}

/// Which way a column leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Text,
    Number,
}

/// Appends the head of a table.
pub(super) fn push_head(out: &mut String, columns: &[(&str, Column)]) {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    push_row(out, &names);
    let rules = columns.iter().map(|(_, column)| match column {
        Column::Text => "---",
        Column::Number => "---:",
    });
    let _ = writeln!(out, "|{}|", rules.collect::<Vec<_>>().join("|"));
}

/// Appends a row of cells that are fit to stand there.
pub(super) fn push_row(out: &mut String, cells: &[impl AsRef<str>]) {
    out.push('|');
    for cell in cells {
        let _ = write!(out, " {} |", cell.as_ref());
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser};

    #[test]
    fn ok_text() {
        assert_eq!(to_cell(b" pc-17.contoso.com "), "pc-17.contoso.com");
        assert_eq!(to_cell("Größe, 组织".as_bytes()), "Größe, 组织");
        assert_eq!(to_cell(b"198.51.100.7"), "198.51.100.7");
    }

    #[test]
    fn odd_text() {
        assert_eq!(to_cell(b"<img src=x>|`*_"), "&#60;img src=x&#62;&#124;&#96;&#42;&#95;");
        assert_eq!(to_cell(b"http://x www.x WWW.x"), "http&#58;//x www&#46;x WWW&#46;x");
        assert_eq!(to_cell(b"[a](b) ![c] $d$ @e"), "&#91;a&#93;(b) &#33;&#91;c&#93; &#36;d&#36; &#64;e");
        assert_eq!(to_cell(b"- a\n# b"), "&#45; a&#92;x0a&#35; b");
    }

    /// What a page shows of a cell; anything but text is named.
    fn shown(cell: &str) -> String {
        let mut table = String::new();
        push_head(&mut table, &[("a", Column::Text), ("b", Column::Number)]);
        push_row(&mut table, &[cell, "end"]);
        let mut text = String::new();
        let mut n_cells = 0;
        for event in Parser::new_ext(&table, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
            match event {
                Event::Start(pulldown_cmark::Tag::TableCell) => n_cells += 1,
                Event::Text(piece) if n_cells == 3 => text.push_str(&piece),
                Event::Text(_)
                | Event::End(_)
                | Event::Start(
                    pulldown_cmark::Tag::Table(_) | pulldown_cmark::Tag::TableHead | pulldown_cmark::Tag::TableRow,
                ) => {}
                other => return format!("{other:?}"),
            }
        }
        if n_cells == 4 { text } else { format!("{n_cells} cells") }
    }

    proptest! {
        #[test]
        fn a_page_shows_the_text_and_nothing_else(text in "[ -~]{0,24}|\\PC{0,12}|(http://|www\\.|[<>&`*_~|\\[\\]()!#$:^=\\-+{}\"'x ]){0,16}") {
            let expected = visible(text.as_bytes());
            prop_assert_eq!(shown(&to_cell(text.as_bytes())), expected.trim());
        }
    }
}
