//! The whole path, from the bytes of a file to every writer, and what must hold of any bytes.
//!
//! The fuzz target `read` and `tests/hostile.rs` run the same.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use heloscope::ingest::{Account, Batch, Case, Catalogue, Options, Study, ingest};
use heloscope::output::check::Report as CheckReport;
use heloscope::output::check::json::to_check_json;
use heloscope::output::check::junit::to_check_junit;
use heloscope::output::check::markdown::to_check_markdown;
use heloscope::output::check::text::to_check_text;
use heloscope::output::escape::visible;
use heloscope::output::paint::Paint;
use heloscope::output::patterns::{Look as PatternsLook, to_patterns_json, to_patterns_text};
use heloscope::output::skipped::to_skipped_text;
use heloscope::output::summary::Report;
use heloscope::output::summary::json::to_summary_json;
use heloscope::output::summary::markdown::to_summary_markdown;
use heloscope::output::summary::text::to_summary_text;
use heloscope::output::text::{Layout, Look};
use heloscope::output::time::Zone;
use heloscope::output::{csv, json, lines, text, transcript};
use heloscope::pattern::{Patterns, Watching};
use heloscope::policy::tally::{Checking, Tallies};
use heloscope::policy::{Basis, Empty, Limit};
use heloscope::query::Query;
use heloscope::query::saved::SavedFilters;
use heloscope::query::time::Times;
use heloscope::record::line::parse_session_key;
use heloscope::record::value::Timestamp;
use heloscope::session::Position;
use heloscope::summary::{Summary, Summing};

/// What is told of one session, by each writer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    position: Position,
    id: Vec<u8>,
    /// Server and session id as a number: what sessions are told apart by.
    name: (Vec<u8>, u64),
    lines: Vec<Vec<u8>>,
    is_opened: bool,
    raw: Vec<u8>,
    /// For eyes.
    shown: Vec<String>,
    /// For machines.
    json: Vec<Vec<u8>>,
    csv: Vec<u8>,
    is_meant: Vec<bool>,
}

/// Questions that between them look at everything of a session.
const QUERIES: [&str; 12] = [
    "ip:10.0.0.0/8 or local:2001:db8::/32 or port:25",
    "server:EX01 connector:default role:unknown",
    "file:log id:08* helo:a banner:*",
    "starttls:failed tls<1.2 or cipher~/aes/i",
    "cert:contoso or error:*",
    "auth:failed mechanism:LOGIN -user:alice",
    "failures>=1 mails=0 bytes<1MB lines>2",
    "from:* to:* or msgid:\"\"",
    "code:5xx,5.7.3 rule:auth-* severity>=warning",
    "verdict:ok,probe end:Remote* duration>1ms tarpit>=1s",
    "after:2026-11-23T08:30 or before:-2h",
    "LogonDenied or /a+b?c/i or \"x\"",
];

struct Everything {
    queries: Vec<Query>,
}

impl Study for Everything {
    type Yield = Vec<Told>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, told: &mut Self::Yield) {
        let session = case.session;
        let mut raw = Vec::new();
        lines::write_raw(case, &mut raw);
        told.push(Told {
            position: session.position,
            id: case.to_id(),
            name: (
                case.to_server().into_owned(),
                parse_session_key(session.to_record(session.first()).session_id.as_inner()),
            ),
            lines: session.rows.iter().map(|row| session.as_line(row).to_vec()).collect(),
            is_opened: session.is_opened(),
            raw,
            shown: shown(case),
            json: json_of(case),
            csv: csv_of(case),
            is_meant: self.queries.iter().map(|query| query.matches(case)).collect(),
        });
    }
}

fn shown(case: &Case<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    let zone = Zone::Fixed(345);
    for layout in [Layout::Words, Layout::Columns] {
        let mut text = Vec::new();
        text::write_session(case, Look { layout, zone, paint: Paint::Plain }, &mut text);
        texts.push(text);
    }
    let mut rows = Vec::new();
    lines::write_text(case, Zone::Server, &mut rows);
    texts.push(rows);
    let mut conversation = String::new();
    transcript::write_transcript(case, Zone::Server, Paint::Plain, &mut conversation);
    texts.push(conversation.into_bytes());
    texts.into_iter().map(|text| String::from_utf8(text).expect("what is shown is UTF-8")).collect()
}

