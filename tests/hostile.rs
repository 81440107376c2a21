//! Whatever bytes there are: the samples, whole and mutated, through the bodies of the fuzz targets.
//!
//! `tests/fuzz` looks for what nobody thought of; this holds what was found, and a fixed number of
//! mutations from a fixed seed, on every machine and without a special compiler. For more of them:
//! `PROPTEST_CASES=100000 cargo test --release --test hostile`.

#[path = "hostile/parts.rs"]
mod parts;
#[path = "hostile/reading.rs"]
mod reading;
#[path = "hostile/seeds.rs"]
mod seeds;

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use seeds::Target;

fn target(name: &str) -> Target {
    let targets = seeds::targets(Path::new(env!("CARGO_MANIFEST_DIR")));
    targets.into_iter().find(|target| target.name == name).expect("a target of this name")
}

/// A change to a text, its places given as shares of its length.
#[derive(Clone, Debug)]
enum Edit {
    Put(Index, Vec<u8>),
    Turn(Index, u8),
    Drop(Index, Index),
    Repeat(Index, Index),
    Splice(Index, Index, Index),
    Cut(Index),
}

/// Pieces that mean something to one part or another.
const PIECES: [&[u8]; 40] = [
    b"\"",
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"#",
    b"#Fields: ",
    b"\x1b[2J",
    b"\xe2\x80\xae",
    b"4294967295",
    b"4294967296",
    b"18446744073709551616",
    b"-1",
    b"9999-12-31T23:59:59.9999999Z",
    b"0000-01-01T00:00:00Z",
    b"AUTH PLAIN ",
    b"334 ",
    b"535 5.7.3 ",
    b"250-",
    b"250 2.6.0 <",
    b"STARTTLS",
    b"BDAT 1 LAST",
    b"Tarpit for '",
    b"User Name: ",
    b"Sending certificate",
    b" CN=",
    b"[",
    b"]",
    b"(",
    b")",
    b"/",
    b"\\",
    b"*",
    b"=",
    b" or ",
    b"\"\"",
];

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), prop::sample::select(PIECES.to_vec())).prop_map(|(place, piece)| Edit::Put(place, piece.to_vec())),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(place, piece)| Edit::Put(place, piece)),
        2 => (at(), any::<u8>()).prop_map(|(place, byte)| Edit::Turn(place, byte)),
        2 => (at(), at()).prop_map(|(from, to)| Edit::Drop(from, to)),
        2 => (at(), at()).prop_map(|(from, to)| Edit::Repeat(from, to)),
        2 => (at(), at(), at()).prop_map(|(other, from, to)| Edit::Splice(other, from, to)),
        1 => at().prop_map(Edit::Cut),
    ]
}

/// A stretch of at most some rows' length, so that what is left is still much like a log.
fn stretch(text: &[u8], from: Index, to: Index) -> std::ops::Range<usize> {
    let from = from.index(text.len() + 1);
    from..(from + to.index(600)).min(text.len())
}

fn mutated(seeds: &[Vec<u8>], seed: Index, edits: &[Edit]) -> Vec<u8> {
    let mut text = seed.get(seeds).clone();
    for edit in edits {
        match edit {
            Edit::Put(place, piece) => {
                let at = place.index(text.len() + 1);
                text.splice(at..at, piece.iter().copied());
            }
            Edit::Turn(place, byte) if !text.is_empty() => *place.get_mut(&mut text[..]) = *byte,
            Edit::Turn(..) => {}
            Edit::Drop(from, to) => drop(text.drain(stretch(&text, *from, *to))),
            Edit::Repeat(from, to) => {
                let range = stretch(&text, *from, *to);
                let piece = text[range.clone()].to_vec();
                text.splice(range.end..range.end, piece);
            }
            Edit::Splice(other, from, to) => {
                let other = other.get(seeds);
                let piece = other[stretch(other, *from, *to)].to_vec();
                let at = to.index(text.len() + 1);
                text.splice(at..at, piece);
            }
            Edit::Cut(place) => text.truncate(place.index(text.len() + 1)),
        }
    }
    text
}

/// Runs a target on its seeds, and on so many mutations of them.
#[track_caller]
fn check(name: &str, n_cases: u32) {
    let Target { check, seeds, .. } = target(name);
    for seed in &seeds {
        check(seed);
    }
    let strategy = (any::<Index>(), prop::collection::vec(edit(), 1..8));
    check_all(name, n_cases, strategy, |(seed, edits)| mutated(&seeds, seed, &edits));
}

/// Runs a target on so many texts.
#[track_caller]
fn check_all<S: Strategy>(name: &str, n_cases: u32, strategy: S, to_text: impl Fn(S::Value) -> Vec<u8>) {
    let check = target(name).check;
    let default = Config::default();
    let cases = if default.cases == 256 { n_cases } else { default.cases };
    let config = Config { cases, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..default };
    let ran = TestRunner::new(config).run(&strategy, |value| {
        check(&to_text(value));
        Ok(())
    });
    match ran {
        Ok(()) => {}
        Err(TestError::Fail(reason, value)) => panic!("{name}: {reason}\nb\"{}\"", to_text(value).escape_ascii()),
        Err(error) => panic!("{name}: {error}"),
    }
}

