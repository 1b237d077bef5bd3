//! A delivery: one event for one hook, with the attempts to send it.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::{Document, unchanged_since};
use tidegate_pipeline::table::{Item, RowKey, Write, hash_text};

use super::hook::{Hook, HookId};
use super::rows;

/// How deliveries are stored: sealed, because answers of receivers may quote what people wrote.
pub(crate) const DELIVERY: Document<Delivery> = Document::new("delivery", "a delivery");

/// The latest attempts that a delivery shows.
const MAX_SHOWN: usize = 20;

/// The id of a delivery, which receivers get as `webhook-id`: `msg_`, the time in milliseconds and a hash of hook and event, both in
/// hex. Ids of one hook sort by time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DeliveryId(String);

impl DeliveryId {
    /// Makes the id of an event that came at that time.
    pub(crate) fn of(hook: &HookId, event: &str, at: Timestamp) -> Self {
        let hash = hash_text(format!("{hook}/{event}").as_bytes());
        Self(format!("{}{}", Self::at(at), &hash[..16]))
    }

    /// Returns the beginning of the ids of that time, for ranges.
    pub(crate) fn at(time: Timestamp) -> String {
        format!("msg_{:012x}", time.millis().clamp(0, 0xffff_ffff_ffff))
    }

    /// Reads an id from a path, a row or an effect. `None` if it cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("msg_")?;
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (digits.len() == 28 && digits.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// Returns the text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What has become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It is being sent, or waits for its next attempt.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It is not sent again unless somebody replays it.
    Failed,
}

/// One attempt, and how the receiver answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// When it began.
    pub(crate) at: Timestamp,
    /// How long it took, in milliseconds.
    pub(crate) took_ms: i64,
    /// The HTTP status. `None` without an answer.
    pub(crate) status: Option<u16>,
    /// Why it failed, in words. `None` if it succeeded.
    pub(crate) problem: Option<String>,
    /// The first kilobyte of the answer's body, as text.
    pub(crate) response: String,
}

// The response is left out, because it may quote what people wrote.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("at", &self.at)
            .field("status", &self.status)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

/// A delivery as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// The id, which stays the same for all attempts and replays.
    pub(crate) id: DeliveryId,
    /// The event that it carries; its body is stored under this id.
    pub(crate) event_id: String,
    /// The `type` of the body, such as `slack.app_mention`.
    pub(crate) kind: String,
    /// What has become of it.
    pub(crate) state: State,
    /// Why it failed, in words. `None` if it has not.
    pub(crate) reason: Option<String>,
    /// The round of the hook that it belongs to.
    pub(crate) round: i64,
    /// The attempts in all.
    pub(crate) attempts: i64,
    /// The attempts since it was made or replayed.
    pub(crate) tried: usize,
    /// The start of the first of these.
    pub(crate) first_at: Option<Timestamp>,
    /// The time of the next attempt, if it waits for one.
    pub(crate) next_at: Option<Timestamp>,
    /// Since when it is held, which is its place among the held ones.
    pub(crate) held_at: Option<Timestamp>,
    /// How often somebody has replayed it.
    pub(crate) replays: i64,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it and its body are deleted.
    pub(crate) expires_at: Timestamp,
    /// The latest attempts, oldest first.
    pub(crate) latest: Vec<Attempt>,
}

impl Delivery {
    /// Returns its state as people see it: one of an earlier round of its hook, or of a hook that is disabled, has failed.
    pub(crate) fn shown_state(&self, hook: &Hook) -> State {
        match self.state {
            State::Waiting if !self.is_current(hook) => State::Failed,
            state => state,
        }
    }

    /// Tells whether it may be sent: it waits, and its hook has been enabled without a break.
    pub(crate) fn is_due(&self, hook: &Hook) -> bool {
        self.state == State::Waiting && self.is_current(hook)
    }

    fn is_current(&self, hook: &Hook) -> bool {
        hook.disabled.is_none() && self.round == hook.round
    }

