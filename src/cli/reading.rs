//! What the commands that read have in common: from paths to answer and exit code.
//!
//! In: [`Common`] options, and what to make of each session. Out: the answer, the complaints, an
//! [`Exit`].
//!
//! **Invariant**: a file that cannot be read is named, the others are read all the same.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;

use crate::ingest::order::{InOrder, Rendered};
use crate::ingest::{Account, Batch, Case, Catalogue, Mapping, Options, Study, ingest};
use crate::output::escape::visible;
use crate::output::paint::Paint;
use crate::output::skipped::to_skipped_text;

use super::args::{Color, Common};
use super::destination::Destination;
use super::progress::Progress;
use super::{Error, Exit, complain};

/// How much of the answer waits for a session that does not end, before the order gives way, in
/// bytes.
const ORDER_BOUND_BYTES: usize = 128 << 20;

/// Whether the answer goes to a terminal.
pub(super) fn is_for_terminal(common: &Common) -> bool {
    common.output.is_none() && io::stdout().is_terminal()
}

/// Whether colour is wanted.
pub(super) fn paint(common: &Common) -> Paint {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_wanted = match common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_for_terminal(common) && !is_set("NO_COLOR") && !is_dumb && understands_colour(),
    };
    if is_wanted { Paint::Coloured } else { Paint::Plain }
}

/// An old Windows console shows escape sequences as they are, unless it is told to obey them.
fn understands_colour() -> bool {
    #[cfg(windows)]
    return anstyle_query::windows::enable_ansi_colors().unwrap_or(true);
    #[cfg(not(windows))]
    true
}

/// Finds what there is to read.
///
/// Errors: no path, and nobody but a person at standard input.
pub(super) fn catalogue(common: &Common) -> Result<Catalogue, Error> {
    let stdin = [std::path::PathBuf::from(crate::source::STDIN)];
    let paths = if common.paths.is_empty() { &stdin[..] } else { &common.paths };
    if common.paths.is_empty() && io::stdin().is_terminal() {
        return Err(Error::NothingToRead);
    }
    Ok(Catalogue::build(paths, common.output.as_deref()))
}

/// Reads everything, and hands what `study` makes of it to `take`, in order.
pub(super) fn read<S: Study>(
    catalogue: &Catalogue,
    common: &Common,
    study: &S,
    take: &mut (dyn FnMut(Batch<S::Yield>) -> ControlFlow<()> + Send),
) -> Account {
    let options = Options {
        n_threads: common.threads,
        mapping: if common.mmap { Mapping::Mapped } else { Mapping::Read },
        ..Options::default()
    };
    let mut progress = Progress::begin(catalogue.files.iter().map(|file| file.size_bytes).sum());
    ingest(catalogue, &options, study, &mut |batch| {
        progress.advance(batch.bytes);
        take(batch)
    })
}

/// Renders one session.
pub(super) trait Render: Sync {
    /// Appends the session.
    fn render(&self, case: &Case<'_>, out: &mut Vec<u8>);

    /// Appends what comes before the first session.
    fn head(&self, case: &Case<'_>, out: &mut Vec<u8>);
}

struct Rendering<'a, R>(&'a R);

/// What a batch renders: its sessions, and what would stand before each if it were the first.
#[derive(Default)]
pub(super) struct Page {
    rendered: Rendered,
    head: Vec<u8>,
}

impl<R: Render> Study for Rendering<'_, R> {
    type Yield = Page;

    fn begin(&self) -> Page {
        Page::default()
    }

    fn take(&self, case: &Case<'_>, page: &mut Page) {
        if page.rendered.entries.is_empty() {
            self.0.head(case, &mut page.head);
        }
        self.0.render(case, &mut page.rendered.bytes);
        page.rendered.entries.push((case.session.position, page.rendered.bytes.len()));
    }
}

/// Lists every session in the order of first rows, each as `render` writes it.
///
/// Errors: where the answer cannot be written.
pub(super) fn list<R: Render>(common: &Common, render: &R) -> Result<Exit, Error> {
    let catalogue = catalogue(common)?;
    let mut out = open(common)?;
    let mut order = InOrder::new(ORDER_BOUND_BYTES);
    let mut has_head = false;
    let mut written = Ok(());
    let account = read(&catalogue, common, &Rendering(render), &mut |batch| {
        let Page { rendered, head } = batch.value;
        if !has_head && !head.is_empty() {
            has_head = true;
            written = out.write_all(&head);
        }
        if written.is_ok() {
            written = order.push(rendered, batch.open_from, &mut |bytes| out.write_all(bytes));
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let written = written.and_then(|()| order.finish(&mut |bytes| out.write_all(bytes))).and_then(|()| out.finish());
    written.map_err(|error| Error::write(common.output.as_deref(), error))?;
    Ok(close(common, &catalogue, &account))
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

/// Says what could not be read and what was skipped, and returns the exit code.
pub(super) fn close(common: &Common, catalogue: &Catalogue, account: &Account) -> Exit {
    for error in catalogue.errors.iter().chain(&account.errors) {
        complain(&format!("cannot read {}", visible(error.to_string().as_bytes())));
    }
    if !common.quiet
        && let Some(skipped) = to_skipped_text(catalogue, account)
    {
        complain(&skipped);
    }
    match (catalogue.errors.len() + account.errors.len(), account.sessions) {
        (0, 0) => Exit::Nothing,
        (0, _) => Exit::Found,
        _ => Exit::Error,
    }
}