/// What fuzzing found, cut down to what shows it.
const FOUND: [(&str, &[u8]); 9] = [
    // A word of a query behind a blank of two bytes.
    ("query", b"rule:\xc2\x85rel"),
    // Columns named under the header of another log, whose rows come under this one's.
    ("header", b"#Log-type:\n#Fields:session-id,,date-time,event,data,,,,0\n#Log-type:SMTP Receive Protocol Log\n,,,,,,,,"),
    // The same in a file, behind a row: whole sessions had no facts, and the worker panicked.
    ("read", b"2026-11-23T08:28:00.104Z,EX01\\A,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:1,+,,\n#Log-type: other\n#Fields: session-id,date-time,event,data\n#Log-type: SMTP Receive Protocol Log\nA1,2026-11-23T08:29:00.104Z,+,\nA1,2026-11-23T08:29:01.104Z,-,\n"),
    // A connect row with a number above those of the rows behind it, which say to be earlier: it was put
    // behind them, and written so they went on with the session before, where the second stands too.
    ("read", b"2026-11-23T08:29:00.104Z,EX01\\A,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:1,+,,\n2026-11-23T08:29:01.104Z,EX01\\A,08DE2A1B3C4D5E6F,1,192.0.2.5:25,198.51.100.7:1,<,NOOP,\n2026-11-23T08:29:02.104Z,EX01\\A,08DE2A1B3C4D5E6F,2,192.0.2.5:25,198.51.100.7:1,+,,\n2026-11-23T08:29:01.104Z,EX01\\A,08DE2A1B3C4D5E6F,1,192.0.2.5:25,198.51.100.7:1,<,NOOP,\n2026-11-23T08:29:03.104Z,EX01\\A,08DE2A1B3C4D5E6F,3,192.0.2.5:25,198.51.100.7:1,-,,Local\n"),
    // Two disconnect rows that differ in their numbers alone became rows of one session.
    ("read", b"2026-11-23T08:29:03.104Z,EX01\\A,08DE2A1B3C4D5E6F,2,192.0.2.5:25,198.51.100.7:1,-,,Loc\n2026-11-23T08:29:00.104Z,EX01\\A,08DE2A1B3C4D5E6F,1,192.0.2.5:25,198.51.100.7:1,+,,\n2026-11-23T08:29:03.104Z,EX01\\A,08DE2A1B3C4D5E6F,3,192.0.2.5:25,198.51.100.7:1,-,,Loc\n"),
    // One id on two connectors of a server, once of sessions that lack something, once of whole ones:
    // which of both was the first of the name depended on where the text was cut.
    ("read", b"2026-11-23T08:29:00.104Z,EX01\\A,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:1,+,,\n2026-11-23T08:29:01.104Z,EX01\\B,08DE2A1B3C4D5E6F,7,192.0.2.5:25,198.51.100.8:1,-,,Local\n2026-11-23T08:29:02.104Z,EX01\\A,08DE2A1B3C4D5E6F,2,192.0.2.5:25,198.51.100.7:1,-,,Local\n"),
    ("read", b"2026-11-23T08:29:00.104Z,EX01\\A,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:1,+,,\n2026-11-23T08:29:01.104Z,EX01\\B,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.8:1,+,,\n2026-11-23T08:29:01.104Z,EX01\\B,08DE2A1B3C4D5E6F,1,192.0.2.5:25,198.51.100.8:1,-,,Local\n2026-11-23T08:29:02.104Z,EX01\\A,08DE2A1B3C4D5E6F,1,192.0.2.5:25,198.51.100.7:1,-,,Local\n"),
    // A byte order mark behind a blank, which leads no line.
    ("header", b" \xef\xbb\xbf"),
    // A second STARTTLS that came up, after a first that came up and then failed.
    ("dialogue", b"*,TLS protocol  negotiation succeededencryption algorithm  with strength 2\n*,TLS negotiation failed with error \n<STARTTLS,\n>220,\n<,"),
];

#[test]
fn what_was_found_is_mended() {
    for (name, bytes) in FOUND {
        (target(name).check)(bytes);
    }
}

/// What fuzzing starts from is written for `tests/fuzz/run`, where it names a folder.
#[test]
fn every_target_has_seeds() {
    for Target { name, seeds, .. } in seeds::targets(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        assert!(!seeds.is_empty(), "{name}");
        let Some(folder) = std::env::var_os("HELOSCOPE_SEEDS") else { continue };
        let folder = Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("{number:04}")), seed).expect("a seed");
        }
    }
}

/// A row of one of few sessions, with one of few numbers, times and texts: rows that meet each other
/// in every way, copies and rows that were cut included.
#[cfg(unix)]
fn row() -> impl Strategy<Value = String> {
    let texts = prop::sample::select(vec!["+,,", "-,,Local", "-,,Loc", "<,NOOP,", "<,NOOP,a", "<,NOOP,ab"]);
    let connectors = prop::sample::select(vec!["A", "B"]);
    (0..2_u8, 0..4_u8, 0..4_u8, connectors, texts).prop_map(|(id, number, second, connector, text)| {
        let (id, ends) = (format!("08DE2A1B3C4D5E6{id}"), "192.0.2.5:25,198.51.100.7:1");
        format!("2026-11-23T08:29:0{second}.104Z,EX01\\{connector},{id},{number},{ends},{text}\r\n")
    })
}

#[test]
#[cfg(unix)]
fn rows_that_meet_come_through() {
    let strategy = prop::collection::vec(row(), 1..16);
    check_all("read", 60, strategy, |rows| rows.concat().into_bytes());
}

#[test]
fn any_header_is_taken() {
    check("header", 2000);
}

#[test]
fn any_line_is_read_the_same_both_ways() {
    check("line", 1000);
}

#[test]
fn any_conversation_is_understood() {
    check("dialogue", 2000);
}

#[test]
fn any_certificate_row_is_read() {
    check("certificate", 2000);
}

#[test]
fn any_query_is_itself_again_or_an_error_with_its_place() {
    check("query", 4000);
}

#[test]
fn any_policy_is_limits_or_an_error_with_its_place() {
    check("policy", 2000);
}

#[test]
#[cfg(unix)]
fn any_file_comes_through_every_writer() {
    check("read", 8);
}
