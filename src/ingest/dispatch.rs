//! Hands out what is to be read, chunk by chunk.
//!
//! In: a [`Task`]. Out: chunks, each with its [`Job`].
//!
//! **Invariant**: chunks are numbered in the order of reading, without a gap, and what follows them behind
//! them; no more than one file is opened ahead; one that fails is named, and the next is read.

use crate::record::header::Schema;
use crate::session::FileId;
use crate::session::assemble::TextEnd;
use crate::source::{Chunk, Source};

use super::stretch::{Stretch, Task};
use super::{LogFile, ReadError};

/// What is known of a chunk beside its text.
pub(super) struct Job<'a> {
    /// Chunks are numbered in the order of reading.
    pub(super) number: u64,
    pub(super) file: FileId,
    pub(super) log: &'a LogFile,
    /// Where it starts in the file, if it stands there as it is.
    pub(super) offset: Option<u64>,
    /// Lines of the file before it, where a stretch begins with it; otherwise it follows on the
    /// chunk before.
    pub(super) base_line: Option<u64>,
    pub(super) end: TextEnd,
    /// The header that is taken to be in force at its start.
    pub(super) schema: Schema,
}

/// Hands out chunks in order, opening one file after the other.
pub(super) struct Dispatcher<'a> {
    files: &'a [LogFile],
    chunk_bytes: usize,
    waiting: Box<dyn Iterator<Item = Stretch> + Send + 'a>,
    open: Option<Open>,
    number: u64,
    /// Files that failed.
    pub(super) errors: Vec<ReadError>,
}

/// A stretch that is being read.
struct Open {
    stretch: Stretch,
    source: Source,
    is_begun: bool,
}

/// Into so many chunks an input is cut at least, so that all threads have work to its end, and the chunks in hand
/// are a small part of it.
const N_CHUNKS: u64 = 128;

/// But into none smaller than this, in bytes: too many sessions would cross a chunk's end.
const LEAST_CHUNK_BYTES: usize = 1 << 20;

/// How many bytes a chunk holds of an input of so many bytes; `most` where that is enough of them.
fn chunk_bytes(n_bytes: u64, most: usize) -> usize {
    let share = usize::try_from(n_bytes / N_CHUNKS).unwrap_or(usize::MAX);
    share.max(LEAST_CHUNK_BYTES).min(most)
}

impl<'a> Dispatcher<'a> {
    pub(super) fn new(task: Task<'a>, number: u64) -> Self {
        let Task { files, stretches, n_bytes, options, .. } = task;
        let chunk_bytes = chunk_bytes(n_bytes, options.chunk_bytes);
        Self { files, chunk_bytes, waiting: stretches, open: None, number, errors: Vec::new() }
    }

    /// The number of the next chunk.
    pub(super) fn next_number(&self) -> u64 {
        self.number
    }

    /// Hands out a number behind all chunks.
    pub(super) fn take_number(&mut self) -> u64 {
        self.number += 1;
        self.number - 1
    }

    /// Returns the next chunk.
    pub(super) fn next(&mut self) -> Option<(Job<'a>, Chunk)> {
        loop {
            let Some(open) = &mut self.open else {
                self.open_next()?;
                continue;
            };
            match open.source.next_chunk(self.chunk_bytes) {
                Ok(Some((chunk, is_last))) => {
                    let log = &self.files[open.stretch.file.0 as usize];
                    let job = open.begin_chunk(self.number, log, &chunk, is_last);
                    self.number += 1;
                    return Some((job, chunk));
                }
                Ok(None) => self.open = None,
                Err(error) => {
                    let file = open.stretch.file;
                    self.fail(file, &error);
                }
            }
        }
    }

    fn open_next(&mut self) -> Option<()> {
        let stretch = self.waiting.next()?;
        match self.files[stretch.file.0 as usize].open(&stretch.extent) {
            Ok(source) => self.open = Some(Open { stretch, source, is_begun: false }),
            Err(error) => self.fail(stretch.file, &error),
        }
        Some(())
    }

    /// Reads no more of the file.
    pub(super) fn leave(&mut self, file: FileId) {
        self.open.take_if(|open| open.stretch.file == file);
    }

    /// Names the file that failed, and reads no more of it.
    fn fail(&mut self, file: FileId, error: &std::io::Error) {
        self.leave(file);
        let path = self.files[file.0 as usize].path.clone();
        self.errors.push(ReadError { path, message: error.to_string() });
    }
}

impl Open {
    fn begin_chunk<'a>(&mut self, number: u64, log: &'a LogFile, chunk: &Chunk, is_last: bool) -> Job<'a> {
        let base_line = (!self.is_begun).then_some(self.stretch.base_line);
        self.is_begun = true;
        let end = if is_last { self.stretch.end } else { TextEnd::More };
        let Stretch { file, ref schema, .. } = self.stretch;
        let schema = schema.as_deref().unwrap_or(&log.schema);
        Job { number, file, log, offset: chunk.offset(), base_line, end, schema: schema.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_inputs_are_cut_into_smaller_chunks() {
        const MOST: usize = 1 << 21;
        assert_eq!(chunk_bytes(0, MOST), LEAST_CHUNK_BYTES);
        assert_eq!(chunk_bytes(200 << 20, MOST), 200 << 13);
        assert_eq!(chunk_bytes(1 << 30, MOST), MOST);
        // Of what is piped in the length is not known.
        assert_eq!(chunk_bytes(u64::MAX, MOST), MOST);
        // Whoever asks for less gets less.
        assert_eq!(chunk_bytes(1 << 30, 300), 300);
    }
}
