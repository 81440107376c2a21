//! What queries find in the samples, held against the session records.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use heloscope::ingest::{Batch, Case, Catalogue, Options, Study, ingest, tail::last_time};
use heloscope::output::json::{auth_text, starttls_text, write_record};
use heloscope::query::Query;
use heloscope::query::field::{AUTH_WORDS, STARTTLS_WORDS};
use heloscope::query::saved::SavedFilters;
use heloscope::query::selecting::{Noting, Selecting};
use heloscope::query::time::Times;
use heloscope::record::value::Timestamp;
use heloscope::summary::counts::{AUTH_OUTCOMES, STARTTLS_OUTCOMES};
use proptest::prelude::*;
use serde_json::Value;

/// For every session its record, and which of the queries mean it.
struct Asking(Vec<Query>);

impl Study for Asking {
    type Yield = Vec<(Value, Vec<bool>)>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        let mut line = Vec::new();
        write_record(case, &mut line);
        let record = serde_json::from_slice(&line).expect("valid JSON");
        batch.push((record, self.0.iter().map(|query| query.matches(case)).collect()));
    }
}

/// The ids of the sessions that a query means, found as the commands find them: without understanding
/// what its rows show not to be meant.
fn select(query: &str, chunk_bytes: usize) -> BTreeSet<String> {
    let catalogue = samples();
    let query = Query::parse(query, &SavedFilters::default(), &times(&catalogue)).expect(query);
    let selecting = Selecting { query: &query, study: &Asking(Vec::new()), noting: Noting::Nothing };
    let options = Options { chunk_bytes, n_threads: 2 };
    let mut ids = BTreeSet::new();
    ingest(&catalogue, &options, &selecting, &mut |batch: Batch<_>| {
        ids.extend(batch.value.value.iter().map(|(record, _)| to_id(record)));
        ControlFlow::Continue(())
    });
    ids
}

fn to_id(record: &Value) -> String {
    text(record, "/id").to_owned()
}

