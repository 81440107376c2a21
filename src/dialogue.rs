//! A session as a conversation: who spoke, and what it amounts to.
//!
//! In: one [`Session`](crate::session::Session). Out: [`facts::Facts`].
//!
//! In a receive log the client's words stand in rows marked `<` and the server's in rows marked
//! `>`; from here on they are called client and server, and nobody asks again.
//!
//! **Invariant**: depends on one session alone; no clock, no state between sessions.

pub mod command;
pub mod reply;
pub mod notice;
pub mod certificate;
pub mod extensions;
pub mod facts;
pub mod secret;
pub mod understand;
mod head;
mod login;
mod pending;
