//! When something was seen: from when to when, and in which session first and last.
//!
//! In: times of rows. Out: [`Period`]s and [`Mark`]s.
//!
//! **Invariant**: the earliest and the latest are the same in any order of adding.

use std::ops::AddAssign;

use crate::record::value::Timestamp;

/// From the first time to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    first: Timestamp,
    last: Timestamp,
}

impl Default for Period {
    fn default() -> Self {
        Self { first: Timestamp(i64::MAX), last: Timestamp(i64::MIN) }
    }
}

impl Period {
    /// Takes a time in.
    #[inline]
    pub fn widen(&mut self, time: Option<Timestamp>) {
        if let Some(time) = time {
            self.first = self.first.min(time);
            self.last = self.last.max(time);
        }
    }

    /// The first and the last time, where there was one.
    pub fn ends(self) -> Option<(Timestamp, Timestamp)> {
        (self.first <= self.last).then_some((self.first, self.last))
    }

    /// Its length in milliseconds; 0 where nothing was seen.
    pub fn millis(self) -> i64 {
        self.ends().map_or(0, |(first, last)| last.millis_since(first))
    }
}

impl AddAssign<Self> for Period {
    fn add_assign(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// A time with the session it was seen in: what `show` takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The time.
    pub time: Timestamp,
    /// The session's id.
    pub id: Vec<u8>,
}

/// The first and the last session of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    ends: Option<(Mark, Mark)>,
}

impl Marks {
    /// Takes a session in; its id is written only where it is needed.
    #[inline]
    pub fn note(&mut self, time: Option<Timestamp>, write_id: &dyn Fn(&mut Vec<u8>)) {
        let Some(time) = time else { return };
        let Some((first, last)) = &mut self.ends else {
            let mut id = Vec::new();
            write_id(&mut id);
            let mark = Mark { time, id };
            self.ends = Some((mark.clone(), mark));
            return;
        };
        if time > last.time {
            last.time = time;
            last.id.clear();
            write_id(&mut last.id);
        } else if time <= first.time || time == last.time {
            let mut id = Vec::new();
            write_id(&mut id);
            self.take(&Mark { time, id });
        }
    }

    fn take(&mut self, mark: &Mark) {
        match &mut self.ends {
            None => self.ends = Some((mark.clone(), mark.clone())),
            Some((first, _)) if mark < first => first.clone_from(mark),
            Some((_, last)) if mark > last => last.clone_from(mark),
            Some(_) => {}
        }
    }

    /// The first session and the last, where there was one.
    pub fn ends(&self) -> Option<&(Mark, Mark)> {
        self.ends.as_ref()
    }
}

impl AddAssign<&Self> for Marks {
    fn add_assign(&mut self, other: &Self) {
        if let Some((first, last)) = &other.ends {
            self.take(first);
            self.take(last);
        }
    }
}

/// Ticks of 100 ns between 0001-01-01 and 1970-01-01.
const TICKS_TO_UNIX: i64 = 621_355_968_000_000_000;

/// How far two session ids of one run of the service lie apart at most: ids count sessions, and no
/// server has so many. In ticks it is 27 s, and no service runs and starts again within that.
const RUN_IDS: i64 = 1 << 28;

/// Returns when the service started, to the second, where it did so between two sessions of a server.
///
/// Session ids are counters that begin at the time of the service's start, in ticks: an id that lies
/// far above one from before, and not above the time of its own session, was counted from a new start.
/// Source: `log-format`, column session-id.
pub fn restart_between(before: &Mark, after: &Mark) -> Option<Timestamp> {
    let (old, new) = (ticks_of(&before.id)?, ticks_of(&after.id)?);
    let start = Timestamp(new.checked_sub(TICKS_TO_UNIX)?);
    let is_jump = new.checked_sub(old)? > RUN_IDS;
    let second = Timestamp(start.0 - start.0.rem_euclid(10_000_000));
    (is_jump && start > before.time && start <= after.time).then_some(second)
}

/// The number of an id `EX01/08DE2A1B3C4D5E6F`.
fn ticks_of(id: &[u8]) -> Option<i64> {
    let slash = memchr::memrchr(b'/', id)?;
    let digits = id[slash + 1..].split(|byte| *byte == b'~').next()?;
    i64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|_| digits.len() == 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text.as_bytes()).unwrap()
    }

    fn mark(text: &str, id: &str) -> Mark {
        Mark { time: time(text), id: id.as_bytes().to_vec() }
    }

    #[test]
    fn marks_are_the_same_in_any_order() {
        let seen = [(5, "b"), (5, "a"), (9, "c"), (9, "d"), (7, "e"), (5, "c"), (9, "a")];
        let told = |seen: &mut dyn Iterator<Item = &(i64, &str)>| {
            let mut marks = Marks::default();
            for (time, id) in seen {
                marks.note(Some(Timestamp(*time)), &|out| out.extend_from_slice(id.as_bytes()));
            }
            marks
        };
        let forth = told(&mut seen.iter());
        assert_eq!(forth, told(&mut seen.iter().rev()));
        let (first, last) = forth.ends().unwrap();
        assert_eq!((first.id.as_slice(), last.id.as_slice()), (&b"a"[..], &b"d"[..]));
    }

    #[test]
    fn restarts_show_in_the_ids() {
        // 08DF491A9AC4C2DF is a moment of 2026-11-23.
        let start = Timestamp(0x08DF_491A_9AC4_C2DF - TICKS_TO_UNIX);
        let before = mark("2026-11-20T00:00:00Z", "EX01/08DF480000000001");
        let after = Mark { time: Timestamp(start.0 + 10_000_000), id: b"EX01/08DF491A9AC4C2DF".to_vec() };
        assert_eq!(restart_between(&before, &after).map(|time| (start.0 - time.0) / 10_000_000), Some(0));
        let same_run = Mark { id: b"EX01/08DF491A9AC4C2D0".to_vec(), ..before.clone() };
        assert_eq!(restart_between(&same_run, &after), None);
        let late = Mark { time: Timestamp(start.0 + 1), ..before.clone() };
        assert_eq!(restart_between(&late, &after), None, "the old run was alive after the start");
        let odd = Mark { id: b"EX01/session-7".to_vec(), ..after };
        assert_eq!(restart_between(&before, &odd), None);
    }
}
