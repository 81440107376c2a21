//! Nothing flows backwards: a stage names only stages before it.

use std::fs;
use std::path::{Path, PathBuf};

/// The stages in flow order. A new module under `src/` must be placed here.
const STAGES: [&str; 14] = [
    "source",
    "record",
    "session",
    "dialogue",
    "diagnosis",
    "ingest",
    "query",
    "roster",
    "pattern",
    "summary",
    "policy",
    "output",
    "tui",
    "cli",
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn source_files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = |path: &PathBuf| path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
    rust_files(&root.join("src"))
        .iter()
        .map(|path| (named(path), fs::read_to_string(path).expect("a source file")))
        .collect()
}

/// The stage of `src/record/line.rs` is `record`.
fn stage_of(path: &str) -> &str {
    let inner = path.strip_prefix("src/").expect("a path below src");
    inner.split('/').next().expect("a name").trim_end_matches(".rs")
}

/// The stages that the text names as `crate::stage`.
fn named_stages(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let after_crate = code.flat_map(|line| line.split("crate::").skip(1));
    after_crate.flat_map(first_names).collect()
}

/// `record::line` names `record`; `{record::Field, session}` names both.
fn first_names(rest: &str) -> Vec<&str> {
    let name_of = |part: &str| {
        part.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(part.len())
    };
    match rest.strip_prefix('{') {
        Some(list) => list.split(',').map(str::trim).map(|part| &part[..name_of(part)]).collect(),
        None => vec![&rest[..name_of(rest)]],
    }
}

#[test]
fn nothing_flows_backwards() {
    let mut faults = Vec::new();
    let rank = |stage: &str| STAGES.iter().position(|known| *known == stage);
    for (path, text) in source_files() {
        let stage = stage_of(&path);
        if stage == "lib" || stage == "main" {
            continue;
        }
        let Some(own) = rank(stage) else {
            faults.push(format!("{path}: `{stage}` has no place in the order of stages"));
            continue;
        };
        for named in named_stages(&text) {
            if rank(named).is_none_or(|other| other > own) {
                faults.push(format!("{path}: `{stage}` names `{named}`, which comes after it"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_stage_is_there_and_every_file_says_what_it_holds() {
    let files = source_files();
    for stage in STAGES {
        assert!(files.iter().any(|(path, _)| path == &format!("src/{stage}.rs")), "no stage {stage}");
    }
    for (path, text) in &files {
        assert!(text.starts_with("//!"), "{path} does not open with what it holds");
        assert!(
            path == "src/main.rs" || path == "src/lib.rs" || text.contains("**Invariant**"),
            "{path} names no invariant"
        );
        assert!(!path.ends_with("/mod.rs"), "{path}: the file stands beside its folder");
    }
}

#[test]
fn no_file_outgrows_its_reader() {
    for (path, text) in source_files() {
        let n_lines = text.split("#[cfg(test)]").next().expect("a part").lines().count();
        assert!(n_lines <= 500, "{path} has {n_lines} lines before its tests");
    }
}

#[test]
fn the_check_itself_finds_a_fault() {
    assert_eq!(
        named_stages("use crate::cli::run;\n// crate::output\nlet x = crate::{record::Field, session};"),
        ["cli", "record", "session"]
    );
}
