//! AUTH and X-EXPS: challenges, results, and the logins that fail anywhere.
//!
//! In flows a scene, out flow the rows of an attempt. **Invariant**: the rows of one result carry one time, but for the
//! reply that a tarpit holds back.

use super::encryption::TlsCommand;
use super::letter::Letter;
use crate::peer::Peer;
use crate::scene::Scene;
use crate::truth::{Effect, Verdict};

pub(crate) const NOT_OFFERED: &str = "504 5.7.4 Unrecognized authentication type";
const UNSUCCESSFUL: &str = "535 5.7.3 Authentication unsuccessful";
const TEMPORARY: &str = "454 4.7.0 Temporary authentication failure";

/// The rights of a user who has logged in.
pub(crate) const USER: &str = "SMTPSubmit SMTPAcceptAnyRecipient BypassAntiSpam AcceptRoutingHeaders";

/// The rights of an Exchange server.
const EXCHANGE_SERVER: &str = "SMTPSubmit SMTPAcceptAnyRecipient SMTPAcceptAuthenticationFlag SMTPAcceptAnySender \
     SMTPAcceptAuthoritativeDomainSender BypassAntiSpam BypassMessageSizeLimit SMTPAcceptEXCH50 AcceptRoutingHeaders \
     AcceptForestHeaders AcceptOrganizationHeaders SendRoutingHeaders SendForestHeaders SendOrganizationHeaders \
     SMTPSendEXCH50 SMTPAcceptXShadow SMTPAcceptXProxyFrom SMTPAcceptXSessionParams SMTPAcceptXAttr SMTPAcceptXSysProbe";

/// How a client logs in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method {
    pub(crate) command: &'static str,
    pub(crate) mechanism: &'static str,
    n_challenges: u32,
}

pub(crate) const LOGIN: Method = Method { command: "AUTH LOGIN", mechanism: "LOGIN", n_challenges: 2 };
pub(crate) const NTLM: Method = Method { command: "AUTH NTLM", mechanism: "NTLM", n_challenges: 2 };
pub(crate) const GSSAPI: Method = Method { command: "AUTH GSSAPI", mechanism: "GSSAPI", n_challenges: 1 };
pub(crate) const X_EXPS_GSSAPI: Method = Method { command: "X-EXPS GSSAPI", mechanism: "GSSAPI", n_challenges: 1 };

impl Scene<'_, '_> {
    /// The command and its challenges; what the client answers is not logged.
    pub(crate) fn challenge(&mut self, method: Method) {
        self.wait();
        self.command(method.command, "", Effect::Auth(method.mechanism));
        for _ in 0..method.n_challenges {
            self.pause(0, 8);
            self.reply("334 <authentication response>", Effect::Challenge);
            self.wait();
        }
    }

    /// The rows that tell of a login's success, before the 235.
    pub(crate) fn admit(&mut self, user: &str, rights: &'static str) {
        self.permit(rights);
        self.note(user, "authenticated", Effect::Authenticated(user.to_owned()));
    }

    /// The login's last word.
    pub(crate) fn confirm(&mut self) {
        self.reply("235 2.7.0 Authentication successful", Effect::AuthVerdict(Verdict::Succeeded));
    }

    /// The rows of a password that was wrong, and the 535 that comes late.
    pub(crate) fn refuse_password(&mut self, user: &str) {
        let effect = Effect::AuthError { mechanism: Some("LOGIN"), error: "LogonDenied" };
        self.note("", "Inbound AUTH LOGIN failed because of LogonDenied", effect);
        self.name_user(user);
        self.refuse_late();
    }

    /// The rows of a ticket or an NTLM answer that was wrong; the user is not always known.
    pub(crate) fn refuse_ticket(&mut self, user: &str) {
        let error = *self.chance.weighted(&[(8, "LogonDenied"), (2, "InvalidToken")]);
        let text = format_args!("Inbound authentication failed because of {error}");
        self.note("", text, Effect::AuthError { mechanism: None, error });
        if self.chance.percent(50) {
            self.name_user(user);
        }
        self.refuse_late();
    }

    fn name_user(&mut self, user: &str) {
        let spaces = *self.chance.weighted(&[(70, ""), (25, " "), (5, "   ")]);
        let label = if self.is_legacy() && self.chance.percent(50) { "Username" } else { "User Name" };
        self.note("", format_args!("{label}: {user}{spaces}"), Effect::AuthUser(user.to_owned()));
    }

    fn refuse_late(&mut self) {
        self.tarpit(5000, UNSUCCESSFUL);
        self.reply(UNSUCCESSFUL, Effect::AuthVerdict(Verdict::Failed));
    }

    /// A mechanism that is refused at once; the two rows carry one time.
    pub(crate) fn reject(&mut self, command: &'static str, mechanism: &'static str, refusal: &'static str) {
        self.wait();
        self.command(command, "", Effect::Auth(mechanism));
        self.reply(refusal, Effect::AuthVerdict(Verdict::Rejected));
    }

    /// X-EXPS of an Exchange server, with success.
    pub(crate) fn admit_server(&mut self) {
        let host = self.peer.helo.split('.').next().unwrap_or_default();
        let user = format!("CONTOSO\\{host}$");
        if self.is_legacy() || self.chance.percent(30) {
            self.challenge(X_EXPS_GSSAPI);
            self.admit(&user, EXCHANGE_SERVER);
            self.confirm();
            return;
        }
        self.wait();
        self.command("X-EXPS EXCHANGEAUTH SHA256", "", Effect::Auth("EXCHANGEAUTH"));
        self.pause(1, 15);
        self.admit(&user, EXCHANGE_SERVER);
        self.reply("235 <authentication response>", Effect::AuthVerdict(Verdict::Succeeded));
    }

    /// X-EXPS of an Exchange server whose clock or trust is wrong.
    pub(crate) fn refuse_server(&mut self) {
        self.challenge(X_EXPS_GSSAPI);
        self.reply(TEMPORARY, Effect::AuthVerdict(Verdict::Failed));
    }
}

/// A mechanism that the connector does not offer, tried once or a few times.
pub(crate) fn unoffered(scene: &mut Scene<'_, '_>) {
    scene.peer = Peer::attacker(scene.chance);
    scene.greet();
    scene.ehlo();
    for _ in 0..scene.chance.between(1, 3) {
        let (command, mechanism) = *scene.chance.pick(&[
            ("AUTH LOGIN", "LOGIN"),
            ("AUTH LOGIN", "LOGIN"),
            ("AUTH PLAIN", "PLAIN"),
            ("AUTH XOAUTH2", "XOAUTH2"),
        ]);
        scene.reject(command, mechanism, NOT_OFFERED);
    }
    if scene.chance.percent(40) { scene.quit() } else { scene.leave() }
}

/// Another Exchange server calls at port 25, logs in and brings mail.
pub(crate) fn of_server(scene: &mut Scene<'_, '_>) {
    scene.peer = Peer::neighbour(scene.server, scene.chance);
    scene.greet();
    scene.ehlo();
    scene.encrypt(TlsCommand::Anonymous);
    scene.admit_server();
    let letter = Letter::outbound(scene);
    scene.deliver(&letter);
    scene.quit();
}
