//! Stage under construction.
