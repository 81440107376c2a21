//! Those who do what takes longer than a key may wait.
//!
//! In: jobs. Out: messages.
//!
//! **Invariant**: a worker has at most one job waiting, the newest; one that breaks down over a job
//! says so and takes the next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

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
    /// Those who write files, which are whole or absent when the screen is left.
    writers: Vec<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
    messages: SyncSender<Message>,
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for writer in self.writers.drain(..) {
            let _ = writer.join();
        }
    }
}

impl Workers {
    /// Lets them begin.
    pub(super) fn begin(messages: &SyncSender<Message>) -> Self {
        let workers = Self {
            browse: Arc::default(),
            generation: Arc::default(),
            load: Arc::default(),
            writers: Vec::new(),
            is_over: Arc::default(),
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
    pub(super) fn write(&mut self, job: writing::Job) {
        let is_over = Arc::clone(&self.is_over);
        self.writers.extend(spawn("writing", &self.messages, move |sender| {
            let written = catch_unwind(|| writing::write(&job, &is_over));
            let message = written.map_or_else(|_| broken("writing"), Message::Written);
            let _ = sender.send(message);
        }));
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
) -> Option<JoinHandle<()>> {
    let sender = messages.clone();
    let started = thread::Builder::new().name(name.into()).spawn(move || work(&sender));
    let told = started.map_err(|error| {
        let _ = messages.try_send(Message::Broken(format!("no thread for {name}: {error}")));
    });
    told.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_worker_that_breaks_down_takes_the_next_job() {
        let (sender, receiver) = sync_channel(1);
        let slot = Arc::new(Slot::default());
        let own = Arc::clone(&slot);
        let worker = thread::spawn(move || {
            let mut job = |answer: Option<Message>| Some(answer.expect("a job that can be done"));
            work(&own, &sender, "testing", &mut job);
        });
        slot.put(None);
        assert!(matches!(receiver.recv(), Ok(Message::Broken(text)) if text.starts_with("testing broke down")));
        slot.put(Some(Message::Searching(7)));
        assert!(matches!(receiver.recv(), Ok(Message::Searching(7))));
        drop(receiver);
        slot.put(Some(Message::Hangup));
        worker.join().unwrap();
    }

    #[test]
    fn the_newest_job_waits_alone() {
        let slot = Slot::default();
        slot.put(1);
        slot.put(2);
        assert_eq!(slot.take(), 2);
    }
}
