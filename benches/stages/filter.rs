//! Queries, and how many sessions each means.

use heloscope::dialogue::facts::Auth;
use heloscope::ingest::Case;
use heloscope::query::Query;
use heloscope::query::saved::SavedFilters;
use heloscope::query::time::Times;
use heloscope::record::value::Timestamp;

use crate::corpus::Corpus;

/// A query that is timed.
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// How many sessions it means, as far as the corpus program tells.
    pub(crate) expected: fn(&Corpus) -> Option<u64>,
}

/// The queries, cheap ones first.
pub(crate) const QUERIES: [Asked; 5] = [
    Asked { name: "word", text: "auth:failed", expected: |corpus| Some(corpus.outcomes.auth[Auth::Failed as usize]) },
    Asked { name: "facts", text: "tls<1.2 or failures>=2 or user:alice", expected: |_| None },
    Asked { name: "address", text: "ip:198.51.100.0/24", expected: |_| None },
    Asked { name: "text", text: "LogonDenied", expected: |_| None },
    Asked { name: "regex", text: "/5[0-9]{2} 5\\.7\\.[0-9]/", expected: |_| None },
];

/// Makes a query ready.
pub(crate) fn ready(text: &str) -> Query {
    let times = Times { now: Timestamp(0), last: None };
    Query::parse(text, &SavedFilters::default(), &times).expect("a query")
}

/// Counts the sessions that the query means.
pub(crate) fn count(query: &Query, cases: &[Case<'_>]) -> u64 {
    cases.iter().map(|case| u64::from(query.matches(case))).sum()
}
