//! The list of sessions for eyes and for `awk`.
//!
//! In: a [`Case`]. Out: one line.
//!
//! In a pipe the columns are parted by single spaces, nothing is cut, an empty value is `-` and a
//! space within a value is `_`, so that the n-th word is always the n-th column. On a terminal the
//! same columns are aligned, and cut where they are too long.
//!
//! **Invariant**: the columns and their order are those of [`COLUMNS`] in both.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::diagnosis::Verdict;
use crate::dialogue::facts::{Auth, StartTls};
use crate::ingest::Case;
use crate::record::Marker;
use crate::record::value::Timestamp;

use super::escape::{as_word, visible};
use super::json::{auth_text, protocol_text, starttls_text};
use super::paint::{FAILURE, Paint};
use super::time::{Zone, push_time, to_duration_text};

/// The columns, with their widths on a terminal in cells.
pub const COLUMNS: [(&str, usize); 14] = [
    ("start", 24),
    ("id", 24),
    ("remote", 15),
    ("port", 5),
    ("connector", 24),
    ("helo", 16),
    ("tls", 8),
    ("auth", 15),
    ("user", 24),
    ("mails", 5),
    ("duration", 9),
    ("end", 24),
    ("verdict", 10),
    ("findings", 28),
];

/// How sessions are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Single spaces, nothing cut: for a pipe.
    Words,
    /// Aligned columns: for a terminal.
    Columns,
}

/// How the list looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The columns.
    pub layout: Layout,
    /// The zone of times.
    pub zone: Zone,
    /// Whether sessions that failed are coloured.
    pub paint: Paint,
}

/// Appends the line that names the columns, where the layout has one.
pub fn write_header(look: Look, out: &mut Vec<u8>) {
    if look.layout == Layout::Words {
        return;
    }
    let cells = COLUMNS.map(|(name, _)| Cow::Borrowed(name));
    push_columns(&cells, look.zone, out);
    out.push(b'\n');
}

/// Appends the session's line; the word `again` ends it where the session came before, with fewer
/// rows.
pub fn write_session(case: &Case<'_>, look: Look, out: &mut Vec<u8>) {
    let (before, after) = look.paint.around(has_failed(case).then_some(FAILURE));
    let cells = to_cells(case, look.zone);
    out.extend_from_slice(before.as_bytes());
    match look.layout {
        Layout::Words => push_words(&cells, out),
        Layout::Columns => push_columns(&cells, look.zone, out),
    }
    out.extend_from_slice(if case.is_again { b" again" } else { b"" });
    out.extend_from_slice(after.as_bytes());
    out.push(b'\n');
}

fn has_failed(case: &Case<'_>) -> bool {
    case.verdict() == Verdict::Failed
}

fn push_words(cells: &[Cow<'_, str>], out: &mut Vec<u8>) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(as_word(cell.as_bytes()).as_bytes());
    }
}

fn push_columns(cells: &[Cow<'_, str>], zone: Zone, out: &mut Vec<u8>) {
    let is_last = |at: usize| at + 1 == cells.len();
    for (at, (cell, (_, width))) in cells.iter().zip(COLUMNS).enumerate() {
        let cell = if cell.is_empty() { "-" } else { cell };
        // An offset takes the place of the Z.
        let width = if at == 0 && zone != Zone::Utc { width + 5 } else { width };
        let shown = cut(cell, width);
        out.extend_from_slice(shown.as_bytes());
        if !is_last(at) {
            out.extend(std::iter::repeat_n(b' ', width.saturating_sub(shown.width()) + 2));
        }
    }
}

/// Cuts text to so many cells, the last one saying that it was cut.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    match fitting(text, width) {
        (kept, true) => Cow::Owned(format!("{kept}…")),
        (whole, false) => Cow::Borrowed(whole),
    }
}

