//! The workers: chunk after chunk from source to study, in parallel, with two places where order
//! is kept.
//!
//! In: a [`Catalogue`]. Out: batches, in order.
//!
//! A chunk is grouped, the sessions that lie within it are understood, and the rows of all others copied,
//! without knowing of any other chunk ([`Desk`]). Then its worker waits for the chunk before and joins what
//! crosses the chunk's ends ([`Rebuilder`]). The results go to the sink in the order of the chunks. At the end
//! of the input the sessions that are left follow in shares, which are numbered behind the chunks and pass as
//! they do.
//!
//! **Invariant**: the two orders are the numbers alone, so any number of threads gives the same, also where
//! the sink says stop. A worker waits only for what was handed out before its own, so none waits forever.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::diagnosis::{Finding, examine};
use crate::dialogue::facts::Facts;
use crate::dialogue::understand::understand;
use crate::session::Session;
use crate::session::assemble::TextEnd;
use crate::session::join::leaving::Left;

use super::dispatch::Dispatcher;
use super::prepare::Desk;
use super::rebuild::{Joined, Rebuilder, Rebuilt, Whole};
use super::stretch::{Closing, Task};
use super::{Account, Batch, Case, Catalogue, ChunkPlace, LogFile, Options, ReadError, Sink, Study};

/// Reads everything in the catalogue and hands what `study` makes of it to `sink`, in order.
///
/// Returns the account of every line. A file that cannot be read is named there, the others are
/// read all the same. Where the sink says stop, no more is read.
pub fn ingest<S: Study>(catalogue: &Catalogue, options: &Options, study: &S, sink: &mut Sink<'_, S::Yield>) -> Account {
    Reader::default().read(catalogue.to_task(options), study, sink).0
}

/// What is known of the input so far, whatever is read next.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) rebuilder: Rebuilder,
    /// The number of the next chunk.
    number: u64,
}

impl Reader {
    /// Reads what the task names. Returns the account of their lines, and whether the sink said
    /// stop.
    pub(super) fn read<S: Study>(
        &mut self,
        task: Task<'_>,
        study: &S,
        sink: &mut Sink<'_, S::Yield>,
    ) -> (Account, ControlFlow<()>) {
        let Task { files, options, closing, .. } = task;
        let is_small = task.n_bytes <= options.chunk_bytes as u64;
        let run = Run {
            files,
            study,
            dispatcher: Mutex::new(Dispatcher::new(task, self.number)),
            rebuilding: Turnstile::new(Rebuilding { rebuilder: &mut self.rebuilder, left: Left::Some }, self.number),
            delivery: Turnstile::new(Delivery { sink, account: Account::default() }, self.number),
            closing,
            is_stopped: AtomicBool::new(false),
        };
        // Threads take longer to begin than one chunk takes to be read.
        match (!is_small).then(|| rayon::ThreadPoolBuilder::new().num_threads(options.n_threads).build()) {
            Some(Ok(pool)) => drop(pool.broadcast(|_| run.work())),
            // None are needed, or there are none to be had: this one does it alone.
            None | Some(Err(_)) => run.work(),
        }
        if closing == Closing::Settle {
            run.settle();
        }
        let (account, flow, number) = run.finish();
        self.number = number;
        (account, flow)
    }

    /// Studies the sessions that are open, as far as they have come. They are handed over all the same
    /// when they end.
    pub(super) fn study_open<S: Study>(&self, files: &[LogFile], study: &S) -> S::Yield {
        let (mut desk, mut understood) = (Desk::default(), Understood::default());
        let mut batch = study.begin();
        let Understood { facts, findings } = &mut understood;
        for going in &self.rebuilder.open() {
            let session = &going.to_session(&mut desk.gathered);
            understand(session, &mut desk.scratch, facts);
            findings.clear();
            examine(session, facts, &mut desk.examination, findings);
            study.take(&Case::new(session, facts, findings, files, false), &mut batch);
        }
        batch
    }
}

