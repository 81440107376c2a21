//! The rules against the samples and the README: every rule is found somewhere, near misses are not
//! found, and what the README says of the rules is what the rules say of themselves.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use heloscope::diagnosis::RULES;
use heloscope::diagnosis::vocabulary::{Answer, look_up};
use heloscope::ingest::{Batch, Case, Catalogue, Options, Study, ingest};

/// `severity:rule` of every finding.
struct Found;

impl Study for Found {
    type Yield = BTreeSet<String>;

    fn begin(&self) -> Self::Yield {
        BTreeSet::new()
    }

    fn take(&self, case: &Case<'_>, found: &mut Self::Yield) {
        for finding in case.findings {
            assert!(!finding.evidence.rows().is_empty());
            assert!(!finding.to_message(case.session, case.facts).is_empty());
            found.insert(format!("{}:{}", finding.severity.as_text(), finding.rule.name()));
        }
    }
}

fn found_in(sample: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
    let mut found = BTreeSet::new();
    ingest(&Catalogue::build(&[path], None), &Options::default(), &Found, &mut |batch: Batch<BTreeSet<String>>| {
        found.extend(batch.value);
        ControlFlow::Continue(())
    });
    found
}

#[test]
fn every_rule_is_found_in_some_sample() {
    let found = found_in("");
    let found: BTreeSet<&str> = found.iter().filter_map(|found| found.split(':').nth(1)).collect();
    let never: Vec<&str> = RULES.iter().map(|article| article.name).filter(|name| !found.contains(name)).collect();
    assert!(never.is_empty(), "in no sample: {never:?}");
}

#[test]
fn near_misses_are_no_findings() {
    for sample in [
        "starttls-succeeded.log",
        "tls-1-3.log",
        "certificate-wildcard.log",
        "certificate-row-a-property.log",
        "client-certificate.log",
        "connection-reset-after-success.log",
        "pipelined-two-messages.log",
        "bdat-chunks.log",
        "probe-only.log",
        "ipv6.log",
        "cut-tail.log",
        "given-twice",
    ] {
        assert_eq!(found_in(sample), BTreeSet::new(), "{sample}");
    }
}

#[track_caller]
fn check_only(sample: &str, expected: &[&str]) {
    assert_eq!(found_in(sample), expected.iter().map(|name| (*name).to_owned()).collect(), "{sample}");
}

#[test]
fn near_misses_among_findings() {
    check_only("delayed-ack.log", &["note:certificate-self-signed"]);
    check_only("auth-two-failures-then-success.log", &["warning:auth-credentials-rejected"]);
    check_only("recipient-rejected.log", &["error:recipient-rejected"]);
    check_only("connection-dropped.log", &["error:relay-denied", "warning:connection-dropped"]);
    check_only("cut-head.log", &["error:auth-credentials-rejected"]);
    check_only("too-many-errors.log", &["error:auth-credentials-rejected"]);
    check_only("message-rejected.log", &["error:message-rejected"]);
    check_only("certificate-expiring.log", &["warning:certificate-expiring"]);
    check_only("put-off.log", &["error:command-refused", "warning:command-refused"]);
    check_only("back-end-unreachable.log", &["error:auth-proxy-failed", "warning:auth-proxy-failed"]);
    check_only(
        "recovered.log",
        &[
            "error:server-out-of-resources",
            "warning:auth-mechanism-unsupported",
            "warning:auth-missing",
            "warning:server-out-of-resources",
        ],
    );
    check_only("auth-cancelled.log", &["note:auth-abandoned"]);
    check_only("tarpit-absurd.log", &[]);
}

#[test]
fn the_readme_says_what_the_rules_say() {
    let readme = include_str!("../README.md").replace("\r\n", "\n");
    let rows = RULES
        .iter()
        .map(|article| format!("| `{}` | {} | {} |\n", article.name, article.severity.as_text(), article.when));
    let table: String = ["| rule | severity | when |\n|---|---|---|\n".to_owned()].into_iter().chain(rows).collect();
    assert!(readme.contains(&table), "the README's table of rules should be\n{table}");
}

#[test]
fn words_that_the_rules_name_are_explained() {
    for article in RULES {
        let text = [article.when, &article.log.join(" ")].join(" ");
        let words: Vec<&str> =
            text.split(|character: char| !character.is_ascii_alphanumeric() && character != '.').collect();
        for pair in words.windows(2) {
            let is_code = |word: &str| {
                word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit())
            };
            let is_status =
                |word: &str| word.split('.').count() == 3 && word.split('.').all(|part| part.parse::<u16>().is_ok());
            if is_code(pair[0]) && is_status(pair[1]) {
                let reply = pair.join(" ");
                assert!(matches!(look_up(&reply), Ok(Answer::Words(_))), "{}: {reply} is not explained", article.name);
            }
        }
    }
}
