//! Those who do what takes longer than a key may wait.
//!
//! In: jobs. Out: messages.
//!
//! **Invariant**: a worker has at most one job waiting, the newest; one that breaks down over a job
//! says so and takes the next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use super::browse::{self, Browser};
use super::message::Message;
use super::session;
use super::writing;

/// A job that waits, and whoever waits for one.
struct Slot<J> {
    waiting: Mutex<Option<J>>,
    arrived: Condvar,
}

impl<J> Default for Slot<J> {
    fn default() -> Self {
        Self { waiting: Mutex::new(None), arrived: Condvar::new() }
    }
}

impl<J> Slot<J> {
    fn put(&self, job: J) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        self.arrived.notify_one();
    }

    fn take(&self) -> J {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match waiting.take() {
                Some(job) => return job,
                None => waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Those who work for the screen.
pub(super) struct Workers {
    browse: Arc<Slot<browse::Job>>,
    /// The question that is waited for: others can be dropped.
    generation: Arc<AtomicU64>,
    load: Arc<Slot<session::Job>>,
    messages: SyncSender<Message>,
}

impl Workers {
    /// Lets them begin.
    pub(super) fn begin(messages: &SyncSender<Message>) -> Self {
        let workers = Self {
            browse: Arc::default(),
            generation: Arc::default(),
            load: Arc::default(),
            messages: messages.clone(),
        };
        let (slot, generation, sender) =
            (Arc::clone(&workers.browse), Arc::clone(&workers.generation), messages.clone());
        let mut browser = Browser::default();
        let mut answer = move |job: browse::Job| {
            let is_stale = || generation.load(Ordering::Relaxed) != job.generation;
            let mut told = 0;
            let answer = browser.answer(&job, &is_stale, &mut |bytes, all| {
                let percent = u8::try_from((bytes * 100).checked_div(all).unwrap_or(0)).unwrap_or(100);
                if percent != told {
                    told = percent;
                    // Who has no time for it learns the next one.
                    let _ = sender.try_send(Message::Searching(percent));
                }
            });
            answer.map(Message::Answer)
        };
        let sender = messages.clone();
        spawn("browsing", &sender, move |sender| work(&slot, sender, "browsing", &mut answer));
        let slot = Arc::clone(&workers.load);
        let mut load = |job: session::Job| Some(Message::Loaded(Box::new(session::load(&job))));
        spawn("loading", &sender, move |sender| work(&slot, sender, "reading a session", &mut load));
        workers
    }

    pub(super) fn browse(&self, job: browse::Job) {
        self.generation.store(job.generation, Ordering::Relaxed);
        self.browse.put(job);
    }

    pub(super) fn load(&self, job: session::Job) {
        self.load.put(job);
    }

    /// Writes beside everything else; each in a thread of its own, for none takes another's place.
    pub(super) fn write(&self, job: writing::Job) {
        spawn("writing", &self.messages, move |sender| {
            let written = catch_unwind(|| writing::write(&job));
            let message = written.map_or_else(|_| broken("writing"), Message::Written);
            let _ = sender.send(message);
        });
    }
}

fn broken(what: &str) -> Message {
    Message::Broken(format!("{what} broke down: please report it; everything else goes on"))
}

/// Does one job after the other, until nobody listens any more.
fn work<J>(slot: &Slot<J>, messages: &SyncSender<Message>, what: &str, job: &mut dyn FnMut(J) -> Option<Message>) {
    loop {
        let next = slot.take();
        let done = catch_unwind(AssertUnwindSafe(|| job(next))).unwrap_or_else(|_| Some(broken(what)));
        if let Some(message) = done
            && messages.send(message).is_err()
        {
            return;
        }
    }
}

/// Starts a thread; where there is none to be had, that is said.
pub(super) fn spawn(
    name: &str,
    messages: &SyncSender<Message>,
    work: impl FnOnce(&SyncSender<Message>) + Send + 'static,
) {
    let sender = messages.clone();
    let started = thread::Builder::new().name(name.into()).spawn(move || work(&sender));
    if let Err(error) = started {
        let _ = messages.try_send(Message::Broken(format!("no thread for {name}: {error}")));
    }
}
