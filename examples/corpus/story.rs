//! The stories that happen at a connector, and how often each happens.
//!
//! In flows a scene, out flows its script. **Invariant**: the weights below are the only place where the mix of
//! outcomes is decided.

mod between;
mod delivery;
mod encryption;
mod greeting;
mod letter;
mod login;
mod stranger;
mod submission;
mod timeout;

use crate::peer::Peer;
use crate::scene::Scene;
use crate::site::Clientele;

type Story = fn(&mut Scene<'_, '_>);

const INTERNET: &[(u32, Story)] = &[
    (440, delivery::encrypted),
    (120, delivery::in_clear),
    (55, delivery::recipient_unknown),
    (40, delivery::relay_denied),
    (15, delivery::too_large),
    (30, delivery::content_refused),
    (15, delivery::out_of_resources),
    (5, delivery::rate_limited),
    (70, stranger::probe),
    (30, stranger::knock),
    (25, stranger::monitor),
    (12, stranger::hostile_greeting),
    (8, stranger::wrong_protocol),
    (10, encryption::refused),
    (15, encryption::failed),
    (12, encryption::dropped),
    (25, login::unoffered),
    (10, login::of_server),
    (10, timeout::total),
    (15, timeout::idle),
];

const SUBMISSION: &[(u32, Story)] = &[
    (520, submission::with_password),
    (60, submission::with_ntlm),
    (50, submission::with_gssapi),
    (20, submission::with_x_exps),
    (90, submission::wrong_password),
    (40, submission::second_try),
    (40, submission::guessing),
    (20, submission::wrong_ticket),
    (30, submission::before_starttls),
    (25, submission::abandoned),
    (15, submission::without_login),
    (10, submission::not_proxied),
    (8, submission::in_clear),
    (15, login::unoffered),
    (20, stranger::probe),
    (10, stranger::knock),
    (10, encryption::failed),
    (10, encryption::dropped),
    (10, timeout::idle),
];

const DEVICES: &[(u32, Story)] = &[
    (650, delivery::in_clear),
    (120, delivery::encrypted),
    (70, delivery::relay_denied),
    (20, delivery::recipient_unknown),
    (30, delivery::too_large),
    (20, encryption::failed),
    (30, stranger::monitor),
    (30, stranger::probe),
    (20, login::unoffered),
    (10, timeout::total),
];

const HUB_TRANSPORT: &[(u32, Story)] = &[
    (600, between::for_front_end),
    (200, between::from_neighbour),
    (30, between::clock_wrong),
    (40, delivery::encrypted),
    (30, delivery::recipient_unknown),
    (10, delivery::out_of_resources),
    (30, stranger::monitor),
    (20, timeout::idle),
    (10, timeout::total),
];

const CLIENT_PROXY: &[(u32, Story)] = &[
    (800, between::for_client),
    (60, between::sender_not_permitted),
    (30, between::client_too_large),
    (30, between::client_rate_limited),
    (30, between::client_recipient_unknown),
    (20, stranger::monitor),
];

/// Tells one session from its first row to its last.
pub(crate) fn tell(scene: &mut Scene<'_, '_>) {
    let stories = match scene.connector.clientele {
        Clientele::Internet => INTERNET,
        Clientele::Submission => SUBMISSION,
        Clientele::Devices => DEVICES,
        Clientele::HubTransport => HUB_TRANSPORT,
        Clientele::ClientProxy => CLIENT_PROXY,
    };
    scene.peer = Peer::of(scene.connector.clientele, scene.server, scene.chance);
    scene.set_pace();
    scene.chance.weighted(stories)(scene);
}
