//! Sessions over time, in as many marks as fit a line.
//!
//! In: moments. Out: counts in steps of equal width.
//!
//! **Invariant**: the steps depend on the first and the last moment alone, and coarser steps are
//! made of whole finer ones, so timelines add up exactly, in any order, in bounded memory.

use std::ops::AddAssign;

use crate::record::value::Timestamp;

/// How many steps there are at most.
pub const MOST_TICKS: i64 = 48;

/// Widths of a step, each a multiple of the one before. Units: seconds. Behind the last they double.
const WIDTHS: [i64; 11] = [1, 5, 15, 60, 300, 900, 1800, 3600, 10_800, 43_200, 86_400];

/// What began in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Sessions.
    pub sessions: u64,
    /// Sessions that failed.
    pub failed: u64,
}

impl AddAssign for Tick {
    fn add_assign(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.failed += other.failed;
    }
}

/// Sessions over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// First and last moment, in seconds since 1970.
    span: Option<(i64, i64)>,
    /// Which width the steps have.
    width: usize,
    /// From the step of the first moment to that of the last.
    ticks: Vec<Tick>,
}

/// The seconds of the n-th width.
fn width_of(index: usize) -> i64 {
    match WIDTHS.get(index) {
        Some(width) => *width,
        // Forty doublings of a day are longer than any calendar.
        None => WIDTHS[WIDTHS.len() - 1] << (index - (WIDTHS.len() - 1)).min(40),
    }
}

/// How many steps of this width the span takes.
fn n_ticks((first, last): (i64, i64), width: i64) -> i64 {
    last.div_euclid(width) - first.div_euclid(width) + 1
}

impl Timeline {
    /// Adds one session that began then.
    #[inline]
    pub fn add(&mut self, time: Timestamp, tick: Tick) {
        let second = time.to_unix().0;
        self.stretch((second, second));
        let at = self.index(second);
        self.ticks[at] += tick;
    }

    /// The steps in order.
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// How long a step is, in seconds.
    pub fn width_seconds(&self) -> i64 {
        width_of(self.width)
    }

    /// When the first step begins and the last one ends.
    pub fn bounds(&self) -> Option<(Timestamp, Timestamp)> {
        let (first, _) = self.span?;
        let width = self.width_seconds();
        let start = first.div_euclid(width) * width;
        let end = start + width * i64::try_from(self.ticks.len()).unwrap_or(MOST_TICKS);
        Some((Timestamp::from_unix(start), Timestamp::from_unix(end)))
    }

    fn index(&self, second: i64) -> usize {
        let width = self.width_seconds();
        let first = self.span.map_or(second, |(first, _)| first);
        usize::try_from(second.div_euclid(width) - first.div_euclid(width)).unwrap_or_default()
    }

    /// Makes room for these moments.
    fn stretch(&mut self, (from, to): (i64, i64)) {
        let Some((first, last)) = self.span else {
            *self = Self::empty((from, to));
            return;
        };
        if first <= from {
            // Sessions mostly come in the order of time, and the next one mostly has room.
            let n_ticks = n_ticks((first, last.max(to)), self.width_seconds());
            if n_ticks <= MOST_TICKS {
                self.span = Some((first, last.max(to)));
                self.ticks.resize(usize::try_from(n_ticks).unwrap_or(1), Tick::default());
                return;
            }
        }
        let old = std::mem::replace(self, Self::empty((first.min(from), last.max(to))));
        self.take(&old);
    }

    /// Steps without anything, as wide as the span demands.
    fn empty(span: (i64, i64)) -> Self {
        let fits = |index: &usize| n_ticks(span, width_of(*index)) <= MOST_TICKS;
        let width = (0..WIDTHS.len() + 40).find(fits).unwrap_or(WIDTHS.len() + 39);
        let n_ticks = usize::try_from(n_ticks(span, width_of(width))).unwrap_or(1);
        Self { span: Some(span), width, ticks: vec![Tick::default(); n_ticks] }
    }

    /// Adds steps that lie within its own and are no wider.
    fn take(&mut self, other: &Self) {
        let Some((first, _)) = other.span else { return };
        let width = other.width_seconds();
        for (number, tick) in (0_i64..).zip(&other.ticks) {
            let start = (first.div_euclid(width) + number) * width;
            // The first step begins before the first moment.
            let at = self.index(start.max(first));
            self.ticks[at] += *tick;
        }
    }
}

impl AddAssign<&Self> for Timeline {
    fn add_assign(&mut self, other: &Self) {
        if let Some(span) = other.span {
            self.stretch(span);
            self.take(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(seconds: &[i64]) -> Timeline {
        let mut timeline = Timeline::default();
        for second in seconds {
            timeline.add(Timestamp::from_unix(*second), Tick { sessions: 1, failed: u64::from(second % 3 == 0) });
        }
        timeline
    }

    #[test]
    fn steps_are_as_wide_as_needed() {
        assert_eq!(of(&[]).bounds(), None);
        assert_eq!((of(&[7]).width_seconds(), of(&[7]).ticks().len()), (1, 1));
        let hour = of(&[3600, 7199]);
        assert_eq!((hour.width_seconds(), hour.ticks().len()), (300, 12));
        assert_eq!(hour.bounds(), Some((Timestamp::from_unix(3600), Timestamp::from_unix(7200))));
        assert_eq!(of(&[0, 86_399]).width_seconds(), 1800);
        assert_eq!(of(&[-62_135_596_800, 253_402_300_799]).ticks().len(), 29);
    }

    #[test]
    fn each_width_is_a_multiple_of_the_one_before() {
        for index in 1..WIDTHS.len() + 40 {
            assert_eq!(width_of(index) % width_of(index - 1), 0);
        }
    }

    proptest! {
        #[test]
        fn timelines_add_up(seconds in prop::collection::vec(-9_000_000_000..9_000_000_000_i64, 0..60), bits in 0..34_u32, at in any::<prop::sample::Index>()) {
            // From spans of one second to spans of centuries.
            let seconds: Vec<i64> = seconds.iter().map(|second| second >> bits).collect();
            let (one, other) = seconds.split_at(at.index(seconds.len() + 1));
            let whole = of(&seconds);
            for (first, then) in [(one, other), (other, one)] {
                let mut sum = of(first);
                sum += &of(then);
                prop_assert_eq!(&sum, &whole);
            }
            prop_assert_eq!(whole.ticks().iter().map(|tick| tick.sessions).sum::<u64>(), seconds.len() as u64);
            prop_assert!(whole.ticks().len() <= 48);
        }
    }
}
