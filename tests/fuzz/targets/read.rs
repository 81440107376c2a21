#![no_main]

#[path = "../../hostile/reading.rs"]
mod reading;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reading::check(bytes));
