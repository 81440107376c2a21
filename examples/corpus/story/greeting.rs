//! How sessions begin and end: connect, banner, EHLO, QUIT, disconnect.
//!
//! In flows a scene, out flow its first and last rows. **Invariant**: rows that only make sense together carry one
//! time, so that no cut by time falls between them.

use crate::scene::Scene;
use crate::site::Clientele;
use crate::text::BannerTime;
use crate::truth::Effect;

/// The rights of someone who has not logged in.
const ANONYMOUS: &str = "SMTPSubmit SMTPAcceptAnySender SMTPAcceptAuthoritativeDomainSender AcceptRoutingHeaders";
const ANONYMOUS_RELAY: &str =
    "SMTPSubmit SMTPAcceptAnyRecipient SMTPAcceptAnySender SMTPAcceptAuthoritativeDomainSender AcceptRoutingHeaders";

impl Scene<'_, '_> {
    /// The connection opens and Exchange shows its banner.
    pub(crate) fn greet(&mut self) {
        self.open();
        self.pause(0, 3);
        let time = BannerTime { at_ms: self.now_ms, utc_offset_minutes: self.server.utc_offset_minutes };
        let fqdn = &self.connector.fqdn;
        self.reply(format_args!("220 {fqdn} Microsoft ESMTP MAIL Service ready at {time}"), Effect::Banner(fqdn));
    }

    /// The connection opens, no more.
    pub(crate) fn open(&mut self) {
        self.mark(b'+', "", Effect::Connected);
        if self.is_legacy() {
            self.permit(ANONYMOUS);
        }
    }

    /// Exchange grants rights.
    pub(crate) fn permit(&mut self, words: &'static str) {
        self.note(words, "Set Session Permissions", Effect::Permissions(words));
    }

    /// EHLO and the connector's own reply.
    pub(crate) fn ehlo(&mut self) {
        self.ehlo_command();
        let offers = if self.is_encrypted { self.connector.offers_encrypted } else { self.connector.offers };
        self.offer(offers);
    }

    /// EHLO alone.
    pub(crate) fn ehlo_command(&mut self) {
        self.wait();
        let name = self.peer.helo.clone();
        self.command("EHLO ", name.clone(), Effect::Hello(name));
    }

    /// The reply to EHLO: one row a line in 2010, all lines in one row later.
    pub(crate) fn offer(&mut self, offers: &'static [&'static str]) {
        let (fqdn, ip) = (&self.connector.fqdn, self.peer.ip);
        if !self.is_legacy() {
            let lines = offers.join(" ");
            self.reply(format_args!("250  {fqdn} Hello [{ip}] {lines}"), Effect::Offers(offers));
            return;
        }
        self.reply(format_args!("250-{fqdn} Hello [{ip}]"), Effect::OffersBegin);
        for (index, offer) in offers.iter().enumerate() {
            let separator = if index + 1 == offers.len() { ' ' } else { '-' };
            self.reply(format_args!("250{separator}{offer}"), Effect::Offer(offer));
        }
    }

    /// HELO and its reply, which offers nothing.
    pub(crate) fn helo(&mut self) {
        self.wait();
        let name = self.peer.helo.clone();
        self.command("HELO ", name.clone(), Effect::Hello(name));
        let (fqdn, ip) = (&self.connector.fqdn, self.peer.ip);
        self.reply(format_args!("250 {fqdn} Hello [{ip}]"), Effect::Nothing);
    }

    /// Newer servers set the rights of an unknown peer only once they know more of it.
    pub(crate) fn permit_anonymous(&mut self) {
        if self.is_legacy() || !self.chance.percent(60) {
            return;
        }
        let is_relay = self.connector.clientele == Clientele::Devices && self.chance.percent(70);
        self.permit(if is_relay { ANONYMOUS_RELAY } else { ANONYMOUS });
    }

    /// QUIT, its reply, and the end.
    pub(crate) fn quit(&mut self) {
        self.wait();
        self.command("QUIT", "", Effect::Nothing);
        self.reply("221 2.0.0 Service closing transmission channel", Effect::Nothing);
        match self.chance.below(40) {
            0 => self.disconnect(""),
            1 | 2 => self.leave(),
            _ => self.disconnect("Local"),
        }
    }

    /// The peer goes without a word.
    pub(crate) fn leave(&mut self) {
        self.wait();
        let context = *self.chance.weighted(&[
            (5, "Remote(ConnectionReset)"),
            (4, "Remote(SocketError)"),
            (1, "Remote(TimedOut)"),
            (1, "Remote(ConnectionAborted)"),
        ]);
        self.disconnect(context);
    }

    /// The connection ends; 2010 tells only which side ended it.
    pub(crate) fn disconnect(&mut self, context: &'static str) {
        let context = if self.is_legacy() { context.split('(').next().unwrap_or_default() } else { context };
        self.mark(b'-', context, Effect::Disconnected(context));
    }
}
