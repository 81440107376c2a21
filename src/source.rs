//! The bytes of a log, in chunks that end at line ends.
//!
//! In: a path, or standard input. Out: [`Chunk`], chunk after chunk, in order.
//!
//! Files are read, not mapped. Measured on 2026-11-25 over 1 GB in files of 10 MB, warm, two cores, seven
//! times in turn: mapped, with advice to read ahead, a summary took 0.95 to 1.13 of the time on one core
//! and 0.87 to 1.27 on two, for a block of 128 KiB that was read into the same buffer is grouped while it
//! is in the cache, and faults and unmapping cost what the copy costs. A mapped file that shrinks ends
//! the process on Unix, and on Windows nobody can shrink it while it is mapped, Exchange neither; of one
//! that is read, what is missing is an error.
//!
//! Nor are pages of 2 MiB asked for. Measured on 2026-11-27 over 100 MB, fifty times in turn, where the
//! system gave them for all memory: a summary took 0.96 of the time on one core, at the first quartile, and
//! 0.99 on two, a search the same; that is less than runs differ by.
//!
//! **Invariant**: the chunks of a source, put one behind the other, are its text: no byte is left
//! out or changed, but that UTF-16 is read as UTF-8.

pub mod discover;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use encoding_rs_io::DecodeReaderBytesBuilder;
use memchr::{memchr, memrchr};

/// The most that a chunk can hold, in bytes: offsets into it have 32 bits. A single line beyond it
/// is cut.
pub const MAX_CHUNK_BYTES: usize = 3 << 30;

/// A chunk of log text, or where to read it.
#[derive(Debug)]
pub enum Chunk {
    /// A part of a file: where it starts and its length in bytes.
    Part(Arc<File>, u64, usize),
    /// A buffer of its own.
    Owned(Vec<u8>),
}

impl Chunk {
    /// Begins to read the text, into `buffer` where it is still in the file.
    pub fn read<'a>(&'a self, buffer: &'a mut Vec<u8>) -> Reading<'a> {
        let (n_bytes, n_ready) = match self {
            Self::Owned(text) => (text.len(), text.len()),
            Self::Part(_, _, length) => (*length, 0),
        };
        if n_ready < n_bytes && buffer.len() < n_bytes {
            // Room for what is needed and no more: buffers of this size, grown by doubling, would
            // leave holes that nothing else fills.
            buffer.reserve_exact(n_bytes - buffer.len());
            buffer.resize(n_bytes, 0);
        }
        Reading { chunk: self, buffer, n_bytes, n_ready, n_whole: 0, error: None }
    }

    /// Where the text starts in its file, in bytes; `None` where it does not stand there as it is: of
    /// a stream, of UTF-16, of a line that two files share.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Part(_, start, _) => Some(*start),
            Self::Owned(_) => None,
        }
    }
}

/// A chunk on its way into memory, block by block, so that each can be looked at while it is in the
/// processor's cache.
#[derive(Debug)]
pub struct Reading<'a> {
    chunk: &'a Chunk,
    buffer: &'a mut [u8],
    n_bytes: usize,
    n_ready: usize,
    /// How much of what was read are whole lines: what was searched once is not searched again, or a
    /// line without end would take time by the square of its length.
    n_whole: usize,
    error: Option<io::Error>,
}

impl Reading<'_> {
    /// Reads up to `n_bytes` more. Returns the whole lines read so far, and what stands behind the
    /// last line end too once the text is complete.
    pub fn more(&mut self, n_bytes: usize) -> &[u8] {
        let before = self.n_ready;
        let until = before.saturating_add(n_bytes).min(self.n_bytes);
        if let Chunk::Part(file, at, _) = self.chunk {
            let (n_read, error) = read_part(file, at + before as u64, &mut self.buffer[before..until]);
            self.n_ready += n_read;
            if error.is_some() {
                // The text ends where the reading failed.
                self.n_bytes = self.n_ready;
                self.error = error;
            }
        }
        self.n_whole = match self.is_complete() {
            true => self.n_ready,
            false => memrchr(b'\n', &self.text()[before..]).map_or(self.n_whole, |at| before + at + 1),
        };
        &self.text()[..self.n_whole]
    }

    /// Whether nothing is left to read.
    pub fn is_complete(&self) -> bool {
        self.n_ready == self.n_bytes
    }

    /// What was read so far.
    pub fn text(&self) -> &[u8] {
        match self.chunk {
            Chunk::Owned(text) => text,
            Chunk::Part(..) => &self.buffer[..self.n_ready],
        }
    }

    /// Takes what kept the text from being whole.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }
}

