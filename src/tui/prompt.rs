//! A line that is typed.
//!
//! In: keys. Out: its text, and what to do with it.
//!
//! **Invariant**: the cursor stands between two characters.

use crossterm::event::KeyCode;

use super::key::Key;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The filter.
    Filter,
    /// A search in the transcript.
    Search,
    /// Where to write sessions.
    Write,
}

/// A line that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for.
    pub purpose: Purpose,
    /// What was typed so far.
    pub text: String,
    /// Where the cursor stands, in bytes.
    pub cursor: usize,
    /// What it was before.
    pub before: String,
    /// Whether the text is a proposal, which gives way to what is typed.
    pub is_proposed: bool,
    /// Which of the lines before is shown, counted back from the last.
    recalled: Option<usize>,
    /// Words that Tab goes through, and which of them stands there.
    offered: Option<(Vec<String>, usize, usize)>,
}

/// What a key made of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Another text.
    Changed,
    /// The same text.
    Same,
    /// Done.
    Accepted,
    /// Left without doing it.
    Cancelled,
}

impl Prompt {
    /// A line that begins with a text.
    pub fn new(purpose: Purpose, text: &str) -> Self {
        Self {
            purpose,
            text: text.to_owned(),
            cursor: text.len(),
            before: text.to_owned(),
            is_proposed: false,
            recalled: None,
            offered: None,
        }
    }

    /// A line with a text that stays unless something is typed.
    pub fn proposing(purpose: Purpose, text: &str) -> Self {
        Self { is_proposed: !text.is_empty(), ..Self::new(purpose, text) }
    }

    /// Takes a key. `history` are the lines before, the last one last; `complete` says what the text up
    /// to the cursor can go on as: where that word begins, and the words.
    pub fn press(
        &mut self,
        key: Key,
        history: &[String],
        complete: impl FnOnce(&str) -> (usize, Vec<String>),
    ) -> Typed {
        if key.code != KeyCode::Tab && key.code != KeyCode::BackTab {
            self.offered = None;
        }
        if !is_text(key) {
            self.is_proposed = false;
        }
        match key {
            Key { code: KeyCode::Enter, .. } => Typed::Accepted,
            Key { code: KeyCode::Esc, .. } => Typed::Cancelled,
            Key { code: KeyCode::Char(letter), ctrl: true, .. } => self.control(letter, history),
            Key { alt: true, .. } => Typed::Same,
            Key { code: KeyCode::Char(letter), .. } => self.insert(letter.encode_utf8(&mut [0; 4])),
            Key { code: KeyCode::Tab, .. } => self.complete(complete),
            Key { code: KeyCode::Up, .. } => self.recall(history, 1),
            Key { code: KeyCode::Down, .. } => self.recall(history, -1),
            Key { code, .. } => self.edit(code),
        }
    }

    /// Puts text in at the cursor; what no line holds is left out.
    pub fn insert(&mut self, text: &str) -> Typed {
        let clean: String = text.chars().filter(|letter| !letter.is_control()).collect();
        if !clean.is_empty() && std::mem::take(&mut self.is_proposed) {
            self.text.clear();
            self.cursor = 0;
        }
        self.text.insert_str(self.cursor, &clean);
        self.cursor += clean.len();
        if clean.is_empty() { Typed::Same } else { Typed::Changed }
    }

