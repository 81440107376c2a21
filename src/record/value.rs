//! The scalars of a row: timestamps, endpoints, connectors.
//!
//! In: the bytes of a field. Out: typed values, or `None` where the text is no such value.
//!
//! **Invariant**: nothing is guessed; what cannot be read is `None` and the raw text stays with its row.

use std::net::IpAddr;

/// A moment, UTC.
///
/// Units: ticks of 100 ns since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

const TICKS_PER_SECOND: i64 = 10_000_000;

impl Timestamp {
    /// Reads `2026-11-23T08:29:00.104Z`.
    ///
    /// Shape: a date, `T`, a time, none to seven fractional digits, `Z`. The calendar is checked;
    /// a leap second counts as the second after.
    /// Source: the `date-time` column.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (clock, rest) = text.split_first_chunk::<CLOCK_BYTES>()?;
        let [century, _, year, _, _, month, ..] = YEAR_AND_MONTH.pairs_of(*clock.first_chunk()?)?;
        let [day, ..] = DAY_AND_MINUTE.pairs_of(*clock[8..].first_chunk()?)?;
        let [hour, _, _, minute, _, _, second, _] = TIME_OF_DAY.pairs_of(*clock.last_chunk()?)?;
        let days = days_from_civil(u32::from(century) * 100 + u32::from(year), month.into(), day.into())?;
        let [hour, minute, second] = [hour, minute, second].map(u32::from);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let second_of_day = hour * 3600 + minute * 60 + second;
        let fraction = parse_fraction(rest)?;
        Some(Self((days * 86_400 + i64::from(second_of_day)) * TICKS_PER_SECOND + fraction))
    }

    /// Returns whole milliseconds from `earlier` to `self`; negative where time ran backwards.
    pub fn millis_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).div_euclid(10_000)
    }

    /// Returns the moment so many seconds after 1970.
    ///
    /// Units: seconds; what no calendar holds is cut to what a tick can count.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.saturating_mul(TICKS_PER_SECOND))
    }

    /// Returns seconds since 1970 and the nanoseconds within the second, for calendar libraries.
    pub fn to_unix(self) -> (i64, u32) {
        let nanos = self.0.rem_euclid(TICKS_PER_SECOND) * 100;
        (self.0.div_euclid(TICKS_PER_SECOND), u32::try_from(nanos).unwrap_or_default())
    }
}

/// The length of a date and a time to the second, `2026-11-23T08:29:00`.
const CLOCK_BYTES: usize = 19;

const YEAR_AND_MONTH: Shape = Shape::new(*b"9999-99-");
const DAY_AND_MINUTE: Shape = Shape::new(*b"99T99:99");
/// Its first five bytes are those that the one before ends with.
const TIME_OF_DAY: Shape = Shape::new(*b"99:99:99");

/// What eight bytes are to be, some of them digits: they are read as one number.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// What stands between the digits, and `0` for each of them.
    text: u64,
    /// A digit is 0 and more after the text is taken off, so that adding this to one that is allowed reaches
    /// no higher nibble.
    room: u64,
    /// Where nothing may be left; where no digit stands, nothing at all.
    rest: u64,
}

impl Shape {
    /// A digit of `text` stands for itself and those below it, any other byte for itself.
    pub(super) const fn new(mut text: [u8; 8]) -> Self {
        let (mut room, mut rest, mut at) = ([0; 8], [0xff; 8], 0);
        while at < text.len() {
            if text[at].is_ascii_digit() {
                (room[at], rest[at]) = (0x0f - (text[at] - b'0'), 0xf0);
                text[at] = b'0';
            }
            at += 1;
        }
        Self { text: u64::from_le_bytes(text), room: u64::from_le_bytes(room), rest: u64::from_le_bytes(rest) }
    }

    /// Returns the value of each digit, and 0 for what else stands there; `None` where the bytes are
    /// others.
    #[inline]
    pub(super) fn digits_of(self, text: [u8; 8]) -> Option<[u8; 8]> {
        let left = u64::from_le_bytes(text) ^ self.text;
        // No byte of `left` that is within its nibble can carry into the next.
        (left & self.rest == 0 && (left + self.room) & self.rest == 0).then(|| left.to_le_bytes())
    }

