//! What a message changes.
//!
//! In: a [`Message`]. Out: the model as it is then, and what is asked for.
//!
//! **Invariant**: no input or output, no clock, no thread; nothing here takes longer than 5 ms, at
//! whatever number of sessions, but for one of which rows came late: it is looked for among all.

mod keys;
mod moving;
mod terms;
mod filtering;
mod transcript;
mod timeline;

use std::sync::Arc;

use crate::roster::Roster;
use crate::roster::sheet::Sheet;

pub(super) use moving::{columns, has_days};

use super::browse::{self, Answer, Rank};
use super::message::{Effect, Ending, Message, Mouse};
use super::model::{About, Focus, Model, Phase, Reading};
use super::session;
use super::table::View;
use super::theme::Part;

/// Takes a message in.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let mut effects = Vec::new();
    match message {
        Message::Key(key) => keys::press(model, key, &mut effects),
        Message::Paste(text) => filtering::paste(model, &text),
        Message::Mouse(mouse) => take_mouse(model, mouse),
        Message::Resize(columns, rows) => model.size = (columns, rows),
        Message::Files { files, all_bytes, errors } => {
            model.files = files;
            model.reading.all_bytes = all_bytes;
            model.reading.errors = errors;
            if model.reading.phase == Phase::Looking {
                model.reading.phase = Phase::Reading;
            }
        }
        Message::Sheet(sheet, bytes) => take_sheet(model, sheet, bytes),
        Message::Open(sheet) => {
            widen(model, &sheet);
            model.n_failed += sheet.n_failed();
            model.n_failed -= model.roster.set_open(sheet);
            model.n_told += 1;
        }
        Message::Patterns(patterns) => {
            model.patterns = Some(patterns);
            model.n_told += 1;
        }
        Message::Read { errors, skipped } => finish(model, errors, skipped),
        Message::Anew => begin_anew(model),
        Message::Following if model.is_following => model.reading.phase = Phase::Following,
        Message::Following => {}
        Message::Befell(text) => model.say(text, Part::Warning),
        Message::Answer(answer) => take_answer(model, answer),
        Message::Searching(percent) => model.asked.searched = Some(percent),
        Message::Loaded(pair) => transcript::take(model, *pair),
        Message::Written(Ok(text)) => model.say(text, Part::Success),
        Message::Written(Err(text)) | Message::Broken(text) => model.say(text, Part::Failure),
        Message::Tick(now) => model.now = Some(now),
        Message::Hangup => effects.push(Effect::Quit(Ending::Interrupted)),
    }
    if model.focus == Focus::Findings && !model.has_findings() {
        model.focus = Focus::Transcript;
    }
    moving::keep_in_sight(model);
    ask(model, &mut effects);
    effects
}

/// A screen at its beginning: with the filter that was typed on the command line.
pub fn begin(model: &mut Model) {
    let text = std::mem::take(&mut model.settings.filter);
    filtering::set(model, &text);
}

fn take_sheet(model: &mut Model, sheet: Arc<Sheet>, bytes: u64) {
    model.reading.bytes += bytes;
    widen(model, &sheet);
    model.n_failed += sheet.n_failed();
    model.n_failed -= model.roster.push(sheet);
}

/// Forgets the sessions, for they come again; what is selected and looked at stays.
fn begin_anew(model: &mut Model) {
    model.roster = Roster::default();
    (model.n_failed, model.span, model.patterns) = (0, None, None);
    model.servers.clear();
    model.offsets.clear();
    model.reading = Reading { phase: Phase::Reading, ..Reading::default() };
    model.n_told += 1;
    // Another number, so that nothing that was found in the sessions before is kept.
    model.filter.number += 1;
}

