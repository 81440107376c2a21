//! From what the user named to files.
//!
//! In: paths, folders, patterns, `-`. Out: every file once, in the order of names, and what could
//! not be looked at.
//!
//! **Invariant**: opens no file; a folder is walked to its end whatever fails in it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::STDIN;

/// A path that could not be looked at.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {message}", path.display())]
pub struct ReadError {
    /// As it was named, or found.
    pub path: PathBuf,
    /// What the system said.
    pub message: String,
}

impl ReadError {
    /// Names the path that failed.
    pub fn new(path: &Path, error: &dyn std::fmt::Display) -> Self {
        Self { path: path.to_owned(), message: error.to_string() }
    }
}

/// A file found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// As it was named, or joined to the folder that was.
    pub path: PathBuf,
    /// Its one true name; `None` for stdin.
    pub real: Option<PathBuf>,
}

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Every file once, by its first name.
    pub files: Vec<Found>,
    /// Second names of files found before, with the first.
    pub same: Vec<(PathBuf, PathBuf)>,
    /// What failed.
    pub errors: Vec<ReadError>,
    /// For each true name its place in `files`.
    known: HashMap<PathBuf, usize>,
}

/// Finds the files that `paths` name: files, folders with all below them, patterns with `*`, `?`
/// and `[…]`, `-` for standard input. `exclude` is left out: it is where the answer goes.
pub fn discover(paths: &[PathBuf], exclude: Option<&Path>) -> Discovery {
    let mut discovery = Discovery::default();
    let exclude = exclude.and_then(|path| fs::canonicalize(path).ok());
    for path in paths {
        if path.as_os_str() == STDIN {
            discovery.take_stdin();
        } else if path.exists() || !is_pattern(path) {
            discovery.walk(path, exclude.as_deref());
        } else {
            discovery.expand(path, exclude.as_deref());
        }
    }
    discovery
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

impl Discovery {
    fn take_stdin(&mut self) {
        if !self.files.iter().any(|found| found.real.is_none()) {
            self.files.push(Found { path: PathBuf::from(STDIN), real: None });
        }
    }

    fn expand(&mut self, pattern: &Path, exclude: Option<&Path>) {
        let matches = match glob::glob(&pattern.to_string_lossy()) {
            Ok(matches) => matches,
            Err(error) => return self.errors.push(ReadError::new(pattern, &error)),
        };
        let mut n_matches = 0;
        for path in matches {
            n_matches += 1;
            match path {
                Ok(path) => self.walk(&path, exclude),
                Err(error) => self.errors.push(ReadError::new(error.path(), error.error())),
            }
        }
        if n_matches == 0 {
            self.errors.push(ReadError::new(pattern, &"no file matches this pattern"));
        }
    }

    fn walk(&mut self, root: &Path, exclude: Option<&Path>) {
        for entry in WalkDir::new(root).follow_links(true).sort_by_file_name() {
            match entry {
                // A device or a pipe is read where it was named itself, not where a folder holds it.
                Ok(entry) if entry.file_type().is_file() || (entry.depth() == 0 && !entry.file_type().is_dir()) => {
                    self.take(entry.path(), exclude);
                }
                Ok(_) => {}
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let message = match error.io_error() {
                        Some(io) => io.to_string(),
                        None => "a link that leads back to a folder above it".to_owned(),
                    };
                    self.errors.push(ReadError { path, message });
                }
            }
        }
    }

    fn take(&mut self, path: &Path, exclude: Option<&Path>) {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if Some(real.as_path()) == exclude {
            return;
        }
        match self.known.entry(real) {
            Entry::Occupied(first) => self.same.push((path.to_owned(), self.files[*first.get()].path.clone())),
            Entry::Vacant(place) => {
                self.files.push(Found { path: path.to_owned(), real: Some(place.key().clone()) });
                place.insert(self.files.len() - 1);
            }
        }
    }
}
