//! From sessions, facts and findings to patterns, batch by batch as the reading makes them.

use heloscope::dialogue::facts::{Auth, Proxied};
use heloscope::ingest::Case;
use heloscope::pattern::{Patterns, Watch};

/// How many sessions a batch has: about as many as a chunk of 2 MB.
const BATCH: usize = 400;

/// Watches all sessions, and adds the batches up.
pub(crate) fn watch_all(cases: &[Case<'_>]) -> Patterns {
    let mut patterns = Patterns::default();
    for batch in cases.chunks(BATCH) {
        let mut watch = Watch::default();
        for case in batch {
            watch.take(case);
        }
        patterns += &watch.into_patterns();
    }
    patterns
}

/// How many sessions logged in for themselves, counted without patterns.
pub(crate) fn count_logins(cases: &[Case<'_>]) -> u64 {
    let is_own = |case: &Case<'_>| !case.facts.proxied.iter().any(|proxied| matches!(proxied, Proxied::For { .. }));
    let is_login = |case: &&Case<'_>| case.facts.auth.outcome == Auth::Succeeded && case.facts.has_client_word;
    cases.iter().filter(is_login).filter(|case| is_own(case)).count() as u64
}
