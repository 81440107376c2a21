//! Colour, where it is wanted.
//!
//! In: text and a style. Out: the text, between escape sequences or as it is.
//!
//! **Invariant**: a line that opens a colour closes it before it ends, so that a pager paints no
//! other; nothing is told by colour alone.

use anstyle::{AnsiColor, Style};

/// What failed.
pub const FAILURE: Style = AnsiColor::Red.on_default();
/// What the client said.
pub const CLIENT: Style = AnsiColor::Cyan.on_default();
/// What is beside the point, as a rule.
pub const ASIDE: Style = Style::new().dimmed();

/// Whether output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// No escape sequences.
    Plain,
    /// With escape sequences.
    Coloured,
}

impl Paint {
    /// Returns what stands before and after text in this style.
    pub fn around(self, style: Option<Style>) -> (String, String) {
        match (self, style) {
            (Self::Coloured, Some(style)) => (style.render().to_string(), style.render_reset().to_string()),
            _ => (String::new(), String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_open_and_close() {
        assert_eq!(Paint::Coloured.around(Some(FAILURE)), ("\x1b[31m".into(), "\x1b[0m".into()));
        assert_eq!(Paint::Plain.around(Some(FAILURE)), (String::new(), String::new()));
        assert_eq!(Paint::Coloured.around(None), (String::new(), String::new()));
    }
}
