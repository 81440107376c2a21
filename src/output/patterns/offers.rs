//! What listeners offer and how it changed, in words.
//!
//! In: [`Offers`]. Out: text.
//!
//! **Invariant**: changes of STARTTLS and AUTH stand before all others.

use crate::pattern::drift::{Change, History, Offers, Phase};

use super::super::escape::visible;
use super::super::skipped::counted;
use super::super::times::Times;
use super::{View, listener_text, sample_text, write_line, write_line_of, write_more, write_title};

/// Writes the part about offers.
pub(super) fn write(offers: &Offers, view: View<'_>, text: &mut String) {
    let histories = offers.histories();
    if histories.is_empty() {
        return;
    }
    let changes = ordered_changes(&histories);
    let n_changes = match changes.len() {
        0 => "no change".into(),
        count => counted(count as u64, "change"),
    };
    write_title(text, &format!("STARTTLS AND AUTH OFFERED: {n_changes}{}", sample_text(offers.is_exceeded())));
    for (history, change) in changes.iter().take(view.top) {
        write_line(text, 2, &change_text(history, change, view.times));
        let before = change.before.as_ref().map_or_else(String::new, |before| {
            let time = view.times.text(Some(&history.listener.server), before.time);
            format!("last otherwise in {} at {time}", visible(&before.id))
        });
        let comma = if before.is_empty() { "" } else { "," };
        write_line_of(text, 6, &[&format!("first seen in {}{comma}", visible(&change.since.id)), &before]);
    }
    write_more(text, 2, changes.len(), view);
    let told: Vec<&History> = histories.iter().filter(|history| history.phase != Phase::AnonymousTls).collect();
    for history in told.iter().take(view.top) {
        let name = listener_text(&history.listener);
        write_line(text, 2, &format!("{name} {}: {}", phase_text(history.phase), offered(history)));
    }
    write_more(text, 2, told.len(), view);
}

/// What is offered of what matters.
fn offered(history: &History) -> String {
    let has_tls = history.words.iter().any(|word| word == b"STARTTLS");
    let mechanisms: Vec<_> = history.words.iter().filter_map(|word| word.strip_prefix(b"AUTH ")).map(visible).collect();
    let auth = if mechanisms.is_empty() { "no AUTH".into() } else { format!("AUTH {}", mechanisms.join(" ")) };
    let tls = match (history.phase, has_tls) {
        (Phase::Clear, true) => "STARTTLS, ",
        (Phase::Clear, false) => "no STARTTLS, ",
        _ => "",
    };
    let unsteady: Vec<_> = history.unsteady.iter().map(|word| visible(word)).collect();
    let varies = match unsteady.is_empty() {
        true => String::new(),
        false => format!(" (varies with the client: {})", unsteady.join(", ")),
    };
    format!("{tls}{auth}{varies}")
}

/// When it is offered.
pub fn phase_text(phase: Phase) -> &'static str {
    match phase {
        Phase::Clear => "before TLS",
        Phase::Tls => "after STARTTLS",
        Phase::AnonymousTls => "after X-ANONYMOUSTLS",
    }
}

/// All changes, those of STARTTLS and AUTH first, then in the order of time.
fn ordered_changes(histories: &[History]) -> Vec<(&History, &Change)> {
    let mut changes: Vec<(&History, &Change)> =
        histories.iter().flat_map(|history| history.changes.iter().map(move |change| (history, change))).collect();
    changes.sort_by_key(|(history, change)| (!change.is_grave(), &change.since, &history.listener));
    changes
}

/// `STARTTLS no longer offered by EX02\… :25 before TLS since 2026-11-23T14:03:11.000Z, after a restart`.
fn change_text(history: &History, change: &Change, times: &Times) -> String {
    let words = |words: &[Vec<u8>]| words.iter().map(|word| visible(word).into_owned()).collect::<Vec<_>>().join(", ");
    let what = match (change.lost.is_empty(), change.gained.is_empty()) {
        (false, true) => format!("{} no longer offered", words(&change.lost)),
        (true, _) => format!("{} now offered", words(&change.gained)),
        (false, false) => format!("{} no longer, but {} now offered", words(&change.lost), words(&change.gained)),
    };
    let time = |time| times.text(Some(&history.listener.server), time);
    let restart = match change.restart {
        Some(start) => format!(", after a restart about {}", time(start)),
        None => String::new(),
    };
    let late = if change.is_late { " at the latest" } else { "" };
    format!(
        "{what} by {} {} since {}{late}{restart}",
        listener_text(&history.listener),
        phase_text(history.phase),
        time(change.since.time)
    )
}

/// One line for each change that bears on encryption or logging in.
pub(super) fn to_headlines(histories: &[History], times: &Times) -> Vec<String> {
    let changes = ordered_changes(histories).into_iter().filter(|(_, change)| change.is_grave());
    changes.map(|(history, change)| change_text(history, change, times)).collect()
}
