//! Who reads the logs while the screen is shown, and goes on as they grow where that is asked for.
//!
//! In: paths, and orders to follow or not. Out: messages: files, then sessions batch after batch.
//!
//! What is not followed is read once, to its last byte. Who is asked to follow later reads everything
//! anew: in rounds, so that rows that are still being written wait for their rest.
//!
//! **Invariant**: stops as soon as nobody listens any more; holds no file open between rounds.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use crate::ingest::live::Live;
use crate::ingest::{Account, Batch, Catalogue, Options, ingest};
use crate::output::skipped::to_skipped_text;
use crate::pattern::{Patterns, Watch, Watching};
use crate::roster::Enrolling;
use crate::roster::sheet::SheetMaker;

use super::message::Message;

/// How often it is looked whether files have grown.
const INTERVAL: Duration = Duration::from_secs(1);

/// Nobody listens any more.
pub(super) struct Gone;

/// Hands a message on.
pub(super) type Send<'a> = dyn Fn(Message) -> Result<(), Gone> + Sync + 'a;

/// Reads all that the paths name, and follows when it is told to.
pub(super) fn read(
    paths: Vec<PathBuf>,
    options: Options,
    is_following: bool,
    orders: &Receiver<bool>,
    messages: &SyncSender<Message>,
) {
    let send = |message| messages.send(message).map_err(|_| Gone);
    let reader = Reader { paths, options, send: &send };
    let done = catch_unwind(AssertUnwindSafe(|| reader.work(is_following, orders)));
    if done.is_err() {
        let _ = messages.send(Message::Broken("reading broke down: please report it; what was read stays".into()));
    }
}

/// Reads all that the paths name, once.
pub(super) fn read_once(paths: Vec<PathBuf>, options: Options, send: &Send<'_>) -> Result<(), Gone> {
    Reader { paths, options, send }.read_once()
}

struct Reader<'a> {
    paths: Vec<PathBuf>,
    options: Options,
    send: &'a Send<'a>,
}

impl Reader<'_> {
    fn work(&self, is_following: bool, orders: &Receiver<bool>) -> Result<(), Gone> {
        if !is_following {
            self.read_once()?;
            while !orders.recv().map_err(|_| Gone)? {}
            self.send(Message::Anew)?;
        }
        self.follow(orders)
    }

    fn send(&self, message: Message) -> Result<(), Gone> {
        (self.send)(message)
    }

    fn read_once(&self) -> Result<(), Gone> {
        let catalogue = Catalogue::build(&self.paths, None);
        let names = self.send_files(&catalogue)?;
        let mut patterns = Patterns::default();
        let account = ingest(&catalogue, &self.options, &(Enrolling, Watching), &mut |batch| {
            self.take(batch, &names, &mut patterns)
        });
        self.send(Message::Patterns(Arc::new(patterns)))?;
        self.send_end(&catalogue, &account)
    }

    /// Looks again and again.
    fn follow(&self, orders: &Receiver<bool>) -> Result<(), Gone> {
        let mut live = Live::begin(self.paths.clone(), None, self.options);
        let mut names = self.send_files(live.catalogue())?;
        let mut patterns = Patterns::default();
        let mut is_first = true;
        loop {
            // Files that are new become known in the round in which they are read.
            let mut waiting = Vec::new();
            let round = live.round(&(Enrolling, Watching), &mut |batch| match is_first {
                true => self.take(batch, &names, &mut patterns),
                false => {
                    waiting.push(batch);
                    ControlFlow::Continue(())
                }
            });
            if round.flow.is_break() {
                return Err(Gone);
            }
            if live.catalogue().files.len() != names.len() || !round.notices.is_empty() {
                names = self.send_files(live.catalogue())?;
            }
            for batch in waiting {
                if self.take(batch, &names, &mut patterns).is_break() {
                    return Err(Gone);
                }
            }
            for notice in &round.notices {
                self.send(Message::Befell(notice.to_string()))?;
            }
            if is_first || round.account.lines > 0 {
                self.send_open(&live, &names, &patterns)?;
            }
            if is_first {
                self.send_end(live.catalogue(), &round.account)?;
                is_first = false;
            }
            self.send(Message::Following)?;
            wait(orders)?;
        }
    }

    /// Tells the sessions that are open, and what only many sessions show with them.
    fn send_open(&self, live: &Live, names: &Arc<[PathBuf]>, patterns: &Patterns) -> Result<(), Gone> {
        let (sheet, watch) = live.study_open(&(Enrolling, Watching));
        let mut patterns = patterns.clone();
        patterns += &watch.into_patterns();
        self.send(Message::Open(Arc::new(sheet.into_sheet(Arc::clone(names), None))))?;
        self.send(Message::Patterns(Arc::new(patterns)))
    }

    fn take(
        &self,
        batch: Batch<(SheetMaker, Watch)>,
        names: &Arc<[PathBuf]>,
        patterns: &mut Patterns,
    ) -> ControlFlow<()> {
        let (sheet, watch) = batch.value;
        *patterns += &watch.into_patterns();
        let sheet = sheet.into_sheet(Arc::clone(names), batch.place.map(|place| (place, batch.bytes)));
        match self.send(Message::Sheet(Arc::new(sheet), batch.bytes)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(Gone) => ControlFlow::Break(()),
        }
    }

    fn send_files(&self, catalogue: &Catalogue) -> Result<Arc<[PathBuf]>, Gone> {
        self.send(Message::Files {
            all_bytes: catalogue.files.iter().map(|file| file.size_bytes).sum(),
            files: catalogue.files.iter().cloned().collect(),
            errors: catalogue.errors.iter().map(ToString::to_string).collect(),
        })?;
        Ok(catalogue.files.iter().map(|file| file.path.clone()).collect())
    }

    fn send_end(&self, catalogue: &Catalogue, account: &Account) -> Result<(), Gone> {
        let errors = account.errors.iter().map(ToString::to_string).collect();
        self.send(Message::Read { errors, skipped: to_skipped_text(catalogue, account) })
    }
}

/// Waits until it is time to look again; while nobody wants to follow, until somebody does.
fn wait(orders: &Receiver<bool>) -> Result<(), Gone> {
    let mut order = orders.recv_timeout(INTERVAL);
    loop {
        match order {
            Ok(true) | Err(RecvTimeoutError::Timeout) => return Ok(()),
            Ok(false) => order = orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Err(RecvTimeoutError::Disconnected) => return Err(Gone),
        }
    }
}
