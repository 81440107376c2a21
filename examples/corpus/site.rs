//! The made-up organisation: its servers, their roles, connectors and certificates.
//!
//! In flows the number of servers, out flow the tables that every story draws on. **Invariant**: addresses are of
//! RFC 5737 and RFC 3849, names of RFC 2606 or the documentation's contoso.com and fabrikam.com.

use crate::offers;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which Exchange wrote the log; the versions differ in wording and in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// `#Version: 14.0.0.0`
    Exchange2010,
    /// `#Version: 15.0.0.0`: 2013, 2016 and 2019.
    Exchange2013,
}

/// Who calls at a connector, and so which stories happen there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clientele {
    Internet,
    Submission,
    Devices,
    HubTransport,
    ClientProxy,
}

/// One Exchange server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) number: u8,
    pub(crate) generation: Generation,
    /// Decimal separator of the server's culture.
    pub(crate) separator: char,
    pub(crate) utc_offset_minutes: i32,
    pub(crate) roles: Vec<Role>,
}

/// One service of a server with a log folder of its own.
#[derive(Debug)]
pub(crate) struct Role {
    /// Path below the corpus, with `/`.
    pub(crate) folder: String,
    /// The role as the folder tells it; the 2010 folder tells none.
    pub(crate) label: Option<&'static str>,
    /// Share of the server's bytes. Units: percent.
    pub(crate) share: u64,
    /// Sessions in flight in the busiest hour.
    pub(crate) n_in_flight: u64,
    pub(crate) connectors: Vec<(u32, Connector)>,
}

/// One receive connector.
#[derive(Debug)]
pub(crate) struct Connector {
    pub(crate) name: String,
    pub(crate) port: u16,
    /// The Fqdn that banner and EHLO replies carry.
    pub(crate) fqdn: String,
    pub(crate) clientele: Clientele,
    pub(crate) certificate: Certificate,
    pub(crate) offers: &'static [&'static str],
    pub(crate) offers_encrypted: &'static [&'static str],
    /// The role as connector and port tell it where no folder does.
    pub(crate) inferred_role: Option<&'static str>,
}

/// A certificate as the log shows it; times in the log's own form.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) serial: String,
    pub(crate) thumbprint: String,
    pub(crate) not_before: &'static str,
    pub(crate) not_after: &'static str,
    pub(crate) names: Vec<String>,
}

/// Builds the organisation; with two or more servers the last one is an Exchange 2010.
pub(crate) fn found(n_servers: u8) -> Vec<Server> {
    (1..=n_servers)
        .map(|number| if number > 1 && number == n_servers { legacy(number) } else { modern(number) })
        .collect()
}

fn modern(number: u8) -> Server {
    let name = format!("EX{number:02}");
    let roles = vec![front_end(&name, number), hub(&name)];
    let is_german = number % 2 == 1;
    Server {
        number,
        generation: Generation::Exchange2013,
        separator: if is_german { ',' } else { '.' },
        utc_offset_minutes: if is_german { 60 } else { -300 },
        roles,
        name,
    }
}

fn front_end(name: &str, number: u8) -> Role {
    let public = public_certificate(number);
    // Every other server has a client connector whose Fqdn is in no certificate.
    let client_fqdn = if number % 2 == 1 { "mail.contoso.com".to_owned() } else { format!("{name}.contoso.com") };
    let connector = |name: String, port, clientele, fqdn: &str, offers, offers_encrypted| Connector {
        inferred_role: name.contains("Frontend").then_some("frontend"),
        name,
        port,
        fqdn: fqdn.to_owned(),
        clientele,
        certificate: public.clone(),
        offers,
        offers_encrypted,
    };
    let (default, client, relay) = (
        format!("Default Frontend {name}"),
        format!("Client Frontend {name}"),
        "Relay für Drucker, Etage 2".to_owned(),
    );
    let mail = "mail.contoso.com";
    Role {
        folder: format!("{name}/FrontEnd/ProtocolLog/SmtpReceive"),
        label: Some("frontend"),
        share: 60,
        n_in_flight: 150,
        connectors: vec![
            (55, connector(default, 25, Clientele::Internet, mail, offers::FRONTEND, offers::FRONTEND_ENCRYPTED)),
            (33, connector(client, 587, Clientele::Submission, &client_fqdn, offers::CLIENT, offers::CLIENT_ENCRYPTED)),
            (12, connector(relay, 25, Clientele::Devices, mail, offers::DEVICES, offers::DEVICES_ENCRYPTED)),
        ],
    }
}

