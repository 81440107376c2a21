//! Stories of connections that are held too long.
//!
//! In flows a scene, out flows its script. **Invariant**: none lasts longer than the total limit of ten minutes, but
//! for the last message's time.

use super::letter::Letter;
use crate::scene::Scene;
use crate::text::MINUTE_MS;
use crate::truth::Effect;

/// A batch job holds one connection until the session's total time is over.
pub(crate) fn total(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.ehlo();
    let ends_ms = scene.start_ms + 10 * MINUTE_MS;
    for _ in 0..scene.chance.between(1, 6) {
        let letter = Letter::inbound(scene);
        scene.deliver(&letter);
        scene.rest();
    }
    scene.now_ms = scene.now_ms.max(ends_ms);
    scene.reply("421 4.4.1 Connection timed out", Effect::Nothing);
    scene.disconnect("Local");
}

/// A client says nothing for five minutes.
pub(crate) fn idle(scene: &mut Scene<'_, '_>) {
    scene.greet();
    scene.ehlo();
    if scene.chance.percent(30) {
        let letter = Letter::inbound(scene);
        scene.deliver(&letter);
    }
    scene.pause(300_000, 300_900);
    scene.reply("451 4.7.0 Timeout waiting for client input", Effect::Nothing);
    scene.disconnect("Local");
}
