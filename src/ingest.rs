//! Drives reading, rebuilding and understanding in parallel, and pushes what was made of the
//! sessions into a sink that can say stop.
//!
//! In: a [`Catalogue`] and a [`Study`]. Out: [`Batch`]es in one order for any number of threads,
//! and the [`Account`] of every line read.
//!
//! **Invariant**: the same sessions in the same order for one thread and for many.

pub mod catalogue;
mod duplicates;
pub mod packing;
mod identify;
pub mod order;
mod seams;
mod stretch;
mod dispatch;
mod prepare;
mod rebuild;
mod pipeline;
pub mod live;
pub mod gathering;
pub mod tail;
pub mod window;
pub mod sieve;

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::diagnosis::{Finding, Verdict};
use crate::dialogue::facts::Facts;
use crate::dialogue::reply::parse_banner_offset;
use crate::record::Record;
use crate::record::value::Endpoint;
use crate::session::{FileId, Position, Session, append_id};

use sieve::Sieve;

pub use crate::source::discover::ReadError;
pub use account::{Account, MalformedPlace};
pub use catalogue::{Catalogue, LogFile, Role, SkipReason, Skipped};
pub use pipeline::ingest;
pub use stretch::Window;

mod account;

/// How to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Worker threads; 0 is one a core.
    pub n_threads: usize,
    /// How many bytes a chunk holds at most, about; of a small input it is less.
    pub chunk_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { n_threads: 0, chunk_bytes: 1 << 21 }
    }
}

/// One session with what is known of it, lent for the length of a call.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The rows.
    pub session: &'a Session<'a>,
    /// The first row, which tells where the session was logged, and who talked.
    pub head: Record<'a>,
    /// What they amount to.
    pub facts: &'a Facts,
    /// What is wrong with it, the gravest first.
    pub findings: &'a [Finding],
    /// The files of the input; a row's `FileId` is an index.
    pub files: &'a [LogFile],
    /// Whether the session was handed over before, with fewer rows: of files that are followed, some
    /// came late.
    pub is_again: bool,
}

impl<'a> Case<'a> {
    /// A session with what is known of it.
    pub fn new(
        session: &'a Session<'a>,
        facts: &'a Facts,
        findings: &'a [Finding],
        files: &'a [LogFile],
        is_again: bool,
    ) -> Self {
        Self { session, head: session.to_record(session.first()), facts, findings, files, is_again }
    }

    /// The file of the first row.
    pub fn first_file(&self) -> &'a LogFile {
        &self.files[self.session.first().file.0 as usize]
    }

    /// The server that the connector names, or the folder of the log where it names none.
    pub fn to_server(&self) -> Cow<'a, [u8]> {
        self.server_or_folder(self.connector_parts().0)
    }

    /// The server as it was named, or the folder of the log where it was not.
    pub(crate) fn server_or_folder(&self, named: Option<Cow<'a, [u8]>>) -> Cow<'a, [u8]> {
        match named {
            Some(server) if !server.is_empty() => server,
            _ => self.first_file().folder.as_bytes().into(),
        }
    }

    /// The server as the connector names it, and the connector's own name. Outer quotes are off,
    /// doubled ones single.
    pub fn connector_parts(&self) -> (Option<Cow<'a, [u8]>>, Cow<'a, [u8]>) {
        self.head.connector_parts()
    }

    /// The connection's own end.
    pub fn local(&self) -> Endpoint<'a> {
        Endpoint::parse(self.head.local.as_inner())
    }

    /// The client's end.
    pub fn remote(&self) -> Endpoint<'a> {
        Endpoint::parse(self.head.remote.as_inner())
    }

    /// The role: from the path where it tells, else from connector and port, else `None`.
    pub fn role(&self) -> Option<Role> {
        self.first_file().role.or_else(|| Role::infer(&self.connector_parts().1, self.local().port))
    }

    /// How many minutes east of UTC the server's banner says it is.
    pub fn server_offset(&self) -> Option<i32> {
        self.facts.banner_text.and_then(|span| parse_banner_offset(span.of(self.session.text)))
    }

    /// How it went, in one word.
    pub fn verdict(&self) -> Verdict {
        Verdict::new(self.session, self.facts, self.findings)
    }

    /// What `show` takes: `EX01/08DE2A1B3C4D5E6F`, with `~2` for a second one of the same name.
    pub fn to_id(&self) -> Vec<u8> {
        let mut id = Vec::new();
        self.append_id(&mut id);
        id
    }

    /// Appends what [`Case::to_id`] returns.
    pub fn append_id(&self, id: &mut Vec<u8>) {
        append_id(id, &self.to_server(), &self.head.session_id.to_value(), self.session.ordinal);
    }
}

/// What is made of each session, in parallel.
pub trait Study: Sync {
    /// What the sessions of one batch amount to.
    type Yield: Send;

    /// Begins a batch.
    fn begin(&self) -> Self::Yield;

