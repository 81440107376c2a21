//! Where an answer goes: standard output, or a file that is written whole or not at all.
//!
//! In: bytes. Out: the same bytes, there.
//!
//! **Invariant**: a file named by `-o` is either as it was or holds the whole answer, and nothing is
//! left beside it.

use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::interrupt;

/// How much is gathered before it is written, in bytes.
const BUFFER_BYTES: usize = 1 << 18;

/// Where an answer goes.
pub(super) enum Destination {
    /// Standard output.
    Stdout(BufWriter<Stdout>),
    /// A device or a pipe: written as it is.
    Device(BufWriter<File>),
    /// A file, written beside its place and put there when it is whole.
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Destination {
    /// Opens `-o FILE`, or standard output.
    ///
    /// Errors: what the system says.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Ok(Self::Stdout(BufWriter::with_capacity(BUFFER_BYTES, io::stdout())));
        };
        if path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            return Ok(Self::Device(BufWriter::with_capacity(BUFFER_BYTES, File::options().write(true).open(path)?)));
        }
        if path.is_dir() {
            return Err(io::Error::other("is a folder"));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let beside = interrupt::removing(|| tempfile::Builder::new().prefix(".heloscope-").tempfile_in(folder))?;
        Ok(Self::File(BufWriter::with_capacity(BUFFER_BYTES, beside), path.to_owned()))
    }

    /// Whether nobody reads any more what is written, as far as the system tells without a write.
    pub(super) fn is_abandoned(&self) -> bool {
        match self {
            Self::Stdout(out) => has_lost_its_reader(out.get_ref()),
            Self::Device(_) | Self::File(..) => false,
        }
    }

    /// Puts the answer in its place.
    ///
    /// Errors: what the system says; the file is then as it was.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::Device(mut out) => out.flush(),
            Self::File(out, path) => {
                let beside = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                share_as_others(&beside, &path)?;
                beside.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }
}

/// Asked for nothing in particular, the system tells of what has gone wrong alone, and at once: GNU tail
/// asks so too.
#[cfg(unix)]
fn has_lost_its_reader(out: &Stdout) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut asked = [PollFd::new(out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut asked, Some(&at_once)).is_ok() && asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Windows tells it of a pipe only when something is written.
#[cfg(not(unix))]
fn has_lost_its_reader(_out: &Stdout) -> bool {
    false
}

/// A temporary file is its owner's alone; the answer gets the rights that the file had before, or
/// that new files get.
#[cfg(unix)]
fn share_as_others(beside: &NamedTempFile, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = match path.metadata() {
        Ok(metadata) => metadata.permissions(),
        Err(_) => std::fs::Permissions::from_mode(0o644),
    };
    beside.as_file().set_permissions(permissions)
}

/// On Windows a file takes its rights from its folder.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the twin for Unix can fail")]
fn share_as_others(_beside: &NamedTempFile, _path: &Path) -> io::Result<()> {
    Ok(())
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Device(out) => out.write(bytes),
            Self::File(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Device(out) => out.flush(),
            Self::File(out, _) => out.flush(),
        }
    }
}
