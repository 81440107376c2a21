//! The truth on disk, in the order of server, start and id.
//!
//! In flow sessions as they end, out flows `truth.ndjson`. **Invariant**: what waits in memory are sessions that began
//! after the oldest one still in flight, never more; each role's part is ordered, and the parts of a server are merged.

use crate::text::Stamp;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Columns before the record in a part: key, reason, address, port, name.
const N_COLUMNS_BEFORE_RECORD: usize = 5;

/// A session's place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) start_ms: i64,
    pub(crate) session: u64,
}

/// The part of the truth that one role gives.
#[derive(Debug)]
pub(crate) struct Ledger {
    waiting: BTreeMap<Key, Option<String>>,
    part: BufWriter<File>,
}

impl Ledger {
    /// Makes the part at `path`.
    ///
    /// Errors: the disk's.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { waiting: BTreeMap::new(), part: BufWriter::with_capacity(1 << 18, File::create(path)?) })
    }

    /// Takes note of a session's first row.
    pub(crate) fn begin(&mut self, key: Key) {
        self.waiting.insert(key, None);
    }

    /// Takes a session's record and what the hub hears of it, and writes what no open session can precede.
    ///
    /// Errors: the disk's.
    pub(crate) fn finish(&mut self, key: Key, text: String, now_ms: i64) -> io::Result<()> {
        self.waiting.insert(key, Some(text));
        while let Some(first) = self.waiting.first_entry() {
            // A session that begins in this very millisecond may have the smaller id.
            if first.get().is_none() || first.key().start_ms >= now_ms {
                break;
            }
            let (key, text) = first.remove_entry();
            write_entry(&mut self.part, key, text)?;
        }
        Ok(())
    }

    /// Writes all that waits; to be called when no session is open.
    ///
    /// Errors: the disk's.
    pub(crate) fn close(mut self) -> io::Result<()> {
        for (key, text) in std::mem::take(&mut self.waiting) {
            write_entry(&mut self.part, key, text)?;
        }
        self.part.flush()
    }
}

fn write_entry(part: &mut impl Write, key: Key, text: Option<String>) -> io::Result<()> {
    let text = text.unwrap_or_default();
    writeln!(part, "{} {:016X}\t{text}", Stamp(key.start_ms), key.session)
}

/// Merges the parts of one server into `truth`, and removes them.
///
/// Errors: the disk's.
pub(crate) fn merge(parts: &[PathBuf], truth: &mut impl Write) -> io::Result<()> {
    let mut readers = parts.iter().map(|path| Ok(BufReader::new(File::open(path)?))).collect::<io::Result<Vec<_>>>()?;
    let mut heads = readers.iter_mut().map(next_line).collect::<io::Result<Vec<_>>>()?;
    loop {
        let first = (0..heads.len()).filter(|&index| !heads[index].is_empty()).min_by(|&a, &b| heads[a].cmp(&heads[b]));
        let Some(index) = first else { break };
        let record = heads[index].splitn(N_COLUMNS_BEFORE_RECORD + 1, '\t').last().unwrap_or_default();
        truth.write_all(record.as_bytes())?;
        heads[index] = next_line(&mut readers[index])?;
    }
    parts.iter().try_for_each(fs::remove_file)
}

fn next_line(reader: &mut BufReader<File>) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line)
}
