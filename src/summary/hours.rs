//! The hours in which a server logged anything, and those in which it did not.
//!
//! In: the rows' times. Out: gaps of whole hours.
//!
//! **Invariant**: a gap lies between two rows of the same server and is made of whole hours of UTC.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use crate::record::value::Timestamp;
use crate::session::Session;

const SECONDS_PER_HOUR: i64 = 3600;

/// The hours in which rows stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    /// Hours since 1970.
    hours: BTreeSet<i64>,
    /// The one that was met last, as nearly every session lies in it.
    latest: Option<i64>,
}

/// Whole hours without a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
}

impl Gap {
    /// How many hours it has.
    pub fn hours(self) -> i64 {
        (self.to.to_unix().0 - self.from.to_unix().0) / SECONDS_PER_HOUR
    }
}

fn hour_of(time: Timestamp) -> i64 {
    time.to_unix().0.div_euclid(SECONDS_PER_HOUR)
}

impl Hours {
    /// Adds the hours in which the session's rows stand.
    #[inline]
    pub fn take(&mut self, session: &Session<'_>, start: Timestamp, end: Timestamp) {
        self.add(hour_of(start));
        if hour_of(start) != hour_of(end) {
            for time in session.rows.iter().filter_map(|row| session.time(row)) {
                self.add(hour_of(time));
            }
        }
    }

    fn add(&mut self, hour: i64) {
        if self.latest != Some(hour) {
            self.hours.insert(hour);
            self.latest = Some(hour);
        }
    }

    /// Whole hours without a row, in order.
    pub fn gaps(&self) -> Vec<Gap> {
        let time = |hour: i64| Timestamp::from_unix(hour * SECONDS_PER_HOUR);
        let pairs = self.hours.iter().zip(self.hours.iter().skip(1)).filter(|(one, next)| *next - *one > 1);
        pairs.map(|(one, next)| Gap { from: time(one + 1), to: time(*next) }).collect()
    }
}

impl AddAssign<&Self> for Hours {
    fn add_assign(&mut self, other: &Self) {
        self.hours.extend(&other.hours);
        // Not a figure: whichever it is, sums of the same hours are the same.
        self.latest = self.hours.last().copied();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_whole_hours_between_rows() {
        let mut hours = Hours::default();
        for hour in [5, 5, 6, 9, 10, 12] {
            hours.add(hour);
        }
        let gaps: Vec<(i64, i64)> = hours.gaps().iter().map(|gap| (gap.from.to_unix().0 / 3600, gap.hours())).collect();
        assert_eq!(gaps, [(7, 2), (11, 1)]);
        let mut more = Hours::default();
        more.add(7);
        more += &hours;
        assert_eq!(more.gaps().len(), 2);
        assert_eq!(Hours::default().gaps(), []);
    }
}
