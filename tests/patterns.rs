//! What only many sessions show: what each sample yields, figures checked by hand, and that patterns
//! add up in any order.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use heloscope::ingest::gathering::Gathering;
use heloscope::ingest::{Batch, Catalogue, Options, ingest};
use heloscope::output::patterns::{Look, PATTERNS_SCHEMA, to_headlines, to_patterns_json, to_patterns_text};
use heloscope::output::time::Zone;
use heloscope::pattern::{Patterns, Watch, Watching};
use proptest::prelude::*;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn read(paths: &[PathBuf], options: &Options) -> Patterns {
    let catalogue = Catalogue::build(paths, None);
    let mut patterns = Patterns::default();
    ingest(&catalogue, options, &Watching, &mut |batch: Batch<Watch>| {
        patterns += &batch.value.into_patterns();
        ControlFlow::Continue(())
    });
    patterns
}

/// As the program reads: in batches that go on with later chunks.
fn gathered(paths: &[PathBuf], options: &Options) -> Patterns {
    let catalogue = Catalogue::build(paths, None);
    let gathering = Gathering::new(Watching);
    let mut patterns = None;
    ingest(&catalogue, options, &gathering, &mut |batch: Batch<Watch>| {
        gathering.rest(batch.value.emptied_if_full(&mut patterns));
        ControlFlow::Continue(())
    });
    for watch in gathering.into_gathered() {
        watch.add_to(&mut patterns);
    }
    patterns.unwrap_or_default()
}

fn record(patterns: &Patterns) -> Value {
    serde_json::from_str(&to_patterns_json(patterns, None).expect("JSON")).expect("JSON")
}

fn of_sample(name: &str) -> Value {
    record(&read(&[samples().join(name)], &Options::default()))
}

fn text_of(name: &str) -> String {
    let patterns = read(&[samples().join(name)], &Options::default());
    to_patterns_text(&patterns, Look { zone: Zone::Utc, top: 9 })
}

/// Holds the suspicions of a sample, as `kind place failures users succeeded`, and the failures that are
/// none, against what is right.
#[track_caller]
fn check_logins(name: &str, expected: &[&str], rest: u64) {
    let logins = &of_sample(name)["logins"];
    let told = |suspicion: &Value| {
        let place = suspicion["place"].as_str().unwrap_or("many");
        let kind = suspicion["kind"].as_str().expect("a kind");
        let n_succeeded = suspicion["succeeded"].as_array().expect("a list").len();
        format!("{kind} {place} {} {} {n_succeeded}", suspicion["failures"], suspicion["n_users"])
    };
    let told: Vec<String> = logins["suspicions"].as_array().expect("a list").iter().map(told).collect();
    assert_eq!(told, expected, "{name}");
    assert_eq!(logins["rest"]["failures"], rest, "{name}");
}

#[test]
fn logins_that_fail() {
    check_logins("guessing-then-success.log", &["password-guessing 203.0.113.66 12 3 1"], 0);
    check_logins("guessing-no-office-behind-one-address.log", &[], 10);
    check_logins("guessing-one-user-many-networks.log", &["distributed-guessing many 11 1 0"], 0);
    check_logins("guessing-no-traveller.log", &[], 6);
    check_logins("spraying-many-users.log", &["password-spraying 203.0.113.81 12 12 0"], 0);
    check_logins("spraying-no-own-user-each.log", &[], 12);
    check_logins("stale-password.log", &["stale-password 198.51.100.40 8 1 0"], 0);
    check_logins("stale-password-no-beat.log", &[], 8);
    check_logins("auth-two-failures-then-success.log", &[], 2);
    check_logins("too-many-errors.log", &[], 5);
    // Mechanisms that are not offered, servers that cannot be asked and mailboxes that are not found.
    check_logins("auth-mechanism-unsupported.log", &[], 0);
    check_logins("auth-gssapi-x-exps.log", &[], 0);
    check_logins("auth-proxy-failed.log", &[], 0);
}

#[test]
fn who_never_logged_in_is_a_stranger() {
    let rest = |name| of_sample(name)["logins"]["rest"].clone();
    let office = json!({"failures": 10, "addresses": 1, "users": 2, "strangers": 0});
    assert_eq!(rest("guessing-no-office-behind-one-address.log"), office);
    let guesser = json!({"failures": 5, "addresses": 1, "users": 5, "strangers": 5});
    assert_eq!(rest("too-many-errors.log"), guesser);
}

