//! The keys and what they do: the one table behind the handler, the help screen and the README.
//!
//! In: keys. Out: an [`Action`].
//!
//! **Invariant**: within a context no key does two things; every action has a row.

use std::collections::HashMap;

use super::key::Key;

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Anywhere but in a line that is typed.
    Anywhere,
    /// In a list.
    List,
    /// In the transcript.
    Transcript,
    /// On the timeline.
    Timeline,
}

impl Context {
    /// As help calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::List => "In a list",
            Self::Transcript => "In the transcript",
            Self::Timeline => "On the timeline",
        }
    }
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each row of the table says what its action does")]
pub enum Action {
    Quit,
    Interrupt,
    Help,
    ViewSessions,
    ViewFindings,
    ViewClients,
    ViewUsers,
    ViewTls,
    ViewPatterns,
    NextPane,
    PreviousPane,
    Back,
    Filter,
    NextFailure,
    PreviousFailure,
    Timeline,
    CopyId,
    CopyTranscript,
    Write,
    Follow,
    Zone,
    Mouse,
    Redraw,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Left,
    Right,
    Open,
    Include,
    Exclude,
    Networks,
    Raw,
    Compare,
    Search,
    NextMatch,
    PreviousMatch,
    Mark,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where.
    pub context: Context,
    /// The name by which the configuration file gives it other keys.
    pub name: &'static str,
    /// The keys, unless configured otherwise.
    pub keys: &'static [&'static str],
    /// What they do.
    pub action: Action,
    /// The same, in words.
    pub help: &'static str,
}

const fn row(
    context: Context,
    name: &'static str,
    keys: &'static [&'static str],
    action: Action,
    help: &'static str,
) -> Binding {
    Binding { context, name, keys, action, help }
}

/// All bindings, in the order of the help screen.
pub const BINDINGS: [Binding; 41] = [
    row(Context::Anywhere, "sessions", &["1"], Action::ViewSessions, "sessions"),
    row(Context::Anywhere, "findings", &["2"], Action::ViewFindings, "findings, by rule"),
    row(Context::Anywhere, "clients", &["3"], Action::ViewClients, "clients, by address"),
    row(Context::Anywhere, "users", &["4"], Action::ViewUsers, "users"),
    row(
        Context::Anywhere,
        "tls",
        &["5"],
        Action::ViewTls,
        "TLS: protocols, ciphers, certificates and who presents them",
    ),
    row(Context::Anywhere, "patterns", &["6"], Action::ViewPatterns, "patterns: guessing, changes, probes"),
    row(Context::Anywhere, "filter", &["/"], Action::Filter, "filter the sessions (in the transcript: search)"),
    row(Context::Anywhere, "next-failure", &["n"], Action::NextFailure, "next session that failed"),
    row(Context::Anywhere, "previous-failure", &["N"], Action::PreviousFailure, "previous session that failed"),
    row(Context::Anywhere, "timeline", &["t"], Action::Timeline, "go to the timeline, to mark a span"),
    row(Context::Anywhere, "next-pane", &["tab"], Action::NextPane, "next pane"),
    row(Context::Anywhere, "previous-pane", &["shift+tab"], Action::PreviousPane, "previous pane"),
    row(Context::Anywhere, "back", &["esc"], Action::Back, "back; in the list: the filter before"),
    row(Context::Anywhere, "copy-id", &["y"], Action::CopyId, "copy the session's id"),
    row(Context::Anywhere, "copy-transcript", &["Y"], Action::CopyTranscript, "copy the transcript"),
    row(Context::Anywhere, "write", &["w"], Action::Write, "write the filtered sessions to a file"),
    row(Context::Anywhere, "follow", &["F"], Action::Follow, "follow files that grow, and new ones"),
    row(Context::Anywhere, "zone", &["z"], Action::Zone, "times as --tz says, in UTC, or by the servers' clocks"),
    row(Context::Anywhere, "mouse", &["m"], Action::Mouse, "mouse on or off"),
    row(Context::Anywhere, "redraw", &["ctrl+l"], Action::Redraw, "draw the screen anew"),
    row(Context::Anywhere, "help", &["?", "f1"], Action::Help, "this help"),
    row(Context::Anywhere, "quit", &["q"], Action::Quit, "quit"),
    row(Context::Anywhere, "interrupt", &["ctrl+c"], Action::Interrupt, "quit at once, whatever is going on"),
    row(Context::Anywhere, "up", &["up", "k"], Action::Up, "up"),
    row(Context::Anywhere, "down", &["down", "j"], Action::Down, "down"),
    row(Context::Anywhere, "page-up", &["pgup", "ctrl+b", "ctrl+u"], Action::PageUp, "page up"),
    row(Context::Anywhere, "page-down", &["pgdn", "ctrl+f", "ctrl+d"], Action::PageDown, "page down"),
    row(Context::Anywhere, "first", &["g", "home"], Action::First, "first"),
    row(Context::Anywhere, "last", &["G", "end"], Action::Last, "last"),
    row(Context::Anywhere, "left", &["left", "h"], Action::Left, "cell to the left; in the transcript: scroll"),
    row(Context::Anywhere, "right", &["right", "l"], Action::Right, "cell to the right; in the transcript: scroll"),
    row(Context::List, "open", &["enter"], Action::Open, "open the session; elsewhere: filter by the row"),
    row(Context::List, "include", &["+", "="], Action::Include, "put the cell's value into the filter"),
    row(Context::List, "exclude", &["-"], Action::Exclude, "keep the cell's value out"),
    row(Context::List, "networks", &["s"], Action::Networks, "clients by network, or by address"),
    row(Context::Anywhere, "compare", &["b"], Action::Compare, "beside a good session of the same client"),
    row(Context::Anywhere, "raw", &["r"], Action::Raw, "rows as the log has them"),
    row(Context::Transcript, "search", &["ctrl+s"], Action::Search, "search in the transcript"),
    row(Context::Transcript, "next-match", &["n"], Action::NextMatch, "next match; without a search: next proof"),
    row(Context::Transcript, "previous-match", &["N"], Action::PreviousMatch, "previous match, or proof"),
    row(
        Context::Timeline,
        "mark",
        &["space", "enter"],
        Action::Mark,
        "begin a span, and end it: it goes into the filter",
    ),
];

