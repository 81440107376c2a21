//! The screen: find the client, see what went wrong, copy the proof.
//!
//! In: keys, and what workers find out. Out: cells.
//!
//! ```text
//!    keys, reader, workers --Message--> update(model) --> model --> view --> cells
//!                                            |
//!                                            +--Effect--> workers, terminal
//! ```
//!
//! A new key is a row in [`bindings`] and an arm in [`update`]; what takes longer than 5 ms is an
//! [`Effect`](message::Effect) that a worker does; what is drawn is a function of the [`Model`](model::Model).
//!
//! **Invariant**: update does no input or output and knows no clock; view changes nothing; text from a
//! log reaches a cell escaped.

pub mod key;
pub mod bindings;
pub mod theme;
pub mod settings;
pub mod prompt;
pub mod table;
pub mod tables;
mod columns;
mod suspects;
pub mod browse;
pub mod session;
mod findings;
mod difference;
pub mod writing;
pub mod message;
pub mod model;
pub mod layout;
pub mod update;
pub mod view;
pub mod headless;
pub mod picture;
pub mod demo;
mod workers;
mod reader;
mod terminal;
mod run;

pub use run::{Start, run};
