//! `heloscope explain`: what a rule, a reply or a word of the log means.
//!
//! In: the word, or none for the list of rules. Out: what is written about it.
//!
//! **Invariant**: reads no log.

use crate::diagnosis::vocabulary::{Answer, look_up};
use crate::output::escape::visible;
use crate::output::explain;

use super::{Error, Exit, complain, print};

/// Explains.
///
/// Errors: the answer cannot be written.
pub(super) fn run(words: &[String]) -> Result<Exit, Error> {
    let mut text = String::new();
    let word = words.join(" ");
    if words.is_empty() {
        explain::write_list(&mut text);
        return print(text.as_bytes());
    }
    match look_up(&word) {
        Ok(Answer::Rule(article)) => explain::write_article(article, &mut text),
        Ok(Answer::Words(entries)) => explain::write_entries(&entries, &mut text),
        Err(nearest) => {
            complain(&to_unknown_text(&word, &nearest));
            return Ok(Exit::Error);
        }
    }
    print(text.as_bytes())
}

fn to_unknown_text(word: &str, nearest: &[&str]) -> String {
    let shown = visible(word.as_bytes());
    match nearest {
        [] => format!("`{shown}` is no rule, reply or word that is known; `heloscope explain` lists the rules"),
        nearest => {
            let nearest: Vec<String> = nearest.iter().map(|word| format!("`{word}`")).collect();
            format!("`{shown}` is no rule, reply or word that is known; near it: {}", nearest.join(", "))
        }
    }
}