/// Which key does what where.
#[derive(Clone, Debug)]
pub struct Keymap {
    actions: HashMap<(Context, Key), Action>,
    /// The keys of each binding, in the order of [`BINDINGS`].
    keys: Vec<Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let parse = |binding: &Binding| binding.keys.iter().filter_map(|text| Key::parse(text)).collect();
        Self::new(BINDINGS.iter().map(parse).collect())
    }
}

impl Keymap {
    fn new(keys: Vec<Vec<Key>>) -> Self {
        let mut actions = HashMap::new();
        for (binding, keys) in BINDINGS.iter().zip(&keys) {
            for key in keys {
                actions.insert((binding.context, *key), binding.action);
            }
        }
        Self { actions, keys }
    }

    /// What a key does; what is bound to the context goes before what is bound anywhere.
    pub fn action(&self, context: Context, key: Key) -> Option<Action> {
        let of = |context| self.actions.get(&(context, key)).copied();
        of(context).or_else(|| of(Context::Anywhere))
    }

    /// The keys of a binding, as they are written.
    pub fn keys_text(&self, index: usize) -> String {
        let keys = self.keys.get(index).map(Vec::as_slice).unwrap_or_default();
        keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
    }

    /// The first key of an action.
    pub fn key_of(&self, action: Action) -> String {
        let at = BINDINGS.iter().position(|binding| binding.action == action);
        let key = at.and_then(|at| self.keys.get(at)?.first());
        key.map(Key::to_string).unwrap_or_default()
    }

    /// Gives a binding other keys; a key that did something else there does that no more.
    ///
    /// Errors: no binding of that name, or no key of that name.
    pub fn rebind(&mut self, name: &str, keys: &[String]) -> Result<(), String> {
        let Some(at) = BINDINGS.iter().position(|binding| binding.name == name) else {
            let names = BINDINGS.iter().map(|binding| binding.name);
            let near = crate::query::error::nearest(name, names.clone());
            let near =
                near.map_or_else(|| names.collect::<Vec<_>>().join(", "), |near| format!("did you mean `{near}`?"));
            return Err(format!("`{name}` is nothing that a key can do; {near}"));
        };
        let parse =
            |text: &String| Key::parse(text).ok_or_else(|| format!("`{text}` is no key; try q, G, ctrl+d, pgdn, f5"));
        let keys = keys.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let mut all = std::mem::take(&mut self.keys);
        for (binding, others) in BINDINGS.iter().zip(&mut all) {
            if binding.context == BINDINGS[at].context {
                others.retain(|other| !keys.contains(other));
            }
        }
        all[at] = keys;
        *self = Self::new(all);
        Ok(())
    }

    /// Says which of what must be possible has no key left.
    pub fn fault(&self) -> Option<String> {
        [Action::Quit, Action::Interrupt, Action::Help]
            .into_iter()
            .find(|action| self.key_of(*action).is_empty())
            .map(|action| format!("no key is left for `{}`", name_of(action)))
    }
}

fn name_of(action: Action) -> &'static str {
    BINDINGS.iter().find(|binding| binding.action == action).map_or("", |binding| binding.name)
}

/// The table of the README: where, which keys, what they do; and the name in the configuration file.
pub fn to_readme_rows() -> String {
    let keys = |binding: &Binding| binding.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ");
    let row = |binding: &Binding| {
        let name = format!("{}: `{}`", binding.context.title(), binding.name);
        format!("| {} | {} | {name} |", keys(binding), binding.help)
    };
    BINDINGS.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        let mut seen = HashMap::new();
        for binding in BINDINGS {
            for key in binding.keys {
                assert!(Key::parse(key).is_some(), "{key}");
                assert_eq!(seen.insert((binding.context, key), binding.name), None, "{key}");
            }
        }
    }

    #[test]
    fn the_context_goes_first() {
        let keymap = Keymap::default();
        let n = Key::parse("n").unwrap();
        assert_eq!(keymap.action(Context::List, n), Some(Action::NextFailure));
        assert_eq!(keymap.action(Context::Transcript, n), Some(Action::NextMatch));
    }

    #[test]
    fn keys_can_be_given() {
        let mut keymap = Keymap::default();
        keymap.rebind("next-failure", &["f".into(), "f8".into()]).unwrap();
        assert_eq!(keymap.action(Context::List, Key::parse("f8").unwrap()), Some(Action::NextFailure));
        assert_eq!(keymap.action(Context::List, Key::parse("n").unwrap()), None);
        assert!(keymap.rebind("next-failur", &[]).unwrap_err().contains("next-failure"));
        assert!(keymap.rebind("quit", &["qq".into()]).unwrap_err().contains("qq"));
        assert_eq!(keymap.fault(), None);
        keymap.rebind("help", &["q".into()]).unwrap();
        assert_eq!(keymap.fault().unwrap(), "no key is left for `quit`");
    }
}
