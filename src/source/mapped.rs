//! Files mapped into memory: the only place where `unsafe` is allowed.
//!
//! In: an open file. Out: its bytes.
//!
//! **Invariant**: the map is read-only and lives as long as any chunk of it.

#![allow(unsafe_code, reason = "mapping a file is unsafe by its nature; see the SAFETY note")]

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// A mapped file.
#[derive(Debug)]
pub struct Mapped {
    /// `None` for an empty file, which some systems refuse to map.
    map: Option<Mmap>,
}

impl Mapped {
    /// Maps the file as long as it is now.
    ///
    /// Errors: what the system says.
    pub(super) fn map(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self { map: None });
        }
        // SAFETY: the map is private to this type and handed out as shared bytes only. Exchange
        // appends to the file that it is writing, which leaves the mapped part as it is, and never
        // rewrites one. Where another program truncates the file while it is read, the system
        // ends the process with a bus error instead of giving wrong bytes; without `--mmap` such
        // files are read safely.
        let map = unsafe { Mmap::map(file)? };
        #[cfg(unix)]
        // Advice only: a refusal changes nothing but the speed.
        let _ = map.advise(memmap2::Advice::Sequential);
        Ok(Self { map: Some(map) })
    }

    /// The file's bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }
}
