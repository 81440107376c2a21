//! Stories of peers that bring mail without logging in.
//!
//! In flows a scene, out flows its script. **Invariant**: every refusal is worded as the server's generation words it.

use super::encryption::TlsCommand;
use super::letter::{Letter, Recipient};
use crate::scene::Scene;

pub(crate) const TOO_LARGE: &str = "552 5.3.4 Message size exceeds fixed maximum message size";
pub(crate) const RATE_LIMITED: &str =
    "421 4.4.2 Message submission rate for this client has exceeded the configured limit";
pub(crate) const UNKNOWN: &str =
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup";
const UNKNOWN_IN_2010: &str = "550 5.1.1 User unknown";
const NO_RELAY: &str = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain";
const NO_RELAY_IN_2010: &str = "550 5.7.1 Unable to relay";
const NO_RESOURCES: &str = "452 4.3.1 Insufficient system resources";
const SPAM: &str = "550 5.7.1 Message rejected as spam by Content Filtering.";

impl Scene<'_, '_> {
    /// The greeting of a peer that brings mail, over TLS or not.
    fn come_with_mail(&mut self, is_encrypted: bool) {
        self.greet();
        self.ehlo();
        if is_encrypted {
            self.encrypt(TlsCommand::StartTls);
        }
        self.permit_anonymous();
    }

    fn come_either_way(&mut self) {
        let is_encrypted = self.chance.percent(75);
        self.come_with_mail(is_encrypted);
    }

    fn unknown_recipient(&self) -> &'static str {
        if self.is_legacy() { UNKNOWN_IN_2010 } else { UNKNOWN }
    }
}

/// Mail over TLS: mostly one message, at times many.
pub(crate) fn encrypted(scene: &mut Scene<'_, '_>) {
    scene.come_with_mail(true);
    several(scene);
}

/// Mail without TLS, from some by HELO.
pub(crate) fn in_clear(scene: &mut Scene<'_, '_>) {
    if scene.chance.percent(15) {
        scene.greet();
        scene.helo();
        let letter = Letter { is_pipelined: false, is_chunked: false, arguments: "", ..Letter::inbound(scene) };
        scene.deliver(&letter);
        scene.quit();
        return;
    }
    scene.come_with_mail(false);
    several(scene);
}

fn several(scene: &mut Scene<'_, '_>) {
    let n_letters = if scene.chance.percent(65) { 1 } else { scene.chance.spread(2, 15) };
    for nth in 0..n_letters {
        if nth > 0 {
            scene.rest();
        }
        let letter = Letter::inbound(scene);
        scene.deliver(&letter);
    }
    if scene.chance.percent(40) {
        scene.hold();
    }
    if scene.chance.percent(92) { scene.quit() } else { scene.leave() }
}

/// Mail to someone who is not there, often beside others who are.
pub(crate) fn recipient_unknown(scene: &mut Scene<'_, '_>) {
    scene.come_either_way();
    let mut letter = Letter::inbound(scene);
    let refused = scene.chance.below_len(letter.recipients.len());
    letter.recipients[refused] =
        Recipient { address: "nobody@contoso.com".to_owned(), refusal: Some(scene.unknown_recipient()) };
    scene.deliver(&letter);
    scene.quit();
}

/// Mail that is for another organisation.
pub(crate) fn relay_denied(scene: &mut Scene<'_, '_>) {
    scene.come_either_way();
    let refusal = if scene.is_legacy() { NO_RELAY_IN_2010 } else { NO_RELAY };
    let recipients = vec![Recipient { address: "someone@example.net".to_owned(), refusal: Some(refusal) }];
    let letter = Letter { recipients, ..Letter::inbound(scene) };
    scene.deliver(&letter);
    if scene.chance.percent(60) { scene.quit() } else { scene.leave() }
}

/// A message over the limit: told so at once, or after all of it.
pub(crate) fn too_large(scene: &mut Scene<'_, '_>) {
    scene.come_either_way();
    let letter = Letter { bytes: scene.chance.between(40_000_000, 60_000_000), ..Letter::inbound(scene) };
    let letter = if scene.chance.percent(50) {
        Letter { sender_refusal: Some(TOO_LARGE), ..letter }
    } else {
        Letter { content_refusal: Some(TOO_LARGE), is_chunked: false, arguments: "", ..letter }
    };
    scene.deliver(&letter);
    scene.quit();
}

/// A message that is refused for what it says.
pub(crate) fn content_refused(scene: &mut Scene<'_, '_>) {
    scene.come_either_way();
    let letter = Letter { content_refusal: Some(SPAM), ..Letter::inbound(scene) };
    scene.deliver(&letter);
    scene.quit();
}

/// The server is short of disk or memory.
pub(crate) fn out_of_resources(scene: &mut Scene<'_, '_>) {
    scene.come_either_way();
    if !scene.is_legacy() {
        scene.wait();
        scene.tarpit(10_000, "Back Pressure");
    }
    let letter = Letter { sender_refusal: Some(NO_RESOURCES), ..Letter::inbound(scene) };
    scene.deliver(&letter);
    scene.quit();
}

/// A peer that sends more than it may.
pub(crate) fn rate_limited(scene: &mut Scene<'_, '_>) {
    scene.come_either_way();
    for _ in 0..scene.chance.between(1, 6) {
        let letter = Letter::inbound(scene);
        scene.deliver(&letter);
    }
    let letter = Letter { sender_refusal: Some(RATE_LIMITED), ..Letter::inbound(scene) };
    scene.deliver(&letter);
    scene.disconnect("Local");
}

/// MAIL FROM without any greeting, then a recipient elsewhere.
pub(crate) fn relay_test(scene: &mut Scene<'_, '_>) {
    scene.greet();
    let letter = Letter { sender_refusal: Some("503 5.5.2 Send hello first"), ..Letter::inbound(scene) };
    scene.deliver(&letter);
    scene.leave();
}