fn hub(name: &str) -> Role {
    let fqdn = format!("{name}.contoso.com");
    let connector = |name: String, port, clientele| Connector {
        name,
        port,
        fqdn: fqdn.clone(),
        clientele,
        certificate: own_certificate(&fqdn),
        offers: offers::HUB,
        offers_encrypted: offers::HUB_ENCRYPTED,
        inferred_role: Some("hub"),
    };
    Role {
        folder: format!("{name}/Hub/ProtocolLog/SmtpReceive"),
        label: Some("hub"),
        share: 40,
        n_in_flight: 110,
        connectors: vec![
            (70, connector(format!("Default {name}"), 2525, Clientele::HubTransport)),
            (30, connector(format!("Client Proxy {name}"), 465, Clientele::ClientProxy)),
        ],
    }
}

fn legacy(number: u8) -> Server {
    let name = format!("EX{number:02}");
    let fqdn = format!("{name}.contoso.com");
    let connector = |name: String, port, clientele| Connector {
        name,
        port,
        fqdn: fqdn.clone(),
        clientele,
        certificate: wildcard_certificate(),
        offers: offers::LEGACY,
        offers_encrypted: offers::LEGACY_ENCRYPTED,
        inferred_role: None,
    };
    let connectors = vec![
        (70, connector(format!("Default {name}"), 25, Clientele::Internet)),
        (30, connector(format!("Client {name}"), 587, Clientele::Submission)),
    ];
    let folder = format!("{name}/ProtocolLog/SmtpReceive");
    Server {
        name,
        number,
        generation: Generation::Exchange2010,
        separator: ',',
        utc_offset_minutes: 60,
        roles: vec![Role { folder, label: None, share: 100, n_in_flight: 100, connectors }],
    }
}

fn public_certificate(number: u8) -> Certificate {
    let is_expiring = number.is_multiple_of(2);
    Certificate {
        subject: "CN=mail.contoso.com, O=Contoso, L=Köln, C=DE".to_owned(),
        issuer: "CN=Example CA 3, O=Example Trust, C=US".to_owned(),
        serial: format!("0404C0F032C2760F{number:02X}"),
        thumbprint: format!("434AC224C8459924B26521298CE8834C514856{number:02X}"),
        not_before: "2026-08-12T10:39:24.000Z",
        not_after: if is_expiring { "2026-12-05T09:39:23.000Z" } else { "2027-02-10T09:39:23.000Z" },
        names: vec!["mail.contoso.com".to_owned(), "autodiscover.contoso.com".to_owned()],
    }
}

fn own_certificate(fqdn: &str) -> Certificate {
    let host = fqdn.split('.').next().unwrap_or_default();
    Certificate {
        subject: format!("CN={host}"),
        issuer: format!("CN={host}"),
        serial: "5A0C1EB37F99A08B4E2D6C11D00F4A9C".to_owned(),
        thumbprint: "0B9F3D5C7A1E24688642E1A7C5D3F9B001234567".to_owned(),
        not_before: "2024-03-02T08:11:05.000Z",
        not_after: "2029-03-02T08:11:05.000Z",
        names: vec![host.to_owned(), fqdn.to_owned()],
    }
}

fn wildcard_certificate() -> Certificate {
    Certificate {
        subject: "CN=*.contoso.com, OU=IT, O=Contoso, C=DE".to_owned(),
        issuer: "CN=Example CA 1, O=Example Trust, C=US".to_owned(),
        serial: "01A9".to_owned(),
        thumbprint: "9D1C4E7F00A2B3C4D5E6F708192A3B4C5D6E7F80".to_owned(),
        not_before: "2024-11-01T00:00:00.000Z",
        not_after: "2026-11-20T23:59:59.000Z",
        names: vec!["*.contoso.com".to_owned(), "contoso.com".to_owned()],
    }
}

/// Returns the certificate that a partner shows where Exchange asks for one.
pub(crate) fn partner_certificate() -> Certificate {
    Certificate {
        subject: "CN=mail.fabrikam.com, O=Fabrikam, C=US".to_owned(),
        issuer: "CN=Example CA 3, O=Example Trust, C=US".to_owned(),
        serial: "0CC55E2AD61F88B1".to_owned(),
        thumbprint: "77E0B2A94D1C3F5A6B7C8D9E0F1A2B3C4D5E6F70".to_owned(),
        not_before: "2026-06-01T00:00:00.000Z",
        not_after: "2027-06-01T23:59:59.000Z",
        names: vec!["mail.fabrikam.com".to_owned(), "*.smtp.fabrikam.com".to_owned()],
    }
}

impl Server {
    /// Returns the address at which the server answers a peer, of the peer's family.
    pub(crate) fn address_towards(&self, peer: IpAddr) -> IpAddr {
        match peer {
            IpAddr::V4(_) => server_address(self.number),
            IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xE0 + u16::from(self.number)).into(),
        }
    }
}

/// Returns the IPv4 address of the server with this number.
pub(crate) fn server_address(number: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, 10 + number % 80).into()
}
