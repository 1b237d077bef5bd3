//! Operations: changes of one incident.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::call_context::CallContext;
use super::fields::Fields;
use super::shown;
use super::submit::{self, Claim};
use crate::command::{Command, Timeline, When};
use crate::decide::lifecycle::Update;
use crate::decide::request::RequestKind;
use crate::model::permissions::Action;
use crate::model::rows::Loaded;
use crate::model::severity::Severity;
use crate::model::status::Status;
use tidegate_api::reply;
use tidegate_api::{Api, ApiResult, Call};

/// Longest text, in characters: a section of a message in Slack holds no more.
const MAX_TEXT: usize = 3000;

/// Longest wait for the next update, in minutes: a week.
const MAX_NEXT: u32 = 7 * 24 * 60;

/// Makes the operation of one change. They differ by path and summary only.
macro_rules! operation {
    ($name:ident, $path:literal, $summary:literal, $change:expr) => {
        #[doc = $summary]
        #[utoipa::path(
            post,
            path = $path,
            tag = "incidents",
            params(
                ("id" = String, Path, description = "The id or number of the incident"),
                ("idempotency-key" = Option<String>, Header, min_length = 1, max_length = 200, description = "Makes a repeat of the call harmless"),
            ),
            request_body = Option<Value>,
            responses((status = 200, body = Value))
        )]
        pub(super) async fn $name(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
            change(&api, &call, $change).await
        }
    };
}

operation!(
    update,
    "/v1/incidents/{id}/updates",
    "Post an update",
    Change::Update
);
operation!(
    severity,
    "/v1/incidents/{id}/severity",
    "Change the severity",
    Change::Severity
);
operation!(
    resolve,
    "/v1/incidents/{id}/resolve",
    "Resolve an incident",
    Change::Resolve
);
operation!(
    reopen,
    "/v1/incidents/{id}/reopen",
    "Reopen an incident",
    Change::Reopen
);
operation!(
    cancel,
    "/v1/incidents/{id}/cancel",
    "Cancel an incident",
    Change::Cancel
);
operation!(
    close,
    "/v1/incidents/{id}/close",
    "Close an incident",
    Change::Close
);
operation!(
    accept,
    "/v1/incidents/{id}/accept",
    "Accept an incident in triage",
    Change::Accept
);
operation!(
    note,
    "/v1/incidents/{id}/timeline",
    "Add a note to the timeline",
    Change::Note
);

/// A change of an incident.
#[derive(Debug, Clone, Copy)]
enum Change {
    Update,
    Severity,
    Resolve,
    Reopen,
    Cancel,
    Close,
    Accept,
    Note,
}

async fn change(api: &Api, call: &Call, change: Change) -> ApiResult {
    let mut fields = Fields::of(call)?;
    let named = fields.text("tenant", 100);
    let context = CallContext::enter(api, call, named.as_deref()).await?;
    let loaded = context.find(call.path("id")).await?;
    let what = format!("{change:?} of {}", loaded.incident.id);
    let claim = Claim::of(call, &mut fields, &what);
    let (kind, action) = read(&mut fields, &context, &loaded, change);
    fields.check()?;
    context.must(action, Some(&loaded))?;
    let id = &loaded.incident.id;
    let result = submit::submit(&context, &claim, kind, Some(id)).await?;
    // The caller may no longer see the incident after the change.
    let now = context.find(id.as_str()).await?;
    Ok(reply::ok(json!({
        "ok": true,
        "changed": result.incident.is_some() && !result.repeated,
        "message": result.message,
        "incident": shown::incident(&now),
    })))
}

/// The request of a call, and the permission that it needs.
fn read(
    fields: &mut Fields,
    context: &CallContext<'_>,
    loaded: &Loaded,
    change: Change,
) -> (RequestKind, Action) {
    let status = loaded.incident.status;
    let (command, action) = match change {
        Change::Update => return read_update(fields),
        Change::Resolve => return read_resolve(fields, context, loaded),
        Change::Severity => read_severity(fields),
        Change::Reopen => (
            Command::Reopen(fields.needed("why", MAX_TEXT)),
            Action::reopen(status),
        ),
        Change::Cancel => (
            Command::Cancel(fields.needed("why", MAX_TEXT)),
            Action::Cancel,
        ),
        Change::Close => (Command::Close, Action::Close),
        Change::Accept => (Command::Accept, Action::Accept),
        Change::Note => read_note(fields, context),
    };
    (RequestKind::Command(command), action)
}

fn read_update(fields: &mut Fields) -> (RequestKind, Action) {
    let status = |text: &str| {
        let steps = [
            Status::Investigating,
            Status::Identified,
            Status::Monitoring,
        ];
        steps.into_iter().find(|status| status.as_str() == text)
    };
    let update = Update {
        to: fields.read("status", status, "investigating, identified or monitoring"),
        text: fields.text("text", MAX_TEXT),
        next_minutes: fields.number("next_minutes", 1, MAX_NEXT),
    };
    let public = fields.text("public", MAX_TEXT);
    let says_nothing = update.to.is_none() && update.text.is_none();
    if says_nothing && !fields.is_wrong("status") && !fields.is_wrong("text") {
        fields.wrong("text", "or `status` is needed");
    }
    let action = if update.to.is_some() {
        Action::ChangeStatus
    } else {
        Action::Update
    };
    (RequestKind::Update(update, public), action)
}

fn read_resolve(
    fields: &mut Fields,
    context: &CallContext<'_>,
    loaded: &Loaded,
) -> (RequestKind, Action) {
    let summary = fields.text("summary", MAX_TEXT);
    let public = fields.text("public", MAX_TEXT);
    // In Slack a form would ask for the summary.
    let is_needed = loaded.incident.severity.is_broadcast() && loaded.incident.status.is_open();
    if summary.is_none() && is_needed && context.actor.person().is_some() {
        fields.wrong("summary", "is needed for a P1 or P2");
    }
    (RequestKind::Resolve(summary, public), Action::Resolve)
}

fn read_severity(fields: &mut Fields) -> (Command, Action) {
    let severity = |text: &str| Severity::parse(text);
    let read = fields.read("severity", severity, "P1, P2, P3 or P4");
    if read.is_none() && !fields.is_wrong("severity") {
        fields.wrong("severity", "is needed");
    }
    let command = Command::Severity {
        to: read.unwrap_or_default(),
        reason: fields.text("reason", MAX_TEXT),
    };
    (command, Action::ChangeSeverity)
}

fn read_note(fields: &mut Fields, context: &CallContext<'_>) -> (Command, Action) {
    let at = fields.moment("at", context.now).map(When::Exact);
    let text = fields.needed("text", MAX_TEXT);
    let command = Command::Timeline(Timeline::Add { at, text });
    (command, Action::AddToTimeline)
}
