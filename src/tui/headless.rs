//! The screen without a terminal: every effect is done at once.
//!
//! In: paths and keys. Out: the cells that a terminal would show.
//!
//! **Invariant**: runs the same update, view and work as the terminal does; what a worker would do
//! later is done before the next key.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::ingest::Options;

use super::browse::Browser;
use super::key::Key;
use super::message::{Effect, Ending, Message};
use super::model::Model;
use super::settings::Settings;
use super::update::{begin, update};
use super::{reader, session, view, writing};

/// The screen without a terminal.
#[derive(Debug)]
pub struct Headless {
    /// What is drawn.
    pub model: Model,
    /// What was copied, last.
    pub copied: Option<String>,
    /// How it ended.
    pub ended: Option<Ending>,
    browser: Browser,
}

impl Headless {
    /// Reads all that the paths name.
    pub fn open(paths: &[PathBuf], settings: Settings, size: (u16, u16)) -> Self {
        let mut screen =
            Self { model: Model::new(settings, size), copied: None, ended: None, browser: Browser::default() };
        begin(&mut screen.model);
        for message in read(paths) {
            screen.take(message);
        }
        screen
    }

    /// Takes a message in, and does all that follows from it.
    pub fn take(&mut self, message: Message) {
        let effects = update(&mut self.model, message);
        self.run(effects);
    }

    /// Presses keys: a letter for itself, `<enter>` or `<ctrl+c>` for others.
    pub fn press(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|inner| inner.split_once('>'));
            let (key, after) = match named.and_then(|(name, after)| Some((Key::parse(name)?, after))) {
                Some(named) => named,
                None => (Key::plain(crossterm::event::KeyCode::Char(first)), &rest[first.len_utf8()..]),
            };
            self.take(Message::Key(key));
            rest = after;
        }
    }

    fn run(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let message = match effect {
                Effect::Browse(job) => self.browser.answer(&job, &|| false, &mut |_, _| {}).map(Message::Answer),
                Effect::Load(job) => Some(Message::Loaded(Box::new(session::load(&job)))),
                Effect::Write(job) => Some(Message::Written(writing::write(&job, &AtomicBool::new(false)))),
                Effect::Copy(text) => {
                    self.copied = Some(text);
                    None
                }
                Effect::Quit(ending) => {
                    self.ended = Some(ending);
                    None
                }
                Effect::Mouse(_) | Effect::Follow(_) | Effect::Redraw => None,
            };
            if let Some(message) = message {
                self.take(message);
            }
        }
    }

    /// Draws.
    pub fn draw(&self) -> Buffer {
        self.draw_on(self.model.size)
    }

    /// Draws on so many columns and rows, whatever is known of them.
    #[expect(clippy::missing_panics_doc, reason = "a backend in memory cannot fail")]
    pub fn draw_on(&self, (columns, rows): (u16, u16)) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a backend that cannot fail");
        terminal.draw(|frame| view::view(&self.model, frame)).expect("a backend that cannot fail");
        terminal.backend().buffer().clone()
    }

    /// What is drawn, as text; blanks at the ends of lines are off.
    pub fn screen(&self) -> String {
        let buffer = self.draw();
        let width = usize::from(buffer.area().width);
        let mut text = String::new();
        for line in buffer.content().chunks(width.max(1)) {
            let mut skipped = 0;
            let mut row = String::new();
            for cell in line {
                if skipped > 0 {
                    skipped -= 1;
                    continue;
                }
                skipped = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
                row.push_str(cell.symbol());
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Reads everything, as messages.
pub fn read(paths: &[PathBuf]) -> Vec<Message> {
    let messages = Mutex::new(Vec::new());
    // Whoever gathers messages listens to the end.
    let _ = reader::read_once(paths.to_vec(), Options::default(), &|message| {
        messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        Ok(())
    });
    messages.into_inner().unwrap_or_else(PoisonError::into_inner)
}
