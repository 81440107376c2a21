//! Every sample against what is right for it: its sessions, the account of its lines, what was skipped.
//!
//! The samples are found by reading their folder, so none can be forgotten. A snapshot records what the
//! specification of the session record says of the sample, and was read against it.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use heloscope::ingest::{Account, Batch, Case, Catalogue, Options, Study, ingest};
use heloscope::output::csv as csv_output;
use heloscope::output::json::{RECORD_SCHEMA, write_record};
use heloscope::output::skipped::to_reason_text;
use heloscope::session::Position;
use serde_json::{Value, json};

/// Where the samples lie.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// The names of the samples: files and folders.
fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(root()).expect("the samples");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name of UTF-8"));
    // Policies are for `check`; `tests/check.rs` reads them.
    names.filter(|name| name != "README.md" && name != "policies").collect()
}

/// A path below the samples, with `/` on every system.
fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("below the samples").to_string_lossy().replace('\\', "/")
}

/// The records of the sessions, each with the place that orders it.
struct Records;

impl Study for Records {
    type Yield = Vec<(Position, Value)>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, records: &mut Self::Yield) {
        let mut line = Vec::new();
        write_record(case, &mut line);
        records.push((case.session.position, serde_json::from_slice(&line).expect("valid JSON")));
    }
}

/// Reads a sample: its catalogue, the records in the order of reading, and the account.
fn read(name: &str, options: &Options) -> (Catalogue, Vec<Value>, Account) {
    let catalogue = Catalogue::build(&[root().join(name)], None);
    assert!(catalogue.errors.is_empty(), "{name}: {:?}", catalogue.errors);
    let mut records = Vec::new();
    let account = ingest(&catalogue, options, &Records, &mut |batch: Batch<Vec<(Position, Value)>>| {
        records.extend(batch.value);
        ControlFlow::Continue(())
    });
    assert!(account.errors.is_empty(), "{name}: {:?}", account.errors);
    records.sort_by_key(|(position, _)| *position);
    (catalogue, records.into_iter().map(|(_, record)| record).collect(), account)
}

fn told_account(account: &Account) -> Value {
    let place = |place: &heloscope::ingest::MalformedPlace| {
        format!("{}:{} {}", relative(&place.path), place.line, place.reason.as_text())
    };
    json!({
        "bytes": account.bytes,
        "lines": account.lines,
        "records": account.records,
        "repeated": account.repeated,
        "directives": account.directives,
        "blank": account.blank,
        "malformed": account.malformed,
        "foreign": account.foreign,
        "pending": account.pending,
        "malformed_places": account.malformed_places.iter().map(place).collect::<Vec<_>>(),
        "sessions": account.sessions,
        "without_head": account.without_head,
        "without_tail": account.without_tail,
    })
}

fn make_relative(place: &mut Value) {
    place["path"] = relative(Path::new(place["path"].as_str().expect("a path"))).into();
}

