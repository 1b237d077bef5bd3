//! An event: which hooks get it, and how it goes to each.

use serde_json::Value as Json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::outbox::Post;
use tidegate_pipeline::table::{Item, RowKey, Write};
use tidegate_slack::ids::TenantId;

use crate::model::body;
use crate::model::delivery::{Delivery, DeliveryId, State};
use crate::model::drains;
use crate::model::health::Pace;
use crate::model::rows;
use crate::model::stored::Stored;
use crate::model::work;

/// An event that hooks may get.
pub(crate) struct Incoming<'a> {
    /// The workspace that the event was sent for.
    pub(crate) tenant: &'a TenantId,
    /// The id under which its body is stored: Slack's event id.
    pub(crate) id: &'a str,
    /// Slack's `event.type`, such as `message`.
    pub(crate) kind: &'a str,
    /// The channel, if the event has one.
    pub(crate) channel: Option<&'a str>,
    /// Slack's event, as it came.
    pub(crate) event: &'a Json,
    /// When it came.
    pub(crate) at: Timestamp,
    /// When its deliveries are deleted.
    pub(crate) expires_at: Timestamp,
}

impl Incoming<'_> {
    /// Tells whether it happened in a direct message, of two people or more.
    fn is_direct(&self) -> bool {
        let kind = self.event["channel_type"].as_str();
        matches!(kind, Some("im" | "mpim")) || self.channel.is_some_and(|id| id.starts_with('D'))
    }
}

/// Makes a delivery for each hook that wants the event.
pub(crate) fn decide(incoming: &Incoming<'_>, hooks: &[Stored], now: Timestamp) -> Decision {
    let is_direct = incoming.is_direct();
    let wants = |stored: &&Stored| {
        stored
            .hook
            .wants(incoming.kind, incoming.channel, is_direct)
    };
    let wanted: Vec<&Stored> = hooks.iter().filter(wants).collect();
    let mut decision = Decision::default();
    if wanted.is_empty() {
        return decision;
    }
    let kind = format!("slack.{}", incoming.kind);
    let body = body::of_event(
        &kind,
        incoming.at,
        incoming.tenant,
        incoming.id,
        incoming.event,
    );
    decision.writes = body::store(incoming.id, &body, incoming.expires_at);
    for stored in wanted {
        let delivery = new(stored, incoming.id, &kind, incoming.at, incoming.expires_at);
        let (writes, post) = dispatch(stored, &delivery, now);
        decision.writes.extend(writes);
        decision.posts.extend(post);
    }
    decision
}

/// Makes a new delivery of an event to a hook.
pub(crate) fn new(
    stored: &Stored,
    event_id: &str,
    kind: &str,
    at: Timestamp,
    expires_at: Timestamp,
) -> Delivery {
    Delivery {
        id: DeliveryId::of(&stored.id, event_id, at),
        event_id: event_id.to_owned(),
        kind: kind.to_owned(),
        state: State::Waiting,
        reason: None,
        round: stored.hook.round,
        attempts: 0,
        tried: 0,
        first_at: None,
        next_at: None,
        held_at: None,
        replays: 0,
        created_at: at,
        expires_at,
        latest: Vec::new(),
    }
}

/// Sends a new delivery on its way, as fast as its receiver takes them.
fn dispatch(
    stored: &Stored,
    delivery: &Delivery,
    now: Timestamp,
) -> (Vec<Write<RowKey>>, Option<Post>) {
    let id = &stored.id;
    match stored.health.pace(now) {
        Pace::Free => {
            let post = work::deliver(id, &delivery.id);
            (vec![delivery.store(id, 0)], Some(post))
        }
        Pace::Drained => {
            let part = rows::part_of(&delivery.id);
            let mut writes = hold(stored, delivery, 0, now);
            let starts = !stored.is_drained(part, now);
            writes.extend(starts.then(|| drains::note(id, part, now)));
            (writes, starts.then(|| work::drain(id, part)))
        }
        Pace::Held => (hold(stored, delivery, 0, now), None),
    }
}

