//! Where what stands.
//!
//! In: the size of the screen and what is looked at. Out: [`Panes`].
//!
//! **Invariant**: the panes lie within the screen and do not overlap, whatever its size.

use ratatui::layout::Rect;

use super::model::{Focus, Model};
use super::table::View;

/// The smallest screen that something can be seen on.
pub const SMALLEST: (u16, u16) = (60, 12);

/// From how many columns on list and transcript stand side by side.
const SIDE_BY_SIDE: u16 = 110;

/// From how many rows on sessions and failures have a row each over time.
const TALL: u16 = 20;

/// Where what stands. Panes include their frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// What is read.
    pub header: Rect,
    /// Sessions over time.
    pub timeline: Rect,
    /// The list, or the table.
    pub list: Rect,
    /// The transcript.
    pub transcript: Option<Rect>,
    /// A good session beside it.
    pub good: Option<Rect>,
    /// What was found.
    pub findings: Option<Rect>,
    /// The filter, keys, and what is said.
    pub status: Rect,
}

impl Panes {
    /// How many rows of the list are shown, its frame and the names of its columns taken off.
    pub fn list_rows(&self) -> usize {
        usize::from(self.list.height.saturating_sub(3))
    }

    /// How wide and how high what was found is, its frame taken off.
    pub fn findings_size(&self) -> (usize, usize) {
        let inner = |cells: u16| usize::from(cells.saturating_sub(2));
        self.findings.map_or((0, 0), |pane| (inner(pane.width), inner(pane.height)))
    }

    /// How many lines of the transcript are shown.
    pub fn transcript_lines(&self) -> usize {
        usize::from(self.transcript.map_or(0, |pane| pane.height.saturating_sub(2)))
    }
}

/// Lays out the screen; `None` where it is too small.
pub fn layout(model: &Model) -> Option<Panes> {
    lay_out(model, model.size)
}

/// Lays it out on so many columns and rows.
pub(super) fn lay_out(model: &Model, (width, height): (u16, u16)) -> Option<Panes> {
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return None;
    }
    let n_status = if model.prompt.is_some() && model.filter.fault.is_some() { 3 } else { 1 };
    let n_timeline = if height >= TALL { 2 } else { 1 };
    let middle = height - 1 - n_timeline - n_status;
    let row = |y: u16, rows: u16| Rect::new(0, y, width, rows);
    let mut panes = Panes {
        header: row(0, 1),
        timeline: row(1, n_timeline),
        list: row(1 + n_timeline, middle),
        status: row(1 + n_timeline + middle, n_status),
        ..Panes::default()
    };
    if model.view == View::Sessions {
        split(model, &mut panes);
    }
    Some(panes)
}

/// Puts the transcript beside the list, or below it.
fn split(model: &Model, panes: &mut Panes) {
    let whole = panes.list;
    if model.transcript.has_good {
        let list = (whole.height / 4).max(4);
        panes.list.height = list;
        let left = whole.width / 2;
        let y = whole.y + list;
        panes.transcript = Some(Rect::new(0, y, left, whole.height - list));
        panes.good = Some(Rect::new(left, y, whole.width - left, whole.height - list));
        return;
    }
    let pane = if whole.width >= SIDE_BY_SIDE {
        let left = whole.width * 57 / 100;
        panes.list.width = left;
        Rect::new(left, whole.y, whole.width - left, whole.height)
    } else {
        let is_read = matches!(model.focus, Focus::Transcript | Focus::Findings);
        let share = if is_read { whole.height / 4 } else { whole.height / 2 };
        panes.list.height = share.max(4);
        Rect::new(0, whole.y + panes.list.height, whole.width, whole.height - panes.list.height)
    };
    panes.transcript = Some(pane);
    if model.has_findings() {
        put_findings(model.focus == Focus::Findings, pane, panes);
    }
}

/// Puts what was found below the transcript; where there is no room for both, in its place while keys
/// go there.
fn put_findings(has_focus: bool, pane: Rect, panes: &mut Panes) {
    let below = match (pane.height >= 9, has_focus) {
        (true, true) => pane.height * 3 / 5,
        (true, false) => (pane.height * 2 / 5).clamp(4, 16),
        (false, true) => pane.height,
        (false, false) => return,
    };
    let above = pane.height - below;
    panes.transcript = (above > 0).then_some(Rect { height: above, ..pane });
    panes.findings = Some(Rect { y: pane.y + above, height: below, ..pane });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::settings::Settings;

    #[test]
    fn panes_lie_within_the_screen() {
        for width in 0..=200 {
            for height in 0..=60 {
                for (view, focus, has_good) in [
                    (View::Sessions, Focus::List, false),
                    (View::Sessions, Focus::Transcript, false),
                    (View::Sessions, Focus::Transcript, true),
                    (View::Users, Focus::List, false),
                ] {
                    let mut model = Model::new(Settings::default(), (width, height));
                    (model.view, model.focus, model.transcript.has_good) = (view, focus, has_good);
                    let Some(panes) = layout(&model) else { continue };
                    let all = [Some(panes.header), Some(panes.timeline), Some(panes.list), Some(panes.status)];
                    let more = [panes.transcript, panes.good, panes.findings];
                    let rects: Vec<Rect> = all.into_iter().chain(more).flatten().collect();
                    let screen = Rect::new(0, 0, width, height);
                    assert!(rects.iter().all(|rect| screen.intersection(*rect) == *rect));
                    let area: u32 = rects.iter().map(|rect| rect.area()).sum();
                    assert_eq!(area, screen.area(), "{width}x{height} {panes:?}");
                }
            }
        }
    }
}