/// The sample as it is read, as one text.
fn told(name: &str, options: &Options) -> String {
    let (catalogue, mut records, account) = read(name, options);
    for record in &mut records {
        record["files"].as_array_mut().expect("a list").iter_mut().for_each(make_relative);
        for finding in record["findings"].as_array_mut().expect("a list") {
            finding["evidence"].as_array_mut().expect("a list").iter_mut().for_each(make_relative);
        }
    }
    let skipped =
        catalogue.skipped.iter().map(|file| format!("{}: {}", relative(&file.path), to_reason_text(&file.reason)));
    let told = json!({
        "sessions": records,
        "account": told_account(&account),
        "skipped": skipped.collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&told).expect("JSON")
}

#[test]
fn every_sample_is_read_as_it_was_meant() {
    for name in names() {
        insta::assert_snapshot!(snapshot_name(&name), told(&name, &Options::default()));
    }
}

#[test]
fn chunks_and_threads_change_nothing() {
    for name in names() {
        let expected = told(&name, &Options::default());
        for chunk_bytes in [1, 700, 3000] {
            let options = Options { n_threads: 2, chunk_bytes };
            assert_eq!(told(&name, &options), expected, "{name} in chunks of {chunk_bytes}");
        }
    }
}

fn snapshot_name(sample: &str) -> &str {
    sample.trim_end_matches(".log")
}

#[test]
fn no_snapshot_is_left_over() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let files = fs::read_dir(folder).expect("the snapshots").map(|entry| entry.expect("an entry").file_name());
    let files: Vec<String> = files.map(|file| file.into_string().expect("a name of UTF-8")).collect();
    let ours = files.iter().filter_map(|file| file.strip_prefix("samples__")?.strip_suffix(".snap"));
    let names = names();
    let expected: BTreeSet<&str> = names.iter().map(|name| snapshot_name(name)).collect();
    assert_eq!(ours.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn every_record_is_of_the_schema() {
    let schema: Value = serde_json::from_str(RECORD_SCHEMA).expect("valid JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut n_records = 0;
    for name in names() {
        for record in read(&name, &Options::default()).1 {
            let faults: Vec<String> =
                validator.iter_errors(&record).map(|fault| format!("{} {fault}", fault.instance_path())).collect();
            assert!(faults.is_empty(), "{name}: {}", faults.join("\n"));
            n_records += 1;
        }
    }
    assert!(n_records > 60, "{n_records}");
}

/// The certificates of the sessions as CSV tells them.
struct Certificates;

impl Study for Certificates {
    type Yield = Vec<Value>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, told: &mut Self::Yield) {
        let mut text = Vec::new();
        csv_output::write_header(&mut text).expect("names");
        csv_output::write_record(case, csv_output::Cells::Exact, &mut text).expect("cells");
        let mut reader = csv::Reader::from_reader(&text[..]);
        let names = reader.headers().expect("names").clone();
        let cells = reader.records().next().expect("a row").expect("cells");
        let cell =
            |name: String| cells.get(names.iter().position(|known| known == name).expect("a column")).expect("a cell");
        let certificate = |prefix: &str| {
            let of = |part: &str| cell(format!("{prefix}_{part}"));
            json!({
                "subject": of("subject"), "issuer": of("issuer"), "serial": of("serial"), "thumbprint": of("thumbprint"),
                "not_before": of("not_before"), "not_after": of("not_after"), "names": of("names"),
            })
        };
        told.push(json!([certificate("certificate"), certificate("client_certificate")]));
    }
}

#[test]
fn csv_tells_of_certificates_what_ndjson_tells() {
    for name in ["client-certificate.log", "starttls-succeeded.log", "auth-in-clear.log"] {
        let catalogue = Catalogue::build(&[root().join(name)], None);
        let mut told = Vec::new();
        ingest(&catalogue, &Options::default(), &Certificates, &mut |batch: Batch<Vec<Value>>| {
            told.extend(batch.value);
            ControlFlow::Continue(())
        });
        let flat = |certificate: &Value| {
            let text = |part: &str| certificate[part].as_str().unwrap_or_default().to_owned();
            let names = certificate["names"].as_array().map_or(Vec::new(), Clone::clone);
            let names: Vec<&str> = names.iter().map(|name| name.as_str().expect("a name")).collect();
            json!({
                "subject": text("subject"), "issuer": text("issuer"), "serial": text("serial"), "thumbprint": text("thumbprint"),
                "not_before": text("not_before"), "not_after": text("not_after"), "names": names.join(";"),
            })
        };
        let records = read(name, &Options::default()).1;
        let expected = records.iter().map(|record| {
            json!([flat(&record["starttls"]["certificate"]), flat(&record["starttls"]["client_certificate"])])
        });
        assert_eq!(told, expected.collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn every_line_is_accounted_for() {
    for name in names() {
        let account = read(&name, &Options::default()).2;
        let sum = account.records + account.directives + account.blank + account.malformed;
        assert_eq!(account.lines, sum + account.foreign + account.pending, "{name}");
    }
}

#[test]
fn the_list_of_samples_is_whole() {
    let list = fs::read_to_string(root().join("README.md")).expect("the list");
    let rows = list.lines().filter_map(|line| line.strip_prefix("| [`")?.split_once('`'));
    let listed: Vec<String> = rows.map(|(name, _)| name.trim_end_matches('/').to_owned()).collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), names());
    assert_eq!(listed.len(), names().len(), "a sample is listed twice");
}

/// All files below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The text of a file; of UTF-16 only what is ASCII matters here.
fn text_of(path: &Path) -> String {
    let bytes: Vec<u8> = fs::read(path).expect("a sample").into_iter().filter(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The addresses that documentation may use. Source: RFC 5737.
fn is_documentation(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _])
}

/// What looks like an IPv4 address in a line; a header's version number does, and is none.
fn addresses(line: &str) -> impl Iterator<Item = Ipv4Addr> {
    let line = if line.trim_start_matches('\u{feff}').starts_with("#Version") { "" } else { line };
    line.split(|character: char| !character.is_ascii_digit() && character != '.').filter_map(|word| word.parse().ok())
}

/// What stands in square brackets and is an IPv6 address.
fn addresses_v6(line: &str) -> impl Iterator<Item = Ipv6Addr> {
    let words = line.split('[').skip(1).filter_map(|rest| rest.split(['%', ']']).next());
    words.filter_map(|word| word.trim_start_matches("IPv6:").parse().ok())
}

#[test]
fn samples_name_no_address_of_anyone() {
    let mut n_addresses = 0;
    for path in files_below(&root()) {
        for line in text_of(&path).lines() {
            for address in addresses(line) {
                assert!(is_documentation(address), "{}: {address}", relative(&path));
                n_addresses += 1;
            }
            for address in addresses_v6(line) {
                assert_eq!(address.segments()[..2], [0x2001, 0xdb8], "{}: {address}", relative(&path));
                n_addresses += 1;
            }
        }
    }
    assert!(n_addresses > 1000, "{n_addresses}");
    assert!(!is_documentation(Ipv4Addr::new(198, 51, 101, 7)));
}
