//! What the rows of one session amount to.
//!
//! In flow the effects of the rows that were really written, out flows a session record. **Invariant**: a row that was
//! cut has no say here, so a session whose head or tail is missing is told as a reader can know it.

pub(crate) mod json;
mod login;
mod mail;
mod tls;

pub(crate) use login::Verdict;
pub(crate) use mail::Acceptance;
pub(crate) use tls::Suite;

use crate::site::Certificate;
use login::Login;
use mail::Mail;
use std::rc::Rc;
use tls::Tls;

/// What one row tells.
#[derive(Debug)]
pub(crate) enum Effect<'s> {
    /// Nothing that the record holds.
    Nothing,
    Connected,
    /// The session's end; the context may be empty.
    Disconnected(&'static str),
    Banner(&'s str),
    /// EHLO or HELO and its argument.
    Hello(String),
    /// A whole EHLO reply in one row.
    Offers(&'static [&'static str]),
    /// The first row of an EHLO reply that has a row for each line.
    OffersBegin,
    Offer(&'static str),
    StartTls,
    StartTlsReady,
    StartTlsRefused,
    TlsUp(&'static Suite),
    TlsFailed(&'static str),
    Certificate(&'s Certificate),
    /// One property of a certificate, in the older form.
    CertificateSubject(&'s str),
    CertificateIssuer(&'s str),
    CertificateSerial(&'s str),
    CertificateThumbprint(&'s str),
    CertificateNames(&'s [String]),
    RemoteCertificate(&'s Certificate),
    Capabilities {
        domain: &'static str,
        status: &'static str,
    },
    Permissions(&'static str),
    Auth(&'static str),
    Challenge,
    /// The row that names the error; it may name the mechanism too.
    AuthError {
        mechanism: Option<&'static str>,
        error: &'static str,
    },
    AuthUser(String),
    Authenticated(String),
    AuthVerdict(Verdict),
    Mail(String),
    /// RCPT, numbered within the session so that its reply finds it.
    Recipient {
        nth: u32,
        address: String,
    },
    RecipientReply {
        nth: u32,
        is_accepted: bool,
    },
    Accepted(Acceptance),
    ProxyTo(String),
    ProxyUp(String),
    ProxiedFor {
        ip: String,
        session: String,
    },
    /// Units: milliseconds.
    Tarpit(u64),
}

/// The rows of one session within one file.
#[derive(Debug)]
struct Part {
    path: Rc<str>,
    first_line: u64,
    last_line: u64,
}

/// What is known of one session so far.
#[derive(Debug, Default)]
pub(crate) struct SessionTruth<'s> {
    span_ms: Option<(i64, i64)>,
    lines: u64,
    parts: Vec<Part>,
    is_opened: bool,
    is_closed: bool,
    disconnect: Option<&'static str>,
    banner: Option<&'s str>,
    helo: Option<String>,
    permissions: &'static str,
    proxy_to: Option<String>,
    is_proxied: bool,
    proxied_for: Vec<(String, String)>,
    tarpit_ms: u64,
    tls: Tls<'s>,
    login: Login,
    mail: Mail,
}

impl<'s> SessionTruth<'s> {
    /// Takes note of where and when a row was written.
    pub(crate) fn place(&mut self, at_ms: i64, path: &Rc<str>, line: u64) {
        let start_ms = self.span_ms.map_or(at_ms, |(start_ms, _)| start_ms);
        self.span_ms = Some((start_ms, at_ms));
        self.lines += 1;
        match self.parts.last_mut() {
            Some(part) if Rc::ptr_eq(&part.path, path) => part.last_line = line,
            _ => self.parts.push(Part { path: Rc::clone(path), first_line: line, last_line: line }),
        }
    }

    /// Returns the time of the first row that was written, in milliseconds.
    pub(crate) fn start_ms(&self) -> Option<i64> {
        self.span_ms.map(|(start_ms, _)| start_ms)
    }

    /// Tells whether the session has handed mail to the hub by itself.
    pub(crate) fn has_mail(&self) -> bool {
        self.mail.n_accepted() > 0
    }

    /// Tells whether a client proxy took the session over.
    pub(crate) fn is_proxied(&self) -> bool {
        self.is_proxied
    }

    /// Adds what one written row tells.
    pub(crate) fn apply(&mut self, effect: Effect<'s>) {
        match effect {
            Effect::Nothing => {}
            Effect::Connected => self.is_opened = true,
            Effect::Disconnected(context) => {
                self.is_closed = true;
                self.disconnect = (!context.is_empty()).then_some(context);
            }
            Effect::Banner(name) => self.banner = Some(name),
            Effect::Hello(name) => {
                self.helo = Some(name);
                self.tls.hello();
            }
            Effect::Permissions(words) => self.permissions = words,
            Effect::ProxyTo(destination) => self.proxy_to = Some(destination),
            Effect::ProxyUp(user) => {
                self.is_proxied = true;
                self.login.proxied(user);
            }
            Effect::ProxiedFor { ip, session } => self.proxied_for(ip, session),
            Effect::Tarpit(tarpit_ms) => self.tarpit_ms += tarpit_ms,
            other => self.apply_to_parts(other),
        }
    }

    fn apply_to_parts(&mut self, effect: Effect<'s>) {
        match effect {
            Effect::Auth(_)
            | Effect::Challenge
            | Effect::AuthError { .. }
            | Effect::AuthUser(_)
            | Effect::Authenticated(_)
            | Effect::AuthVerdict(_) => self.login.apply(effect),
            Effect::Mail(_) | Effect::Recipient { .. } | Effect::RecipientReply { .. } | Effect::Accepted(_) => {
                self.mail.apply(effect);
            }
            tls => self.tls.apply(tls),
        }
    }

    fn proxied_for(&mut self, ip: String, session: String) {
        let proxied = (ip, session);
        if !self.proxied_for.contains(&proxied) {
            self.proxied_for.push(proxied);
        }
    }
}
