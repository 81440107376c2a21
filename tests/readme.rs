//! Every command that the README shows is run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The commands of the README's `sh` blocks, comments taken off.
fn commands() -> Vec<String> {
    let readme = include_str!("../README.md");
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().expect("a block"));
    let lines = blocks.flat_map(str::lines).map(|line| line.split("  #").next().expect("a command").trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_heloscope"))
}

/// Runs a line as a shell would that finds the program in its path; what cargo builds is built.
fn run(line: &str, folder: &Path) -> std::process::Output {
    let line = line.replace("cargo run --release -- ", "heloscope ");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = binary().parent().expect("a folder").to_owned();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).expect("a path");
    let mut shell = if cfg!(windows) {
        // Wine's cmd knows neither pipes to grep nor /dev/null: there, plain commands are run.
        let mut command = Command::new(binary());
        command.args(line.split_whitespace().skip(1));
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", &line]);
        command
    };
    shell.env("PATH", path).current_dir(folder).stdin(Stdio::null()).output().expect("a shell")
}

#[test]
fn every_command_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    copy(&root.join("samples"), &folder.path().join("samples"));
    let commands = commands();
    let is_ours = |line: &&String| line.starts_with("heloscope ") || line.starts_with("cargo run --release -- ");
    let ours: Vec<&String> = commands.iter().filter(is_ours).collect();
    assert!(ours.len() >= 8, "the README shows {} commands", ours.len());
    for line in ours {
        let is_plain = !line.contains(['|', '>', '\'', '"', '$']);
        if cfg!(windows) && !is_plain {
            continue;
        }
        let output = run(line, folder.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{line}` ended with {:?}: {error}", output.status.code());
        assert!(!output.stdout.is_empty() || line.contains('>') || line.contains("-o "), "`{line}` says nothing");
    }
}

#[test]
fn the_fields_are_those_of_the_table() {
    let readme = include_str!("../README.md");
    let rows = heloscope::output::fields::to_readme_rows();
    assert!(readme.contains(&format!("|---|---|---|\n{rows}\n")), "the README's table should be:\n{rows}");
}

#[test]
fn the_screen_is_what_the_program_shows() {
    let readme = include_str!("../README.md");
    let screen = readme.split("```text\n$ ").nth(1).and_then(|rest| rest.split("\n…\n").next()).expect("a screen");
    let (command, shown) = screen.split_once('\n').expect("a command and what it shows");
    let output = run(command, Path::new(env!("CARGO_MANIFEST_DIR")));
    let said = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n").replace("samples\\", "samples/");
    assert!(shown.lines().count() > 10 && said.starts_with(&format!("{shown}\n")), "{said}");
}

#[test]
fn the_pictures_are_what_the_screen_shows() {
    let readme = include_str!("../README.md");
    for (name, keys) in heloscope::tui::picture::PICTURES {
        let path = format!("examples/screens/{name}.svg");
        let drawn = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).expect("a picture");
        let is_stale = drawn.replace("\r\n", "\n") != heloscope::tui::picture::draw(keys);
        assert!(!is_stale, "{path} is stale: `cargo run --example screens` draws it anew");
        assert!(readme.contains(&path), "the README shows no {path}");
    }
}

#[test]
fn the_keys_are_those_of_the_table() {
    let rows = heloscope::tui::bindings::to_readme_rows();
    let readme = include_str!("../README.md");
    assert!(readme.contains(&format!("|---|---|---|\n{rows}\n")), "the README's keys should be:\n{rows}");
}

#[test]
fn what_it_survives_is_held_by_tests() {
    let readme = include_str!("../README.md");
    let section =
        readme.split("## What it survives").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a part");
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 10);
    for row in rows {
        let words: Vec<&str> = row.rsplit(" | ").next().expect("a cell").split('`').collect();
        let [_, path, _, name, _] = words[..] else { panic!("{row}: a file and a test") };
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path);
        let (before, _) = text.split_once(&format!("fn {name}(")).unwrap_or_else(|| panic!("{path} has no {name}"));
        let attributes = before.rsplit('}').next().expect("what stands before it");
        assert!(attributes.contains("#[test]"), "{path}: {name} is no test");
    }
}

#[test]
fn the_test_command_is_the_one_that_is_checked() {
    let checked = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run"));
    // The published crate comes without the checks.
    let Ok(checked) = checked else { return };
    let tests: Vec<String> = commands().into_iter().filter(|line| line.starts_with("cargo test")).collect();
    assert_eq!(tests.len(), 1, "one command passes the tests");
    assert!(checked.lines().any(|line| line.replace(" --locked", "") == tests[0]), "{tests:?}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the samples") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}
