//! STARTTLS with all that comes of it.
//!
//! In flows a scene, out flow the rows of the handshake. **Invariant**: a 2010 writes no row for a handshake that
//! succeeded.

use super::letter::Letter;
use crate::scene::Scene;
use crate::site::Certificate;
use crate::truth::{Effect, Suite};

const SENDING: &str = "Sending certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject \
                       alternate names";
const REMOTE: &str = "Remote certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject \
                      alternate names";

const SUITES: &[(u32, Suite)] = &[
    (50, suite("_TLS1_2", "TLSv1.2", ("AES_256", 256), ("SHA_384", 0), ("ECDH_EPHEM", 384))),
    (14, suite("_TLS1_2", "TLSv1.2", ("AES_128", 128), ("SHA_256", 0), ("ECDH_EPHEM", 256))),
    (2, suite("-TLS1_2", "TLSv1.2", ("AES_256", 256), ("SHA_384", 0), ("ECDH_EPHEM", 255))),
    (4, suite("_TLS1_2", "TLSv1.2", ("AES_256", 256), ("SHA1", 160), ("RSA_KEYX", 2048))),
    (3, suite("_TLS1_2", "TLSv1.2", ("AES_256", 256), ("SHA_384", 0), ("DH_EPHEM", 2048))),
    (15, suite("_TLS1_3", "TLSv1.3", ("AES_256", 256), ("SHA_384", 0), ("ECDHE", 256))),
    (4, suite("_TLS1_1", "TLSv1.1", ("AES_128", 128), ("SHA1", 160), ("ECDHE", 256))),
    (5, suite("_TLS1_0", "TLSv1.0", ("AES_256", 256), ("SHA1", 160), ("ECDH_EPHEM", 256))),
    (2, suite("_TLS1_0", "TLSv1.0", ("3DES", 168), ("SHA1", 160), ("RSA_KEYX", 2048))),
    (1, suite("_TLS1_0", "TLSv1.0", ("RC4", 128), ("SHA1", 160), ("RSA_KEYX", 1024))),
];

type Strength = (&'static str, u32);

const fn suite(
    token: &'static str,
    protocol: &'static str,
    (cipher, cipher_bits): Strength,
    (mac, mac_bits): Strength,
    (key_exchange, key_exchange_bits): Strength,
) -> Suite {
    Suite { token, protocol, cipher, cipher_bits, mac, mac_bits, key_exchange, key_exchange_bits }
}

/// Which command asks for TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TlsCommand {
    StartTls,
    /// Between Exchange servers.
    Anonymous,
}

