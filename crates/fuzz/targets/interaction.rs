//! libFuzzer's entry to `tidegate_fuzz::interaction`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tidegate_fuzz::interaction::check(input));
