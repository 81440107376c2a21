//! The filter, and other lines that are typed.
//!
//! In: keys. Out: a query, as it is typed.
//!
//! **Invariant**: what is not understood leaves the last good query in force.

use std::path::PathBuf;
use std::sync::Arc;

use crate::query::Query;
use crate::query::complete::complete;
use crate::query::error::SyntaxError;
use crate::query::expression::Expression;
use crate::tui::key::Key;
use crate::tui::message::Effect;
use crate::tui::model::{Focus, Model};
use crate::tui::prompt::{Prompt, Purpose, Typed};
use crate::tui::table::View;
use crate::tui::theme::Part;
use crate::tui::writing;

use super::terms::{Sign, with_term};
use super::{moving, transcript};

/// How many lines are remembered.
const MOST_REMEMBERED: usize = 200;

/// Takes a key into the line that is typed.
pub(super) fn press(model: &mut Model, key: Key, effects: &mut Vec<Effect>) {
    let Some(mut prompt) = model.prompt.take() else { return };
    let purpose = prompt.purpose;
    let saved = &model.settings.saved;
    let history = match purpose {
        Purpose::Filter => &model.filter.history[..],
        Purpose::Search => &model.searches,
        Purpose::Write => &model.paths,
    };
    let offer = |text: &str| match purpose {
        Purpose::Filter => {
            let completion = complete(text, saved);
            (completion.from, completion.words)
        }
        Purpose::Search | Purpose::Write => (0, Vec::new()),
    };
    let typed = prompt.press(key, history, offer);
    let (text, before) = (prompt.text.clone(), prompt.before.clone());
    if matches!(typed, Typed::Changed | Typed::Same) {
        model.prompt = Some(prompt);
    }
    match (purpose, typed) {
        (_, Typed::Same) | (Purpose::Write, Typed::Changed | Typed::Cancelled) => {}
        (Purpose::Filter, Typed::Changed) => set(model, &text),
        (Purpose::Filter, Typed::Accepted) => accept(model, &text, &before),
        (Purpose::Filter, Typed::Cancelled) => set(model, &before),
        (Purpose::Search, Typed::Changed) => transcript::search(model, &text),
        (Purpose::Search, Typed::Accepted) => remember(&mut model.searches, text),
        (Purpose::Search, Typed::Cancelled) => transcript::search(model, &before),
        (Purpose::Write, Typed::Accepted) => write(model, &text, effects),
    }
}

/// Text that was pasted goes into the line; without one it is a filter.
pub(super) fn paste(model: &mut Model, text: &str) {
    if model.prompt.is_none() {
        model.prompt = Some(begin(model));
    }
    let Some(prompt) = &mut model.prompt else { return };
    prompt.insert(text);
    let (purpose, text) = (prompt.purpose, prompt.text.clone());
    match purpose {
        Purpose::Filter => set(model, &text),
        Purpose::Search => transcript::search(model, &text),
        Purpose::Write => {}
    }
}

/// A line that goes on with the filter: behind a blank, for what is typed is a term of its own.
pub(super) fn begin(model: &Model) -> Prompt {
    let blank = if model.filter.text.is_empty() { "" } else { " " };
    Prompt::new(Purpose::Filter, &format!("{}{blank}", model.filter.text))
}

/// Makes a text the filter, if it is understood. Blanks around it are none of it.
pub(super) fn set(model: &mut Model, text: &str) {
    match understand(model, text) {
        Ok(query) => {
            let text = text.trim();
            model.filter.fault = None;
            if model.filter.text != text {
                text.clone_into(&mut model.filter.text);
                model.filter.query = Arc::new(query);
                model.filter.number += 1;
            }
        }
        Err(fault) => model.filter.fault = Some(fault),
    }
}

/// Understands the filter again where it asks for the last day in the logs, which is known by now.
pub(super) fn settle(model: &mut Model) {
    let expression = Expression::parse(&model.filter.text, &model.settings.saved);
    if let Ok(expression) = expression
        && expression.asks_for_last_day()
    {
        model.filter.query = Arc::new(Query::new(expression, &model.times()));
        model.filter.number += 1;
    }
}

fn understand(model: &Model, text: &str) -> Result<Query, SyntaxError> {
    if text.trim().is_empty() {
        return Ok(Query::everything());
    }
    Query::parse(text, &model.settings.saved, &model.times())
}

/// Ends the typing. A text that is not understood stays, with the fault said.
fn accept(model: &mut Model, text: &str, before: &str) {
    set(model, text);
    if model.filter.fault.is_some() {
        let mut prompt = Prompt::new(Purpose::Filter, text);
        before.clone_into(&mut prompt.before);
        model.prompt = Some(prompt);
        return;
    }
    remember(&mut model.filter.history, text.trim().to_owned());
    note_past(model, before.trim().to_owned());
    model.view = View::Sessions;
    model.focus = Focus::List;
}

fn remember(history: &mut Vec<String>, text: String) {
    if text.trim().is_empty() {
        return;
    }
    history.retain(|known| *known != text);
    history.push(text);
    if history.len() > MOST_REMEMBERED {
        history.remove(0);
    }
}

/// Goes back to the filter before; from the first one to none.
pub(super) fn undo(model: &mut Model) {
    if model.filter.text.is_empty() && model.filter.past.is_empty() {
        return;
    }
    let before = model.filter.past.pop().unwrap_or_default();
    set(model, &before);
}

/// Notes the filter that was in force before.
fn note_past(model: &mut Model, before: String) {
    if before != model.filter.text {
        model.filter.past.push(before);
    }
    if model.filter.past.len() > MOST_REMEMBERED {
        model.filter.past.remove(0);
    }
}

/// Adds a term to the filter, or keeps what it means out.
pub(super) fn add(model: &mut Model, sign: Sign, term: &str) {
    let text = with_term(&model.filter.text, sign, term, &model.settings.saved);
    if text == model.filter.text {
        return model.say("the filter asks for that already", Part::Aside);
    }
    let before = model.filter.text.clone();
    set(model, &text);
    if let Some(fault) = model.filter.fault.take() {
        model.say(fault.problem, Part::Warning);
        return;
    }
    remember(&mut model.filter.history, text);
    note_past(model, before);
}

/// Puts the cell's value into the filter, or keeps it out.
pub(super) fn add_cell(model: &mut Model, sign: Sign) {
    let term = match model.view {
        View::Sessions => {
            let columns = moving::columns_shown(model);
            let column = columns.get(model.column.min(columns.len().saturating_sub(1)));
            column.and_then(|(column, _)| column.to_term(&model.session()?))
        }
        _ => row_filter(model),
    };
    match term {
        Some(term) => add(model, sign, &term),
        None => model.say("this cell has no value to filter by", Part::Warning),
    }
}

/// Makes the table's row a filter, and shows its sessions.
pub(super) fn add_row(model: &mut Model) {
    match row_filter(model) {
        Some(term) => {
            add(model, Sign::Include, &term);
            model.view = View::Sessions;
        }
        None => model.say("this row is no filter", Part::Warning),
    }
}

fn row_filter(model: &Model) -> Option<String> {
    model.table()?.rows.get(model.cursor().at)?.filter.clone()
}

fn write(model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
    if text.trim().is_empty() {
        return;
    }
    remember(&mut model.paths, text.trim().to_owned());
    model.say("writing…", Part::Aside);
    effects.push(Effect::Write(writing::Job {
        path: PathBuf::from(text.trim()),
        roster: model.roster.clone(),
        seats: Arc::clone(&model.answer.seats),
        files: Arc::clone(&model.files),
        zone: model.zone(),
    }));
}
