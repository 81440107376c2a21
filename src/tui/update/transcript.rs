//! The transcript: moving in it, searching, a good session beside it.
//!
//! In: keys, and sessions that were read. Out: what is shown of them.
//!
//! **Invariant**: a session that was read for another selection is dropped.

use crate::tui::model::{Focus, Model};
use crate::tui::session::Pair;
use crate::tui::table::View;
use crate::tui::theme::Part;

use super::moving::Way;

/// Takes a session in that was read.
pub(super) fn take(model: &mut Model, pair: Pair) {
    if pair.number != model.transcript.number {
        return;
    }
    let is_same = model.loaded().map(|loaded| loaded.place) == pair.session.as_ref().map(|loaded| loaded.place);
    if model.transcript.has_good && pair.good.is_none() {
        model.transcript.has_good = false;
        // What was read is what is shown without one.
        model.transcript.about = model.transcript.about.map(|(rank, sheet, zone, _)| (rank, sheet, zone, false));
        model.say("no good session of this client on this port was read", Part::Warning);
    }
    model.transcript.pair = pair;
    if !is_same {
        let at = first_proof(model);
        let n_shown = crate::tui::layout::layout(model).map_or(0, |panes| panes.transcript_lines());
        // What led to it stands above it.
        (model.transcript.at, model.transcript.left, model.transcript.found_top) = (at, 0, 0);
        model.transcript.top = at.saturating_sub(n_shown * 2 / 3);
    }
}

/// The first line that proves the gravest finding, or any; the first line where none does.
fn first_proof(model: &Model) -> usize {
    let Some(loaded) = model.loaded() else { return 0 };
    let gravest = loaded.findings.first().map_or(&[][..], |finding| &finding.rows);
    let of_gravest = loaded.lines.iter().position(|line| !line.rules.is_empty() && gravest.contains(&line.row));
    of_gravest.or_else(|| loaded.lines.iter().position(|line| !line.rules.is_empty())).unwrap_or(0)
}

pub(super) fn step(model: &mut Model, by: isize) {
    let last = model.n_lines().saturating_sub(1);
    model.transcript.at = model.transcript.at.saturating_add_signed(by).min(last);
}

/// Shows the rows as the log has them, or in words; it stays on its row.
pub(super) fn turn_raw(model: &mut Model) {
    let at = model.transcript.at;
    let lines = model.loaded().map(|loaded| &loaded.lines[..]).unwrap_or_default();
    let at = match model.transcript.is_raw {
        true => lines.iter().position(|line| line.row == at).unwrap_or(0),
        false => lines.get(at).map_or(0, |line| line.row),
    };
    let transcript = &mut model.transcript;
    // Rows as they stand are not laid beside each other.
    transcript.has_good = false;
    transcript.is_raw = !transcript.is_raw;
    (transcript.at, transcript.top, transcript.left) =
        (at, at.saturating_sub(transcript.at.abs_diff(transcript.top)), 0);
}

/// Lays a good session of the same client beside it, or takes it away.
pub(super) fn compare(model: &mut Model) {
    if model.view != View::Sessions || model.session().is_none() {
        model.say("select a session first", Part::Warning);
        return;
    }
    model.transcript.has_good = !model.transcript.has_good;
    if model.transcript.has_good {
        model.focus = Focus::Transcript;
    }
}

/// Searches, and goes to the first line from here on that holds it.
pub(super) fn search(model: &mut Model, text: &str) {
    text.clone_into(&mut model.transcript.search);
    let at = model.transcript.at;
    if !text.is_empty()
        && let Some(found) = find(model, (at..model.n_lines()).chain(0..at))
    {
        model.transcript.at = found;
    }
}

/// Goes to the next line that was searched for, or that proves a finding.
pub(super) fn next(model: &mut Model, way: Way) {
    let (at, n_lines) = (model.transcript.at, model.n_lines());
    let found = match way {
        Way::Forward => find(model, (at + 1..n_lines).chain(0..at)),
        Way::Backward => find(model, (0..at).rev().chain((at + 1..n_lines).rev())),
    };
    match (found, model.transcript.search.is_empty()) {
        (Some(found), _) => model.transcript.at = found,
        (None, true) => model.say("no further proof", Part::Aside),
        (None, false) => model.say("no further match", Part::Aside),
    }
}

fn find(model: &Model, mut lines: impl Iterator<Item = usize>) -> Option<usize> {
    let loaded = model.loaded()?;
    let transcript = &model.transcript;
    let wanted = transcript.search.to_lowercase();
    lines.find(|at| match (transcript.is_raw, wanted.is_empty()) {
        (false, true) => loaded.lines.get(*at).is_some_and(|line| !line.rules.is_empty()),
        (true, true) => loaded.findings.iter().any(|finding| finding.rows.contains(at)),
        (false, false) => loaded.lines.get(*at).is_some_and(|line| line.text.to_lowercase().contains(&wanted)),
        (true, false) => loaded.raw.get(*at).is_some_and(|row| row.to_lowercase().contains(&wanted)),
    })
}
