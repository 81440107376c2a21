//! Who reads the logs while the screen is shown.
//!
//! In: paths. Out: messages: files, then sessions batch after batch.
//!
//! **Invariant**: stops as soon as nobody listens any more.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::ingest::{Batch, Catalogue, Options, ingest};
use crate::output::skipped::to_skipped_text;
use crate::pattern::{Patterns, Watch, Watching};
use crate::roster::Enrolling;
use crate::roster::sheet::SheetMaker;

use super::message::Message;

/// Reads all that the paths name.
pub(super) fn read(paths: &[PathBuf], options: &Options, messages: &SyncSender<Message>) {
    let done = catch_unwind(AssertUnwindSafe(|| read_all(paths, options, messages)));
    if done.is_err() {
        let _ = messages.send(Message::Broken("reading broke down: please report it; what was read stays".into()));
    }
}

fn read_all(paths: &[PathBuf], options: &Options, messages: &SyncSender<Message>) {
    let catalogue = Catalogue::build(paths, None);
    let names: Arc<[PathBuf]> = catalogue.files.iter().map(|file| file.path.clone()).collect();
    let files = Message::Files {
        all_bytes: catalogue.files.iter().map(|file| file.size_bytes).sum(),
        files: catalogue.files.iter().cloned().collect(),
        errors: catalogue.errors.iter().map(ToString::to_string).collect(),
    };
    if messages.send(files).is_err() {
        return;
    }
    let mut patterns = Patterns::default();
    let account = ingest(&catalogue, options, &(Enrolling, Watching), &mut |batch: Batch<(SheetMaker, Watch)>| {
        let (sheet, watch) = batch.value;
        patterns += &watch.into_patterns();
        let sheet = sheet.into_sheet(Arc::clone(&names), batch.place.map(|place| (place, batch.bytes)));
        match messages.send(Message::Sheet(Arc::new(sheet), batch.bytes)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    let errors = account.errors.iter().map(ToString::to_string).collect();
    let _ = messages.send(Message::Patterns(Arc::new(patterns)));
    let _ = messages.send(Message::Read { errors, skipped: to_skipped_text(&catalogue, &account) });
}
