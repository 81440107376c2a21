//! Who calls: mail servers of the internet, mail programs, printers, neighbours, attackers.
//!
//! In flows chance, out flow addresses and names. **Invariant**: one address always has one name, so that a corpus
//! has the same callers again and again.

use crate::chance::Chance;
use crate::site::{Clientele, Server, server_address};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) helo: String,
    /// Some clients write their commands in small letters.
    pub(crate) is_lower_case: bool,
}

impl Peer {
    /// Picks someone who calls at such a connector.
    pub(crate) fn of(clientele: Clientele, server: &Server, chance: &mut Chance) -> Self {
        match clientele {
            Clientele::Internet => Self::internet(chance),
            Clientele::Submission => Self::client(chance),
            Clientele::Devices => Self::device(chance),
            Clientele::HubTransport | Clientele::ClientProxy => Self::neighbour(server, chance),
        }
    }

    /// A mail server somewhere on the internet; one address always has one name.
    pub(crate) fn internet(chance: &mut Chance) -> Self {
        let number = small(chance.between(1, 220));
        let domain = ["fabrikam.com", "example.org", "example.net", "example.com"][usize::from(number % 4)];
        let ip = if number.is_multiple_of(9) {
            v6(u16::from(number), 0x19)
        } else {
            Ipv4Addr::new(203, 0, 113, number).into()
        };
        Self { is_lower_case: number.is_multiple_of(23), ..Self::new(ip, format!("mx{number}.{domain}"), chance) }
    }

    /// A mail program that submits mail.
    pub(crate) fn client(chance: &mut Chance) -> Self {
        let number = small(chance.between(1, 250));
        let ip = if number.is_multiple_of(11) {
            v6(0, u16::from(number))
        } else {
            Ipv4Addr::new(198, 51, 100, number).into()
        };
        let helo = match number % 4 {
            0 if ip.is_ipv4() => format!("[{ip}]"),
            0 => format!("[IPv6:{ip}]"),
            1 => format!("laptop-{number}.contoso.com"),
            _ => format!("pc-{number}"),
        };
        Self { is_lower_case: number.is_multiple_of(13), ..Self::new(ip, helo, chance) }
    }

    /// A printer, a scanner, a batch job.
    fn device(chance: &mut Chance) -> Self {
        let number = small(chance.between(100, 180));
        let helo =
            if number.is_multiple_of(3) { format!("mfp-{number}") } else { format!("scanner{number}.contoso.com") };
        Self::new(Ipv4Addr::new(192, 0, 2, number).into(), helo, chance)
    }

    /// Someone who guesses passwords or looks for an open relay.
    pub(crate) fn attacker(chance: &mut Chance) -> Self {
        let number = small(chance.between(240, 254));
        let helo = *chance.pick(&["User", "ADMIN", "win-2k3", "localhost", "example.com"]);
        Self::new(Ipv4Addr::new(203, 0, 113, number).into(), helo.to_owned(), chance)
    }

    /// The front end or hub of this server or a neighbour.
    pub(crate) fn neighbour(own: &Server, chance: &mut Chance) -> Self {
        let number = if chance.percent(60) { own.number } else { small(chance.between(1, 4)) };
        Self::new(server_address(number), format!("EX{number:02}.contoso.com"), chance)
    }

    fn new(ip: IpAddr, helo: String, chance: &mut Chance) -> Self {
        let port = u16::try_from(chance.between(49152, 65535)).unwrap_or(u16::MAX);
        Self { ip, port, helo, is_lower_case: false }
    }
}

fn v6(subnet: u16, host: u16) -> IpAddr {
    Ipv6Addr::new(0x2001, 0xdb8, subnet, 0, 0, 0, 0, host).into()
}

fn small(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