    /// Returns for each byte the number that its digit and the next one make, what is no digit taken for 0;
    /// `None` where the bytes are others.
    #[inline]
    fn pairs_of(self, text: [u8; 8]) -> Option<[u8; 8]> {
        let digits = u64::from_le_bytes(self.digits_of(text)?);
        // Each is 99 at most, so that nothing is carried into the next.
        Some((digits * 10 + (digits >> 8)).to_le_bytes())
    }
}

/// Reads what follows the seconds, in ticks.
#[inline]
fn parse_fraction(rest: &[u8]) -> Option<i64> {
    match *rest {
        // What Exchange writes.
        [b'.', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b'Z'] => {
            let millis = u32::from(a - b'0') * 100 + u32::from(b - b'0') * 10 + u32::from(c - b'0');
            Some(i64::from(millis) * (TICKS_PER_SECOND / 1000))
        }
        _ => parse_odd_fraction(rest),
    }
}

fn parse_odd_fraction(rest: &[u8]) -> Option<i64> {
    let rest = rest.strip_suffix(b"Z")?;
    let Some(fraction) = rest.strip_prefix(b".") else {
        return rest.is_empty().then_some(0);
    };
    if fraction.len() > 7 {
        return None;
    }
    let value = digits(fraction)?;
    let missing = 7 - u32::try_from(fraction.len()).ok()?;
    Some(value * 10_i64.pow(missing))
}

/// Reads a short run of decimal digits; an empty run is 0.
fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, or `None` for no date.
#[inline]
fn days_from_civil(year: u32, month: u32, day: u32) -> Option<i64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March, and 400 too late, so that none of these is below 0.
    let (year, month) = if month <= 2 { (year + 399, month + 9) } else { (year + 400, month - 3) };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(i64::from(era * 146_097 + day_of_era) - 719_468 - 146_097)
}

/// An `ip:port` as it stands in a row, taken apart as far as it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// The address's text, brackets off.
    pub host: &'a [u8],
    /// The address without its zone, where the text is one.
    pub ip: Option<IpAddr>,
    /// The port, where it is a number.
    pub port: Option<u16>,
}

impl<'a> Endpoint<'a> {
    /// Splits at the last colon.
    ///
    /// Shape: `192.0.2.5:587`, `[2001:db8::7]:25`, `[fe80::1%12]:25`; anything else keeps its text
    /// as `host`. An address without a port, `2001:db8::7`, is taken whole where it reads as one.
    /// Source: the endpoint columns.
    pub fn parse(text: &'a [u8]) -> Self {
        let bare = |host: &'a [u8]| Self { host, ip: parse_ip(host), port: None };
        if has_colons(text) && parse_ip(text).is_some() {
            return bare(text);
        }
        let Some(colon) = memchr::memrchr(b':', text) else {
            return bare(unbracket(text));
        };
        match parse_port(&text[colon + 1..]) {
            Some(port) => Self { port: Some(port), ..bare(unbracket(&text[..colon])) },
            None => bare(unbracket(text)),
        }
    }
}

/// Returns the host that [`Endpoint::parse`] would, without reading the address where it is plain.
pub fn as_host(text: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', text) {
        Some(colon) if !has_colons(text) && parse_port(&text[colon + 1..]).is_some() => unbracket(&text[..colon]),
        _ => Endpoint::parse(text).host,
    }
}

