//! The keys of the rows.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::RowKey;

use super::delivery::DeliveryId;
use super::hook::HookId;

/// The parts that the held deliveries of a hook are spread over. Each is drained by itself, so this is also the number of calls that a
/// receiver gets at once after an interruption or while it is slow.
pub(crate) const PARTS: usize = 2;

/// The partition of all hooks of a workspace, with their health: an event reads it in one query.
pub(crate) const HOOKS: &str = "hooks";

/// The key of a hook.
pub(crate) fn hook(hook: &HookId) -> RowKey {
    RowKey::new(&[HOOKS], &[hook.as_str(), "hook"])
}

/// The key of a hook's health.
pub(crate) fn health(hook: &HookId) -> RowKey {
    RowKey::new(&[HOOKS], &[hook.as_str(), "health"])
}

/// The key of the note that one part of a hook's held deliveries is being drained.
pub(crate) fn drained(hook: &HookId, part: usize) -> RowKey {
    RowKey::new(&[HOOKS], &[hook.as_str(), "drained", &part.to_string()])
}

/// The key of the number of hooks.
pub(crate) fn count() -> RowKey {
    RowKey::new(&[HOOKS], &["count"])
}

/// The partition of a hook's deliveries.
pub(crate) fn deliveries(hook: &HookId) -> [&str; 2] {
    ["hook_deliveries", hook.as_str()]
}

/// The key of a delivery.
pub(crate) fn delivery(hook: &HookId, id: &DeliveryId) -> RowKey {
    RowKey::new(&["hook_deliveries", hook.as_str()], &[id.as_str()])
}

/// The key of the answer to a call that replayed deliveries.
pub(crate) fn replay(hook: &HookId, claim: &str) -> RowKey {
    RowKey::new(&["hook_replays", hook.as_str()], &[claim])
}

/// The part of the held deliveries that a delivery belongs to.
pub(crate) fn part_of(id: &DeliveryId) -> usize {
    let sum: usize = id.as_str().bytes().map(usize::from).sum();
    sum % PARTS
}

/// The partition of one part of a hook's held deliveries, of one round.
pub(crate) fn held_part(hook: &HookId, round: i64, part: usize) -> [String; 4] {
    let (round, part) = (round.to_string(), part.to_string());
    ["hook_held".to_owned(), hook.to_string(), round, part]
}

/// The key of a held delivery, oldest first.
pub(crate) fn held(hook: &HookId, round: i64, id: &DeliveryId, since: Timestamp) -> RowKey {
    let (round, part) = (round.to_string(), part_of(id).to_string());
    let since = format!("{:015}", since.millis());
    RowKey::new(
        &["hook_held", hook.as_str(), &round, &part],
        &[&since, id.as_str()],
    )
}

/// The key of the timer that retries a delivery.
pub(crate) fn retry_timer(hook: &HookId, id: &DeliveryId) -> RowKey {
    RowKey::new(&["hook_timers", hook.as_str()], &["retry", id.as_str()])
}

/// The key of the timer that probes a receiver.
pub(crate) fn probe_timer(hook: &HookId) -> RowKey {
    RowKey::new(&["hook_timers", hook.as_str()], &["probe"])
}

/// The key of the timer that looks for held deliveries after an interruption.
pub(crate) fn drain_timer(hook: &HookId) -> RowKey {
    RowKey::new(&["hook_timers", hook.as_str()], &["drain"])
}

/// The key of the timer that tells people of a hook that is disabled.
pub(crate) fn tell_timer(hook: &HookId) -> RowKey {
    RowKey::new(&["hook_timers", hook.as_str()], &["tell"])
}

/// The partition of the body of an event.
pub(crate) fn body(event_id: &str, part: usize) -> RowKey {
    RowKey::new(&["hook_bodies", event_id], &[&part.to_string()])
}
