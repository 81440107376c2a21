//! From the filters that were typed to a query.
//!
//! In: `-f`, `--since`, `--until`, the clock. Out: a [`Query`].
//!
//! **Invariant**: what cannot be understood is said before anything is read.

use crate::ingest::Catalogue;
use crate::ingest::tail::last_time;
use crate::output::syntax::to_syntax_text;
use crate::query::Query;
use crate::query::error::SyntaxError;
use crate::query::expression::Expression;
use crate::query::saved::SavedFilters;
use crate::query::time::Times;
use crate::record::value::Timestamp;

use super::Error;
use super::args::Filtering;
use super::config::saved_filters;

/// Understands all that was typed, joined by and; `None` where nothing was.
///
/// Errors: a filter, a time or the configuration file that cannot be understood.
pub(super) fn expression(filtering: &Filtering) -> Result<Option<Expression>, Error> {
    let Filtering { filter, since, until, config } = filtering;
    let names_saved = filter.iter().any(|text| text.contains('@'));
    let saved =
        if names_saved || config.is_some() { saved_filters(config.as_deref())? } else { SavedFilters::default() };
    let mut parts = Vec::new();
    for text in filter {
        parts.push(Expression::parse(text, &saved).map_err(|error| explained("--filter", &error))?);
    }
    if let Some(time) = since {
        parts.push(Expression::since(time).map_err(|error| explained("--since", &error))?);
    }
    if let Some(time) = until {
        parts.push(Expression::until(time).map_err(|error| explained("--until", &error))?);
    }
    let last = parts.pop();
    Ok(last.map(|last| match parts.is_empty() {
        true => last,
        false => Expression::And(parts.into_iter().chain([last]).collect()),
    }))
}

fn explained(option: &str, error: &SyntaxError) -> Error {
    Error::Explained(format!("{option}: {}", to_syntax_text(error)))
}

/// Makes it ready for what there is to read.
pub(super) fn to_query(expression: Option<Expression>, catalogue: &Catalogue) -> Query {
    let Some(expression) = expression else { return Query::everything() };
    let last = if expression.asks_for_last_day() { last_time(catalogue) } else { None };
    Query::new(expression, &Times { now: now(), last })
}

pub(super) fn now() -> Timestamp {
    let now = chrono::Utc::now();
    Timestamp(now.timestamp() * 10_000_000 + i64::from(now.timestamp_subsec_nanos() / 100))
}
