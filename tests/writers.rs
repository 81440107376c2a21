//! Whatever a log holds, no text that is written steers a terminal, reorders lines or hides anything.

use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use heloscope::ingest::{Account, Batch, Case, Catalogue, Options, Study, ingest};
use heloscope::output::check::Report as CheckReport;
use heloscope::output::check::json::to_check_json;
use heloscope::output::check::junit::to_check_junit;
use heloscope::output::check::markdown::to_check_markdown;
use heloscope::output::check::text::to_check_text;
use heloscope::output::paint::Paint;
use heloscope::output::skipped::to_skipped_text;
use heloscope::output::summary::Report;
use heloscope::output::summary::json::to_summary_json;
use heloscope::output::summary::markdown::to_summary_markdown;
use heloscope::output::summary::text::to_summary_text;
use heloscope::output::text::{Layout, Look};
use heloscope::output::time::Zone;
use heloscope::output::{csv, json, lines, patterns, text, transcript};
use heloscope::pattern::{Patterns, Watching};
use heloscope::policy::file::parse_policy;
use heloscope::policy::tally::{Checking, Tallies};
use heloscope::policy::{Basis, Empty};
use heloscope::summary::{Summary, Summing};

/// What no text may hold raw: controls, what reorders text, what has no width.
///
/// Source: the categories Cc and Cf of Unicode, and its default-ignorable code points.
fn is_hidden(character: char) -> bool {
    matches!(u32::from(character),
        0..=0x1f | 0x7f..=0x9f | 0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a | 0xe_0000..=0xe_0fff)
}

/// Texts that hold every code point which could matter, each hidden one alone too. What separates rows
/// and columns is left out, and the planes and blocks of letters and signs alone, which the test of
/// `visible` goes through.
fn hostile_texts() -> Vec<String> {
    let blocks = [0..=0x31ff, 0xd7b0..=0xffff, 0x1_bc00..=0x1_bcff, 0x1_d000..=0x1_d1ff, 0xe_0000..=0xe_0fff];
    let all = blocks.into_iter().flatten().filter_map(char::from_u32);
    let all: Vec<char> = all.filter(|next| !matches!(next, '\n' | ',' | '"')).collect();
    let alone = all.iter().filter(|next| is_hidden(**next) && u32::from(**next) < 0xe_0020);
    alone.map(|next| format!("a{next}b")).chain(all.chunks(512).map(|part| part.iter().collect())).collect()
}

/// What a session says with the text in every place where a client, a server or an administrator could
/// have put it: event, data, context.
fn rows_of(hostile: &str) -> [String; 26] {
    let times = "2026-08-12T10:39:24.000Z 2026-11-24T09:39:23.000Z";
    [
        "+,,".to_owned(),
        format!(">,220 {hostile} Microsoft ESMTP MAIL Service ready,"),
        format!("<,EHLO {hostile},"),
        format!(">,250  {hostile} Hello [198.51.100.7] SIZE 1 {hostile} STARTTLS AUTH LOGIN,"),
        "<,STARTTLS,".to_owned(),
        ">,220 2.0.0 SMTP server ready,".to_owned(),
        format!(
            "*, CN={hostile} CN=a{hostile} 0{hostile}4 4{hostile}3 {times} {hostile},Sending certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names"
        ),
        format!(
            "*,,\"TLS protocol SP_PROT_TLS1_0_SERVER negotiation succeeded using bulk encryption algorithm {hostile} with strength 256 bits, MAC hash algorithm {hostile} with strength 160 bits and key exchange algorithm {hostile} with strength 256 bits\""
        ),
        format!("*,,TlsDomainCapabilities='{hostile}'; Status='{hostile}'"),
        "<,AUTH LOGIN,".to_owned(),
        ">,334 <authentication response>,".to_owned(),
        format!("*,,Inbound AUTH LOGIN failed because of {hostile}"),
        format!("*,,User Name: {hostile}"),
        format!("*,Tarpit for '0.00:00:05' due to '{hostile}',"),
        format!(">,535 5.7.3 {hostile},"),
        format!("<,AUTH {hostile},"),
        format!(">,504 5.7.4 {hostile},"),
        format!("<,XPROXY SID={hostile} IP={hostile} PORT=1,"),
        format!(">,550 5.1.1 {hostile},"),
        format!("<,MAIL FROM:<{hostile}@contoso.com>,"),
        format!("<,RCPT TO:<{hostile}@fabrikam.com>,"),
        format!(">,550 5.7.54 SMTP; Unable to relay {hostile},"),
        format!("<,{hostile},"),
        format!(">,500 5.3.3 {hostile},"),
        format!("*,{hostile},{hostile}"),
        format!("-,,{hostile}"),
    ]
}