    /// Takes one session into the batch. Called in the order of the sessions' ends.
    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield);

    /// By what rows those sessions are known that are worth to be taken; others are not understood, and
    /// most of them not taken. All are, unless a study knows better.
    fn sieve(&self) -> Sieve<'_> {
        Sieve::default()
    }
}

/// Two studies of the same sessions, in one pass.
impl<A: Study, B: Study> Study for (A, B) {
    type Yield = (A::Yield, B::Yield);

    fn begin(&self) -> Self::Yield {
        (self.0.begin(), self.1.begin())
    }

    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        self.0.take(case, &mut batch.0);
        self.1.take(case, &mut batch.1);
    }
}

/// What came of one chunk.
#[derive(Debug)]
pub struct Batch<Y> {
    /// What the study made of the sessions that ended in this chunk.
    pub value: Y,
    /// No session of a later batch begins before this, but for one that is handed over again.
    pub open_from: Position,
    /// Bytes of log text that the chunk held.
    pub bytes: u64,
    /// Where the chunk stands; `None` for the last batches, which hold the sessions that were left when
    /// everything was read.
    pub place: Option<ChunkPlace>,
}

/// Where a chunk stands in the input: by this a row, of which file and line are known, is found
/// again without reading all that stands before it.
///
/// Shape: the chunk's lines are those with numbers from `base_line + 1` on, up to the `base_line` of
/// the next chunk of the file; its bytes are the [`Batch::bytes`] from `offset` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPlace {
    /// Which file.
    pub file: FileId,
    /// How many lines of the file stand before the chunk.
    pub base_line: u64,
    /// How many bytes of the file stand before the chunk; `None` where the chunk cannot be read by
    /// itself: of standard input, of UTF-16, of a line that two files share, or below another header
    /// than the file opens with.
    pub offset: Option<u64>,
}

