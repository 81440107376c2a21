//! What there is to read: every file once, in the order of time, and what was left out and why.
//!
//! In: paths as typed. Out: a [`Catalogue`].
//!
//! **Invariant**: every path found is either in `files` or in `skipped` or in `errors`.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::source::discover::{Discovery, Found, ReadError, discover};
use crate::source::{self, Extent, STDIN, Source};

use super::duplicates::split_duplicates;
use super::identify::{Identity, begins_torn, identify};
use super::packing::Packing;
use super::seams::{Part, sew};
use super::stretch::Stretch;
use crate::record::header::Schema;
use crate::record::value::Timestamp;

/// Which transport role wrote a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Front End Transport.
    Frontend,
    /// Transport service.
    Hub,
    /// Edge Transport.
    Edge,
    /// Mailbox Transport Delivery.
    MailboxDelivery,
    /// Mailbox Transport Submission.
    MailboxSubmission,
}

impl Role {
    /// As the session record writes it.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::Frontend => "frontend",
            Self::Hub => "hub",
            Self::Edge => "edge",
            Self::MailboxDelivery => "mailbox-delivery",
            Self::MailboxSubmission => "mailbox-submission",
        }
    }

    /// Infers the role where the path does not tell it.
    ///
    /// Source: local port 25 or 587 and `Frontend` in the name: front end; 2525 or 465: hub;
    /// 475: mailbox delivery.
    pub fn infer(connector: &[u8], port: Option<u16>) -> Option<Self> {
        let names_frontend = connector.windows(8).any(|part| part.eq_ignore_ascii_case(b"frontend"));
        match port? {
            25 | 587 if names_frontend => Some(Self::Frontend),
            2525 | 465 => Some(Self::Hub),
            475 => Some(Self::MailboxDelivery),
            _ => None,
        }
    }
}

/// A log to read.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// As it was named, or found below what was named; `-` for stdin.
    pub path: PathBuf,
    /// The name of the folder it lies in, empty where there is none.
    pub folder: String,
    /// The role that the path tells.
    pub role: Option<Role>,
    /// Bytes on disk when it was found; 0 for stdin.
    pub size_bytes: u64,
    /// The header that it opens with.
    pub(crate) schema: Schema,
    /// The time of its first row, by which files are ordered.
    pub(crate) first_time: Option<Timestamp>,
    /// Whether it goes on in mid-line.
    pub(super) begins_torn: bool,
    /// Which part of it is read, and what before it.
    pub(crate) extent: Extent,
    /// Standard input, which was begun to find out what it is.
    stdin: Option<Begun>,
}

/// What was read of standard input already, and the rest.
#[derive(Clone)]
struct Begun(std::sync::Arc<Mutex<Option<Box<dyn Read + Send>>>>);

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Begun")
    }
}

impl LogFile {
    /// Its path as text; what is no Unicode becomes U+FFFD.
    pub fn to_path_text(&self) -> Cow<'_, str> {
        // Nearly all are valid, and that is seen much sooner than mended.
        self.path.to_str().map_or_else(|| self.path.to_string_lossy(), Cow::Borrowed)
    }

    /// Whether it can be read only once: standard input, a pipe.
    pub fn is_stream(&self) -> bool {
        self.stdin.is_some()
    }

    /// Opens a part of it for reading; of standard input, what was not read yet.
    ///
    /// Errors: what the system says.
    pub(crate) fn open(&self, extent: &Extent) -> io::Result<Source> {
        let Some(Begun(begun)) = &self.stdin else {
            return Source::open_extent(&self.path, extent);
        };
        let rest = begun.lock().ok().and_then(|mut rest| rest.take());
        Ok(Source::stream(rest.unwrap_or_else(|| Box::new(io::empty()))))
    }
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// Another kind of log, in its own words: `SMTP Send Protocol Log`.
    OtherLog(String),
    /// It is packed: what is in it is not known.
    Packed(Packing),
    /// No protocol log at all.
    NotALog,
    /// The header lacks a column that sessions need.
    MissingColumn(&'static str),
    /// Nothing in it.
    Empty,
    /// The same bytes as the file named here.
    Duplicate(PathBuf),
    /// Its rows lie too far before or behind the time that is asked for.
    OtherTime,
}

