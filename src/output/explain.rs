//! What is written about rules and words, for eyes.
//!
//! In: an [`Article`], an [`Entry`]. Out: paragraphs.
//!
//! **Invariant**: commands stand in lines of their own and are never broken, so that they can be
//! copied.

use std::fmt::Write;

use crate::diagnosis::RULES;
use crate::diagnosis::article::{Article, Values};
use crate::diagnosis::vocabulary::Entry;

use super::finding::push_advice;
use super::wrap::{self, Frame};

/// How long a line of prose may be, in cells.
const WIDTH: usize = 96;

/// Appends a line for each rule: name, severity, when.
pub fn write_list(out: &mut String) {
    let width = RULES.iter().map(|article| article.name.len()).max().unwrap_or_default();
    for article in RULES {
        // Writing into a string cannot fail.
        let _ = writeln!(out, "{:<width$}  {:<7}  {}", article.name, article.severity.as_text(), plain(article.when));
    }
}

/// Appends all that is written about a rule.
pub fn write_article(article: &Article, out: &mut String) {
    let _ = writeln!(out, "{} ({})", article.name, article.severity.as_text());
    push_wrapped("", &format!("Found when: {}.", plain(article.when)), out);
    heading("What it means", out);
    push_wrapped("  ", article.meaning, out);
    heading("What it looks like in the log", out);
    for line in article.log {
        push_wrapped("  - ", line, out);
    }
    heading("Why it happens, the likeliest first", out);
    for (number, cause) in (1..).zip(article.causes) {
        push_wrapped(&format!("  {number}. "), cause, out);
    }
    heading("What to check, and what to change", out);
    for advice in article.to_advice(&Values::examples()) {
        push_advice(&advice, out);
    }
    heading("Source", out);
    push_wrapped("  ", article.source, out);
}

/// Appends what is known of words of the log.
pub fn write_entries(entries: &[&Entry], out: &mut String) {
    for (at, entry) in entries.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "\n" });
        let _ = writeln!(out, "{}", entry.word);
        push_wrapped("  ", entry.meaning, out);
        for rule in entry.rules {
            let _ = writeln!(out, "  rule: {}", rule.name());
        }
    }
    let rule = entries.iter().find_map(|entry| entry.rules.first());
    if let Some(rule) = rule {
        let _ = writeln!(out, "\n`heloscope explain {}` says more.", rule.name());
    }
}

fn heading(text: &str, out: &mut String) {
    out.extend(["\n", text, "\n"]);
}

/// Code marks are for Markdown.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// Appends prose in lines of at most [`WIDTH`] cells, the later ones indented like the first.
fn push_wrapped(lead: &str, text: &str, out: &mut String) {
    wrap::push_wrapped(out, Frame { width: WIDTH, hang: lead.len() }, lead, text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::powershell::quote;
    use crate::output::escape::visible;
    use proptest::prelude::*;

    #[test]
    fn prose_is_wrapped_and_nothing_lost() {
        let mut out = String::new();
        let text = "word ".repeat(60);
        push_wrapped("  - ", text.trim(), &mut out);
        assert!(out.lines().all(|line| line.len() <= WIDTH));
        assert!(out.lines().skip(1).all(|line| line.starts_with("    word")));
        assert_eq!(out.split_whitespace().filter(|word| *word == "word").count(), 60);
    }

    proptest! {
        #[test]
        fn quoted_values_are_shown_as_they_are(character in any::<char>()) {
            let literal = quote(&format!("a{character}b"));
            prop_assert_eq!(visible(literal.as_bytes()), &*literal);
        }
    }
}
