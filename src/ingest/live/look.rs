//! The look at all files that begins a round.
//!
//! In: what is watched, what the folders hold. Out: what is to be read, and what befell the files.
//!
//! **Invariant**: what is a log is decided once, and again only while a file is short or another.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use crate::ingest::catalogue::{HEAD_BYTES, LogFile, SkipReason, Skipped, look_at, natural};
use crate::ingest::duplicates::has_same_bytes;
use crate::ingest::seams::Part;
use crate::ingest::stretch::Stretch;
use crate::session::FileId;

use super::head::read_start;
use super::notice::{Event, Notice};
use super::watched::{Change, Doubt, Log, State, Watched};
use super::{Due, Live, Phase, to_state};

/// So many looks are done by one thread: fewer are not worth waking another for.
const MIN_LOOKS: usize = 32;

/// What a look has found so far.
#[derive(Default)]
struct Look {
    due: Vec<Due>,
    /// Paths whose files are to be identified: indices into the watched.
    fresh: Vec<usize>,
    /// Logs whose path leads to another file now, or to none, with that path.
    lost: Vec<(Log, PathBuf, Event)>,
    notices: Vec<Notice>,
}

impl Live {
    /// Looks at every file and folder.
    pub(super) fn look(&mut self) -> (Vec<Due>, Vec<Notice>) {
        let mut look = Look::default();
        // Over a network a look takes long, and several at once no longer than one.
        let changes: Vec<Change> = self.watched.par_iter_mut().with_min_len(MIN_LOOKS).map(Watched::look).collect();
        for (index, change) in changes.into_iter().enumerate() {
            self.take_change(index, change, &mut look);
        }
        if self.phase == Phase::Begun {
            self.phase = Phase::Going;
            self.read_whole(&mut look);
        }
        self.look_for_new(&mut look);
        self.identify_fresh(&mut look);
        let gone = look.lost.into_iter().map(|(_, path, event)| Notice { path, event });
        look.notices.extend(gone);
        (look.due, look.notices)
    }

    fn take_change(&mut self, index: usize, change: Change, look: &mut Look) {
        if matches!(change, Change::None) {
            return;
        }
        let Watched { found, state, .. } = &mut self.watched[index];
        let path = found.path.clone();
        let mut say = |event| look.notices.push(Notice { path: path.clone(), event });
        match (change, &mut *state) {
            (Change::Grown { until, is_all }, State::Log(_)) => self.take_grown(index, until, is_all, look),
            (Change::Utf16, State::Log(log)) => {
                let file = log.file;
                *state = State::Whole(file);
                look.due.push(self.to_whole(index, file));
            }
            (Change::Shrunk { n_lines }, _) => say(Event::Shrunk { n_lines }),
            (Change::Unread, _) => say(Event::Unread),
            (Change::Failed(error), _) => say(Event::Failed(error.to_string())),
            (Change::Gone, State::Log(log)) => look.lost.push((log.clone(), path, Event::Gone)),
            (Change::Gone, _) => say(Event::Gone),
            (Change::Replaced, State::Log(log)) => {
                look.lost.push((log.clone(), path, Event::Replaced));
                *state = State::Doubtful(Doubt::default());
                look.fresh.push(index);
            }
            (Change::Doubtful, State::Doubtful(_)) => look.fresh.push(index),
            (Change::None | Change::Grown { .. } | Change::Utf16 | Change::Replaced | Change::Doubtful, _) => {}
        }
    }

    /// Looks what there is to read of a file that turned out to be a log.
    fn look_anew(&mut self, index: usize, look: &mut Look) {
        self.watched[index].forget();
        let change = self.watched[index].look();
        self.take_change(index, change, look);
    }

    fn take_grown(&mut self, index: usize, until: u64, is_all: bool, look: &mut Look) {
        let watched = &self.watched[index];
        let Some(log) = watched.as_log() else { return };
        let due = Due::of(index, log, Some(until), is_all);
        let file = &self.catalogue.files[log.file.0 as usize];
        if file.first_time.is_none()
            && log.at < HEAD_BYTES
            && let Ok(part) = look_at(&watched.found)
        {
            self.catalogue.files[log.file.0 as usize].first_time = part.file.first_time;
        }
        look.due.push(due);
    }

    fn to_whole(&self, index: usize, file: FileId) -> Due {
        Due { index, stretch: Stretch::whole(file, &self.catalogue.files[file.0 as usize]), is_all: true }
    }

    /// What is read in one go is read in the first round.
    fn read_whole(&self, look: &mut Look) {
        for (index, watched) in self.watched.iter().enumerate() {
            if let State::Whole(file) = watched.state
                && !look.due.iter().any(|due| due.index == index)
            {
                look.due.push(self.to_whole(index, file));
            }
        }
    }