/// Returns the part of a text that fits so many cells, and whether it was cut: then a cell is left for
/// what says so.
pub fn fitting(text: &str, width: usize) -> (&str, bool) {
    if text.width() <= width {
        return (text, false);
    }
    let mut n_cells = 0;
    let cut_at = text.char_indices().find(|(_, character)| {
        n_cells += character.width().unwrap_or(0);
        n_cells >= width
    });
    cut_at.map_or((text, false), |(at, _)| (&text[..at], true))
}

/// Returns the values of the columns, escaped, empty where there is none.
fn to_cells<'a>(case: &Case<'a>, zone: Zone) -> [Cow<'a, str>; 14] {
    let session = case.session;
    let time = |row| Timestamp::parse(session.to_record(row).time.as_inner());
    let (start, end) = (time(session.first()), time(session.last()));
    let mut shown_start = String::with_capacity(32);
    if let Some(start) = start {
        push_time(&mut shown_start, start, zone.for_case(case));
    }
    let duration = start.zip(end).map(|(start, end)| to_duration_text(end.millis_since(start)));
    let span = |span: Option<crate::dialogue::facts::Span>| {
        span.map(|span| Cow::Owned(visible(&span.to_value(session.text)).into_owned())).unwrap_or_default()
    };
    let mail = &case.facts.mail;
    [
        Cow::Owned(shown_start),
        Cow::Owned(visible(&case.to_id()).into_owned()),
        visible(case.remote().host),
        case.local().port.map(|port| Cow::Owned(port.to_string())).unwrap_or_default(),
        Cow::Owned(visible(&case.connector_parts().1).into_owned()),
        span(case.facts.helo),
        Cow::Borrowed(to_tls_cell(case)),
        to_auth_cell(case),
        span(case.facts.auth.user),
        Cow::Owned(format!("{}/{}", mail.accepted, mail.attempted)),
        duration.map(Cow::Owned).unwrap_or_default(),
        Cow::Owned(to_end_cell(case)),
        Cow::Borrowed(case.verdict().as_text()),
        Cow::Owned(to_findings_cell(case)),
    ]
}

fn to_tls_cell(case: &Case<'_>) -> &'static str {
    match (case.facts.tls.outcome, case.facts.tls.protocol) {
        (StartTls::NotAttempted, _) => "-",
        (StartTls::Succeeded, Some(protocol)) => protocol_text(protocol),
        (StartTls::Succeeded, None) => "yes",
        (outcome, _) => starttls_text(outcome),
    }
}

fn to_auth_cell<'a>(case: &Case<'a>) -> Cow<'a, str> {
    let auth = &case.facts.auth;
    let outcome = auth_text(auth.outcome);
    match auth.mechanism {
        _ if auth.outcome == Auth::NotAttempted => Cow::Borrowed("-"),
        Some(mechanism) => {
            let mechanism = mechanism.to_value(case.session.text);
            Cow::Owned(format!("{}:{outcome}", visible(&mechanism).to_uppercase()))
        }
        None => Cow::Borrowed(outcome),
    }
}

/// The rules, the gravest first.
fn to_findings_cell(case: &Case<'_>) -> String {
    case.findings.iter().map(|finding| finding.rule.name()).collect::<Vec<_>>().join(",")
}

/// The disconnect row's context; `open` where there is no such row.
fn to_end_cell(case: &Case<'_>) -> String {
    match case.session.rows.iter().rev().find(|row| row.marker == Marker::Disconnect) {
        Some(row) => visible(&case.session.as_context(row).to_value()).into_owned(),
        None => "open".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cut_at_the_right_place() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("组织内部", 5), "组织…");
        assert_eq!(cut("组织内部", 4), "组…");
        assert_eq!(cut("abcd", 0), "…");
    }

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(fitting("abc", 3), ("abc", false));
        assert_eq!(fitting("abcd", 3), ("ab", true));
        assert_eq!(fitting("组织内", 5), ("组织", true));
        assert_eq!(fitting("组织内", 4), ("组", true));
        assert_eq!(fitting("ab", 0), ("", true));
    }

    #[test]
    fn words_are_words() {
        let mut out = Vec::new();
        push_words(&["a b".into(), "".into(), "c".into()], &mut out);
        assert_eq!(out, b"a_b - c");
    }
}
