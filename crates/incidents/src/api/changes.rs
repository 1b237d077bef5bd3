//! Operations: changes of one incident. Each has a body of its own, and all of them are made in the same way.

mod bodies;

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use self::bodies::{Note, Nothing, Reason, Resolution, SeverityChange, StatusUpdate};
use super::call_context::CallContext;
use super::input::Problems;
use super::shown::ShownIncident;
use super::submit;
use crate::command::Command;
use crate::decide::request::RequestKind;
use crate::model::permissions::Action;
use crate::model::rows::Loaded;
use tidegate_api::idempotency::Claim;
use tidegate_api::{Api, ApiResult, Call, OfTenant, reply};

/// The result of a change.
#[derive(Serialize, ToSchema)]
struct ChangeAnswer {
    ok: bool,
    /// False if nothing had to change, or the change had been made before under the same idempotency key.
    changed: bool,
    /// What Slack would say about it.
    message: Option<String>,
    incident: ShownIncident,
}

/// What a body asks for: the request to the incident, and the permission that it needs.
type Asked = (RequestKind, Action);

/// Makes the operation of one change: its name, its path, its summary and what else is said of it, its body, and how the body is read.
macro_rules! operation {
    ($name:ident, $path:literal, $summary:literal $(+ $more:literal)?, $body:ty, $read:expr) => {
        #[doc = $summary]
        $(
            #[doc = ""]
            #[doc = $more]
        )?
        #[utoipa::path(
            post,
            path = $path,
            tag = "incidents",
            params(("id" = String, Path, description = "The id or number of the incident"), OfTenant),
            request_body = $body,
            responses((status = 200, body = ChangeAnswer))
        )]
        pub(super) async fn $name(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
            change::<$body>(&api, &call, stringify!($name), $read).await
        }
    };
}

operation!(
    update,
    "/v1/incidents/{id}/updates",
    "Post an update",
    StatusUpdate,
    StatusUpdate::read
);
operation!(
    severity,
    "/v1/incidents/{id}/severity",
    "Change the severity",
    SeverityChange,
    SeverityChange::read
);
operation!(
    resolve,
    "/v1/incidents/{id}/resolve",
    "Resolve an incident",
    Resolution,
    Resolution::read
);
operation!(
    reopen,
    "/v1/incidents/{id}/reopen",
    "Reopen an incident"
        + "A key needs the scope `incidents:admin`; a person may do it as in Slack.",
    Reason,
    |reason: Reason, about, _| {
        let action = Action::reopen(about.loaded.incident.status);
        (
            RequestKind::Command(Command::Reopen(reason.words())),
            action,
        )
    }
);
operation!(
    cancel,
    "/v1/incidents/{id}/cancel",
    "Cancel an incident"
        + "A key needs the scope `incidents:admin`; a person may do it as in Slack.",
    Reason,
    |reason: Reason, _, _| {
        let command = Command::Cancel(reason.words());
        (RequestKind::Command(command), Action::Cancel)
    }
);
operation!(
    close,
    "/v1/incidents/{id}/close",
    "Close an incident"
        + "A key needs the scope `incidents:admin`; a person may do it as in Slack.",
    Nothing,
    |_, _, _| (RequestKind::Command(Command::Close), Action::Close)
);
operation!(
    accept,
    "/v1/incidents/{id}/accept",
    "Accept an incident in triage"
        + "A key needs the scope `incidents:admin`; a person may do it as in Slack.",
    Nothing,
    |_, _, _| (RequestKind::Command(Command::Accept), Action::Accept)
);
operation!(
    note,
    "/v1/incidents/{id}/timeline",
    "Add a note to the timeline",
    Note,
    Note::read
);

/// The incident that a change is about, and who asks for the change.
struct About<'a> {
    context: &'a CallContext<'a>,
    loaded: &'a Loaded,
}

async fn change<B: DeserializeOwned>(
    api: &Api,
    call: &Call,
    name: &str,
    read: impl FnOnce(B, &About<'_>, &mut Problems) -> Asked,
) -> ApiResult {
    let body: B = call.json_if_any()?;
    let context = CallContext::enter(api, call).await?;
    let loaded = context.find(call.path("id")).await?;
    let about = About {
        context: &context,
        loaded: &loaded,
    };
    let mut problems = Problems::default();
    let (kind, action) = read(body, &about, &mut problems);
    problems.check()?;
    context.must(action, Some(&loaded))?;
    let id = &loaded.incident.id;
    let claim = Claim::of(call, &format!("{name} of {id}"));
    let result = submit::submit(&context, &claim, kind, Some(id)).await?;
    // The caller may no longer see the incident after the change.
    let now = context.find(id.as_str()).await?;
    let changed = ChangeAnswer {
        ok: true,
        changed: result.incident.is_some() && !result.repeated,
        message: result.message,
        incident: ShownIncident::of(&now, &context.tenant),
    };
    Ok(reply::json(StatusCode::OK, &changed))
}
