//! Lines that are broken between words.
//!
//! In: text that is escaped already. Out: lines of so many cells at most.
//!
//! **Invariant**: no line is longer than it may be, and nothing of the text is left out; a word that
//! fits no line is broken where the line ends.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How text is laid out in lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// How long a line may be, in cells.
    pub(super) width: usize,
    /// How far the second line and all others are indented.
    pub(super) hang: usize,
}

/// Returns the text in lines of so many cells; at least one, if an empty one.
pub fn to_wrapped(text: &str, width: usize) -> Vec<String> {
    let mut out = String::new();
    push_wrapped(&mut out, Frame { width, hang: 0 }, "", text);
    out.lines().map(str::to_owned).collect()
}

/// Appends `lead` and the text behind it.
pub(super) fn push_wrapped(out: &mut String, frame: Frame, lead: &str, text: &str) {
    push_parts(out, frame, lead, text.split(' '));
}

/// Appends `lead` and the parts behind it, parted by spaces. A part is not broken, unless it fits no line.
pub(super) fn push_parts<'a>(out: &mut String, frame: Frame, lead: &str, parts: impl IntoIterator<Item = &'a str>) {
    let mut line = Line { out, frame, length: lead.width(), is_begun: false };
    line.out.push_str(lead);
    for part in parts {
        match part.width() + frame.hang <= frame.width {
            true => line.push(part),
            false => part.split(' ').for_each(|word| line.push(word)),
        }
    }
    line.end();
}

struct Line<'a> {
    out: &'a mut String,
    frame: Frame,
    /// Of the line so far, in cells.
    length: usize,
    /// Whether a word stands in it.
    is_begun: bool,
}

impl Line<'_> {
    fn push(&mut self, word: &str) {
        let width = word.width();
        if self.is_begun && self.length + 1 + width > self.frame.width {
            self.begin();
        }
        if self.is_begun {
            self.out.push(' ');
            self.length += 1;
        }
        self.is_begun = true;
        if self.length + width <= self.frame.width {
            self.out.push_str(word);
            self.length += width;
            return;
        }
        for character in word.chars() {
            let cells = character.width().unwrap_or(0);
            if self.length + cells > self.frame.width && self.length > self.frame.hang {
                self.begin();
            }
            self.out.push(character);
            self.length += cells;
            self.is_begun = true;
        }
    }

    /// Goes on in the next line.
    fn begin(&mut self) {
        self.end();
        self.out.extend(std::iter::repeat_n(' ', self.frame.hang));
        self.length = self.frame.hang;
        self.is_begun = false;
    }

    fn end(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(lead: &str, text: &str, expected: &str) {
        let mut out = String::new();
        push_wrapped(&mut out, Frame { width: 12, hang: 4 }, lead, text);
        assert_eq!(out, expected);
    }

    #[test]
    fn lines_end_between_words() {
        check("ab  ", "cd ef gh ij", "ab  cd ef gh\n    ij\n");
        check("ab  ", "", "ab\n");
        check("", "a  b", "a  b\n");
        check("ab  ", "cdefghijklmno", "ab  cdefghij\n    klmno\n");
        check("ab  ", "c defghijk l", "ab  c\n    defghijk\n    l\n");
        check(
            "ab  ",
            "\u{7ec4}\u{7ec7}\u{5185}\u{7ec4}\u{7ec7}",
            "ab  \u{7ec4}\u{7ec7}\u{5185}\u{7ec4}\n    \u{7ec7}\n",
        );
    }

    #[test]
    fn lines_alone() {
        assert_eq!(to_wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(to_wrapped("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(to_wrapped("", 4), [""]);
        assert_eq!(to_wrapped("组织内部", 5), ["组织", "内部"]);
        assert_eq!(to_wrapped("ab", 0).concat(), "ab");
    }

    #[test]
    fn parts_stay_whole_where_they_can() {
        let mut out = String::new();
        push_parts(&mut out, Frame { width: 12, hang: 2 }, "", ["ab cd,", "ef ghi,", "jk lm no pq rs"]);
        assert_eq!(out, "ab cd,\n  ef ghi, jk\n  lm no pq\n  rs\n");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_too_long(text in "[a-c\u{7ec4} ]{0,60}", lead in "[ab]{0,6}", hang in 0..5_usize) {
            let mut out = String::new();
            push_wrapped(&mut out, Frame { width: 12, hang }, &lead, &text);
            prop_assert!(out.lines().all(|line| line.width() <= 12), "{}", out);
            let bare = |text: &str| text.chars().filter(|one| !one.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&out), bare(&(lead + &text)));
        }
    }
}
