//! Colours, and the characters that lines are drawn with.
//!
//! In: names from the configuration file. Out: styles.
//!
//! The sixteen colours of the terminal are used, so that its own scheme decides how they look on a
//! dark or a light background; yellow and white are left out, which cannot be read on the latter.
//!
//! **Invariant**: nothing is told by colour alone: a theme without colours has the same characters.

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

use crate::output::bars::BARS;

/// What a piece of the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What failed.
    Failure,
    /// What should be looked at.
    Warning,
    /// What went well.
    Success,
    /// What the client said.
    Client,
    /// What is beside the point.
    Aside,
    /// Borders of panes without focus, titles.
    Frame,
    /// The border of the pane with focus, keys.
    Focus,
    /// What a search or a filter met.
    Match,
}

/// The parts by the names of the configuration file.
pub const PARTS: [(&str, Part); 8] = [
    ("failure", Part::Failure),
    ("warning", Part::Warning),
    ("success", Part::Success),
    ("client", Part::Client),
    ("aside", Part::Aside),
    ("frame", Part::Frame),
    ("focus", Part::Focus),
    ("match", Part::Match),
];

/// How the parts look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; PARTS.len()],
}

impl Theme {
    /// Sixteen colours.
    pub fn coloured() -> Self {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        Self {
            styles: [
                bold.fg(Color::Red),
                Style::new().fg(Color::Magenta),
                Style::new().fg(Color::Green),
                Style::new().fg(Color::Cyan),
                Style::new().add_modifier(Modifier::DIM),
                Style::new().add_modifier(Modifier::DIM),
                bold.fg(Color::Blue),
                Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
            ],
        }
    }

    /// No colours.
    pub fn plain() -> Self {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let mut styles = [Style::new(); PARTS.len()];
        styles[Part::Failure as usize] = bold;
        styles[Part::Focus as usize] = bold;
        styles[Part::Match as usize] = Style::new().add_modifier(Modifier::UNDERLINED);
        Self { styles }
    }

    /// How a part looks.
    pub fn style(&self, part: Part) -> Style {
        self.styles[part as usize]
    }

    /// How the selected row looks, in the pane that has the focus or in another.
    pub fn selection(has_focus: bool) -> Style {
        let modifier = if has_focus { Modifier::REVERSED } else { Modifier::UNDERLINED };
        Style::new().add_modifier(modifier)
    }

    /// Gives a part another colour.
    ///
    /// Errors: no part, or no colour, of that name.
    pub fn set(&mut self, part: &str, colour: &str) -> Result<(), String> {
        let Some((_, known)) = PARTS.iter().find(|(name, _)| *name == part) else {
            let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
            return Err(format!("`{part}` is nothing that has a colour; there are {}", names.join(", ")));
        };
        let colour = Color::from_str(colour)
            .map_err(|_| format!("`{colour}` is no colour; try red, light-blue, 208, #ff8800 or reset"))?;
        self.styles[*known as usize].fg = Some(colour);
        Ok(())
    }
}

/// The characters that lines and marks are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    /// Lines, bars and marks of Unicode.
    Unicode,
    /// ASCII alone, for consoles that know no more.
    Ascii,
}

impl Glyphs {
    /// What stands where text was cut.
    pub fn ellipsis(self) -> char {
        match self {
            Self::Unicode => '…',
            Self::Ascii => '~',
        }
    }

    /// The mark of what failed.
    pub fn failed(self) -> &'static str {
        match self {
            Self::Unicode => "✗",
            Self::Ascii => "x",
        }
    }

    /// A bar of so many eighths, from 1.
    pub fn bar(self, eighths: usize) -> char {
        const ASCII: [char; 8] = ['_', '_', '-', '-', '=', '=', '|', '#'];
        let at = eighths.clamp(1, 8) - 1;
        match self {
            Self::Unicode => BARS[at],
            Self::Ascii => ASCII[at],
        }
    }

    /// A filled and an empty cell of a progress bar.
    pub fn progress(self) -> (char, char) {
        match self {
            Self::Unicode => ('█', '░'),
            Self::Ascii => ('#', '.'),
        }
    }

    /// Corners from top left clockwise, then the horizontal and the vertical line.
    pub fn frame(self) -> [&'static str; 6] {
        match self {
            Self::Unicode => ["┌", "┐", "┘", "└", "─", "│"],
            Self::Ascii => ["+", "+", "+", "+", "-", "|"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_can_be_given() {
        let mut theme = Theme::coloured();
        theme.set("failure", "light-red").unwrap();
        assert_eq!(theme.style(Part::Failure).fg, Some(Color::LightRed));
        assert!(theme.set("failure", "reddish").unwrap_err().contains("reddish"));
        assert!(theme.set("failures", "red").unwrap_err().contains("failure"));
    }

    #[test]
    fn plain_has_no_colour() {
        for (_, part) in PARTS {
            let style = Theme::plain().style(part);
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
