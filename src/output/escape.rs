//! Makes text from a log fit to be shown.
//!
//! In: any bytes. Out: text without control characters.
//!
//! **Invariant**: what was escaped is not changed by escaping it again; text without anything to
//! escape is borrowed.

use std::borrow::Cow;
use std::fmt::Write;

/// Makes control characters, invalid UTF-8 and characters that reorder or hide text visible.
///
/// Shape: `\x1b` for a byte or a C1 control, `\u{202e}` for other characters; a backslash stays as
/// it is, so the result is for eyes, not for reading back.
/// Source: the bidirectional and zero-width characters of Unicode's general category Cf.
pub fn visible(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        // Printable ASCII is UTF-8.
        return String::from_utf8_lossy(bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.chars().any(is_hidden)
    {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_visible(&mut shown, character);
        }
        for byte in chunk.invalid() {
            push_code(&mut shown, u32::from(*byte));
        }
    }
    Cow::Owned(shown)
}

fn push_visible(shown: &mut String, character: char) {
    if is_hidden(character) { push_code(shown, u32::from(character)) } else { shown.push(character) }
}

fn push_code(shown: &mut String, code: u32) {
    // Writing into a string cannot fail.
    let _ = if code < 0x100 { write!(shown, "\\x{code:02x}") } else { write!(shown, "\\u{{{code:x}}}") };
}

/// Puts JSON's own escapes in place of what [`visible`] shows by its code, from `from` on: the values
/// stay what they are, and the text can be looked at.
///
/// In JSON such characters stand within strings alone, so the whole can be gone through at once.
pub(super) fn escape_json(json: &mut Vec<u8>, from: usize) {
    let Ok(text) = std::str::from_utf8(&json[from..]) else { return };
    let Some(first) = find_hidden(text, 0) else { return };
    let mut escaped = String::with_capacity(text.len() + 16);
    let (mut next, mut copied_to) = (Some(first), 0);
    while let Some((at, character)) = next {
        escaped.push_str(&text[copied_to..at]);
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing into a string cannot fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
        copied_to = at + character.len_utf8();
        next = find_hidden(text, copied_to);
    }
    escaped.push_str(&text[copied_to..]);
    json.truncate(from);
    json.extend_from_slice(escaped.as_bytes());
}

/// Finds the next hidden character of JSON, in which those of ASCII are escaped already, but for the last.
fn find_hidden(json: &str, from: usize) -> Option<(usize, char)> {
    let mut at = from;
    loop {
        at += find_beyond_printable(&json.as_bytes()[at..])?;
        let character = json[at..].chars().next()?;
        if is_hidden(character) {
            return Some((at, character));
        }
        at += character.len_utf8();
    }
}

/// Finds the first byte that is none of printable ASCII or below it. Most of a record is, so many bytes
/// are looked at together first.
fn find_beyond_printable(bytes: &[u8]) -> Option<usize> {
    const TOGETHER: usize = 64;
    let is_beyond = |byte: &u8| *byte >= 0x7f;
    let has_any = |part: &&[u8]| part.iter().fold(false, |has_any, byte| has_any | is_beyond(byte));
    let from = bytes.chunks(TOGETHER).take_while(|part| !has_any(part)).count() * TOGETHER;
    Some(from + bytes.get(from..)?.iter().position(is_beyond)?)
}

/// Whether a character steers a terminal, reorders text, or shows nothing.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Returns the value as one word: escaped, spaces as `_`, and `-` where it is empty.
pub fn as_word(bytes: &[u8]) -> Cow<'_, str> {
    let shown = visible(bytes);
    if shown.is_empty() {
        return Cow::Borrowed("-");
    }
    if shown.contains(char::is_whitespace) {
        return Cow::Owned(shown.replace(char::is_whitespace, "_"));
    }
    shown
}

/// Returns the value as a spreadsheet may hold it: a formula is made text by a leading quote.
pub fn defused(value: &str) -> Cow<'_, str> {
    match value.bytes().next() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n') => Cow::Owned(format!("'{value}")),
        _ => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ok_text() {
        assert!(matches!(visible(b"pc-17"), Cow::Borrowed("pc-17")));
        assert!(matches!(visible("Größe 组织".as_bytes()), Cow::Borrowed("Größe 组织")));
        assert_eq!(as_word(b"Client Frontend EX01"), "Client_Frontend_EX01");
        assert_eq!(as_word(b""), "-");
    }

    #[test]
    fn odd_text() {
        assert_eq!(visible(b"\x1b[31mred"), "\\x1b[31mred");
        assert_eq!(visible(b"a\xffb"), "a\\xffb");
        assert_eq!(visible("a\u{202e}b\u{9b}".as_bytes()), "a\\u{202e}b\\x9b");
        assert_eq!(defused("=cmd|'/C calc'!A0"), "'=cmd|'/C calc'!A0");
        assert_eq!(defused("a=b"), "a=b");
    }

    #[test]
    fn json_is_escaped_and_means_the_same() {
        let all: String =
            ('\0'..=char::MAX).filter(|next| is_hidden(*next) || u32::from(*next).is_multiple_of(997)).collect();
        let mut json = b"\x9b".to_vec();
        serde_json::to_writer(&mut json, &all).unwrap();
        json.push(b'\n');
        escape_json(&mut json, 1);
        assert_eq!(json[0], 0x9b);
        let text = std::str::from_utf8(&json[1..]).unwrap();
        assert!(!text.trim_end_matches('\n').contains(is_hidden));
        assert!(text.contains("\\u202e") && text.contains("\\udb40\\udc41"));
        assert_eq!(serde_json::from_str::<String>(text).unwrap(), all);
    }

    #[test]
    fn every_code_point_is_shown_or_named() {
        let mut text = [0; 4];
        for character in '\0'..=char::MAX {
            let text = character.encode_utf8(&mut text);
            assert_eq!(visible(text.as_bytes()) == *text, !is_hidden(character), "{character:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let shown = visible(&bytes).into_owned();
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert_eq!(visible(shown.as_bytes()), shown.as_str());
        }
    }
}
