//! Where two conversations part.
//!
//! In: the lines of two sessions. Out: the first line of each that says something else.
//!
//! **Invariant**: what differs from session to session anyway (times, names, ids) is no difference.

use crate::output::transcript::Line;

/// Returns the first lines that differ, one of each; past the end where one session goes on.
pub(super) fn first_difference(one: &[Line], other: &[Line]) -> Option<(usize, usize)> {
    let rows = |lines: &[Line]| -> Vec<(usize, String)> {
        lines.iter().enumerate().map(|(at, line)| (at, gist(line))).collect()
    };
    let (left, right) = (rows(one), rows(other));
    let same = left.iter().zip(&right).take_while(|((_, one), (_, other))| one == other).count();
    let at = |rows: &[(usize, String)], end: usize| rows.get(same).map_or(end, |(at, _)| *at);
    let is_all = same == left.len() && same == right.len();
    (!is_all).then(|| (at(&left, one.len()), at(&right, other.len())))
}

/// What a line says, without what differs from session to session: the verb and its first word, the
/// code and its status, the first words of a notice.
fn gist(line: &Line) -> String {
    let mut words = line.text.split([' ', ':']).filter(|word| !word.is_empty());
    let mut kept = line.mark.to_string();
    let n_words = match line.mark {
        '+' | '-' => 0,
        'C' if line.text.to_ascii_uppercase().starts_with("AUTH") => 2,
        'C' => 1,
        // What a reply offers, a line each.
        ' ' => 4,
        _ => 2,
    };
    for word in words.by_ref().take(n_words) {
        let is_status = line.mark != 'S' || word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if is_status {
            kept.push(' ');
            kept.push_str(&word.to_ascii_lowercase());
        }
    }
    kept
}
