//! A session as a conversation: who spoke, and what it amounts to.
//!
//! In: one [`Session`](crate::session::Session). Out: [`facts::Facts`].
//!
//! **Invariant**: depends on one session alone; no clock, no state between sessions.

pub mod facts;
pub mod understand;
