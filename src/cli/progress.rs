//! How far the reading has come, on a terminal.
//!
//! In: bytes read. Out: a bar on standard error, and nothing of it when the work is over.
//!
//! **Invariant**: writes nothing where standard error is no terminal or the work is over at once.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is over sooner needs no bar.
const MOMENT: Duration = Duration::from_millis(200);

/// A bar that shows itself after a moment.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
    is_shown: bool,
}

impl Progress {
    /// Begins; `total_bytes` is 0 where it is not known.
    pub(super) fn begin(total_bytes: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total_bytes), ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template(
                "{bytes} of {total_bytes}  {wide_bar} {percent} %  {binary_bytes_per_sec}",
            );
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, begun: Instant::now(), is_shown: false }
    }

    /// So many more bytes were read.
    pub(super) fn advance(&mut self, bytes: u64) {
        let Some(bar) = &self.bar else { return };
        if !self.is_shown && self.begun.elapsed() > MOMENT {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            self.is_shown = true;
        }
        bar.inc(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
