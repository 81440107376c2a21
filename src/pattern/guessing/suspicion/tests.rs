//! Logins made up to lie on either side of each number that tells kinds apart.
//!
//! **Invariant**: none but that of every test: it says what is right.

use super::*;
use crate::pattern::guessing::write_key;

const SECOND: i64 = 10_000_000;

/// Logins at an address: who, how many failures, how far apart in seconds, and when one succeeded.
struct Tried<'a>(&'a str, &'a str, u64, i64, Option<i64>);

fn logins(tried: &[Tried<'_>]) -> Logins {
    let mut logins = Logins::default();
    for Tried(address, user, n_failures, gap, success) in tried {
        let mut key = Vec::new();
        write_key(&mut key, address.as_bytes(), user.as_bytes());
        let account = logins.pairs.entry(&key[..]).unwrap();
        for number in 0..*n_failures {
            let number = i64::try_from(number).unwrap();
            account.fail(Some(Timestamp(number * gap * SECOND)), true);
            account.helos.insert(format!("pc-{address}").as_bytes());
        }
        if let Some(second) = success {
            account.successes += 1;
            account.succeeded.note(Some(Timestamp(second * SECOND)), &|out| out.extend_from_slice(b"EX01/1"));
        }
    }
    logins
}

/// What the logins look like: `kind place failures`, `!` in front where a login succeeded.
#[track_caller]
fn check(tried: &[Tried<'_>], expected: &[&str]) {
    let (suspicions, rest) = logins(tried).suspicions();
    let told = |suspicion: &Suspicion| {
        let mark = if suspicion.is_breached() { "!" } else { "" };
        let place = suspicion.place.clone().unwrap_or_else(|| "many".into());
        format!("{mark}{:?} {place} {}", suspicion.kind, suspicion.failures)
    };
    let rest = (rest.failures > 0).then(|| format!("rest {}", rest.failures));
    let told: Vec<String> = suspicions.iter().map(told).chain(rest).collect();
    assert_eq!(told, expected);
}

#[test]
fn guessing() {
    check(&[Tried("192.0.2.1", "a", 9, 5, None)], &["rest 9"]);
    check(&[Tried("192.0.2.1", "a", 10, 5, None)], &["Guessing 192.0.2.1 10"]);
    check(&[Tried("192.0.2.1", "a", 10, 5, Some(60))], &["!Guessing 192.0.2.1 10"]);
    check(&[Tried("192.0.2.1", "a", 10, 5, Some(-60))], &["Guessing 192.0.2.1 10"]);
    // The same user under the domain's name.
    let forms = [Tried("192.0.2.1", "a@b.example", 12, 5, None), Tried("192.0.2.1", "B\\a", 0, 0, Some(99))];
    check(&forms, &["!Guessing 192.0.2.1 12"]);
    // Ten in a month are no attack; they come in no beat either.
    check(&[Tried("192.0.2.1", "a", 5, 10 * 86_400, None), Tried("192.0.2.1", "b", 5, 9 * 86_400, None)], &["rest 10"]);
}

#[test]
fn networks() {
    let users = ["a", "b", "c", "d"];
    let both = |user| [Tried("203.0.113.1", user, 2, 5, None), Tried("203.0.113.2", user, 2, 5, None)];
    check(&users.into_iter().flat_map(both).collect::<Vec<_>>(), &["Guessing 203.0.113.0/24 16"]);
    let v6 = |user| [Tried("2001:db8:7:7::1", user, 2, 5, None), Tried("2001:db8:7:7:1::2", user, 2, 5, None)];
    check(&users.into_iter().flat_map(v6).collect::<Vec<_>>(), &["Guessing 2001:db8:7:7::/64 16"]);
    // Nine tenths from one address are that address's.
    check(
        &[Tried("203.0.113.1", "a", 27, 5, None), Tried("203.0.113.2", "b", 3, 5, None)],
        &["Guessing 203.0.113.1 27", "rest 3"],
    );
}

#[test]
fn spraying() {
    let names: Vec<String> = (0..12).map(|number| format!("user{number}")).collect();
    let at = |address: &'static str, success| {
        names.iter().map(|name| Tried(address, name, 1, 1, success)).collect::<Vec<_>>()
    };
    check(&at("203.0.113.9", None), &["Spraying 203.0.113.9 12"]);
    check(&at("203.0.113.9", None)[..9], &["rest 9"]);
    let mut broken = at("203.0.113.9", None);
    broken.push(Tried("203.0.113.9", "victim", 0, 0, Some(3)));
    check(&broken, &["!Spraying 203.0.113.9 12"]);
    // Whoever was at home there before is none that was found.
    broken.pop();
    broken.push(Tried("203.0.113.9", "resident", 0, 0, Some(-3)));
    check(&broken, &["Spraying 203.0.113.9 12"]);
    // Behind a load balancer everyone comes from one address.
    check(&at("192.0.2.200", Some(9)), &["rest 12"]);
    // Workplaces of a network fail for their own users.
    let addresses: Vec<String> = (1..13).map(|number| format!("198.51.100.{number}")).collect();
    let own: Vec<Tried<'_>> =
        addresses.iter().zip(&names).map(|(address, name)| Tried(address, name, 1, 1, None)).collect();
    check(&own, &["rest 12"]);
}

#[test]
fn one_user_in_many_networks() {
    let addresses: Vec<String> = (0..10).map(|number| format!("2001:db8:{number:x}::1")).collect();
    let at =
        |count: usize| addresses[..count].iter().map(|address| Tried(address, "a", 1, 1, None)).collect::<Vec<_>>();
    check(&at(10), &["Distributed many 10"]);
    check(&at(9), &["rest 9"]);
    let mut unnamed = at(10);
    for tried in &mut unnamed {
        tried.1 = "";
    }
    check(&unnamed, &["rest 10"]);
}

#[test]
fn stale_passwords() {
    check(&[Tried("192.0.2.1", "a", 6, 900, None)], &["StalePassword 192.0.2.1 6"]);
    check(&[Tried("192.0.2.1", "a", 5, 900, None)], &["rest 5"]);
    check(&[Tried("192.0.2.1", "", 40, 900, None)], &["StalePassword 192.0.2.1 40"]);
    // The tarpit makes guesses regular, too.
    check(&[Tried("192.0.2.1", "a", 40, 6, None)], &["Guessing 192.0.2.1 40"]);
    // It was repaired, and that is no break-in.
    check(&[Tried("192.0.2.1", "a", 6, 900, Some(9000))], &["StalePassword 192.0.2.1 6"]);
    // Beside one who guesses.
    check(
        &[Tried("192.0.2.1", "a", 6, 900, None), Tried("192.0.2.1", "b", 30, 2, None)],
        &["Guessing 192.0.2.1 30", "StalePassword 192.0.2.1 6"],
    );
}

#[test]
fn beats() {
    let beat = |seconds: &[i64]| beat_millis(&seconds.iter().map(|at| Timestamp(at * SECOND)).collect::<Vec<_>>());
    assert_eq!(beat(&[0, 900, 1805, 2700, 3610, 4500]), Some(900_000));
    assert_eq!(beat(&[0, 900, 1800, 2700, 3600]), None, "too few");
    assert_eq!(beat(&[0, 20, 40, 60, 80, 100]), None, "too fast");
    assert_eq!(beat(&[0, 900, 1800, 2700, 3600, 30_000]), Some(900_000), "a night between");
    assert_eq!(beat(&[0, 900, 1000, 2700, 2800, 4500]), None);
}

#[test]
fn names_are_compared_without_domain() {
    let short = |user: &str| String::from_utf8(short_name(user.as_bytes()).to_vec()).unwrap();
    assert_eq!(["CONTOSO\\erin", "erin@contoso.com", "erin", "@x", ""].map(short), ["erin", "erin", "erin", "@x", ""]);
}
