//! The route that makes a hook.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tidegate_api::values::Line;
use tidegate_api::{Api, ApiError, ApiResult, Call, Caller, Identity, OfTenant, reply, shown_id};
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::table::{RowKey, Write};
use utoipa::ToSchema;

use super::input::Checked;
use super::shown::HookLine;
use super::submit::CallContext;
use crate::model::health::Health;
use crate::model::hook::{HOOK, Hook, HookEvent, HookId, MAX_HOOKS};
use crate::model::receiver_url::MAX_URL;
use crate::model::rows;
use crate::model::secret::Secret;
use crate::model::stored::{Stored, load_all};

/// The body of `POST /v1/hooks`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewHook {
    /// The receiver: `https://…`, without user name and password.
    #[schema(value_type = Line<1, 2000>)]
    url: Line<1, MAX_URL>,
    /// The events that it gets, by Slack's type, such as `app_mention`.
    #[schema(value_type = Vec<HookEvent>, min_items = 1)]
    events: Vec<String>,
    /// The channels whose events it gets. Without them, it gets all events but those of direct messages.
    #[serde(default)]
    #[schema(max_items = 100)]
    channels: Vec<String>,
    /// The person or channel that is told when Tidegate disables the hook. Without it, the person who makes it, or the
    /// admins.
    notify: Option<String>,
}

/// A new hook.
#[derive(Serialize, ToSchema)]
struct CreatedHook {
    ok: bool,
    hook: HookLine,
    /// The secret that signs: `whsec_…`. It is shown only once.
    secret: String,
}

/// Make a hook
#[utoipa::path(
    post,
    path = "/v1/hooks",
    tag = "hooks",
    params(OfTenant),
    request_body = NewHook,
    responses((status = 201, body = CreatedHook))
)]
pub(super) async fn create(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let new: NewHook = call.json()?;
    let context = CallContext::enter(&api, &call)?;
    let mut checked = Checked::default();
    let (created_by, maker) = maker(&call);
    let hook = Hook {
        url: checked.url(new.url.as_str(), context.hooks()?.receivers.reach()),
        events: checked.events(&new.events),
        channels: checked.channels(&new.channels),
        notify: new.notify.map(|id| checked.notify(&id)).or(maker),
        secret: Secret::random()?,
        old_secret: None,
        disabled: None,
        round: 1,
        created_by,
        created_at: context.now,
    };
    checked.finish()?;
    if load_all(&context.rows).await?.len() >= MAX_HOOKS {
        return Err(ApiError::conflict(format!(
            "the workspace has {MAX_HOOKS} hooks, which is the most: delete one first"
        )));
    }
    let stored = Stored {
        id: HookId::from_digits(context.claim().id_of_new(16)),
        hook,
        version: 1,
        health: Health::default(),
        drained_until: [context.now; rows::PARTS],
    };
    let detail = stored.id.to_string();
    let made = context
        .commit(&Decision {
            writes: vec![
                HOOK.replace(rows::hook(&stored.id), &stored.hook, 0),
                count_one_more(),
            ],
            audit: Some(context.note("hooks.create", detail)),
            ..Decision::default()
        })
        .await?;
    made.must_be_now("showed the secret. If that answer is lost, give the hook a new secret")?;
    let created = CreatedHook {
        ok: true,
        hook: HookLine::of(&stored),
        secret: stored.hook.secret.expose().to_owned(),
    };
    Ok(reply::json(StatusCode::CREATED, &created))
}

/// Makes the write that counts the new hook, and fails if there are as many as there may be. An event for all of them has to fit one
/// transaction.
fn count_one_more() -> Write<RowKey> {
    Write::update(rows::count(), "ADD #n :one")
        .when("attribute_not_exists(#n) OR #n < :most")
        .value(":one", 1i64)
        .value(":most", i64::try_from(MAX_HOOKS).unwrap_or(i64::MAX))
}

/// Who makes the hook, and the person whom Slack can tell about it.
fn maker(call: &Call) -> (String, Option<String>) {
    match &call.caller {
        Caller::Member(member) => match &member.identity {
            Identity::Person(user) => (user.to_string(), Some(user.to_string())),
            Identity::Key(id) => {
                let id = shown_id(&member.tenant, id);
                (format!("key {id}"), None)
            }
        },
        Caller::Operator | Caller::Anyone => ("operator".to_owned(), None),
    }
}
