//! The STARTTLS half of a record: offers, outcome, cipher, certificates.
//!
//! In flow effects, out flows the `starttls` object. **Invariant**: the outcome rests on rows alone; a handshake whose
//! end is not in the log is `failed` only where the session's end is.

use super::Effect;
use crate::site::Certificate;
use serde_json::{Value, json};

/// What a negotiation row names.
#[derive(Debug)]
pub(crate) struct Suite {
    /// As the row has it, after `SP_PROT`: `_TLS1_2`.
    pub(crate) token: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) cipher: &'static str,
    pub(crate) cipher_bits: u32,
    pub(crate) mac: &'static str,
    pub(crate) mac_bits: u32,
    pub(crate) key_exchange: &'static str,
    pub(crate) key_exchange_bits: u32,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    Asked,
    Ready,
    Refused,
    Up,
    Failed,
}

/// A certificate as far as its rows were read.
#[derive(Debug, Default)]
struct Presented<'s> {
    subject: Option<&'s str>,
    issuer: Option<&'s str>,
    serial: Option<&'s str>,
    thumbprint: Option<&'s str>,
    validity: Option<(&'static str, &'static str)>,
    names: &'s [String],
}

/// What is known of a session's encryption.
#[derive(Debug, Default)]
pub(crate) struct Tls<'s> {
    stage: Stage,
    offers: Vec<&'static str>,
    offers_encrypted: Vec<&'static str>,
    has_plain_offers: bool,
    suite: Option<&'static Suite>,
    error: Option<&'static str>,
    certificate: Option<Presented<'s>>,
    remote_certificate: Option<Presented<'s>>,
    capabilities: Option<(&'static str, &'static str)>,
}

impl<'s> Tls<'s> {
    /// A further EHLO after the 220 proves that TLS is up.
    pub(crate) fn hello(&mut self) {
        if self.stage == Stage::Ready {
            self.stage = Stage::Up;
        }
    }

    /// Adds what one row tells.
    pub(crate) fn apply(&mut self, effect: Effect<'s>) {
        match effect {
            Effect::Offers(words) => {
                self.begin_offers();
                self.current_offers().extend_from_slice(words);
            }
            Effect::OffersBegin => self.begin_offers(),
            Effect::Offer(word) => self.current_offers().push(word),
            Effect::StartTls => self.stage = Stage::Asked,
            Effect::StartTlsReady if self.stage == Stage::Asked => self.stage = Stage::Ready,
            Effect::StartTlsRefused if self.stage == Stage::Asked => self.stage = Stage::Refused,
            Effect::TlsUp(suite) => {
                self.stage = Stage::Up;
                self.suite = Some(suite);
            }
            Effect::TlsFailed(error) => {
                self.stage = Stage::Failed;
                self.error = Some(error);
            }
            Effect::RemoteCertificate(certificate) => self.remote_certificate = Some(Presented::whole(certificate)),
            Effect::Capabilities { domain, status } => self.capabilities = Some((domain, status)),
            // Left over: a reply whose STARTTLS was cut, which tells nothing by itself.
            Effect::StartTlsReady | Effect::StartTlsRefused => {}
            certificate => self.apply_certificate(&certificate),
        }
    }

    fn apply_certificate(&mut self, effect: &Effect<'s>) {
        let shown = self.certificate.get_or_insert_default();
        match *effect {
            Effect::Certificate(certificate) => *shown = Presented::whole(certificate),
            Effect::CertificateSubject(text) => shown.subject = Some(text),
            Effect::CertificateIssuer(text) => shown.issuer = Some(text),
            Effect::CertificateSerial(text) => shown.serial = Some(text),
            Effect::CertificateThumbprint(text) => shown.thumbprint = Some(text),
            Effect::CertificateNames(names) => shown.names = names,
            _ => {}
        }
    }

    fn begin_offers(&mut self) {
        self.has_plain_offers |= self.stage != Stage::Up;
        self.current_offers().clear();
    }

    fn current_offers(&mut self) -> &mut Vec<&'static str> {
        if self.stage == Stage::Up { &mut self.offers_encrypted } else { &mut self.offers }
    }

    /// Returns what was offered before TLS.
    pub(crate) fn offers(&self) -> &[&'static str] {
        &self.offers
    }

    /// Returns what was offered once TLS was up.
    pub(crate) fn offers_encrypted(&self) -> &[&'static str] {
        &self.offers_encrypted
    }

    fn outcome(&self, is_closed: bool) -> &'static str {
        match self.stage {
            Stage::Idle => "not-attempted",
            Stage::Refused => "refused",
            Stage::Up => "succeeded",
            Stage::Failed => "failed",
            Stage::Asked | Stage::Ready if is_closed => "failed",
            Stage::Asked | Stage::Ready => "unknown",
        }
    }

    /// Without its head a session's lone EHLO reply may be the one after TLS, so that no STARTTLS in it tells nothing.
    fn is_offered(&self, is_opened: bool) -> Option<bool> {
        let is_listed = self.offers.contains(&"STARTTLS");
        (self.has_plain_offers && (is_listed || is_opened)).then_some(is_listed)
    }

    /// Returns the `starttls` object.
    pub(crate) fn to_json(&self, is_opened: bool, is_closed: bool) -> Value {
        let suite = self.suite;
        json!({
            "outcome": self.outcome(is_closed),
            "offered": self.is_offered(is_opened),
            "error": self.error,
            "protocol": suite.map(|suite| suite.protocol),
            "cipher": suite.map(|suite| suite.cipher),
            "cipher_bits": suite.map(|suite| suite.cipher_bits),
            "mac": suite.map(|suite| suite.mac),
            "key_exchange": suite.map(|suite| suite.key_exchange),
            "key_exchange_bits": suite.map(|suite| suite.key_exchange_bits),
            "certificate": self.certificate.as_ref().map(Presented::to_json),
            "client_certificate": self.remote_certificate.as_ref().map(Presented::to_json),
            "domain_capabilities": self.capabilities.map(|(domain, _)| domain),
            "status": self.capabilities.map(|(_, status)| status),
        })
    }
}

impl<'s> Presented<'s> {
    fn whole(certificate: &'s Certificate) -> Self {
        Self {
            subject: Some(&certificate.subject),
            issuer: Some(&certificate.issuer),
            serial: Some(&certificate.serial),
            thumbprint: Some(&certificate.thumbprint),
            validity: Some((certificate.not_before, certificate.not_after)),
            names: &certificate.names,
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "subject": self.subject,
            "issuer": self.issuer,
            "serial": self.serial,
            "thumbprint": self.thumbprint,
            "not_before": self.validity.map(|(not_before, _)| not_before),
            "not_after": self.validity.map(|(_, not_after)| not_after),
            "names": self.names,
        })
    }
}