#[test]
fn the_login_that_succeeded_is_named_first() {
    let suspicion = &of_sample("guessing-then-success.log")["logins"]["suspicions"][0];
    let expected = json!([{
        "user": "contoso\\erin", "address": "203.0.113.66", "time": "2026-11-23T09:03:31.526Z",
        "id": "EX01/08DF491A9AC4DD10", "sessions": 1, "had_failed": true,
    }]);
    assert_eq!(suspicion["succeeded"], expected);
    assert_eq!(suspicion["users"][0], json!({"name": "erin@contoso.com", "failures": 8}));
    assert_eq!(suspicion["helos"], json!({"names": ["WIN-7QK2"], "more": false}));
    let text = text_of("guessing-then-success.log");
    assert!(text.lines().nth(1).expect("a line").starts_with("! password guessing from 203.0.113.66"), "{text}");
    let patterns = read(&[samples().join("guessing-then-success.log")], &Options::default());
    assert!(to_headlines(&patterns, Zone::Utc)[0].contains("A LOGIN SUCCEEDED (contoso\\erin at 2026-11-23T09:03:31"));
}

#[test]
fn a_beat_is_told() {
    let suspicion = &of_sample("stale-password.log")["logins"]["suspicions"][0];
    assert_eq!(suspicion["beat_ms"].as_i64().expect("a beat") / 1000, 900);
    assert_eq!(suspicion["start"], "2026-11-23T08:04:12.411Z");
    assert_eq!(suspicion["end"], "2026-11-23T09:49:12.821Z");
}

#[test]
fn starttls_that_is_gone_since_a_restart() {
    let listener = &of_sample("starttls-gone-after-restart.log")["offers"]["listeners"][0];
    let expected = json!([{
        "time": "2026-11-23T14:03:11.228Z", "id": "EX02/08DF496A70A62F09", "late": false,
        "before": "2026-11-23T13:58:40.757Z", "before_id": "EX02/08DF48E55C4A9581",
        "restart": "2026-11-23T14:02:41.000Z", "gained": [], "lost": ["STARTTLS", "X-ANONYMOUSTLS"],
    }]);
    assert_eq!(listener["changes"], expected);
    assert_eq!((&listener["sessions"], &listener["phase"]), (&json!(4), &json!("clear")));
    let text = text_of("starttls-gone-after-restart.log").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(
        "STARTTLS, X-ANONYMOUSTLS no longer offered by EX02\\Default Frontend EX02 :25 before TLS since 2026-11-23T14:03:11.228Z, after a restart"
    ));
}

#[test]
fn what_differs_by_client_is_no_change() {
    let record = of_sample("offers-differ-by-client.log");
    let listeners = record["offers"]["listeners"].as_array().expect("a list");
    let phases: Vec<_> = listeners.iter().map(|one| (one["phase"].as_str(), one["sessions"].as_u64())).collect();
    assert_eq!(phases, [(Some("clear"), Some(8)), (Some("starttls"), Some(4)), (Some("anonymous-tls"), Some(4))]);
    assert!(listeners.iter().all(|one| one["changes"] == json!([]) && one["unsteady"] == json!([])));
    let presented = record["certificates"]["presented"].as_array().expect("a list");
    assert!(presented.iter().all(|one| one["replaced"] == false && one["sessions"] == 4));
    assert_eq!(presented.len(), 2);
}

#[test]
fn certificates_from_when_to_when() {
    let record = of_sample("certificate-renewed.log");
    let presented = record["certificates"]["presented"].as_array().expect("a list");
    let told: Vec<String> = presented
        .iter()
        .map(|one| {
            let thumbprint = &one["thumbprint"].as_str().expect("a thumbprint")[..4];
            format!("{thumbprint} {} {} {} {}", one["start"], one["end"], one["replaced"], one["days_left"])
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"7C1F "2026-11-23T09:50:03.051Z" "2026-11-23T10:11:30.541Z" true 6"#,
            r#"434A "2026-11-23T10:30:00.061Z" "2026-11-23T11:02:09.941Z" false 78"#,
        ]
    );
    let mismatched = of_sample("certificate-name-mismatch.log");
    assert_eq!(mismatched["certificates"]["presented"][0]["mismatches"]["names"], json!(["ex01.corp.contoso.com"]));
}

