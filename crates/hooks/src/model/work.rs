//! What hooks leave for later: effects in lanes, and timers.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_pipeline::table::{RowKey, Write};
use tidegate_pipeline::timers::arm;

use super::delivery::DeliveryId;
use super::hook::HookId;
use super::rows;

/// The effect that attempts one delivery.
pub(crate) const DELIVER: &str = "hooks.deliver";
/// The effect that attempts the held deliveries of one part, one after the other.
pub(crate) const DRAIN: &str = "hooks.drain";
/// The effect that tells people of a hook that Tidegate has disabled.
pub(crate) const TELL: &str = "hooks.tell";
/// The job of every timer.
pub(crate) const TIMER: &str = "hooks.timer";

/// The body of [`DELIVER`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deliver {
    /// The hook that the delivery belongs to.
    pub(crate) hook: HookId,
    /// The delivery to attempt.
    pub(crate) delivery: DeliveryId,
    /// Whether it is sent even if the hook is interrupted: a probe, or a replay that a person asked for.
    pub(crate) anyway: bool,
}

/// The body of [`DRAIN`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Drain {
    /// The hook to work on.
    pub(crate) hook: HookId,
    /// The part of its held deliveries, below [`rows::PARTS`].
    pub(crate) part: usize,
}

/// The body of [`TELL`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tell {
    /// The hook that is disabled.
    pub(crate) hook: HookId,
    /// Why, in words.
    pub(crate) reason: String,
    /// When it was disabled.
    pub(crate) at: Timestamp,
}

/// What a timer is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "lowercase")]
pub(crate) enum Alarm {
    /// The next attempt at a delivery.
    Retry { hook: HookId, delivery: DeliveryId },
    /// The next probe of a receiver.
    Probe { hook: HookId },
    /// A look for held deliveries that nobody drains.
    Drain { hook: HookId },
    /// What people are still to be told.
    Tell(Tell),
}

impl Alarm {
    /// Returns the key of the timer.
    pub(crate) fn key(&self) -> RowKey {
        match self {
            Self::Retry { hook, delivery } => rows::retry_timer(hook, delivery),
            Self::Probe { hook } => rows::probe_timer(hook),
            Self::Drain { hook } => rows::drain_timer(hook),
            Self::Tell(tell) => rows::tell_timer(&tell.hook),
        }
    }

    /// Makes the write that sets the timer. The moment is its generation: two timers for one moment are one.
    pub(crate) fn at(&self, due: Timestamp) -> Write<RowKey> {
        let payload = serde_json::to_value(self).unwrap_or_default();
        arm(self.key(), TIMER, &payload, due.millis(), due)
    }
}

/// Makes the effect that attempts a delivery. Each delivery has a lane of its own, so that none waits for another.
pub(crate) fn deliver(hook: &HookId, delivery: &DeliveryId) -> Post {
    attempt(hook, delivery, delivery.as_str(), false)
}

/// Makes the effect that attempts a delivery as the probe of a hook that is interrupted.
pub(crate) fn probe(hook: &HookId, delivery: &DeliveryId) -> Post {
    attempt(hook, delivery, delivery.as_str(), true)
}

/// Makes the effect that attempts a delivery because somebody asked for it, even if the hook is interrupted or slow. All of a
/// hook share one lane, so they take one sender.
pub(crate) fn asked(hook: &HookId, delivery: &DeliveryId) -> Post {
    attempt(hook, delivery, "asked", true)
}

fn attempt(hook: &HookId, delivery: &DeliveryId, lane: &str, anyway: bool) -> Post {
    let body = json!({"hook": hook, "delivery": delivery, "anyway": anyway});
    effect(Lane::named(&["hooks", hook.as_str(), lane]), DELIVER, body)
}

/// Makes the effect that drains one part.
pub(crate) fn drain(hook: &HookId, part: usize) -> Post {
    let lane = Lane::named(&["hooks", hook.as_str(), "drain", &part.to_string()]);
    effect(lane, DRAIN, json!({"hook": hook, "part": part}))
}

/// Makes the effect that tells people of a hook that is disabled.
pub(crate) fn tell(hook: &HookId, reason: &str, at: Timestamp) -> Post {
    let lane = Lane::named(&["hooks", hook.as_str(), "tell"]);
    effect(
        lane,
        TELL,
        json!({"hook": hook, "reason": reason, "at": at}),
    )
}

fn effect(lane: Lane, purpose: &'static str, body: Json) -> Post {
    Post {
        lane,
        target: Target::Effect,
        body,
        class: Class::Repeatable,
        purpose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_for_later_is_read_back() {
        let hook = HookId::parse("hook_0123456789abcdef").unwrap();
        let delivery = DeliveryId::of(&hook, "Ev1", Timestamp(1));
        let read: Deliver = serde_json::from_value(asked(&hook, &delivery).body).unwrap();
        assert_eq!(
            (&read.hook, &read.delivery, read.anyway),
            (&hook, &delivery, true)
        );
        let read: Drain = serde_json::from_value(drain(&hook, 3).body).unwrap();
        assert_eq!((&read.hook, read.part), (&hook, 3));
        let alarm = Alarm::Retry { hook, delivery };
        let payload = serde_json::to_value(&alarm).unwrap();
        assert_eq!(serde_json::from_value::<Alarm>(payload).unwrap(), alarm);
    }
}
