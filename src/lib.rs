//! heloscope reads Exchange SMTP receive protocol logs, puts the interleaved rows back together
//! into sessions, and says what became of each.
//!
//! Bytes flow one way, from file to screen. Each stage is a module, and names only stages before it.

pub mod cli;
pub mod dialogue;
pub mod ingest;
pub mod output;
pub mod record;
pub mod session;
pub mod source;
pub mod summary;
