//! Parses Statuspage.io's responses: the meaning of an HTTP status, and the fields that Tidegate uses. Only ids are
//! required; any other field that is missing or has the wrong type counts as absent.

use serde_json::Value;
use tidegate_outcome::{Outcome, Refusal};

use super::{NAMESPACE, PageInfo};
use crate::rejection::{Reason, ServiceRejection};
use crate::status_page::{Component, ComponentStatus, IncidentStatus, Posted, PostedUpdate};

/// Seconds to wait when Statuspage limits calls and gives no valid time.
const DEFAULT_RETRY_AFTER: u64 = 60;

/// Converts an HTTP response to an outcome, from its status, its `Retry-After` header and its body.
pub(super) fn judge(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
) -> Outcome<Value, ServiceRejection> {
    let rejection = match status {
        200..=299 => {
            return match serde_json::from_slice(body) {
                Ok(answer) => Outcome::Done(answer),
                Err(_) => Outcome::Ambiguous("the answer is not JSON".to_owned()),
            };
        }
        // With 408 the service stopped waiting for the request, but may have read all of it.
        408 | 500.. => return Outcome::Ambiguous(format!("HTTP {status}")),
        // Old keys still get 420 instead of 429.
        420 | 429 => {
            return Outcome::Refused(Refusal::rate_limited(retry_after, DEFAULT_RETRY_AFTER));
        }
        401 | 403 => ServiceRejection::Credential(reason(status, body)),
        404 | 410 => ServiceRejection::NotFound(reason(status, body)),
        _ => ServiceRejection::Invalid(reason(status, body)),
    };
    Outcome::rejected(rejection)
}

/// Statuspage's explanation: by its documentation in `message`, in practice in `error` as a text or a list.
fn reason(status: u16, body: &[u8]) -> Reason {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = ["message", "error", "errors"]
        .iter()
        .find_map(|field| texts(answer.get(field)?));
    Reason::new(&said.unwrap_or_else(|| format!("HTTP {status}")))
}

/// A text, or the texts of a list joined with `; `; `None` if there is none.
fn texts(value: &Value) -> Option<String> {
    let all: Vec<&str> = match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let joined = all.join("; ");
    (!joined.trim().is_empty()).then_some(joined)
}

/// All items of a list; `None` if one of them has no id, because it could be the one that is searched for.
pub(super) fn list<T>(answer: &Value, item: fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    answer.as_array()?.iter().map(item).collect()
}

pub(super) fn page(answer: &Value) -> Option<PageInfo> {
    Some(PageInfo {
        id: id(answer)?.to_owned(),
        name: text(answer, "name"),
        url: text(answer, "url"),
    })
}

pub(super) fn component(answer: &Value) -> Option<Component> {
    Some(Component {
        id: id(answer)?.into(),
        name: text(answer, "name"),
        status: ComponentStatus::from_word(&text(answer, "status")),
        group: answer
            .get("group_id")
            .and_then(Value::as_str)
            .map(Into::into),
        is_group: answer.get("group").and_then(Value::as_bool) == Some(true),
    })
}

pub(super) fn incident(answer: &Value) -> Option<Posted> {
    let our_id = answer.pointer(&format!("/metadata/{NAMESPACE}/incident_id"));
    let updates = answer.get("incident_updates").and_then(Value::as_array);
    Some(Posted {
        id: id(answer)?.into(),
        our_id: our_id.and_then(Value::as_str).map(str::to_owned),
        status: IncidentStatus::from_word(&text(answer, "status")),
        link: text(answer, "shortlink"),
        updates: updates.into_iter().flatten().filter_map(update).collect(),
    })
}

fn update(answer: &Value) -> Option<PostedUpdate> {
    Some(PostedUpdate {
        id: id(answer)?.into(),
        status: IncidentStatus::from_word(&text(answer, "status")),
        body: text(answer, "body"),
    })
}

fn id(answer: &Value) -> Option<&str> {
    let id = answer.get("id").and_then(Value::as_str)?;
    (!id.is_empty()).then_some(id)
}

fn text(answer: &Value, field: &str) -> String {
    let value = answer.get(field).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
