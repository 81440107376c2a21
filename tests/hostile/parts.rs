//! The parts that look at bytes or text that others wrote, each by itself, and what must hold of it.
//!
//! The fuzz targets of the same names and `tests/hostile.rs` run the same.

use heloscope::diagnosis::{self, examine};
use heloscope::dialogue::certificate::read_certificate;
use heloscope::dialogue::extensions::read_extensions;
use heloscope::dialogue::facts::{Facts, Span};
use heloscope::dialogue::understand::{Scratch, understand};
use heloscope::output::syntax::to_syntax_text;
use heloscope::policy::file::parse_policy;
use heloscope::query::Query;
use heloscope::query::complete::complete;
use heloscope::query::expression::Expression;
use heloscope::query::saved::SavedFilters;
use heloscope::query::time::Times;
use heloscope::record::Marker;
use heloscope::record::header::{Order, Schema};
use heloscope::record::line::{parse_record, split};
use heloscope::record::scan::{Scanned, Scanner, scan_plain};
use heloscope::record::value::{Endpoint, Timestamp, as_host};
use heloscope::session::assemble::rewrite;
use heloscope::session::{FileId, OriginId, Position, Row, Session};

/// Header lines, and rows in the columns that they name.
///
/// # Panics
///
/// Where something does not hold.
pub(crate) fn check_header(bytes: &[u8]) {
    let mut schema = Schema::default();
    for line in bytes.split(|&byte| byte == b'\n') {
        if line.starts_with(b"#") {
            schema.take_directive(line);
            continue;
        }
        let mut usual = Vec::new();
        schema.append_usual(line, &mut usual);
        if !matches!(schema.order, Order::Custom { .. }) {
            assert_eq!(usual, line);
        }
        assert!(usual.len() <= line.len() + 9);
    }
    let n_lines = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
    let (usual, at_end) = rewrite(bytes, &Schema::default());
    assert_eq!(n_lines(&usual), n_lines(bytes));
    let usual_schema = Schema { order: Order::Usual, ..Schema::default() };
    let (again, at_end_again) = rewrite(&usual, &usual_schema);
    assert!(again == usual, "what is in the usual order stays as it is");
    assert_eq!(at_end_again.is_receive(), at_end.is_receive());
}

/// Lines: the quick reading and the plain one say the same of each.
///
/// # Panics
///
/// Where something does not hold.
pub(crate) fn check_line(bytes: &[u8]) {
    let mut scanner = Scanner::default();
    let mut at = 0;
    while at < bytes.len() {
        let (quick, plain) = (scanner.scan(bytes, at), scan_plain(bytes, at));
        assert!(at < quick.next && quick.next <= bytes.len());
        assert!(quick.start <= quick.end && quick.end <= quick.next);
        assert_eq!((quick.start, quick.end, quick.next), (plain.start, plain.end, plain.next));
        let line = &bytes[quick.start..quick.end];
        match (quick.what, plain.what) {
            (Scanned::Row(quick), Scanned::Row(plain)) => {
                let known = |head: heloscope::record::scan::Head| {
                    let places =
                        [head.start, head.connector.0, head.connector.1, head.data, head.data_end, head.context];
                    (places, head.end, head.next, head.sequence, head.session_key, head.marker)
                };
                assert_eq!(known(quick), known(plain));
                scanner.note(&quick, 7);
                check_row(line);
            }
            (quick, plain) => assert_eq!(quick, plain),
        }
        at = quick.next;
    }
}

fn check_row(line: &[u8]) {
    let record = parse_record(line).expect("a row");
    assert_eq!(split(line), record);
    assert!(Timestamp::parse(record.time.as_inner()).is_some());
    for field in [record.local, record.remote] {
        let endpoint = Endpoint::parse(field.as_inner());
        assert_eq!(as_host(field.as_inner()), endpoint.host);
    }
}

/// A session whose rows are the lines: a mark, then data, then behind a comma the context.
///
/// # Panics
///
/// Where something does not hold.
pub(crate) fn check_dialogue(bytes: &[u8]) {
    let (text, rows) = session_of(bytes);
    let Some(session) = session(&text, &rows) else { return };
    let (mut scratch, mut facts) = (Scratch::default(), Facts::default());
    understand(&session, &mut scratch, &mut facts);
    let clean = facts.clone();
    understand(&session, &mut scratch, &mut facts);
    assert_eq!(facts, clean, "nothing is left of the session before");
    check_facts(&session, &facts);
    let (mut examination, mut findings) = (diagnosis::Scratch::default(), Vec::new());
    examine(&session, &facts, &mut examination, &mut findings);
    for finding in &findings {
        assert!(!finding.evidence.rows().is_empty());
        assert!(finding.evidence.rows().iter().all(|&row| (row as usize) < rows.len()));
        assert!(!finding.to_message(&session, &facts).is_empty());
        for advice in finding.to_advice(&session, &facts) {
            let command = advice.command.unwrap_or_default();
            assert!(!command.contains(['\n', '\r', '\0', '\x1b']), "{command:?}");
        }
    }
}

