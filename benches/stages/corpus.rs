//! The logs that are measured, and what is true of them.
//!
//! In: nothing but a fixed size and seed. Out: a [`Corpus`] in a temporary folder.
//!
//! **Invariant**: what is true of the logs comes from the program that made them up, not from the
//! code that is measured.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use heloscope::output::json::{auth_text, starttls_text};
use heloscope::summary::counts::{AUTH_OUTCOMES, STARTTLS_OUTCOMES};
use serde_json::Value;

/// What the corpus program is asked for: small enough for a short bench, and yet a dozen chunks and
/// as many files.
const ARGUMENTS: [&str; 6] = ["--size", "24MB", "--seed", "1", "--file-size", "3MB"];

/// Made-up logs, removed when it is dropped.
pub(crate) struct Corpus {
    folder: tempfile::TempDir,
    /// What becomes of its lines.
    pub(crate) account: LineAccount,
    /// What becomes of its sessions.
    pub(crate) outcomes: Outcomes,
}

/// What becomes of every line, as the corpus program tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineAccount {
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    pub(crate) directives: u64,
    pub(crate) blank: u64,
    /// Malformed lines, and rows of other logs in mid-file.
    pub(crate) no_rows: u64,
    pub(crate) files: u64,
    pub(crate) skipped_files: u64,
}

/// What becomes of all sessions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) sessions: u64,
    /// Failed logins, of which a session may have several.
    pub(crate) login_failures: u64,
    pub(crate) accepted: u64,
    pub(crate) accepted_bytes: u64,
    /// In the order of [`STARTTLS_OUTCOMES`].
    pub(crate) starttls: [u64; 5],
    /// In the order of [`AUTH_OUTCOMES`].
    pub(crate) auth: [u64; 6],
}

impl Corpus {
    /// Makes the corpus.
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("corpus");
        let ran = corpus_program().args(ARGUMENTS).arg(&root).status().expect("cargo runs");
        assert!(ran.success(), "the corpus program failed");
        let account = read_account(&root.join("account.json"));
        let outcomes = Outcomes::read(&fs::read(root.join("truth.ndjson")).expect("the truth"));
        Self { folder, account, outcomes }
    }

    /// How many sessions are meant, as the corpus program tells of them.
    pub(crate) fn count(&self, is_meant: fn(&Value) -> bool) -> u64 {
        let truth = fs::read(self.folder.path().join("corpus/truth.ndjson")).expect("the truth");
        records(&truth).filter(is_meant).count() as u64
    }

    /// The paths to read.
    pub(crate) fn paths(&self) -> [PathBuf; 1] {
        [self.folder.path().join("corpus")]
    }
}

/// Cargo builds no example for a bench, so it is asked to: into the folder that this bench lies in,
/// where it finds what it has compiled already.
fn corpus_program() -> Command {
    let bench = std::env::current_exe().expect("this bench's own path");
    let target = bench.ancestors().nth(3).expect("the build's folder");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from(env!("CARGO")));
    let mut command = Command::new(cargo);
    command
        .args(["run", "--quiet", "--release", "--locked", "--example", "corpus", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .arg("--");
    command
}

fn read_account(path: &Path) -> LineAccount {
    let account: Value = serde_json::from_slice(&fs::read(path).expect("the account")).expect("valid JSON");
    let count = |name: &str| account[name].as_u64().expect("a number");
    LineAccount {
        bytes: count("bytes"),
        rows: count("rows"),
        directives: count("directives"),
        blank: count("blank"),
        no_rows: count("malformed") + count("foreign_rows"),
        files: count("files"),
        skipped_files: count("skipped_files"),
    }
}

/// Session records, one a line.
fn records(ndjson: &[u8]) -> impl Iterator<Item = Value> {
    let lines = ndjson.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("valid JSON"))
}

impl Outcomes {
    /// Adds up session records, one a line.
    pub(crate) fn read(ndjson: &[u8]) -> Self {
        let mut outcomes = Self::default();
        records(ndjson).for_each(|record| outcomes.take(&record));
        outcomes
    }

    fn take(&mut self, record: &Value) {
        let count = |family: &str, name: &str| record[family][name].as_u64().expect("a number");
        let starttls = record["starttls"]["outcome"].as_str().expect("a word");
        let auth = record["auth"]["outcome"].as_str().expect("a word");
        let nth_starttls = STARTTLS_OUTCOMES.iter().position(|outcome| starttls_text(*outcome) == starttls);
        let nth_auth = AUTH_OUTCOMES.iter().position(|outcome| auth_text(*outcome) == auth);
        self.sessions += 1;
        self.login_failures += count("auth", "failures");
        self.accepted += count("mail", "accepted");
        self.accepted_bytes += count("mail", "bytes");
        self.starttls[nth_starttls.expect("an outcome of STARTTLS")] += 1;
        self.auth[nth_auth.expect("an outcome of AUTH")] += 1;
    }
}
