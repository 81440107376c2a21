//! What listeners offer in their replies to EHLO, and when that changed.
//!
//! In: the rows of EHLO replies. Out: for each listener and each state of the connection a
//! [`History`]: what is offered, and every [`Change`] with the first session that saw it.
//!
//! Offers are told apart by the hour: the first and the last session of an hour with the same offer
//! are kept. So a change is placed to the session, unless an offer comes and goes within an hour.
//!
//! **Invariant**: an offer like the last one of its listener is compared, not parsed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::sync::Arc;

use crate::dialogue::extensions::read_extensions;
use crate::dialogue::facts::StartTls;
use crate::record::Marker;
use crate::record::value::Timestamp;
use crate::session::Session;

use super::bound::{Bounded, clipped};
use super::moment::{Mark, Marks, restart_between};
use super::{Listener, Visit};

/// How many hours of listeners are kept: twenty listeners in two states for more than half a year.
const SIGHTINGS: usize = 1 << 18;

/// A word that changes more often in a listener's history is no matter of configuration: it depends on
/// the client.
const MOST_CHANGES: usize = 6;

/// So does one that comes and goes within an hour more often than once.
const MOST_WITHIN_HOURS: usize = 1;

/// How much of an offer is kept, in bytes; Exchange's are below 400.
const OFFER_BYTES: usize = 2048;

const TICKS_PER_HOUR: i64 = 36_000_000_000;

/// The state of the connection when the offer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before TLS.
    Clear,
    /// After STARTTLS.
    Tls,
    /// After X-ANONYMOUSTLS, by which Exchange servers encrypt among themselves: they are offered more.
    AnonymousTls,
}

impl Phase {
    /// The state after TLS came up: by which command.
    pub(super) fn after_tls(visit: &Visit<'_>) -> Self {
        let rows = visit.case.session.rows;
        let answer = visit.case.facts.tls.answer_row.map_or(0, |row| row as usize).min(rows.len());
        let asked = rows[..answer].iter().rev().find(|row| row.marker == Marker::Received);
        let word = asked.map(|row| visit.case.session.as_data(row).as_inner()).unwrap_or_default();
        match word.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"X-")) {
            true => Self::AnonymousTls,
            false => Self::Tls,
        }
    }
}

/// An offer of a listener in an hour.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    listener: Arc<Listener>,
    phase: Phase,
    /// Hours since 1970.
    hour: i64,
    /// The words that are offered, in order, one a line.
    words: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sighting {
    sessions: u64,
    marks: Marks,
}

impl AddAssign<&Self> for Sighting {
    fn add_assign(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.marks += &other.marks;
    }
}

/// The last offers of a listener, by state.
#[derive(Debug)]
pub(super) struct Last {
    listener: Arc<Listener>,
    runs: [Option<Run>; 3],
    text: Vec<u8>,
}

impl Last {
    pub(super) fn new(listener: Arc<Listener>) -> Self {
        Self { listener, runs: [None, None, None], text: Vec::new() }
    }
}

/// Sessions that were made the same offer in the same hour.
#[derive(Debug)]
struct Run {
    /// The reply's text behind the greeting.
    text: Vec<u8>,
    hour: i64,
    words: Vec<u8>,
    sighting: Sighting,
}

/// What listeners offer.
#[derive(Clone, Debug)]
pub struct Offers {
    sightings: Bounded<Key, Sighting>,
}

impl Default for Offers {
    fn default() -> Self {
        Self { sightings: Bounded::new(SIGHTINGS) }
    }
}

impl AddAssign<&Self> for Offers {
    fn add_assign(&mut self, other: &Self) {
        self.sightings += &other.sightings;
    }
}

impl Offers {
    /// How many entries it holds.
    pub(super) fn n_held(&self) -> usize {
        self.sightings.len()
    }

    pub(super) fn take(&mut self, visit: &Visit<'_>, last: &mut Last) {
        let facts = visit.case.facts;
        // Where the head is cut, a list without STARTTLS may have been given after it.
        if !facts.ehlo_rows.is_empty() && !facts.is_head_cut {
            self.note(visit, Phase::Clear, &facts.ehlo_rows, last);
        }
        if !facts.ehlo_rows_tls.is_empty() && facts.tls.outcome == StartTls::Succeeded {
            self.note(visit, Phase::after_tls(visit), &facts.ehlo_rows_tls, last);
        }
    }

