//! `heloscope check`: policies, and JUnit that is of its schema whatever a log holds.

use std::fs;
use std::path::Path;

use heloscope::diagnosis::Rule;
use heloscope::output::check::Report;
use heloscope::output::check::junit::to_check_junit;
use heloscope::policy::file::parse_policy;
use heloscope::policy::tally::{Proof, Tallies, Tally};
use heloscope::policy::{Basis, ConnectorPattern, Empty, Limit};
use proptest::prelude::*;
use uppsala::{XsdValidator, parse};

/// What is wrong with a document: that it is no XML, or not of the schema.
fn faults(xml: &str) -> Vec<String> {
    let schema = parse(include_str!("junit.xsd")).expect("a schema");
    let validator = XsdValidator::from_schema(&schema).expect("a schema");
    match parse(xml) {
        Ok(document) => validator.validate(&document).iter().map(|fault| format!("{fault:?}")).collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// Limits that held, broke and are unknown, about sessions whose every text is this.
fn junit(text: &str) -> String {
    let limit = |connector: &str, rules: &str| Limit {
        connector: Some(ConnectorPattern(connector.into())),
        ..Limit::parse_deny(rules).expect("a rule")
    };
    let limits =
        [Limit::parse_severity("error").expect("a severity"), limit(text, "auth-*"), limit(text, "*"), limit("x", "*")];
    let proof = Proof {
        time: None,
        id: text.as_bytes().to_vec(),
        rule: Rule::AuthMissing,
        message: text.to_owned(),
        rows: vec![(text.to_owned(), 7)],
        server_offset: None,
    };
    let broken = Tally { sessions: 9, found: 5, proofs: vec![proof], ..Tally::default() };
    let held = Tally { sessions: 9, ..Tally::default() };
    let tallies =
        Tallies { limits: vec![held.clone(), broken, held, Tally::default()], sessions: 9, ..Tallies::default() };
    to_check_junit(&Report::new(&limits, &tallies, Basis { empty: Empty::Unknown, n_unreadable: 0, n_read: 1 }))
}

#[test]
fn the_schema_finds_faults() {
    let right = junit("pc-17");
    assert_eq!(faults(&right), Vec::<String>::new());
    for (part, other) in [
        (" tests=\"4\"", ""),
        ("tests=\"4\"", "tests=\"four\""),
        ("<failure", "<fault"),
        ("</failure>", "</failure><failure type=\"\" message=\"\"/>"),
        (" classname=\"x\"", ""),
        (" skipped=\"0\"", " skipped=\"0\" speed=\"1\""),
        ("</testsuites>", ""),
    ] {
        let wrong = right.replace(part, other).replace("</fault>", "</failure>");
        assert_ne!(wrong, right, "{part}");
        assert_ne!(faults(&wrong), Vec::<String>::new(), "{part} as {other}");
    }
}

proptest! {
    #[test]
    fn junit_is_of_its_schema_whatever_a_log_holds(text in "\\PC{0,20}|[\\x00-\\x7f]{0,20}|[\u{80}-\u{a0}\u{fdd0}-\u{ffff}<&\\]>\"']{0,20}") {
        let xml = junit(&text);
        prop_assert_eq!(faults(&xml), Vec::<String>::new(), "{}", xml);
        prop_assert_eq!(xml.matches("<testcase").count(), 4);
    }
}

#[test]
fn every_policy_of_the_samples_is_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/policies");
    let mut n_policies = 0;
    for entry in fs::read_dir(folder).expect("the policies") {
        let path = entry.expect("an entry").path();
        let limits = parse_policy(&fs::read_to_string(&path).expect("a policy"));
        assert!(limits.as_ref().is_ok_and(|limits| limits.len() > 5), "{}: {limits:?}", path.display());
        n_policies += 1;
    }
    assert!(n_policies > 0);
}
