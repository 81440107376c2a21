//! All that the screen is drawn from.
//!
//! In: nothing; [`update`](super::update) changes it. Out: plain data.
//!
//! **Invariant**: no thread, lock, clock or terminal in it. What is selected is held by its place in
//! the order of reading or by its name, so that sessions that come in move it to no stranger.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ingest::LogFile;
use crate::output::time::{Zone, to_minute_text};
use crate::pattern::Patterns;
use crate::query::Query;
use crate::query::error::SyntaxError;
use crate::query::time::Times;
use crate::record::value::Timestamp;
use crate::roster::listed::Listed;
use crate::roster::{Roster, Seat};

use super::browse::{Answer, Rank};
use super::prompt::Prompt;
use super::session::{Loaded, Pair};
use super::settings::Settings;
use super::table::{Table, View};
use super::tables::By;
use super::theme::Part;

/// Where keys go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// The list, or the table.
    #[default]
    List,
    /// The transcript.
    Transcript,
    /// What was found.
    Findings,
    /// The timeline.
    Timeline,
}

/// How far the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Files are looked for.
    #[default]
    Looking,
    /// They are read.
    Reading,
    /// All was read.
    Done,
    /// All was read, and what comes is.
    Following,
}

/// What is read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// How far it is.
    pub phase: Phase,
    /// Bytes read.
    pub bytes: u64,
    /// Bytes there are.
    pub all_bytes: u64,
    /// What could not be read, in words.
    pub errors: Vec<String>,
    /// What was left out, in words.
    pub skipped: Option<String>,
}

/// Which sessions are meant.
#[derive(Clone, Debug)]
pub struct Filter {
    /// As it was typed, and understood.
    pub text: String,
    /// The same, ready to be asked.
    pub query: Arc<Query>,
    /// A new number for each new query.
    pub number: u64,
    /// Why what is being typed is not understood.
    pub fault: Option<SyntaxError>,
    /// What was typed before, each once, the last one last.
    pub history: Vec<String>,
    /// The filters that were in force before, which Esc goes back to.
    pub past: Vec<String>,
}

/// A place in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The row.
    pub at: usize,
    /// The first row that is shown.
    pub top: usize,
    /// What the row goes by, in a table.
    pub key: Option<String>,
}

/// What is asked of the list, and was answered.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The last question.
    pub generation: u64,
    /// What it was about.
    pub about: Option<About>,
    /// Percent of the rows that were searched for it.
    pub searched: Option<u8>,
}

/// What a question about the list is about: where it is the same, so is the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Which query, view and zone.
    pub question: (u64, View, By, Zone),
    /// How much was known: sheets, and how often open sessions and patterns were told.
    pub known: (usize, u64),
}

/// The transcript.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// The last question.
    pub number: u64,
    /// What it was about.
    pub about: Option<(Rank, u32, Zone, bool)>,
    /// The last answer.
    pub pair: Pair,
    /// The line that stands out.
    pub at: usize,
    /// The first line that is shown.
    pub top: usize,
    /// How many cells it is scrolled to the right.
    pub left: usize,
    /// The first line of what was found that is shown.
    pub found_top: usize,
    /// Whether rows are shown as the log has them.
    pub is_raw: bool,
    /// Whether a good session stands beside it.
    pub has_good: bool,
    /// What was searched for.
    pub search: String,
}

/// The cursor on the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Which step.
    pub at: usize,
    /// Where the span begins that is being marked.
    pub from: Option<usize>,
}

/// A sentence in the status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What is said.
    pub text: String,
    /// How grave it is.
    pub part: Part,
}

/// All that the screen is drawn from.
#[derive(Clone, Debug)]
pub struct Model {
    /// What was chosen.
    pub settings: Settings,
    /// The zone that was chosen, whichever it is by now.
    pub given_zone: Zone,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// What time it is.
    pub now: Option<Timestamp>,
    /// What is read.
    pub reading: Reading,
    /// All sessions.
    pub roster: Roster,
    /// All files.
    pub files: Arc<[LogFile]>,
    /// All servers.
    pub servers: BTreeSet<Vec<u8>>,
    /// How far east of UTC they say they are, in minutes.
    pub offsets: BTreeSet<i32>,
    /// How many sessions failed, of all.
    pub n_failed: usize,
    /// When the first of all sessions began, and the last.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The time of the last row of all.
    pub newest: Option<Timestamp>,
    /// What only many sessions show.
    pub patterns: Option<Arc<Patterns>>,
    /// How often open sessions and patterns were told.
    pub n_told: u64,
    /// Which sessions are meant.
    pub filter: Filter,
    /// What is asked about them.
    pub asked: Asked,
    /// What was answered last.
    pub answer: Answer,
    /// What is looked at.
    pub view: View,
    /// How clients are put together.
    pub by: By,
    /// Where keys go.
    pub focus: Focus,
    /// The place in each view.
    pub cursors: [Cursor; View::ALL.len()],
    /// The selected session.
    pub selected: Option<Rank>,
    /// The selected column of the list.
    pub column: usize,
    /// The transcript.
    pub transcript: Transcript,
    /// The timeline.
    pub timeline: Span,
    /// A line that is being typed.
    pub prompt: Option<Prompt>,
    /// What was searched for before.
    pub searches: Vec<String>,
    /// Where sessions were to be written before.
    pub paths: Vec<String>,
    /// How far help is scrolled, where it is open.
    pub help: Option<usize>,
    /// What is said.
    pub notice: Option<Notice>,
    /// Whether the mouse is on.
    pub has_mouse: bool,
    /// Whether files are followed.
    pub is_following: bool,
}

