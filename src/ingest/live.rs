//! Reading in rounds: logs that are still written.
//!
//! In: paths, and a call whenever it is time to look. Out: [`Batch`](super::Batch)es of the sessions
//! that were closed since, and what befell the files.
//!
//! A round reads what has come since the last one: files that grew from where they were left, up to
//! their last line end, for the row behind it is still being written; and files that are new, in the
//! order of their first rows' times. A session is handed over when it is closed, and once more when
//! rows of it come later ([`Case::is_again`](super::Case::is_again)).
//!
//! **Invariant**: a file keeps its `FileId`. Where nothing happened, a round costs a look at each
//! folder and at the size of each file, and opens none. No file is held open between rounds.

mod head;
mod look;
pub mod notice;
mod watched;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;

use crate::session::FileId;
use crate::session::assemble::TextEnd;
use crate::source::Extent;
use crate::source::discover::{Discovery, Found, discover};

use super::catalogue::{LogFile, natural};
use super::pipeline::Reader;
use super::stretch::{Closing, Stretch, Task};
use super::{Account, Catalogue, Options, Sink, Skipped, Study};
use notice::Notice;
use watched::{Doubt, Log, State, Watched};

/// Logs that are read as they are written.
pub struct Live {
    paths: Vec<PathBuf>,
    exclude: Option<PathBuf>,
    options: Options,
    discovery: Discovery,
    catalogue: Catalogue,
    watched: Vec<Watched>,
    reader: Reader,
    phase: Phase,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was read.
    Begun,
    /// There were rounds.
    Going,
    /// The sink said stop.
    Stopped,
}

/// What came of a round.
#[derive(Debug)]
pub struct Round {
    /// The lines that were read in it.
    pub account: Account,
    /// What befell the files.
    pub notices: Vec<Notice>,
    /// Whether the sink said stop. Then only [`Live::finish`] is left.
    pub flow: ControlFlow<()>,
}

/// What is to be read of a watched file.
struct Due {
    /// An index into the watched.
    index: usize,
    stretch: Stretch,
    /// Whether the file ends with it.
    is_all: bool,
}

impl Due {
    /// What stands behind what was read of a log: whole lines up to a place, or all there is.
    fn of(index: usize, log: &Log, until: Option<u64>, is_all: bool) -> Self {
        let extent = Extent { lead: Vec::new(), from: log.at, until };
        let end = if until.is_some() { TextEnd::More } else { TextEnd::OfFile };
        let stretch = Stretch { file: log.file, extent, base_line: log.n_lines, schema: log.schema.clone(), end };
        Self { index, stretch, is_all }
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("paths", &self.paths).field("watched", &self.watched).finish_non_exhaustive()
    }
}

impl Live {
    /// Finds the files that `paths` name, and says of each what it is; reads none. `exclude` is left
    /// out: it is where the answer goes.
    pub fn begin(paths: Vec<PathBuf>, exclude: Option<PathBuf>, options: Options) -> Self {
        let discovery = discover(&paths, exclude.as_deref());
        let catalogue = Catalogue::of(&discovery);
        let watched = watch(&discovery, &catalogue);
        let mut reader = Reader::default();
        reader.rebuilder.reached = Some(HashMap::new());
        Self { paths, exclude, options, discovery, catalogue, watched, reader, phase: Phase::Begun }
    }

    /// The files so far: new ones are appended, and one that is renamed gets its new path.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Whether anything can come later: of standard input alone nothing can.
    pub fn can_grow(&self) -> bool {
        self.paths.iter().any(|path| path.as_os_str() != crate::source::STDIN)
    }

    /// What the study makes of the sessions that are open, as far as they have come: to be shown until
    /// they are handed over.
    pub fn study_open<S: Study>(&self, study: &S) -> S::Yield {
        self.reader.study_open(&self.catalogue.files, study)
    }

    /// Reads what has come since the last round, all there is in the first.
    pub fn round<S: Study>(&mut self, study: &S, sink: &mut Sink<'_, S::Yield>) -> Round {
        if self.phase == Phase::Stopped {
            return Round { account: Account::default(), notices: Vec::new(), flow: ControlFlow::Break(()) };
        }
        let (due, notices) = self.look();
        self.read(due, notices, Closing::Settle, study, sink)
    }

