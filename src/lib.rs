//! heloscope reads Exchange SMTP receive protocol logs, puts the interleaved rows back together
//! into sessions, and says what became of each.
//!
//! Bytes flow one way, from file to screen. Each stage is a module directly below, in the order of
//! the flow, and names only stages before it:
//!
//! ```text
//!    files, '-'                                                     a person, a script
//!        |                                                                  ^
//!    source ---> chunks that end at line ends      read block by block      |
//!        |          per chunk, in parallel                                  |
//!    record ---> Record | Malformed                total: never fails       |
//!        |                                                                  |
//!    session --> whole within the chunk ---> at once, hot in the cache      |
//!        |  \--> cut by its end -----------> joined in order                |
//!    dialogue -> Facts: what the conversation amounts to                    |
//!        |                                                                  |
//!    diagnosis-> Findings: what failed, why, and what proves it             |
//!        |                                                                  |
//!    ingest      drives the above, batch after batch into a sink            |
//!        |                                                                  |
//!    query       which sessions are meant                                   |
//!        |                                                                  |
//!    roster      what is held of all sessions while someone looks           |
//!    pattern     what only many sessions show                               |
//!    summary     counts that merge                                          |
//!    policy      limits, and whether they held                              |
//!    output      writers, escaping of hostile text  ------------------------+
//!    tui         keys and cells  -------------------------------------------+
//!    cli         arguments, exit codes
//! ```
//!
//! Where a change goes: a new SMTP word to [`dialogue`], other columns to [`record::header`],
//! a rule to its family in [`diagnosis`], what takes many sessions to see to [`pattern`], a field that
//! queries can ask for to [`query::field`], an output format to a file of its own in [`output`], a
//! subcommand to one in [`cli`].
//!
//! Only the rim can fail: opening files, reading what was typed, writing out. In between a bad line
//! is data ([`record::Malformed`]): counted, shown, and never the end of the reading.
//!
//! ```
//! use heloscope::ingest::{Batch, Case, Catalogue, Options, Study, ingest};
//! use std::ops::ControlFlow;
//!
//! /// Counts the sessions in which a login failed.
//! struct FailedLogins;
//!
//! impl Study for FailedLogins {
//!     type Yield = u64;
//!     fn begin(&self) -> u64 {
//!         0
//!     }
//!     fn take(&self, case: &Case<'_>, count: &mut u64) {
//!         *count += u64::from(case.facts.auth.failures > 0);
//!     }
//! }
//!
//! let catalogue = Catalogue::build(&["samples".into()], None);
//! let mut failed = 0;
//! ingest(&catalogue, &Options::default(), &FailedLogins, &mut |batch: Batch<u64>| {
//!     failed += batch.value;
//!     ControlFlow::Continue(())
//! });
//! assert!(failed > 0);
//! ```

#![forbid(unsafe_code)]

pub mod source;
pub mod record;
pub mod session;
pub mod dialogue;
pub mod diagnosis;
pub mod ingest;
pub mod query;
pub mod roster;
pub mod pattern;
pub mod summary;
pub mod policy;
pub mod output;
pub mod tui;
pub mod cli;