fn samples() -> Catalogue {
    Catalogue::build(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")], None)
}

/// The present of the tests: an hour after the last row of the samples.
fn times(catalogue: &Catalogue) -> Times {
    let (last, _) = last_time(catalogue, &|_| ()).expect("samples with rows");
    Times { now: Timestamp(last.0 + 3600 * 10_000_000), last: Some(last) }
}

fn ask(queries: &[&str]) -> Vec<(Value, Vec<bool>)> {
    let catalogue = samples();
    let (saved, times) = (SavedFilters::default(), times(&catalogue));
    let parse = |text: &&str| Query::parse(text, &saved, &times).expect(text);
    let asking = Asking(queries.iter().map(parse).collect());
    let mut answers = Vec::new();
    ingest(&catalogue, &Options::default(), &asking, &mut |batch: Batch<_>| {
        answers.extend(batch.value);
        ControlFlow::Continue(())
    });
    answers
}

/// A query, and what has to be true of the records of the sessions that it means.
type Held<'a> = (&'a str, &'a dyn Fn(&Value) -> bool);

/// Checks that each query means the sessions whose record passes its test, and that some pass and
/// some do not.
#[track_caller]
fn check(cases: &[Held<'_>]) {
    let queries: Vec<&str> = cases.iter().map(|(query, _)| *query).collect();
    let answers = ask(&queries);
    for (at, (query, test)) in cases.iter().enumerate() {
        let mut n_meant = 0;
        for (record, answer) in &answers {
            assert_eq!(answer[at], test(record), "{query}: {record:#}");
            n_meant += usize::from(answer[at]);
        }
        assert!(n_meant > 0, "{query} means no session");
        assert!(n_meant < answers.len(), "{query} means every session");
        let meant: BTreeSet<String> =
            answers.iter().filter(|(_, answer)| answer[at]).map(|(record, _)| to_id(record)).collect();
        // Some sessions cross the end of such a chunk, some do not.
        assert_eq!(select(query, 3000), meant, "{query}");
    }
}

/// The text at a place of the record; nothing where there is none.
fn text<'a>(record: &'a Value, place: &str) -> &'a str {
    record.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

fn number(record: &Value, place: &str) -> u64 {
    record.pointer(place).and_then(Value::as_u64).unwrap_or_default()
}

fn any(record: &Value, place: &str, test: impl Fn(&str) -> bool) -> bool {
    let list = record.pointer(place).and_then(Value::as_array).expect("a list");
    list.iter().filter_map(Value::as_str).any(test)
}

fn holds(value: &str, part: &str) -> bool {
    value.to_lowercase().contains(&part.to_lowercase())
}

#[test]
fn words_are_those_of_the_record() {
    assert_eq!(STARTTLS_OUTCOMES.map(starttls_text), STARTTLS_WORDS);
    assert_eq!(AUTH_OUTCOMES.map(auth_text), AUTH_WORDS);
}

#[test]
fn outcomes() {
    check(&[
        ("starttls:failed,refused", &|record| matches!(text(record, "/starttls/outcome"), "failed" | "refused")),
        ("starttls=Succeeded", &|record| text(record, "/starttls/outcome") == "succeeded"),
        ("starttls:unknown", &|record| text(record, "/starttls/outcome") == "unknown"),
        ("auth:failed", &|record| text(record, "/auth/outcome") == "failed"),
        ("auth!=not-attempted", &|record| text(record, "/auth/outcome") != "not-attempted"),
        ("auth:*ed -auth:not-*", &|record| {
            matches!(text(record, "/auth/outcome"), "succeeded" | "rejected" | "failed" | "abandoned")
        }),
        ("tls:none", &|record| {
            record["starttls"]["protocol"].is_null() && text(record, "/starttls/outcome") != "succeeded"
        }),
        ("tls:unknown", &|record| {
            record["starttls"]["protocol"].is_null() && text(record, "/starttls/outcome") == "succeeded"
        }),
        ("tls<1.2", &|record| matches!(text(record, "/starttls/protocol"), "SSLv3" | "TLSv1.0" | "TLSv1.1")),
        ("tls>=TLSv1.2", &|record| matches!(text(record, "/starttls/protocol"), "TLSv1.2" | "TLSv1.3")),
        ("role:hub,frontend", &|record| matches!(text(record, "/role"), "hub" | "frontend")),
        ("role:unknown", &|record| record["role"].is_null()),
    ]);
}

#[test]
fn addresses_and_numbers() {
    check(&[
        ("ip:198.51.100.0/24", &|record| text(record, "/remote_ip").starts_with("198.51.100.")),
        ("ip:198.51.100.7", &|record| text(record, "/remote_ip") == "198.51.100.7"),
        ("ip:203.0.113.*,2001:db8::/32", &|record| {
            text(record, "/remote_ip").starts_with("203.0.113.") || text(record, "/remote_ip").starts_with("2001:db8:")
        }),
        ("local:::/0", &|record| text(record, "/local_ip").contains(':')),
        ("port:587", &|record| number(record, "/local_port") == 587),
        ("port>=1000", &|record| number(record, "/local_port") >= 1000),
        ("failures>=3", &|record| number(record, "/auth/failures") >= 3),
        ("failures:1,2", &|record| matches!(number(record, "/auth/failures"), 1 | 2)),
        ("mails=0", &|record| number(record, "/mail/accepted") == 0),
        ("mails>1", &|record| number(record, "/mail/accepted") > 1),
        ("bytes>=1kB", &|record| number(record, "/mail/bytes") >= 1000),
        ("bytes>=1K", &|record| number(record, "/mail/bytes") >= 1000),
        ("lines<=3", &|record| number(record, "/lines") <= 3),
        ("duration>30s", &|record| number(record, "/duration_ms") > 30_000),
        ("duration<=0.5s", &|record| number(record, "/duration_ms") <= 500),
        ("tarpit>=5s", &|record| number(record, "/tarpit_ms") >= 5000),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("helo:PC-", &|record| holds(text(record, "/helo"), "pc-")),
        ("helo:pc-*", &|record| text(record, "/helo").to_lowercase().starts_with("pc-")),
        ("helo=pc-17", &|record| text(record, "/helo") == "pc-17"),
        ("helo~^pc-[0-9]+$", &|record| {
            let digits = text(record, "/helo").strip_prefix("pc-").unwrap_or_default();
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        }),
        ("helo:\"\"", &|record| text(record, "/helo").is_empty()),
        ("user:*", &|record| !text(record, "/auth/user").is_empty()),
        ("user:@CONTOSO.com", &|record| holds(text(record, "/auth/user"), "@contoso.com")),
        ("mechanism=login", &|record| text(record, "/auth/mechanism") == "LOGIN"),
        ("error:logondenied", &|record| {
            text(record, "/auth/error") == "LogonDenied" || text(record, "/starttls/error") == "LogonDenied"
        }),
        ("error:SocketError", &|record| text(record, "/starttls/error") == "SocketError"),
        ("banner:*.contoso.com", &|record| text(record, "/banner").to_lowercase().ends_with(".contoso.com")),
        ("connector:\"client frontend\"", &|record| holds(text(record, "/connector"), "client frontend")),
        ("connector:\"ex01\\client\"", &|record| {
            holds(text(record, "/server"), "ex01") && holds(text(record, "/connector"), "client")
        }),
        ("connector=\"EX01\\Default Frontend EX01\"", &|record| {
            text(record, "/server") == "EX01" && text(record, "/connector") == "Default Frontend EX01"
        }),
        (r"connector~/^EX01\\Client.*EX01$/", &|record| {
            let connector = text(record, "/connector");
            text(record, "/server") == "EX01" && connector.starts_with("Client") && connector.ends_with("EX01")
        }),
        ("connector~/^Client/", &|record| text(record, "/connector").starts_with("Client")),
        ("-connector~/^ex01/i", &|record| {
            !text(record, "/server").eq_ignore_ascii_case("ex01") && !text(record, "/connector").starts_with("EX01")
        }),
        ("connector:组织", &|record| text(record, "/connector").contains("组织")),
        ("server=EX02", &|record| text(record, "/server") == "EX02"),
        ("cipher:3des", &|record| text(record, "/starttls/cipher") == "3DES"),
        ("end:Remote*", &|record| text(record, "/disconnect").starts_with("Remote")),
        ("end:open", &|record| record["closed"] == false),
        ("end:Remote(ConnectionReset)", &|record| text(record, "/disconnect") == "Remote(ConnectionReset)"),
        ("to:*@fabrikam.com", &|record| any(record, "/mail/recipients", |to| to.ends_with("@fabrikam.com"))),
        ("from:contoso", &|record| any(record, "/mail/senders", |from| holds(from, "contoso"))),
        ("msgid:contoso", &|record| any(record, "/mail/message_ids", |id| holds(id, "contoso"))),
        ("file:FrontEnd", &|record| {
            let files = record["files"].as_array().expect("a list");
            files.iter().any(|file| holds(file["path"].as_str().expect("a path"), "frontend"))
        }),
        ("file:auth-*.log", &|record| {
            let files = record["files"].as_array().expect("a list");
            let name =
                |file: &Value| file["path"].as_str().expect("a path").rsplit(['/', '\\']).next().map(str::to_owned);
            files
                .iter()
                .filter_map(name)
                .any(|name| name.strip_suffix(".log").is_some_and(|name| name.starts_with("auth-")))
        }),
        ("id:EX01/08DF491A9AC4C2DF", &|record| holds(text(record, "/id"), "EX01/08DF491A9AC4C2DF")),
        ("id=08DF491A9AC5241A~2", &|record| text(record, "/id") == "EX01/08DF491A9AC5241A~2"),
        ("id:08df491a9ac5241a~2", &|record| text(record, "/id") == "EX01/08DF491A9AC5241A~2"),
        ("id=08DF491A9AC5241A", &|record| text(record, "/session_id") == "08DF491A9AC5241A"),
        ("id:*~2", &|record| text(record, "/id").ends_with("~2")),
        ("cert:*.contoso.com -cert:mail.contoso.com", &|record| {
            let named = |name: &str| {
                let places = ["certificate", "client_certificate"].map(|owner| &record["starttls"][owner]);
                places.iter().any(|certificate| {
                    let names = certificate["names"].as_array().map(Vec::as_slice).unwrap_or_default();
                    let subject = certificate["subject"].as_str().unwrap_or_default();
                    let issuer = certificate["issuer"].as_str().unwrap_or_default();
                    match name {
                        "mail.contoso.com" => {
                            [subject, issuer].iter().any(|text| holds(text, name))
                                || names.iter().any(|text| holds(text.as_str().expect("a name"), name))
                        }
                        _ => {
                            [subject, issuer].iter().any(|text| text.ends_with(".contoso.com"))
                                || names.iter().any(|text| text.as_str().expect("a name").ends_with(".contoso.com"))
                        }
                    }
                })
            };
            named(".contoso.com") && !named("mail.contoso.com")
        }),
    ]);
}

/// Each text stands in other rows than the one beside it, so that small chunks part them.
#[test]
fn texts_of_rows_that_chunks_part() {
    let queries = [
        "LogonDenied",
        "\"EHLO pc\"",
        "ESMTP LogonDenied",
        "\"EHLO pc\" LogonDenied Local",
        "/ESMTP MAIL/ /535 5\\.7\\.3/i",
        "/LogonDenied|SocketError/ Hello",
    ];
    let answers = ask(&queries);
    for (at, query) in queries.iter().enumerate() {
        let meant: BTreeSet<String> =
            answers.iter().filter(|(_, answer)| answer[at]).map(|(record, _)| to_id(record)).collect();
        assert!((1..answers.len()).contains(&meant.len()), "{query}");
        for chunk_bytes in [300, 3000] {
            assert_eq!(select(query, chunk_bytes), meant, "{query}, chunks of {chunk_bytes}");
        }
    }
}

#[test]
fn times_of_start() {
    check(&[
        ("after:2026-11-23T08:30 before:2026-11-23T09:00", &|record| {
            ("2026-11-23T08:30".."2026-11-23T09:00").contains(&text(record, "/start"))
        }),
        ("before:2026-11-23T09:00:00.5", &|record| text(record, "/start") < "2026-11-23T09:00:00.5"),
    ]);
    let answers = ask(&["after:-2h", "after:00:00", "before:00:00"]);
    let last = answers.iter().map(|(record, _)| text(record, "/end")).max().expect("a session").to_owned();
    assert!(answers.iter().any(|(_, answer)| answer[0]) && answers.iter().any(|(_, answer)| !answer[0]));
    for (record, answer) in &answers {
        assert_eq!(answer[1], text(record, "/start")[..10] >= last[..10], "{record:#}");
        assert_eq!(answer[2], !answer[1]);
    }
}

/// How many sessions of the samples a query means, counted by hand with `grep` over the rows.
#[test]
fn counts_by_hand() {
    for (path, query, expected) in [
        ("auth-rejected.log", "auth:failed code:535", 1),
        ("auth-two-failures-then-success.log", "failures=2 auth:succeeded", 1),
        ("auth-abandoned.log", "auth:abandoned", 2),
        ("auth-abandoned.log", "auth:abandoned QUIT", 1),
        ("auth-gssapi-x-exps.log", "code:454", 1),
        ("starttls-refused.log", "starttls:refused", 2),
        ("starttls-refused.log", "starttls:refused mails>0", 1),
        ("starttls-required-530.log", "code:530", 2),
        ("recipient-rejected.log", "code:5.1.10 mails=1", 1),
        ("relay-denied.log", "code:5.7.54", 1),
        ("relay-denied.log", "@relay", 1),
        ("too-many-errors.log", "failures>=5 code:421", 1),
        ("timed-out.log", "code:4.4.1,4.7.0", 2),
        ("tls-1-0.log", "tls:1.0", 1),
        ("id-used-again-after-restart.log", "id:*~2", 1),
        ("cut-tail.log", "end:open", 3),
        ("across-three-files", "lines>0", 4),
        ("wrong-protocol.log", "\"GET /\"", 1),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(path);
        let catalogue = Catalogue::build(std::slice::from_ref(&path), None);
        let query_of = Query::parse(query, &SavedFilters::default(), &times(&catalogue)).expect(query);
        let mut n_meant = 0;
        ingest(&catalogue, &Options::default(), &Asking(vec![query_of]), &mut |batch: Batch<
            Vec<(Value, Vec<bool>)>,
        >| {
            n_meant += batch.value.iter().filter(|(_, answer)| answer[0]).count();
            ControlFlow::Continue(())
        });
        assert_eq!(n_meant, expected, "{} {query}", path.display());
    }
}

const TERMS: [&str; 12] = [
    "auth:failed",
    "starttls:succeeded",
    "port:587",
    "mails>0",
    "code:5xx",
    "helo:pc",
    "ip:198.51.100.0/24",
    "LogonDenied",
    "/EHLO +[a-z]/i",
    "duration>10s",
    "cert:contoso",
    "after:2026-11-23T08:30",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn logic_is_logic(picks in prop::collection::vec(0..TERMS.len(), 3)) {
        let [a, b, c] = [TERMS[picks[0]], TERMS[picks[1]], TERMS[picks[2]]];
        let queries = [
            format!("{a} {b} {c}"), format!("{c} ({b} and {a})"), format!("not (-{a} or -{b} or -{c})"),
            format!("{a} or {b} {c}"), format!("({a} or {b}) ({a} or {c})"), format!("-(-{a} (-{b} or -{c}))"),
        ];
        let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
        let mut kinds = BTreeSet::new();
        for (_, answer) in ask(&queries) {
            prop_assert!(answer[0] == answer[1] && answer[1] == answer[2]);
            prop_assert!(answer[3] == answer[4] && answer[4] == answer[5]);
            kinds.insert(answer);
        }
        prop_assert!(!kinds.is_empty());
    }
}
