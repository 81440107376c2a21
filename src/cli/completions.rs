//! `heloscope completions`: scripts for shells, and what they ask the program itself.
//!
//! In: which shell; or, from its script, the words of a command line, the last one begun. Out: a script;
//! or what that last word can become, a line each: the whole word, and behind a tab what it is.
//!
//! Commands and options come from clap's scripts, which complete no values on some shells and none that
//! depend on what was typed on any. clap's own way of asking the program is not stable yet (`clap_complete`
//! 4.6, 2026-11), so each script asks for the values of a query, a rule, a zone in a few lines of its own.
//!
//! **Invariant**: reads no log; where it knows nothing to offer it says nothing, and the script goes on
//! with commands, options and files.

use std::io::{self, Read};
use std::path::PathBuf;

use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;

use crate::diagnosis::RULE_NAMES;
use crate::diagnosis::vocabulary::ENTRIES;
use crate::query::complete::complete;
use crate::query::field::{Field, SEVERITY_WORDS};
use crate::query::saved::SavedFilters;

use super::args::{Args, Target};
use super::config::saved_filters;
use super::{Error, Exit, print};

/// The program, as it is typed.
const NAME: &str = "heloscope";

/// Prints a script, or answers one.
///
/// Errors: the answer cannot be written.
pub(super) fn run(target: Target) -> Result<Exit, Error> {
    let text = match target.to_shell() {
        Some(shell) => to_script(shell),
        None => answer(),
    };
    print(text.as_bytes())
}

/// The script of clap, with ours in it.
fn to_script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), NAME, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let (own, before) = match shell {
        Shell::Zsh => (include_str!("completions/values.zsh"), Some("\nif [ \"$funcstack[1]\" = ")),
        Shell::PowerShell => (include_str!("completions/values.ps1"), Some("\n    $commandElements = ")),
        Shell::Fish => (include_str!("completions/values.fish"), None),
        Shell::Elvish => (include_str!("completions/values.elv"), None),
        _ => (include_str!("completions/values.bash"), None),
    };
    // Git may have written line ends of another system.
    let own = own.replace('\r', "");
    match before.and_then(|before| script.find(before)) {
        Some(at) => format!("{}\n{own}{}", &script[..at], &script[at..]),
        None => format!("{script}\n{own}"),
    }
}

/// What the last of the lines on standard input can become.
fn answer() -> String {
    let mut text = String::new();
    // Whatever cannot be read is nothing to go on from.
    if io::stdin().read_to_string(&mut text).is_err() {
        return String::new();
    }
    // PowerShell begins what it pipes with a mark, and ends lines in its own way.
    let text = text.trim_start_matches('\u{feff}').replace('\r', "");
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let words: Vec<&str> = text.split('\n').collect();
    let saved_of = |config: Option<PathBuf>| saved_filters(config.as_deref()).unwrap_or_default();
    offered(&words, &saved_of).into_iter().map(Word::into_line).collect()
}

/// A word, and what it is.
#[derive(Debug)]
struct Word {
    text: String,
    help: &'static str,
}

impl Word {
    fn into_line(self) -> String {
        if self.help.is_empty() { format!("{}\n", self.text) } else { format!("{}\t{}\n", self.text, self.help) }
    }
}

/// What has been typed of a command, before the word that is begun.
struct Line<'a> {
    command: &'a Command,
    n_positionals: usize,
    /// The option that the next word is a value of.
    waiting: Option<&'a Arg>,
    config: Option<PathBuf>,
}

impl<'a> Line<'a> {
    fn read(root: &'a Command, words: &[&str]) -> Self {
        let mut line = Self { command: root, n_positionals: 0, waiting: None, config: None };
        for word in words {
            line.take(root, word);
        }
        line
    }

    fn take(&mut self, root: &'a Command, word: &str) {
        if let Some(option) = self.waiting.take() {
            if option.get_id() == "config" {
                self.config = Some(word.into());
            }
            return;
        }
        if word.len() > 1 && word.starts_with('-') {
            self.waiting = waiting_option(self.command, word);
            return;
        }
        match self.command.find_subcommand(word).filter(|_| std::ptr::eq(self.command, root) && self.n_positionals == 0)
        {
            Some(command) => self.command = command,
            None => self.n_positionals += 1,
        }
    }
}

/// The option that takes the next word: `--filter`, `-f`, `-qf`.
fn waiting_option<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let takes_value = |option: &&Arg| option.get_action().takes_values();
    if let Some(long) = word.strip_prefix("--") {
        return command.get_opts().filter(takes_value).find(|option| option.get_long() == Some(long));
    }
    let shorts = &word[1..];
    let option = |short| command.get_opts().filter(takes_value).find(|option| option.get_short() == Some(short));
    // What stands behind the first that takes one is its value.
    let (at, short, found) = shorts.char_indices().find_map(|(at, short)| Some((at, short, option(short)?)))?;
    (at + short.len_utf8() == shorts.len()).then_some(found)
}

/// What the last word can become.
fn offered(words: &[&str], saved_of: &dyn Fn(Option<PathBuf>) -> SavedFilters) -> Vec<Word> {
    let Some((begun, before)) = words.split_last() else { return Vec::new() };
    let mut root = Args::command();
    root.build();
    let Line { command, n_positionals, waiting, config } = Line::read(&root, before);
    let saved = || saved_of(config.clone());
    if let Some(option) = waiting {
        return values(option, begun, &saved);
    }
    if let Some((name, value)) = begun.split_once('=').filter(|(name, _)| name.starts_with("--")) {
        let Some(option) = waiting_option(command, name) else { return Vec::new() };
        let with_name = |word: Word| Word { text: format!("{name}={}", word.text), ..word };
        return values(option, value, &saved).into_iter().map(with_name).collect();
    }
    if begun.starts_with('-') {
        return Vec::new();
    }
    let takes_more = |argument: &&Arg| argument.get_num_args().is_some_and(|n_values| n_values.max_values() > 1);
    let positional = command.get_positionals().nth(n_positionals);
    let positional = positional.or_else(|| command.get_positionals().last().filter(takes_more));
    positional.map(|argument| values(argument, begun, &saved)).unwrap_or_default()
}

