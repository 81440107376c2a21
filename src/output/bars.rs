//! Figures over time as a line of bars.
//!
//! In: figures. Out: one character each.
//!
//! **Invariant**: nothing looks like something: only 0 is a point, and only the largest is a full bar.

/// Bars of one to eight eighths.
pub const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Returns a bar for each figure, the largest full.
pub fn to_bars(figures: impl Iterator<Item = u64> + Clone) -> String {
    let most = figures.clone().max().unwrap_or_default();
    figures.map(|figure| to_bar(figure, most)).collect()
}

fn to_bar(figure: u64, most: u64) -> char {
    let levels = BARS.len() as u128 - 1;
    match (figure, most) {
        (0, _) => '.',
        (figure, most) if figure == most => BARS[BARS.len() - 1],
        (figure, most) => BARS[usize::try_from(u128::from(figure) * levels / u128::from(most)).unwrap_or_default()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_with_the_figures() {
        assert_eq!(to_bars([0, 1, 7, 50, 99, 100].into_iter()), ".▁▁▄▇█");
        assert_eq!(to_bars([0, 0].into_iter()), "..");
        assert_eq!(to_bars([u64::MAX, u64::MAX - 1].into_iter()), "█▇");
        assert_eq!(to_bars(std::iter::empty()), "");
    }
}
