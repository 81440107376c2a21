//! Moments and lengths of time, as they are shown.
//!
//! In: [`Timestamp`]s. Out: text that always names its zone.
//!
//! **Invariant**: no clock; the zone is given.

use std::fmt::Write;

use chrono::{DateTime, Datelike, FixedOffset, Local, Offset, TimeZone, Timelike, Utc};

use crate::ingest::Case;
use crate::record::value::Timestamp;

/// The zone that text outputs show times in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// As the log has them.
    #[default]
    Utc,
    /// Of the machine that heloscope runs on.
    Local,
    /// Of the server, as its banner says; UTC where no banner was read.
    Server,
    /// So many minutes east of UTC.
    Fixed(i32),
}

impl Zone {
    /// Returns the zone to show this session's times in.
    #[must_use]
    pub fn for_case(self, case: &Case<'_>) -> Self {
        self.for_server(if self == Self::Server { case.server_offset() } else { None })
    }

    /// Returns the zone to show times of a server in that says it is so many minutes east of UTC.
    #[must_use]
    pub fn for_server(self, offset_minutes: Option<i32>) -> Self {
        match self {
            Self::Server => Self::Fixed(offset_minutes.unwrap_or(0)),
            zone => zone,
        }
    }
}

/// Appends `2026-11-23T08:29:00.104Z`, or with an offset behind it in another zone.
///
/// Three fractional digits, or seven where the log is that exact.
pub fn push_time(out: &mut String, time: Timestamp, zone: Zone) {
    let (seconds, nanos) = time.to_unix();
    let Some(moment) = DateTime::<Utc>::from_timestamp(seconds, nanos) else { return };
    let digits = if nanos % 1_000_000 == 0 { "%.3f" } else { "%.7f" };
    let offset = match zone {
        Zone::Utc | Zone::Server | Zone::Fixed(0) => None,
        Zone::Local => Some(Local.offset_from_utc_datetime(&moment.naive_utc()).fix()),
        Zone::Fixed(minutes) => FixedOffset::east_opt(minutes.saturating_mul(60)),
    };
    // chrono knows %.3f but not %.7f, so the fraction is written by hand.
    let _ = match offset {
        None if (1..=9999).contains(&moment.year()) => {
            push_clock(out, &moment);
            Ok(())
        }
        None => write!(out, "{}", moment.format("%Y-%m-%dT%H:%M:%S")),
        Some(offset) => write!(out, "{}", moment.with_timezone(&offset).format("%Y-%m-%dT%H:%M:%S")),
    };
    let _ =
        if digits == "%.3f" { write!(out, ".{:03}", nanos / 1_000_000) } else { write!(out, ".{:07}", nanos / 100) };
    match offset {
        None => out.push('Z'),
        Some(offset) => drop(write!(out, "{offset}")),
    }
}

/// Appends `2026-11-23T08:29:00`, for a year of four digits: nearly every time that is shown, and
/// chrono's own way takes ten times as long.
fn push_clock(out: &mut String, moment: &DateTime<Utc>) {
    let year = moment.year_ce().1;
    let parts = [
        ('-', moment.month()),
        ('-', moment.day()),
        ('T', moment.hour()),
        (':', moment.minute()),
        (':', moment.second()),
    ];
    push_pair(out, year / 100);
    push_pair(out, year % 100);
    for (before, number) in parts {
        out.push(before);
        push_pair(out, number);
    }
}

fn push_pair(out: &mut String, number: u32) {
    for digit in [number / 10 % 10, number % 10] {
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

/// Returns what [`push_time`] appends.
pub fn to_time_text(time: Timestamp, zone: Zone) -> String {
    let mut text = String::with_capacity(32);
    push_time(&mut text, time, zone);
    text
}

/// Returns `2026-11-23T08:29Z`, or with an offset behind it in another zone.
pub fn to_minute_text(time: Timestamp, zone: Zone) -> String {
    // The zone stands behind the fraction: 16 characters of date and time, `:SS.mmm`, the zone.
    let text = to_time_text(Timestamp::from_unix(time.to_unix().0), zone);
    let date_end = text.find('T').map_or(text.len(), |at| (at + 6).min(text.len()));
    let zone_at = text.rfind(['Z', '+', '-']).unwrap_or(text.len());
    format!("{}{}", &text[..date_end], &text[zone_at.max(date_end)..])
}

/// Returns `10.171s`, `3m02s`, `1h05m`.
pub fn to_duration_text(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{sign}{seconds}.{:03}s", millis % 1000),
        60..3600 => format!("{sign}{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{sign}{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// Returns a count with its thousands set apart: `12,304`.
pub fn to_grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(time: &str, zone: Zone, expected: &str) {
        assert_eq!(to_time_text(Timestamp::parse(time.as_bytes()).unwrap(), zone), expected);
    }

    #[test]
    fn times_name_their_zone() {
        check("2026-11-23T08:29:00.104Z", Zone::Utc, "2026-11-23T08:29:00.104Z");
        check("2026-11-23T08:29:00Z", Zone::Utc, "2026-11-23T08:29:00.000Z");
        check("2026-11-23T08:29:00.1040001Z", Zone::Utc, "2026-11-23T08:29:00.1040001Z");
        check("2026-11-23T23:29:00.104Z", Zone::Fixed(90), "2026-11-24T00:59:00.104+01:30");
        check("2026-11-23T08:29:00.104Z", Zone::Fixed(-210), "2026-11-23T04:59:00.104-03:30");
    }

    proptest! {
        #[test]
        fn clocks_are_as_chrono_shows_them(seconds in -62_135_596_800..253_402_300_800_i64) {
            let moment = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
            let mut text = String::new();
            push_clock(&mut text, &moment);
            prop_assert_eq!(text, moment.format("%Y-%m-%dT%H:%M:%S").to_string());
        }
    }

    #[test]
    fn minutes_name_their_zone() {
        let time = Timestamp::parse(b"2026-11-23T08:29:07.104Z").unwrap();
        assert_eq!(to_minute_text(time, Zone::Utc), "2026-11-23T08:29Z");
        assert_eq!(to_minute_text(time, Zone::Fixed(-210)), "2026-11-23T04:59-03:30");
    }

    #[test]
    fn lengths_and_counts() {
        assert_eq!(
            [0, 10_171, 182_000, 3_900_000, -5].map(to_duration_text),
            ["0.000s", "10.171s", "3m02s", "1h05m", "-0.005s"]
        );
        assert_eq!([0, 999, 1000, 12_304, 1_234_567].map(to_grouped), ["0", "999", "1,000", "12,304", "1,234,567"]);
    }
}
