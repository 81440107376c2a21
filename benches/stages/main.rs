//! How fast each stage is, and the whole: bytes of log text a second.
//!
//! ```text
//! cargo bench                  # all
//! cargo bench -- assemble      # one group
//! ```
//!
//! In flows a corpus that is made up anew with a fixed seed, out flow figures. The groups are the
//! stages in the order of the flow, each over the whole corpus: `discover`, `split` and its plain
//! twin, `assemble`, `understand`, `examine`, `filter`, `watch`, `render`, and `whole`, from files to summary; then the screen at a million sessions,
//! and logs that are made to take long.
//!
//! **Invariant**: every answer that is timed is held against what the corpus program or the plain
//! twin says, so that a wrong fast path has no figure.

mod corpus;
mod facts;
mod filter;
mod kept;
mod plain;
mod render;
mod screen;
mod watch;
mod worst;

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use heloscope::diagnosis::{self, Finding, Rule, examine};
use heloscope::dialogue::facts::Facts;
use heloscope::dialogue::understand::{Scratch, understand};
use heloscope::ingest::{Account, Batch, Case, Catalogue, Options, ingest};
use heloscope::record::header::Schema;
use heloscope::record::scan::Scanner;
use heloscope::session::assemble::{Pieces, TextEnd};
use heloscope::session::{FileId, Session};
use heloscope::source::Source;
use heloscope::summary::{Sum, Summary, Summing};

use corpus::{Corpus, Outcomes};
use kept::{Kept, keep_all};
use plain::{Grouping, Split, Text};
use render::FORMATS;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let corpus = Corpus::make();
    let catalogue = Catalogue::build(&corpus.paths(), None);
    let texts = load(&catalogue);
    let kept = keep_all(&catalogue);
    discover(&mut criterion, &corpus);
    split(&mut criterion, &corpus, &texts);
    split_plain(&mut criterion, &corpus, &texts);
    assemble(&mut criterion, &corpus, &texts);
    let facts = understand_all(&mut criterion, &corpus, &kept);
    let sessions: Vec<Session<'_>> = kept.iter().map(Kept::as_session).collect();
    let findings = examine_all(&mut criterion, &corpus, &sessions, &facts);
    let known = sessions.iter().zip(&facts).zip(&findings);
    let cases: Vec<Case<'_>> = known
        .map(|((session, facts), findings)| Case::new(session, facts, findings, &catalogue.files, false))
        .collect();
    filter(&mut criterion, &corpus, &cases);
    watch(&mut criterion, &corpus, &cases);
    render(&mut criterion, &corpus, &cases);
    whole(&mut criterion, &corpus, &catalogue);
    screen::screen(&mut criterion, &corpus, &catalogue);
    worst::worst(&mut criterion);
    criterion.final_summary();
}

/// Begins a stage's group; all of them count the bytes of the logs, whatever they pass on.
fn group<'a>(criterion: &'a mut Criterion, name: &str, corpus: &Corpus) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::BytesDecimal(corpus.account.bytes));
    group
}

/// Reads all chunks as the reader cuts them.
fn load(catalogue: &Catalogue) -> Vec<Text> {
    let mut texts = Vec::new();
    for (nth_file, file) in (0..).zip(&catalogue.files) {
        let mut source = Source::open(&file.path).expect("the file opens");
        while let Some((chunk, is_last)) = source.next_chunk(Options::default().chunk_bytes).expect("the file reads") {
            let mut buffer = Vec::new();
            let bytes = chunk.read(&mut buffer).more(usize::MAX).to_vec();
            let end = if is_last { TextEnd::OfFile } else { TextEnd::More };
            texts.push(Text { bytes, end, file: FileId(nth_file) });
        }
    }
    texts
}

/// From paths to the list of files in order: its cost is by file, so files are counted here.
fn discover(criterion: &mut Criterion, corpus: &Corpus) {
    let (paths, account) = (corpus.paths(), corpus.account);
    let mut group = criterion.benchmark_group("discover");
    group.throughput(Throughput::Elements(account.files + account.skipped_files));
    group.bench_function("catalogue", |bencher| bencher.iter(|| check_catalogue(&paths, corpus)));
    group.finish();
}

