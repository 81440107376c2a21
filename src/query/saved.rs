//! Filters that have a name.
//!
//! In: names and texts, built in or from a configuration file. Out: [`SavedFilters`].
//!
//! **Invariant**: a name stands for one text; a filter of the file takes the place of a built-in one.

/// A filter that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFilter {
    /// Its name, without the `@`.
    pub name: String,
    /// The query.
    pub text: String,
    /// Where it was written; `None` for those that are built in.
    pub origin: Option<String>,
}

/// The filters that are built in.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("failed", "verdict:failed or starttls:failed,refused or auth:failed,rejected"),
    ("tls", "starttls:failed,refused or tls<1.2 or rule:starttls-*,tls-*,certificate-*"),
    ("auth", "failures>0 or auth:abandoned or rule:auth-*"),
    ("relay", "(mails>0 auth:not-attempted) or code:5.7.54 or rule:relay-denied"),
    ("probes", "verdict:probe"),
];

/// All filters that have a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFilters(Vec<SavedFilter>);

impl Default for SavedFilters {
    /// Those that are built in.
    fn default() -> Self {
        let filter = |&(name, text): &(&str, &str)| SavedFilter { name: name.into(), text: text.into(), origin: None };
        Self(BUILT_IN.iter().map(filter).collect())
    }
}

impl SavedFilters {
    /// Adds a filter; one of the same name gives way.
    pub fn add(&mut self, filter: SavedFilter) {
        self.0.retain(|known| known.name != filter.name);
        self.0.push(filter);
    }

    /// Finds a filter by its name.
    pub fn get(&self, name: &str) -> Option<&SavedFilter> {
        self.0.iter().find(|filter| filter.name == name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|filter| filter.name.as_str())
    }

    /// All filters, the built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &SavedFilter> {
        self.0.iter()
    }
}

impl SavedFilter {
    /// Says where it stands: `@name`, and in which line of which file.
    pub fn place(&self) -> String {
        match &self.origin {
            Some(origin) => format!("`@{}`, {origin}", self.name),
            None => format!("`@{}`", self.name),
        }
    }
}

/// Whether a name can be written behind an `@`.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
