//! One letter from MAIL FROM to the final reply.
//!
//! In flows a scene and a letter, out flow the rows of the transaction. **Invariant**: replies come in the order of
//! their commands, pipelined or not.

use crate::chance::Chance;
use crate::scene::Scene;
use crate::site::Clientele;
use crate::text::{Rate, Stamp, TimeSpan};
use crate::truth::{Acceptance, Effect};
use std::fmt::Write as _;

const USERS: &[&str] = &["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"];
const DOMAINS: &[&str] = &["fabrikam.com", "example.com", "example.org", "example.net"];

/// One address in RCPT, and the reply that refuses it.
#[derive(Debug)]
pub(crate) struct Recipient {
    pub(crate) address: String,
    pub(crate) refusal: Option<&'static str>,
}

/// One message on its way.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) sender: String,
    /// What follows the address in MAIL FROM, with its leading space.
    pub(crate) arguments: &'static str,
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) message_id: String,
    pub(crate) bytes: u64,
    pub(crate) is_pipelined: bool,
    /// BDAT instead of DATA.
    pub(crate) is_chunked: bool,
    pub(crate) sender_refusal: Option<&'static str>,
    pub(crate) content_refusal: Option<&'static str>,
}

impl Letter {
    /// Writes a letter to people of contoso.com, as mail servers send them.
    pub(crate) fn inbound(scene: &mut Scene<'_, '_>) -> Self {
        let chance = &mut *scene.chance;
        let is_device = scene.connector.clientele == Clientele::Devices;
        let domain = if is_device { "contoso.com" } else { *chance.pick(DOMAINS) };
        let sender = match chance.below(100) {
            0..6 => String::new(),
            // A quoted local part with a comma: the row must double its quotes.
            6 => format!("\"pat, o'brien\"@{domain}"),
            7..10 => format!("bounce+{}=contoso.com@{domain}", chance.pick(USERS)),
            _ => format!("{}@{domain}", chance.pick(USERS)),
        };
        let n_recipients = if chance.percent(75) { 1 } else { chance.between(2, 8) };
        let recipients = (0..n_recipients).map(|_| Recipient::of("contoso.com", chance)).collect();
        let is_chunked = chance.percent(35);
        Self {
            sender,
            arguments: if is_chunked { " BODY=BINARYMIME" } else { *chance.pick(&["", "", " BODY=8BITMIME"]) },
            recipients,
            message_id: message_id(domain, chance),
            bytes: chance.spread(900, 4_000_000),
            is_pipelined: chance.percent(40),
            is_chunked,
            sender_refusal: None,
            content_refusal: None,
        }
    }

    /// Writes a letter of someone at contoso.com to anyone.
    pub(crate) fn outbound(scene: &mut Scene<'_, '_>) -> Self {
        let letter = Self::inbound(scene);
        let chance = &mut *scene.chance;
        let sender = format!("{}@contoso.com", chance.pick(USERS));
        let domain = *chance.pick(&["contoso.com", "contoso.com", "fabrikam.com", "example.org"]);
        let message_id = message_id("contoso.com", chance);
        Self { sender, message_id, recipients: vec![Recipient::of(domain, chance)], ..letter }
    }

    fn is_wanted(&self) -> bool {
        self.recipients.iter().any(|recipient| recipient.refusal.is_none())
    }
}

impl Recipient {
    fn of(domain: &str, chance: &mut Chance) -> Self {
        Self { address: format!("{}@{domain}", chance.pick(USERS)), refusal: None }
    }
}

impl Scene<'_, '_> {
    /// Carries one letter from MAIL FROM to its last reply.
    pub(crate) fn deliver(&mut self, letter: &Letter) {
        self.wait();
        self.mail_command(letter);
        if let Some(refusal) = letter.sender_refusal {
            self.pause(1, 20);
            self.reply(refusal, Effect::Nothing);
            return;
        }
        let number = self.n_messages;
        let text = format!("{:016X};{};{number}", self.session, Stamp(self.start_ms));
        self.note(text, "receiving message", Effect::Nothing);
        if letter.is_pipelined { self.envelope_at_once(letter) } else { self.envelope_by_turns(letter) }
    }

    fn mail_command(&mut self, letter: &Letter) {
        self.n_messages += 1;
        let (sender, arguments) = (&letter.sender, letter.arguments);
        // Careless clients put a space where none may be.
        let gap = if self.peer.is_lower_case { " " } else { "" };
        let mut rest = format!("{gap}<{sender}>");
        if !self.n_messages.is_multiple_of(3) {
            let _ = write!(rest, " SIZE={}", letter.bytes + 120);
        }
        rest.push_str(arguments);
        self.command("MAIL FROM:", &rest, Effect::Mail(sender.clone()));
    }

    fn envelope_at_once(&mut self, letter: &Letter) {
        let first = self.n_recipients;
        for recipient in &letter.recipients {
            self.recipient_command(recipient);
        }
        self.content_command(letter, 0);
        self.pause(2, 30);
        self.reply("250 2.1.0 Sender OK", Effect::Nothing);
        for (nth, recipient) in (first..).zip(&letter.recipients) {
            self.recipient_reply(nth, recipient);
        }
        if letter.is_wanted() {
            self.content(letter);
        } else {
            self.reply("503 5.5.2 Need rcpt command", Effect::Nothing);
        }
    }

    fn envelope_by_turns(&mut self, letter: &Letter) {
        self.pause(0, 8);
        self.reply("250 2.1.0 Sender OK", Effect::Nothing);
        for recipient in &letter.recipients {
            self.wait();
            let nth = self.n_recipients;
            self.recipient_command(recipient);
            self.pause(0, 12);
            self.recipient_reply(nth, recipient);
        }
        if letter.is_wanted() {
            self.wait();
            self.content_command(letter, 0);
            self.pause(0, 5);
            self.content(letter);
        }
    }

