//! The log folder of one role: hourly or daily files, header blocks, and what goes wrong with copies.
//!
//! In flow rows in the order of time, out flow lines. **Invariant**: oddities come between rows and never change one.

use crate::archive::{Archive, Layout, Line};
use crate::chance::Chance;
use crate::site::{Generation, Role, Server};
use crate::text::{DAY_MS, HOUR_MS, Stamp, to_utc};
use std::io;

/// What is odd about a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    ByteOrderMark,
    NoHeader,
    LineFeed,
}

/// A row as it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowText<'r> {
    pub(crate) at_ms: i64,
    pub(crate) line: &'r [u8],
    /// Where the event column begins: a row cut before it is no row.
    pub(crate) marker_at: usize,
}

/// The folder being written.
#[derive(Debug)]
pub(crate) struct Folder<'s> {
    path: &'s str,
    generation: Generation,
    chance: Chance,
    quirks: Vec<(u32, Quirk)>,
    file_size: u64,
    /// The hour or day of the open file.
    period: Option<i64>,
    number_in_period: u32,
    n_files: u32,
    is_full: bool,
    file_bytes: u64,
    file_lines: u64,
    /// Rows this close to the end of a period are still in memory when its last file is closed.
    lag_ms: i64,
    bytes: u64,
}

/// Longest time that rows are held in memory.
pub(crate) const LAG_MS: i64 = 20_000;

/// One row in this many has something odd before it, times the shares below.
const ODDITY_ROWS: u64 = 12_000;

const GARBAGE: &[&str] = &[
    "The process cannot access the file because it is being used by another process.",
    "------------------------------------------------------------",
    "copied by robocopy, then by hand",
    "Windows PowerShell, transcript start, Username: CONTOSO\\admin",
    "SSBhbSBub3QgYSByb3c=",
    ",,,",
    "\u{1}\u{2}\u{3}",
];

impl<'s> Folder<'s> {
    /// Opens the folder of `role`; no file is made before the first row.
    pub(crate) fn new(
        server: &Server,
        role: &'s Role,
        file_size: u64,
        quirks: Vec<(u32, Quirk)>,
        chance: Chance,
    ) -> Self {
        Self {
            path: &role.folder,
            generation: server.generation,
            chance,
            quirks,
            file_size,
            period: None,
            number_in_period: 0,
            n_files: 0,
            is_full: false,
            file_bytes: 0,
            file_lines: 0,
            lag_ms: LAG_MS,
            bytes: 0,
        }
    }

    /// Returns how many bytes were written to this folder.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes a row, in a new file where the time or the size asks for one.
    ///
    /// Errors: the disk's.
    pub(crate) fn write_row(&mut self, archive: &mut Archive, row: RowText<'_>) -> io::Result<()> {
        let period = (row.at_ms + self.lag_ms).div_euclid(self.period_ms());
        match self.period {
            Some(current) if period <= current && self.is_full => self.open_file(archive, current, row.at_ms)?,
            Some(current) if period <= current => {}
            _ => self.open_file(archive, period, row.at_ms)?,
        }
        self.perhaps_oddity(archive, row)?;
        self.put(archive, Line::Row, row.line)?;
        self.is_full = self.file_bytes >= self.file_size;
        Ok(())
    }

    /// Writes the header block that a restarted service begins with.
    ///
    /// Errors: the disk's.
    pub(crate) fn restart(&mut self, archive: &mut Archive, at_ms: i64) -> io::Result<()> {
        if self.period.is_some() && !self.has(Quirk::NoHeader) { self.put_header(archive, at_ms) } else { Ok(()) }
    }

    fn period_ms(&self) -> i64 {
        match self.generation {
            Generation::Exchange2010 => DAY_MS,
            Generation::Exchange2013 => HOUR_MS,
        }
    }

    fn open_file(&mut self, archive: &mut Archive, period: i64, at_ms: i64) -> io::Result<()> {
        self.number_in_period = if self.period == Some(period) { self.number_in_period + 1 } else { 1 };
        self.period = Some(period);
        self.n_files += 1;
        (self.is_full, self.file_bytes, self.file_lines) = (false, 0, 0);
        let period_starts_ms = period * self.period_ms();
        let format = match self.generation {
            Generation::Exchange2010 => "%Y%m%d",
            Generation::Exchange2013 => "%Y%m%d%H",
        };
        let name = to_utc(period_starts_ms).format(format);
        archive.begin(&format!("{}/RECV{name}-{}.LOG", self.path, self.number_in_period))?;
        self.lag_ms = i64::try_from(self.chance.below(LAG_MS.unsigned_abs())).unwrap_or(0);
        // A mark in the middle of a joined file would be text, so that there only the very first line has one.
        let is_marked = self.has(Quirk::ByteOrderMark) || archive.layout() == Layout::OneFile;
        if is_marked && archive.line() == 0 {
            archive.put_byte_order_mark()?;
        }
        if self.has(Quirk::NoHeader) {
            return Ok(());
        }
        let delay_ms = i64::try_from(self.chance.between(20, 2500)).unwrap_or(0);
        self.put_header(archive, at_ms.max(period_starts_ms) + delay_ms)
    }

    fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&(self.n_files, quirk))
    }

    fn put(&mut self, archive: &mut Archive, kind: Line, text: &[u8]) -> io::Result<()> {
        let line_end: &[u8] = if self.has(Quirk::LineFeed) { b"\n" } else { b"\r\n" };
        let n_bytes = archive.put(kind, text, line_end)?;
        self.file_bytes += n_bytes;
        self.bytes += n_bytes;
        self.file_lines += 1;
        Ok(())
    }

    fn put_header(&mut self, archive: &mut Archive, date_ms: i64) -> io::Result<()> {
        let version = match self.generation {
            Generation::Exchange2010 => "#Version: 14.0.0.0",
            Generation::Exchange2013 => "#Version: 15.0.0.0",
        };
        let date = format!("#Date: {}", Stamp(date_ms));
        let lines = [
            "#Software: Microsoft Exchange Server",
            version,
            "#Log-type: SMTP Receive Protocol Log",
            &date,
            "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context",
        ];
        lines.iter().try_for_each(|line| self.put(archive, Line::Directive, line.as_bytes()))
    }

    fn perhaps_oddity(&mut self, archive: &mut Archive, row: RowText<'_>) -> io::Result<()> {
        let lot = self.chance.below(ODDITY_ROWS);
        // A file's top is left as it is: by it a reader tells what the file is.
        if lot > 14 || self.file_lines < 30 {
            return Ok(());
        }
        match lot {
            0..4 => self.put(archive, Line::Blank, b""),
            4..8 => {
                let text = *self.chance.pick(GARBAGE);
                self.put(archive, Line::Malformed, text.as_bytes())
            }
            8..12 => {
                let cut = 25 + self.chance.below_len(row.marker_at - 26);
                self.put(archive, Line::Malformed, &row.line[..cut])
            }
            12..14 => {
                let text = format!(
                    "{},00000000000A11CE,3,192.0.2.11:995,198.51.100.7:50123,alice,15,28,5,pass,*****,R=ok,",
                    Stamp(row.at_ms)
                );
                self.put(archive, Line::Foreign, text.as_bytes())
            }
            _ if self.has(Quirk::NoHeader) => Ok(()),
            _ => self.put_header(archive, row.at_ms),
        }
    }
}
