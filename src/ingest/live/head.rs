//! The beginning of a file, by which it is known again, whatever its name.
//!
//! In: a file's first bytes. Out: a [`Head`].
//!
//! **Invariant**: a head is of bytes that were read; a file that opens with other ones is another
//! file. The header of a log holds the moment at which it was opened, so two logs open alike only
//! where one is a copy.

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read, Seek};

/// How much of a file is looked at, in bytes: the header and some rows.
const START_BYTES: usize = 1 << 10;

/// The beginning of a file, as a hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    n_bytes: usize,
    hash: u64,
}

impl Head {
    /// Takes the beginning of what was read of a file, up to `at`.
    pub(super) fn of(start: &[u8], at: u64) -> Self {
        let n_bytes = usize::try_from(at).unwrap_or(usize::MAX).min(start.len());
        Self { n_bytes, hash: hash(&start[..n_bytes]) }
    }

    /// Whether nothing was read yet.
    pub(super) fn is_empty(&self) -> bool {
        self.n_bytes == 0
    }

    /// Whether a file that opens with `start` is the one whose head this is.
    pub(super) fn opens(&self, start: &[u8]) -> bool {
        start.get(..self.n_bytes).is_some_and(|start| self.is_empty() || hash(start) == self.hash)
    }
}

/// Reads as much of a file's beginning as heads are made of.
///
/// Errors: what the system says.
pub(super) fn read_start(file: &mut File) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(START_BYTES);
    file.rewind()?;
    file.take(START_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_what_was_read_of_it() {
        let head = Head::of(b"#Date: 1\r\nrow", 10);
        assert!(head.opens(b"#Date: 1\r\nrow and more"));
        assert!(head.opens(b"#Date: 1\r\nother"));
        assert!(!head.opens(b"#Date: 2\r\nrow and more"));
        assert!(!head.opens(b"#Date: 1"));
        assert!(Head::of(b"", 0).opens(b"anything"));
    }
}