#[test]
fn who_needs_old_things() {
    let record = of_sample("old-clients.log");
    let told: Vec<String> = record["needs"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|need| {
            let clients: Vec<_> = need["clients"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|one| one["address"].as_str().expect("text"))
                .collect();
            format!(
                "{} {}/{} {}",
                need["thing"].as_str().expect("text"),
                need["served"],
                need["sessions"],
                clients.join(" ")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "no-tls 3/4 198.51.100.80 198.51.100.90 198.51.100.95",
            "tlsv1.0 1/1 198.51.100.101",
            "tlsv1.2 1/1 203.0.113.72",
            "password-in-clear 2/2 198.51.100.80",
            "anonymous-relay 1/1 198.51.100.90",
            "auth-login 3/3 198.51.100.80 198.51.100.101",
        ]
    );
}

#[test]
fn probes_are_kept_apart() {
    let record = of_sample("probe-only.log");
    assert_eq!((&record["probes"]["sessions"], &record["probes"]["n_addresses"]), (&json!(4), &json!(2)));
    assert_eq!(record["probes"]["addresses"][0]["every_ms"], 4999);
    assert_eq!((&record["needs"], &record["offers"]["listeners"]), (&json!([]), &json!([])));
    assert_eq!(of_sample("probe-that-says-quit.log")["probes"]["sessions"], 1);
}

#[test]
fn the_record_is_of_the_schema() {
    let schema: Value = serde_json::from_str(PATTERNS_SCHEMA).expect("valid JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let record = record(&read(&[samples()], &Options::default()));
    let faults: Vec<String> =
        validator.iter_errors(&record).map(|fault| format!("{} {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(record["logins"]["suspicions"].as_array().is_some_and(|all| all.len() >= 3));
}

#[test]
fn no_line_passes_80_columns() {
    let entries = std::fs::read_dir(samples()).expect("the samples").map(|entry| entry.expect("an entry").path());
    for path in entries.chain([samples()]) {
        let patterns = read(std::slice::from_ref(&path), &Options::default());
        for top in [0, 3, 1000] {
            for zone in [Zone::Utc, Zone::Server] {
                let text = to_patterns_text(&patterns, Look { zone, top });
                let long = text.lines().find(|line| line.width() > 80);
                assert_eq!(long, None, "{}", path.display());
            }
        }
    }
}

#[test]
fn times_are_those_of_the_server_where_asked_for() {
    let texts = |name: &str| {
        let patterns = read(&[samples().join(name)], &Options::default());
        let text = to_patterns_text(&patterns, Look { zone: Zone::Server, top: 9 });
        text + &to_headlines(&patterns, Zone::Server).join("\n")
    };
    let times = |text: &str| {
        let words: Vec<String> =
            text.split_whitespace().map(|word| word.trim_matches([',', ';', ')', ':']).to_owned()).collect();
        words.into_iter().filter(|word| word.starts_with("2026-") && word.contains('T')).collect::<Vec<_>>()
    };
    for name in [
        "guessing-then-success.log",
        "starttls-gone-after-restart.log",
        "certificate-renewed.log",
        "old-clients.log",
        "stale-password.log",
    ] {
        let times = times(&texts(name));
        assert!(times.len() > 2, "{name}");
        for time in times {
            assert!(time.ends_with("+01:00"), "{name}: {time}");
        }
    }
    assert!(texts("guessing-then-success.log").contains("(contoso\\erin at 2026-11-23T10:03:31.526+01:00)"));
}

#[test]
fn hostile_text_stays_text() {
    let text = text_of("hostile-ehlo.log") + &text_of("unicode-connector.log");
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text}");
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn chunks_and_threads_change_nothing() {
    let whole = record(&read(&[samples()], &Options::default()));
    for (chunk_bytes, n_threads) in [(1, 2), (700, 1), (3000, 3)] {
        let options = Options { n_threads, chunk_bytes };
        assert_eq!(record(&read(&[samples()], &options)), whole, "{chunk_bytes}");
        assert_eq!(record(&gathered(&[samples()], &options)), whole, "{chunk_bytes}, batches that go on");
    }
}

/// The patterns of every sample by itself.
static PARTS: LazyLock<Vec<Patterns>> = LazyLock::new(|| {
    let entries = std::fs::read_dir(samples()).expect("the samples");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| read(std::slice::from_ref(path), &Options::default())).collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn patterns_add_up_in_any_order(order in Just((0..PARTS.len()).collect::<Vec<_>>()).prop_shuffle(), cut in any::<prop::sample::Index>()) {
        let sum = |order: &mut dyn Iterator<Item = &usize>| {
            let mut sum = Patterns::default();
            order.for_each(|part| sum += &PARTS[*part]);
            sum
        };
        let straight = record(&sum(&mut (0..PARTS.len()).collect::<Vec<_>>().iter()));
        let (head, tail) = order.split_at(cut.index(order.len()));
        let mut grouped = sum(&mut head.iter());
        grouped += &sum(&mut tail.iter());
        prop_assert_eq!(record(&grouped), straight);
    }
}