fn check_facts(session: &Session<'_>, facts: &Facts) {
    let spans = [facts.banner, facts.banner_text, facts.helo, facts.auth.user, facts.auth.mechanism, facts.auth.error];
    let mail = &facts.mail;
    let lists = [&mail.senders, &mail.recipients, &mail.message_ids, &mail.internal_ids];
    for span in spans.into_iter().flatten().chain(lists.into_iter().flatten().copied()) {
        let _ = Span::to_value(span, session.text);
    }
    assert!(mail.attempted as usize <= session.rows.len() && mail.accepted as usize <= session.rows.len());
    assert!(facts.auth.failures <= facts.auth.attempts);
    assert!(facts.refusals.len() <= session.rows.len());
    for rows in [&facts.ehlo_rows, &facts.ehlo_rows_tls] {
        let extensions = read_extensions(session, rows);
        assert!(extensions.iter().all(|extension| !extension.is_empty()));
    }
}

/// Rows of one certificate, a line each: data, then behind a comma the context.
///
/// # Panics
///
/// Where something does not hold.
pub(crate) fn check_certificate(bytes: &[u8]) {
    let marked: Vec<u8> = bytes.split(|&byte| byte == b'\n').flat_map(|line| [b"*", line, b"\n"].concat()).collect();
    let (text, rows) = session_of(&marked);
    let Some(session) = session(&text, &rows) else { return };
    let all: Vec<u32> = (0..).take(rows.len()).collect();
    let Some(certificate) = read_certificate(&session, &all) else { return };
    let data: Vec<_> = rows.iter().map(|row| session.as_data(row).to_value()).collect();
    let parts = [&certificate.subject, &certificate.issuer, &certificate.serial, &certificate.thumbprint];
    for part in parts.into_iter().flatten().chain(&certificate.names) {
        assert!(!part.is_empty());
        let stands = data.iter().any(|data| data.windows(part.len()).any(|window| window == part));
        assert!(stands, "nothing is made up");
    }
}

/// Makes rows of `mark data , context` lines, as quotes have them.
fn session_of(bytes: &[u8]) -> (Vec<u8>, Vec<Row>) {
    const LEAD: &str = "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F";
    let (mut text, mut rows) = (Vec::new(), Vec::new());
    for line in bytes.split(|&byte| byte == b'\n') {
        let Some((&mark, rest)) = line.split_first() else { continue };
        let Some(marker) = Marker::parse(mark) else { continue };
        let start = text.len();
        let sequence = rows.len();
        text.extend_from_slice(format!("{LEAD},{sequence},192.0.2.5:25,198.51.100.7:4096,").as_bytes());
        text.extend_from_slice(&[mark, b',']);
        text.extend_from_slice(rest);
        text.push(b'\n');
        match scan_plain(&text, start).what {
            Scanned::Row(head) => rows.push(Row {
                start: head.start,
                data: head.data,
                data_end: head.data_end,
                context: head.context,
                end: head.end,
                sequence: head.sequence,
                line: rows.len() as u64 + 1,
                file: FileId(0),
                marker,
            }),
            _ => text.truncate(start),
        }
    }
    (text, rows)
}

fn session<'a>(text: &'a [u8], rows: &'a [Row]) -> Option<Session<'a>> {
    let (position, origin) = (Position(0), OriginId(0));
    (!rows.is_empty()).then_some(Session { text, rows, ordinal: 1, position, origin })
}

/// A query as it is typed: what is understood is itself again when it is printed and parsed.
///
/// # Panics
///
/// Where something does not hold.
pub(crate) fn check_query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let saved = SavedFilters::default();
    let completion = complete(text, &saved);
    assert!(text.is_char_boundary(completion.from));
    match Expression::parse(text, &saved) {
        Ok(expression) => {
            let printed = expression.to_string();
            let again = Expression::parse(&printed, &saved);
            assert_eq!(again.as_ref().ok(), Some(&expression), "{printed:?} says {:?}", again.as_ref().err());
            let times = Times { now: Timestamp(17_954_225_400_000_000), last: None };
            assert!(!Query::new(expression, &times).is_everything());
        }
        Err(error) => {
            assert!(error.at.start <= error.at.end && error.at.end <= error.query.len(), "{error:?}");
            let told = to_syntax_text(&error);
            assert!(!told.chars().any(|character| character.is_control() && character != '\n'), "{told:?}");
        }
    }
}

/// A policy file: limits, or what is wrong, and where.
///
/// # Panics
///
/// Where something does not hold.
pub(crate) fn check_policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse_policy(text) {
        Ok(limits) => {
            assert!(!limits.is_empty());
            assert!(limits.iter().all(|limit| !limit.to_string().is_empty()));
        }
        Err(error) => {
            assert!(error.line >= 1 && error.line <= text.lines().count().max(1) + 1, "{error}");
            assert!(error.column >= 1 && !error.message.is_empty());
        }
    }
}
