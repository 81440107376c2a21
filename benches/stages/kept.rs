//! Sessions that outlive the reading: for stages that begin with a session.
//!
//! In: a [`Case`], which is lent for a call. Out: a [`Kept`] session that owns its rows' bytes.
//!
//! **Invariant**: rows keep their bytes, line ends included, and their order; only their places move.

use std::ops::ControlFlow;

use heloscope::ingest::{Batch, Case, Catalogue, Options, Study, ingest};
use heloscope::session::{OriginId, Position, Row, Session};

/// A session and the bytes of its rows.
pub(crate) struct Kept {
    text: Vec<u8>,
    rows: Vec<Row>,
    ordinal: u32,
    position: Position,
    origin: OriginId,
}

impl Kept {
    fn of(session: &Session<'_>) -> Self {
        let Session { ordinal, position, origin, .. } = *session;
        let mut kept = Self { text: Vec::new(), rows: Vec::new(), ordinal, position, origin };
        for row in session.rows {
            let start = u32::try_from(kept.text.len()).expect("a session is shorter than 4 GiB");
            let moved = |place: u32| place - row.start + start;
            kept.rows.push(Row {
                start,
                data: moved(row.data),
                data_end: moved(row.data_end),
                context: moved(row.context),
                end: moved(row.end),
                ..*row
            });
            kept.text.extend_from_slice(session.as_line(row));
            let has_return = session.text[row.end as usize..].starts_with(b"\r");
            kept.text.extend_from_slice(if has_return { b"\r\n" } else { b"\n" });
        }
        kept
    }

    /// The session.
    pub(crate) fn as_session(&self) -> Session<'_> {
        let Self { text, rows, ordinal, position, origin } = self;
        Session { text, rows, ordinal: *ordinal, position: *position, origin: *origin }
    }
}

struct Keeping;

impl Study for Keeping {
    type Yield = Vec<Kept>;

    fn begin(&self) -> Self::Yield {
        Vec::new()
    }

    fn take(&self, case: &Case<'_>, batch: &mut Self::Yield) {
        batch.push(Kept::of(case.session));
    }
}

/// Rebuilds every session and keeps it.
pub(crate) fn keep_all(catalogue: &Catalogue) -> Vec<Kept> {
    let mut kept = Vec::new();
    ingest(catalogue, &Options::default(), &Keeping, &mut |batch: Batch<Vec<Kept>>| {
        kept.extend(batch.value);
        ControlFlow::Continue(())
    });
    kept
}