/// Fills `buffer` from a place in a file as far as it goes, and says what kept it from being filled.
fn read_part(file: &File, at: u64, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut n_read = 0;
    while n_read < buffer.len() {
        match read_at(file, &mut buffer[n_read..], at + n_read as u64) {
            Ok(0) => return (n_read, Some(io::Error::new(io::ErrorKind::UnexpectedEof, "shrank while it was read"))),
            Ok(n_more) => n_read += n_more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (n_read, Some(error)),
        }
    }
    (n_read, None)
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// Which part of a file is read, and what is read before it: a line that an earlier file begins is
/// read whole with the file that ends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// What comes first. Ends with a line end where more of the file follows.
    pub lead: Vec<u8>,
    /// Where the file is read from, in bytes.
    pub from: u64,
    /// Where its reading ends; `None` for the file's end.
    pub until: Option<u64>,
}

/// A log being read.
#[derive(Debug)]
pub struct Source {
    /// What is still to be read before the body.
    lead: Vec<u8>,
    body: Body,
}

enum Body {
    Parts { file: Arc<File>, at: u64, size_bytes: u64 },
    Stream { reader: Box<dyn Read + Send>, rest: Vec<u8>, is_over: bool },
}

impl Body {
    /// Whether nothing of it is left to be read.
    fn is_at_end(&self) -> bool {
        match self {
            Self::Parts { at, size_bytes, .. } => at >= size_bytes,
            Self::Stream { is_over, .. } => *is_over,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Parts { at, size_bytes, .. } => write!(f, "Parts at {at} of {size_bytes}"),
            Self::Stream { rest, .. } => write!(f, "Stream, {} bytes waiting", rest.len()),
        }
    }
}

/// The path that means standard input.
pub const STDIN: &str = "-";

impl Source {
    /// Opens a file, or standard input for `-`.
    ///
    /// Errors: what the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_extent(path, &Extent::default())
    }

    /// Opens a part of a plain file; what cannot be cut, a stream or UTF-16, is read whole.
    ///
    /// Errors: what the system says.
    pub fn open_extent(path: &Path, extent: &Extent) -> io::Result<Self> {
        if path.as_os_str() == STDIN {
            return Ok(Self::stream(io::stdin()));
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut mark = [0; 2];
        // What is no plain file cannot be read twice, so it is not looked at.
        if !metadata.is_file() {
            return Ok(Self::stream(file));
        }
        if read_part(&file, 0, &mut mark).0 == mark.len() && is_utf16(&mark) {
            // On Windows a look at a place moves the place that is read next.
            file.rewind()?;
            return Ok(Self::stream(file));
        }
        let size_bytes = extent.until.unwrap_or(u64::MAX).min(metadata.len());
        let body = Body::Parts { file: Arc::new(file), at: extent.from, size_bytes };
        Ok(Self { lead: extent.lead.clone(), body })
    }

    /// Reads from anything that can be read.
    pub fn stream(reader: impl Read + Send + 'static) -> Self {
        Self {
            lead: Vec::new(),
            body: Body::Stream { reader: Box::new(decoding(reader)), rest: Vec::new(), is_over: false },
        }
    }

    /// Returns the next chunk of about `chunk_bytes`, extended to the end of a line, and whether
    /// it is the last; the last may be shorter, or empty. `None` after the last.
    ///
    /// Errors: what the system says. What was read before stays read.
    pub fn next_chunk(&mut self, chunk_bytes: usize) -> io::Result<Option<(Chunk, bool)>> {
        if !self.lead.is_empty() {
            let is_last = self.body.is_at_end();
            return Ok(Some((Chunk::Owned(std::mem::take(&mut self.lead)), is_last)));
        }
        match &mut self.body {
            Body::Parts { file, at, size_bytes } => next_part(file, at, *size_bytes, chunk_bytes),
            Body::Stream { is_over: true, .. } => Ok(None),
            Body::Stream { reader, rest, is_over } => {
                let (chunk, is_last) = next_read(reader, rest, chunk_bytes)?;
                *is_over = is_last;
                Ok(Some((Chunk::Owned(chunk), is_last)))
            }
        }
    }
}