impl<'s> Scene<'s, '_> {
    /// STARTTLS with success, and the EHLO that follows.
    pub(crate) fn encrypt(&mut self, command: TlsCommand) {
        self.ask_for_tls(command);
        self.show_certificate();
        self.pause(10, 60 + self.pace.answer);
        if !self.is_legacy() {
            self.note_suite();
        }
        self.is_encrypted = true;
        self.ehlo_command();
        if !self.is_legacy() {
            self.note_client_certificate();
        }
        self.offer(self.connector.offers_encrypted);
    }

    /// The command and its 220.
    pub(crate) fn ask_for_tls(&mut self, command: TlsCommand) {
        self.wait();
        let verb = match command {
            TlsCommand::StartTls => "STARTTLS",
            TlsCommand::Anonymous => "X-ANONYMOUSTLS",
        };
        self.command(verb, "", Effect::StartTls);
        self.reply("220 2.0.0 SMTP server ready", Effect::StartTlsReady);
    }

    /// The certificate that Exchange sends: one row a property in 2010, one row later.
    pub(crate) fn show_certificate(&mut self) {
        let certificate = &self.connector.certificate;
        if self.is_legacy() {
            self.note("", "Sending certificate", Effect::Nothing);
            self.note(&certificate.subject, "Certificate subject", Effect::CertificateSubject(&certificate.subject));
            self.note(&certificate.issuer, "Certificate issuer name", Effect::CertificateIssuer(&certificate.issuer));
            self.note(&certificate.serial, "Certificate serial number", Effect::CertificateSerial(&certificate.serial));
            let thumbprint = Effect::CertificateThumbprint(&certificate.thumbprint);
            self.note(&certificate.thumbprint, "Certificate thumbprint", thumbprint);
            let names = certificate.names.join(";");
            self.note(names, "Certificate alternate names", Effect::CertificateNames(&certificate.names));
        } else {
            self.certificate_row(certificate, SENDING, Effect::Certificate(certificate));
        }
    }

    fn certificate_row(&mut self, certificate: &Certificate, context: &str, effect: Effect<'s>) {
        let Certificate { subject, issuer, serial, thumbprint, not_before, not_after, names } = certificate;
        let names = names.join(";");
        let text = format_args!(" {subject} {issuer} {serial} {thumbprint} {not_before} {not_after} {names}");
        self.note(text, context, effect);
    }

    fn note_suite(&mut self) {
        let suite = self.chance.weighted(SUITES);
        let Suite { token, cipher, cipher_bits, mac, mac_bits, key_exchange, key_exchange_bits, .. } = suite;
        let text = format_args!(
            "TLS protocol SP_PROT{token}_SERVER negotiation succeeded using bulk encryption algorithm CALG_{cipher} \
             with strength {cipher_bits} bits, MAC hash algorithm CALG_{mac} with strength {mac_bits} bits and key \
             exchange algorithm CALG_{key_exchange} with strength {key_exchange_bits} bits"
        );
        self.note("", text, Effect::TlsUp(suite));
    }

    fn note_client_certificate(&mut self) {
        if self.chance.percent(4) {
            self.certificate_row(self.partner, REMOTE, Effect::RemoteCertificate(self.partner));
            self.note("", "Client certificate chain validation status: 'Valid'", Effect::Nothing);
            let effect = Effect::Capabilities { domain: "None", status: "Success" };
            self.note("", "TlsDomainCapabilities='None'; Status='Success'; Domain='mail.fabrikam.com'", effect);
        } else {
            self.note("", "Client certificate chain validation status: 'EmptyCertificate'", Effect::Nothing);
            let effect = Effect::Capabilities { domain: "None", status: "NoRemoteCertificate" };
            self.note("", "TlsDomainCapabilities='None'; Status='NoRemoteCertificate'", effect);
        }
    }
}

/// STARTTLS is offered and then refused; some peers bring their mail in the clear instead.
pub(crate) fn refused(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.ehlo();
    scene.wait();
    scene.command("STARTTLS", "", Effect::StartTls);
    let refusal = *scene.chance.pick(&[
        "454 4.7.0 TLS not available due to temporary reason",
        "454 4.7.0 TLS not available due to temporary reason",
        "554 5.7.3 Unable to initialize security subsystem",
    ]);
    scene.reply(refusal, Effect::StartTlsRefused);
    if scene.chance.percent(40) {
        let letter = Letter::inbound(scene);
        scene.deliver(&letter);
    }
    scene.quit();
}

/// The handshake fails, and Exchange says so.
pub(crate) fn failed(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.ehlo();
    scene.ask_for_tls(TlsCommand::StartTls);
    let error = *scene.chance.weighted(&[
        (10, "SocketError"),
        (3, "ConnectionReset"),
        (2, "AlgorithmMismatch"),
        (1, "TimedOut"),
        (1, "ConnectionAborted"),
        (2, "NoCredentials"),
        (1, "UnknownCredentials"),
    ]);
    // Without credentials there is no certificate to send.
    if !error.ends_with("Credentials") {
        scene.show_certificate();
    }
    scene.pause(5, 4000);
    scene.note("", format_args!("TLS negotiation failed with error {error}"), Effect::TlsFailed(error));
    if scene.chance.percent(50) { scene.disconnect("Local") } else { scene.leave() }
}

/// The peer drops the handshake, and no row says so.
pub(crate) fn dropped(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.ehlo();
    scene.ask_for_tls(TlsCommand::StartTls);
    scene.show_certificate();
    scene.pause(100, 10_000);
    scene.leave();
}
