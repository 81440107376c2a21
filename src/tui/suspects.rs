//! What only many sessions show, as rows that are filters.
//!
//! In: [`Patterns`]. Out: a [`Table`].
//!
//! **Invariant**: logins that succeeded where passwords were guessed stand first.

use crate::output::escape::visible;
use crate::output::patterns::{kind_text, listener_text, phase_text};
use crate::output::skipped::counted;
use crate::output::time::{Zone, to_grouped, to_minute_text};
use crate::pattern::drift::{Change, History};
use crate::pattern::guessing::suspicion::Suspicion;
use crate::pattern::{Listener, Patterns};
use crate::query::display::to_term_text;
use crate::query::field::Field;

use super::table::{Column, Row, Table};
use super::theme::Part;

/// How many rows of each kind there are at most.
const MOST_ROWS: usize = 1000;

/// Suspicions, changes of what is offered, probes.
pub(super) fn patterns(patterns: &Patterns, zone: Zone) -> Table {
    let (suspicions, _) = patterns.logins.suspicions();
    let histories = patterns.offers.histories();
    let mut rows: Vec<Row> = suspicions.iter().take(MOST_ROWS).map(|suspicion| of_suspicion(suspicion, zone)).collect();
    let changes = histories.iter().flat_map(|history| history.changes.iter().map(move |change| (history, change)));
    rows.extend(changes.take(MOST_ROWS).map(|(history, change)| of_change(history, change, zone)));
    rows.extend(patterns.probes.by_address().into_iter().take(MOST_ROWS).map(|(address, probe)| {
        let last = probe.period.ends().map(|(_, last)| to_minute_text(last, zone)).unwrap_or_default();
        Row {
            key: format!("probe {}", visible(address)),
            cells: vec![
                "probe".into(),
                visible(address).into_owned(),
                counted(probe.sessions, "session"),
                last,
                "never said a word".into(),
            ],
            filter: to_term_text(Field::Ip, address).map(|term| format!("{term} verdict:probe")),
            part: Some(Part::Aside),
        }
    }));
    let columns = vec![
        Column::text("pattern", 20),
        Column::text("where", 26),
        Column::number("how often", 16),
        Column::spare("last", 22),
        Column::wide("what", 31),
    ];
    Table::new(columns, rows, "no pattern: nobody guesses, nothing changed, nobody knocks")
}

fn of_suspicion(suspicion: &Suspicion, zone: Zone) -> Row {
    let place = suspicion.place.clone().unwrap_or_else(|| format!("{} addresses", suspicion.addresses.len()));
    let name = |user: &[u8]| if user.is_empty() { "(not named)".into() } else { visible(user).into_owned() };
    let users: Vec<String> = suspicion.users.iter().take(3).map(|(user, _)| name(user)).collect();
    let more = if suspicion.users.len() > 3 { format!(", … {} users", suspicion.users.len()) } else { String::new() };
    let breach = match suspicion.breaches.first() {
        Some(breach) => {
            let at = to_minute_text(breach.mark.time, zone);
            format!("THEN SUCCEEDED as {} from {} at {at}; ", name(&breach.user), visible(&breach.address))
        }
        None => String::new(),
    };
    let last = suspicion.period.ends().map(|(_, last)| to_minute_text(last, zone)).unwrap_or_default();
    Row {
        key: format!("{} {place}", kind_text(suspicion.kind)),
        cells: vec![
            kind_text(suspicion.kind).into(),
            visible(place.as_bytes()).into_owned(),
            // Logins: of these a session can hold several, and the place has sessions without any.
            format!("{} refused", to_grouped(suspicion.failures)),
            last,
            format!("{breach}logins of {}{more}", users.join(", ")),
        ],
        filter: filter_of(suspicion),
        part: Some(if suspicion.is_breached() { Part::Failure } else { Part::Warning }),
    }
}

/// The sessions of the place, or of the user where the places are many.
fn filter_of(suspicion: &Suspicion) -> Option<String> {
    let place = suspicion.place.as_deref().and_then(|place| to_term_text(Field::Ip, place.as_bytes()));
    let user = match &suspicion.users[..] {
        // Names are held in lower case, so the forgiving match it is.
        [(user, _)] if !user.is_empty() => to_term_text(Field::User, user).map(|term| term.replacen('=', ":", 1)),
        _ => None,
    };
    match (place, user) {
        (Some(place), Some(user)) => Some(format!("{place} {user}")),
        (place, user) => place.or(user),
    }
}

fn of_change(history: &History, change: &Change, zone: Zone) -> Row {
    let signed = |sign: char, names: &[Vec<u8>]| -> Vec<String> {
        names.iter().map(|name| format!("{sign}{}", visible(name))).collect()
    };
    let words = [signed('-', &change.lost), signed('+', &change.gained)].concat().join(" ");
    let what = format!("{}: {words}", phase_text(history.phase));
    // The session that saw it first began a little before it was told.
    let since = to_minute_text(change.since.time, Zone::Utc);
    let Listener { server, connector, port } = &history.listener;
    let terms = [
        to_term_text(Field::Server, server),
        to_term_text(Field::Connector, connector),
        port.and_then(|port| to_term_text(Field::Port, port.to_string().as_bytes())),
        Some(format!("after:{since}")),
    ];
    Row {
        key: format!("offers {} {since} {what}", listener_text(&history.listener)),
        cells: vec![
            "offers changed".into(),
            listener_text(&history.listener),
            String::new(),
            to_minute_text(change.since.time, zone),
            what,
        ],
        filter: Some(terms.into_iter().flatten().collect::<Vec<_>>().join(" ")),
        part: Some(if change.is_grave() { Part::Warning } else { Part::Aside }),
    }
}
