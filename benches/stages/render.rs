//! The formats that sessions are written in, and what each must hold.
//!
//! In: [`Case`]s. Out: bytes, and their check.
//!
//! **Invariant**: a check reads the text as its readers would, and counts what it finds.

use heloscope::ingest::Case;
use heloscope::output::paint::Paint;
use heloscope::output::text::{Layout, Look};
use heloscope::output::time::Zone;
use heloscope::output::{csv, json, lines, text};
use heloscope::record::scan::{Scanned, scan_plain};

use crate::corpus::{Corpus, Outcomes};

/// A format, as the commands use it.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// Appends a session.
    pub(crate) write: fn(&Case<'_>, &mut Vec<u8>),
    /// Holds what was written of all sessions against what is true.
    pub(crate) check: fn(&[u8], &Corpus),
}

/// All that is measured.
pub(crate) const FORMATS: [Format; 4] = [
    Format { name: "ndjson", write: write_ndjson, check: check_ndjson },
    Format { name: "csv", write: write_csv, check: check_csv },
    Format { name: "text", write: write_text, check: check_text },
    Format { name: "raw", write: lines::write_raw, check: check_raw },
];

/// How much is written before the page is wiped: about what a chunk amounts to.
const PAGE_BYTES: usize = 1 << 20;

/// Writes all sessions, page after page. Returns how many bytes there were.
pub(crate) fn write_pages(format: &Format, cases: &[Case<'_>], page: &mut Vec<u8>) -> usize {
    let mut n_bytes = 0;
    page.clear();
    for case in cases {
        (format.write)(case, page);
        if page.len() >= PAGE_BYTES {
            n_bytes += std::hint::black_box(&*page).len();
            page.clear();
        }
    }
    n_bytes + page.len()
}

fn write_ndjson(case: &Case<'_>, out: &mut Vec<u8>) {
    json::write_record(case, out);
    out.push(b'\n');
}

fn check_ndjson(answer: &[u8], corpus: &Corpus) {
    assert_eq!(Outcomes::read(answer), corpus.outcomes);
}

fn write_csv(case: &Case<'_>, out: &mut Vec<u8>) {
    csv::write_record(case, csv::Cells::Exact, out).expect("cells, written into memory");
}

fn check_csv(answer: &[u8], corpus: &Corpus) {
    let place = |name: &str| csv::COLUMNS.iter().position(|column| *column == name).expect("a column");
    let (failures, accepted) = (place("auth_failures"), place("mail_accepted"));
    let mut sums = [0; 3];
    for record in ::csv::ReaderBuilder::new().has_headers(false).from_reader(answer).records() {
        let record = record.expect("a record of as many cells as the one before");
        assert_eq!(record.len(), csv::COLUMNS.len());
        let count = |at: usize| record[at].parse::<u64>().expect("a number");
        sums = [sums[0] + 1, sums[1] + count(failures), sums[2] + count(accepted)];
    }
    let outcomes = &corpus.outcomes;
    assert_eq!(sums, [outcomes.sessions, outcomes.login_failures, outcomes.accepted]);
}

fn write_text(case: &Case<'_>, out: &mut Vec<u8>) {
    let look = Look { layout: Layout::Words, zone: Zone::Utc, paint: Paint::Plain };
    text::write_session(case, look, out);
}

fn check_text(answer: &[u8], corpus: &Corpus) {
    let answer = std::str::from_utf8(answer).expect("UTF-8");
    assert!(answer.lines().all(|line| line.split(' ').count() == text::COLUMNS.len()));
    assert_eq!(answer.lines().count() as u64, corpus.outcomes.sessions);
}

fn check_raw(answer: &[u8], corpus: &Corpus) {
    let (mut at, mut n_rows) = (0, 0);
    while at < answer.len() {
        let line = scan_plain(answer, at);
        assert!(matches!(line.what, Scanned::Row(_)), "not a row at byte {at}");
        at = line.next;
        n_rows += 1;
    }
    assert_eq!(n_rows, corpus.account.rows);
}
