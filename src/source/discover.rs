//! From what the user named to files.
//!
//! In: paths, folders, patterns, `-`. Out: every file once, in the order of names, and what could
//! not be looked at.
//!
//! **Invariant**: opens no file; a folder is walked to its end whatever fails in it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
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
    /// What earlier looks found, where there were any.
    before: Option<Before>,
}

/// What earlier looks found, by the names as they are found: these cost nothing to look up.
#[derive(Debug)]
struct Before {
    paths: HashSet<PathBuf>,
    errors: HashSet<(PathBuf, String)>,
}

/// Finds the files that `paths` name: files, folders with all below them, patterns with `*`, `?`
/// and `[…]`, `-` for standard input. `exclude` is left out: it is where the answer goes.
pub fn discover(paths: &[PathBuf], exclude: Option<&Path>) -> Discovery {
    let mut discovery = Discovery::default();
    discovery.look(paths, exclude);
    discovery
}

fn as_key(error: &ReadError) -> (PathBuf, String) {
    (error.path.clone(), error.message.clone())
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

impl Discovery {
    /// Looks again, and appends what was not found before. Of a file that was, only the name is read.
    pub fn look_again(&mut self, paths: &[PathBuf], exclude: Option<&Path>) {
        if self.before.is_none() {
            let paths = self.files.iter().map(|found| &found.path).chain(self.same.iter().map(|(path, _)| path));
            let errors = self.errors.iter().map(as_key).collect();
            self.before = Some(Before { paths: paths.cloned().collect(), errors });
        }
        let n_errors = self.errors.len();
        self.look(paths, exclude);
        if let Some(before) = &mut self.before {
            let found = self.errors.split_off(n_errors);
            self.errors.extend(found.into_iter().filter(|error| before.errors.insert(as_key(error))));
        }
    }

    fn look(&mut self, paths: &[PathBuf], exclude: Option<&Path>) {
        let exclude = exclude.and_then(|path| fs::canonicalize(path).ok());
        for path in paths {
            if path.as_os_str() == STDIN {
                self.take_stdin();
            } else if self.was_found(path) {
                // Whether it is still there is the matter of whoever reads it.
            } else if path.exists() || !is_pattern(path) {
                self.walk(path, exclude.as_deref());
            } else {
                self.expand(path, exclude.as_deref());
            }
        }
    }

    /// Whether an earlier look found a file of this name.
    fn was_found(&self, path: &Path) -> bool {
        self.before.as_ref().is_some_and(|before| before.paths.contains(path))
    }

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
        if self.was_found(path) {
            return;
        }
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if Some(real.as_path()) == exclude {
            return;
        }
        if let Some(before) = &mut self.before {
            before.paths.insert(path.to_owned());
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