    fn note(&mut self, visit: &Visit<'_>, phase: Phase, rows: &[u32], last: &mut Last) {
        let Some(time) = visit.row_time(rows[0]) else { return };
        let Last { listener, runs, text } = last;
        let hour = time.0.div_euclid(TICKS_PER_HOUR);
        let slot = &mut runs[phase as usize];
        let is_known = |run: &Run| run.hour == hour && is_offer_of(visit.case.session, rows, &run.text);
        if !slot.as_ref().is_some_and(is_known) {
            write_offer(visit.case.session, rows, text);
            let words = match slot.take() {
                Some(run) if run.text == *text => {
                    let words = run.words.clone();
                    self.flush(listener, phase, run);
                    words
                }
                other => {
                    if let Some(run) = other {
                        self.flush(listener, phase, run);
                    }
                    to_words(&read_extensions(visit.case.session, rows))
                }
            };
            *slot = Some(Run { text: text.clone(), hour, words, sighting: Sighting::default() });
        }
        if let Some(Run { sighting, .. }) = slot {
            sighting.sessions += 1;
            sighting.marks.note(Some(time), &|out| visit.write_id(out));
        }
    }

    fn flush(&mut self, listener: &Arc<Listener>, phase: Phase, run: Run) {
        // A client that says HELO is offered nothing.
        if run.words.is_empty() {
            return;
        }
        let key = Key { listener: Arc::clone(listener), phase, hour: run.hour, words: run.words };
        if let Some(sighting) = self.sightings.entry(&key) {
            *sighting += &run.sighting;
        }
    }

    pub(super) fn end(&mut self, last: Last) {
        for (run, phase) in last.runs.into_iter().zip([Phase::Clear, Phase::Tls, Phase::AnonymousTls]) {
            if let Some(run) = run {
                self.flush(&last.listener, phase, run);
            }
        }
    }

    /// Whether there was more than is kept: changes may then be missed or come late.
    pub fn is_exceeded(&self) -> bool {
        self.sightings.is_exceeded()
    }

    /// What each listener offered, in the order of listeners and states.
    pub fn histories(&self) -> Vec<History> {
        let mut by_listener: BTreeMap<(&Listener, Phase), Vec<Stretch<'_>>> = BTreeMap::new();
        for (key, sighting) in self.sightings.kept() {
            let Some((first, last)) = sighting.marks.ends() else { continue };
            let words = key.words.split(|byte| *byte == b'\n').collect();
            let stretch = Stretch { sessions: sighting.sessions, first, last, words };
            by_listener.entry((&*key.listener, key.phase)).or_default().push(stretch);
        }
        by_listener.into_iter().map(|((listener, phase), stretches)| history(listener, phase, stretches)).collect()
    }
}

/// Sessions of an hour that were made the same offer.
struct Stretch<'a> {
    sessions: u64,
    first: &'a Mark,
    last: &'a Mark,
    words: BTreeSet<&'a [u8]>,
}

/// What a listener offered in one state of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The listener.
    pub listener: Listener,
    /// The state.
    pub phase: Phase,
    /// How many sessions were made an offer.
    pub sessions: u64,
    /// The first session's time, and the last one's.
    pub ends: (Timestamp, Timestamp),
    /// What the last session was offered.
    pub words: Vec<Vec<u8>>,
    /// What changed, in the order of time.
    pub changes: Vec<Change>,
    /// Words that come and go too often to be a change: they depend on the client.
    pub unsteady: Vec<Vec<u8>>,
}

/// A change of what is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The last session with the old offer, where it is known.
    pub before: Option<Mark>,
    /// The first session with the new one.
    pub since: Mark,
    /// Whether an earlier session of the same hour may have had the new offer already.
    pub is_late: bool,
    /// When the service started in between, if it did.
    pub restart: Option<Timestamp>,
    /// What is offered since then.
    pub gained: Vec<Vec<u8>>,
    /// What is not offered any more.
    pub lost: Vec<Vec<u8>>,
}

