//! Moments and lengths of time, as they are typed.
//!
//! In: what was typed. Out: a `When`, a length in milliseconds.
//!
//! **Invariant**: no clock; what is relative is resolved by the [`Times`] that are passed in.

use crate::record::value::Timestamp;

use super::error::Problem;

const TICKS_PER_MS: i64 = 10_000;
const TICKS_PER_DAY: i64 = 86_400_000 * TICKS_PER_MS;

/// What relative times are relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The present.
    pub now: Timestamp,
    /// The last moment in the logs, if any is known.
    pub last: Option<Timestamp>,
}

/// A moment as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    At(Timestamp),
    /// On the last day in the logs. Units: ticks since midnight.
    OnLastDay(i64),
    /// Units: ticks before the present.
    Ago(i64),
}

impl When {
    /// Reads `2026-11-23`, `2026-11-23T08:30`, `08:30`, `-2h`; seconds, their fraction, `Z` or an
    /// offset may follow.
    ///
    /// Errors: anything else.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let parsed = match text.strip_prefix('-') {
            Some(length) => return parse_length(length).map(ago).map_err(|_| no_time(text)),
            None if is_span(text) => {
                let remedy = "a span has two times, `after:08:30 before:09:00`; an offset like that goes with a day";
                return Err(no_time(text).help(remedy));
            }
            None if is_clock(text) => parse_clock(text).map(Self::OnLastDay),
            None => parse_date_time(text).map(Self::At),
        };
        parsed.ok_or_else(|| no_time(text))
    }

    pub(super) fn resolve(self, times: &Times) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::OnLastDay(ticks) => {
                let last = times.last.unwrap_or(times.now).0;
                Timestamp(last.div_euclid(TICKS_PER_DAY) * TICKS_PER_DAY + ticks)
            }
            Self::Ago(ticks) => Timestamp(times.now.0.saturating_sub(ticks)),
        }
    }
}

fn ago(length_ms: u64) -> When {
    When::Ago(i64::try_from(length_ms).unwrap_or(i64::MAX).saturating_mul(TICKS_PER_MS))
}

fn no_time(text: &str) -> Problem {
    let problem = Problem::new(format!("`{text}` is no time"))
        .expected("2026-11-23, 2026-11-23T08:30, 08:30 (the last day in the logs), or -2h (before now)");
    let is_day = ["today", "yesterday"].iter().any(|day| day.eq_ignore_ascii_case(text));
    match parse_length(text) {
        _ if is_day => problem.help("for a day before now, `-24h`"),
        Ok(length_ms) if length_ms > 0 => problem.help(format!("did you mean `-{text}`?")),
        _ => problem,
    }
}

fn is_clock(text: &str) -> bool {
    text.find(':').is_some_and(|at| at <= 2)
}

/// Whether it is `08:30-09:00`, where few mean an offset; `08:30-05:00` is no span.
fn is_span(text: &str) -> bool {
    let ticks = |clock: &str| is_clock(clock).then(|| parse_clock(clock)).flatten();
    text.split_once('-').and_then(|(from, to)| ticks(from).zip(ticks(to))).is_some_and(|(from, to)| from < to)
}

/// Reads `08:30`, `08:30:15.250`, with or without `Z`. Units: ticks since midnight.
fn parse_clock(text: &str) -> Option<i64> {
    parse_date_time(&format!("1970-01-01T{text}")).map(|moment| moment.0)
}

fn parse_date_time(text: &str) -> Option<Timestamp> {
    let (date, clock) = match text.split_once(['T', 't', ' ']) {
        Some((date, clock)) => (date, clock),
        None => (text, "00:00"),
    };
    let (clock, offset_ms) = split_offset(clock)?;
    let (hour, minutes) = clock.split_at_checked(clock.find(':').filter(|at| *at > 0)?)?;
    let seconds = if minutes.matches(':').count() == 1 { ":00" } else { "" };
    let moment = Timestamp::parse(format!("{date}T{hour:0>2}{minutes}{seconds}Z").as_bytes())?;
    Some(Timestamp(moment.0 - offset_ms * TICKS_PER_MS))
}

/// Splits `Z` or `+02:00` off.
fn split_offset(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = clock.find(['+', '-']) else { return Some((clock, 0)) };
    let (clock, offset) = clock.split_at(at);
    let (hours, minutes) = offset[1..].split_once(':')?;
    let number = |digits: &str, most: i64| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|value| is_number && *value <= most)
    };
    let minutes = number(hours, 23)? * 60 + number(minutes, 59)?;
    Some((clock, if offset.starts_with('-') { -minutes } else { minutes } * 60_000))
}

