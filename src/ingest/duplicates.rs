//! Files that hold the same bytes.
//!
//! In: the logs found. Out: each content once, and the others as skipped.
//!
//! **Invariant**: a file is left out only where every byte was compared.

use std::collections::HashMap;
use std::fs::File;
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

/// Returns for each file of the group that equals an earlier one that earlier one.
fn pairs_within(files: &[LogFile], group: &[usize]) -> Vec<(usize, usize)> {
    let mut firsts: Vec<usize> = Vec::new();
    let mut pairs = Vec::new();
    for &index in group {
        // A file that cannot be read is no duplicate; reading it later says what is wrong with it.
        let is_same = |first: &usize| has_same_bytes(&files[*first].path, &files[index].path).unwrap_or(false);
        match firsts.iter().copied().find(is_same) {
            Some(first) => pairs.push((index, first)),
            None => firsts.push(index),
        }
    }
    pairs
}

fn has_same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
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