impl Change {
    /// Whether it bears on encryption or logging in.
    pub fn is_grave(&self) -> bool {
        let mut words = self.gained.iter().chain(&self.lost);
        words.any(|word| word == b"STARTTLS" || word.starts_with(b"AUTH "))
    }
}

/// A word that appears, or goes.
#[derive(Clone, Copy)]
struct Turn<'a> {
    before: Option<&'a Mark>,
    since: &'a Mark,
    is_late: bool,
    is_gained: bool,
}

fn history(listener: &Listener, phase: Phase, mut stretches: Vec<Stretch<'_>>) -> History {
    stretches.sort_by_key(|stretch| (stretch.first, stretch.last));
    let mut changes: BTreeMap<(&Mark, Option<&Mark>), Change> = BTreeMap::new();
    let mut unsteady = Vec::new();
    for (word, course) in courses(&stretches) {
        if course.is_unsteady() {
            unsteady.push(word.to_vec());
            continue;
        }
        for turn in course.turns {
            let change = changes.entry((turn.since, turn.before)).or_insert_with(|| Change {
                before: turn.before.cloned(),
                since: turn.since.clone(),
                is_late: turn.is_late,
                restart: turn.before.and_then(|before| restart_between(before, turn.since)),
                gained: Vec::new(),
                lost: Vec::new(),
            });
            if turn.is_gained { &mut change.gained } else { &mut change.lost }.push(word.to_vec());
        }
    }
    let newest = stretches.iter().max_by_key(|stretch| stretch.last);
    let first = stretches.iter().map(|stretch| stretch.first.time).min().unwrap_or(Timestamp(0));
    History {
        listener: listener.clone(),
        phase,
        sessions: stretches.iter().map(|stretch| stretch.sessions).sum(),
        ends: (first, newest.map_or(first, |stretch| stretch.last.time)),
        words: newest.into_iter().flat_map(|stretch| stretch.words.iter().map(|word| word.to_vec())).collect(),
        changes: changes.into_values().collect(),
        unsteady,
    }
}

/// When each word appears and goes.
///
/// A log can be made in which every offer has words of its own, so no word is looked for where it is
/// not: the stretches between two that have it are passed over together.
fn courses<'a>(stretches: &[Stretch<'a>]) -> BTreeMap<&'a [u8], Course<'a>> {
    let mut courses: BTreeMap<&[u8], Course<'_>> = BTreeMap::new();
    let mut latest = Latest::default();
    for (at, Stretch { first, last, words, .. }) in stretches.iter().enumerate() {
        for word in words {
            let course = courses.entry(word).or_default();
            course.miss(at, stretches, &latest);
            course.meet(true, first, last);
            course.next = at + 1;
        }
        latest.push(at, last);
    }
    for course in courses.values_mut() {
        course.miss(stretches.len(), stretches, &latest);
    }
    courses
}

/// When a word appears and goes. Where two offers of an hour overlap, the one that began later lies
/// within the other, and the other goes on behind it.
#[derive(Default)]
struct Course<'a> {
    turns: Vec<Turn<'a>>,
    /// Whether the word is offered, and until when at least.
    now: Option<(bool, &'a Mark)>,
    /// The first stretch that was not looked at.
    next: usize,
}

impl<'a> Course<'a> {
    fn is_unsteady(&self) -> bool {
        let n_within = self.turns.iter().filter(|turn| turn.is_late).count();
        self.turns.len() > MOST_CHANGES || n_within > MOST_WITHIN_HOURS
    }

