//! Stories of mail programs that submit mail on port 587.
//!
//! In flows a scene, out flows its script. **Invariant**: after the client proxy took over, a front end logs nothing
//! but the end.

use super::encryption::TlsCommand;
use super::letter::Letter;
use super::login::{GSSAPI, LOGIN, Method, NTLM, USER, X_EXPS_GSSAPI};
use crate::offers::CLIENT_IN_CLEAR;
use crate::peer::Peer;
use crate::scene::Scene;
use crate::truth::{Effect, Verdict};

const USERS: &[&str] = &[
    "alice@contoso.com",
    "bob@contoso.com",
    "carol@contoso.com",
    "CONTOSO\\dave",
    "CONTOSO\\jürgen",
    "erin@contoso.com",
    "frank@contoso.com",
    "contoso.com\\grace",
];
const GUESSES: &[&str] = &[
    "admin@contoso.com",
    "info@contoso.com",
    "scan@contoso.com",
    "test",
    "alice@contoso.com",
    "backup@contoso.com",
    "root",
];
const UNABLE_TO_PROXY: &str = "535 5.7.3 Unable to proxy authenticated session because either the backend does not \
                               support it or failed to resolve the user";

impl Scene<'_, '_> {
    fn come_encrypted(&mut self) {
        self.greet();
        self.ehlo();
        self.encrypt(TlsCommand::StartTls);
        if !self.is_legacy() && self.chance.percent(30) {
            self.permit("None");
        }
    }

    fn user(&mut self) -> &'static str {
        self.chance.pick::<&str>(USERS)
    }

    fn log_in(&mut self, method: Method, user: &str) {
        self.challenge(method);
        self.admit(user, USER);
        if self.is_legacy() {
            self.confirm();
            self.submit();
        } else {
            self.hand_over(user);
        }
    }

    /// The client proxy takes over; what the client says from here on is in the hub's log alone.
    fn hand_over(&mut self, user: &str) {
        let destination = format!("{}.contoso.com", self.server.name);
        let text = format!("Setting up client proxy session to destination(s): {destination}");
        self.note("", text, Effect::ProxyTo(destination));
        self.pause(3, 60);
        let text = format_args!("Proxy session was successfully set up. Session for{user} will now be proxied");
        self.note("", text, Effect::ProxyUp(user.to_owned()));
        self.confirm();
        self.hold();
        self.leave();
    }

    fn submit(&mut self) {
        for _ in 0..self.chance.spread(1, 5) {
            let letter = Letter::outbound(self);
            self.deliver(&letter);
            self.rest();
        }
        self.quit();
    }

    fn leave_refused(&mut self) {
        match self.chance.below(3) {
            0 => self.disconnect("Local"),
            1 => self.quit(),
            _ => self.leave(),
        }
    }
}

/// AUTH LOGIN with the right password.
pub(crate) fn with_password(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let user = scene.user();
    scene.log_in(LOGIN, user);
}

/// AUTH NTLM, with success.
pub(crate) fn with_ntlm(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let user = scene.user();
    scene.log_in(NTLM, user);
}

/// AUTH GSSAPI, with success.
pub(crate) fn with_gssapi(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let user = scene.user();
    scene.log_in(GSSAPI, user);
}

/// X-EXPS GSSAPI, with success.
pub(crate) fn with_x_exps(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let user = scene.user();
    scene.log_in(X_EXPS_GSSAPI, user);
}

/// An old password, and the client gives up.
pub(crate) fn wrong_password(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let user = scene.user();
    scene.challenge(LOGIN);
    scene.refuse_password(user);
    scene.leave_refused();
}

/// A mistyped password, then the right one.
pub(crate) fn second_try(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let user = scene.user();
    scene.challenge(LOGIN);
    scene.refuse_password(user);
    scene.pause(200, 9000);
    scene.log_in(LOGIN, user);
}

/// Someone guesses names and passwords until it is too much.
pub(crate) fn guessing(scene: &mut Scene<'_, '_>) {
    scene.peer = Peer::attacker(scene.chance);
    scene.come_encrypted();
    let n_guesses = scene.chance.between(2, 6);
    for _ in 0..n_guesses {
        let user = *scene.chance.pick(GUESSES);
        scene.challenge(LOGIN);
        scene.refuse_password(user);
    }
    if n_guesses > 4 {
        scene.reply("421 4.7.0 Too many errors on this connection, closing transmission channel", Effect::Nothing);
        scene.disconnect("Local");
    } else {
        scene.leave_refused();
    }
}

/// NTLM or Kerberos refused.
pub(crate) fn wrong_ticket(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let user = scene.user();
    let method = *scene.chance.pick(&[NTLM, GSSAPI, X_EXPS_GSSAPI]);
    scene.challenge(method);
    scene.refuse_ticket(user);
    scene.leave_refused();
}

/// AUTH before STARTTLS; some clients understand the reply.
pub(crate) fn before_starttls(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.ehlo();
    scene.reject("AUTH LOGIN", "LOGIN", "530 5.7.0 Must issue a STARTTLS command first");
    if scene.chance.percent(60) {
        scene.leave_refused();
        return;
    }
    scene.encrypt(TlsCommand::StartTls);
    let user = scene.user();
    scene.log_in(LOGIN, user);
}

/// The client goes in the middle of a login.
pub(crate) fn abandoned(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let method = *scene.chance.pick(&[LOGIN, LOGIN, NTLM]);
    scene.challenge(method);
    scene.pause(500, 20_000);
    scene.disconnect("Remote(SocketError)");
}

/// A client set up without a login.
pub(crate) fn without_login(scene: &mut Scene<'_, '_>) {
    scene.come_encrypted();
    let refusal = if scene.is_legacy() {
        "530 5.7.1 Client was not authenticated"
    } else {
        "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"
    };
    let letter = Letter { sender_refusal: Some(refusal), ..Letter::outbound(scene) };
    scene.deliver(&letter);
    scene.quit();
}

/// A login that the front end cannot pass on: an account without a mailbox.
pub(crate) fn not_proxied(scene: &mut Scene<'_, '_>) {
    if scene.is_legacy() {
        // A 2010 has no client proxy.
        wrong_password(scene);
        return;
    }
    scene.come_encrypted();
    scene.challenge(LOGIN);
    scene.reply(UNABLE_TO_PROXY, Effect::AuthVerdict(Verdict::Failed));
    scene.leave_refused();
}

/// A connector without a certificate: the password crosses in the clear.
pub(crate) fn in_clear(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.ehlo_command();
    scene.offer(CLIENT_IN_CLEAR);
    let user = scene.user();
    scene.log_in(LOGIN, user);
}
