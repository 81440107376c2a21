//! What is read of the files: stretch after stretch, each from one place of a file to another.
//!
//! In: a [`Catalogue`], perhaps the [`Window`]s that are asked for. Out: [`Stretch`]es, in the order
//! of reading.
//!
//! **Invariant**: a stretch begins at the beginning of a line, and knows which line of its file that
//! is, so that rows keep their numbers whatever else is read.

use crate::record::header::Schema;
use crate::session::FileId;
use crate::session::assemble::TextEnd;
use crate::source::Extent;

use super::{Catalogue, ChunkPlace, LogFile, Options};

/// What is read of one file in one go.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) file: FileId,
    pub(super) extent: Extent,
    /// Lines of the file before it.
    pub(super) base_line: u64,
    /// The header in force at its start, if it is another than the file opens with.
    pub(super) schema: Option<Box<Schema>>,
    /// Whether the file ends with it.
    pub(super) end: TextEnd,
}

impl Stretch {
    /// All that is to be read of a file.
    pub(super) fn whole(file: FileId, log: &LogFile) -> Self {
        Self { file, extent: log.extent.clone(), base_line: 0, schema: None, end: TextEnd::OfFile }
    }
}

/// What is to be read.
pub(super) struct Task<'a> {
    /// All files of the input.
    pub(super) files: &'a [LogFile],
    /// What is read of them, in order.
    pub(super) stretches: Box<dyn Iterator<Item = Stretch> + Send + 'a>,
    /// How long all that is, about.
    pub(super) n_bytes: u64,
    pub(super) options: &'a Options,
    pub(super) closing: Closing,
}

impl<'a> Task<'a> {
    /// Reads these stretches of the files.
    pub(super) fn of(files: &'a [LogFile], stretches: Vec<Stretch>, options: &'a Options, closing: Closing) -> Self {
        let n_bytes = stretches.iter().map(|stretch| n_bytes_of(&files[stretch.file.0 as usize], &stretch.extent));
        let n_bytes = n_bytes.fold(0, u64::saturating_add);
        Self { files, stretches: Box::new(stretches.into_iter()), n_bytes, options, closing }
    }
}

/// How long a part of a file is; of standard input and pipes this is not known.
fn n_bytes_of(file: &LogFile, extent: &Extent) -> u64 {
    match file.is_stream() {
        true => u64::MAX,
        false => extent.until.unwrap_or(file.size_bytes).saturating_sub(extent.from),
    }
}

/// What becomes of the sessions that are left when everything was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// More is read later: those that go on wait for it.
    Settle,
    /// Nothing comes any more.
    End,
}

/// A part of a file, of whole lines: what a chunk held.
///
/// Units: `offset` and `bytes` count bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// Which file.
    pub file: FileId,
    /// Where it begins.
    pub offset: u64,
    /// How long it is.
    pub bytes: u64,
    /// How many lines of the file stand before it.
    pub base_line: u64,
}

impl ChunkPlace {
    /// Returns the part of the file that a chunk of `bytes` at this place held; `None` where it can
    /// only be read with what stands before it.
    pub fn to_window(self, bytes: u64) -> Option<Window> {
        Some(Window { file: self.file, offset: self.offset?, bytes, base_line: self.base_line })
    }
}

impl Catalogue {
    /// A catalogue of files that are known.
    pub fn of_files(files: Vec<super::LogFile>) -> Self {
        Self { files, ..Self::default() }
    }

    /// Returns a catalogue from which only `windows` are read, of the same files: rows keep their
    /// files and the numbers of their lines. A session whose rows all lie within the windows comes
    /// out as it does when everything is read, but that its position, and which of several of its
    /// name it is, are counted among what is read.
    #[must_use]
    pub fn excerpt(&self, windows: &[Window]) -> Self {
        let mut windows = windows.to_vec();
        windows.sort_unstable();
        windows.dedup();
        let mut stretches: Vec<Stretch> = Vec::with_capacity(windows.len());
        for window in windows.into_iter().filter(|window| (window.file.0 as usize) < self.files.len()) {
            let until = window.offset.saturating_add(window.bytes);
            match stretches.last_mut().filter(|last| last.file == window.file) {
                Some(last) if last.extent.until >= Some(window.offset) => {
                    last.extent.until = last.extent.until.max(Some(until));
                    continue;
                }
                Some(last) => last.end = TextEnd::More,
                None => {}
            }
            stretches.push(Stretch {
                file: window.file,
                extent: Extent { lead: Vec::new(), from: window.offset, until: Some(until) },
                base_line: window.base_line,
                schema: None,
                end: TextEnd::OfFile,
            });
        }
        Self { files: self.files.clone(), windows: Some(stretches), ..Self::default() }
    }

    /// All there is to read.
    pub(super) fn to_task<'a>(&'a self, options: &'a Options) -> Task<'a> {
        let files = &self.files;
        if let Some(windows) = &self.windows {
            return Task::of(files, windows.clone(), options, Closing::End);
        }
        let n_bytes = files.iter().map(|file| n_bytes_of(file, &file.extent)).fold(0, u64::saturating_add);
        let stretches = Box::new((0..).zip(files).map(|(number, log)| Stretch::whole(FileId(number), log)));
        Task { files, stretches, n_bytes, options, closing: Closing::End }
    }
}
