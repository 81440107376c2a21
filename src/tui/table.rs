//! Rows of figures, each of which is a filter.
//!
//! In: nothing; [`browse`](super::browse) fills them. Out: [`Table`]s.
//!
//! **Invariant**: cells are escaped; a row's filter means the sessions that its figures count.

use super::theme::Part;

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// Sessions.
    #[default]
    Sessions,
    /// Findings by rule.
    Findings,
    /// Clients by address or network.
    Clients,
    /// Users.
    Users,
    /// Protocols, ciphers, certificates.
    Tls,
    /// What only many sessions show.
    Patterns,
}

impl View {
    /// All views, in the order of their keys.
    pub const ALL: [Self; 6] = [Self::Sessions, Self::Findings, Self::Clients, Self::Users, Self::Tls, Self::Patterns];

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions",
            Self::Findings => "Findings",
            Self::Clients => "Clients",
            Self::Users => "Users",
            Self::Tls => "TLS",
            Self::Patterns => "Patterns",
        }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The cells it needs at least.
    pub width: u16,
    /// Whether it gets what is left over.
    pub is_wide: bool,
    /// Whether its values stand on the right.
    pub is_number: bool,
}

impl Column {
    /// Text of so many cells.
    pub const fn text(name: &'static str, width: u16) -> Self {
        Self { name, width, is_wide: false, is_number: false }
    }

    /// Text that gets what is left over.
    pub const fn wide(name: &'static str, width: u16) -> Self {
        Self { name, width, is_wide: true, is_number: false }
    }

    /// A number.
    pub const fn number(name: &'static str, width: u16) -> Self {
        Self { name, width, is_wide: false, is_number: true }
    }
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it goes by when figures change.
    pub key: String,
    /// Its values, escaped.
    pub cells: Vec<String>,
    /// The filter that means its sessions; `None` for a heading.
    pub filter: Option<String>,
    /// What it is.
    pub part: Option<Part>,
}

/// Rows of figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// What is said where there is no row.
    pub empty: &'static str,
}
