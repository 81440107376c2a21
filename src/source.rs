//! The bytes of a log, in chunks that end at line ends.
//!
//! In: a path, or standard input. Out: [`Bytes`], chunk after chunk, in order.
//!
//! **Invariant**: the chunks of a source, put one behind the other, are its text: no byte is left
//! out or changed, but that UTF-16 is read as UTF-8.

pub mod discover;
mod mapped;

use std::fs::File;
use std::io::{self, Read};
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

use encoding_rs_io::DecodeReaderBytesBuilder;
use memchr::{memchr, memrchr};

use mapped::Mapped;

/// Whether files are mapped into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// Mapped where the system can.
    Mapped,
    /// Read into buffers.
    Read,
}

/// The most that a chunk can hold, in bytes: offsets into it have 32 bits. A single line beyond it
/// is cut.
pub const MAX_CHUNK_BYTES: usize = 3 << 30;

/// A chunk of log text.
#[derive(Debug)]
pub enum Bytes {
    /// A part of a mapped file.
    Mapped(Arc<Mapped>, Range<usize>),
    /// A buffer of its own.
    Owned(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map, range) => &map.as_bytes()[range.clone()],
            Self::Owned(buffer) => buffer,
        }
    }
}

/// A log being read.
#[derive(Debug)]
pub struct Source {
    body: Body,
}

enum Body {
    Mapped { map: Arc<Mapped>, at: usize },
    Stream { reader: Box<dyn Read + Send>, rest: Vec<u8>, is_over: bool },
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mapped { at, .. } => write!(f, "Mapped at {at}"),
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
    pub fn open(path: &Path, mapping: Mapping) -> io::Result<Self> {
        if path.as_os_str() == STDIN {
            return Ok(Self::stream(io::stdin()));
        }
        let file = File::open(path)?;
        let is_plain = file.metadata()?.is_file();
        if mapping == Mapping::Mapped && is_plain {
            let map = Mapped::map(&file)?;
            if !is_utf16(map.as_bytes()) {
                return Ok(Self { body: Body::Mapped { map: Arc::new(map), at: 0 } });
            }
        }
        Ok(Self::stream(file))
    }

    /// Reads from anything that can be read.
    pub fn stream(reader: impl Read + Send + 'static) -> Self {
        Self { body: Body::Stream { reader: Box::new(decoding(reader)), rest: Vec::new(), is_over: false } }
    }

    /// Appends all the text there is to `head`: for a source that was limited before.
    ///
    /// Errors: what the system says.
    pub fn read_head(mut self, head: &mut Vec<u8>) -> io::Result<()> {
        while let Some((chunk, _)) = self.next_chunk(1 << 20)? {
            head.extend_from_slice(&chunk);
        }
        Ok(())
    }

    /// Returns the next chunk of at least `chunk_bytes`, extended to the end of a line, and whether
    /// it is the last; the last may be shorter, or empty. `None` after the last.
    ///
    /// Errors: what the system says. What was read before stays read.
    pub fn next_chunk(&mut self, chunk_bytes: usize) -> io::Result<Option<(Bytes, bool)>> {
        match &mut self.body {
            Body::Mapped { map, at } => Ok(next_mapped(map, at, chunk_bytes)),
            Body::Stream { is_over: true, .. } => Ok(None),
            Body::Stream { reader, rest, is_over } => {
                let (chunk, is_last) = next_read(reader, rest, chunk_bytes)?;
                *is_over = is_last;
                Ok(Some((Bytes::Owned(chunk), is_last)))
            }
        }
    }
}

fn next_mapped(map: &Arc<Mapped>, at: &mut usize, chunk_bytes: usize) -> Option<(Bytes, bool)> {
    let text = map.as_bytes();
    if *at >= text.len() {
        return None;
    }
    let start = *at;
    let from = start.saturating_add(chunk_bytes).min(text.len());
    let furthest = start.saturating_add(MAX_CHUNK_BYTES).min(text.len());
    let end = memchr(b'\n', &text[from - 1..furthest]).map_or(furthest, |length| from + length);
    *at = end;
    Some((Bytes::Mapped(Arc::clone(map), start..end), end == text.len()))
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

/// Text that opens with the mark of UTF-16 is read as UTF-8; any other passes unchanged, invalid
/// bytes and a UTF-8 mark included.
fn decoding(reader: impl Read) -> impl Read {
    DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(false).bom_override(true).build(reader)
}

fn is_utf16(text: &[u8]) -> bool {
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
            chunks.push(chunk.to_vec());
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
    fn utf16_becomes_utf8() {
        let text: Vec<u8> = "\u{feff}#Größe\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut source = Source::stream(io::Cursor::new(text));
        let (chunk, is_last) = source.next_chunk(100).unwrap().unwrap();
        assert!(is_last);
        assert!(String::from_utf8_lossy(&chunk).contains("#Größe\r\n"));
    }
}