struct Run<'a, 'b, S: Study> {
    files: &'a [LogFile],
    study: &'a S,
    dispatcher: Mutex<Dispatcher<'a>>,
    rebuilding: Turnstile<Rebuilding<'a>>,
    delivery: Turnstile<Delivery<'a, 'b, S::Yield>>,
    closing: Closing,
    is_stopped: AtomicBool,
}

struct Rebuilding<'a> {
    rebuilder: &'a mut Rebuilder,
    /// Whether sessions are left at the end of the input.
    left: Left,
}

impl Rebuilding<'_> {
    /// Returns the next share of the sessions that are left: one at least, then `None` where there is no more.
    fn next_share(&mut self) -> Option<Rebuilt> {
        if self.left == Left::Nothing {
            return None;
        }
        let rebuilt;
        (rebuilt, self.left) = self.rebuilder.end();
        Some(rebuilt)
    }
}

struct Delivery<'a, 'b, Y> {
    sink: &'a mut Sink<'b, Y>,
    account: Account,
}

impl<S: Study> Run<'_, '_, S> {
    fn work(&self) {
        let _guard = BreakOnPanic(self);
        let mut desk = Desk::new(self.study.sieve());
        if self.read_chunks(&mut desk).is_continue() && self.closing == Closing::End {
            self.study_left(&mut desk);
        }
    }

    /// Takes chunk after chunk, until all are handed out. `Break` where another worker has panicked.
    fn read_chunks(&self, desk: &mut Desk<'_>) -> ControlFlow<()> {
        let mut buffer = Vec::new();
        while !self.is_stopped.load(Ordering::Relaxed) {
            let Some((mut job, chunk)) = lock(&self.dispatcher).next() else { break };
            let mut reading = chunk.read(&mut buffer);
            let prepared = desk.prepare(&job, &mut reading);
            let error = reading.take_error();
            if error.is_some() {
                lock(&self.dispatcher).leave(job.file);
                job.end = TextEnd::OfFile;
            }
            let text = reading.text();
            let joined = self.rebuilding.pass(job.number, |turn| turn.rebuilder.take(&job, text, prepared, desk));
            let Some((rewritten, mut rebuilt)) = joined else { return ControlFlow::Break(()) };
            rebuilt.sort();
            let Rebuilt { base_line, offset, open_from, .. } = rebuilt;
            let (value, mut account) = self.study_all(rewritten.as_deref().unwrap_or(text), rebuilt, desk);
            if let Some(error) = error {
                let line = base_line + account.lines;
                let message = format!("{error}; rows after line {line} are missing");
                account.errors.push(ReadError { path: job.log.path.clone(), message });
            }
            let place = ChunkPlace { file: job.file, base_line, offset };
            let batch = Batch { value, open_from, bytes: text.len() as u64, place: Some(place) };
            self.deliver(job.number, batch, account);
        }
        ControlFlow::Continue(())
    }

    /// Studies the sessions that are left when everything is read, share by share.
    fn study_left(&self, desk: &mut Desk<'_>) {
        while !self.is_stopped.load(Ordering::Relaxed) {
            let number = lock(&self.dispatcher).take_number();
            let Some(rebuilt) = self.rebuilding.pass(number, Rebuilding::next_share).flatten() else { return };
            let (batch, account) = self.study_share(rebuilt, desk);
            self.deliver(number, batch, account);
        }
    }

    /// Hands over the sessions that are closed, while more of them may come. Only when the sink has all else,
    /// for what is told once is not told again.
    fn settle(&self) {
        if !self.is_stopped.load(Ordering::Relaxed) {
            let rebuilt = self.rebuilding.look(|turn| turn.rebuilder.settle());
            let (batch, account) = self.study_share(rebuilt, &mut Desk::new(self.study.sieve()));
            self.delivery.look(|delivery| self.take(delivery, batch, account));
        }
    }