fn check_catalogue(paths: &[PathBuf], corpus: &Corpus) {
    let catalogue = Catalogue::build(paths, None);
    assert_eq!(catalogue.files.len() as u64, corpus.account.files);
    // The truth and the account lie beside the logs, and are none.
    assert_eq!(catalogue.skipped.len() as u64, corpus.account.skipped_files + 2);
    assert_eq!(catalogue.files.iter().map(|file| file.size_bytes).sum::<u64>(), corpus.account.bytes);
}

/// From chunks to lines, by the quick reading.
fn split(criterion: &mut Criterion, corpus: &Corpus, texts: &[Text]) {
    let expected = plain::split(texts);
    check_split(&expected, corpus);
    let mut scanner = Scanner::default();
    let mut group = group(criterion, "split", corpus);
    group.bench_function("scan", |bencher| {
        bencher.iter(|| assert_eq!(split_quickly(&mut scanner, black_box(texts)), expected));
    });
    group.finish();
}

fn split_quickly(scanner: &mut Scanner, texts: &[Text]) -> Split {
    let mut split = Split::default();
    for text in texts {
        scanner.clear();
        let mut at = 0;
        while at < text.bytes.len() {
            let line = scanner.scan(&text.bytes, at);
            at = line.next;
            split.take(&line);
        }
    }
    split
}

fn check_split(split: &Split, corpus: &Corpus) {
    let account = &corpus.account;
    assert_eq!(
        (split.rows, split.directives, split.blank, split.malformed),
        (account.rows, account.directives, account.blank, account.no_rows)
    );
}

/// From chunks to lines, by the plain reading that the quick one is held against.
fn split_plain(criterion: &mut Criterion, corpus: &Corpus, texts: &[Text]) {
    let mut group = group(criterion, "split-plain", corpus);
    group.bench_function("scan", |bencher| {
        bencher.iter(|| check_split(&plain::split(black_box(texts)), corpus));
    });
    group.finish();
}

/// From chunks to the rows of each session; the splitting is a part of it.
fn assemble(criterion: &mut Criterion, corpus: &Corpus, texts: &[Text]) {
    let expected = plain::group(texts);
    assert_eq!(expected.rows, corpus.account.rows);
    let mut pieces = Pieces::default();
    let mut group = group(criterion, "assemble", corpus);
    group.bench_function("pieces", |bencher| {
        bencher.iter(|| assert_eq!(group_quickly(&mut pieces, black_box(texts)), expected));
    });
    group.finish();
}

fn group_quickly(pieces: &mut Pieces, texts: &[Text]) -> Grouping {
    let schema = Schema::default();
    let mut grouping = Grouping::default();
    for text in texts {
        pieces.begin(&schema);
        pieces.assemble(&text.bytes, usize::MAX, text.end, text.file).expect("columns in the usual order");
        grouping.pieces += pieces.pieces.len() as u64;
        for piece in &pieces.pieces {
            grouping.rows += u64::from(piece.n_rows);
            grouping.whole += u64::from(piece.is_whole());
        }
    }
    grouping
}

/// From sessions to facts. Returns the facts of each session.
fn understand_all(criterion: &mut Criterion, corpus: &Corpus, kept: &[Kept]) -> Vec<Facts> {
    let mut scratch = Scratch::default();
    let mut facts = Facts::default();
    let mut group = group(criterion, "understand", corpus);
    group.bench_function("facts", |bencher| {
        bencher.iter(|| {
            let mut outcomes = Outcomes::default();
            for session in black_box(kept) {
                understand(&session.as_session(), &mut scratch, &mut facts);
                add_facts(&mut outcomes, &facts);
            }
            assert_eq!(outcomes, corpus.outcomes);
        });
    });
    group.finish();
    let facts_of = |session: &Kept| {
        let mut facts = Facts::default();
        understand(&session.as_session(), &mut scratch, &mut facts);
        facts
    };
    kept.iter().map(facts_of).collect()
}

fn add_facts(outcomes: &mut Outcomes, facts: &Facts) {
    outcomes.sessions += 1;
    outcomes.login_failures += u64::from(facts.auth.failures);
    outcomes.accepted += u64::from(facts.mail.accepted);
    outcomes.accepted_bytes += facts.mail.bytes;
    outcomes.starttls[facts.tls.outcome as usize] += 1;
    outcomes.auth[facts.auth.outcome as usize] += 1;
}

