//! A key as it is pressed, and as it is written.
//!
//! In: text such as `ctrl+c`, or what the terminal reports. Out: a [`Key`].
//!
//! **Invariant**: a key that is written and read again is itself.

use std::fmt::{Display, Formatter, Result};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with what is held down beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Whether Ctrl is held.
    pub ctrl: bool,
    /// Whether Alt is held.
    pub alt: bool,
}

/// The keys that are not a character, as they are written.
const NAMED: [(&str, KeyCode); 17] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("shift+tab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("plus", KeyCode::Char('+')),
];

impl Key {
    /// A key alone.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    /// What the terminal reports. Shift counts by what it makes of a letter.
    pub fn of(event: &KeyEvent) -> Self {
        let has = |modifier| event.modifiers.contains(modifier);
        // Windows reports AltGr as both; what it makes is a character like any other.
        let is_alt_gr = has(KeyModifiers::CONTROL) && has(KeyModifiers::ALT) && matches!(event.code, KeyCode::Char(_));
        let (ctrl, alt) = (has(KeyModifiers::CONTROL) && !is_alt_gr, has(KeyModifiers::ALT) && !is_alt_gr);
        let code = match event.code {
            KeyCode::Char(letter) if ctrl => KeyCode::Char(letter.to_ascii_lowercase()),
            KeyCode::Tab if has(KeyModifiers::SHIFT) => KeyCode::BackTab,
            code => code,
        };
        Self { code, ctrl, alt }
    }

    /// Reads `q`, `G`, `ctrl+d`, `pgdn`, `f5`; `None` where no key is so written.
    pub fn parse(text: &str) -> Option<Self> {
        let (alt, rest) = text.strip_prefix("alt+").map_or((false, text), |rest| (true, rest));
        let (ctrl, rest) = rest.strip_prefix("ctrl+").map_or((false, rest), |rest| (true, rest));
        let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest)).map(|(_, code)| *code);
        let function = rest.strip_prefix(['f', 'F']).and_then(|number| number.parse().ok());
        let function = function.filter(|number| (1..=12).contains(number)).map(KeyCode::F);
        let mut letters = rest.chars();
        let letter = match (letters.next(), letters.next()) {
            (Some(letter), None) if !letter.is_control() => Some(KeyCode::Char(letter)),
            _ => None,
        };
        let code = named.or(function).or(letter)?;
        let is_upper = matches!(code, KeyCode::Char(letter) if letter.is_ascii_uppercase());
        if ctrl && is_upper { None } else { Some(Self { code, ctrl, alt }) }
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.alt { "alt+" } else { "" })?;
        f.write_str(if self.ctrl { "ctrl+" } else { "" })?;
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            // With Ctrl or Alt a plus sign would be read as another prefix.
            (_, KeyCode::Char('+')) if !self.ctrl && !self.alt => f.write_str("+"),
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(letter)) => write!(f, "{letter}"),
            (None, KeyCode::F(number)) => write!(f, "f{number}"),
            (None, code) => write!(f, "{code:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_keys() {
        for text in ["q", "G", "/", "+", "ctrl+c", "alt+x", "alt+ctrl+x", "pgdn", "shift+tab", "f5", "é", "space"] {
            assert_eq!(Key::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Key::parse("PgDn"), Key::parse("pgdn"));
    }

    #[test]
    fn odd_keys() {
        for text in ["", "qq", "f0", "f13", "ctrl+", "ctrl+C", "\t", "hyper+x"] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_terminals_report() {
        let key = |code, modifiers| Key::of(&KeyEvent::new(code, modifiers)).to_string();
        assert_eq!(key(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(key(KeyCode::Char('C'), KeyModifiers::CONTROL), "ctrl+c");
        assert_eq!(key(KeyCode::Tab, KeyModifiers::SHIFT), "shift+tab");
        assert_eq!(key(KeyCode::Char('@'), KeyModifiers::CONTROL | KeyModifiers::ALT), "@");
    }
}
