//! Listed sessions, held against their cases.
//!
//! **Invariant**: no query whose values are held is answered differently.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::{Enrolling, Roster, Seat};
use crate::ingest::{Batch, Case, Catalogue, Options, Study, ingest};
use crate::query::Query;
use crate::query::asking::{Asking, BLOCK};
use crate::query::saved::SavedFilters;
use crate::query::subject::Subject;
use crate::query::time::Times;
use crate::record::value::Timestamp;

/// Queries over every field whose values are held.
const HELD: [&str; 42] = [
    "ip:198.51.100.0/24",
    "local:192.0.2.0/24",
    "port:587",
    "server:EX0*",
    "connector:*frontend*",
    "role:frontend",
    "file:*2*",
    "id:*1*",
    "id:7",
    "id:/08",
    "id:ex02/0,c4",
    "id~/^[0-9a-f]+$/i",
    "id:*~2",
    "helo:*pc*",
    "helo:pc",
    "helo~/[0-9]$/",
    "banner:mail.*",
    "starttls:failed,refused",
    "tls<1.2",
    "tls:unknown",
    "cipher:*256*",
    "auth:failed",
    "mechanism:login",
    "user:*alice*",
    "user:bob,Alice",
    "error:LogonDenied",
    "error:\"\"",
    "failures>1",
    "mails>0",
    "bytes>1000",
    "lines>20",
    "code:5xx",
    "code:5.7.3",
    "code:250",
    "rule:auth-*",
    "severity:warning",
    "verdict:failed",
    "end:Local",
    "end:open",
    "duration>5s",
    "tarpit>0",
    "after:2026-11-23T09:00",
];

/// The id of every session, and which queries mean it.
struct Answers(Vec<Query>);

/// A session's id, and which queries mean it.
type Told = (Vec<u8>, Vec<bool>);

impl Study for Answers {
    type Yield = Vec<Told>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        batch.push((case.to_id(), self.0.iter().map(|query| query.matches(case)).collect()));
    }
}

fn queries() -> Vec<Query> {
    let times = Times { now: Timestamp(0), last: None };
    HELD.iter().map(|text| Query::parse(text, &SavedFilters::default(), &times).expect(text)).collect()
}

/// What cases say, and what the roster made of them says.
fn read(paths: &[PathBuf]) -> (Vec<Told>, Roster) {
    let catalogue = Catalogue::build(paths, None);
    let files: Arc<[PathBuf]> = catalogue.files.iter().map(|file| file.path.clone()).collect();
    let (mut told, mut roster) = (Vec::new(), Roster::default());
    ingest(&catalogue, &Options::default(), &(Answers(queries()), Enrolling), &mut |batch: Batch<_>| {
        let (asked, sheet) = batch.value;
        told.extend(asked);
        roster.push(Arc::new(sheet.into_sheet(Arc::clone(&files), batch.place.map(|place| (place, batch.bytes)))));
        ControlFlow::Continue(())
    });
    (told, roster)
}

#[test]
fn a_listed_session_answers_as_its_case_did() {
    let (mut told, roster) = read(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")]);
    let queries = queries();
    assert!(queries.iter().all(|query| !query.needs_rows()));
    let listed = (0..roster.n_sheets()).flat_map(|sheet| roster.listed(sheet));
    let mut seen: Vec<Told> = listed
        .map(|(seat, listed)| {
            assert_eq!(roster.get(seat).map(|again| again.place()), Some(listed.place()));
            (listed.id().to_vec(), queries.iter().map(|query| query.matches(&listed)).collect())
        })
        .collect();
    told.sort();
    seen.sort();
    assert_eq!(seen.len(), roster.len());
    assert!(roster.len() > 100);
    assert_eq!(seen, told);
    for (at, text) in HELD.iter().enumerate() {
        assert!(told.iter().any(|(_, answers)| answers[at]), "`{text}` is true of no sample");
    }
}

/// The samples, and sheets of many sessions, for those of one sample are few.
static ROSTER: LazyLock<Roster> = LazyLock::new(|| {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut roster = read(std::slice::from_ref(&samples)).1;
    let long = tempfile::tempdir().unwrap();
    fs::write(long.path().join("all.log"), times_over(&samples, 8)).unwrap();
    let one = read(&[long.path().to_path_buf()]).1;
    assert!(one.sheets.iter().any(|sheet| sheet.n_sessions() > 3 * BLOCK));
    for sheet in one.sheets {
        roster.push(sheet);
    }
    roster
});

/// Logs of the samples in one, with other session ids each time, or they would be repeats.
fn times_over(samples: &Path, n_times: u8) -> Vec<u8> {
    let catalogue = Catalogue::build(&[samples.to_path_buf()], None);
    let mut all = Vec::new();
    for nth in 0..n_times {
        for file in &catalogue.files {
            let text = fs::read(&file.path).unwrap();
            all.extend(text.split_inclusive(|byte| *byte == b'\n').flat_map(|line| {
                let mut line = line.to_vec();
                // `time,connector,` and the first digit of the id, which no sample uses.
                let comma = line.iter().enumerate().filter(|(_, byte)| **byte == b',').nth(1).map(|(at, _)| at);
                if let Some(digit) = comma.and_then(|at| line.get_mut(at + 1)).filter(|digit| **digit == b'0') {
                    *digit += nth;
                }
                line
            }));
            all.push(b'\n');
        }
    }
    all
}

/// Queries put together of those over single fields.
fn any_query() -> impl Strategy<Value = String> {
    prop::sample::select(&HELD[..]).prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let parts = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            parts.clone().prop_map(|parts| parts.join(" ")),
            parts.prop_map(|parts| format!("({})", parts.join(" or "))),
            inner.prop_map(|inner| format!("-({inner})")),
        ]
    })
}

