//! The screen at a million sessions: filtering them ([`facts`](crate::facts)), a key, the first frame.
//!
//! **Invariant**: the sessions are those of the corpus, over and over; what is timed is held against
//! their number.

use std::hint::black_box;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::Criterion;
use heloscope::ingest::{Batch, Catalogue, Options, ingest};
use heloscope::roster::sheet::{Sheet, SheetMaker};
use heloscope::roster::{Enrolling, Roster};
use heloscope::tui::browse::Browser;
use heloscope::tui::key::Key;
use heloscope::tui::message::{Effect, Message};
use heloscope::tui::model::Model;
use heloscope::tui::settings::Settings;
use heloscope::tui::update::update;
use heloscope::tui::view::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::corpus::Corpus;
use crate::facts::facts;

const MILLION: usize = 1_000_000;

/// How much of the input all sessions may take in memory.
const MEMORY_SHARE: f64 = 0.05;

/// Times all of it.
pub(crate) fn screen(criterion: &mut Criterion, corpus: &Corpus, catalogue: &Catalogue) {
    let sheets = read(catalogue);
    let mut once = Roster::default();
    for sheet in &sheets {
        once.push(Arc::clone(sheet));
    }
    assert_eq!(once.len() as u64, corpus.outcomes.sessions);
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = once.bytes() as f64 / corpus.account.bytes as f64;
    // Whoever closed standard output does not want to know.
    let _ = writeln!(std::io::stdout(), "all sessions in memory: {:.1} % of the input", share * 100.0);
    assert!(share <= MEMORY_SHARE);
    let n_times = MILLION.div_ceil(once.len());
    let mut roster = Roster::default();
    // Copied each time: sheets that are shared would lie in the cache, as a million sessions do not.
    for sheet in (0..n_times).flat_map(|_| &sheets) {
        roster.push(Arc::new(Sheet::clone(sheet)));
    }
    facts(criterion, corpus, catalogue, &roster, n_times as u64);
    let mut model = fill(&roster);
    press(criterion, &mut model);
    begin(criterion);
}

fn read(catalogue: &Catalogue) -> Vec<Arc<Sheet>> {
    let names: Arc<[PathBuf]> = catalogue.files.iter().map(|file| file.path.clone()).collect();
    let mut sheets = Vec::new();
    ingest(catalogue, &Options::default(), &Enrolling, &mut |batch: Batch<SheetMaker>| {
        let chunk = batch.place.map(|place| (place, batch.bytes));
        sheets.push(Arc::new(batch.value.into_sheet(Arc::clone(&names), chunk)));
        ControlFlow::Continue(())
    });
    sheets
}

/// A screen that shows the roster.
fn fill(roster: &Roster) -> Model {
    let mut model = Model::new(Settings::default(), (120, 40));
    let mut asked: Vec<Effect> = Vec::new();
    for sheet in (0..roster.n_sheets()).filter_map(|sheet| roster.sheet(sheet)) {
        asked.extend(update(&mut model, Message::Sheet(Arc::clone(sheet), 0)));
    }
    let mut browser = Browser::default();
    while let Some(effect) = asked.pop() {
        if let Effect::Browse(job) = effect
            && let Some(answer) = browser.answer(&job, &|| false, &mut |_, _| {})
        {
            asked = update(&mut model, Message::Answer(answer));
        }
    }
    assert_eq!(model.answer.seats.len(), roster.len());
    model
}

/// A key, and the frame after it.
fn press(criterion: &mut Criterion, model: &mut Model) {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a backend in memory");
    let mut group = criterion.benchmark_group("a key at a million");
    for text in ["down", "pgdn", "n", "G", "g"] {
        let key = Key::parse(text).expect("a key");
        group.bench_function(text, |bencher| {
            bencher.iter(|| {
                black_box(update(model, Message::Key(key)));
                terminal.draw(|frame| view(model, frame)).expect("a backend in memory");
            });
        });
    }
    group.finish();
    assert!(model.cursor().at < model.n_rows());
}

/// The first frame, whatever there is to read.
fn begin(criterion: &mut Criterion) {
    criterion.benchmark_group("the first frame").bench_function("120x40", |bencher| {
        bencher.iter(|| {
            let model = Model::new(Settings::default(), (120, 40));
            let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a backend in memory");
            terminal.draw(|frame| view(&model, frame)).expect("a backend in memory");
            black_box(terminal);
        });
    });
}
