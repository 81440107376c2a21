//! Stories of Exchange servers among themselves: the hub's side of what front ends pass on.
//!
//! In flows a scene, out flows its script. **Invariant**: XPROXYFROM stands anew before each MAIL, XPROXY once.

use super::delivery::{RATE_LIMITED, TOO_LARGE, UNKNOWN};
use super::encryption::TlsCommand;
use super::letter::{Letter, Recipient};
use crate::handover::{Handover, Reason};
use crate::peer::Peer;
use crate::scene::Scene;
use crate::text::{DAY_MS, to_ticks};
use crate::truth::Effect;

impl Scene<'_, '_> {
    fn come_as_server(&mut self) {
        self.greet();
        self.ehlo();
        self.encrypt(TlsCommand::Anonymous);
        self.admit_server();
    }

    /// Picks a session that this server's front end handed over, or makes up one of another server's.
    fn handed_over(&mut self, reason: Reason) -> Handover {
        let is_foreign = self.chance.percent(20);
        if !is_foreign && let Some(handover) = self.handovers.pick(reason, self.chance) {
            return handover.clone();
        }
        let peer = match reason {
            Reason::Mail => Peer::internet(self.chance),
            Reason::Client => Peer::client(self.chance),
        };
        let counter = to_ticks(self.start_ms - 3 * DAY_MS) + self.chance.below(1 << 24);
        Handover {
            session: format!("{counter:016X}"),
            ip: peer.ip.to_string(),
            port: peer.port.to_string(),
            domain: peer.helo,
        }
    }

    fn proxy_from(&mut self) {
        let Handover { session, ip, port, domain } = self.handed_over(Reason::Mail);
        let number = self.n_messages + 1;
        self.wait();
        let text =
            format!("SID={session} IP={ip} PORT={port} DOMAIN={domain} SEQNUM={number} PERMS=1073 AUTHSRC=Anonymous");
        self.command("XPROXYFROM ", text, Effect::ProxiedFor { ip, session });
        self.reply("250 XProxyFrom accepted", Effect::Nothing);
    }

    fn proxy_client(&mut self) {
        let Handover { session, ip, port, domain } = self.handed_over(Reason::Client);
        self.wait();
        let text = format!("SID={session} IP={ip} PORT={port} DOMAIN={domain} CAPABILITIES=0");
        self.command("XPROXY ", text, Effect::ProxiedFor { ip, session });
        self.reply("250 XProxy accepted", Effect::Nothing);
    }

    fn submit_for_client(&mut self, letter: &Letter) {
        self.come_as_server();
        self.proxy_client();
        self.deliver(letter);
    }
}

/// A front end passes on mail of several sessions over one connection.
pub(crate) fn for_front_end(scene: &mut Scene<'_, '_>) {
    scene.come_as_server();
    for _ in 0..scene.chance.spread(1, 15) {
        scene.proxy_from();
        let letter = Letter { arguments: " AUTH=<>", ..Letter::inbound(scene) };
        scene.deliver(&letter);
        scene.rest();
    }
    scene.hold();
    if scene.chance.percent(85) { scene.quit() } else { scene.leave() }
}

/// Another hub sends mail.
pub(crate) fn from_neighbour(scene: &mut Scene<'_, '_>) {
    scene.come_as_server();
    for _ in 0..scene.chance.spread(1, 12) {
        let letter = Letter::outbound(scene);
        scene.deliver(&letter);
        scene.rest();
    }
    scene.hold();
    scene.quit();
}

/// The login between servers fails, at times twice.
pub(crate) fn clock_wrong(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.ehlo();
    scene.encrypt(TlsCommand::Anonymous);
    scene.refuse_server();
    if scene.chance.percent(30) {
        scene.refuse_server();
    }
    scene.quit();
}

/// A client's session goes on here after the front end let it in.
pub(crate) fn for_client(scene: &mut Scene<'_, '_>) {
    scene.come_as_server();
    scene.proxy_client();
    for _ in 0..scene.chance.spread(1, 4) {
        let letter = Letter::outbound(scene);
        scene.deliver(&letter);
        scene.rest();
    }
    if scene.chance.percent(70) { scene.quit() } else { scene.leave() }
}

/// The client says it is someone else, which is told at MAIL FROM or after the message.
pub(crate) fn sender_not_permitted(scene: &mut Scene<'_, '_>) {
    let refusal = Some("550 5.7.60 SMTP; Client does not have permissions to send as this sender");
    let letter = Letter { sender: "boss@contoso.com".to_owned(), ..Letter::outbound(scene) };
    let letter = if scene.chance.percent(30) {
        Letter { sender_refusal: refusal, ..letter }
    } else {
        Letter { content_refusal: refusal, ..letter }
    };
    scene.submit_for_client(&letter);
    scene.quit();
}

/// The client's message is over the limit.
pub(crate) fn client_too_large(scene: &mut Scene<'_, '_>) {
    let bytes = scene.chance.between(40_000_000, 50_000_000);
    let letter = Letter { bytes, sender_refusal: Some(TOO_LARGE), ..Letter::outbound(scene) };
    scene.submit_for_client(&letter);
    scene.quit();
}

/// The client sends more than it may.
pub(crate) fn client_rate_limited(scene: &mut Scene<'_, '_>) {
    let letter = Letter::outbound(scene);
    scene.submit_for_client(&letter);
    let letter = Letter { sender_refusal: Some(RATE_LIMITED), ..Letter::outbound(scene) };
    scene.deliver(&letter);
    scene.disconnect("Local");
}

/// The client writes to someone who is not there.
pub(crate) fn client_recipient_unknown(scene: &mut Scene<'_, '_>) {
    let recipients = vec![Recipient { address: "nobody@contoso.com".to_owned(), refusal: Some(UNKNOWN) }];
    let letter = Letter { recipients, ..Letter::outbound(scene) };
    scene.submit_for_client(&letter);
    scene.quit();
}
