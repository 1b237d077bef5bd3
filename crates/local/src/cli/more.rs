//! Says what a list leaves out, on standard error, so that it is also seen beside `--json`.

use serde_json::Value;

/// The most entries that a list of the operator can have.
pub(super) const MOST: u32 = 1000;

/// Says what to do when there are more entries than the `shown` ones. `besides` is what helps when `--limit` cannot be raised.
pub(super) fn print_more(shown: usize, besides: &str) {
    if u32::try_from(shown).is_ok_and(|shown| shown < MOST) {
        anstream::eprintln!("There are more: raise --limit (at most {MOST}); {besides}.");
    } else {
        anstream::eprintln!("There are more than {MOST}: {besides}.");
    }
}

/// Names the workspaces that a list could not look at.
pub(super) fn print_unreadable(answer: &Value) {
    for tenant in answer["unreadable"].as_array().into_iter().flatten() {
        let tenant = tenant.as_str().unwrap_or_default();
        anstream::eprintln!("The rows of {tenant} cannot be read; the log says why.");
    }
}
