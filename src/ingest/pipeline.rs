//! The workers: chunk after chunk from source to study, in parallel, with two places where order
//! is kept.
//!
//! In: a [`Catalogue`]. Out: batches, in order.
//!
//! A chunk is grouped, and the sessions that lie within it are understood, without knowing of any
//! other ([`Desk`]). Then its worker waits for the chunk before and joins what crosses the chunk's
//! ends ([`Rebuilder`]). The results go to the sink in the order of the chunks.
//!
//! **Invariant**: the two orders are the chunks' numbers alone, so any number of threads gives the
//! same. A worker waits only for chunks that were handed out before its own, so none waits forever.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::diagnosis::{Finding, examine};
use crate::dialogue::facts::Facts;
use crate::dialogue::understand::understand;
use crate::record::header::Schema;
use crate::session::assemble::TextEnd;
use crate::session::{FileId, Position, Session};
use crate::source::{Chunk, Source};

use super::prepare::Desk;
use super::rebuild::{Rebuilder, Rebuilt, Whole};
use super::stretch::Stretch;
use super::{Account, Batch, Case, Catalogue, ChunkPlace, LogFile, Options, ReadError, Sink, Study};

/// Reads everything in the catalogue and hands what `study` makes of it to `sink`, in order.
///
/// Returns the account of every line. A file that cannot be read is named there, the others are
/// read all the same. Where the sink says stop, no more is read.
pub fn ingest<S: Study>(catalogue: &Catalogue, options: &Options, study: &S, sink: &mut Sink<'_, S::Yield>) -> Account {
    let run = Run {
        files: &catalogue.files,
        study,
        dispatcher: Mutex::new(Dispatcher::new(catalogue, options)),
        rebuilding: Turnstile::new(Rebuilder::default()),
        delivery: Turnstile::new(Delivery { sink, account: Account::default() }),
        is_stopped: AtomicBool::new(false),
    };
    match rayon::ThreadPoolBuilder::new().num_threads(options.n_threads).build() {
        Ok(pool) => drop(pool.broadcast(|_| run.work())),
        // No threads to be had: this one does it alone.
        Err(_) => run.work(),
    }
    run.finish()
}

struct Run<'a, 'b, S: Study> {
    files: &'a [LogFile],
    study: &'a S,
    dispatcher: Mutex<Dispatcher<'a>>,
    rebuilding: Turnstile<Rebuilder>,
    delivery: Turnstile<Delivery<'a, 'b, S::Yield>>,
    is_stopped: AtomicBool,
}

struct Delivery<'a, 'b, Y> {
    sink: &'a mut Sink<'b, Y>,
    account: Account,
}

impl<S: Study> Run<'_, '_, S> {
    fn work(&self) {
        let _guard = BreakOnPanic(self);
        let mut buffer = Vec::new();
        let mut desk = Desk::default();
        while !self.is_stopped.load(Ordering::Relaxed) {
            let Some((mut job, chunk)) = lock(&self.dispatcher).next() else { return };
            let mut reading = chunk.read(&mut buffer);
            let prepared = desk.prepare(&job, &mut reading);
            if let Some(error) = reading.take_error() {
                lock(&self.dispatcher).fail(job.file, &error);
                job.end = TextEnd::OfFile;
            }
            let text = reading.text();
            let Some((rewritten, rebuilt)) =
                self.rebuilding.pass(job.number, |rebuilder| rebuilder.take(&job, text, prepared, &mut desk))
            else {
                return;
            };
            let (value, account) = self.study_all(rewritten.as_deref().unwrap_or(text), &rebuilt, &mut desk);
            let place = ChunkPlace { file: job.file, base_line: rebuilt.base_line, offset: rebuilt.offset };
            let batch = Batch { value, open_from: rebuilt.open_from, bytes: text.len() as u64, place: Some(place) };
            self.deliver(job.number, batch, account);
        }
    }

