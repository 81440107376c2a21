//! What can be typed next.
//!
//! In: the beginning of a query. Out: the words that go on from there.
//!
//! **Invariant**: what is offered comes from the table of fields and the saved filters alone.

use crate::diagnosis::RULE_NAMES;

use super::field::{FIELDS, Field, Kind};
use super::saved::SavedFilters;

/// What the last word of a query can go on as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins that is to be replaced, in bytes.
    pub from: usize,
    /// What it can become.
    pub words: Vec<String>,
}

/// Returns what can be typed at the end of `text`: fields, then their values.
pub fn complete(text: &str, saved: &SavedFilters) -> Completion {
    if is_within_quotes(text) {
        return Completion { from: text.len(), words: Vec::new() };
    }
    let is_before = |(_, next): &(usize, char)| next.is_whitespace() || *next == '(';
    let start = text.char_indices().rfind(is_before).map_or(0, |(at, next)| at + next.len_utf8());
    let start = start + text[start..].bytes().take_while(|byte| *byte == b'-').count();
    let word = &text[start..];
    if let Some(name) = word.strip_prefix('@') {
        return of(start + 1, name, saved.names());
    }
    let Some(at) = word.find([':', '=', '<', '>']) else {
        let names: Vec<String> = FIELDS.iter().map(|entry| format!("{}:", entry.name)).collect();
        return of(start, word, names.iter().map(String::as_str));
    };
    let value_at = word.rfind([':', '=', '<', '>', ',']).map_or(at, |last| last) + 1;
    let values: &[&str] = match Field::by_name(word[..at].trim_end_matches('!')).map(|field| field.entry().kind) {
        Some(Kind::Word(words) | Kind::Scale(words, _)) => words,
        Some(Kind::Rule) => &RULE_NAMES,
        _ => &[],
    };
    of(start + value_at, &word[value_at..], values.iter().copied())
}

/// Whether a quote is open: whatever stands there is a text.
fn is_within_quotes(text: &str) -> bool {
    let (mut is_open, mut is_escaped) = (false, false);
    for next in text.chars() {
        is_open ^= next == '"' && !is_escaped;
        is_escaped = is_open && next == '\\' && !is_escaped;
    }
    is_open
}

fn of<'a>(from: usize, begun: &str, known: impl IntoIterator<Item = &'a str>) -> Completion {
    let begun = begun.to_lowercase();
    let words = known.into_iter().filter(|word| word.starts_with(&begun)).map(str::to_owned).collect();
    Completion { from, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, from: usize, words: &[&str]) {
        let completion = complete(text, &SavedFilters::default());
        assert_eq!((completion.from, completion.words), (from, words.iter().map(|word| (*word).to_owned()).collect()));
    }

    #[test]
    fn fields_then_values() {
        check("st", 0, &["starttls:"]);
        check("auth:failed -(st", 14, &["starttls:"]);
        check("starttls:", 9, &["not-attempted", "refused", "failed", "succeeded", "unknown"]);
        check("x starttls:failed,re", 18, &["refused"]);
        check("auth!=re", 6, &["rejected"]);
        check("tls<1.", 4, &["1.0", "1.1", "1.2", "1.3"]);
        check("-@f", 2, &["failed"]);
        check("rule:relay", 5, &["relay-denied"]);
        check("helo:x", 5, &[]);
        check("größe", 0, &[]);
        check("connector:\"client fr", 20, &[]);
        check("connector:\"client\" fro", 19, &["from:"]);
        check("\"a\\\" fro", 8, &[]);
        check("x\u{85}st", 3, &["starttls:"]);
    }
}
