//! A text that is no query, shown: the text, a caret under the place, what was expected.
//!
//! In: a [`SyntaxError`]. Out: lines.
//!
//! **Invariant**: what was typed reaches the terminal escaped; the caret stands under the place by
//! the width of what is shown.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::query::error::SyntaxError;

use super::escape::visible;

/// How much of a long query is shown before the place, and after it, in characters.
const AROUND: usize = 60;

/// How much of a message is shown, in characters: it may name a value of any length.
const AT_ALL: usize = 200;

/// Returns what is wrong, the query with carets under the place, and the help, a line each; without
/// a line end after the last.
pub fn to_syntax_text(error: &SyntaxError) -> String {
    let mut text = beginning(&error.problem, AT_ALL).0;
    if let Some(saved) = &error.saved {
        // Writing into a string cannot fail.
        let _ = write!(text, " (in {})", visible(saved.as_bytes()));
    }
    if !error.query.trim().is_empty() {
        let (before, within, after) = shown_parts(error);
        let n_carets = within.width().max(1);
        let _ = write!(text, "\n  {before}{within}{after}\n  {}{}", " ".repeat(before.width()), "^".repeat(n_carets));
    }
    for line in &error.help {
        let _ = write!(text, "\n{}", beginning(line, AT_ALL).0);
    }
    text
}

/// The query before the place, there, and after it, escaped; of a long one what stands around.
fn shown_parts(error: &SyntaxError) -> (String, String, String) {
    let (before, rest) = error.query.split_at(error.at.start);
    let (within, after) = rest.split_at(error.at.end - error.at.start);
    let head = match before.char_indices().rev().nth(AROUND) {
        Some((at, first)) => format!("…{}", visible(&before.as_bytes()[at + first.len_utf8()..])),
        None => visible(before.as_bytes()).into_owned(),
    };
    let (within, is_cut) = beginning(within, AROUND);
    let tail = match is_cut {
        true => String::new(),
        false => beginning(after, AROUND).0,
    };
    (head, within, tail)
}

/// The beginning of a long text, and whether it was cut.
fn beginning(text: &str, n_characters: usize) -> (String, bool) {
    match text.char_indices().nth(n_characters) {
        Some((at, _)) => (format!("{}…", visible(&text.as_bytes()[..at])), true),
        None => (visible(text.as_bytes()).into_owned(), false),
    }
}
