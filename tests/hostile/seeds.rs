//! What mutations and fuzzing start from: the samples, and what in them is of each part's kind.

use std::fs;
use std::path::Path;

/// One target: its name, what it starts from.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) check: fn(&[u8]),
    pub(crate) seeds: Vec<Vec<u8>>,
}

/// All targets, with their seeds out of the project's folder.
pub(crate) fn targets(root: &Path) -> Vec<Target> {
    let logs = files(&root.join("samples"), "log");
    let policies = files(&root.join("samples/policies"), "toml");
    let queries = [
        include_str!("../../README.md"),
        include_str!("../filtering.rs"),
        include_str!("../query/main.rs"),
        include_str!("../query/slips.rs"),
    ];
    let target = |name, check, seeds| Target { name, check, seeds };
    vec![
        target("header", crate::parts::check_header as fn(&[u8]), logs.iter().map(|log| head_of(log)).collect()),
        target("line", crate::parts::check_line, logs.clone()),
        target("dialogue", crate::parts::check_dialogue, logs.iter().map(|log| payloads(log, &[])).collect()),
        target(
            "certificate",
            crate::parts::check_certificate,
            logs.iter().filter_map(|log| certificates(log)).collect(),
        ),
        target("query", crate::parts::check_query, queries.iter().flat_map(|text| quoted(text)).collect()),
        target("policy", crate::parts::check_policy, policies),
        target("read", crate::reading::check, logs),
    ]
}

/// The files below a folder whose names end so, in the order of names.
fn files(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("an entry").into_path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|have| have.eq_ignore_ascii_case(ending)))
        .collect();
    paths.dedup();
    paths.iter().map(|path| fs::read(path).expect("a sample")).collect()
}

/// A log's first lines.
fn head_of(log: &[u8]) -> Vec<u8> {
    log.split_inclusive(|&byte| byte == b'\n').take(9).flatten().copied().collect()
}

/// Event, data and context of a log's rows that hold one of the words, or of all where none is given:
/// a line each, as `tests/hostile/parts.rs` reads them.
fn payloads(log: &[u8], words: &[&str]) -> Vec<u8> {
    let mut lines = Vec::new();
    for line in log.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_meant = words.is_empty() || words.iter().any(|word| String::from_utf8_lossy(line).contains(word));
        let Ok(record) = heloscope::record::line::parse_record(line) else { continue };
        if is_meant {
            lines.extend([&[record.marker as u8][..], record.data.0, b",", record.context.0, b"\n"].concat());
        }
    }
    lines
}

fn certificates(log: &[u8]) -> Option<Vec<u8>> {
    let rows = payloads(log, &["ertificate"]);
    let unmarked: Vec<u8> = rows
        .split(|&byte| byte == b'\n')
        .filter(|row| !row.is_empty())
        .flat_map(|row| [&row[1..], b"\n"].concat())
        .collect();
    (!unmarked.is_empty()).then_some(unmarked)
}

/// What stands in quotes of any kind.
fn quoted(text: &str) -> Vec<Vec<u8>> {
    let lines = text.lines().flat_map(|line| ["'", "\"", "`"].map(|quote| line.split(quote).nth(1)));
    lines.flatten().filter(|text| text.len() > 2).map(|text| text.as_bytes().to_vec()).collect()
}