/// A file that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// As it was named or found.
    pub path: PathBuf,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// Why.
    pub reason: SkipReason,
}

/// What there is to read.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// In reading order; a `FileId` is an index into it.
    pub files: Vec<LogFile>,
    /// Left out, in the order of their paths.
    pub skipped: Vec<Skipped>,
    /// Could not be opened.
    pub errors: Vec<ReadError>,
    /// What is read of the files, where it is not all of them.
    pub(super) windows: Option<Vec<Stretch>>,
}

/// How much of a file is read to find out what it is.
pub(super) const HEAD_BYTES: u64 = 64 << 10;

impl Catalogue {
    /// Finds the files that `paths` name, and says of each what it is. `exclude` is left out: it is
    /// where the answer goes.
    ///
    /// Files are in the order of their first rows' times, whatever their names; where these are
    /// equal, in the order of their paths. A row that one file begins and the next one ends is read
    /// with the latter, as its first line; a file that holds less than a line, or no row of its own,
    /// is known for a part of a log by its name alone.
    pub fn build(paths: &[PathBuf], exclude: Option<&Path>) -> Self {
        Self::of(&discover(paths, exclude))
    }

    /// Says of each file that was found what it is.
    pub(super) fn of(discovery: &Discovery) -> Self {
        let mut catalogue = Self { errors: discovery.errors.clone(), ..Self::default() };
        let mut doubtful: Vec<Part> = Vec::new();
        for looked_at in discovery.files.par_iter().map(look_at).collect::<Vec<_>>() {
            match looked_at {
                Ok(Part { file, doubt: None }) => catalogue.files.push(file),
                Ok(part) => doubtful.push(part),
                Err(error) => catalogue.errors.push(error),
            }
        }
        for (path, first) in discovery.same.iter().cloned() {
            catalogue.skipped.push(Skipped { path, size_bytes: 0, reason: SkipReason::Duplicate(first) });
        }
        let (files, duplicates) = split_duplicates(catalogue.files);
        catalogue.skipped.extend(duplicates);
        let mut parts: Vec<Part> = files.into_iter().map(|file| Part { file, doubt: None }).chain(doubtful).collect();
        sew(&mut parts);
        catalogue.files = Vec::with_capacity(parts.len());
        for Part { file, doubt } in parts {
            match doubt {
                None => catalogue.files.push(file),
                Some(reason) => {
                    catalogue.skipped.push(Skipped { path: file.path, size_bytes: file.size_bytes, reason });
                }
            }
        }
        catalogue.skipped.sort_by(|one, other| one.path.cmp(&other.path));
        catalogue.files.sort_by_cached_key(|file| (file.first_time, natural(&file.path)));
        catalogue
    }
}

/// The order of paths with their numbers as numbers: `-2` before `-10`.
pub(super) fn natural(path: &Path) -> Vec<(bool, u128, String)> {
    let text = path.to_string_lossy();
    let mut parts: Vec<(bool, u128, String)> = Vec::new();
    for character in text.chars() {
        let is_digit = character.is_ascii_digit();
        match parts.last_mut() {
            Some((was_digit, _, part)) if *was_digit == is_digit => part.push(character),
            _ => parts.push((is_digit, 0, character.to_string())),
        }
    }
    for (is_digit, value, part) in &mut parts {
        if *is_digit {
            *value = part.parse().unwrap_or(u128::MAX);
        }
    }
    parts
}

/// Says what a file is by its beginning.
///
/// Errors: what the system says.
pub(super) fn look_at(found: &Found) -> Result<Part, ReadError> {
    match read_head(found) {
        Ok((head, stdin, size_bytes)) => Ok(judge(found, &head, stdin, size_bytes)),
        Err(error) => Err(ReadError::new(&found.path, &error)),
    }
}

