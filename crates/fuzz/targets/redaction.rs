//! libFuzzer's entry to `tidegate_fuzz::redaction`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tidegate_fuzz::redaction::check(input));
