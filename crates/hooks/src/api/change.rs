//! The route that changes a hook, and enables or disables it.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use tidegate_api::values::Line;
use tidegate_api::{Api, ApiError, ApiResult, Call, OfTenant, reply};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::table::Write;
use tidegate_pipeline::timers::disarm;
use utoipa::ToSchema;

use super::input::Checked;
use super::shown::HookAnswer;
use super::submit::{CallContext, Made};
use crate::decide::after_attempt::LOOK_AGAIN_AFTER;
use crate::model::drains;
use crate::model::health::Health;
use crate::model::hook::{Hook, HookEvent};
use crate::model::receiver_url::{MAX_URL, Reach};
use crate::model::rows;
use crate::model::stored::Stored;
use crate::model::work::Alarm;

/// The body of `PATCH /v1/hooks/{id}`: what is to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedHook {
    /// The URL of the receiver, at most 2,000 characters.
    #[schema(value_type = Option<Line<1, 2000>>)]
    url: Option<Line<1, MAX_URL>>,
    /// The events that it gets.
    #[schema(value_type = Option<Vec<HookEvent>>, min_items = 1)]
    events: Option<Vec<String>>,
    /// The channels whose events it gets. Empty for all but direct messages.
    #[schema(max_items = 100)]
    channels: Option<Vec<String>>,
    /// The person or channel that is told when Tidegate disables it. Null for the admins.
    #[serde(default, deserialize_with = "Notify::read")]
    #[schema(value_type = Option<String>)]
    notify: Notify,
    /// Whether deliveries are sent. What waits when a hook is disabled has failed; after it is enabled, it can be replayed.
    enabled: Option<bool>,
}

/// The recipient of the notice that the hook is disabled.
#[derive(Default)]
enum Notify {
    /// The field is left out.
    #[default]
    AsItIs,
    /// It is null.
    Admins,
    Recipient(String),
}

impl Notify {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = Option::deserialize(deserializer)?;
        Ok(id.map_or(Self::Admins, Self::Recipient))
    }
}

/// Change a hook
#[utoipa::path(
    patch,
    path = "/v1/hooks/{id}",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        OfTenant,
    ),
    request_body = ChangedHook,
    responses((status = 200, body = HookAnswer))
)]
pub(super) async fn change(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let wanted: ChangedHook = call.json()?;
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    let asked = wanted.applied(&stored.hook, context.hooks()?.receivers.reach())?;
    if asked == stored.hook && wanted.switches(&stored.hook).is_none() {
        return Ok(reply::json(StatusCode::OK, &HookAnswer::of(&stored)));
    }
    let (after, decision) = decide(&context, &stored, asked, &wanted);
    let shown = match context.commit(&decision).await? {
        Made::Now => after,
        // What stands now: it may have been changed again since.
        Made::Before => context.hook().await?,
    };
    Ok(reply::json(StatusCode::OK, &HookAnswer::of(&shown)))
}

impl ChangedHook {
    /// Returns the hook with the fields that are to change. Fails with everything that is wrong with them.
    fn applied(&self, before: &Hook, reach: Reach) -> Result<Hook, ApiError> {
        let mut checked = Checked::default();
        let mut hook = before.clone();
        if let Some(url) = &self.url {
            hook.url = checked.url(url.as_str(), reach);
        }
        if let Some(events) = &self.events {
            hook.events = checked.events(events);
        }
        if let Some(channels) = &self.channels {
            hook.channels = checked.channels(channels);
        }
        match &self.notify {
            Notify::AsItIs => {}
            Notify::Admins => hook.notify = None,
            Notify::Recipient(id) => hook.notify = Some(checked.notify(id)),
        }
        checked.finish()?;
        Ok(hook)
    }

    /// Returns whether the hook is to be enabled or disabled. `None` if it stays as it is.
    fn switches(&self, before: &Hook) -> Option<bool> {
        let is_enabled = before.disabled.is_none();
        self.enabled.filter(|enabled| *enabled != is_enabled)
    }
}

/// The hook after the change, and what is to be done. Earlier answers of the receiver count no more if there is another one, or if the
/// hook is enabled or disabled; to another one, the deliveries that are held go at once.
fn decide(
    context: &CallContext<'_>,
    stored: &Stored,
    asked: Hook,
    wanted: &ChangedHook,
) -> (Stored, Decision) {
    let (id, now) = (&stored.id, context.now);
    let switched = wanted.switches(&stored.hook);
    let has_moved = asked.url != stored.hook.url;
    let hook = match switched {
        Some(enabled) => switch(asked, enabled, now),
        None => asked,
    };
    let mut decision = Decision {
        writes: vec![stored.replace(&hook)],
        ..Decision::default()
    };
    let mut after = Stored {
        hook,
        ..stored.clone()
    };
    if switched.is_some() || has_moved {
        after.health = Health::default();
        let forget = [
            Write::delete(rows::health(id)),
            disarm(rows::probe_timer(id)),
        ];
        decision.writes.extend(forget);
    }
    if switched.is_some() {
        decision.writes.push(disarm(rows::drain_timer(id)));
        decision.writes.extend(drains::end_all(id));
    } else if has_moved && after.hook.disabled.is_none() {
        let hook = id.clone();
        let look_again = Alarm::Drain { hook };
        decision
            .writes
            .push(look_again.at(now.plus(LOOK_AGAIN_AFTER)));
        let (notes, posts) = drains::start_all(id, now);
        decision.writes.extend(notes);
        decision.posts = posts;
    }
    let detail = changes(stored, &after, switched);
    decision.audit = Some(context.note("hooks.change", detail));
    (after, decision)
}

/// Enables a hook, which begins a new round, or disables it.
fn switch(hook: Hook, enabled: bool, now: Timestamp) -> Hook {
    if enabled {
        Hook {
            disabled: None,
            round: hook.round + 1,
            ..hook
        }
    } else {
        hook.disabled("it was switched off", now)
    }
}

/// What has changed, for the audit trail: the names of fields. The trail outlives an erasure, so it names no receiver.
fn changes(before: &Stored, after: &Stored, switched: Option<bool>) -> String {
    let (old, new) = (&before.hook, &after.hook);
    let fields = [
        ("url", old.url != new.url),
        ("events", old.events != new.events),
        ("channels", old.channels != new.channels),
        ("notify", old.notify != new.notify),
        ("enabled", switched == Some(true)),
        ("disabled", switched == Some(false)),
    ];
    let changed: Vec<&str> = fields
        .iter()
        .filter_map(|(field, changed)| changed.then_some(*field))
        .collect();
    format!("{}: {}", after.id, changed.join(", "))
}
