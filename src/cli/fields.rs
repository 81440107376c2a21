//! `heloscope fields`: what filters can ask for.
//!
//! In: the configuration file. Out: fields, their values, saved filters.
//!
//! **Invariant**: reads no log. A saved filter that cannot be understood keeps nothing else from being
//! listed.

use std::collections::BTreeSet;
use std::path::Path;

use crate::output::fields::{to_fields_json, to_fields_text};
use crate::output::syntax::to_syntax_text;
use crate::query::expression::Expression;

use super::args::Format;
use super::config::saved_filters;
use super::{Error, Exit, complain, print};

/// Lists the fields, and names the saved filters that cannot be understood.
///
/// Errors: a configuration file that cannot be understood, or the answer cannot be written.
pub(super) fn run(format: Format, config: Option<&Path>) -> Result<Exit, Error> {
    let saved = saved_filters(config)?;
    let text = match format {
        Format::Text => to_fields_text(&saved),
        Format::Json => to_fields_json(&saved).expect("strings and lists, written into memory"),
    };
    let exit = print(text.as_bytes())?;
    let faults = Expression::faults(&saved).into_iter().map(|(_, error)| to_syntax_text(&error));
    // Those that name a broken one are broken by the same fault, which is said once.
    let mut told = BTreeSet::new();
    for fault in faults.filter(|fault| told.insert(fault.clone())).collect::<Vec<_>>() {
        complain(&fault);
    }
    Ok(if told.is_empty() { exit } else { Exit::Error })
}
