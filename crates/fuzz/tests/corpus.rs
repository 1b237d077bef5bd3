//! Replays the kept corpora, every crash that was ever fixed among them, without a fuzzer.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where it unwraps, in helpers too"
)]

use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let inputs: Vec<_> = fs::read_dir(folder).unwrap().collect();
    assert!((1..200).contains(&inputs.len()), "{} inputs", inputs.len());
    for input in inputs {
        check(&fs::read(input.unwrap().path()).unwrap());
    }
}

#[test]
fn signature() {
    replay("signature", tidegate_fuzz::signature::check);
}

#[test]
fn envelope() {
    replay("envelope", tidegate_fuzz::envelope::check);
}

#[test]
fn form() {
    replay("form", tidegate_fuzz::form::check);
}

#[test]
fn interaction() {
    replay("interaction", tidegate_fuzz::interaction::check);
}

#[test]
fn redaction() {
    replay("redaction", tidegate_fuzz::redaction::check);
}
