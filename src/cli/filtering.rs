//! From the filters that were typed to a query.
//!
//! In: `-f`, `--since`, `--until`, the clock. Out: a [`Query`].
//!
//! **Invariant**: what cannot be understood is said before anything is read; the day of a time that
//! was typed without one is said too.

use std::sync::{Mutex, PoisonError};

use crate::ingest::tail::last_time;
use crate::ingest::{Catalogue, LogFile};
use crate::output::escape::visible;
use crate::output::syntax::to_syntax_text;
use crate::output::time::{Zone, to_time_text};
use crate::query::Query;
use crate::query::error::SyntaxError;
use crate::query::expression::Expression;
use crate::query::saved::SavedFilters;
use crate::query::time::Times;
use crate::record::value::Timestamp;

use super::args::{Common, Filtering};
use super::config::saved_filters;
use super::progress::Progress;
use super::{Error, complain};

/// Understands all that was typed, joined by and; `None` where nothing was.
///
/// Errors: a filter, a time or the configuration file that cannot be understood.
pub(super) fn expression(filtering: &Filtering) -> Result<Option<Expression>, Error> {
    let Filtering { filter, since, until, config } = filtering;
    let names_saved = filter.iter().any(|text| text.contains('@'));
    let saved =
        if names_saved || config.is_some() { saved_filters(config.as_deref())? } else { SavedFilters::default() };
    let mut parts = Expression::parse_all(filter, &saved).map_err(|error| explained("--filter", &error))?;
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
pub(super) fn to_query(expression: Option<Expression>, catalogue: &Catalogue, common: &Common) -> Query {
    let Some(expression) = expression else { return Query::everything() };
    let last = if expression.asks_for_last_day() { last_day(catalogue, common) } else { None };
    Query::new(expression, &Times { now: now(), last })
}

/// Finds the last day in the logs, and says which it is and what it is taken from.
fn last_day(catalogue: &Catalogue, common: &Common) -> Option<Timestamp> {
    let progress = Mutex::new(Progress::begin(catalogue.files.iter().map(|file| file.size_bytes).sum()));
    let advance = |bytes| progress.lock().unwrap_or_else(PoisonError::into_inner).advance(bytes);
    let last = last_time(catalogue, &advance);
    drop(progress);
    if !common.quiet {
        complain(&match last {
            Some((time, file)) => to_last_day_text(time, &catalogue.files[file.0 as usize]),
            None => "no row tells which day is the last one: times without a day are of today (UTC)".into(),
        });
    }
    last.map(|(time, _)| time)
}

fn to_last_day_text(time: Timestamp, file: &LogFile) -> String {
    let time = to_time_text(time, Zone::Utc);
    let day = time.split(['T', ' ']).next().unwrap_or_default();
    let path = file.path.display().to_string();
    let of_file = match (file.is_stream(), file.path.as_os_str() == crate::source::STDIN) {
        (true, true) => "that of the first row of standard input".to_owned(),
        (true, false) => format!("that of the first row of {}", visible(path.as_bytes())),
        (false, _) => format!("the last one in {}", visible(path.as_bytes())),
    };
    format!("times without a day are of {day} (UTC), {of_file}")
}

pub(super) fn now() -> Timestamp {
    let now = chrono::Utc::now();
    Timestamp(now.timestamp() * 10_000_000 + i64::from(now.timestamp_subsec_nanos() / 100))
}
