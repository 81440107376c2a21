//! The corpus on disk: files, line numbers, and the account of every line.
//!
//! In flow lines of a known kind, out flow files and counts. **Invariant**: no byte of a log that is to be read reaches
//! the disk without being counted.

use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// How the corpus lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Folders as on the servers.
    Tree,
    /// Everything in `all.log`.
    OneFile,
}

/// What a line is to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Row,
    Directive,
    Blank,
    Malformed,
    /// A row of some other log.
    Foreign,
}

/// Line and byte counts of all files that are to be read.
#[derive(Debug, Default)]
pub(crate) struct Account {
    bytes: u64,
    rows: u64,
    directives: u64,
    blank: u64,
    malformed: u64,
    foreign_rows: u64,
    files: u64,
    pub(crate) skipped_files: u64,
    pub(crate) sessions: u64,
    pub(crate) restarts: u64,
}

/// The files being written, one at a time.
#[derive(Debug)]
pub(crate) struct Archive {
    root: PathBuf,
    layout: Layout,
    file: Option<BufWriter<File>>,
    path: Rc<str>,
    line: u64,
    pub(crate) account: Account,
}

const ONE_FILE: &str = "all.log";

/// Large enough that the disk sees few writes.
const BUFFER_BYTES: usize = 1 << 20;

impl Archive {
    /// Makes the folder for a corpus.
    ///
    /// Errors: the folder cannot be made, or holds something: what lay there would be in no truth.
    pub(crate) fn create(root: &Path, layout: Layout) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        if fs::read_dir(root)?.next().is_some() {
            let message = format!("{} is not empty", root.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        Ok(Self { root: root.to_owned(), layout, file: None, path: "".into(), line: 0, account: Account::default() })
    }

    /// Returns the layout that was asked for.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Returns the path of the current file, relative to the corpus.
    pub(crate) fn path(&self) -> &Rc<str> {
        &self.path
    }

    /// Returns the number of the last line written to the current file, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the place of a file beside the logs.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Goes on to the file at `path`; in one file it is just the next stretch.
    ///
    /// Errors: the file cannot be made, or the one before it not be finished.
    pub(crate) fn begin(&mut self, path: &str) -> io::Result<()> {
        let path = match self.layout {
            Layout::Tree => path,
            Layout::OneFile if self.file.is_some() => return Ok(()),
            Layout::OneFile => ONE_FILE,
        };
        self.finish()?;
        self.file = Some(BufWriter::with_capacity(BUFFER_BYTES, create_file(&self.root.join(path))?));
        self.path = path.into();
        self.line = 0;
        self.account.files += 1;
        Ok(())
    }

    /// Writes a line with its end and returns its length in bytes.
    ///
    /// Errors: the disk's.
    pub(crate) fn put(&mut self, kind: Line, text: &[u8], line_end: &[u8]) -> io::Result<u64> {
        self.line += 1;
        *self.account.count_of(kind) += 1;
        self.put_bytes(text)?;
        self.put_bytes(line_end)?;
        Ok((text.len() + line_end.len()) as u64)
    }

    /// Writes the byte order mark of UTF-8.
    ///
    /// Errors: the disk's.
    pub(crate) fn put_byte_order_mark(&mut self) -> io::Result<()> {
        self.put_bytes(b"\xEF\xBB\xBF")
    }

    fn put_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.account.bytes += bytes.len() as u64;
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Err(io::Error::other("a line before the first file")),
        }
    }

    /// Writes out what is still in memory.
    ///
    /// Errors: the disk's.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// Makes a file and the folders above it.
///
/// Errors: the disk's.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path)
}

impl Account {
    fn count_of(&mut self, kind: Line) -> &mut u64 {
        match kind {
            Line::Row => &mut self.rows,
            Line::Directive => &mut self.directives,
            Line::Blank => &mut self.blank,
            Line::Malformed => &mut self.malformed,
            Line::Foreign => &mut self.foreign_rows,
        }
    }

    /// Returns the account as it stands in `account.json`.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "bytes": self.bytes,
            "rows": self.rows,
            "directives": self.directives,
            "blank": self.blank,
            "malformed": self.malformed,
            "foreign_rows": self.foreign_rows,
            "files": self.files,
            "skipped_files": self.skipped_files,
            "sessions": self.sessions,
            "restarts": self.restarts,
        })
    }
}