/// From sessions and facts to those that a query means.
fn filter(criterion: &mut Criterion, corpus: &Corpus, cases: &[Case<'_>]) {
    let mut group = group(criterion, "filter", corpus);
    for asked in &filter::QUERIES {
        let query = filter::ready(asked.text);
        let n_meant = filter::count(&query, cases);
        assert!(n_meant > 0 && (asked.expected)(corpus).is_none_or(|expected| expected == n_meant), "{}", asked.text);
        group.bench_function(asked.name, |bencher| {
            bencher.iter(|| assert_eq!(filter::count(&query, black_box(cases)), n_meant));
        });
    }
    group.finish();
}

/// From facts to findings. Returns the findings of each session.
fn examine_all(
    criterion: &mut Criterion,
    corpus: &Corpus,
    sessions: &[Session<'_>],
    facts: &[Facts],
) -> Vec<Vec<Finding>> {
    let mut scratch = diagnosis::Scratch::default();
    let mut findings = Vec::new();
    let mut group = group(criterion, "examine", corpus);
    group.bench_function("findings", |bencher| {
        bencher.iter(|| {
            findings.clear();
            for (session, facts) in black_box(sessions).iter().zip(facts) {
                examine(session, facts, &mut scratch, &mut findings);
            }
            let failed = |rule: Rule| findings.iter().filter(|finding| finding.rule == rule).count() as u64;
            let [_, refused, failed_tls, _, _] = corpus.outcomes.starttls;
            assert_eq!(failed(Rule::StartTlsRefused), refused);
            assert_eq!(failed(Rule::StartTlsHandshakeFailed), failed_tls);
        });
    });
    group.finish();
    let findings_of = |(session, facts): (&Session<'_>, &Facts)| {
        let mut findings = Vec::new();
        examine(session, facts, &mut scratch, &mut findings);
        findings
    };
    sessions.iter().zip(facts).map(findings_of).collect()
}

/// From sessions, facts and findings to patterns.
fn watch(criterion: &mut Criterion, corpus: &Corpus, cases: &[Case<'_>]) {
    let expected = watch::count_logins(cases);
    let mut group = group(criterion, "watch", corpus);
    group.bench_function("patterns", |bencher| {
        bencher.iter(|| assert_eq!(watch::watch_all(black_box(cases)).logins.successes(), expected));
    });
    group.finish();
}

/// From sessions and facts to text, in each format.
fn render(criterion: &mut Criterion, corpus: &Corpus, cases: &[Case<'_>]) {
    let mut page = Vec::new();
    let mut group = group(criterion, "render", corpus);
    for format in &FORMATS {
        let mut answer = Vec::new();
        for case in cases {
            (format.write)(case, &mut answer);
        }
        (format.check)(&answer, corpus);
        group.bench_function(format.name, |bencher| {
            bencher.iter(|| assert_eq!(render::write_pages(format, black_box(cases), &mut page), answer.len()));
        });
    }
    group.finish();
}

/// From files to a summary: everything together, with one thread and with two.
fn whole(criterion: &mut Criterion, corpus: &Corpus, catalogue: &Catalogue) {
    let mut group = group(criterion, "whole", corpus);
    for (n_threads, name) in [(1, "1-thread"), (2, "2-threads")] {
        let options = Options { n_threads, ..Options::default() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| check_summary(&summarise(catalogue, &options), corpus));
        });
    }
    group.finish();
}

fn summarise(catalogue: &Catalogue, options: &Options) -> (Summary, Account) {
    let mut summary = Summary::default();
    let account = ingest(catalogue, options, &Summing, &mut |batch: Batch<Sum>| {
        batch.value.add_to(&mut summary);
        ControlFlow::Continue(())
    });
    (summary, account)
}

fn check_summary((summary, account): &(Summary, Account), corpus: &Corpus) {
    let (total, outcomes) = (&summary.total, &corpus.outcomes);
    assert_eq!((account.bytes, account.records), (corpus.account.bytes, corpus.account.rows));
    assert_eq!((total.sessions, total.starttls, total.auth), (outcomes.sessions, outcomes.starttls, outcomes.auth));
    assert_eq!((total.accepted, total.bytes), (outcomes.accepted, outcomes.accepted_bytes));
}
