//! libFuzzer's entry to `tidegate_fuzz::envelope`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tidegate_fuzz::envelope::check(input));
