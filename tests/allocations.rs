//! Matching and summing up allocate nothing: every allocation of the process is counted.
#![allow(unsafe_code, reason = "an allocator that counts can only be written so")]
#![allow(clippy::missing_const_for_thread_local, reason = "the lint does not see that it is const on every system")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heloscope::ingest::{Batch, Case, Catalogue, Options, Study, ingest};
use heloscope::pattern::Watch;
use heloscope::query::Query;
use heloscope::query::asking::Asking;
use heloscope::query::field::FIELDS;
use heloscope::query::saved::SavedFilters;
use heloscope::query::time::Times;
use heloscope::record::value::Timestamp;
use heloscope::roster::sheet::SheetMaker;
use heloscope::roster::{Enrolling, Roster};
use heloscope::summary::{Sum, Summing};

thread_local! {
    static N_ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = N_ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer comes from `alloc` above, that is, from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts the allocations of every query on every session, after each was asked once: a regular
/// expression makes room for its search when it is first used.
struct Matching(Vec<(String, Query)>);

impl Study for Matching {
    type Yield = Vec<String>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, faults: &mut Self::Yield) {
        for (text, query) in &self.0 {
            let first = query.matches(case);
            let before = N_ALLOCATIONS.get();
            let again = query.matches(case);
            let count = N_ALLOCATIONS.get() - before;
            assert_eq!(first, again);
            if count > 0 {
                faults.push(format!("{text}: {count}"));
            }
        }
    }
}

/// What users would type: the example of every field, and some more.
fn queries() -> Vec<(String, Query)> {
    let moment = Timestamp::parse(b"2026-11-23T12:00:00Z").expect("a time");
    let times = Times { now: moment, last: Some(moment) };
    let more = [
        "LogonDenied",
        "/5[0-9]{2} 5\\.7/i",
        "nowhere or -\"5.7.3\"",
        "helo~^pc",
        r"connector~/^EX0[0-9]\\nowhere/",
        "@failed",
    ];
    // Certificates are read anew where they are asked for.
    let examples = FIELDS.iter().filter(|entry| entry.name != "cert").map(|entry| entry.example);
    let ready = |text| Query::parse(text, &SavedFilters::default(), &times).expect(text);
    examples.chain(more).map(|text: &str| (text.to_owned(), ready(text))).collect()
}

#[test]
fn matching_allocates_nothing() {
    let study = Matching(queries());
    for sample in ["auth-rejected.log", "pipelined-two-messages.log", "too-many-errors.log", "timed-out.log"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
        ingest(&Catalogue::build(&[path], None), &Options::default(), &study, &mut |batch: Batch<Vec<String>>| {
            assert!(batch.value.is_empty(), "{sample}: {:?}", batch.value);
            ControlFlow::Continue(())
        });
    }
}

#[test]
fn asking_what_is_held_in_memory_allocates_nothing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let catalogue = Catalogue::build(&[path], None);
    let names: Arc<[PathBuf]> = catalogue.files.iter().map(|file| file.path.clone()).collect();
    let mut roster = Roster::default();
    ingest(&catalogue, &Options::default(), &Enrolling, &mut |batch: Batch<SheetMaker>| {
        roster.push(Arc::new(batch.value.into_sheet(Arc::clone(&names), None)));
        ControlFlow::Continue(())
    });
    for (text, query) in queries().iter().filter(|(_, query)| !query.needs_rows()) {
        let mut asking = Asking::new(query);
        let mut count = || {
            let sheets = (0..roster.n_sheets()).map(|sheet| {
                let alone = roster.listed(sheet).filter(|(_, listed)| query.matches(listed)).count();
                assert_eq!(roster.meant(sheet, &mut asking).count(), alone, "{text}");
                alone
            });
            sheets.sum::<usize>()
        };
        let first = count();
        let before = N_ALLOCATIONS.get();
        // What is remembered has its room from the first time.
        let again = count();
        assert_eq!((again, N_ALLOCATIONS.get() - before), (first, 0), "{text}");
    }
}

/// Sums up every session again and again, and counts what that allocates when all of it was met.
struct Again;

impl Study for Again {
    type Yield = (Sum, u64);

    fn begin(&self) -> Self::Yield {
        (Summing.begin(), 0)
    }

    fn take(&self, case: &Case<'_>, (sum, count): &mut Self::Yield) {
        // Names are looked up at the end of those that are known, where room is made in advance.
        Summing.take(case, sum);
        Summing.take(case, sum);
        let before = N_ALLOCATIONS.get();
        Summing.take(case, sum);
        *count += N_ALLOCATIONS.get() - before;
    }
}

#[test]
fn summing_allocates_nothing_for_what_was_met() {
    for sample in ["auth-rejected.log", "pipelined-two-messages.log", "too-many-errors.log", "submission-proxied"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
        ingest(&Catalogue::build(&[path], None), &Options::default(), &Again, &mut |batch: Batch<(Sum, u64)>| {
            assert_eq!(batch.value.1, 0, "{sample}");
            ControlFlow::Continue(())
        });
    }
}

/// Counts the allocations that watching a server's sessions makes, session by session.
struct Watched;

impl Study for Watched {
    type Yield = (Watch, Vec<u64>);

    fn begin(&self) -> Self::Yield {
        Default::default()
    }

    fn take(&self, case: &Case<'_>, (watch, counts): &mut Self::Yield) {
        let before = N_ALLOCATIONS.get();
        watch.take(case);
        let count = N_ALLOCATIONS.get() - before;
        if case.remote().host == b"192.0.2.13" {
            counts.push(count);
        }
    }
}

#[test]
fn a_session_like_one_before_is_watched_without_allocating() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/offers-differ-by-client.log");
    let mut counts = Vec::new();
    ingest(&Catalogue::build(&[path], None), &Options::default(), &Watched, &mut |batch: Batch<(Watch, Vec<u64>)>| {
        counts.extend(batch.value.1);
        ControlFlow::Continue(())
    });
    assert_eq!(counts.len(), 4);
    assert!(counts[0] > 0);
    assert_eq!(counts[1..], [0, 0, 0]);
}