/// Takes batches as they come, in order, and may say stop.
pub type Sink<'a, Y> = dyn FnMut(Batch<Y>) -> ControlFlow<()> + Send + 'a;

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells ids and connectors.
    struct Names;

    impl Study for Names {
        type Yield = Vec<String>;

        fn begin(&self) -> Self::Yield {
            Vec::new()
        }

        fn take(&self, case: &Case<'_>, names: &mut Self::Yield) {
            let (server, name) = case.connector_parts();
            let id = case.to_id();
            let words = [&id, server.as_deref().unwrap_or_default(), &name].map(String::from_utf8_lossy);
            names.push(words.join("|"));
        }
    }

    #[track_caller]
    fn check_names(connector: &str, expected: &str) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let row =
            format!("2026-11-23T08:29:00.104Z,{connector},08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:4096,+,,\r\n");
        std::fs::write(file.path(), row).unwrap();
        let mut names = Vec::new();
        ingest(&Catalogue::build(&[file.path().to_owned()], None), &Options::default(), &Names, &mut |batch| {
            names.extend(batch.value);
            ControlFlow::Continue(())
        });
        assert_eq!(names, [expected]);
    }

    #[test]
    fn quotes_of_connectors_come_off() {
        check_names("EX01\\Default", "EX01/08DE2A1B3C4D5E6F|EX01|Default");
        check_names("\"EX01\\A, B \"\"q\"\"\"", "EX01/08DE2A1B3C4D5E6F|EX01|A, B \"q\"");
        check_names("\"EX\"\"01\\A, B\"", "EX\"01/08DE2A1B3C4D5E6F|EX\"01|A, B");
    }

    #[test]
    fn what_the_log_never_closes_comes_some_at_a_time() {
        let row = |number: u32| {
            let word = "x".repeat(600_000);
            format!(
                "2026-11-23T08:29:00.104Z,EX01\\A,08DE2A1B3C4D5E6{number},0,192.0.2.5:25,198.51.100.7:1,<,{word},\r\n"
            )
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        let header = "#Log-type: SMTP Receive Protocol Log\r\n".to_owned();
        std::fs::write(file.path(), [header, row(3), row(1), row(2)].concat()).unwrap();
        for n_threads in [1, 2, 8] {
            let mut left = Vec::new();
            let options = Options { n_threads, chunk_bytes: 1000 };
            ingest(&Catalogue::build(&[file.path().to_owned()], None), &options, &Names, &mut |batch| {
                let ids: Vec<String> = batch.value.iter().map(|names| names[5..21].to_owned()).collect();
                match batch.place {
                    Some(_) => assert!(ids.is_empty() && left.is_empty()),
                    None => left.push((ids.join(" "), batch.open_from == Position(u64::MAX))),
                }
                ControlFlow::Continue(())
            });
            let expected = [("08DE2A1B3C4D5E63 08DE2A1B3C4D5E61", false), ("08DE2A1B3C4D5E62", true)];
            assert_eq!(left, expected.map(|(ids, is_last)| (ids.to_owned(), is_last)));
        }
    }

    #[test]
    fn what_was_made_ahead_of_a_stop_does_not_count() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let word = "x".repeat(1 << 20);
        let row = |number: u32| {
            format!("2026-11-23T08:29:00.104Z,EX01\\A,08DE2A1B3C4D5E6{number},0,,192.0.2.7:1,<,{word},\r\n").repeat(2)
        };
        let header = "#Log-type: SMTP Receive Protocol Log\r\n".to_owned();
        std::fs::write(file.path(), header + &(0..9).map(row).collect::<String>()).unwrap();
        for n_threads in [1, 2, 8] {
            let options = Options { n_threads, chunk_bytes: 1000 };
            let catalogue = Catalogue::build(&[file.path().to_owned()], None);
            let mut n_left = 0;
            let account = ingest(&catalogue, &options, &Names, &mut |batch| {
                n_left += usize::from(batch.place.is_none());
                if n_left == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!((account.sessions, account.repeated), (2, 2), "{n_threads} threads");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_header_line_hides_no_row() {
        let head = "#Log-type: SMTP Receive Protocol Log\n#Fields: connector-id,date-time,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n";
        let row =
            |number: u32| format!("EX01\\A,2026-11-23T08:29:00.104Z,08DE2A1B3C4D5E6{number},0,192.0.2.5:25,,+,,\n");
        for value in ["#Fields: date-time", "#Log-type: x"] {
            let hostile = format!("session-id,{value},event,data,a,b,c,d,e\n");
            for text in [format!("{}{hostile}{}", row(1), row(2)), format!("{hostile}{}{}", row(1), row(2))] {
                let file = tempfile::NamedTempFile::new().unwrap();
                std::fs::write(file.path(), format!("{head}{text}")).unwrap();
                let catalogue = Catalogue::build(&[file.path().to_owned()], None);
                let account =
                    ingest(&catalogue, &Options::default(), &Nothing, &mut |_: Batch<()>| ControlFlow::Continue(()));
                assert_eq!((account.records, account.malformed, account.sessions), (2, 1, 2), "{text}");
            }
        }
    }

    #[test]
    fn of_a_file_that_shrank_it_is_said_what_is_missing() {
        let row =
            |sequence: u32| format!("2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,{sequence},,,<,NOOP,\r\n");
        let text: String = (0..20).map(row).collect();
        let kept = 6 * row(0).len() + 30;
        for n_threads in [1, 2] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &text).unwrap();
            let options = Options { n_threads, chunk_bytes: 300 };
            let account =
                ingest(&Catalogue::build(&[file.path().to_owned()], None), &options, &Nothing, &mut |_: Batch<()>| {
                    file.as_file().set_len(kept as u64).unwrap();
                    ControlFlow::Continue(())
                });
            // The seventh line was cut, and what was read before it shrank may be more.
            let [error] = &account.errors[..] else { panic!("{:?}", account.errors) };
            assert_eq!(error.path, file.path());
            let line = error.message.strip_prefix("shrank while it was read; rows after line ");
            let line = line.and_then(|rest| rest.strip_suffix(" are missing")).unwrap();
            assert_eq!(line.parse::<u64>().unwrap(), account.lines);
            assert!((7..20).contains(&account.lines), "{}", account.lines);
        }
    }

    /// Notes nothing.
    struct Nothing;

    impl Study for Nothing {
        type Yield = ();

        fn begin(&self) {}

        fn take(&self, _case: &Case<'_>, _batch: &mut ()) {}
    }

    /// Cuts the file into small chunks and returns the places of all, with their lengths in bytes.
    fn places_of(text: &[u8]) -> Vec<(ChunkPlace, u64)> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let options = Options { n_threads: 2, chunk_bytes: 300 };
        let mut places = Vec::new();
        ingest(&Catalogue::build(&[file.path().to_owned()], None), &options, &Nothing, &mut |batch| {
            places.push(batch.place.map(|place| (place, batch.bytes)));
            ControlFlow::Continue(())
        });
        assert_eq!(places.pop(), Some(None));
        places.into_iter().map(Option::unwrap).collect()
    }

    #[test]
    fn chunks_tell_where_they_stand() {
        let rows: Vec<String> = (0..20)
            .map(|row| format!("2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,{row},,,<,NOOP,\r\n"))
            .collect();
        let text = rows.concat();
        let places = places_of(text.as_bytes());
        assert!(places.len() > 3);
        let mut at = 0;
        for (place, bytes) in places {
            assert_eq!((place.file, place.offset), (FileId(0), Some(at)));
            let before = &text[..usize::try_from(at).unwrap()];
            assert_eq!(place.base_line, before.lines().count() as u64);
            at += bytes;
        }
        assert_eq!(at, text.len() as u64);
        let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let places = places_of(&utf16);
        assert!(places.iter().all(|(place, _)| place.offset.is_none()));
    }
}