fn widen(model: &mut Model, sheet: &Sheet) {
    for server in sheet.servers() {
        if !model.servers.contains(server) {
            model.servers.insert(server.to_vec());
        }
    }
    model.offsets.extend(sheet.offsets());
    model.newest = model.newest.max(sheet.newest());
    if let Some((first, last)) = sheet.span() {
        model.span = Some(model.span.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
    }
}

fn finish(model: &mut Model, mut errors: Vec<String>, skipped: Option<String>) {
    if model.reading.phase != Phase::Following {
        model.reading.phase = Phase::Done;
    }
    filtering::settle(model);
    model.reading.errors.append(&mut errors);
    model.reading.skipped = skipped;
    match (model.reading.errors.first(), &model.reading.skipped) {
        (Some(first), _) => model.say(format!("cannot read {first}"), Part::Failure),
        (None, Some(skipped)) if model.roster.is_empty() => model.say(skipped.clone(), Part::Warning),
        _ => {}
    }
}

/// Takes an answer in; the selection stays on its session, at its height on the screen.
fn take_answer(model: &mut Model, answer: Answer) {
    if answer.generation != model.asked.generation {
        return;
    }
    model.asked.searched = None;
    let is_of_other_query = answer.query_number != model.answer.query_number;
    model.answer = answer;
    let cursor = &mut model.cursors[View::Sessions as usize];
    let place = |rank: Rank| model.answer.seats.partition_point(|(other, _)| *other < rank);
    let at = model.selected.map_or(0, place).min(model.answer.seats.len().saturating_sub(1));
    cursor.top = match is_of_other_query {
        true => 0,
        false => (cursor.top + at).saturating_sub(cursor.at),
    };
    cursor.at = at;
    moving::find_key(model);
}

fn take_mouse(model: &mut Model, mouse: Mouse) {
    let Some(panes) = super::layout::layout(model) else { return };
    match mouse {
        Mouse::Wheel(step) => moving::step(model, isize::from(step) * 3),
        Mouse::Click(x, y) => {
            let is_in = |pane: ratatui::layout::Rect| pane.contains((x, y).into());
            if is_in(panes.list) {
                model.focus = Focus::List;
                if let Some(row) = y.checked_sub(panes.list.y + 2) {
                    let at = model.cursor().top + usize::from(row);
                    moving::go(model, at);
                }
            } else if panes.transcript.is_some_and(is_in) {
                model.focus = Focus::Transcript;
            } else if panes.findings.is_some_and(is_in) {
                model.focus = Focus::Findings;
            } else if is_in(panes.timeline) {
                model.focus = Focus::Timeline;
                model.timeline.at = usize::from(x.saturating_sub(panes.timeline.x + 1));
            }
        }
    }
}

/// Asks what has to be asked for the screen to be up to date.
fn ask(model: &mut Model, effects: &mut Vec<Effect>) {
    let question = (model.filter.number, model.view, model.by, model.zone());
    let about = About { question, known: (model.roster.n_sheets(), model.n_told) };
    let is_waiting = model.asked.generation != model.answer.generation;
    let is_same_question = model.asked.about.is_some_and(|asked| asked.question == question);
    // What only grew can wait until what was asked is answered.
    if model.asked.about != Some(about) && !(is_waiting && is_same_question) {
        model.asked.generation += 1;
        model.asked.about = Some(about);
        model.asked.searched = None;
        effects.push(Effect::Browse(browse::Job {
            generation: model.asked.generation,
            query_number: model.filter.number,
            roster: model.roster.clone(),
            files: Arc::clone(&model.files),
            query: Arc::clone(&model.filter.query),
            view: model.view,
            by: model.by,
            zone: model.zone(),
            patterns: model.patterns.clone(),
        }));
    }
    let Some(seat) = model.seat() else {
        model.transcript.about = None;
        model.transcript.pair = session::Pair::default();
        return;
    };
    let Some(listed) = model.roster.get(seat) else { return };
    // A session that ended, or of which rows came late, is on another sheet than before.
    let about = (browse::rank_of(&listed), seat.sheet, model.zone(), model.transcript.has_good);
    let has_grown =
        seat.sheet == crate::roster::OPEN && effects.iter().any(|effect| matches!(effect, Effect::Browse(_)));
    if model.transcript.about != Some(about) || has_grown {
        model.transcript.number += 1;
        model.transcript.about = Some(about);
        effects.push(Effect::Load(session::Job {
            number: model.transcript.number,
            roster: model.roster.clone(),
            seat,
            has_good: model.transcript.has_good,
            files: Arc::clone(&model.files),
            zone: model.zone(),
        }));
    }
}