    fn edit(&mut self, code: KeyCode) -> Typed {
        match code {
            KeyCode::Left => self.cursor = self.before_cursor(),
            KeyCode::Right => self.cursor = self.after_cursor(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Backspace if self.text.is_empty() => return Typed::Cancelled,
            KeyCode::Backspace => return self.remove(self.before_cursor(), self.cursor),
            KeyCode::Delete => return self.remove(self.cursor, self.after_cursor()),
            _ => {}
        }
        Typed::Same
    }

    /// The keys of a shell.
    fn control(&mut self, letter: char, history: &[String]) -> Typed {
        match letter {
            'g' => return Typed::Cancelled,
            'a' => self.cursor = 0,
            'e' => self.cursor = self.text.len(),
            'b' => self.cursor = self.before_cursor(),
            'f' => self.cursor = self.after_cursor(),
            'h' => return self.edit(KeyCode::Backspace),
            'd' => return self.remove(self.cursor, self.after_cursor()),
            'u' => return self.remove(0, self.cursor),
            'k' => return self.remove(self.cursor, self.text.len()),
            'w' => return self.remove(self.word_start(), self.cursor),
            'p' => return self.recall(history, 1),
            'n' => return self.recall(history, -1),
            _ => {}
        }
        Typed::Same
    }

    fn before_cursor(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn after_cursor(&self) -> usize {
        self.text[self.cursor..].chars().next().map_or(self.cursor, |letter| self.cursor + letter.len_utf8())
    }

    fn word_start(&self) -> usize {
        let trimmed = self.text[..self.cursor].trim_end();
        trimmed.rfind(char::is_whitespace).map_or(0, |at| at + 1)
    }

    fn remove(&mut self, from: usize, to: usize) -> Typed {
        if from == to {
            return Typed::Same;
        }
        self.text.replace_range(from..to, "");
        self.cursor = from;
        Typed::Changed
    }

    fn recall(&mut self, history: &[String], step: isize) -> Typed {
        let back = self.recalled.map_or(0, |back| back + 1).checked_add_signed(step).unwrap_or(0).min(history.len());
        self.recalled = back.checked_sub(1);
        let text = match self.recalled {
            None => &self.before,
            Some(back) => &history[history.len() - 1 - back],
        };
        if *text == self.text {
            return Typed::Same;
        }
        self.text = text.clone();
        self.cursor = self.text.len();
        Typed::Changed
    }

    /// Goes on as the words allow: as far as all agree, then through them one by one.
    fn complete(&mut self, complete: impl FnOnce(&str) -> (usize, Vec<String>)) -> Typed {
        if let Some((words, from, at)) = self.offered.take() {
            let next = (at + 1) % words.len();
            let typed = self.replace(from, &words[next]);
            self.offered = Some((words, from, next));
            return typed;
        }
        let (from, words) = complete(&self.text[..self.cursor]);
        let Some(first) = words.first() else { return Typed::Same };
        let shared = words.iter().fold(first.as_str(), |shared, word| shared_start(shared, word));
        if words.len() == 1 || shared.len() > self.cursor - from {
            let shared = shared.to_owned();
            return self.replace(from, &shared);
        }
        let first = first.clone();
        let typed = self.replace(from, &first);
        self.offered = Some((words, from, 0));
        typed
    }

    fn replace(&mut self, from: usize, word: &str) -> Typed {
        if self.text[from..self.cursor] == *word {
            return Typed::Same;
        }
        self.text.replace_range(from..self.cursor, word);
        self.cursor = from + word.len();
        Typed::Changed
    }
}

fn shared_start<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.char_indices().zip(other.chars()).find(|((_, left), right)| left != right);
    let length = same.map_or(one.len().min(other.len()), |((at, _), _)| at);
    &one[..length]
}

/// Whether the key is a letter to be typed.
fn is_text(key: Key) -> bool {
    matches!(key, Key { code: KeyCode::Char(_), ctrl: false, alt: false, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> (usize, Vec<String>) {
        let known = ["auth:", "after:", "user:"];
        let from = text.rfind(' ').map_or(0, |at| at + 1);
        (from, known.iter().filter(|word| word.starts_with(&text[from..])).map(|word| (*word).to_owned()).collect())
    }

    #[track_caller]
    fn check(keys: &str, expected: &str) {
        let mut prompt = Prompt::new(Purpose::Filter, "");
        for key in keys.split(' ') {
            prompt.press(Key::parse(key).unwrap(), &["one".into(), "two".into()], words);
        }
        let (before, after) = prompt.text.split_at(prompt.cursor);
        assert_eq!(format!("{before}|{after}"), expected, "{keys}");
    }

    #[test]
    fn keys_edit() {
        check("a b c", "abc|");
        check("a b left c", "ac|b");
        check("ä b home delete", "|b");
        check("ä backspace", "|");
        check("a space b ctrl+w", "a |");
        check("a b ctrl+u", "|");
        check("a b home right ctrl+k", "a|");
        check("left right home end a", "a|");
    }

    #[test]
    fn lines_are_recalled() {
        check("up", "two|");
        check("up up", "one|");
        check("up up up", "one|");
        check("up up down", "two|");
        check("up down down", "|");
    }

    #[test]
    fn words_are_completed() {
        check("u tab", "user:|");
        check("a tab", "auth:|");
        check("a tab tab", "after:|");
        check("a tab tab tab", "auth:|");
        check("x tab", "x|");
        check("x space u tab", "x user:|");
    }

    #[test]
    fn control_characters_are_left_out() {
        let mut prompt = Prompt::new(Purpose::Filter, "a");
        assert_eq!(prompt.insert("\x1b[31m\nb"), Typed::Changed);
        assert_eq!(prompt.text, "a[31mb");
        assert_eq!(prompt.insert("\n"), Typed::Same);
    }

    #[test]
    fn a_proposal_gives_way_to_what_is_typed() {
        let typed = |keys: &[&str]| {
            let mut prompt = Prompt::proposing(Purpose::Write, "a.csv");
            for key in keys {
                prompt.press(Key::parse(key).unwrap(), &[], |_| (0, Vec::new()));
            }
            prompt.text
        };
        assert_eq!(typed(&[]), "a.csv");
        assert_eq!(typed(&["b", "c"]), "bc");
        assert_eq!(typed(&["end", "b"]), "a.csvb");
        assert_eq!(typed(&["backspace", "b"]), "a.csb");
        assert_eq!(typed(&["left", "right", "b"]), "a.csvb");
    }
}