/// The values of an option or an argument that go on from what was typed.
fn values(argument: &Arg, begun: &str, saved: &dyn Fn() -> SavedFilters) -> Vec<Word> {
    let plain = |text: &str| Word { text: text.to_owned(), help: "" };
    let known: Vec<Word> = match argument.get_id().as_str() {
        "filter" => return query_words(begun, &saved()),
        "deny" => RULE_NAMES.into_iter().map(plain).collect(),
        "max" => RULE_NAMES.into_iter().map(|name| plain(&format!("{name}="))).collect(),
        "severity" => SEVERITY_WORDS.iter().copied().map(plain).collect(),
        "tz" => ["UTC", "local", "server"].into_iter().map(plain).chain(offsets(begun)).collect(),
        "words" => {
            let words = ENTRIES.iter().map(|entry| entry.word).filter(|word| !word.contains(' '));
            RULE_NAMES.into_iter().chain(words).map(plain).collect()
        }
        _ => argument
            .get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| plain(value.get_name()))
            .collect(),
    };
    let goes_on = |word: &Word| word.text.get(..begun.len()).is_some_and(|head| head.eq_ignore_ascii_case(begun));
    known.into_iter().filter(goes_on).collect()
}

/// What a query can go on as, from its beginning on.
fn query_words(begun: &str, saved: &SavedFilters) -> Vec<Word> {
    let completion = complete(begun, saved);
    let help_of = |word: &str| Field::by_name(word.strip_suffix(':')?).map(|field| field.entry().help);
    let whole = |word: String| Word {
        help: help_of(&word).unwrap_or_default(),
        text: format!("{}{word}", &begun[..completion.from]),
    };
    completion.words.into_iter().map(whole).collect()
}

/// Whole hours east and west of UTC, once a sign is typed: else they would bury the names.
fn offsets(begun: &str) -> Vec<Word> {
    let hours = match begun.chars().next() {
        Some('+') => 0..=14,
        Some('-') => 1..=12,
        _ => return Vec::new(),
    };
    hours.map(|hour| Word { text: format!("{}{hour:02}:00", &begun[..1]), help: "" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let words: Vec<&str> = line.split('|').collect();
        let told = offered(&words, &|_| SavedFilters::default()).into_iter().map(|word| word.text);
        assert_eq!(told.collect::<Vec<_>>(), expected, "{line}");
    }

    #[test]
    fn queries() {
        check("sessions|-f|st", &["starttls:"]);
        check("sessions|--filter|auth:fa", &["auth:failed"]);
        check("sessions|--filter=auth:fa", &["--filter=auth:failed"]);
        check("-F|-qf|ip:10.0.0.1 auth:re", &["ip:10.0.0.1 auth:rejected"]);
        check("lines|-0|-q|-f|x (starttls:failed,re", &["x (starttls:failed,refused"]);
        check("sessions|logs|-f|@fa", &["@failed"]);
        check("check|-f|rule:relay", &["rule:relay-denied"]);
        check("sessions|-f|helo:", &[]);
        assert_eq!(offered(&["sessions", "-f", ""], &|_| SavedFilters::default()).len(), 34);
    }

    #[test]
    fn other_values() {
        check("check|--deny|auth-m", &["auth-mechanism-unsupported", "auth-missing"]);
        check("check|--max=relay", &["--max=relay-denied="]);
        check("check|--severity|", &["note", "warning", "error"]);
        check("check|--format|j", &["json", "junit"]);
        check("sessions|--format|", &["text", "ndjson", "csv"]);
        check("sessions|--tz|", &["UTC", "local", "server"]);
        check("sessions|--tz|u", &["UTC"]);
        check("sessions|--tz|+05", &["+05:00"]);
        check("--tz|-12", &["-12:00"]);
        check("--color|a", &["auto", "always"]);
        check("explain|logond", &["LogonDenied"]);
        check("explain|relay", &["relay-denied"]);
        check("schema|pa", &["patterns"]);
        check("completions|", &["bash", "elvish", "fish", "powershell", "zsh"]);
    }

    #[test]
    fn the_rest_is_the_shells() {
        for line in
            ["", "ses", "sessions|", "sessions|-", "sessions|--fo", "sessions|-o|", "show|", "sessions|--no-such=x"]
        {
            check(line, &[]);
        }
        // A file that is called like a command.
        check("sessions|explain|", &[]);
    }

    #[test]
    fn every_script_has_ours_where_it_is_run() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let script = to_script(shell);
            assert!(script.contains("heloscope completions words"), "{shell}");
        }
        let script = to_script(Shell::PowerShell);
        let (before, after) = script.split_once("heloscope completions words").unwrap();
        assert!(before.contains("param($wordToComplete") && after.contains("$commandElements = "));
        let script = to_script(Shell::Zsh);
        let (before, after) = script.split_once("heloscope completions words").unwrap();
        assert!(before.contains("\n_heloscope() {") && after.contains("compdef _heloscope heloscope"));
    }
}
