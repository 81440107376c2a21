//! Files that hold the same bytes.
//!
//! In: the logs found. Out: each content once, and the others as skipped.
//!
//! **Invariant**: a file is left out only where every byte was compared.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read};
use std::path::Path;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::catalogue::{LogFile, SkipReason, Skipped};

/// Splits off the files that hold what an earlier one holds. Only files of one size, one first time
/// and one header can; standard input never does.
pub(super) fn split_duplicates(files: Vec<LogFile>) -> (Vec<LogFile>, Vec<Skipped>) {
    let mut alike: HashMap<(u64, Option<i64>), Vec<usize>> = HashMap::new();
    for (index, file) in files.iter().enumerate().filter(|(_, file)| file.size_bytes > 0) {
        alike.entry((file.size_bytes, file.first_time.map(|time| time.0))).or_default().push(index);
    }
    let groups: Vec<Vec<usize>> = alike.into_values().filter(|group| group.len() > 1).collect();
    let pairs: HashMap<usize, usize> =
        groups.into_par_iter().flat_map_iter(|group| pairs_within(&files, &group)).collect();
    let paths: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
    let mut kept = Vec::with_capacity(files.len());
    let mut skipped = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        match pairs.get(&index) {
            Some(&first) => skipped.push(Skipped {
                path: file.path,
                size_bytes: file.size_bytes,
                reason: SkipReason::Duplicate(paths[first].clone()),
            }),
            None => kept.push(file),
        }
    }
    (kept, skipped)
}

/// Returns for each file of the group that equals an earlier one that earlier one. Where a group is
/// more than a pair, only files whose bytes sum up alike are compared, so that many files that look
/// alike at first do not each meet all others.
fn pairs_within(files: &[LogFile], group: &[usize]) -> Vec<(usize, usize)> {
    let mut firsts: HashMap<Option<u64>, Vec<usize>> = HashMap::new();
    let mut pairs = Vec::new();
    for &index in group {
        let path = &files[index].path;
        let sum = if group.len() > 2 { sum_of(path).ok() } else { None };
        let alike = firsts.entry(sum).or_default();
        // A file that cannot be read is no duplicate; reading it later says what is wrong with it.
        let is_same = |first: &usize| has_same_bytes(&files[*first].path, path).unwrap_or(false);
        match alike.iter().copied().find(is_same) {
            Some(first) => pairs.push((index, first)),
            None => alike.push(index),
        }
    }
    pairs
}

/// Returns a hash of all bytes of a file.
fn sum_of(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut hasher = DefaultHasher::new();
    let mut block = Vec::new();
    loop {
        block.clear();
        if file.by_ref().take(1 << 18).read_to_end(&mut block)? == 0 {
            return Ok(hasher.finish());
        }
        hasher.write(&block);
    }
}

/// Whether two files hold the same bytes.
///
/// Errors: what the system says.
pub(super) fn has_same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        one.by_ref().take(1 << 18).read_to_end(&mut left)?;
        other.by_ref().take(1 << 18).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Catalogue;

    #[test]
    fn equal_files_are_left_out_among_many_alike() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, word: &str| {
            let row = "2026-11-23T08:29:00.104Z,EX01\\Default,08DE2A1B3C4D5E6F,0,192.0.2.5:25,198.51.100.7:4096,<";
            std::fs::write(folder.path().join(name), format!("{row},{word},\r\n")).unwrap();
        };
        for (name, word) in [("a", "one"), ("b", "two"), ("c", "one"), ("d", "six"), ("e", "two"), ("f", "one")] {
            write(name, word);
        }
        let catalogue = Catalogue::build(&[folder.path().to_owned()], None);
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let kept: Vec<_> = catalogue.files.iter().map(|file| name(&file.path)).collect();
        let said = |skipped: &Skipped| match &skipped.reason {
            SkipReason::Duplicate(first) => format!("{} is {}", name(&skipped.path), name(first)),
            other => format!("{other:?}"),
        };
        assert_eq!(kept, ["a", "b", "d"]);
        assert_eq!(catalogue.skipped.iter().map(said).collect::<Vec<_>>(), ["c is a", "e is b", "f is a"]);
    }
}
