//! Protocols, ciphers, certificates, and where these are presented.
//!
//! In: listed sessions. Out: a [`Table`].
//!
//! **Invariant**: below a certificate stands each connector that presents it; their sessions add up to its
//! own, but for those that are left out and counted.

use hashbrown::HashMap;

use crate::dialogue::facts::StartTls;
use crate::output::escape::visible;
use crate::output::time::{Zone, to_grouped};
use crate::query::display::to_term_text;
use crate::query::field::{Field, TLS_ORDERED_FROM, TLS_WORDS};
use crate::query::subject::Subject;
use crate::roster::listed::Listed;
use crate::tui::table::{Column, Row, Table};

use super::{Group, Groups, key_text, last_text, part_of, protocol_word, push_more};

/// The sessions with one certificate.
#[derive(Debug, Default)]
struct Presented {
    subject: Vec<u8>,
    /// By server, a zero byte, and connector.
    by_connector: Groups,
}

/// Sessions, failures, clients, last seen.
pub(in crate::tui) fn tls<'a>(sessions: impl Iterator<Item = Listed<'a>>, zone: Zone) -> Table {
    let (mut protocols, mut ciphers, mut certificates) = (Groups::default(), Groups::default(), Groups::default());
    let mut presented: HashMap<Vec<u8>, Presented> = HashMap::new();
    let mut connector = Vec::new();
    for listed in sessions {
        let client = Some(listed.client());
        protocols.of(protocol_filter(&listed).as_bytes(), client, &listed).note(protocol_word(&listed));
        if let Some(cipher) = listed.cipher_name() {
            ciphers.of(cipher, client, &listed);
        }
        if let Some((subject, thumbprint)) = listed.certificate() {
            let key = if thumbprint.is_empty() { subject } else { thumbprint };
            certificates.of(key, client, &listed);
            let presented = presented.entry_ref(key).or_default();
            presented.subject.clear();
            presented.subject.extend_from_slice(subject);
            connector.clear();
            connector.extend_from_slice(listed.server_name());
            connector.push(0);
            connector.extend_from_slice(listed.connector_name());
            presented.by_connector.of(&connector, client, &listed);
        }
    }
    let columns = vec![
        Column::text("what", 11),
        Column::text("value", 24),
        Column::number("sessions", 9),
        Column::number("failed", 8),
        Column::number("clients", 8),
        Column::text("last seen", 22),
    ];
    let mut rows = Vec::new();
    push_protocols(protocols, zone, &mut rows);
    push_ciphers(ciphers, zone, &mut rows);
    push_certificates(certificates, presented, zone, &mut rows);
    Table::new(columns, rows, "no session, no TLS")
}

/// The word of a query for it.
fn protocol_filter(listed: &Listed<'_>) -> &'static str {
    match (listed.protocol(), listed.starttls()) {
        (Some(protocol), _) => TLS_WORDS[TLS_ORDERED_FROM + protocol as usize],
        (None, StartTls::Succeeded) => "unknown",
        (None, _) => "none",
    }
}

fn push_protocols(groups: Groups, zone: Zone, rows: &mut Vec<Row>) {
    let (ranking, n_more) = groups.into_ranking();
    rows.extend(ranking.iter().map(|(key, group)| {
        let filter = to_term_text(Field::Tls, key);
        row(["protocol".into(), group.words.join(" ")], group, filter, zone)
    }));
    push_more(rows, n_more);
}

fn push_ciphers(groups: Groups, zone: Zone, rows: &mut Vec<Row>) {
    let (ranking, n_more) = groups.into_ranking();
    rows.extend(ranking.iter().map(|(key, group)| {
        let filter = to_term_text(Field::Cipher, key);
        row(["cipher".into(), key_text(key)], group, filter, zone)
    }));
    push_more(rows, n_more);
}

fn push_certificates(groups: Groups, mut presented: HashMap<Vec<u8>, Presented>, zone: Zone, rows: &mut Vec<Row>) {
    let (ranking, n_more) = groups.into_ranking();
    for (key, group) in ranking {
        let Presented { subject, by_connector } = presented.remove(&key).unwrap_or_default();
        let name = match subject == key {
            true => key_text(&key),
            false => format!("{} {}", visible(&subject), visible(&key)),
        };
        let filter = to_term_text(Field::Cert, &key);
        rows.push(row(["certificate".into(), name.clone()], &group, filter.clone(), zone));
        push_connectors(by_connector, (&name, filter.as_deref()), zone, rows);
    }
    push_more(rows, n_more);
}

/// Puts who presents a certificate below it: its name and its filter are part of each of theirs.
fn push_connectors(groups: Groups, (name, filter): (&str, Option<&str>), zone: Zone, rows: &mut Vec<Row>) {
    let (ranking, n_more) = groups.into_ranking();
    rows.extend(ranking.iter().map(|(key, group)| {
        let at = memchr::memchr(0, key).unwrap_or(key.len());
        let (server, connector) = (&key[..at], key.get(at + 1..).unwrap_or_default());
        let terms =
            [filter.map(str::to_owned), to_term_text(Field::Server, server), to_term_text(Field::Connector, connector)];
        let filter: Option<Vec<String>> = terms.into_iter().collect();
        let value = format!("  {}\\{}", visible(server), visible(connector));
        let row = row(["  at".into(), value], group, filter.map(|terms| terms.join(" ")), zone);
        // The same connector may present several.
        Row { key: format!("{} of {name}", row.key), ..row }
    }));
    push_more(rows, n_more);
}

fn row(names: [String; 2], group: &Group, filter: Option<String>, zone: Zone) -> Row {
    let figures = [group.sessions, group.failed, group.n_others].map(to_grouped);
    Row {
        key: names.join(" "),
        cells: names.into_iter().chain(figures).chain([last_text(group, zone)]).collect(),
        filter,
        part: part_of(group),
    }
}