fn json_of(case: &Case<'_>) -> Vec<Vec<u8>> {
    let (mut record, mut shown) = (Vec::new(), Vec::new());
    json::write_record(case, &mut record);
    json::write_shown(case, &mut shown).expect("a record");
    vec![record, shown]
}

fn csv_of(case: &Case<'_>) -> Vec<u8> {
    let mut row = Vec::new();
    csv::write_record(case, csv::Cells::Exact, &mut row).expect("a row");
    row
}

/// Reads a file of these bytes in several ways and holds what comes out against itself.
///
/// # Panics
///
/// Where something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "logs", bytes);
    let catalogue = Catalogue::build(std::slice::from_ref(&path), None);
    let n_files = catalogue.files.len() + catalogue.skipped.len() + catalogue.errors.len();
    assert_eq!(n_files, 1, "a file is read, skipped or an error");
    assert!(catalogue.errors.is_empty(), "{:?}", catalogue.errors);
    let plain = Options { n_threads: 1, chunk_bytes: 1 << 21 };
    let (told, account) = read(&catalogue, &plain);
    check_account(&account, bytes, &told);
    for (n_threads, chunk_bytes) in [(2, 1), (1, 700), (2, 97)] {
        let (again, account_again) = read(&catalogue, &Options { n_threads, chunk_bytes });
        assert_eq!(format!("{account_again:?}"), format!("{account:?}"), "{chunk_bytes}");
        assert_same(&again, &told);
    }
    told.iter().for_each(check_told);
    check_sums(&catalogue, &plain);
    check_again(folder.path(), &catalogue, &told, &account);
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let inner = folder.join(name).join("EX07");
    fs::create_dir_all(&inner).expect("a folder");
    let path = inner.join("RECV2026112308-1.LOG");
    fs::write(&path, bytes).expect("a file");
    path
}

fn read(catalogue: &Catalogue, options: &Options) -> (Vec<Told>, Account) {
    let times = Times { now: Timestamp(17_954_225_400_000_000), last: None };
    let query = |text: &&str| Query::parse(text, &SavedFilters::default(), &times).expect("a query");
    let study = Everything { queries: QUERIES.iter().map(query).collect() };
    let mut told = Vec::new();
    let account = ingest(catalogue, options, &study, &mut |batch: Batch<Vec<Told>>| {
        told.extend(batch.value);
        ControlFlow::Continue(())
    });
    told.sort_by_key(|one| one.position);
    assert!(account.errors.is_empty(), "{:?}", account.errors);
    (told, account)
}

/// The positions number the chunks, so they differ; their order does not.
fn assert_same(again: &[Told], told: &[Told]) {
    assert_eq!(again.len(), told.len());
    for (again, told) in again.iter().zip(told) {
        assert_eq!(&Told { position: told.position, ..again.clone() }, told);
    }
}

fn check_account(account: &Account, bytes: &[u8], told: &[Told]) {
    let Account { records, directives, blank, malformed, foreign, pending, .. } = *account;
    assert_eq!(account.lines, records + directives + blank + malformed + foreign + pending);
    assert_eq!(account.sessions, told.len() as u64);
    let n_told: usize = told.iter().map(|one| one.lines.len()).sum();
    assert_eq!(account.records, n_told as u64 + account.repeated, "no row is lost");
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if account.bytes > 0 && !is_utf16 {
        assert_eq!(account.bytes, bytes.len() as u64);
        assert_eq!(account.lines, bytes.split_inclusive(|&byte| byte == b'\n').count() as u64);
    }
}

fn check_told(told: &Told) {
    told.shown.iter().for_each(|text| assert_visible(text));
    for record in &told.json {
        serde_json::from_slice::<serde_json::Value>(record).expect("valid JSON");
    }
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&told.csv[..]);
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row of UTF-8")).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].len(), csv::COLUMNS.len());
    for (cell, name) in rows[0].iter().zip(csv::COLUMNS) {
        let is_own = name.ends_with("_ms");
        assert!(is_own || !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{name} is a formula: {cell:?}");
    }
}

/// Whether nothing of the text steers a terminal.
fn assert_visible(text: &str) {
    for line in text.split('\n') {
        assert_eq!(visible(line.as_bytes()), Cow::Borrowed(line), "would steer a terminal");
    }
}

