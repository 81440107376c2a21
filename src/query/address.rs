//! Addresses and networks.
//!
//! In: what was typed. Out: a [`Network`] that an address lies in or not.
//!
//! **Invariant**: an address of version 4 that is written as one of version 6, `::ffff:10.0.0.1`,
//! is the address of version 4.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::Problem;

/// Addresses that agree in some bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    V4 {
        bits: u32,
        mask: u32,
    },
    V6 {
        bits: u128,
        mask: u128,
    },
    /// Any address.
    Any,
}

impl Network {
    /// Reads an address, `10.0.0.0/8`, `10.1.*`, `2001:db8::/32`, `2001:db8:*`.
    ///
    /// Errors: anything else.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let unbracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if unbracketed == "*" {
            return Ok(Self::Any);
        }
        if unbracketed.contains('*') {
            return parse_wildcard(unbracketed).ok_or_else(|| no_address(text));
        }
        match unbracketed.split_once('/') {
            Some((address, prefix)) => parse_prefix(address, prefix, text),
            None => unbracketed.parse().map(Self::of_address).map_err(|_| no_address(text)),
        }
    }

    fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4 { bits: address.to_bits(), mask: u32::MAX },
            IpAddr::V6(address) => Self::V6 { bits: address.to_bits(), mask: u128::MAX },
        }
    }

    fn v4(address: Ipv4Addr, mask: u32) -> Self {
        Self::V4 { bits: address.to_bits() & mask, mask }
    }

    fn v6(address: Ipv6Addr, mask: u128) -> Self {
        Self::V6 { bits: address.to_bits() & mask, mask }
    }

    /// Whether the address lies in it.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4 { bits, mask }, IpAddr::V4(address)) => address.to_bits() & mask == bits,
            (Self::V6 { bits, mask }, IpAddr::V6(address)) => address.to_bits() & mask == bits,
            (Self::Any, _) => true,
            _ => false,
        }
    }
}

fn no_address(text: &str) -> Problem {
    let problem = Problem::new(format!("`{text}` is no address"))
        .expected("an address, a network such as 10.0.0.0/8 or 2001:db8::/32, or 10.1.*");
    let n_dots = text.bytes().filter(|byte| *byte == b'.').count();
    let is_begun = n_dots < 3 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match is_begun && !text.is_empty() {
        true => problem.help(format!("did you mean `{}.*`?", text.trim_end_matches('.'))),
        false => problem,
    }
}

fn parse_prefix(address: &str, prefix: &str, whole: &str) -> Result<Network, Problem> {
    let address: IpAddr = address.parse().map_err(|_| no_address(whole))?;
    let (version, n_bits) = if address.is_ipv4() { (4, 32) } else { (6, 128) };
    let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let length = prefix.parse::<u32>().ok().filter(|length| is_number && *length <= n_bits).ok_or_else(|| {
        Problem::new(format!("`/{prefix}` is no length of a network"))
            .expected(format!("0 to {n_bits} for an address of version {version}"))
    })?;
    Ok(match address {
        IpAddr::V4(address) => Network::v4(address, leading_ones_32(length)),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) if length >= 96 => Network::v4(mapped, leading_ones_32(length - 96)),
            _ => Network::v6(address, leading_ones_128(length)),
        },
    })
}

fn leading_ones_32(length: u32) -> u32 {
    u32::MAX.checked_shl(32 - length).unwrap_or(0)
}

fn leading_ones_128(length: u32) -> u128 {
    u128::MAX.checked_shl(128 - length).unwrap_or(0)
}

fn parse_wildcard(text: &str) -> Option<Network> {
    if text.contains(':') { parse_wildcard_v6(text) } else { parse_wildcard_v4(text) }
}

/// `10.1.*` has any rest, `10.*.3.4` any second number.
fn parse_wildcard_v4(text: &str) -> Option<Network> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 4 || (parts.len() < 4 && parts.last() != Some(&"*")) {
        return None;
    }
    let (mut octets, mut mask) = ([0; 4], [0; 4]);
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| **part != "*") {
        octets[at] = part.parse().ok().filter(|_| !part.starts_with('+'))?;
        mask[at] = u8::MAX;
    }
    Some(Network::v4(Ipv4Addr::from(octets), u32::from_be_bytes(mask)))
}

/// `2001:db8:*` has any rest.
fn parse_wildcard_v6(text: &str) -> Option<Network> {
    let parts: Vec<&str> = text.strip_suffix(":*")?.split(':').collect();
    if parts.len() >= 8 {
        return None;
    }
    let mut segments = [0; 8];
    for (at, part) in parts.iter().enumerate() {
        let is_group = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        segments[at] = u16::from_str_radix(part, 16).ok().filter(|_| is_group)?;
    }
    let length = u32::try_from(parts.len() * 16).ok()?;
    Some(Network::v6(Ipv6Addr::from(segments), leading_ones_128(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, expected: bool) {
        let network = Network::parse(network).unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), expected, "{network:?} {address}");
    }

    #[test]
    fn ok_networks() {
        check("10.0.0.0/8", "10.255.1.2", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("10.1.2.3/8", "10.9.9.9", true);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::7", false);
        check("192.0.2.5/32", "192.0.2.5", true);
        check("10.1.*", "10.1.2.3", true);
        check("10.1.*", "10.11.2.3", false);
        check("10.*.2.3", "10.7.2.3", true);
        check("*", "10.7.2.3", true);
        check("*", "2001:db8::7", true);
        check("2001:db8::/32", "2001:db8:1::7", true);
        check("2001:db8::/32", "2001:db9::7", false);
        check("2001:db8:*", "2001:db8:ffff::1", true);
        check("::/0", "2001:db8::", true);
        check("[2001:db8::7]", "2001:db8:0::7", true);
        check("::ffff:10.0.0.0/104", "10.1.2.3", true);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
    }

    #[test]
    fn odd_networks() {
        for text in [
            "",
            "10.1",
            "10.1.",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/255.0.0.0",
            "2001:db8::/129",
            "256.0.0.1",
            "10.1*",
            "10.*.3",
            "1.2.3.4.*",
            "example",
            "2001:db8::*",
            "1:2:3:4:5:6:7:8:*",
            "1.+2.*",
        ] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
    }
}
