//! Who still needs what, in words.
//!
//! In: [`Needs`]. Out: text.
//!
//! **Invariant**: a thing that nobody uses is not named; who uses what nobody thinks of turning off is
//! only counted.

use crate::dialogue::facts::Protocol;
use crate::pattern::need::{Mechanism, Needs, THINGS, Thing, Use};

use super::super::escape::visible;
use super::super::json::protocol_text;
use super::super::skipped::counted;
use super::super::time::to_grouped;
use super::{View, few_parts, last_text, sample_text, write_more, write_parts, write_title};

/// Writes the part about who needs what.
pub(super) fn write(needs: &Needs, view: View<'_>, text: &mut String) {
    let used: Vec<Thing> = THINGS.into_iter().filter(|thing| needs.total(*thing).sessions > 0).collect();
    if used.is_empty() {
        return;
    }
    write_title(text, "WHO STILL NEEDS IT: clients that an old thing turned off would cut off");
    for thing in used {
        write_thing(needs, thing, view, text);
    }
}

fn write_thing(needs: &Needs, thing: Thing, view: View<'_>, text: &mut String) {
    let total = needs.total(thing);
    let (clients, sessions) = (counted(needs.n_clients(thing), "client"), counted(total.sessions, "session"));
    let served = format!("({} with mail or a login),", to_grouped(total.served));
    let last = last_text(total.period, &|time| view.times.text(None, time));
    let last = format!("last {last}{}", sample_text(needs.is_exceeded(thing)));
    let parts = [&*format!("{clients} in {sessions}"), &served, &last];
    write_parts(text, 2, &title_of(thing), 19, parts);
    if !is_listed(thing) {
        return;
    }
    let clients = needs.clients(thing);
    for (address, figures) in clients.iter().take(view.top) {
        write_client(address, figures, view, text);
    }
    write_more(text, 6, clients.len(), view);
}

/// Whether anyone thinks of turning it off; the record has the clients of all.
fn is_listed(thing: Thing) -> bool {
    match thing {
        Thing::TlsUnknown => false,
        Thing::Login(mechanism) => {
            matches!(mechanism, Mechanism::Login | Mechanism::Plain | Mechanism::Ntlm | Mechanism::Other)
        }
        thing => !thing.is_modern(),
    }
}

fn write_client(address: &[u8], figures: &Use, view: View<'_>, text: &mut String) {
    let mut parts = vec![format!("{},", counted(figures.sessions, "session"))];
    if figures.served != figures.sessions {
        parts.push(format!("{} with mail or a login,", to_grouped(figures.served)));
    }
    parts.push(format!("last {},", last_text(figures.period, &|time| view.times.text(None, time))));
    parts.extend(few_parts(&figures.helos));
    write_parts(text, 6, &visible(address), 15, parts.iter().map(String::as_str));
}

/// How it is called in text.
fn title_of(thing: Thing) -> String {
    match thing {
        Thing::Clear => "no TLS".into(),
        Thing::Tls(protocol) => protocol_text(protocol).into(),
        Thing::TlsUnknown => "TLS, version untold".into(),
        Thing::PasswordInClear => "password in clear".into(),
        Thing::AnonymousRelay => "relay without login".into(),
        Thing::Login(Mechanism::Other) => "another AUTH".into(),
        Thing::Login(mechanism) => format!("AUTH {}", mechanism_text(mechanism)),
    }
}

/// How it is called in the record.
pub(super) fn thing_text(thing: Thing) -> String {
    match thing {
        Thing::Clear => "no-tls".into(),
        Thing::Tls(Protocol::Ssl3) => "sslv3".into(),
        Thing::Tls(protocol) => protocol_text(protocol).to_ascii_lowercase(),
        Thing::TlsUnknown => "tls-unknown".into(),
        Thing::PasswordInClear => "password-in-clear".into(),
        Thing::AnonymousRelay => "anonymous-relay".into(),
        Thing::Login(mechanism) => format!("auth-{}", mechanism_text(mechanism).to_ascii_lowercase()),
    }
}

fn mechanism_text(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Login => "LOGIN",
        Mechanism::Plain => "PLAIN",
        Mechanism::Ntlm => "NTLM",
        Mechanism::Gssapi => "GSSAPI",
        Mechanism::Negotiate => "NEGOTIATE",
        Mechanism::ExchangeAuth => "EXCHANGEAUTH",
        Mechanism::OAuth => "OAUTH",
        Mechanism::Other => "OTHER",
    }
}
