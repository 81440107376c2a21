//! Certificates in use, in words.
//!
//! In: [`Certificates`]. Out: text.
//!
//! **Invariant**: what is expired, or for another name, is said in words; nothing is judged that the
//! log does not tell.

use crate::pattern::certificates::{Certificates, Presented};
use crate::pattern::drift::Phase;

use super::super::escape::visible;
use super::super::skipped::counted;
use super::{View, few_text, listener_text, sample_text, write_line, write_line_of, write_more, write_title};

/// Writes the part about certificates.
pub(super) fn write(certificates: &Certificates, view: View<'_>, text: &mut String) {
    let presented = certificates.presented();
    if presented.is_empty() {
        return;
    }
    let n_changed = presented.iter().filter(|presented| presented.is_replaced).count();
    let changes = match n_changed {
        0 => "no change".into(),
        count => counted(count as u64, "change"),
    };
    write_title(text, &format!("CERTIFICATES IN USE: {changes}{}", sample_text(certificates.is_exceeded())));
    for (at, one) in presented.iter().take(view.top).enumerate() {
        let is_new = at == 0 || presented[at - 1].listener != one.listener;
        if is_new {
            write_line(text, 2, &listener_text(&one.listener));
        }
        write_certificate(one, view, text);
    }
    write_more(text, 2, presented.len(), view);
}

fn write_certificate(presented: &Presented, view: View<'_>, text: &mut String) {
    let certificate = &presented.certificate;
    let name = |part: &Option<Vec<u8>>| part.as_deref().map_or_else(|| "-".into(), |part| visible(part).into_owned());
    let time = |time| view.times.text(Some(&presented.listener.server), time);
    let to_whom = if presented.phase == Phase::AnonymousTls { " to Exchange servers" } else { "" };
    write_line_of(text, 4, &[&name(&certificate.thumbprint), &name(&certificate.subject)]);
    let from = format!("presented{to_whom} from {}", time(presented.first.time));
    let to = format!("to {},", time(presented.last.time));
    let replaced = if presented.is_replaced { ", then replaced" } else { "" };
    write_line_of(text, 6, &[&from, &to, &format!("{}{replaced}", counted(presented.sessions, "session"))]);
    let names: Vec<_> = certificate.names.iter().map(|name| visible(name)).collect();
    let names = if names.is_empty() { "names not told".into() } else { format!("for {}", names.join(", ")) };
    let (is_match, end) = (match_text(presented), end_text(presented, view));
    write_line_of(text, 6, &[&format!("{names};"), &format!("{is_match};"), &end]);
}

fn match_text(presented: &Presented) -> String {
    if presented.phase == Phase::AnonymousTls {
        return "Exchange servers do not hold names against it".into();
    }
    if !presented.mismatches.names().is_empty() {
        return format!("NOT for the connector's name {}", few_text(&presented.mismatches));
    }
    match presented.has_names() && !presented.banners.names().is_empty() {
        true => format!("holds the connector's name {}", few_text(&presented.banners)),
        false => "whether it holds the connector's name is not told".into(),
    }
}

fn end_text(presented: &Presented, view: View<'_>) -> String {
    let Some((end, days)) = presented.certificate.not_after.zip(presented.days_left()) else {
        return "end not told".into();
    };
    let end = view.times.text(Some(&presented.listener.server), end);
    match days {
        ..0 => format!("EXPIRED at {end}"),
        0..30 => format!("expires at {end}, in {}", counted(days.unsigned_abs(), "day")),
        _ => format!("valid to {end}"),
    }
}
