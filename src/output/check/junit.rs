//! What a check found, as JUnit: a limit is a test, its connectors are the suite.
//!
//! In: a [`Report`]. Out: XML.
//!
//! A limit that was broken is a failure, one that is not known an error. Five characters need
//! escaping, and what XML cannot hold was made visible before; a crate that writes JUnit would bring
//! five others for that.
//!
//! **Invariant**: well-formed XML 1.0 of the shape that `tests/junit.xsd` describes, whatever a log
//! holds.

use std::fmt::Write;

use crate::output::escape::visible;
use crate::output::time::Zone;
use crate::policy::Outcome;

use super::text::push_proofs;
use super::{Judged, Report};

/// Returns what the check found as JUnit XML.
pub fn to_check_junit(report: &Report<'_>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Judged<'_>> = report.limits.iter().collect();
    // Writing into a string cannot fail.
    let _ = writeln!(out, "<testsuites name=\"heloscope check\"{}>", counts(&all));
    for (name, limits) in suites(&all) {
        let _ = writeln!(out, "  <testsuite name=\"{}\"{} skipped=\"0\">", escaped(&name), counts(&limits));
        for judged in limits {
            push_case(report, judged, &name, &mut out);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// The limits by their connectors, in the order in which they were given.
fn suites<'a, 'b>(limits: &[&'b Judged<'a>]) -> Vec<(String, Vec<&'b Judged<'a>>)> {
    let mut suites: Vec<(String, Vec<&Judged<'_>>)> = Vec::new();
    for judged in limits {
        let name = judged.limit.connector.as_ref().map_or("all connectors", |connector| &connector.0);
        match suites.iter_mut().find(|(known, _)| known == name) {
            Some((_, limits)) => limits.push(judged),
            None => suites.push((name.to_owned(), vec![judged])),
        }
    }
    suites
}

fn counts(limits: &[&Judged<'_>]) -> String {
    let count = |outcome: Outcome| limits.iter().filter(|judged| judged.outcome == outcome).count();
    let (failures, errors) = (count(Outcome::Broken), count(Outcome::Unknown));
    format!(" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", limits.len())
}

fn push_case(report: &Report<'_>, judged: &Judged<'_>, suite: &str, out: &mut String) {
    let (suite, limit) = (escaped(suite), escaped(&judged.limit.to_string()));
    let found = judged.to_found_text();
    let _ = write!(out, "    <testcase classname=\"{suite}\" name=\"{limit}\"");
    let _ = match judged.outcome {
        Outcome::Held => writeln!(out, "/>"),
        Outcome::Unknown => {
            let reason = escaped(&report.reason(judged).unwrap_or_default());
            writeln!(out, ">\n      <error type=\"unknown\" message=\"{reason}\"/>\n    </testcase>")
        }
        Outcome::Broken => {
            let mut proofs = String::new();
            push_proofs(judged, Zone::Utc, &mut proofs);
            let proofs: String = proofs.split_inclusive('\n').map(escaped_line).collect();
            writeln!(
                out,
                ">\n      <failure type=\"broken\" message=\"{found}\">\n{proofs}      </failure>\n    </testcase>"
            )
        }
    };
}

/// A line of text, its end kept.
fn escaped_line(line: &str) -> String {
    escaped(line.trim_end_matches('\n')) + "\n"
}

/// Returns the text fit to stand between tags or quotes.
///
/// Source: XML 1.0 sections 2.2 and 2.4.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text.as_bytes()).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}