    /// Takes in the stretches before `end`, none of which has the word.
    fn miss(&mut self, end: usize, stretches: &[Stretch<'a>], latest: &Latest<'a>) {
        while self.next < end && !self.is_unsteady() {
            let Stretch { first, last, .. } = &stretches[self.next];
            match self.now {
                Some((true, _)) => {
                    self.meet(false, first, last);
                    self.next += 1;
                }
                _ => {
                    self.now =
                        latest.since(self.next).map(|last| (false, self.now.map_or(last, |now| now.1.max(last))));
                    self.next = end;
                }
            }
        }
    }

    /// Takes in a stretch that has the word, or has it not.
    fn meet(&mut self, is_offered: bool, first: &'a Mark, last: &'a Mark) {
        if self.is_unsteady() {
            return;
        }
        self.now = match self.now {
            Some((was_offered, until)) if was_offered == is_offered => Some((is_offered, until.max(last))),
            Some((was_offered, until)) if until > last => {
                self.turns.push(Turn { before: None, since: first, is_late: false, is_gained: is_offered });
                self.turns.push(Turn { before: Some(last), since: until, is_late: true, is_gained: was_offered });
                Some((was_offered, until))
            }
            Some((_, until)) => {
                let before = (until < first).then_some(until);
                self.turns.push(Turn { before, since: first, is_late: false, is_gained: is_offered });
                Some((is_offered, last))
            }
            None => Some((is_offered, last)),
        };
    }
}

/// The latest end among the stretches from any place on to the last that was pushed.
#[derive(Default)]
struct Latest<'a> {
    /// Each later one ends earlier.
    ends: Vec<(usize, &'a Mark)>,
}

impl<'a> Latest<'a> {
    fn push(&mut self, at: usize, last: &'a Mark) {
        while self.ends.pop_if(|(_, known)| *known <= last).is_some() {}
        self.ends.push((at, last));
    }

    fn since(&self, from: usize) -> Option<&'a Mark> {
        self.ends.get(self.ends.partition_point(|(at, _)| *at < from)).map(|(_, last)| *last)
    }
}

/// Writes what tells one offer from another as it stands in the log: the reply without the greeting,
/// which names the client.
///
/// Shape: `250  mail.contoso.com Hello [192.0.2.20] SIZE 37748736 PIPELINING …` in one row, or a row a
/// line, of which the first greets.
fn write_offer(session: &Session<'_>, rows: &[u32], text: &mut Vec<u8>) {
    text.clear();
    for line in offer_lines(session, rows) {
        text.extend_from_slice(clipped(line, OFFER_BYTES.saturating_sub(text.len())));
        text.push(b'\n');
    }
}

/// Whether the text is what [`write_offer`] would write.
fn is_offer_of(session: &Session<'_>, rows: &[u32], text: &[u8]) -> bool {
    let mut at = 0;
    for line in offer_lines(session, rows) {
        let line = clipped(line, OFFER_BYTES.saturating_sub(at));
        let end = at + line.len();
        if text.get(at..end) != Some(line) || text.get(end) != Some(&b'\n') {
            return false;
        }
        at = end + 1;
    }
    at == text.len()
}

/// The lines of an offer, the greeting taken off the first.
fn offer_lines<'a>(session: &'a Session<'a>, rows: &'a [u32]) -> impl Iterator<Item = &'a [u8]> {
    rows.iter().filter_map(|row| session.rows.get(*row as usize)).enumerate().map(|(number, row)| {
        let data = session.as_data(row).as_inner();
        let greeting_end = if number == 0 { memchr::memchr(b']', data) } else { None };
        &data[greeting_end.map_or(0, |at| at + 1)..]
    })
}