/// Returns how many of `rest_bytes` the next of several equal chunks takes, none above `chunk_bytes`:
/// whoever works on a short last one would wait for the others.
fn even_share(rest_bytes: u64, chunk_bytes: usize) -> u64 {
    rest_bytes.div_ceil(rest_bytes.div_ceil(chunk_bytes.max(1) as u64).max(1))
}

fn next_part(file: &Arc<File>, at: &mut u64, size_bytes: u64, chunk_bytes: usize) -> io::Result<Option<(Chunk, bool)>> {
    if *at >= size_bytes {
        return Ok(None);
    }
    let start = *at;
    let furthest = start.saturating_add(MAX_CHUNK_BYTES as u64).min(size_bytes);
    let end = line_end(file, start.saturating_add(even_share(size_bytes - start, chunk_bytes)), furthest)?;
    *at = end;
    let length = usize::try_from(end - start).map_err(io::Error::other)?;
    Ok(Some((Chunk::Part(Arc::clone(file), start, length), end == size_bytes)))
}

/// Returns the place behind the first line end that stands at or behind the byte before `from`, at
/// most `furthest`.
fn line_end(file: &File, from: u64, furthest: u64) -> io::Result<u64> {
    let mut block = [0; 4096];
    let mut at = from.max(1) - 1;
    while at < furthest {
        match read_at(file, &mut block, at) {
            // A file that shrank: whoever reads the chunk will say so.
            Ok(0) => break,
            Ok(n_read) => match memchr(b'\n', &block[..n_read]) {
                Some(length) => return Ok((at + length as u64 + 1).min(furthest)),
                None => at += n_read as u64,
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(furthest)
}

/// Reads until the buffer holds a chunk and a line end; what stands behind the last line end waits
/// in `rest` for the next call.
fn next_read(reader: &mut dyn Read, rest: &mut Vec<u8>, chunk_bytes: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut chunk = std::mem::take(rest);
    let mut searched = 0;
    loop {
        let wanted = chunk_bytes.max(1).saturating_sub(chunk.len()).max(1 << 16);
        let n_read = reader.take(wanted as u64).read_to_end(&mut chunk)?;
        if n_read < wanted {
            return Ok((chunk, true));
        }
        if let Some(line_end) = memrchr(b'\n', &chunk[searched..]) {
            rest.extend_from_slice(&chunk[searched + line_end + 1..]);
            chunk.truncate(searched + line_end + 1);
            return Ok((chunk, false));
        }
        searched = chunk.len();
        if chunk.len() >= MAX_CHUNK_BYTES - (1 << 20) {
            return Ok((chunk, false));
        }
    }
}

/// Reads the first `n_bytes` of a text.
///
/// Errors: what the system says.
pub(crate) fn read_head(reader: impl Read, n_bytes: u64) -> io::Result<Vec<u8>> {
    // One byte more, so that the end is seen without growing.
    let mut head = Vec::with_capacity(usize::try_from(n_bytes + 1).unwrap_or(0));
    reader.take(n_bytes).read_to_end(&mut head)?;
    // The decoder would pass on all else unchanged, in small pieces.
    if is_utf16(&head) {
        let mut decoded = Vec::with_capacity(head.len());
        decoding(&head[..]).read_to_end(&mut decoded)?;
        head = decoded;
    }
    Ok(head)
}

/// Text that opens with the mark of UTF-16 is read as UTF-8; any other passes unchanged, invalid
/// bytes and a UTF-8 mark included.
fn decoding(reader: impl Read) -> impl Read {
    DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(false).bom_override(true).build(reader)
}

/// Whether the text opens with the mark of UTF-16.
pub fn is_utf16(text: &[u8]) -> bool {
    text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_chunks(text: &[u8], chunk_bytes: usize, expected: &[&[u8]]) {
        let mut source = Source::stream(io::Cursor::new(text.to_vec()));
        let mut chunks = Vec::new();
        while let Some((chunk, _)) = source.next_chunk(chunk_bytes).unwrap() {
            chunks.push(chunk.read(&mut Vec::new()).more(usize::MAX).to_vec());
        }
        assert_eq!(chunks.concat(), expected.concat());
        for chunk in &chunks[..chunks.len() - 1] {
            assert!(chunk.ends_with(b"\n"));
        }
    }

    #[test]
    fn streams_are_cut_at_line_ends() {
        check_chunks(b"", 4, &[b""]);
        check_chunks(b"ab\ncd\nef", 1, &[b"ab\ncd\nef"]);
        check_chunks(b"\xEF\xBB\xBF#\xff\n", 9, &[b"\xEF\xBB\xBF#\xff\n"]);
        let long = [b"x".repeat(200_000), b"\n".to_vec(), b"y".repeat(70_000)].concat();
        check_chunks(&long, 1000, &[&long]);
    }

    #[test]
    fn files_come_in_blocks_of_whole_lines() {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one\ntwo\nthree\nfour").unwrap();
        let mut source = Source::open(file.path()).unwrap();
        let (chunk, is_last) = source.next_chunk(usize::MAX).unwrap().unwrap();
        let mut buffer = Vec::new();
        let mut reading = chunk.read(&mut buffer);
        let blocks: Vec<Vec<u8>> = (0..4).map(|_| reading.more(5).to_vec()).collect();
        assert!(is_last && reading.is_complete() && reading.take_error().is_none());
        assert_eq!(blocks, [&b"one\n"[..], b"one\ntwo\n", b"one\ntwo\nthree\n", b"one\ntwo\nthree\nfour"]);
    }

    #[test]
    fn a_part_of_a_file_comes_behind_what_leads_it() {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one\ntwo\nthree\nfour").unwrap();
        let check = |lead: &str, from: u64, until: Option<u64>, expected: &[(&str, bool)]| {
            let extent = Extent { lead: lead.into(), from, until };
            let mut source = Source::open_extent(file.path(), &extent).unwrap();
            let mut chunks = Vec::new();
            while let Some((chunk, is_last)) = source.next_chunk(1).unwrap() {
                let text = chunk.read(&mut Vec::new()).more(usize::MAX).to_vec();
                chunks.push((String::from_utf8(text).unwrap(), is_last));
            }
            let chunks: Vec<_> = chunks.iter().map(|(text, is_last)| (text.as_str(), *is_last)).collect();
            assert_eq!(chunks, expected);
        };
        check("", 4, Some(14), &[("two\n", false), ("three\n", true)]);
        check("zero-one\n", 8, None, &[("zero-one\n", false), ("three\n", false), ("four", true)]);
        check("all of it", 18, None, &[("all of it", true)]);
        check("", 0, Some(0), &[]);
        check("", 18, Some(99), &[]);
    }

    #[test]
    fn a_long_line_comes_when_it_is_whole() {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"ab\ncdefghijkl\nm").unwrap();
        let mut source = Source::open(file.path()).unwrap();
        let (chunk, _) = source.next_chunk(usize::MAX).unwrap().unwrap();
        let mut buffer = Vec::new();
        let mut reading = chunk.read(&mut buffer);
        let lengths: Vec<usize> = (0..5).map(|_| reading.more(3).len()).collect();
        assert_eq!(lengths, [3, 3, 3, 3, 15]);
        assert!(reading.is_complete());
    }

    #[test]
    fn a_file_that_shrank_ends_where_it_ends() {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one\ntwo\n").unwrap();
        let mut source = Source::open(file.path()).unwrap();
        let (chunk, _) = source.next_chunk(usize::MAX).unwrap().unwrap();
        file.as_file().set_len(5).unwrap();
        let mut buffer = Vec::new();
        let mut reading = chunk.read(&mut buffer);
        assert_eq!(reading.more(usize::MAX), b"one\nt");
        assert!(reading.is_complete());
        assert_eq!(reading.take_error().unwrap().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn utf16_becomes_utf8() {
        let text: Vec<u8> = "\u{feff}#Größe\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut source = Source::stream(io::Cursor::new(text));
        let (chunk, is_last) = source.next_chunk(100).unwrap().unwrap();
        assert!(is_last);
        assert!(String::from_utf8_lossy(chunk.read(&mut Vec::new()).more(usize::MAX)).contains("#Größe\r\n"));
    }
}
