//! What a person can choose about the screen.
//!
//! In: the command line and the configuration file. Out: [`Settings`].
//!
//! **Invariant**: settled before the first frame, but for the zone and the mouse, which keys change.

use crate::output::time::Zone;
use crate::query::saved::SavedFilters;

use super::bindings::Keymap;
use super::theme::{Glyphs, Theme};

/// What a person can choose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The zone of times.
    pub zone: Zone,
    /// Colours.
    pub theme: Theme,
    /// Characters.
    pub glyphs: Glyphs,
    /// Keys.
    pub keymap: Keymap,
    /// Filters that have a name.
    pub saved: SavedFilters,
    /// The filter to begin with.
    pub filter: String,
    /// Whether Enter prints the session's id and quits.
    pub is_picking: bool,
    /// Whether the three-step hint is shown.
    pub has_hint: bool,
    /// Whether files are followed from the start.
    pub is_following: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: Zone::Utc,
            theme: Theme::coloured(),
            glyphs: Glyphs::Unicode,
            keymap: Keymap::default(),
            saved: SavedFilters::default(),
            filter: String::new(),
            is_picking: false,
            has_hint: false,
            is_following: false,
        }
    }
}
