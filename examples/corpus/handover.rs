//! Sessions that a front end hands over to the hub of the same server.
//!
//! In flow the front end's finished sessions, read back from its part of the truth, out flow the latest of them for
//! the hub's XPROXYFROM and XPROXY rows. **Invariant**: only sessions that began before the asking moment are known,
//! and no more than a few of them are kept.

use crate::chance::Chance;
use crate::text::Stamp;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Why the front end hands a session over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It accepted mail.
    Mail,
    /// Its client logged in.
    Client,
}

impl Reason {
    /// Returns the letter under which the reason stands in a part of the truth.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Mail => "m",
            Self::Client => "c",
        }
    }
}

/// A session as a hub hears of it.
#[derive(Debug, Clone)]
pub(crate) struct Handover {
    pub(crate) session: String,
    pub(crate) ip: String,
    pub(crate) port: String,
    pub(crate) domain: String,
}

const N_KEPT: usize = 24;

/// The latest sessions that can be handed over.
#[derive(Debug, Default)]
pub(crate) struct Handovers {
    reader: Option<BufReader<File>>,
    line: Vec<u8>,
    mail: VecDeque<Handover>,
    client: VecDeque<Handover>,
}

impl Handovers {
    /// Reads the sessions of a front end from its part of the truth.
    ///
    /// Errors: the part cannot be opened.
    pub(crate) fn from_part(path: &Path) -> io::Result<Self> {
        Ok(Self { reader: Some(BufReader::new(File::open(path)?)), ..Self::default() })
    }

    /// Moves on to `now_ms`; once the front end's log is over, none are left to hand over.
    ///
    /// Errors: the part cannot be read.
    pub(crate) fn advance(&mut self, now_ms: i64) -> io::Result<()> {
        let now = Stamp(now_ms).to_string();
        while let Some(reader) = &mut self.reader {
            if self.line.is_empty() && reader.read_until(b'\n', &mut self.line)? == 0 {
                *self = Self::default();
                break;
            }
            if self.line.as_slice() > now.as_bytes() {
                break;
            }
            self.keep_line();
            self.line.clear();
        }
        Ok(())
    }

    fn keep_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default().to_owned();
        let (key, letter, ip, port, domain) = (next(), next(), next(), next(), next());
        let kept = match letter.as_str() {
            "m" => &mut self.mail,
            "c" => &mut self.client,
            _ => return,
        };
        let session = key.split(' ').nth(1).unwrap_or_default().to_owned();
        kept.push_back(Handover { session, ip, port, domain });
        if kept.len() > N_KEPT {
            kept.pop_front();
        }
    }

    /// Picks one of the latest sessions.
    pub(crate) fn pick(&self, reason: Reason, chance: &mut Chance) -> Option<&Handover> {
        let kept = match reason {
            Reason::Mail => &self.mail,
            Reason::Client => &self.client,
        };
        if kept.is_empty() { None } else { kept.get(chance.below_len(kept.len())) }
    }
}
