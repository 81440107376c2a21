#![no_main]

#[path = "../../hostile/parts.rs"]
#[allow(dead_code, reason = "each target runs one of the bodies")]
mod parts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| parts::check_header(bytes));