    /// Looks for files that were not there before.
    fn look_for_new(&mut self, look: &mut Look) {
        let discovery = &mut self.discovery;
        let (n_files, n_same, n_errors) = (discovery.files.len(), discovery.same.len(), discovery.errors.len());
        discovery.look_again(&self.paths, self.exclude.as_deref());
        for (path, first) in &discovery.same[n_same..] {
            let reason = SkipReason::Duplicate(first.clone());
            self.catalogue.skipped.push(Skipped { path: path.clone(), size_bytes: 0, reason });
        }
        for error in &discovery.errors[n_errors..] {
            self.catalogue.errors.push(error.clone());
            look.notices.push(Notice { path: error.path.clone(), event: Event::Failed(error.message.clone()) });
        }
        for found in &discovery.files[n_files..] {
            look.fresh.push(self.watched.len());
            self.watched.push(Watched::new(found.clone(), State::Doubtful(Doubt::default())));
        }
    }

    /// Says what the fresh files are: logs under new names, new logs, or none.
    fn identify_fresh(&mut self, look: &mut Look) {
        let mut logs: Vec<(usize, LogFile)> = Vec::new();
        let has_lost = !look.lost.is_empty() || self.watched.iter().any(|watched| watched.as_lost().is_some());
        for index in std::mem::take(&mut look.fresh) {
            if has_lost && self.adopt(index, look).unwrap_or(false) {
                continue;
            }
            match look_at(&self.watched[index].found) {
                Ok(Part { file, doubt: None }) => logs.push((index, file)),
                Ok(Part { file, doubt: Some(reason) }) => self.skip(index, file, reason),
                Err(error) => {
                    let path = error.path;
                    if let Change::Failed(error) = self.watched[index].fail(io::Error::other(error.message)) {
                        look.notices.push(Notice { path, event: Event::Failed(error.to_string()) });
                    }
                }
            }
        }
        logs.sort_by_cached_key(|(_, file)| (file.first_time, natural(&file.path)));
        for (index, file) in logs {
            match self.twin_of(index, &file) {
                Some(first) => self.skip(index, file, SkipReason::Duplicate(first)),
                None => self.take_log(index, file, look),
            }
        }
    }

    /// A file that opens as one does that was lost is that one, under another name.
    fn adopt(&mut self, index: usize, look: &mut Look) -> io::Result<bool> {
        let path = self.watched[index].found.path.clone();
        let mut file = File::open(&path)?;
        let size_bytes = file.metadata()?.len();
        let start = read_start(&mut file)?;
        let is_same = |log: &Log| !log.head.is_empty() && log.head.opens(&start) && size_bytes >= log.at;
        let (log, former) = if let Some(place) = look.lost.iter().position(|(log, ..)| is_same(log)) {
            let (log, former, _) = look.lost.remove(place);
            (log, former)
        } else if let Some(lost) = self.watched.iter().find(|other| other.as_lost().is_some_and(is_same)) {
            let Some(log) = lost.as_lost().cloned() else { return Ok(false) };
            (log, lost.found.path.clone())
        } else {
            return Ok(false);
        };
        let file = log.file;
        // Whatever comes to lie there is another file.
        for other in &mut self.watched {
            if other.as_log().is_some_and(|other| other.file == file) {
                other.state = State::Doubtful(Doubt::default());
            }
        }
        self.catalogue.files[file.0 as usize].path.clone_from(&path);
        if former != path {
            look.notices.push(Notice { path: former, event: Event::Renamed(path) });
        }
        self.unskip(index);
        self.watched[index].state = State::Log(log);
        self.look_anew(index, look);
        Ok(true)
    }

    /// Another log that holds the same bytes.
    fn twin_of(&self, index: usize, file: &LogFile) -> Option<PathBuf> {
        if file.size_bytes == 0 {
            return None;
        }
        let is_twin = |other: &&Watched| {
            let is_alike = other.as_log().is_some_and(|log| {
                self.catalogue.files[log.file.0 as usize].first_time == file.first_time
                    && other.size_bytes() == Some(file.size_bytes)
            });
            is_alike && has_same_bytes(&other.found.path, &file.path).unwrap_or(false)
        };
        let others = self.watched[..index].iter().chain(&self.watched[index + 1..]);
        others.filter(|other| other.as_lost().is_none()).find(is_twin).map(|other| other.found.path.clone())
    }

    fn take_log(&mut self, index: usize, file: LogFile, look: &mut Look) {
        let Ok(number) = u32::try_from(self.catalogue.files.len()) else { return };
        let file_id = FileId(number);
        let state = to_state(file_id, &file);
        self.catalogue.files.push(file);
        self.unskip(index);
        self.watched[index].state = state;
        self.watched[index].is_failing = false;
        match self.watched[index].state {
            State::Whole(_) => look.due.push(self.to_whole(index, file_id)),
            State::Log(_) | State::Doubtful(_) => self.look_anew(index, look),
        }
    }

    fn skip(&mut self, index: usize, file: LogFile, reason: SkipReason) {
        self.unskip(index);
        self.watched[index].state = State::Doubtful(Doubt::of(&reason, file.size_bytes));
        self.watched[index].is_failing = false;
        self.catalogue.skipped.push(Skipped { path: file.path, size_bytes: file.size_bytes, reason });
    }

    fn unskip(&mut self, index: usize) {
        let Watched { found, state, .. } = &self.watched[index];
        if matches!(state, State::Doubtful(Doubt { is_skipped: true, .. })) {
            self.catalogue.skipped.retain(|skipped| skipped.path != found.path);
        }
    }
}