    /// Reads what has come since, rows that are still being written included, and hands over the
    /// sessions that are open. Where the sink said stop before, nothing more is read.
    pub fn finish<S: Study>(&mut self, study: &S, sink: &mut Sink<'_, S::Yield>) -> Round {
        let (mut due, notices) = match self.phase {
            Phase::Stopped => (Vec::new(), Vec::new()),
            Phase::Begun | Phase::Going => self.look(),
        };
        if self.phase != Phase::Stopped {
            self.add_rests(&mut due);
        }
        self.read(due, notices, Closing::End, study, sink)
    }

    fn read<S: Study>(
        &mut self,
        mut due: Vec<Due>,
        notices: Vec<Notice>,
        closing: Closing,
        study: &S,
        sink: &mut Sink<'_, S::Yield>,
    ) -> Round {
        if due.is_empty() && closing == Closing::Settle {
            return Round { account: Account::default(), notices, flow: ControlFlow::Continue(()) };
        }
        let files = &self.catalogue.files;
        due.sort_by_cached_key(|due| {
            let file = &files[due.stretch.file.0 as usize];
            (file.first_time, natural(&file.path))
        });
        close_former(&mut due, files);
        let stretches = due.iter().map(|due| due.stretch.clone()).collect();
        let task = Task::of(files, stretches, &self.options, closing);
        let (mut account, flow) = self.reader.read(task, study, sink);
        self.note_reached(&due, &mut account);
        if flow.is_break() {
            self.phase = Phase::Stopped;
        }
        Round { account, notices, flow }
    }

    /// Notes how far each file was read. That one cannot be read is said once.
    fn note_reached(&mut self, due: &[Due], account: &mut Account) {
        let mut reached = self.reader.rebuilder.reached.replace(HashMap::new()).unwrap_or_default();
        let mut were_failing: HashSet<&Path> = HashSet::new();
        for Due { index, stretch, .. } in due {
            let watched = &mut self.watched[*index];
            let was_failing = watched.is_failing;
            watched.reach(reached.remove(&stretch.file), stretch.extent.until);
            if was_failing {
                were_failing.insert(&self.catalogue.files[stretch.file.0 as usize].path);
            }
        }
        account.errors.retain(|error| !were_failing.contains(error.path.as_path()));
    }

    /// Adds what stands behind the last line end of files: a row that is still being written.
    fn add_rests(&self, due: &mut Vec<Due>) {
        for (index, watched) in self.watched.iter().enumerate() {
            let Some(log) = watched.as_log().filter(|_| watched.has_rest()) else { continue };
            let rest = Due::of(index, log, None, true);
            match due.iter_mut().find(|due| due.index == index) {
                Some(due) => *due = rest,
                None => due.push(rest),
            }
        }
    }
}

/// What is to be watched of the files found.
fn watch(discovery: &Discovery, catalogue: &Catalogue) -> Vec<Watched> {
    let files: HashMap<&Path, FileId> =
        (0..).zip(&catalogue.files).map(|(number, file)| (file.path.as_path(), FileId(number))).collect();
    let skipped = |skipped: &'_ Skipped| Doubt::of(&skipped.reason, skipped.size_bytes);
    let skipped: HashMap<&Path, Doubt> =
        catalogue.skipped.iter().map(|file| (file.path.as_path(), skipped(file))).collect();
    let to_watched = |found: &Found| {
        let path = found.path.as_path();
        let state = match files.get(path) {
            Some(&file) => to_state(file, &catalogue.files[file.0 as usize]),
            None => State::Doubtful(skipped.get(path).copied().unwrap_or_default()),
        };
        let mut watched = Watched::new(found.clone(), state);
        // What could not be opened was said.
        watched.is_failing = !files.contains_key(path) && !skipped.contains_key(path);
        watched
    };
    discovery.files.iter().map(to_watched).collect()
}

fn to_state(file: FileId, log: &LogFile) -> State {
    match log.is_stream() || log.extent != Extent::default() {
        true => State::Whole(file),
        false => State::Log(Log::new(file)),
    }
}

/// A file that a later one of its folder follows is at its end, if it ends with a line: what is kept
/// in case that more comes need not wait.
fn close_former(due: &mut [Due], files: &[LogFile]) {
    let mut folders: HashSet<Option<&Path>> = HashSet::new();
    for due in due.iter_mut().rev() {
        let folder = files[due.stretch.file.0 as usize].path.parent();
        if !folders.insert(folder) && due.is_all {
            due.stretch.end = TextEnd::OfFile;
        }
    }
}
