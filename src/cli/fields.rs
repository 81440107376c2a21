//! `heloscope fields`: what filters can ask for.
//!
//! In: the configuration file. Out: fields, their values, saved filters.
//!
//! **Invariant**: reads no log.

use std::path::Path;

use crate::output::fields::{to_fields_json, to_fields_text};

use super::args::Format;
use super::config::saved_filters;
use super::{Error, Exit, print};

/// Lists the fields.
///
/// Errors: a configuration file that cannot be understood, or the answer cannot be written.
pub(super) fn run(format: Format, config: Option<&Path>) -> Result<Exit, Error> {
    let saved = saved_filters(config)?;
    let text = match format {
        Format::Text => to_fields_text(&saved),
        Format::Json => to_fields_json(&saved).expect("strings and lists, written into memory"),
    };
    print(text.as_bytes())
}
