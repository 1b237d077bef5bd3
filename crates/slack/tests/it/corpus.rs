//! Where Slack's published payloads lie.

use std::path::PathBuf;

/// The published answers of methods; `None`, said aloud, where there is no corpus.
pub(crate) fn answers() -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("TIDEGATE_CORPUS") else {
        eprintln!("skipped: TIDEGATE_CORPUS is not set");
        return None;
    };
    Some(PathBuf::from(corpus).join("slack-shapes/api"))
}