impl Model {
    /// A screen that knows nothing yet.
    pub fn new(settings: Settings, size: (u16, u16)) -> Self {
        let is_following = settings.is_following;
        Self {
            given_zone: settings.zone,
            settings,
            size,
            now: None,
            reading: Reading::default(),
            roster: Roster::default(),
            files: Arc::new([]),
            servers: BTreeSet::new(),
            offsets: BTreeSet::new(),
            n_failed: 0,
            span: None,
            newest: None,
            patterns: None,
            n_told: 0,
            filter: Filter {
                text: String::new(),
                query: Arc::new(Query::everything()),
                number: 0,
                fault: None,
                history: Vec::new(),
                past: Vec::new(),
            },
            asked: Asked::default(),
            answer: Answer::default(),
            view: View::default(),
            by: By::default(),
            focus: Focus::default(),
            cursors: Default::default(),
            selected: None,
            column: 0,
            transcript: Transcript::default(),
            timeline: Span::default(),
            prompt: None,
            searches: Vec::new(),
            paths: Vec::new(),
            help: None,
            notice: None,
            has_mouse: false,
            is_following,
        }
    }

    /// What relative times are relative to.
    pub fn times(&self) -> Times {
        let last = self.span.map(|(_, last)| last);
        Times { now: self.now.or(last).unwrap_or(Timestamp(0)), last }
    }

    /// The place in the view that is looked at.
    pub fn cursor(&self) -> &Cursor {
        &self.cursors[self.view as usize]
    }

    /// The table of the view that is looked at, as far as it was answered.
    pub fn table(&self) -> Option<&Arc<Table>> {
        self.answer.table.as_ref().filter(|(view, _)| *view == self.view).map(|(_, table)| table)
    }

    /// How many rows the view has.
    pub fn n_rows(&self) -> usize {
        match self.view {
            View::Sessions => self.answer.seats.len(),
            _ => self.table().map_or(0, |table| table.rows.len()),
        }
    }

    /// The seat of the selected session.
    pub fn seat(&self) -> Option<Seat> {
        self.answer.seats.get(self.cursors[View::Sessions as usize].at).map(|(_, seat)| *seat)
    }

    /// The selected session.
    pub fn session(&self) -> Option<Listed<'_>> {
        self.roster.get(self.seat()?)
    }

    /// The transcript's session, where it was read.
    pub fn loaded(&self) -> Option<&Loaded> {
        self.transcript.pair.session.as_ref()
    }

    /// Whether something was found in the transcript's session, and is shown beside it.
    pub fn has_findings(&self) -> bool {
        let has_any = self.loaded().is_some_and(|loaded| !loaded.findings.is_empty());
        has_any && self.view == View::Sessions && !self.transcript.has_good
    }

    /// How many lines the transcript has.
    pub fn n_lines(&self) -> usize {
        match (self.loaded(), self.transcript.is_raw) {
            (None, _) => 0,
            (Some(loaded), true) => loaded.raw.len(),
            (Some(loaded), false) => loaded.lines.len(),
        }
    }

    /// The zone of times: where all servers agree on theirs, that, for sessions too whose banner was not
    /// read.
    pub fn zone(&self) -> Zone {
        match (self.settings.zone, self.offsets.first()) {
            (Zone::Server, Some(only)) if self.offsets.len() == 1 => Zone::Fixed(*only),
            (zone, _) => zone,
        }
    }

    /// The zone to show a session's times in.
    pub fn zone_of(&self, listed: &Listed<'_>) -> Zone {
        self.zone().for_server(listed.server_offset())
    }

    /// Whether times are in zones that differ from session to session.
    pub fn has_many_zones(&self) -> bool {
        self.settings.zone == Zone::Server && self.offsets.len() > 1
    }

    /// How the zone is called that times of many sessions are in.
    pub fn zone_text(&self) -> String {
        let offsets: Vec<String> = self.offsets.iter().map(|minutes| offset_text(*minutes)).collect();
        match (self.settings.zone, &offsets[..]) {
            (Zone::Utc | Zone::Fixed(0), _) => "UTC".into(),
            (Zone::Fixed(minutes), _) => format!("UTC{}", offset_text(minutes)),
            (Zone::Local, _) => format!("local time{}", self.local_offset_text()),
            (Zone::Server, []) => "UTC (server time not known)".into(),
            (Zone::Server, [only]) => format!("server time {only}"),
            (Zone::Server, [one, other]) => format!("UTC (servers: {one}, {other})"),
            (Zone::Server, [first, .., last]) => format!("UTC (servers: {first} to {last})"),
        }
    }

    /// How far this machine was from UTC when the sessions began, which summer time changes.
    fn local_offset_text(&self) -> String {
        let Some((first, last)) = self.span else { return String::new() };
        let offset = |time| to_minute_text(time, Zone::Local).get(16..).unwrap_or_default().to_owned();
        let (first, last) = (offset(first), offset(last));
        if first == last { format!(" {first}") } else { format!(" {first} to {last}") }
    }

    /// Says something in the status line.
    pub(super) fn say(&mut self, text: impl Into<String>, part: Part) {
        self.notice = Some(Notice { text: text.into(), part });
    }
}

/// `+01:00`.
pub(super) fn offset_text(minutes: i32) -> String {
    let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
