//! The timeline: a span is marked, and becomes part of the filter.
//!
//! In: keys. Out: `after:` and `before:`.
//!
//! **Invariant**: a span is made of whole steps.

use crate::record::value::Timestamp;
use crate::tui::columns::to_term_time;
use crate::tui::model::{Focus, Model};
use crate::tui::theme::Part;

use super::filtering;
use super::terms::Sign;

/// Goes to the step with most failures.
pub(super) fn enter(model: &mut Model) {
    if model.answer.timeline.ticks().is_empty() {
        model.say("no session, no time", Part::Warning);
        return;
    }
    let ticks = model.answer.timeline.ticks().iter().enumerate();
    let fullest = ticks.max_by_key(|(at, tick)| (tick.failed, tick.sessions, std::cmp::Reverse(*at)));
    model.timeline.at = fullest.map_or(0, |(at, _)| at);
    model.timeline.from = None;
    model.focus = Focus::Timeline;
}

pub(super) fn step(model: &mut Model, by: isize) {
    let last = model.answer.timeline.ticks().len().saturating_sub(1);
    model.timeline.at = model.timeline.at.saturating_add_signed(by).min(last);
}

/// Begins a span, or ends it and puts it into the filter.
pub(super) fn mark(model: &mut Model) {
    let Some(from) = model.timeline.from.take() else {
        model.timeline.from = Some(model.timeline.at);
        return;
    };
    let Some((start, _)) = model.answer.timeline.bounds() else { return };
    let width = model.answer.timeline.width_seconds();
    let at = model.timeline.at.min(model.answer.timeline.ticks().len().saturating_sub(1));
    let moment = |step: usize| {
        let steps = i64::try_from(step).unwrap_or(i64::MAX);
        to_term_time(Timestamp::from_unix(start.to_unix().0.saturating_add(steps.saturating_mul(width))))
    };
    let term = format!("after:{} before:{}", moment(from.min(at)), moment(from.max(at) + 1));
    filtering::add(model, Sign::Include, &term);
    model.focus = Focus::List;
}