fn parse_port(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether the text can only be an address of version 6 without brackets, if it is one.
fn has_colons(text: &[u8]) -> bool {
    memchr::memchr(b':', text) != memchr::memrchr(b':', text)
}

fn unbracket(host: &[u8]) -> &[u8] {
    match host {
        [b'[', inner @ .., b']'] => inner,
        whole => whole,
    }
}

fn parse_ip(host: &[u8]) -> Option<IpAddr> {
    let address = host.split(|&byte| byte == b'%').next()?;
    std::str::from_utf8(address).ok()?.parse().ok()
}

/// Splits `SERVER\Connector name` at its first backslash; `None` for the server where there is none.
///
/// Source: the `connector-id` column of receive logs.
pub fn split_connector(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match memchr::memchr(b'\\', text) {
        Some(at) => (Some(&text[..at]), &text[at + 1..]),
        None => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain reading of a time.
    fn parse_plainly(text: &[u8]) -> Option<Timestamp> {
        let (clock, rest) = text.split_at_checked(19)?;
        let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if shape.iter().any(|&(at, byte)| clock[at] != byte) {
            return None;
        }
        let part = |from: usize, to: usize| u32::try_from(digits(&clock[from..to])?).ok();
        let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(part(0, 4)?).ok()?, part(5, 7)?, part(8, 10)?)?;
        let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
        if second > 60 {
            return None;
        }
        // A leap second counts as the second after.
        let start = date.and_hms_opt(hour, minute, 0)?.and_utc().timestamp() + i64::from(second);
        Some(Timestamp(start * TICKS_PER_SECOND + parse_odd_fraction(rest)?))
    }

    proptest! {
        #[test]
        fn times_are_read_as_plainly(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,8})?Z?",
            dot in "[0-9]{4}-0[1-9]-[0-2][0-9]T0[0-9]:[0-5][0-9]:[0-5][0-9][.:][0-9]{3}[Zz]",
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            for text in [text, dot] {
                let mut text = text.into_bytes();
                prop_assert_eq!(Timestamp::parse(&text), parse_plainly(&text));
                let at = at.index(text.len());
                text[at] = byte;
                prop_assert_eq!(Timestamp::parse(&text), parse_plainly(&text));
            }
        }
    }

    #[test]
    fn ok_timestamps() {
        let base = Timestamp::parse(b"2026-11-23T08:29:00.104Z").unwrap();
        assert_eq!(base.to_unix(), (1_795_422_540, 104_000_000));
        assert_eq!(Timestamp::parse(b"1970-01-01T00:00:00Z").unwrap().0, 0);
        assert_eq!(Timestamp::parse(b"2026-11-23T08:29:00.1040001Z").unwrap().0 - base.0, 1);
        assert_eq!(Timestamp::parse(b"2026-11-23T08:29:10.275Z").unwrap().millis_since(base), 10_171);
        assert!(Timestamp::parse(b"2024-02-29T00:00:00.000Z").is_some());
    }

    #[test]
    fn odd_timestamps() {
        for text in [
            "",
            "2026-11-23",
            "2026-13-01T00:00:00.000Z",
            "2026-02-29T00:00:00.000Z",
            "2026-11-23T24:00:00.000Z",
            "2026-11-23T08:29:00.10400001Z",
            "2026-11-23T08:29:00.104",
            "2026-11-23 08:29:00.104Z",
            "20é6-11-23T08:29:00.1Z",
        ] {
            assert_eq!(Timestamp::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[track_caller]
    fn check_endpoint(text: &str, host: &str, ip: Option<&str>, port: Option<u16>) {
        let endpoint = Endpoint::parse(text.as_bytes());
        assert_eq!(endpoint.host, host.as_bytes());
        assert_eq!(as_host(text.as_bytes()), host.as_bytes());
        assert_eq!(endpoint.ip.map(|ip| ip.to_string()).as_deref(), ip);
        assert_eq!(endpoint.port, port);
    }

    #[test]
    fn endpoints() {
        check_endpoint("192.0.2.5:587", "192.0.2.5", Some("192.0.2.5"), Some(587));
        check_endpoint("[2001:db8::7]:25", "2001:db8::7", Some("2001:db8::7"), Some(25));
        check_endpoint("[fe80::1%12]:25", "fe80::1%12", Some("fe80::1"), Some(25));
        check_endpoint("2001:db8::7", "2001:db8::7", Some("2001:db8::7"), None);
        check_endpoint("client-a:25", "client-a", None, Some(25));
        check_endpoint("client-a:65536", "client-a:65536", None, None);
        check_endpoint("client-a:x", "client-a:x", None, None);
        check_endpoint("192.0.2.5", "192.0.2.5", Some("192.0.2.5"), None);
        check_endpoint("", "", None, None);
    }
}
