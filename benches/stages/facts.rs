//! Queries about facts, asked of a million sessions on one core.
//!
//! In: a roster. Out: a figure for each shape of query that people type.
//!
//! **Invariant**: how many sessions a query means is known before it is timed: from the corpus program,
//! but for findings, of which that knows nothing; and from asking each session by itself, out of its rows.

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput};
use heloscope::ingest::{Batch, Case, Catalogue, Options, Study, ingest};
use heloscope::query::Query;
use heloscope::query::asking::Asking;
use heloscope::roster::Roster;
use serde_json::Value;

use crate::corpus::Corpus;
use crate::filter::ready;

/// A query, and whether it means a session, as the corpus program tells of it.
struct Shape {
    text: &'static str,
    is_meant: Option<fn(&Value) -> bool>,
}

const SHAPES: [Shape; 18] = [
    told("auth:failed", |session| session["auth"]["outcome"] == "failed"),
    told("ip:198.51.100.0/24", |session| text(&session["remote_ip"]).starts_with("198.51.100.")),
    told("tls<1.2 or failures>=2 or user:alice", |session| {
        ["TLSv1.0", "TLSv1.1"].contains(&text(&session["starttls"]["protocol"]))
            || number(&session["auth"]["failures"]) >= 2
            || user(session).contains("alice")
    }),
    told("user:alice", |session| user(session).contains("alice")),
    told("user:alice,bob,carol,dave helo:pc,laptop", |session| {
        ["alice", "bob", "carol", "dave"].iter().any(|part| user(session).contains(part))
            && ["pc", "laptop"].iter().any(|part| helo(session).contains(part))
    }),
    told("user:alice or helo:scanner", |session| user(session).contains("alice") || helo(session).contains("scanner")),
    told("helo:*.contoso.com", |session| helo(session).ends_with(".contoso.com")),
    told("user~/^[a-l]+@.*com$/", |session| {
        let (name, domain) = user(session).split_once('@').unwrap_or_default();
        !name.is_empty() && name.bytes().all(|byte| (b'a'..=b'l').contains(&byte)) && domain.ends_with("com")
    }),
    told("helo~/-[0-9]+$/i", |session| {
        let rest = helo(session).trim_end_matches(|last: char| last.is_ascii_digit());
        rest.len() < helo(session).len() && rest.ends_with('-')
    }),
    told("-helo:pc -user:alice", |session| !helo(session).contains("pc") && !user(session).contains("alice")),
    told("-(ip:198.51.100.0/24 or auth:succeeded or helo:mx)", |session| {
        !text(&session["remote_ip"]).starts_with("198.51.100.")
            && session["auth"]["outcome"] != "succeeded"
            && !helo(session).contains("mx")
    }),
    told("duration>=100ms duration<5s lines>10", |session| {
        (100..5000).contains(&number(&session["duration_ms"])) && number(&session["lines"]) > 10
    }),
    told("after:2026-11-23T08:30 before:2026-11-23T09:05", |session| {
        ("2026-11-23T08:30".."2026-11-23T09:05").contains(&text(&session["start"]))
    }),
    told("id:7", |session| text(&session["id"]).contains('7')),
    told("error:LogonDenied", |session| {
        [&session["auth"], &session["starttls"]].iter().any(|part| part["error"] == "LogonDenied")
    }),
    found("rule:auth-* after:2026-11-23T08:30"),
    found("code:5xx -code:5.7.3"),
    found("verdict:failed server:EX0* file:*.log connector:frontend severity:error"),
];

const fn told(text: &'static str, is_meant: fn(&Value) -> bool) -> Shape {
    Shape { text, is_meant: Some(is_meant) }
}

const fn found(text: &'static str) -> Shape {
    Shape { text, is_meant: None }
}

fn user(session: &Value) -> &str {
    text(&session["auth"]["user"])
}

fn helo(session: &Value) -> &str {
    text(&session["helo"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Asks every session by itself.
struct Counting(Vec<Query>);

impl Study for Counting {
    type Yield = Vec<u64>;

    fn begin(&self) -> Self::Yield {
        vec![0; self.0.len()]
    }

    fn take(&self, case: &Case<'_>, counts: &mut Self::Yield) {
        counts.iter_mut().zip(&self.0).for_each(|(count, query)| *count += u64::from(query.matches(case)));
    }
}

/// How many sessions of the corpus each query means.
fn expected(corpus: &Corpus, catalogue: &Catalogue) -> Vec<u64> {
    let mut counts = vec![0; SHAPES.len()];
    let study = Counting(SHAPES.iter().map(|shape| ready(shape.text)).collect());
    ingest(catalogue, &Options::default(), &study, &mut |batch: Batch<Vec<u64>>| {
        counts.iter_mut().zip(batch.value).for_each(|(sum, count)| *sum += count);
        ControlFlow::Continue(())
    });
    for (shape, count) in SHAPES.iter().zip(&counts) {
        assert!(*count > 0, "`{}` means nothing", shape.text);
        if let Some(is_meant) = shape.is_meant {
            assert_eq!(corpus.count(is_meant), *count, "{}", shape.text);
        }
    }
    counts
}

/// Asks every session of the roster, in which the corpus's stand `n_times`.
pub(crate) fn facts(criterion: &mut Criterion, corpus: &Corpus, catalogue: &Catalogue, roster: &Roster, n_times: u64) {
    let mut group = criterion.benchmark_group("a million by facts");
    group.throughput(Throughput::Elements(roster.len() as u64));
    for (shape, expected) in SHAPES.iter().zip(expected(corpus, catalogue)) {
        let query = ready(shape.text);
        assert!(!query.needs_rows());
        assert_eq!(count(roster, &query), expected * n_times, "{}", shape.text);
        group.bench_function(shape.text, |bencher| bencher.iter(|| count(roster, black_box(&query))));
    }
    group.finish();
}

fn count(roster: &Roster, query: &Query) -> u64 {
    let mut asking = Asking::new(query);
    (0..roster.n_sheets()).map(|sheet| roster.meant(sheet, &mut asking).count() as u64).sum()
}
