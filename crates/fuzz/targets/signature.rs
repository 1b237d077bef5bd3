//! libFuzzer's entry to `tidegate_fuzz::signature`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tidegate_fuzz::signature::check(input));