/// Reads the beginning of a file, and of standard input keeps what was read and the rest together.
fn read_head(found: &Found) -> io::Result<(Vec<u8>, Option<Begun>, u64)> {
    if found.path.as_os_str() == STDIN || !is_plain_file(&found.path) {
        let mut reader: Box<dyn Read + Send> = match found.real {
            None => Box::new(io::stdin()),
            Some(_) => Box::new(File::open(&found.path)?),
        };
        let mut head = Vec::new();
        reader.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let decoded = source::read_head(&head[..], HEAD_BYTES)?;
        let whole: Box<dyn Read + Send> = Box::new(io::Cursor::new(head).chain(reader));
        return Ok((decoded, Some(Begun(std::sync::Arc::new(Mutex::new(Some(whole))))), 0));
    }
    let file = File::open(&found.path)?;
    let size_bytes = file.metadata()?.len();
    Ok((source::read_head(file, HEAD_BYTES)?, None, size_bytes))
}

fn is_plain_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

fn judge(found: &Found, head: &[u8], stdin: Option<Begun>, size_bytes: u64) -> Part {
    let (schema, first_time, doubt) = match identify(head) {
        Identity::Receive { schema, first_time } => (schema, first_time, None),
        Identity::Other(kind) => (Schema::default(), None, Some(SkipReason::OtherLog(kind))),
        Identity::Lacks(column) => (Schema::default(), None, Some(SkipReason::MissingColumn(column))),
        Identity::Packed(packing) => (Schema::default(), None, Some(SkipReason::Packed(packing))),
        Identity::Unknown => (Schema::default(), None, Some(SkipReason::NotALog)),
        Identity::Empty => (Schema::default(), None, Some(SkipReason::Empty)),
    };
    let file = LogFile {
        path: found.path.clone(),
        folder: folder_of(found),
        role: role_of(&found.path),
        size_bytes,
        schema,
        first_time,
        begins_torn: stdin.is_none() && begins_torn(head),
        extent: Extent::default(),
        stdin,
    };
    Part { file, doubt }
}

fn folder_of(found: &Found) -> String {
    let folder = found.real.as_deref().and_then(Path::parent).and_then(Path::file_name);
    folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The role that a path tells: the folder below `TransportRoles\\Logs`, wherever it was copied to.
fn role_of(path: &Path) -> Option<Role> {
    let names: Vec<String> = path.iter().map(|name| name.to_string_lossy().to_ascii_lowercase()).collect();
    let has = |name: &str| names.iter().any(|have| have == name);
    match () {
        () if has("frontend") => Some(Role::Frontend),
        () if has("hub") => Some(Role::Hub),
        () if has("edge") => Some(Role::Edge),
        () if has("mailbox") && has("submission") => Some(Role::MailboxSubmission),
        () if has("mailbox") && has("delivery") => Some(Role::MailboxDelivery),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_paths_are_numbers() {
        let mut paths = ["RECV2026112308-10.LOG", "RECV2026112308-2.LOG", "RECV2026112307-3.LOG"].map(PathBuf::from);
        paths.sort_by_key(|path| natural(path));
        assert_eq!(paths, ["RECV2026112307-3.LOG", "RECV2026112308-2.LOG", "RECV2026112308-10.LOG"].map(PathBuf::from));
    }

    #[test]
    fn roles_from_paths() {
        let role = |path: &str| role_of(&path.split('/').collect::<PathBuf>());
        assert_eq!(role("EX01/FrontEnd/ProtocolLog/SmtpReceive/RECV.LOG"), Some(Role::Frontend));
        assert_eq!(role("EX01/Hub/ProtocolLog/SmtpReceive/RECV.LOG"), Some(Role::Hub));
        assert_eq!(role("EX01/Mailbox/ProtocolLog/SmtpReceive/Delivery/RECV.LOG"), Some(Role::MailboxDelivery));
        assert_eq!(role("EX01/RECV.LOG"), None);
    }
}