    /// Lets the study take every session that ended in the chunk, in the order of their first rows.
    fn study_all(&self, text: &[u8], rebuilt: &Rebuilt, desk: &mut Desk) -> (S::Yield, Account) {
        let mut batch = self.study.begin();
        let mut account = rebuilt.account.clone();
        let mut joined = rebuilt.joined.iter().peekable();
        let mut understood = Understood::default();
        for &Whole { piece, ordinal, position, origin } in &rebuilt.wholes {
            while let Some(one) = joined.next_if(|one| one.position() < position) {
                self.study_joined(&one.as_session(), &mut understood, desk, &mut batch, &mut account);
            }
            let (rows, facts, findings) = desk.whole(piece, rebuilt.base_line);
            let session = Session { text, rows, ordinal, position, origin };
            self.study_one(&session, facts, findings, &mut batch, &mut account);
        }
        for one in joined {
            self.study_joined(&one.as_session(), &mut understood, desk, &mut batch, &mut account);
        }
        (batch, account)
    }

    fn study_joined(
        &self,
        session: &Session<'_>,
        understood: &mut Understood,
        desk: &mut Desk,
        batch: &mut S::Yield,
        account: &mut Account,
    ) {
        let Understood { facts, findings } = understood;
        understand(session, &mut desk.scratch, facts);
        findings.clear();
        examine(session, facts, &mut desk.examination, findings);
        self.study_one(session, facts, findings, batch, account);
    }

    #[inline]
    fn study_one(
        &self,
        session: &Session<'_>,
        facts: &Facts,
        findings: &[Finding],
        batch: &mut S::Yield,
        account: &mut Account,
    ) {
        account.sessions += 1;
        account.without_head += u64::from(!session.is_opened());
        account.without_tail += u64::from(!session.is_closed());
        self.study.take(&Case { session, facts, findings, files: self.files }, batch);
    }

    fn deliver(&self, number: u64, batch: Batch<S::Yield>, account: Account) {
        self.delivery.pass(number, |delivery| {
            delivery.account += account;
            if !self.is_stopped.load(Ordering::Relaxed) && (delivery.sink)(batch) == ControlFlow::Break(()) {
                self.is_stopped.store(true, Ordering::Relaxed);
            }
        });
    }

    /// Studies the sessions that were still open at the end, and closes the account.
    fn finish(&self) -> Account {
        let rebuilt = self.rebuilding.look(Rebuilder::end);
        let (mut desk, mut understood) = (Desk::default(), Understood::default());
        let mut batch = self.study.begin();
        let mut account = rebuilt.account;
        for one in &rebuilt.joined {
            self.study_joined(&one.as_session(), &mut understood, &mut desk, &mut batch, &mut account);
        }
        account.errors.append(&mut lock(&self.dispatcher).errors);
        self.delivery.look(|delivery| {
            delivery.account += account;
            if !self.is_stopped.load(Ordering::Relaxed) {
                let _ = (delivery.sink)(Batch { value: batch, open_from: Position(u64::MAX), bytes: 0, place: None });
            }
            std::mem::take(&mut delivery.account)
        })
    }
}

/// What is known of a session that was put together from several chunks.
#[derive(Default)]
struct Understood {
    facts: Facts,
    findings: Vec<Finding>,
}

/// What is known of a chunk beside its text.
pub(super) struct Job<'a> {
    /// Chunks are numbered in the order of reading.
    pub(super) number: u64,
    pub(super) file: FileId,
    pub(super) log: &'a LogFile,
    /// Where it starts in the file, if it stands there as it is.
    pub(super) offset: Option<u64>,
    /// Lines of the file before it, where a stretch begins with it; otherwise it follows on the
    /// chunk before.
    pub(super) base_line: Option<u64>,
    pub(super) end: TextEnd,
    /// The header that is taken to be in force at its start.
    pub(super) schema: Schema,
}