fn check_sums(catalogue: &Catalogue, options: &Options) {
    let limits = ["*=0", "auth-*=50%", "certificate-*=1"].map(|limit| Limit::parse_max(limit).expect("a limit"));
    let (mut summary, mut patterns, mut tallies) = (Summary::default(), Patterns::default(), Tallies::default());
    let study = (Summing, (Watching, Checking(&limits)));
    let account = ingest(catalogue, options, &study, &mut |batch: Batch<_>| {
        let (sum, (watch, checked)): <(Summing, (Watching, Checking<'_>)) as Study>::Yield = batch.value;
        sum.add_to(&mut summary);
        patterns += &watch.into_patterns();
        checked.add_to(&mut tallies);
        ControlFlow::Continue(())
    });
    let report = Report { summary: &summary, patterns: &patterns, account: &account, catalogue };
    assert_visible(&to_summary_text(&report, Zone::Utc, None));
    assert_visible(&to_summary_text(&report, Zone::Utc, Some(7)));
    assert_visible(&to_summary_markdown(&report, Zone::Utc, None));
    assert_visible(&to_patterns_text(&patterns, PatternsLook { zone: Zone::Utc, top: 3 }));
    if let Some(text) = to_skipped_text(catalogue, &account) {
        assert_visible(&text);
    }
    let check =
        CheckReport::new(&limits, &tallies, Basis { n_read: account.sessions, empty: Empty::Unknown, n_unreadable: 0 });
    assert_visible(&to_check_text(&check, Zone::Utc, Paint::Plain));
    assert_visible(&to_check_markdown(&check, Zone::Utc));
    let junit = to_check_junit(&check);
    assert_visible(&junit);
    uppsala::parse(&junit).expect("well-formed XML");
    for json in [to_summary_json(&report, None), to_patterns_json(&patterns, None), to_check_json(&check)] {
        serde_json::from_str::<serde_json::Value>(&json.expect("JSON")).expect("valid JSON");
    }
}

/// What `lines --format raw` writes is a log again. A session whose name no other has, and sessions of
/// one name that all have their connect rows, are read again as they were: the same rows in the same
/// order, byte for byte. Where one of several lacks it, what was told apart by rows that were left out
/// because they stand twice can be one session now, and the other way round: of these nothing is read
/// that was not written, and what is left out is counted.
fn check_again(folder: &Path, catalogue: &Catalogue, told: &[Told], account: &Account) {
    if told.is_empty() {
        return;
    }
    let raw: Vec<u8> = told.iter().flat_map(|one| &one.raw).copied().collect();
    let header: &[u8] = b"#Log-type: SMTP Receive Protocol Log\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n";
    let path = write(folder, "again", &[header, &raw].concat());
    let again = Catalogue::build(&[path], None);
    assert_eq!(again.files.len(), catalogue.files.len(), "{:?}", again.skipped);
    let (told_again, account_again) = read(&again, &Options { n_threads: 1, ..Options::default() });
    assert_eq!(account_again.records, account.records - account.repeated);
    let (by_name, by_name_again) = (by_name(told), by_name(&told_again));
    assert!(by_name_again.keys().eq(by_name.keys()));
    for (sessions, again) in by_name.values().zip(by_name_again.values()) {
        if sessions.len() == 1 || sessions.iter().all(|one| one.is_opened) {
            let rows = |told: &[&Told]| told.iter().map(|one| one.lines.clone()).collect::<Vec<_>>();
            assert_eq!(rows(again), rows(sessions), "a session is as it was");
        } else {
            assert!(holds_all(sorted_rows(sessions), sorted_rows(again)), "a row that was not written");
        }
    }
}

/// The sessions of each name.
fn by_name(told: &[Told]) -> BTreeMap<&(Vec<u8>, u64), Vec<&Told>> {
    let mut by_name: BTreeMap<_, Vec<&Told>> = BTreeMap::new();
    for one in told {
        by_name.entry(&one.name).or_default().push(one);
    }
    by_name
}

fn sorted_rows<'a>(sessions: &[&'a Told]) -> Vec<&'a [u8]> {
    let mut rows: Vec<&[u8]> = sessions.iter().flat_map(|one| one.lines.iter().map(Vec::as_slice)).collect();
    rows.sort_unstable();
    rows
}

/// Whether each of the sorted parts is one of the sorted whole, as often as it stands there.
fn holds_all(whole: Vec<&[u8]>, parts: Vec<&[u8]>) -> bool {
    let mut whole = whole.into_iter();
    parts.into_iter().all(|part| whole.any(|row| row == part))
}
