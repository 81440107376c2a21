//! One term as it is asked of a session.
//!
//! In: a [`Subject`]. Out: whether it is meant.
//!
//! **Invariant**: reads facts; the rows' bytes are touched by [`Question::Code`] and [`Question::Rows`] alone.

use std::net::IpAddr;

use super::address::Network;
use super::field::{Field, ROLE_WORDS, TLS_ORDERED_FROM};
use super::pattern::{Pattern, RowPattern};
use super::subject::Subject;
use super::values::Values;
use crate::dialogue::facts::StartTls;

/// How a number has to stand to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Compare {
    pub(super) fn holds<T: PartialOrd + Copy>(self, one: T, other: T) -> bool {
        match self {
            Self::Less => one < other,
            Self::AtMost => one <= other,
            Self::Equal => one == other,
            Self::AtLeast => one >= other,
            Self::More => one > other,
        }
    }
}

/// Which replies are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeTest {
    /// Codes from the first to the last.
    Within(u16, u16),
    /// Codes that stand so to this one.
    Compared(Compare, u16),
    /// Enhanced statuses; `None` is any number.
    Status(Option<u16>, Option<u16>, Option<u16>),
}

impl CodeTest {
    fn is_match(self, code: u16, status: (u8, u16, u16)) -> bool {
        let fits = |asked: Option<u16>, given: u16| asked.is_none_or(|asked| asked == given);
        match self {
            Self::Within(from, to) => (from..=to).contains(&code),
            Self::Compared(compare, asked) => compare.holds(code, asked),
            Self::Status(class, subject, detail) => {
                // No reply has a class of 0: it stands for a reply without a status.
                status.0 > 0 && fits(class, status.0.into()) && fits(subject, status.1) && fits(detail, status.2)
            }
        }
    }
}

/// Which connectors are meant.
#[derive(Clone, Debug)]
pub(super) enum ConnectorTest {
    /// Those of such a name.
    Name(Pattern),
    /// Those of such a name, which has a backslash, and those of such a server and name: its two parts.
    NameOrParts(Pattern, (Pattern, Pattern)),
    /// Those of such a name, alone or behind the server.
    InFull(Pattern),
}

impl ConnectorTest {
    fn is_match<S: Subject + ?Sized>(&self, name: &[u8], subject: &S) -> bool {
        match self {
            Self::Name(pattern) => pattern.is_match(name),
            Self::NameOrParts(pattern, (server, of_server)) => {
                pattern.is_match(name) || of_server.is_match(name) && server.is_match(&subject.server())
            }
            Self::InFull(pattern) => pattern.is_match(name) || is_in_full(&subject.server(), name, pattern),
        }
    }
}

/// As much as Exchange lets the names of a server and a connector have, and more.
const FULL_NAME_BYTES: usize = 512;

/// Whether a connector is meant by its name behind its server, as Exchange itself names it. Nothing is allocated
/// but for names that are none of Exchange's.
fn is_in_full(server: &[u8], name: &[u8], pattern: &Pattern) -> bool {
    let mut room = [0; FULL_NAME_BYTES];
    let Some(full) = room.get_mut(..server.len() + 1 + name.len()) else {
        return pattern.is_match(&[server, name].join(&b'\\'));
    };
    full[..server.len()].copy_from_slice(server);
    full[server.len()] = b'\\';
    full[server.len() + 1..].copy_from_slice(name);
    pattern.is_match(full)
}

/// One term, ready to be asked. Where it holds several values, any of them will do.
#[derive(Clone, Debug)]
pub(super) enum Question {
    Address(Field, Vec<Network>),
    Number(Field, Vec<(Compare, u64)>),
    /// A bit for each of the field's words.
    Word(Field, u8),
    /// A bit for each severity.
    Severity(u8),
    Rule(Vec<&'static str>),
    Text(Field, Vec<Pattern>),
    Connector(Vec<ConnectorTest>),
    Code(Vec<CodeTest>),
    Rows(RowPattern),
}

impl Question {
    /// How long it takes, compared with others: what is cheap is asked first.
    pub(super) fn cost(&self) -> u8 {
        match self {
            Self::Address(..) | Self::Word(Field::Role, _) => 4,
            Self::Word(..) => 0,
            Self::Severity(_) => 1,
            Self::Number(field, _) => match field {
                // The port is read from a column of a row.
                Field::Port => 4,
                _ => 0,
            },
            Self::Rule(_) => 2,
            Self::Text(field, _) => match field {
                Field::Cert => 9,
                _ => 5,
            },
            Self::Connector(_) => 5,
            Self::Code(_) => 8,
            Self::Rows(pattern) => match pattern.is_literal() {
                true => 10,
                false => 11,
            },
        }
    }

    /// Whether it is about what only rows tell.
    pub(super) fn needs_rows(&self) -> bool {
        match self {
            Self::Rows(_) => true,
            Self::Text(field, _) => matches!(field, Field::Cert | Field::From | Field::To | Field::MsgId),
            _ => false,
        }
    }

    /// The field that all of the answer hangs on, where values of its kind can have numbers. An id has
    /// shorter forms, and two ids that are the same in full can differ in those: only what their parts tell
    /// hangs on the number.
    pub(super) fn numbered_field(&self) -> Option<Field> {
        match self {
            Self::Text(Field::Id, patterns) if !patterns.iter().all(Pattern::is_of_parts) => None,
            Self::Address(field, _)
            | Self::Text(field, _)
            | Self::Number(field @ Field::Port, _)
            | Self::Word(field, _) => Some(*field),
            Self::Severity(_) => Some(Field::Severity),
            Self::Rule(_) => Some(Field::Rule),
            Self::Connector(_) => Some(Field::Connector),
            Self::Code(_) => Some(Field::Code),
            Self::Number(..) | Self::Rows(_) => None,
        }
    }

