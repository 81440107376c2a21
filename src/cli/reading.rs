//! What the commands that read have in common: from paths to answer and exit code.
//!
//! In: [`Common`] options, and what to make of each session. Out: the answer, the complaints, an
//! [`Exit`].
//!
//! **Invariant**: a file that cannot be read is named, the others are read all the same.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::ingest::{Account, Batch, Catalogue, Options, ReadError, Study, ingest};
use crate::output::escape::visible;
use crate::output::paint::Paint;
use crate::output::skipped::to_skipped_text;
use crate::output::time::{Zone, to_time_text};
use crate::query::Query;
use crate::query::expression::Expression;
use crate::query::selecting::{Noting, Selecting};

use super::args::{Color, Common};
use super::destination::Destination;
use super::filtering::to_query;
use super::progress::Progress;
use super::{Error, Exit, complain};

/// Whether the answer goes to a terminal.
pub(super) fn is_for_terminal(common: &Common) -> bool {
    common.output.is_none() && io::stdout().is_terminal()
}

/// Whether colour is wanted.
pub(super) fn paint(common: &Common) -> Paint {
    let is_wanted = match common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_for_terminal(common) && !refuses_colour() && !is_dumb() && understands_colour(),
    };
    if is_wanted { Paint::Coloured } else { Paint::Plain }
}

/// Whether `NO_COLOR` asks for none.
pub(super) fn refuses_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Whether the terminal says of itself that it shows text and nothing else.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// An old Windows console shows escape sequences as they are, unless it is told to obey them.
fn understands_colour() -> bool {
    #[cfg(windows)]
    return anstyle_query::windows::enable_ansi_colors().unwrap_or(true);
    #[cfg(not(windows))]
    true
}

/// What there is to read, and which of its sessions are meant.
pub(super) struct Sources {
    pub(super) catalogue: Catalogue,
    pub(super) query: Query,
}

/// What was named to be read, or standard input.
///
/// Errors: no path, and nobody but a person at standard input.
pub(super) fn paths(common: &Common) -> Result<Cow<'_, [PathBuf]>, Error> {
    match &common.paths[..] {
        [] if io::stdin().is_terminal() => Err(Error::NothingToRead),
        [] => Ok(vec![PathBuf::from(crate::source::STDIN)].into()),
        paths => Ok(paths.into()),
    }
}

/// How to read.
pub(super) fn options(common: &Common) -> Options {
    Options { n_threads: usize::from(common.threads), ..Options::default() }
}

/// Finds what there is to read.
///
/// Errors: no path, and nobody but a person at standard input.
pub(super) fn sources(common: &Common, expression: Option<Expression>) -> Result<Sources, Error> {
    let mut catalogue = Catalogue::build(&paths(common)?, common.output.as_deref());
    let query = to_query(expression, &catalogue, common);
    catalogue.narrow(query.window());
    Ok(Sources { catalogue, query })
}

/// What came of reading.
pub(super) struct Reading {
    /// Every line that was read.
    pub(super) account: Account,
    /// How many sessions are meant.
    n_sessions: u64,
    /// For each of the query's questions whether it was ever true; empty where it was not noted.
    is_true: Vec<bool>,
}

/// Reads everything, and hands what `study` makes of the sessions that are meant to `take`, in
/// order, with their number.
pub(super) fn read<S: Study>(
    sources: &Sources,
    common: &Common,
    study: &S,
    take: &mut (dyn FnMut(Batch<S::Yield>, u64) -> ControlFlow<()> + Send),
) -> Reading {
    let Sources { catalogue, query } = sources;
    let noting = if io::stderr().is_terminal() && !common.quiet { Noting::Questions } else { Noting::Nothing };
    let mut progress = Progress::begin(catalogue.files.iter().map(|file| file.size_bytes).sum());
    let (mut n_sessions, mut is_true) = (0, vec![false; query.questions().count()]);
    let account = ingest(catalogue, &options(common), &Selecting { query, study, noting }, &mut |batch| {
        progress.advance(batch.bytes);
        let Batch { value: selected, open_from, bytes, place } = batch;
        n_sessions += selected.n_sessions;
        is_true.iter_mut().zip(selected.is_true).for_each(|(all, of_batch)| *all |= of_batch);
        take(Batch { value: selected.value, open_from, bytes, place }, selected.n_sessions)
    });
    if noting == Noting::Nothing {
        is_true.clear();
    }
    Reading { account, n_sessions, is_true }
}

/// Opens where the answer goes.
///
/// Errors: what the system says.
pub(super) fn open(common: &Common) -> Result<Destination, Error> {
    Destination::open(common.output.as_deref()).map_err(|error| Error::write(common.output.as_deref(), error))
}

/// Writes an answer that is made as a whole.
///
/// Errors: what the system says.
pub(super) fn write_whole(common: &Common, answer: &[u8]) -> Result<(), Error> {
    let mut out = open(common)?;
    let written = out.write_all(answer).and_then(|()| out.finish());
    written.map_err(|error| Error::write(common.output.as_deref(), error))
}

/// Says what could not be read.
pub(super) fn complain_of<'a>(errors: impl IntoIterator<Item = &'a ReadError>) {
    for error in errors {
        complain(&format!("cannot read {}", visible(error.to_string().as_bytes())));
    }
}

/// Says what could not be read and what was skipped, and returns the exit code.
pub(super) fn close(common: &Common, sources: &Sources, reading: &Reading) -> Exit {
    let Sources { catalogue, query } = sources;
    let Reading { account, n_sessions, is_true } = reading;
    complain_of(catalogue.errors.iter().chain(&account.errors));
    if !common.quiet
        && let Some(skipped) = to_skipped_text(catalogue, account)
    {
        complain(&skipped);
    }
    let n_errors = catalogue.errors.len() + account.errors.len();
    let window = query.window();
    if *n_sessions == 0
        && !is_true.is_empty()
        && let Some((since, until)) = window.since.zip(window.until).filter(|_| window.is_empty())
    {
        let [since, until] = [since, until].map(|time| to_time_text(time, Zone::Utc));
        complain(&format!("no session can begin at {since} or later, and before {until}"));
        return if n_errors == 0 { Exit::Nothing } else { Exit::Error };
    }
    let never = query.questions().zip(is_true).find(|(_, is_true)| !**is_true);
    if *n_sessions == 0
        && account.sessions > 0
        && let Some((question, _)) = never
    {
        complain(&format!("`{}` is true of no session in what was read", visible(question.as_bytes())));
    }
    match (n_errors, n_sessions) {
        (0, 0) => Exit::Nothing,
        (0, _) => Exit::Found,
        _ => Exit::Error,
    }
}
