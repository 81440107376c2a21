//! What a key does.
//!
//! In: a [`Key`]. Out: the model as it is then, and what is asked for.
//!
//! **Invariant**: an [`Action`] has one arm here.

use crate::output::time::Zone;
use crate::tui::bindings::{Action, BINDINGS, Context};
use crate::tui::key::Key;
use crate::tui::message::{Effect, Ending};
use crate::tui::model::{Focus, Model, Phase};
use crate::tui::prompt::{Prompt, Purpose};
use crate::tui::table::View;
use crate::tui::tables::By;
use crate::tui::theme::Part;

use super::moving::Way;
use super::terms::Sign;
use super::{filtering, moving, timeline, transcript};

/// Where sessions are written unless something else is typed.
const USUAL_PATH: &str = "sessions.ndjson";

/// Takes a key.
pub(super) fn press(model: &mut Model, key: Key, effects: &mut Vec<Effect>) {
    let is_interrupt = || model.settings.keymap.action(context(model), key) == Some(Action::Interrupt);
    if model.prompt.is_some() {
        // A letter is typed, whatever it is bound to.
        match key.ctrl && is_interrupt() {
            true => effects.push(Effect::Quit(Ending::Interrupted)),
            false => filtering::press(model, key, effects),
        }
        return;
    }
    model.notice = None;
    let Some(action) = model.settings.keymap.action(context(model), key) else { return };
    match (model.help, action) {
        (_, Action::Interrupt) => effects.push(Effect::Quit(Ending::Interrupted)),
        (Some(top), action) => model.help = turn_help(top, action),
        (None, action) => act(model, action, effects),
    }
}

fn context(model: &Model) -> Context {
    match model.focus {
        Focus::List => Context::List,
        Focus::Transcript => Context::Transcript,
        Focus::Timeline => Context::Timeline,
        Focus::Findings => Context::Anywhere,
    }
}

/// Scrolls the help; any key that does not, closes it.
fn turn_help(top: usize, action: Action) -> Option<usize> {
    match action {
        Action::Down => Some((top + 1).min(BINDINGS.len())),
        Action::PageDown | Action::Right => Some((top + 10).min(BINDINGS.len())),
        Action::Up => Some(top.saturating_sub(1)),
        Action::PageUp | Action::Left => Some(top.saturating_sub(10)),
        _ => None,
    }
}

fn act(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    if model.view != View::Sessions && is_about_session(action) {
        let key = model.settings.keymap.key_of(Action::ViewSessions);
        return model.say(format!("that is for a session: {key} shows them"), Part::Aside);
    }
    match action {
        Action::Quit => effects.push(Effect::Quit(Ending::Done)),
        Action::Interrupt => effects.push(Effect::Quit(Ending::Interrupted)),
        Action::Help => model.help = Some(0),
        Action::ViewSessions => look_at(model, View::Sessions),
        Action::ViewFindings => look_at(model, View::Findings),
        Action::ViewClients => look_at(model, View::Clients),
        Action::ViewUsers => look_at(model, View::Users),
        Action::ViewTls => look_at(model, View::Tls),
        Action::ViewPatterns => look_at(model, View::Patterns),
        Action::NextPane => turn_focus(model, Way::Forward),
        Action::PreviousPane => turn_focus(model, Way::Backward),
        Action::Back => back(model),
        Action::Filter if model.focus == Focus::Transcript => open(model, Purpose::Search),
        Action::Filter => open(model, Purpose::Filter),
        Action::Search => open(model, Purpose::Search),
        Action::NextFailure => moving::go_to_failure(model, Way::Forward),
        Action::PreviousFailure => moving::go_to_failure(model, Way::Backward),
        Action::Timeline => timeline::enter(model),
        Action::CopyId | Action::CopyTranscript => copy(model, action, effects),
        Action::Write => open(model, Purpose::Write),
        Action::Follow => follow(model, effects),
        Action::Zone => turn_zone(model),
        Action::Mouse => {
            model.has_mouse = !model.has_mouse;
            effects.push(Effect::Mouse(model.has_mouse));
            let text = if model.has_mouse { "the mouse is on: m turns it off" } else { "the mouse is off" };
            model.say(text, Part::Aside);
        }
        Action::Redraw => effects.push(Effect::Redraw),
        Action::Up | Action::Down | Action::PageUp | Action::PageDown | Action::First | Action::Last => {
            moving::move_by(model, action);
        }
        Action::Left => moving::sideways(model, Way::Backward),
        Action::Right => moving::sideways(model, Way::Forward),
        Action::Open => enter(model, effects),
        Action::Include => filtering::add_cell(model, Sign::Include),
        Action::Exclude => filtering::add_cell(model, Sign::Exclude),
        Action::Networks => {
            model.by = if model.by == By::Address { By::Network } else { By::Address };
            look_at(model, View::Clients);
        }
        Action::Raw => transcript::turn_raw(model),
        Action::Compare => transcript::compare(model),
        Action::NextMatch => transcript::next(model, Way::Forward),
        Action::PreviousMatch => transcript::next(model, Way::Backward),
        Action::Mark => timeline::mark(model),
    }
}