/// A folder with a log in which every text was put everywhere, a file of another kind, and rows that are
/// none.
fn write_logs(folder: &std::path::Path) {
    let mut log = "#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n".to_owned();
    for (number, hostile) in hostile_texts().iter().enumerate() {
        let (id, minute) = (0x08DF_491A_9AC4_0000 + number, number / 60 % 60);
        // Some ids are none that Exchange would make.
        let id = if number % 4 == 0 { format!("{id:X}{hostile}") } else { format!("{id:X}") };
        for (sequence, row) in rows_of(hostile).iter().enumerate() {
            let time = format!("2026-11-23T08:{minute:02}:{:02}.{sequence:03}Z", number % 60);
            let _ = writeln!(
                log,
                "{time},E{hostile}\\Client Frontend {hostile},{id},{sequence},{hostile}:587,198.51.100.{}:{hostile},{row}",
                number % 250
            );
        }
        let _ = writeln!(log, "{hostile} is no row");
    }
    fs::write(folder.join("RECV.LOG"), log).expect("a file");
    fs::write(folder.join("other.log"), "#Log-type: a \u{1b}[31m \u{202e}log\n").expect("a file");
    // Windows has no such names.
    #[cfg(unix)]
    {
        let odd = folder.join("\u{1b}[31m\u{202e}\u{9b}");
        fs::create_dir(&odd).expect("a folder");
        let row = "2026-11-23T08:00:00.000Z,Default,08DF491A9AC40000,0,192.0.2.5:25,198.51.100.7:4096,+,,\nno row\n";
        fs::write(odd.join("\u{200b}\u{85}.log"), row).expect("a file");
    }
}

