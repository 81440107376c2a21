//! The plain twins of the quick stages: slow, short, and right at a glance.
//!
//! In: chunks of log text. Out: the answers that the quick stages must give.
//!
//! **Invariant**: shares no code with what it checks but the plain reading of a line.

use std::collections::HashMap;

use heloscope::record::Marker;
use heloscope::record::scan::{Head, Line, Scanned, scan_plain};
use heloscope::session::FileId;
use heloscope::session::assemble::TextEnd;

/// A chunk in memory.
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: TextEnd,
    pub(crate) file: FileId,
}

/// What the lines of all chunks are, and a sum over what was read of each row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) rows: u64,
    pub(crate) directives: u64,
    pub(crate) blank: u64,
    pub(crate) malformed: u64,
    sum: u64,
}

impl Split {
    /// Adds a line.
    #[inline]
    pub(crate) fn take(&mut self, line: &Line) {
        match &line.what {
            Scanned::Row(head) => {
                self.rows += 1;
                self.sum = self.sum.wrapping_add(sum_of(head, line.end));
            }
            Scanned::Directive => self.directives += 1,
            Scanned::Blank => self.blank += 1,
            Scanned::Malformed(_) => self.malformed += 1,
        }
    }
}

/// Each part has its own factor, so that two wrong places do not make up for each other.
#[inline]
fn sum_of(head: &Head, end: usize) -> u64 {
    let end = u32::try_from(end).expect("a chunk is shorter than 4 GiB");
    let places = [head.connector.0, head.connector.1, head.data, head.data_end, head.context, end];
    let parts = places.iter().fold(0, |sum: u64, place| sum.wrapping_mul(31).wrapping_add(u64::from(*place)));
    parts.wrapping_mul(31).wrapping_add(head.session_key ^ u64::from(head.sequence) ^ head.marker as u64)
}

/// Splits by the plain rules.
pub(crate) fn split(texts: &[Text]) -> Split {
    let mut split = Split::default();
    for_each_line(texts, |_, line| split.take(&line));
    split
}

/// What grouping comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grouping {
    pub(crate) rows: u64,
    /// Runs of rows of one session within one chunk.
    pub(crate) pieces: u64,
    /// Pieces that are sessions already.
    pub(crate) whole: u64,
}

struct Open {
    is_opened: bool,
    is_contiguous: bool,
    sequence: u32,
}

/// Groups by the plain rules: a piece begins at a session's first row in a chunk, at a connect row,
/// or after a disconnect row.
pub(crate) fn group(texts: &[Text]) -> Grouping {
    let mut grouping = Grouping::default();
    let mut open: HashMap<(usize, &[u8], u64), Open> = HashMap::new();
    for_each_line(texts, |nth_text, line| {
        let Scanned::Row(head) = line.what else { return };
        let connector = &texts[nth_text].bytes[head.connector.0 as usize..head.connector.1 as usize];
        let key = (nth_text, connector, head.session_key);
        let piece = match open.remove(&key).filter(|_| head.marker != Marker::Connect) {
            Some(piece) => Open {
                is_contiguous: piece.is_contiguous && head.sequence == piece.sequence + 1,
                sequence: head.sequence,
                ..piece
            },
            None => {
                grouping.pieces += 1;
                Open { is_opened: head.marker == Marker::Connect, is_contiguous: true, sequence: head.sequence }
            }
        };
        grouping.rows += 1;
        match head.marker {
            Marker::Disconnect => grouping.whole += u64::from(piece.is_opened && piece.is_contiguous),
            _ => drop(open.insert(key, piece)),
        }
    });
    grouping
}

fn for_each_line(texts: &[Text], mut take: impl FnMut(usize, Line)) {
    for (nth_text, text) in texts.iter().enumerate() {
        let mut at = 0;
        while at < text.bytes.len() {
            let line = scan_plain(&text.bytes, at);
            at = line.next;
            take(nth_text, line);
        }
    }
}