    fn study_share(&self, mut rebuilt: Rebuilt, desk: &mut Desk<'_>) -> (Batch<S::Yield>, Account) {
        rebuilt.sort();
        let open_from = rebuilt.open_from;
        let (value, account) = self.study_all(&[], rebuilt, desk);
        (Batch { value, open_from, bytes: 0, place: None }, account)
    }

    /// Lets the study take every session that ended in the chunk, in the order of their first rows.
    fn study_all(&self, text: &[u8], rebuilt: Rebuilt, desk: &mut Desk<'_>) -> (S::Yield, Account) {
        let mut batch = self.study.begin();
        let mut account = rebuilt.account;
        let mut joined = rebuilt.joined.into_iter().peekable();
        let mut understood = Understood::default();
        for &Whole { piece, ordinal, position, origin } in &rebuilt.wholes {
            while let Some(one) = joined.next_if(|one| one.position() < position) {
                self.study_joined(one, &mut understood, desk, &mut batch, &mut account);
            }
            // One that is whole has head and tail.
            account.sessions += 1;
            if let Some((rows, facts, findings)) = desk.whole(piece, rebuilt.base_line) {
                let session = &Session { text, rows, ordinal, position, origin };
                self.study.take(&Case::new(session, facts, findings, self.files, false), &mut batch);
            }
        }
        for one in joined {
            self.study_joined(one, &mut understood, desk, &mut batch, &mut account);
        }
        (batch, account)
    }

    fn study_joined(
        &self,
        joined: Joined,
        understood: &mut Understood,
        desk: &mut Desk<'_>,
        batch: &mut S::Yield,
        account: &mut Account,
    ) {
        let life = &joined.life;
        if !joined.is_again {
            account.sessions += 1;
            account.without_head += u64::from(!life.is_opened());
            account.without_tail += u64::from(!life.is_closed());
        }
        if !desk.sieve.lets_through(life) {
            return;
        }
        let is_again = joined.is_again;
        let session = &joined.into_session(&mut desk.gathered);
        let Understood { facts, findings } = understood;
        understand(session, &mut desk.scratch, facts);
        findings.clear();
        examine(session, facts, &mut desk.examination, findings);
        self.study.take(&Case::new(session, facts, findings, self.files, is_again), batch);
        desk.gathered.let_go();
    }

    fn deliver(&self, number: u64, batch: Batch<S::Yield>, account: Account) {
        self.delivery.pass(number, |delivery| self.take(delivery, batch, account));
    }

    fn take(&self, delivery: &mut Delivery<'_, '_, S::Yield>, batch: Batch<S::Yield>, account: Account) {
        // What the sink does not see does not count, however many threads were ahead of it.
        if self.is_stopped.load(Ordering::Relaxed) {
            return;
        }
        delivery.account += account;
        // Chunks that were on their way when a file failed fail too, and add nothing to what was said.
        delivery.account.errors.dedup_by(|later, earlier| later.path == earlier.path);
        if (delivery.sink)(batch) == ControlFlow::Break(()) {
            self.is_stopped.store(true, Ordering::Relaxed);
        }
    }

    /// Closes the account. Returns also whether the sink said stop, and the number of the next chunk.
    fn finish(self) -> (Account, ControlFlow<()>, u64) {
        let dispatcher = self.dispatcher.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut account = self.delivery.into_value().account;
        let number = dispatcher.next_number();
        account.errors.extend(dispatcher.errors);
        let flow = match self.is_stopped.into_inner() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        (account, flow, number)
    }
}

/// What is known of a session that was put together from several chunks.
#[derive(Default)]
struct Understood {
    facts: Facts,
    findings: Vec<Finding>,
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
    fn new(value: T, next: u64) -> Self {
        Self { inner: Mutex::new(Turn { next, is_broken: false, value }), moved: Condvar::new() }
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

    /// What all have passed through.
    fn into_value(self) -> T {
        self.inner.into_inner().unwrap_or_else(PoisonError::into_inner).value
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
