//! What the commands that list have in common: sessions in order, their number, or their files.
//!
//! In: how to render a session. Out: the answer, an [`Exit`].
//!
//! **Invariant**: the same sessions in the same order for any number of threads; a limit keeps the
//! first of them.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::ControlFlow;

use crate::ingest::order::{InOrder, Rendered};
use crate::ingest::{Batch, Case, Study};
use crate::output::escape::visible;
use crate::session::FileId;

use super::args::{Common, Following, Listing};
use super::destination::Destination;
use super::filtering::expression;
use super::following::follow;
use super::reading::{Sources, close, is_for_terminal, open, read, sources, write_whole};
use super::{Error, Exit};

/// How much of the answer waits for a session that does not end, before the order gives way, in
/// bytes.
const ORDER_BOUND_BYTES: usize = 64 << 20;

/// The room that a batch's sessions are given at first, in bytes: more than nearly all of them take in
/// the longest format, so that they are not moved to a larger one again and again. What they do not take
/// is never touched, and given back before they wait.
const PAGE_BYTES: usize = 1 << 20;

/// Renders one session.
pub(super) trait Render: Sync {
    /// Appends the session.
    fn render(&self, case: &Case<'_>, out: &mut Vec<u8>);

    /// Appends what comes before the first session.
    fn head(&self, case: &Case<'_>, out: &mut Vec<u8>);
}

/// The study that renders.
pub(super) struct Rendering<'a, R>(pub(super) &'a R);

/// What a batch renders: its sessions, and what would stand before each if it were the first.
pub(super) struct Page {
    rendered: Rendered,
    head: Vec<u8>,
}

impl<R: Render> Study for Rendering<'_, R> {
    type Yield = Page;

    fn begin(&self) -> Page {
        let bytes = Vec::with_capacity(PAGE_BYTES);
        Page { rendered: Rendered { bytes, entries: Vec::new() }, head: Vec::new() }
    }

    fn take(&self, case: &Case<'_>, page: &mut Page) {
        if page.rendered.entries.is_empty() {
            self.0.head(case, &mut page.head);
        }
        self.0.render(case, &mut page.rendered.bytes);
        page.rendered.entries.push((case.session.position, page.rendered.bytes.len()));
    }
}

/// Pages on their way out: in order, at most so many sessions, what comes first before them.
pub(super) struct Printing {
    out: Destination,
    order: InOrder,
    has_head: bool,
    written: io::Result<()>,
}

impl Printing {
    /// Begins to write at most `limit` sessions.
    ///
    /// Errors: what the system says.
    pub(super) fn begin(common: &Common, limit: Option<u64>) -> Result<Self, Error> {
        let order = InOrder::new(ORDER_BOUND_BYTES).with_limit(limit.unwrap_or(u64::MAX));
        Ok(Self { out: open(common)?, order, has_head: false, written: Ok(()) })
    }

    /// Takes a page, and says whether another one is wanted.
    pub(super) fn take(&mut self, batch: Batch<Page>) -> ControlFlow<()> {
        let Self { out, order, has_head, written } = self;
        let Page { rendered, head } = batch.value;
        if !*has_head && !head.is_empty() {
            *has_head = true;
            *written = out.write_all(&head);
        }
        if written.is_ok() {
            *written = order.push(rendered, batch.open_from, &mut |bytes| out.write_all(bytes));
        }
        if written.is_ok() && !order.is_full() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Whether no more sessions are wanted.
    pub(super) fn is_full(&self) -> bool {
        self.order.is_full()
    }

    /// Whether nobody reads any more what is printed.
    pub(super) fn is_abandoned(&self) -> bool {
        self.out.is_abandoned()
    }

    /// Writes all that waits, so that whoever reads the answer has it.
    ///
    /// Errors: what the system says, now or since the last call.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        std::mem::replace(&mut self.written, Ok(()))?;
        let Self { out, order, .. } = self;
        order.finish(&mut |bytes| out.write_all(bytes))?;
        out.flush()
    }

    /// Writes all that waits, and puts the answer in its place.
    ///
    /// Errors: what the system says.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.out.finish()
    }
}

/// Lists the sessions as `render` writes them, or what else was asked for.
///
/// Errors: a filter that cannot be understood, nothing to read, or the answer cannot be written.
pub(super) fn list<R: Render>(
    common: &Common,
    listing: Listing,
    following: Following,
    render: &R,
) -> Result<Exit, Error> {
    if following.follow {
        return follow(common, listing.limit, following.poll_interval, render);
    }
    let sources = sources(common, expression(&common.filtering)?)?;
    match listing {
        Listing { count: true, limit, .. } => count(common, &sources, limit.unwrap_or(u64::MAX)),
        Listing { files_with_matches: true, .. } => list_files(common, &sources),
        Listing { limit, .. } => list_sessions(common, &sources, limit, render),
    }
}

/// Lists the sessions in the order of first rows, at most `limit` of them.
fn list_sessions<R: Render>(common: &Common, sources: &Sources, limit: Option<u64>, render: &R) -> Result<Exit, Error> {
    let mut printing = Printing::begin(common, limit)?;
    let reading = read(sources, common, &Rendering(render), &mut |batch, _| printing.take(batch));
    printing.finish().map_err(|error| Error::write(common.output.as_deref(), error))?;
    Ok(close(common, sources, &reading))
}

/// Makes nothing of any session: they are only counted.
struct Counting;

impl Study for Counting {
    type Yield = ();

    fn begin(&self) {}

    fn take(&self, _case: &Case<'_>, _batch: &mut ()) {}
}

fn count(common: &Common, sources: &Sources, limit: u64) -> Result<Exit, Error> {
    let mut n_found = 0;
    let reading = read(sources, common, &Counting, &mut |_, n_sessions| {
        n_found += n_sessions;
        if n_found >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    write_whole(common, format!("{}\n", n_found.min(limit)).as_bytes())?;
    Ok(close(common, sources, &reading))
}

/// Gathers the files that sessions have rows in.
struct Filing;

impl Study for Filing {
    type Yield = BTreeSet<FileId>;

    fn begin(&self) -> Self::Yield {
        BTreeSet::new()
    }

    fn take(&self, case: &Case<'_>, files: &mut Self::Yield) {
        files.extend(case.session.rows.iter().map(|row| row.file));
    }
}

/// Lists the files that the sessions have rows in, in the order of reading.
fn list_files(common: &Common, sources: &Sources) -> Result<Exit, Error> {
    let mut files = BTreeSet::new();
    let reading = read(sources, common, &Filing, &mut |batch, _| {
        files.extend(batch.value);
        ControlFlow::Continue(())
    });
    let mut answer = Vec::new();
    for file in files {
        let path = sources.catalogue.files[file.0 as usize].path.as_os_str().as_encoded_bytes();
        match is_for_terminal(common) {
            true => answer.extend_from_slice(visible(path).as_bytes()),
            false => answer.extend_from_slice(path),
        }
        answer.push(b'\n');
    }
    write_whole(common, &answer)?;
    Ok(close(common, sources, &reading))
}
