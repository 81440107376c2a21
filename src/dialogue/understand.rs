//! Stub.
use super::facts::Facts;
use crate::session::Session;
/// Scratch.
#[derive(Default)]
pub struct Scratch;
/// Stub.
pub fn understand(_session: &Session<'_>, _scratch: &mut Scratch, _facts: &mut Facts) {}