/// The units of lengths of time, as they may be written, in milliseconds.
const UNITS: [(&[&str], u64); 5] = [
    (&["ms", "msec", "millisecond", "milliseconds"], 1),
    (&["s", "sec", "secs", "second", "seconds"], 1000),
    (&["m", "min", "mins", "minute", "minutes"], 60_000),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600_000),
    (&["d", "day", "days"], 86_400_000),
];

/// How many milliseconds a unit has; letter case is ignored.
fn unit_of(name: &str) -> Option<u64> {
    let has_name = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    UNITS.iter().find(|(names, _)| has_name(names)).map(|(_, unit_ms)| *unit_ms)
}

/// Whether a word is the name of a unit of time.
pub(super) fn is_unit_of_time(name: &str) -> bool {
    unit_of(name).is_some()
}

/// Reads `30s`, `1.5h`, `1h30m`; 0 needs no unit. Units: milliseconds.
///
/// Errors: anything else.
pub(super) fn parse_length(text: &str) -> Result<u64, Problem> {
    if text == "0" {
        return Ok(0);
    }
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (length, after) = parse_part(rest).ok_or_else(|| no_length(text))?;
        total = total.saturating_add(length);
        rest = after;
    }
    if text.is_empty() { Err(no_length(text)) } else { Ok(total) }
}

fn no_length(text: &str) -> Problem {
    let problem =
        Problem::new(format!("`{text}` is no length of time")).expected("a number with ms, s, m, h or d: 30s");
    match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => problem.help(format!("did you mean `{text}s`?")),
        false => problem,
    }
}

fn parse_part(text: &str) -> Option<(u64, &str)> {
    let n_digits = text.find(|next: char| !next.is_ascii_digit() && next != '.')?;
    let (number, rest) = text.split_at(n_digits);
    let n_letters = rest.find(|next: char| !next.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(n_letters);
    let unit_ms = unit_of(unit)?;
    scaled(number, unit_ms).map(|length| (length, rest))
}

/// Multiplies a decimal number such as `1.5` by a unit, saturating; parts of one are cut off.
pub(super) fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let parts = u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit);
    let parts = parts / 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    Some(whole.saturating_mul(unit).saturating_add(u64::try_from(parts).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse(text.as_bytes()).unwrap()
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let times = Times { now: moment("2026-11-25T10:00:00Z"), last: Some(moment("2026-11-23T18:20:00Z")) };
        assert_eq!(When::parse(text).unwrap().resolve(&times), moment(expected), "{text}");
    }

    #[test]
    fn ok_moments() {
        check("2026-11-23", "2026-11-23T00:00:00Z");
        check("2026-11-23T08:30", "2026-11-23T08:30:00Z");
        check("2026-11-23 08:30:15", "2026-11-23T08:30:15Z");
        check("2026-11-23T8:30", "2026-11-23T08:30:00Z");
        check("2026-11-23T08:30:15.104Z", "2026-11-23T08:30:15.104Z");
        check("2026-11-23T08:30+02:00", "2026-11-23T06:30:00Z");
        check("2026-11-23T08:30:00.5-03:30", "2026-11-23T12:00:00.5Z");
        check("08:30", "2026-11-23T08:30:00Z");
        check("8:30", "2026-11-23T08:30:00Z");
        check("08:30:15.25", "2026-11-23T08:30:15.25Z");
        check("-2h", "2026-11-25T08:00:00Z");
        check("-1d12h", "2026-11-23T22:00:00Z");
        check("-30m", "2026-11-25T09:30:00Z");
    }

    #[test]
    fn odd_moments() {
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "2026-11-23T25:00",
            "2026-11-23T",
            "24:00",
            "8",
            "-",
            "-2",
            "-2x",
            "2026-11-23T08:30+2",
            "08:30-09:00",
            "2026-11",
            "08:60",
            ":",
            "é:30",
            ":30",
            "2026-11-23T:30",
            "-9é",
        ] {
            assert!(When::parse(text).is_err(), "{text}");
        }
        assert_eq!(When::parse("-99999999999999999999d").unwrap(), When::Ago(i64::MAX));
    }

    #[test]
    fn lengths() {
        let lengths = ["0", "250ms", "30s", "1.5s", "1h30m", "2d", "0.25m", "1min", "2Hours", "5secs"];
        let lengths = lengths.map(|text| parse_length(text).unwrap());
        assert_eq!(lengths, [0, 250, 30_000, 1500, 5_400_000, 172_800_000, 15_000, 60_000, 7_200_000, 5000]);
        for text in ["", "30", "s", "30x", "1..5s", "-3s", "1,5s", "5s5"] {
            assert!(parse_length(text).is_err(), "{text}");
        }
    }
}