    /// The field, where all is a matter of how its figure stands to others.
    pub(super) fn figure_field(&self) -> Option<Field> {
        match self {
            Self::Number(field, _) => Some(*field),
            _ => None,
        }
    }

    /// Whether a figure of its field is meant.
    pub(super) fn is_figure(&self, figure: Option<u64>) -> bool {
        let Self::Number(_, asked) = self else { return false };
        figure.is_some_and(|figure| asked.iter().any(|(compare, value)| compare.holds(figure, *value)))
    }

    /// Answers for all values of its field, by their numbers: that takes less time than one after the other,
    /// where most will be asked about. `answers` is empty, and stays so where such values are not asked about.
    pub(super) fn answer_all(&self, values: Values<'_>, answers: &mut Vec<Option<bool>>) {
        match (self, values) {
            (Self::Text(_, patterns), Values::Texts(texts)) => {
                answers.push(None);
                answers.resize(1 + texts.len(), Some(false));
                let mut found = |nth: usize| answers[1 + nth] = Some(true);
                for pattern in patterns {
                    pattern.find_texts(texts, &mut found);
                }
            }
            (Self::Address(_, networks), Values::Addresses(addresses)) => {
                answers.extend(addresses.iter().map(|address| Some(is_any_of(networks, *address))));
            }
            _ => {}
        }
    }

    pub(super) fn is_match<S: Subject + ?Sized>(&self, subject: &S) -> bool {
        match self {
            Self::Address(field, networks) => {
                let address = if *field == Field::Local { subject.local_ip() } else { subject.ip() };
                is_any_of(networks, address)
            }
            Self::Number(field, _) => self.is_figure(number(*field, subject)),
            Self::Word(field, words) => word(*field, subject).is_some_and(|word| words & (1 << word) != 0),
            Self::Severity(words) => subject.any_finding(&mut |_, severity| words & (1 << severity as u8) != 0),
            Self::Rule(rules) => subject.any_finding(&mut |rule, _| rules.contains(&rule)),
            Self::Text(field, patterns) => {
                any_text(*field, subject, &mut |value| patterns.iter().any(|pattern| pattern.is_match(value)))
            }
            Self::Connector(connectors) => {
                let name = subject.connector();
                connectors.iter().any(|connector| connector.is_match(&name, subject))
            }
            Self::Code(codes) => {
                subject.any_reply(&mut |code, status| codes.iter().any(|test| test.is_match(code, status)))
            }
            Self::Rows(pattern) => subject.any_row(&mut |row| pattern.is_match(row)),
        }
    }
}

fn is_any_of(networks: &[Network], address: Option<IpAddr>) -> bool {
    address.is_some_and(|address| networks.iter().any(|network| network.contains(address)))
}

fn number<S: Subject + ?Sized>(field: Field, subject: &S) -> Option<u64> {
    match field {
        Field::Port => subject.port().map(u64::from),
        Field::Failures => Some(subject.failures().into()),
        Field::Mails => Some(subject.mails().into()),
        Field::Bytes => Some(subject.bytes()),
        Field::Lines => Some(subject.lines()),
        Field::Duration => subject.duration_ms(),
        Field::Tarpit => Some(subject.tarpit_ms()),
        _ => None,
    }
}

/// Which of the field's words is true of the subject, by its place in the list.
fn word<S: Subject + ?Sized>(field: Field, subject: &S) -> Option<usize> {
    match field {
        Field::StartTls => Some(subject.starttls() as usize),
        Field::Auth => Some(subject.auth() as usize),
        Field::Role => Some(subject.role().map_or(ROLE_WORDS.len() - 1, |role| role as usize)),
        Field::Verdict => Some(subject.verdict() as usize),
        Field::Tls => Some(match (subject.protocol(), subject.starttls()) {
            (Some(protocol), _) => TLS_ORDERED_FROM + protocol as usize,
            (None, StartTls::Succeeded) => 1,
            (None, _) => 0,
        }),
        _ => None,
    }
}

/// Whether any value of the field passes. A single value that is missing is the empty text; a list
/// without values has none.
fn any_text<S: Subject + ?Sized>(field: Field, subject: &S, test: super::subject::Test<'_>) -> bool {
    match field {
        Field::Server => test(&subject.server()),
        Field::File => subject.any_file(test),
        Field::Id => subject.any_id(test),
        Field::Helo => test(&subject.helo().unwrap_or_default()),
        Field::Banner => test(&subject.banner().unwrap_or_default()),
        Field::Cipher => test(&subject.cipher().unwrap_or_default()),
        Field::Cert => subject.any_certificate_text(test),
        Field::Mechanism => test(&subject.mechanism().unwrap_or_default()),
        Field::User => test(&subject.user().unwrap_or_default()),
        Field::Error => subject.any_error(test),
        Field::From => subject.any_sender(test),
        Field::To => subject.any_recipient(test),
        Field::MsgId => subject.any_message_id(test),
        Field::End => match subject.end() {
            Some(context) => test(&context),
            None => test(b"open"),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::regex;
    use super::*;

    #[test]
    fn names_of_any_length_stand_behind_their_server() {
        let pattern = Pattern::Regex(regex(r"^(?:EX)+\\Default$", false).unwrap());
        for n_bytes in [2, FULL_NAME_BYTES - 10, FULL_NAME_BYTES - 8, FULL_NAME_BYTES - 6, 2 * FULL_NAME_BYTES] {
            let server = b"EX".repeat(n_bytes / 2);
            assert!(is_in_full(&server, b"Default", &pattern), "{n_bytes}");
            assert!(!is_in_full(&server, b"Defaults", &pattern), "{n_bytes}");
        }
    }
}
