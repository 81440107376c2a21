//! The reader against the truth that a made-up corpus knows of itself.
//!
//! The corpus program writes logs and beside them what it meant; both are held against each other,
//! session by session and field by field.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use heloscope::ingest::{Account, Batch, Case, Catalogue, Options, Study, ingest};
use serde_json::Value;

struct Records;

impl Study for Records {
    type Yield = Vec<Value>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, records: &mut Self::Yield) {
        let mut line = Vec::new();
        heloscope::output::json::write_record(case, &mut line);
        records.push(serde_json::from_slice(&line).expect("valid JSON"));
    }
}

fn read(folder: &Path, options: &Options) -> (Vec<Value>, Account) {
    let catalogue = Catalogue::build(&[folder.to_owned()], None);
    let mut records = Vec::new();
    let account = ingest(&catalogue, options, &Records, &mut |batch: Batch<Vec<Value>>| {
        records.extend(batch.value);
        ControlFlow::Continue(())
    });
    (records, account)
}

/// Writes a corpus with the example program, which cargo builds before it runs the tests.
fn corpus(folder: &Path, arguments: &[&str]) -> PathBuf {
    let tests = std::env::current_exe().expect("this test's own path");
    let program = tests
        .ancestors()
        .nth(2)
        .expect("the build's folder")
        .join("examples")
        .join(format!("corpus{}", std::env::consts::EXE_SUFFIX));
    let out = folder.join("corpus");
    let ran = Command::new(program).args(arguments).arg(&out).output().expect("the corpus program runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    out
}

/// Server, connector, id and start name a session; an id alone can be used again.
fn by_name(records: Vec<Value>) -> BTreeMap<String, Value> {
    let n_records = records.len();
    let named: BTreeMap<String, Value> = records
        .into_iter()
        .map(|record| {
            (["server", "connector", "session_id", "start"].map(|field| record[field].to_string()).join(" "), record)
        })
        .collect();
    assert_eq!(named.len(), n_records, "two sessions of one name");
    named
}

/// Paths in the truth are relative, with `/`; ids may bear a `~2` that the truth leaves out.
fn comparable(mut record: Value, root: &Path) -> Value {
    for file in record["files"].as_array_mut().into_iter().flatten() {
        let path = PathBuf::from(file["path"].as_str().expect("a path"));
        let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        file["path"] = Value::String(path);
    }
    // The corpus does not know what the rules find.
    record["verdict"] = Value::Null;
    record["findings"] = Value::Array(Vec::new());
    record
}

#[track_caller]
fn check(arguments: &[&str], options: &Options) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = corpus(folder.path(), arguments);
    let truth = std::fs::read_to_string(root.join("truth.ndjson")).expect("the truth");
    let told: Vec<Value> = truth.lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect();
    let (found, account) = read(&root, options);
    let (told, mut found) = (by_name(told), by_name(found));
    for (name, told) in told {
        let found = found.remove(&name).unwrap_or_else(|| panic!("not found: {name}"));
        assert_eq!(comparable(found, &root), told);
    }
    assert!(found.is_empty(), "never told: {:?}", found.keys().next());
    let sums: Value =
        serde_json::from_slice(&std::fs::read(root.join("account.json")).expect("the account")).expect("valid JSON");
    let sum = |name: &str| sums[name].as_u64().expect("a number");
    assert_eq!(account.bytes, sum("bytes"));
    assert_eq!(account.records, sum("rows"));
    assert_eq!(account.directives, sum("directives"));
    assert_eq!(account.blank, sum("blank"));
    assert_eq!(account.malformed + account.foreign, sum("malformed") + sum("foreign_rows"));
    assert_eq!(account.repeated, 0);
}

#[test]
fn servers_in_folders() {
    check(&["--size", "6MB", "--seed", "1", "--file-size", "500KB"], &Options::default());
}

#[test]
fn one_file_in_small_chunks() {
    let options = Options { n_threads: 2, chunk_bytes: 10_000 };
    check(&["--size", "3MB", "--seed", "2", "--one-file"], &options);
}

#[test]
fn many_small_files() {
    let options = Options { n_threads: 3, chunk_bytes: 3000 };
    check(&["--size", "2MB", "--seed", "3", "--file-size", "30KB", "--servers", "5"], &options);
}