/// Makes the writes that hold a delivery of version `read`. It comes after the place that it had before.
pub(crate) fn hold(
    stored: &Stored,
    delivery: &Delivery,
    read: i64,
    now: Timestamp,
) -> Vec<Write<RowKey>> {
    let before = delivery.held_at.map(|at| Timestamp(at.millis() + 1));
    let since = before.map_or(now, |before| before.max(now));
    let held = delivery.held(since);
    let key = rows::held(&stored.id, held.round, &held.id, since);
    let pointer = Item::new()
        .with("delivery", held.id.as_str())
        .with("expires_at", held.expires_at.seconds());
    vec![held.store(&stored.id, read), Write::put(key, pointer)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::delivery::tests::hook_id;
    use crate::model::health::Health;
    use crate::model::hook::tests::hook;

    fn stored(health: Health) -> Stored {
        Stored {
            id: hook_id(),
            hook: hook(),
            version: 1,
            health,
            drained_until: [Timestamp(0); rows::PARTS],
        }
    }

    fn decided(event: &Json, hooks: &[Stored]) -> Decision {
        let tenant = TenantId::from("T1");
        let incoming = Incoming {
            tenant: &tenant,
            id: "Ev1",
            kind: event["type"].as_str().unwrap(),
            channel: event["channel"].as_str(),
            event,
            at: Timestamp(1),
            expires_at: Timestamp(1000),
        };
        decide(&incoming, hooks, Timestamp(2))
    }

    #[test]
    fn a_hook_that_wants_the_event_gets_a_delivery_and_its_body_is_stored_once() {
        let mention = json!({"type": "app_mention", "channel": "C1"});
        let decision = decided(&mention, &[stored(Health::default())]);
        // The body and the delivery.
        assert_eq!((decision.writes.len(), decision.posts.len()), (2, 1));
        assert_eq!(decision.posts[0].purpose, work::DELIVER);
        let none = decided(
            &json!({"type": "pin_added", "channel": "C1"}),
            &[stored(Health::default())],
        );
        assert_eq!((none.writes.len(), none.posts.len()), (0, 0));
        let direct = json!({"type": "app_mention", "channel": "G1", "channel_type": "mpim"});
        assert_eq!(
            decided(&direct, &[stored(Health::default())]).posts.len(),
            0
        );
    }

    #[test]
    fn a_delivery_to_a_receiver_that_fails_is_held_without_an_effect() {
        let mention = json!({"type": "app_mention", "channel": "C1"});
        let interrupted = Health {
            interrupted_at: Some(Timestamp(1)),
            ..Health::default()
        };
        let held = decided(&mention, &[stored(interrupted)]);
        assert_eq!((held.writes.len(), held.posts.len()), (3, 0));
        let slow = Health {
            slow_until: Some(Timestamp(10)),
            ..Health::default()
        };
        let drained = decided(&mention, &[stored(slow)]);
        // The body, the delivery, its place, and the note of the drain.
        assert_eq!((drained.writes.len(), drained.posts.len()), (4, 1));
        assert_eq!(drained.posts[0].purpose, work::DRAIN);
        let under_way = Stored {
            drained_until: [Timestamp(10); rows::PARTS],
            ..stored(slow)
        };
        let held = decided(&mention, &[under_way]);
        assert_eq!((held.writes.len(), held.posts.len()), (3, 0));
    }

    #[test]
    fn an_event_for_every_hook_of_a_workspace_leaves_room_in_the_transaction() {
        let slow = Health {
            slow_until: Some(Timestamp(10)),
            ..Health::default()
        };
        let hooks = vec![stored(slow); crate::model::hook::MAX_HOOKS];
        let decision = decided(&json!({"type": "app_mention", "channel": "C1"}), &hooks);
        // Most of it when no drain is under way yet.
        assert!(decision.writes.len() + decision.posts.len() <= 85);
    }
}
