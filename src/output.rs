//! Writers, one file a format, and the escaping of hostile text.
//!
//! In: [`Case`](crate::ingest::Case)s, a
//! [`Summary`](crate::summary::Summary), [`Patterns`](crate::pattern::Patterns). Out: bytes.
//!
//! **Invariant**: nothing that a client chose reaches a terminal or a spreadsheet as more than text.

pub mod escape;
pub mod time;
mod times;
pub mod wrap;
pub mod paint;
pub mod bars;
pub mod markdown;
mod finding;
pub mod json;
pub mod csv;
pub mod text;
pub mod lines;
pub mod transcript;
pub mod patterns;
pub mod summary;
pub mod check;
pub mod skipped;
pub mod syntax;
pub mod fields;
pub mod explain;
