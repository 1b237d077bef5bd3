//! The body of an archived request, as a person may read it.

use serde_json::Value;
use tidegate_pipeline::job::kind;
use tidegate_slack::redaction;

/// Returns the body of a request as JSON, with its secrets hidden.
pub(super) fn body(kind_of_job: &str, bytes: &[u8]) -> Value {
    if kind_of_job == kind::SLACK_EVENT {
        return redaction::json_body(bytes);
    }
    redaction::form_body(bytes)
}