/// How a session is written.
type WriteSession = fn(&Case<'_>, &mut Vec<u8>);

const LOOK: Look = Look { layout: Layout::Words, zone: Zone::Utc, paint: Paint::Plain };

const WRITERS: [(&str, WriteSession); 7] = [
    ("words", |case, out| text::write_session(case, LOOK, out)),
    ("columns", |case, out| text::write_session(case, Look { layout: Layout::Columns, ..LOOK }, out)),
    ("ndjson", |case, out| {
        json::write_record(case, out);
        out.push(b'\n');
    }),
    ("csv on a terminal", |case, out| csv::write_record(case, csv::Cells::Visible, out).expect("a record")),
    ("lines", |case, out| lines::write_text(case, Zone::Utc, out)),
    ("show", |case, out| {
        let mut text = String::new();
        transcript::write_transcript(case, Zone::Server, Paint::Plain, &mut text);
        out.extend_from_slice(text.as_bytes());
    }),
    ("show as JSON", |case, out| {
        json::write_shown(case, out).expect("a record");
        out.push(b'\n');
    }),
];

/// Writes every session by every writer.
struct Writing;

impl Study for Writing {
    type Yield = Vec<Vec<u8>>;

    fn begin(&self) -> Self::Yield {
        vec![Vec::new(); WRITERS.len()]
    }

    fn take(&self, case: &Case<'_>, written: &mut Self::Yield) {
        WRITERS.iter().zip(written).for_each(|((_, write), out)| write(case, out));
    }
}

/// All that is written of the hostile logs, by the writer's name.
static WRITTEN: LazyLock<Vec<(&str, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    write_logs(folder.path());
    let catalogue = Catalogue::build(&[PathBuf::from(folder.path())], None);
    let limits = parse_policy(
        "severity = \"error\"\ndeny = [\"*\"]\n[[connector]]\nname = 'Client Frontend abx'\ndeny = [\"auth-*\"]\n",
    )
    .expect("a policy");
    let study = ((Writing, Summing), (Watching, Checking(&limits)));
    let mut written: Vec<(&str, Vec<u8>)> = WRITERS.iter().map(|(name, _)| (*name, Vec::new())).collect();
    let (mut summary, mut patterns, mut tallies) = (Summary::default(), Patterns::default(), Tallies::default());
    let account = ingest(&catalogue, &Options::default(), &study, &mut |batch: Batch<_>| {
        let ((texts, sum), (watch, checked)) = batch.value;
        written.iter_mut().zip(texts).for_each(|((_, all), text): (_, Vec<u8>)| all.extend(text));
        sum.add_to(&mut summary);
        patterns += &watch.into_patterns();
        checked.add_to(&mut tallies);
        ControlFlow::Continue(())
    });
    let basis = Basis { n_read: account.sessions, empty: Empty::Unknown, n_unreadable: 0 };
    written.extend(to_reports(&catalogue, &account, &summary, &patterns));
    let check = CheckReport::new(&limits, &tallies, basis);
    written.extend([
        ("check", to_check_text(&check, Zone::Utc, Paint::Plain).into_bytes()),
        ("check as JSON", to_check_json(&check).expect("a record").into_bytes()),
        ("check as JUnit", to_check_junit(&check).into_bytes()),
        ("check as Markdown", to_check_markdown(&check, Zone::Utc).into_bytes()),
    ]);
    written
});

fn to_reports(
    catalogue: &Catalogue,
    account: &Account,
    summary: &Summary,
    patterns: &Patterns,
) -> [(&'static str, Vec<u8>); 6] {
    let report = Report { summary, patterns, account, catalogue };
    let look = patterns::Look { zone: Zone::Utc, top: usize::MAX };
    [
        ("summary", to_summary_text(&report, Zone::Utc, Some(10_000)).into_bytes()),
        ("summary as JSON", to_summary_json(&report, Some(10_000)).expect("a record").into_bytes()),
        ("summary as Markdown", to_summary_markdown(&report, Zone::Utc, Some(10_000)).into_bytes()),
        ("patterns", patterns::to_patterns_text(patterns, look).into_bytes()),
        ("patterns as JSON", patterns::to_patterns_json(patterns, None).expect("a record").into_bytes()),
        ("skipped", to_skipped_text(catalogue, account).expect("something").into_bytes()),
    ]
}

#[test]
fn no_text_steers_reorders_or_hides() {
    for (name, bytes) in &*WRITTEN {
        let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{name} is not UTF-8: {error}"));
        assert!(!text.is_empty(), "{name}");
        let raw = text.char_indices().find(|(_, character)| *character != '\n' && is_hidden(*character));
        if let Some((at, character)) = raw {
            let around: String = text[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{name} holds {character:?} after {around:?}");
        }
    }
}

/// What is escaped in JSON is the same value all the same.
#[test]
fn json_keeps_what_the_log_holds() {
    let of = |name: &str| &WRITTEN.iter().find(|(other, _)| *other == name).expect("a writer").1;
    let records: Vec<serde_json::Value> = of("ndjson")
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    for hostile in hostile_texts() {
        assert!(records.iter().any(|record| record["disconnect"] == hostile), "{hostile:?}");
    }
    for name in ["show as JSON", "summary as JSON", "patterns as JSON", "check as JSON"] {
        let values = serde_json::Deserializer::from_slice(of(name)).into_iter::<serde_json::Value>();
        let values: Vec<serde_json::Value> = values.map(|value| value.expect(name)).collect();
        assert!(!values.is_empty(), "{name}");
    }
}
