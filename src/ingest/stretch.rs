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

use super::{Catalogue, ChunkPlace};

/// What is read of one file in one go.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) file: FileId,
    pub(super) extent: Extent,
    /// Lines of the file before it.
    pub(super) base_line: u64,
    /// The header in force at its start.
    pub(super) schema: Schema,
    /// Whether the file ends with it.
    pub(super) end: TextEnd,
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
                schema: self.files[window.file.0 as usize].schema.clone(),
                end: TextEnd::OfFile,
            });
        }
        Self { files: self.files.clone(), windows: Some(stretches), ..Self::default() }
    }

    /// What there is to read, in order.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let whole = |(number, file): (u32, &super::LogFile)| Stretch {
            file: FileId(number),
            extent: file.extent.clone(),
            base_line: 0,
            schema: file.schema.clone(),
            end: TextEnd::OfFile,
        };
        self.windows.clone().unwrap_or_else(|| (0..).zip(&self.files).map(whole).collect())
    }
}
