//! Values as Exchange writes them: times, quoted fields, rates, session ids.
//!
//! In flow numbers and bytes, out flows log text. **Invariant**: nothing here knows of sessions or files.

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};
use std::fmt;

/// One second, minute, hour and day. Units: milliseconds.
pub(crate) const SECOND_MS: i64 = 1000;
pub(crate) const MINUTE_MS: i64 = 60 * SECOND_MS;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// .NET ticks (100 ns) from year 1 to the Unix epoch.
const EPOCH_TICKS: u64 = 621_355_968_000_000_000;
const TICKS_PER_MS: u64 = 10_000;

/// Converts a moment to .NET ticks, from which session ids are counted.
pub(crate) fn to_ticks(at_ms: i64) -> u64 {
    EPOCH_TICKS + at_ms.unsigned_abs() * TICKS_PER_MS
}

/// Returns the moment as calendar time in UTC.
pub(crate) fn to_utc(at_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default()
}

/// Writes moments as `2026-11-23T08:29:00.104Z`.
///
/// Rows come in the order of time, so the text of the second is kept and only the milliseconds are written anew.
#[derive(Debug)]
pub(crate) struct Clock {
    second: i64,
    text: [u8; 24],
}

impl Clock {
    /// Starts at the Unix epoch.
    pub(crate) fn new() -> Self {
        Self { second: 0, text: *b"1970-01-01T00:00:00.000Z" }
    }

    /// Returns the text of `at_ms`.
    pub(crate) fn stamp(&mut self, at_ms: i64) -> [u8; 24] {
        let second = at_ms.div_euclid(SECOND_MS);
        if second != self.second {
            self.turn_to(second);
        }
        put_digits(&mut self.text[20..23], at_ms.rem_euclid(SECOND_MS));
        self.text
    }

    fn turn_to(&mut self, second: i64) {
        let time = to_utc(second * SECOND_MS);
        put_digits(&mut self.text[0..4], i64::from(time.year()));
        put_digits(&mut self.text[5..7], i64::from(time.month()));
        put_digits(&mut self.text[8..10], i64::from(time.day()));
        put_digits(&mut self.text[11..13], i64::from(time.hour()));
        put_digits(&mut self.text[14..16], i64::from(time.minute()));
        put_digits(&mut self.text[17..19], i64::from(time.second()));
        self.second = second;
    }
}

fn put_digits(place: &mut [u8], mut number: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

/// A moment that prints as `2026-11-23T08:29:00.104Z`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp(pub(crate) i64);

impl fmt::Display for Stamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Clock::new().stamp(self.0);
        formatter.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// A moment that prints as the banner has it: `Mon, 23 Nov 2026 09:29:00 +0100`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BannerTime {
    pub(crate) at_ms: i64,
    pub(crate) utc_offset_minutes: i32,
}

impl fmt::Display for BannerTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(offset) = FixedOffset::east_opt(self.utc_offset_minutes * 60) else {
            return Err(fmt::Error);
        };
        let local = to_utc(self.at_ms).with_timezone(&offset);
        write!(formatter, "{}", local.format("%a, %-d %b %Y %H:%M:%S %z"))
    }
}

/// A .NET time span: `0.00:00:05`, with milliseconds only where there are any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeSpan(pub(crate) u64);

impl fmt::Display for TimeSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(formatter, "{}.{:02}:{minutes:02}:{:02}", hours / 24, hours % 24, seconds % 60)?;
        match self.0 % 1000 {
            0 => Ok(()),
            rest => write!(formatter, ".{rest:03}"),
        }
    }
}

/// Size, time and rate of a transfer: `11511 bytes in 0.102, 109,173 KB/sec`.
///
/// The seconds have a dot everywhere, the rate has the server's separator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) bytes: u64,
    pub(crate) elapsed_ms: u64,
    pub(crate) separator: char,
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ms) = (self.elapsed_ms / 1000, self.elapsed_ms % 1000);
        let thousandths = self.bytes * 1_000_000 / 1024 / self.elapsed_ms.max(1);
        let (whole, rest) = (thousandths / 1000, thousandths % 1000);
        write!(formatter, "{} bytes in {seconds}.{ms:03}, {whole}{}{rest:03} KB/sec", self.bytes, self.separator)
    }
}

/// Appends a field, quoted where it holds a comma or a quote.
pub(crate) fn push_field(out: &mut Vec<u8>, field: &[u8]) {
    if !field.iter().any(|byte| matches!(byte, b',' | b'"')) {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for &byte in field {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Appends a number without going through the formatting machinery: one is written in every row.
pub(crate) fn push_number(out: &mut Vec<u8>, mut number: usize) {
    let start = out.len();
    loop {
        out.push(b'0' + u8::try_from(number % 10).unwrap_or(0));
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out[start..].reverse();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shown: impl fmt::Display, expected: &str) {
        assert_eq!(shown.to_string(), expected);
    }

    #[test]
    fn values_print_as_exchange_prints_them() {
        check(Stamp(1_795_422_540_104), "2026-11-23T08:29:00.104Z");
        check(TimeSpan(5000), "0.00:00:05");
        check(TimeSpan(90_061_007), "1.01:01:01.007");
        check(Rate { bytes: 11_511, elapsed_ms: 102, separator: ',' }, "11511 bytes in 0.102, 110,207 KB/sec");
        let time = BannerTime { at_ms: 1_795_422_540_104, utc_offset_minutes: 60 };
        check(time, "Mon, 23 Nov 2026 09:29:00 +0100");
    }

    #[test]
    fn fields_are_quoted_where_they_must() {
        let columns = [("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("", "")];
        for (field, expected) in columns {
            let mut out = Vec::new();
            push_field(&mut out, field.as_bytes());
            assert_eq!(out, expected.as_bytes());
        }
    }
}
