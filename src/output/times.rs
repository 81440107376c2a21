//! Times of many servers, each in its own zone where that is asked for.
//!
//! In: the zone, and what the servers' banners tell of their clocks. Out: text that names its zone.
//!
//! **Invariant**: a time that belongs to no one server is told by the servers' clocks only where they
//! agree, and in UTC otherwise.

use crate::pattern::clocks::{Clocks, Reading};
use crate::record::value::{Timestamp, split_connector};

use super::time::{Zone, to_minute_text, to_time_text};

/// The zone, and the clocks that it may ask for.
#[derive(Debug)]
pub(super) struct Times {
    zone: Zone,
    readings: Vec<Reading>,
}

impl Times {
    pub(super) fn new(zone: Zone, clocks: &Clocks) -> Self {
        let readings = if zone == Zone::Server { clocks.readings() } else { Vec::new() };
        Self { zone, readings }
    }

    /// The zone of that time on that server; on all of them for `None`.
    pub(super) fn zone(&self, server: Option<&[u8]>, time: Timestamp) -> Zone {
        match (self.zone, server) {
            (Zone::Server, Some(server)) => {
                let own = self.readings.iter().filter(|reading| reading.server == server);
                Zone::Fixed(offset(own, time).unwrap_or(0))
            }
            (Zone::Server, None) => Zone::Fixed(self.common_offset(time).unwrap_or(0)),
            (zone, _) => zone,
        }
    }

    pub(super) fn text(&self, server: Option<&[u8]>, time: Timestamp) -> String {
        to_time_text(time, self.zone(server, time))
    }

    pub(super) fn minute_text(&self, server: Option<&[u8]>, time: Timestamp) -> String {
        to_minute_text(time, self.zone(server, time))
    }

    /// The offset of all servers; `None` where they differ, or none is known.
    fn common_offset(&self, time: Timestamp) -> Option<i32> {
        let by_server = self.readings.chunk_by(|one, other| one.server == other.server);
        let mut offsets = by_server.filter_map(|own| offset(own.iter(), time));
        let first = offsets.next()?;
        offsets.all(|other| other == first).then_some(first)
    }
}

/// What a server's clock showed at that time: where it was seen with several offsets, as with summer
/// time, the one that was seen around the time for the shortest while, or else the nearest.
fn offset<'a>(readings: impl Iterator<Item = &'a Reading>, time: Timestamp) -> Option<i32> {
    let rank = |reading: &&Reading| {
        let away = (reading.first.0.saturating_sub(time.0)).max(time.0.saturating_sub(reading.last.0)).max(0);
        (away, reading.last.0.saturating_sub(reading.first.0), reading.minutes)
    };
    readings.min_by_key(rank).map(|reading| reading.minutes)
}

/// The server of a session's id: `EX01` of `EX01/08DE2A1B3C4D5E6F`.
pub(super) fn server_of_id(id: &[u8]) -> Option<&[u8]> {
    memchr::memrchr(b'/', id).map(|slash| &id[..slash])
}

/// The one server that all of these connectors are of.
pub(super) fn server_of_connectors<'a>(connectors: &[&'a [u8]]) -> Option<&'a [u8]> {
    let mut servers = connectors.iter().map(|connector| split_connector(connector).0);
    let first = servers.next()??;
    servers.all(|server| server == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_its_own_clock() {
        let time = |text: &str| Timestamp::parse(text.as_bytes()).unwrap();
        let reading = |server: &str, minutes: i32, first: &str, last: &str| Reading {
            server: server.as_bytes().to_vec(),
            minutes,
            first: time(first),
            last: time(last),
        };
        let readings = vec![
            reading("EX01", 60, "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            reading("EX01", 120, "2026-03-29T01:00:00Z", "2026-10-25T00:59:00Z"),
            reading("EX02", 60, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
            reading("EX03", -300, "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z"),
        ];
        let times = Times { zone: Zone::Server, readings };
        let text = |server: Option<&str>, text: &str| times.minute_text(server.map(str::as_bytes), time(text));
        assert_eq!(text(Some("EX01"), "2026-07-01T12:00:00Z"), "2026-07-01T14:00+02:00");
        assert_eq!(text(Some("EX01"), "2026-11-23T12:00:00Z"), "2026-11-23T13:00+01:00");
        assert_eq!(text(Some("EX01"), "2027-11-23T12:00:00Z"), "2027-11-23T13:00+01:00");
        assert_eq!(text(Some("EX03"), "2026-11-23T12:00:00Z"), "2026-11-23T07:00-05:00");
        assert_eq!(text(Some("EX09"), "2026-11-23T12:00:00Z"), "2026-11-23T12:00Z");
        assert_eq!(text(None, "2026-11-23T12:00:00Z"), "2026-11-23T12:00Z");
        let alike = Times { zone: Zone::Server, readings: times.readings[..3].to_vec() };
        assert_eq!(alike.minute_text(None, time("2026-11-23T12:00:00Z")), "2026-11-23T13:00+01:00");
        assert_eq!(alike.minute_text(None, time("2026-07-23T12:00:00Z")), "2026-07-23T12:00Z");
    }
}