/// The words of an offer in order, one a line: mechanisms apart, so that each can come and go.
fn to_words(extensions: &[&[u8]]) -> Vec<u8> {
    let mut words = BTreeSet::new();
    for extension in extensions {
        let upper = extension.trim_ascii().to_ascii_uppercase();
        let mut parts = upper.split(|byte| matches!(byte, b' ' | b'=')).filter(|part| !part.is_empty());
        match parts.next() {
            Some(name @ (b"AUTH" | b"X-EXPS")) => words.extend(parts.map(|part| [name, part].join(&b' '))),
            Some(_) => drop(words.insert(upper)),
            None => {}
        }
    }
    let words: Vec<Vec<u8>> = words.into_iter().collect();
    clipped(&words.join(&b'\n'), OFFER_BYTES).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain twin of [`courses`]: asks every stretch for the word.
    fn turns_of<'a>(word: &[u8], stretches: &[Stretch<'a>]) -> Course<'a> {
        let mut course = Course::default();
        for Stretch { first, last, words, .. } in stretches {
            course.meet(words.contains(word), first, last);
        }
        course
    }

    proptest! {
        #[test]
        fn no_word_is_looked_for_where_it_is_not(
            offers in prop::collection::vec((0..20_i64, 0..9_i64, prop::collection::btree_set(0..5_usize, 0..4)), 0..14),
        ) {
            const WORDS: [&[u8]; 5] = [b"A", b"B", b"C", b"D", b"E"];
            let marks: Vec<(Mark, Mark)> = offers.iter().map(|(from, more, _)| (mark(*from), mark(from + more))).collect();
            let stretch = |((first, last), (_, _, words)): (_, &(i64, i64, BTreeSet<usize>))| {
                Stretch { sessions: 1, first, last, words: words.iter().map(|word| WORDS[*word]).collect() }
            };
            let mut stretches: Vec<Stretch<'_>> = marks.iter().map(|(a, b)| (a, b)).zip(&offers).map(stretch).collect();
            stretches.sort_by_key(|stretch| (stretch.first, stretch.last));
            for (word, course) in courses(&stretches) {
                let plain = turns_of(word, &stretches);
                prop_assert_eq!(course.is_unsteady(), plain.is_unsteady());
                let told = |course: &Course<'_>| -> Vec<_> {
                    let turns = course.turns.iter();
                    turns.map(|turn| (turn.before.cloned(), turn.since.clone(), turn.is_late, turn.is_gained)).collect()
                };
                prop_assert_eq!(told(&course), told(&plain));
            }
        }
    }

    #[test]
    fn words_are_sorted_and_mechanisms_apart() {
        let extensions = [&b"SIZE 100"[..], b"AUTH NTLM LOGIN", b"AUTH=LOGIN", b"x-exps GSSAPI", b"STARTTLS", b" "];
        let words = String::from_utf8(to_words(&extensions)).unwrap();
        assert_eq!(words, "AUTH LOGIN\nAUTH NTLM\nSIZE 100\nSTARTTLS\nX-EXPS GSSAPI");
    }

    fn mark(time: i64) -> Mark {
        Mark { time: Timestamp(time), id: b"EX01/x".to_vec() }
    }

    /// Offers `(first, last, words)`; which changes are seen, as `time +gained -lost`.
    #[track_caller]
    fn check(offers: &[(i64, i64, &str)], expected: &[&str]) {
        let marks: Vec<(Mark, Mark)> = offers.iter().map(|(first, last, _)| (mark(*first), mark(*last))).collect();
        let stretch = |(marks, (_, _, words)): (&'static (Mark, Mark), &(i64, i64, &'static str))| Stretch {
            sessions: 1,
            first: &marks.0,
            last: &marks.1,
            words: words.split(' ').map(str::as_bytes).collect(),
        };
        let marks: &'static [(Mark, Mark)] = marks.leak();
        let offers: Vec<(i64, i64, &'static str)> =
            offers.iter().map(|(first, last, words)| (*first, *last, &*words.to_string().leak())).collect();
        let listener = Listener { server: Vec::new(), connector: Vec::new(), port: None };
        let history = history(&listener, Phase::Clear, marks.iter().zip(&offers).map(stretch).collect());
        let text = |words: &[Vec<u8>]| String::from_utf8(words.join(&b' ')).unwrap();
        let told =
            |change: &Change| format!("{} +{} -{}", change.since.time.0, text(&change.gained), text(&change.lost));
        let unsteady = (!history.unsteady.is_empty()).then(|| format!("unsteady {}", text(&history.unsteady)));
        let told: Vec<String> = history.changes.iter().map(told).chain(unsteady).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn changes() {
        check(&[(1, 5, "A S"), (6, 9, "A S")], &[]);
        check(&[(1, 5, "A S"), (6, 9, "A")], &["6 + -S"]);
        check(&[(1, 5, "A S"), (6, 9, "A B"), (10, 12, "A S")], &["6 +B -S", "10 +S -B"]);
        // Two offers of one hour: the second lies within the first.
        check(&[(1, 9, "A S"), (4, 6, "A")], &["4 + -S", "9 +S -"]);
    }

    #[test]
    fn what_depends_on_the_client_is_no_change() {
        let offers: Vec<(i64, i64, &str)> =
            (0..9).map(|hour| (hour * 10, hour * 10 + 5, if hour % 2 == 0 { "A" } else { "A X" })).collect();
        check(&offers, &["unsteady X"]);
        check(&[(1, 9, "A S"), (4, 6, "A"), (11, 19, "A S"), (13, 17, "A")], &["unsteady S"]);
    }
}
