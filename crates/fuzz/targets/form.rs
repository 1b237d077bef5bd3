//! libFuzzer's entry to `tidegate_fuzz::form`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tidegate_fuzz::form::check(input));