proptest! {
    /// What is asked of a block at a time, and remembered, is what each session answers by itself.
    #[test]
    fn sessions_that_are_asked_together_answer_as_each_by_itself(text in any_query()) {
        let times = Times { now: Timestamp(0), last: None };
        let query = Query::parse(&text, &SavedFilters::default(), &times).expect(&text);
        let mut asking = Asking::new(&query);
        for sheet in 0..ROSTER.n_sheets() {
            let together: Vec<Seat> = ROSTER.meant(sheet, &mut asking).map(|(seat, _)| seat).collect();
            let listed = ROSTER.listed(sheet).filter(|(_, listed)| query.matches(listed));
            let alone: Vec<Seat> = listed.map(|(seat, _)| seat).collect();
            prop_assert_eq!(together, alone);
        }
    }
}

#[test]
fn what_is_not_held_is_said() {
    let times = Times { now: Timestamp(0), last: None };
    for text in ["LogonDenied", "/x/", "cert:mail.*", "from:a@b", "to:a@b", "msgid:x", "-(auth:failed or x)"] {
        assert!(Query::parse(text, &SavedFilters::default(), &times).unwrap().needs_rows(), "{text}");
    }
}

#[test]
fn sessions_lie_in_the_order_of_their_first_rows() {
    let (_, roster) = read(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")]);
    for sheet in 0..roster.n_sheets() {
        let positions: Vec<_> = roster.listed(sheet).map(|(_, listed)| listed.position()).collect();
        assert!(positions.is_sorted());
    }
    let (_, start) = (0..roster.n_sheets()).flat_map(|sheet| roster.listed(sheet)).next().unwrap();
    assert!(start.start().is_some() && start.lines() > 0);
}

#[test]
fn a_session_with_two_errors_is_asked_by_itself() {
    let refused = ["+,,", "<,AUTH LOGIN,", "*,,Inbound AUTH LOGIN failed because of LogonDenied", "-,,Local"];
    let both = [
        "+,,",
        "<,STARTTLS,",
        ">,220 2.0.0 SMTP server ready,",
        "*,,TLS negotiation failed with error NoCredentials",
        refused[1],
        refused[2],
        refused[3],
    ];
    let rows = |id: u8, rows: &[&str]| -> String {
        let row = |(number, row)| {
            format!(
                "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E{id:02},{number},192.0.2.5:25,198.51.100.7:40,{row}\n"
            )
        };
        rows.iter().enumerate().map(row).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let header = "#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n";
    let log = [header.to_owned(), rows(1, &refused), rows(2, &both), rows(3, &refused)].concat();
    fs::write(folder.path().join("RECV1.LOG"), log).unwrap();
    let roster = read(&[folder.path().to_path_buf()]).1;
    let meant = |text: &str| -> Vec<u32> {
        let query = Query::parse(text, &SavedFilters::default(), &Times { now: Timestamp(0), last: None }).unwrap();
        let mut asking = Asking::new(&query);
        (0..roster.n_sheets())
            .flat_map(|sheet| roster.meant(sheet, &mut asking).map(|(seat, _)| seat.entry).collect::<Vec<_>>())
            .collect()
    };
    assert_eq!(meant("error:LogonDenied"), [0, 1, 2]);
    assert_eq!(meant("error:NoCredentials"), [1]);
}
