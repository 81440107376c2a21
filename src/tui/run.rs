//! The loop: messages in, effects out, a drawing where something changed.
//!
//! In: a terminal. Out: how it ended.
//!
//! **Invariant**: whoever presses a key waits for no worker; at most [`DRAIN`] is spent on messages
//! before the next drawing.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyEventKind, MouseButton, MouseEventKind};

use crate::ingest::Options;
use crate::record::value::Timestamp;

use super::key::Key;
use super::message::{Effect, Ending, Message, Mouse};
use super::model::{Model, Reading};
use super::reader;
use super::settings::Settings;
use super::terminal::Screen;
use super::update::{begin, update};
use super::workers::{Workers, spawn};

/// How many messages wait at most.
const MOST_WAITING: usize = 256;

/// How long messages are taken in before a drawing.
const DRAIN: Duration = Duration::from_millis(8);

/// How often what nobody pressed a key for is drawn.
const FRAME: Duration = Duration::from_millis(50);

/// How often it is asked what time it is.
const TICK: Duration = Duration::from_secs(1);

/// What the screen begins with.
#[derive(Debug)]
pub struct Start {
    /// What to read.
    pub paths: Vec<PathBuf>,
    /// How.
    pub options: Options,
    /// What was chosen.
    pub settings: Settings,
    /// Says what time it is.
    pub now: fn() -> Timestamp,
    /// Returns when someone asks the program to end.
    pub until_asked: fn(),
}

/// Shows the screen until it is left. Returns how it ended, and what was read. To be called when the
/// program ends with it: what was held of the sessions is not given back.
///
/// Errors: the terminal cannot be drawn on.
pub fn run(start: Start) -> io::Result<(Ending, Reading)> {
    let Start { paths, options, settings, now, until_asked } = start;
    let (sender, receiver) = sync_channel(MOST_WAITING);
    let mut model = Model::new(settings, Screen::size()?);
    model.now = Some(now());
    let screen = Screen::take()?;
    spawn("keys", &sender, watch_keys);
    spawn("hangup", &sender, move |messages| {
        until_asked();
        let _ = messages.send(Message::Hangup);
    });
    let (control, orders) = channel();
    let is_following = model.is_following;
    spawn("reader", &sender, move |messages| reader::read(paths, options, is_following, &orders, messages));
    let workers = Workers::begin(&sender);
    drop(sender);
    let mut shown = Shown { screen, workers, control, ending: None };
    begin(&mut model);
    let watched = shown.watch(&mut model, &receiver, now);
    // Nobody is to wait for a message to be taken when this is over.
    drop(receiver);
    drop(shown);
    let reading = std::mem::take(&mut model.reading);
    // To give back the memory of a million sessions piece by piece takes longer than a person waits; the
    // system takes it all at once.
    std::mem::forget(model);
    Ok((watched?, reading))
}

/// What stands between the model and the world.
struct Shown {
    screen: Screen,
    workers: Workers,
    /// Tells who reads whether to follow.
    control: Sender<bool>,
    ending: Option<Ending>,
}

impl Shown {
    fn watch(&mut self, model: &mut Model, receiver: &Receiver<Message>, now: fn() -> Timestamp) -> io::Result<Ending> {
        let mut drawn = Instant::now();
        let mut ticked = Instant::now();
        self.screen.draw(model)?;
        let mut has_news = false;
        loop {
            let wait = if has_news { FRAME.saturating_sub(drawn.elapsed()) } else { TICK };
            let mut is_urgent = false;
            match receiver.recv_timeout(wait) {
                Ok(message) => {
                    has_news = true;
                    is_urgent = self.drain(model, receiver, message)?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(Ending::Interrupted),
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                has_news = true;
                let effects = update(model, Message::Tick(now()));
                self.run(effects)?;
            }
            if let Some(ending) = self.ending.take() {
                return Ok(ending);
            }
            if has_news && (is_urgent || drawn.elapsed() >= FRAME) {
                self.screen.draw(model)?;
                drawn = Instant::now();
                has_news = false;
            }
        }
    }

    /// Takes messages in for a while. Returns whether someone waits for what they change.
    fn drain(&mut self, model: &mut Model, receiver: &Receiver<Message>, first: Message) -> io::Result<bool> {
        let begun = Instant::now();
        let mut is_urgent = false;
        let mut next = Some(first);
        while let Some(message) = next {
            is_urgent |= !matches!(message, Message::Sheet(..) | Message::Searching(_) | Message::Tick(_));
            let effects = update(model, message);
            self.run(effects)?;
            next = match receiver.try_recv() {
                Ok(message) if self.ending.is_none() => Some(message),
                Ok(_) | Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
            };
            if begun.elapsed() > DRAIN && next.is_some() {
                // One was taken out already, so it is done before the drawing.
                let effects = next.take().map(|message| update(model, message)).unwrap_or_default();
                self.run(effects)?;
            }
        }
        Ok(is_urgent)
    }

    fn run(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Browse(job) => self.workers.browse(job),
                Effect::Load(job) => self.workers.load(job),
                Effect::Write(job) => self.workers.write(job),
                Effect::Copy(text) => self.screen.copy(&text)?,
                Effect::Mouse(is_on) => self.screen.set_mouse(is_on)?,
                Effect::Follow(is_following) => {
                    // Who broke down has said so.
                    let _ = self.control.send(is_following);
                }
                Effect::Redraw => self.screen.clear()?,
                Effect::Quit(ending) => self.ending = Some(ending),
            }
        }
        Ok(())
    }
}

/// Hands on what is pressed, until nobody listens any more or the terminal is gone.
fn watch_keys(messages: &SyncSender<Message>) {
    loop {
        let message = match event::read() {
            Ok(event) => to_message(&event),
            Err(_) => Some(Message::Hangup),
        };
        let is_over = matches!(message, Some(Message::Hangup));
        if let Some(message) = message
            && (messages.send(message).is_err() || is_over)
        {
            return;
        }
    }
}

/// Windows reports keys that are let go too.
fn to_message(event: &Event) -> Option<Message> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Message::Key(Key::of(key))),
        Event::Paste(text) => Some(Message::Paste(text.clone())),
        Event::Resize(columns, rows) => Some(Message::Resize(*columns, *rows)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Message::Mouse(Mouse::Click(mouse.column, mouse.row))),
            MouseEventKind::ScrollUp => Some(Message::Mouse(Mouse::Wheel(-1))),
            MouseEventKind::ScrollDown => Some(Message::Mouse(Mouse::Wheel(1))),
            _ => None,
        },
        _ => None,
    }
}
