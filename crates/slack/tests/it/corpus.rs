//! Where Slack's published payloads lie.

use std::path::PathBuf;

/// The published answers of methods; `None`, said aloud, where there is no corpus.
pub(crate) fn answers() -> Option<PathBuf> {
    folder("api")
}

/// The published payloads of interactions and commands.
pub(crate) fn interactions() -> Option<PathBuf> {
    folder("app-backend")
}

/// The published events, each in its envelope.
pub(crate) fn events() -> Option<PathBuf> {
    folder("events")
}

fn folder(name: &str) -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("TIDEGATE_CORPUS") else {
        eprintln!("skipped: TIDEGATE_CORPUS is not set");
        return None;
    };
    Some(PathBuf::from(corpus).join("slack-shapes").join(name))
}
