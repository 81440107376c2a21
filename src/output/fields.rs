//! The fields of the filter language and the saved filters, listed.
//!
//! In: the table of fields. Out: text, JSON, the table of the README.
//!
//! **Invariant**: says nothing that the parser does not know: both read one table.

use std::fmt::Write;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::diagnosis::RULE_NAMES;
use crate::query::error::SyntaxError;
use crate::query::expression::Expression;
use crate::query::field::{FIELDS, FieldEntry, Kind};
use crate::query::saved::{SavedFilter, SavedFilters};

use super::escape::visible;
use super::json::to_pretty;

/// How queries are put together, in few words.
pub const GRAMMAR: &str = concat!(
    "  auth:failed user:alice      side by side means and\n",
    "  a or b   not a   -a   (a)   the rest of the logic\n",
    "  field:value,value           any of the values, letter case ignored: text holds it, or is\n",
    "                              it as a whole with * and ?\n",
    "  field=value  field!=value   exactly it, exactly not\n",
    "  field<value  field>=value   numbers, lengths of time, ordered words\n",
    "  field~/regex/i              a regular expression\n",
    "  LogonDenied  \"5.7.3 x\"      some row holds it, letter case ignored\n",
    "  /5[0-9]{2} 5\\.7/i           some row matches it, from its time on, quotes as they\n",
    "                              stand in the log: /,<,QUIT,$/\n",
    "  @name                       a saved filter",
);

/// Returns all fields with their values and an example, and the saved filters.
pub fn to_fields_text(saved: &SavedFilters) -> String {
    let mut text = format!("A filter chooses whole sessions.\n\n{GRAMMAR}\n\nFields:\n");
    for entry in &FIELDS {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {:<10} {}", entry.name, entry.help);
        let _ = writeln!(text, "  {:<10} {}  e.g. {}", "", values_of(entry), entry.example);
    }
    text.push_str("\nSaved filters:\n");
    let width = saved.names().map(UnicodeWidthStr::width).max().unwrap_or(0) + 2;
    let faults = Expression::faults(saved);
    for filter in saved.iter() {
        let _ = writeln!(text, "  {:<width$} {}", format!("@{}", filter.name), visible(filter.text.as_bytes()));
        if let Some(problem) = problem_of(&faults, filter) {
            let _ = writeln!(text, "  {:<width$} cannot be understood: {}", "", visible(problem.as_bytes()));
        }
        if let Some(origin) = &filter.origin {
            let _ = writeln!(text, "  {:<width$} from {}", "", visible(origin.as_bytes()));
        }
    }
    text.push_str("\nRules:\n");
    for rule in RULE_NAMES {
        let _ = writeln!(text, "  {rule}");
    }
    text
}

fn problem_of<'a>(faults: &'a [(&str, SyntaxError)], filter: &SavedFilter) -> Option<&'a str> {
    faults.iter().find(|(name, _)| *name == filter.name).map(|(_, error)| error.problem.as_str())
}

fn values_of(entry: &FieldEntry) -> String {
    format!("{}  ({})", entry.kind.values(), entry.kind.operators())
}

/// Returns the fields for `--help`: a line each.
pub fn to_help_text() -> String {
    let mut text = format!("{GRAMMAR}\n\nFields, each with an example (`heloscope fields` has their values):\n");
    for entry in &FIELDS {
        let _ = writeln!(text, "  {:<27} {}", entry.example, entry.help);
        if let Kind::Word(_) | Kind::Scale(..) = entry.kind {
            let _ = writeln!(text, "  {:<27} ({})", "", entry.kind.values());
        }
    }
    text
}

/// Returns the rows of the README's table: field, what it is, an example.
pub fn to_readme_rows() -> String {
    let row = |entry: &FieldEntry| format!("| `{}` | {} | `{}` |\n", entry.name, entry.help, entry.example);
    FIELDS.iter().map(row).collect()
}

#[derive(Serialize)]
struct FieldsRecord<'a> {
    schema: u8,
    fields: Vec<FieldRecord>,
    filters: Vec<FilterRecord<'a>>,
    rules: &'a [&'a str],
}

#[derive(Serialize)]
struct FieldRecord {
    name: &'static str,
    help: &'static str,
    values: String,
    operators: Vec<&'static str>,
    example: &'static str,
}

#[derive(Serialize)]
struct FilterRecord<'a> {
    name: &'a str,
    query: &'a str,
    origin: Option<&'a str>,
    /// Why it cannot be understood.
    problem: Option<&'a str>,
}

/// Returns the same as JSON.
///
/// Errors: none that the table can cause.
pub fn to_fields_json(saved: &SavedFilters) -> serde_json::Result<String> {
    let field = |entry: &FieldEntry| FieldRecord {
        name: entry.name,
        help: entry.help,
        values: entry.kind.values(),
        operators: entry.kind.operators().split(' ').collect(),
        example: entry.example,
    };
    let faults = Expression::faults(saved);
    let filters = saved.iter().map(|filter| FilterRecord {
        name: &filter.name,
        query: &filter.text,
        origin: filter.origin.as_deref(),
        problem: problem_of(&faults, filter),
    });
    let record = FieldsRecord {
        schema: 1,
        fields: FIELDS.iter().map(field).collect(),
        filters: filters.collect(),
        rules: &RULE_NAMES,
    };
    to_pretty(&record)
}
