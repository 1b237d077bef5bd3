//! What calls get to see of hooks and deliveries.

use serde::Serialize;
use tidegate_pipeline::clock::Timestamp;
use utoipa::ToSchema;

use crate::model::delivery::{Attempt, Delivery, State};
use crate::model::hook::{Hook, HookEvent};
use crate::model::stored::Stored;

/// A hook, without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct HookLine {
    /// The id of the hook, which starts with `hook_`.
    id: String,
    url: String,
    /// Slack's event types.
    #[schema(value_type = Vec<HookEvent>)]
    events: Vec<String>,
    /// Ids of channels. Empty for all events but those of direct messages.
    channels: Vec<String>,
    /// Whether deliveries are sent.
    enabled: bool,
    /// Why it is disabled. Null while it is enabled.
    disabled_reason: Option<String>,
    /// Unix time in milliseconds, as the other times. Null while it is enabled.
    disabled_at_ms: Option<i64>,
    /// Since when every attempt has failed. Null if the latest one succeeded.
    failing_since_ms: Option<i64>,
    /// Whether so many deliveries failed that one at a time is sent as a probe, and the others are held.
    interrupted: bool,
    /// The person or channel that is told when Tidegate disables it. Null for the admins.
    notify: Option<String>,
    /// A person's id, `key <id>` or `operator`.
    created_by: String,
    created_at_ms: i64,
}

impl HookLine {
    /// Shows a hook.
    pub(super) fn of(stored: &Stored) -> Self {
        let (hook, health) = (&stored.hook, &stored.health);
        let disabled = hook.disabled.as_ref();
        Self {
            id: stored.id.to_string(),
            url: hook.url.clone(),
            events: hook.events.iter().cloned().collect(),
            channels: hook.channels.iter().cloned().collect(),
            enabled: disabled.is_none(),
            disabled_reason: disabled.map(|disabled| disabled.reason.clone()),
            disabled_at_ms: disabled.map(|disabled| disabled.at.millis()),
            failing_since_ms: health.failing_since.map(Timestamp::millis),
            interrupted: health.interrupted_at.is_some(),
            notify: hook.notify.clone(),
            created_by: hook.created_by.clone(),
            created_at_ms: hook.created_at.millis(),
        }
    }
}

/// The answer that carries one hook.
#[derive(Serialize, ToSchema)]
pub(super) struct HookAnswer {
    ok: bool,
    hook: HookLine,
}

impl HookAnswer {
    /// Shows a hook.
    pub(super) fn of(stored: &Stored) -> Self {
        Self {
            ok: true,
            hook: HookLine::of(stored),
        }
    }
}

/// What has become of a delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum HookDeliveryState {
    /// It is being sent, or waits for its next attempt.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It is not sent again unless somebody replays it.
    Failed,
}

impl HookDeliveryState {
    fn of(delivery: &Delivery, hook: &Hook) -> Self {
        match delivery.shown_state(hook) {
            State::Waiting => Self::Waiting,
            State::Delivered => Self::Delivered,
            State::Failed => Self::Failed,
        }
    }
}

/// An event on its way to one receiver, with its latest attempt.
#[derive(Serialize, ToSchema)]
pub(super) struct HookDelivery {
    /// `msg_…`: what the receiver gets as `webhook-id`.
    id: String,
    /// Slack's id of the event.
    event_id: String,
    /// The `type` of the body, such as `slack.app_mention`.
    #[serde(rename = "type")]
    kind: String,
    state: HookDeliveryState,
    /// Why it failed, in words. Null if it has not.
    reason: Option<String>,
    /// The attempts in all.
    attempts: i64,
    /// How often somebody has replayed it.
    replays: i64,
    /// The HTTP status of the latest attempt. Null without an answer.
    status: Option<u16>,
    /// What was wrong with the latest attempt, in words. Null if nothing was.
    problem: Option<String>,
    created_at_ms: i64,
    /// Unix time in milliseconds of the next attempt. Null if it waits for none of its own.
    next_attempt_at_ms: Option<i64>,
}

impl HookDelivery {
    /// Shows a delivery of a hook.
    pub(super) fn of(delivery: &Delivery, hook: &Hook) -> Self {
        let latest = delivery.latest.last();
        let state = HookDeliveryState::of(delivery, hook);
        let is_cut_off =
            matches!(state, HookDeliveryState::Failed) && delivery.state == State::Waiting;
        let cut_off =
            is_cut_off.then(|| "the hook was disabled before this was delivered".to_owned());
        Self {
            id: delivery.id.to_string(),
            event_id: delivery.event_id.clone(),
            kind: delivery.kind.clone(),
            reason: delivery.reason.clone().or(cut_off),
            attempts: delivery.attempts,
            replays: delivery.replays,
            status: latest.and_then(|attempt| attempt.status),
            problem: latest.and_then(|attempt| attempt.problem.clone()),
            created_at_ms: delivery.created_at.millis(),
            next_attempt_at_ms: match state {
                HookDeliveryState::Waiting => delivery.next_at.map(Timestamp::millis),
                HookDeliveryState::Delivered | HookDeliveryState::Failed => None,
            },
            state,
        }
    }
}

/// One attempt to send a delivery.
#[derive(Serialize, ToSchema)]
pub(super) struct HookAttempt {
    /// Unix time in milliseconds.
    at_ms: i64,
    took_ms: i64,
    /// The HTTP status. Null without an answer.
    status: Option<u16>,
    /// What was wrong, in words. Null if nothing was.
    problem: Option<String>,
    /// The first kilobyte of the answer's body, as text.
    response: String,
}

impl HookAttempt {
    /// Shows an attempt.
    pub(super) fn of(attempt: &Attempt) -> Self {
        Self {
            at_ms: attempt.at.millis(),
            took_ms: attempt.took_ms,
            status: attempt.status,
            problem: attempt.problem.clone(),
            response: attempt.response.clone(),
        }
    }
}

/// A delivery after a call that sends it.
#[derive(Serialize, ToSchema)]
pub(super) struct HookDeliveryAnswer {
    ok: bool,
    delivery: HookDelivery,
}

impl HookDeliveryAnswer {
    /// Shows a delivery of a hook.
    pub(super) fn of(delivery: &Delivery, hook: &Hook) -> Self {
        Self {
            ok: true,
            delivery: HookDelivery::of(delivery, hook),
        }
    }
}
