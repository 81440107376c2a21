//! Logs that are made to take long: each at one length, and at four times that.
//!
//! **Invariant**: every line is accounted for; what takes time in proportion to its bytes has the same
//! figure at both lengths.

use std::fmt::Write;
use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput};
use heloscope::ingest::{Account, Batch, Catalogue, Options, ingest};
use heloscope::output::patterns::to_headlines;
use heloscope::output::time::Zone;
use heloscope::pattern::{Patterns, Watch, Watching};
use heloscope::summary::{Sum, Summary, Summing};

/// Appends the part of a log that bears this number.
type Part = fn(usize, &mut String);

/// How many parts the shorter log has.
const N_PARTS: usize = 5000;

/// A clock's id.
const ID: usize = 0x08DE_2A1B_3C4D_5E6F;

/// The shapes. What a part is, is at most a dozen rows.
const SHAPES: [(&str, Part); 10] = [
    ("one id for everything", |at, out| session(out, ID, at, &["+,,", "<,NOOP,", "-,,Local"])),
    ("sessions of one row", |at, out| row(out, ID + at, 0, at, "<,NOOP,")),
    ("sessions that are never closed", |at, out| session(out, ID + at, at, &["+,,", "<,EHLO a,", ">,250 a,"])),
    ("one long session", |at, out| row(out, ID, at, at, if at == 0 { "+,," } else { "<,NOOP," })),
    ("rows that stand twice", |at, out| {
        for _ in 0..2 {
            row(out, ID, at, at, if at == 0 { "+,," } else { "<,NOOP," });
        }
    }),
    ("commands without replies", |at, out| {
        row(out, ID, at, at, if at == 0 { "+,," } else { "<,RCPT TO:<a@contoso.com>," });
    }),
    ("quotes that are never closed", |at, out| row(out, ID + at, 0, at, "<,\"EHLO a,")),
    ("one long line", |at, out| {
        if at == 0 {
            row(out, ID, 0, 0, "+,,");
        }
        out.push_str("EHLO \"\" pc-17 and on and on, ");
    }),
    ("logins of many users", |at, out| {
        let failed = format!("*,,\"User Name: user{at}@contoso.com\"");
        let words = [
            "+,,",
            "<,AUTH LOGIN,",
            "*,,Inbound AUTH LOGIN failed because of LogonDenied",
            &failed,
            ">,535 5.7.3 no,",
            "-,,Local",
        ];
        session(out, ID + at, at, &words);
    }),
    ("offers of their own", |at, out| {
        let offer = format!(">,250  a Hello [192.0.2.5] SIZE {at} X-WORD{at} STARTTLS,");
        session(out, ID + at, at, &["+,,", "<,EHLO a,", &offer, "-,,Local"]);
    }),
];

fn session(out: &mut String, id: usize, at: usize, events: &[&str]) {
    for (sequence, event) in events.iter().enumerate() {
        row(out, id, sequence, at, event);
    }
}

fn row(out: &mut String, id: usize, sequence: usize, at: usize, event: &str) {
    let (hour, minute, second, millis) = (at / 3_600_000 % 24, at / 60_000 % 60, at / 1000 % 60, at % 1000);
    let address = format!("198.51.{}.{}", at / 256 % 256, at % 256);
    let _ = writeln!(
        out,
        "2026-11-23T{hour:02}:{minute:02}:{second:02}.{millis:03}Z,EX01\\A,{id:016X},{sequence},192.0.2.5:25,{address}:4096,{event}\r"
    );
}

/// Times each shape at both lengths.
pub(crate) fn worst(criterion: &mut Criterion) {
    for (name, write) in SHAPES {
        let mut group = criterion.benchmark_group(format!("worst: {name}"));
        for times in [1, 4] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut text = String::new();
            (0..N_PARTS * times).for_each(|at| write(at, &mut text));
            std::fs::write(folder.path().join("RECV1.LOG"), &text).expect("room for the log");
            let n_lines = text.lines().count() as u64;
            group.throughput(Throughput::BytesDecimal(text.len() as u64));
            group.bench_function(format!("{times}x"), |bencher| {
                bencher.iter(|| {
                    let (account, n_headlines) = read(&[folder.path().to_owned()]);
                    assert_eq!(account.lines, n_lines);
                    black_box(n_headlines)
                });
            });
        }
        group.finish();
    }
}

/// All that the summary does.
fn read(paths: &[std::path::PathBuf]) -> (Account, usize) {
    let (mut summary, mut patterns) = (Summary::default(), None::<Patterns>);
    let catalogue = Catalogue::build(paths, None);
    let options = Options { n_threads: 1, ..Options::default() };
    let account = ingest(&catalogue, &options, &(Summing, Watching), &mut |batch: Batch<(Sum, Watch)>| {
        let (sum, watch) = batch.value;
        sum.add_to(&mut summary);
        watch.add_to(&mut patterns);
        ControlFlow::Continue(())
    });
    (account, to_headlines(&patterns.unwrap_or_default(), Zone::Utc).len())
}