/// Whether it is about a session that is seen.
fn is_about_session(action: Action) -> bool {
    matches!(
        action,
        Action::Raw
            | Action::Compare
            | Action::CopyId
            | Action::CopyTranscript
            | Action::NextMatch
            | Action::PreviousMatch
            | Action::Search
            | Action::Left
            | Action::Right
    )
}

fn look_at(model: &mut Model, view: View) {
    model.view = view;
    model.focus = Focus::List;
}

fn turn_focus(model: &mut Model, way: Way) {
    let mut ring = vec![Focus::List, Focus::Transcript, Focus::Findings, Focus::Timeline];
    ring.retain(|focus| match focus {
        Focus::Transcript => model.view == View::Sessions,
        Focus::Findings => model.has_findings(),
        Focus::List | Focus::Timeline => true,
    });
    let at = ring.iter().position(|focus| *focus == model.focus).unwrap_or(0);
    model.focus = match way {
        Way::Forward => ring[(at + 1) % ring.len()],
        Way::Backward => ring[(at + ring.len() - 1) % ring.len()],
    };
}

fn open(model: &mut Model, purpose: Purpose) {
    model.prompt = Some(match purpose {
        Purpose::Filter => filtering::begin(model),
        Purpose::Search => Prompt::proposing(purpose, &model.transcript.search),
        Purpose::Write => Prompt::proposing(purpose, USUAL_PATH),
    });
}

/// One thing after the other, until there is nothing to go back from.
fn back(model: &mut Model) {
    match model.focus {
        Focus::Timeline if model.timeline.from.is_some() => model.timeline.from = None,
        _ if model.transcript.has_good => model.transcript.has_good = false,
        Focus::Transcript | Focus::Findings | Focus::Timeline => model.focus = Focus::List,
        Focus::List if model.view != View::Sessions => model.view = View::Sessions,
        Focus::List => filtering::undo(model),
    }
}

fn copy(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let text = match (model.loaded(), model.session()) {
        (Some(loaded), _) if action == Action::CopyTranscript => Some((loaded.text.clone(), "transcript")),
        (_, Some(listed)) if action == Action::CopyId => {
            Some((crate::output::escape::visible(listed.id()).into_owned(), "id"))
        }
        _ => None,
    };
    match text {
        Some((text, what)) => {
            model.say(format!("{what} sent to the terminal"), Part::Success);
            effects.push(Effect::Copy(text));
        }
        None => model.say("no session is selected", Part::Warning),
    }
}

fn follow(model: &mut Model, effects: &mut Vec<Effect>) {
    model.is_following = !model.is_following;
    if !model.is_following && model.reading.phase == Phase::Following {
        model.reading.phase = Phase::Done;
    }
    let text = match (model.is_following, model.reading.phase) {
        (true, Phase::Looking | Phase::Reading) => {
            "following begins when all is read: then all is read anew, in rounds"
        }
        (true, _) => "following: all is read anew, then what comes",
        (false, _) => "no longer following",
    };
    model.say(text, Part::Aside);
    effects.push(Effect::Follow(model.is_following));
}

fn turn_zone(model: &mut Model) {
    let zones = match model.given_zone {
        Zone::Utc | Zone::Fixed(0) => vec![model.given_zone, Zone::Server],
        Zone::Server => vec![Zone::Server, Zone::Utc],
        Zone::Local | Zone::Fixed(_) => vec![model.given_zone, Zone::Utc, Zone::Server],
    };
    let at = zones.iter().position(|zone| *zone == model.settings.zone).unwrap_or(0);
    model.settings.zone = zones[(at + 1) % zones.len()];
    let of_each = if model.has_many_zones() { "; of each session by its server's clock" } else { "" };
    model.say(format!("times in {}{of_each}", model.zone_text()), Part::Aside);
}

/// Opens the session; elsewhere makes the row the filter.
fn enter(model: &mut Model, effects: &mut Vec<Effect>) {
    match model.view {
        View::Sessions if model.settings.is_picking => {
            let id = model.session().map(|listed| crate::output::escape::visible(listed.id()).into_owned());
            effects.extend(id.map(|id| Effect::Quit(Ending::Picked(id))));
        }
        View::Sessions => model.focus = Focus::Transcript,
        _ => filtering::add_row(model),
    }
}