    fn recipient_command(&mut self, recipient: &Recipient) {
        let address = &recipient.address;
        let notify = if self.n_recipients % 7 == 6 { " NOTIFY=SUCCESS,FAILURE" } else { "" };
        let effect = Effect::Recipient { nth: self.n_recipients, address: address.clone() };
        self.n_recipients += 1;
        self.command("RCPT TO:", format_args!("<{address}>{notify}"), effect);
    }

    fn recipient_reply(&mut self, nth: u32, recipient: &Recipient) {
        let Some(refusal) = recipient.refusal else {
            self.reply("250 2.1.5 Recipient OK", Effect::RecipientReply { nth, is_accepted: true });
            return;
        };
        self.tarpit(5000, refusal);
        self.reply(refusal, Effect::RecipientReply { nth, is_accepted: false });
    }

    /// Exchange makes the peer wait; 2010 does not say why.
    pub(crate) fn tarpit(&mut self, tarpit_ms: u64, reason: &str) {
        let span = TimeSpan(tarpit_ms);
        if self.is_legacy() {
            self.note(format_args!("Tarpit for '{span}'"), "", Effect::Tarpit(tarpit_ms));
        } else {
            self.note(format_args!("Tarpit for '{span}' due to '{reason}'"), "", Effect::Tarpit(tarpit_ms));
        }
        self.pause(tarpit_ms, tarpit_ms + 15);
    }

    fn content_command(&mut self, letter: &Letter, nth_chunk: u64) {
        if !letter.is_chunked {
            self.command("DATA", "", Effect::Nothing);
            return;
        }
        let last = if nth_chunk + 1 == n_chunks(letter) { " LAST" } else { "" };
        let size = chunk_bytes(letter, nth_chunk);
        self.command("BDAT ", format_args!("{size}{last}"), Effect::Nothing);
    }

    fn content(&mut self, letter: &Letter) {
        let began_ms = self.now_ms;
        if letter.is_chunked {
            for nth_chunk in 1..n_chunks(letter) {
                self.wait();
                let size = chunk_bytes(letter, nth_chunk - 1);
                self.reply(format_args!("250 2.6.0 CHUNK received OK, {size} octets"), Effect::Nothing);
                self.content_command(letter, nth_chunk);
            }
        } else {
            self.reply("354 Start mail input; end with <CRLF>.<CRLF>", Effect::Nothing);
        }
        self.notes_on_content(letter);
        self.pause(20, 60 + letter.bytes / 2000);
        match letter.content_refusal {
            Some(refusal) => self.reply(refusal, Effect::Nothing),
            None => self.accept(letter, began_ms),
        }
    }

    fn notes_on_content(&mut self, letter: &Letter) {
        let port = self.connector.port;
        if self.is_legacy() {
            return;
        }
        if port == 25 || port == 587 {
            let id = guid(self.chance.next_u64(), self.chance.next_u64());
            let text =
                format_args!("Proxy destination(s) obtained from OnProxyInboundMessage event. Correlation Id:{id}");
            self.note("", text, Effect::Nothing);
        } else {
            let id = &letter.message_id;
            self.note("", format_args!("receiving message with InternetMessageId {id}"), Effect::Nothing);
            self.maybe_delay_acknowledgement();
        }
    }

    fn maybe_delay_acknowledgement(&mut self) {
        if !self.chance.percent(8) {
            return;
        }
        let tarpit_ms = self.chance.spread(40, 20_000);
        let context = if tarpit_ms > 15_000 { "Expired" } else { "Delivered" };
        let span = TimeSpan(tarpit_ms);
        self.pause(tarpit_ms, tarpit_ms);
        self.note(format_args!("Tarpit for '{span}' due to 'DelayedAck'"), context, Effect::Tarpit(tarpit_ms));
    }

    fn accept(&mut self, letter: &Letter, began_ms: i64) {
        let message_id = letter.message_id.clone();
        let internal_id = self.chance.between(1 << 32, 1 << 46);
        if self.is_legacy() {
            let text = format!("250 2.6.0 {message_id} [InternalId={internal_id}] Queued mail for delivery");
            let acceptance = Acceptance { message_id, internal_id, bytes: None };
            self.reply(text, Effect::Accepted(acceptance));
            return;
        }
        let elapsed_ms = (self.now_ms - began_ms).unsigned_abs();
        let rate = Rate { bytes: letter.bytes, elapsed_ms, separator: self.server.separator };
        let host = &self.server.name;
        let text = format!(
            "250 2.6.0 {message_id} [InternalId={internal_id}, Hostname={host}.contoso.com] {rate} Queued mail for \
             delivery"
        );
        self.reply(text, Effect::Accepted(Acceptance { message_id, internal_id, bytes: Some(letter.bytes) }));
    }
}

fn n_chunks(letter: &Letter) -> u64 {
    1 + letter.bytes / 1_000_000
}

fn chunk_bytes(letter: &Letter, nth_chunk: u64) -> u64 {
    let whole = letter.bytes / n_chunks(letter);
    if nth_chunk + 1 == n_chunks(letter) { letter.bytes - whole * nth_chunk } else { whole }
}

fn message_id(domain: &str, chance: &mut Chance) -> String {
    format!("<{:016x}.{:08x}@{domain}>", chance.next_u64(), chance.below(1 << 32))
}

fn guid(high: u64, low: u64) -> String {
    let (first, second, third) = (high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF);
    format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", low >> 48, low & 0xFFFF_FFFF_FFFF)
}