/// Hands out chunks in order, opening one file after the other.
struct Dispatcher<'a> {
    files: &'a [LogFile],
    options: Options,
    waiting: std::vec::IntoIter<Stretch>,
    open: Option<Open>,
    number: u64,
    errors: Vec<ReadError>,
}

/// A stretch that is being read.
struct Open {
    stretch: Stretch,
    source: Source,
    is_begun: bool,
}

impl<'a> Dispatcher<'a> {
    fn new(catalogue: &'a Catalogue, options: &Options) -> Self {
        Self {
            files: &catalogue.files,
            options: *options,
            waiting: catalogue.stretches().into_iter(),
            open: None,
            number: 0,
            errors: Vec::new(),
        }
    }

    fn next(&mut self) -> Option<(Job<'a>, Chunk)> {
        loop {
            let Some(open) = &mut self.open else {
                self.open_next()?;
                continue;
            };
            match open.source.next_chunk(self.options.chunk_bytes) {
                Ok(Some((chunk, is_last))) => {
                    let log = &self.files[open.stretch.file.0 as usize];
                    let job = open.begin_chunk(self.number, log, &chunk, is_last);
                    self.number += 1;
                    return Some((job, chunk));
                }
                Ok(None) => self.open = None,
                Err(error) => {
                    let file = open.stretch.file;
                    self.fail(file, &error);
                }
            }
        }
    }

    fn open_next(&mut self) -> Option<()> {
        let stretch = self.waiting.next()?;
        match self.files[stretch.file.0 as usize].open(self.options.mapping, &stretch.extent) {
            Ok(source) => self.open = Some(Open { stretch, source, is_begun: false }),
            Err(error) => self.fail(stretch.file, &error),
        }
        Some(())
    }

    /// Names the file that failed, and reads no more of it.
    fn fail(&mut self, file: FileId, error: &std::io::Error) {
        self.open.take_if(|open| open.stretch.file == file);
        let path = self.files[file.0 as usize].path.clone();
        self.errors.push(ReadError { path, message: error.to_string() });
    }
}

impl Open {
    fn begin_chunk<'a>(&mut self, number: u64, log: &'a LogFile, chunk: &Chunk, is_last: bool) -> Job<'a> {
        let base_line = (!self.is_begun).then_some(self.stretch.base_line);
        self.is_begun = true;
        let end = if is_last { self.stretch.end } else { TextEnd::More };
        let Stretch { file, ref schema, .. } = self.stretch;
        Job { number, file, log, offset: chunk.offset(), base_line, end, schema: schema.clone() }
    }
}

/// Lets workers through one at a time, in the order of their numbers.
struct Turnstile<T> {
    inner: Mutex<Turn<T>>,
    moved: Condvar,
}

struct Turn<T> {
    next: u64,
    is_broken: bool,
    value: T,
}

impl<T> Turnstile<T> {
    fn new(value: T) -> Self {
        Self { inner: Mutex::new(Turn { next: 0, is_broken: false, value }), moved: Condvar::new() }
    }

    /// Waits for the turn of `number` and does `work`; `None` where another worker has panicked.
    fn pass<R>(&self, number: u64, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut turn = lock(&self.inner);
        while turn.next != number && !turn.is_broken {
            turn = self.moved.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        if turn.is_broken {
            return None;
        }
        let result = work(&mut turn.value);
        turn.next += 1;
        drop(turn);
        self.moved.notify_all();
        Some(result)
    }

    fn break_off(&self) {
        lock(&self.inner).is_broken = true;
        self.moved.notify_all();
    }

    /// Does `work` out of turn: when all have passed.
    fn look<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut lock(&self.inner).value)
    }
}

/// A worker that panics must not leave the others waiting for its turn; the panic itself goes on.
struct BreakOnPanic<'a, 'b, 'c, S: Study>(&'a Run<'b, 'c, S>);

impl<S: Study> Drop for BreakOnPanic<'_, '_, '_, S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.rebuilding.break_off();
            self.0.delivery.break_off();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