    /// Returns it after one more attempt, as waiting for nothing yet.
    pub(crate) fn attempted(&self, attempt: &Attempt) -> Self {
        let mut latest = self.latest.clone();
        latest.push(attempt.clone());
        let surplus = latest.len().saturating_sub(MAX_SHOWN);
        Self {
            attempts: self.attempts + 1,
            tried: self.tried + 1,
            first_at: self.first_at.or(Some(attempt.at)),
            next_at: None,
            held_at: None,
            latest: latest.split_off(surplus),
            ..self.clone()
        }
    }

    /// Returns it as failed for that reason.
    pub(crate) fn failed(&self, reason: &str) -> Self {
        Self {
            state: State::Failed,
            reason: Some(reason.to_owned()),
            next_at: None,
            held_at: None,
            ..self.clone()
        }
    }

    /// Returns it as held since then.
    pub(crate) fn held(&self, at: Timestamp) -> Self {
        Self {
            next_at: None,
            held_at: Some(at),
            ..self.clone()
        }
    }

    /// Returns it as new, for the present round of its hook.
    pub(crate) fn replayed(&self, hook: &Hook) -> Self {
        Self {
            state: State::Waiting,
            reason: None,
            round: hook.round,
            tried: 0,
            first_at: None,
            next_at: None,
            held_at: None,
            replays: self.replays + 1,
            ..self.clone()
        }
    }

    /// Makes the write that stores it as the version after `read`, 0 for a new one.
    pub(crate) fn store(&self, hook: &HookId, read: i64) -> Write<RowKey> {
        let row = Item::new()
            .with("version", read + 1)
            .with("expires_at", self.expires_at.seconds());
        let put = Write::put(rows::delivery(hook, &self.id), DELIVERY.seal(row, self));
        // A new one is written with the claim on its event, so it needs no condition of its own.
        if read == 0 {
            return put;
        }
        unchanged_since(put, read)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::hook::tests::hook;

    pub(crate) fn hook_id() -> HookId {
        HookId::parse("hook_0123456789abcdef").unwrap()
    }

    pub(crate) fn delivery() -> Delivery {
        Delivery {
            id: DeliveryId::of(&hook_id(), "Ev1", Timestamp(1_700_000_000_000)),
            event_id: "Ev1".to_owned(),
            kind: "slack.app_mention".to_owned(),
            state: State::Waiting,
            reason: None,
            round: 1,
            attempts: 0,
            tried: 0,
            first_at: None,
            next_at: None,
            held_at: None,
            replays: 0,
            created_at: Timestamp(0),
            expires_at: Timestamp(0),
            latest: Vec::new(),
        }
    }

    #[test]
    fn ids_sort_by_time_and_come_back() {
        let id = |at| DeliveryId::of(&hook_id(), "Ev1", Timestamp(at));
        assert!(
            id(1) < id(2) && id(0xff) < id(0x100) && id(1_700_000_000_000) < id(1_700_000_000_001)
        );
        assert_eq!(DeliveryId::parse(id(5).as_str()), Some(id(5)));
        assert!(id(5).as_str() > DeliveryId::at(Timestamp(5)).as_str());
        assert!(id(5).as_str() < DeliveryId::at(Timestamp(6)).as_str());
        for other in ["", "msg_", "msg_zz", "hook_0123456789abcdef"] {
            assert_eq!(DeliveryId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_delivery_of_an_earlier_round_has_failed_until_it_is_replayed() {
        let old = delivery();
        let mut hook = hook();
        assert!(old.is_due(&hook));
        hook.round = 2;
        assert_eq!(old.shown_state(&hook), State::Failed);
        let again = old.failed("why").replayed(&hook);
        assert!(again.is_due(&hook));
        assert_eq!((again.replays, again.reason), (1, None));
    }

    #[test]
    fn the_latest_attempts_are_kept() {
        let attempt = |at| Attempt {
            at: Timestamp(at),
            took_ms: 1,
            status: Some(500),
            problem: None,
            response: String::new(),
        };
        let tried = (0..30).fold(delivery(), |delivery, at| delivery.attempted(&attempt(at)));
        assert_eq!((tried.attempts, tried.latest.len()), (30, MAX_SHOWN));
        assert_eq!(tried.latest.last().unwrap().at, Timestamp(29));
        assert_eq!(tried.first_at, Some(Timestamp(0)));
    }
}
