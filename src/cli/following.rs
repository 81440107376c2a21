//! `--follow`: sessions as they close, while the logs are written.
//!
//! In: how to render a session, how often to look. Out: the sessions, an [`Exit`].
//!
//! **Invariant**: what was read is printed before the next wait; Ctrl-C prints what is known. Where the
//! system tells that the reader has gone, it ends at the next look.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::ingest::Batch;
use crate::ingest::live::{Live, Round};
use crate::output::escape::visible;
use crate::output::skipped::to_skipped_text;
use crate::query::Query;
use crate::query::selecting::{Noting, Selected, Selecting};

use super::args::Common;
use super::filtering::{expression, to_query};
use super::listing::{Page, Printing, Render, Rendering};
use super::progress::Progress;
use super::reading::{complain_of, options, paths};
use super::{Error, Exit, complain, interrupt};

/// How many of the notices of one round are told.
const N_NOTICES: usize = 5;

/// Prints the sessions that there are, then those that close, at most `limit`.
///
/// Errors: a filter that cannot be understood, nothing to read, or the answer cannot be written.
pub(super) fn follow<R: Render>(
    common: &Common,
    limit: Option<u64>,
    interval: Duration,
    render: &R,
) -> Result<Exit, Error> {
    if common.output.as_ref().is_some_and(|path| path.as_os_str() != "-") {
        return Err(Error::FollowIntoFile);
    }
    let expression = expression(&common.filtering)?;
    let live = Live::begin(paths(common)?.into_owned(), None, options(common));
    let query = to_query(expression, live.catalogue(), common);
    let printing = Printing::begin(common, limit)?;
    complain_of(&live.catalogue().errors);
    let n_errors = live.catalogue().errors.len();
    interrupt::be_patient();
    let mut feed = Feed { common, live, query, render, printing, n_sessions: 0, n_errors };
    let mut round = feed.first_round()?;
    while round.flow.is_continue() && feed.live.can_grow() && !interrupt::wait(interval) {
        // It may be long until a session is written, and so until the write fails.
        if feed.printing.is_abandoned() {
            return Err(Error::ReaderGone);
        }
        round = feed.round(None)?;
    }
    if !feed.printing.is_full() {
        feed.last_round()?;
    }
    Ok(feed.to_exit())
}

/// What is followed, and where it goes.
struct Feed<'a, R> {
    common: &'a Common,
    live: Live,
    query: Query,
    render: &'a R,
    printing: Printing,
    n_sessions: u64,
    n_errors: usize,
}

impl<R: Render> Feed<'_, R> {
    fn first_round(&mut self) -> Result<Round, Error> {
        let n_bytes = self.live.catalogue().files.iter().map(|file| file.size_bytes).sum();
        let round = self.round(Some(Progress::begin(n_bytes)))?;
        if !self.common.quiet
            && let Some(skipped) = to_skipped_text(self.live.catalogue(), &round.account)
        {
            complain(&skipped);
        }
        Ok(round)
    }

    /// Reads what has come, prints what was closed by it, and says what befell the files.
    fn round(&mut self, mut progress: Option<Progress>) -> Result<Round, Error> {
        let Self { live, query, render, printing, n_sessions, .. } = self;
        let selecting = Selecting { query, study: &Rendering(*render), noting: Noting::Nothing };
        let round = live.round(&selecting, &mut |batch| {
            if let Some(progress) = &mut progress {
                progress.advance(batch.bytes);
            }
            let flow = print(printing, n_sessions, batch);
            if interrupt::is_asked() { ControlFlow::Break(()) } else { flow }
        });
        drop(progress);
        self.tell(&round)?;
        Ok(round)
    }

    /// Prints what is known of the sessions that are open.
    fn last_round(&mut self) -> Result<(), Error> {
        let Self { live, query, render, printing, n_sessions, .. } = self;
        let selecting = Selecting { query, study: &Rendering(*render), noting: Noting::Nothing };
        let round = live.finish(&selecting, &mut |batch| print(printing, n_sessions, batch));
        self.tell(&round)
    }

    fn tell(&mut self, round: &Round) -> Result<(), Error> {
        self.printing.flush().map_err(|error| Error::write(None, error))?;
        complain_of(&round.account.errors);
        let is_loss = round.notices.iter().filter(|notice| notice.event.is_loss());
        self.n_errors += round.account.errors.len() + is_loss.count();
        let mut notices = round.notices.iter().filter(|notice| notice.event.is_loss() || !self.common.quiet);
        for notice in notices.by_ref().take(N_NOTICES) {
            complain(&visible(notice.to_string().as_bytes()));
        }
        match notices.count() {
            0 => {}
            n_more => complain(&format!("the like befell {n_more} files more")),
        }
        Ok(())
    }

    fn to_exit(&self) -> Exit {
        match (self.n_errors, self.n_sessions) {
            _ if interrupt::is_asked() => Exit::Interrupted,
            (0, 0) => Exit::Nothing,
            (0, _) => Exit::Found,
            _ => Exit::Error,
        }
    }
}

fn print(printing: &mut Printing, n_sessions: &mut u64, batch: Batch<Selected<Page>>) -> ControlFlow<()> {
    let Batch { value: Selected { value, n_sessions: n_more, .. }, open_from, bytes, place } = batch;
    *n_sessions += n_more;
    printing.take(Batch { value, open_from, bytes, place })
}
