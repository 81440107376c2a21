//! What two folders amount to is the sum of what each amounts to.

use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use heloscope::ingest::gathering::Gathering;
use heloscope::ingest::{Batch, Catalogue, Options, ingest};
use heloscope::policy::Limit;
use heloscope::policy::tally::{Checked, Checking, Tallies};
use heloscope::summary::{Sum, Summary, Summing};
use proptest::prelude::*;

const HEADER: &str = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: 2026-11-23T08:00:00.000Z\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n";

/// What may be said between a session's first and last row: event, data and context.
const SAYINGS: [&str; 14] = [
    "<,EHLO pc-17,",
    "<,EHLO PC-18,",
    ">,250 mail.contoso.com Hello SIZE STARTTLS AUTH LOGIN,",
    "<,STARTTLS,",
    ">,220 2.0.0 SMTP server ready,",
    ">,454 4.7.0 TLS not available,",
    "<,AUTH LOGIN,",
    ">,334 <authentication response>,",
    "*,,Inbound AUTH LOGIN failed because of LogonDenied",
    "*,,User Name: user@contoso.com",
    "*,,User Name: Admin@contoso.com",
    ">,535 5.7.3 Authentication unsuccessful,",
    "<,MAIL FROM:<user@contoso.com>,",
    ">,550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain,",
];

/// A session: when it begins, where, from which address, and what is said.
#[derive(Clone, Debug)]
struct Visit {
    minute: u32,
    connector: usize,
    address: u8,
    sayings: Vec<usize>,
}

fn visit() -> impl Strategy<Value = Visit> {
    let sayings = prop::collection::vec(0..SAYINGS.len(), 0..9);
    (0..40_000_u32, 0..4_usize, 1..6_u8, sayings).prop_map(|(minute, connector, address, sayings)| Visit {
        minute,
        connector,
        address,
        sayings,
    })
}

/// Writes the sessions into a folder of its own; their ids begin with its number.
fn write(folder: &Path, number: usize, visits: &[Visit]) -> PathBuf {
    const CONNECTORS: [&str; 4] =
        ["EX01\\Client Frontend EX01", "EX01\\Default Frontend EX01", "EX02\\Client Frontend EX02", "EX02\\Relay"];
    let mut visits: Vec<(usize, &Visit)> = visits.iter().enumerate().collect();
    visits.sort_by_key(|(_, visit)| visit.minute);
    let mut text = HEADER.to_owned();
    for (at, visit) in visits {
        let Visit { minute, connector, address, sayings } = visit;
        let sayings = sayings.iter().map(|saying| SAYINGS[*saying]);
        let rows = std::iter::once("+,,").chain(sayings).chain(["-,,Local"]);
        for (sequence, row) in rows.enumerate() {
            writeln!(
                text,
                "2026-11-{:02}T{:02}:{:02}:{sequence:02}.000Z,{},08DE{number:04X}{at:08X},{sequence},192.0.2.5:587,198.51.100.{address}:{},{row}\r",
                1 + minute / 1440,
                minute / 60 % 24,
                minute % 60,
                CONNECTORS[*connector],
                4096 + at,
            )
            .expect("memory");
        }
    }
    let path = folder.join(number.to_string());
    fs::create_dir_all(&path).expect("a folder");
    fs::write(path.join("RECV.LOG"), text).expect("a temporary file");
    path
}

fn summed(paths: &[PathBuf], options: &Options) -> Summary {
    let mut summary = Summary::default();
    ingest(&Catalogue::build(paths, None), options, &Summing, &mut |batch: Batch<Sum>| {
        batch.value.add_to(&mut summary);
        ControlFlow::Continue(())
    });
    summary
}

/// As the program reads: in batches that go on with later chunks.
fn gathered(paths: &[PathBuf], options: &Options) -> Summary {
    let mut summary = Summary::default();
    let gathering = Gathering::new(Summing);
    ingest(&Catalogue::build(paths, None), options, &gathering, &mut |mut batch: Batch<Sum>| {
        batch.value.move_names_to(&mut summary);
        gathering.rest(batch.value);
        ControlFlow::Continue(())
    });
    for sum in gathering.into_gathered() {
        sum.add_to(&mut summary);
    }
    summary
}

fn checked(paths: &[PathBuf], options: &Options) -> Tallies {
    let limits = ["auth-*=1", "*=10%", "relay-denied=0"].map(|limit| Limit::parse_max(limit).expect("a limit"));
    let mut tallies = Tallies::default();
    ingest(&Catalogue::build(paths, None), options, &Checking(&limits), &mut |batch: Batch<Checked>| {
        batch.value.add_to(&mut tallies);
        ControlFlow::Continue(())
    });
    tallies
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn two_folders_are_the_sum_of_each(one in prop::collection::vec(visit(), 0..30), other in prop::collection::vec(visit(), 0..30), chunk_bytes in 500..9000_usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = [write(folder.path(), 1, &one), write(folder.path(), 2, &other)];
        let cut = Options { chunk_bytes, n_threads: 2 };
        let usual = Options::default();

        let whole = summed(&paths, &usual);
        let mut sum = summed(&paths[1..], &cut);
        sum += &summed(&paths[..1], &cut);
        prop_assert_eq!(whole.total.sessions, (one.len() + other.len()) as u64);
        prop_assert_eq!(&sum, &whole);
        prop_assert_eq!(&summed(&paths, &cut), &whole);
        prop_assert_eq!(&gathered(&paths, &cut), &whole);

        let whole = checked(&paths, &usual);
        let mut sum = checked(&paths[1..], &cut);
        sum += &checked(&paths[..1], &cut);
        prop_assert_eq!(whole.sessions, (one.len() + other.len()) as u64);
        prop_assert_eq!(&sum, &whole);
        prop_assert_eq!(&checked(&paths, &cut), &whole);
    }
}
