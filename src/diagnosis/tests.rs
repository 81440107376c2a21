//! Rules, condition by condition.
