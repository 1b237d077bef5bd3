//! After an attempt: what becomes of the delivery, of the hook, and of the other deliveries that wait.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Versioned;
use tidegate_pipeline::outbox::Post;
use tidegate_pipeline::table::{RowKey, Write};
use tidegate_pipeline::timers::disarm;

use super::answer::{Answer, Meaning};
use super::event::hold;
use crate::model::delivery::{Delivery, State};
use crate::model::drains;
use crate::model::health::Health;
use crate::model::rows;
use crate::model::schedule::{GIVE_UP_AFTER, next_after, probe_pause};
use crate::model::stored::Stored;
use crate::model::work::{self, Alarm};

/// How long after an interruption the hook is looked at once more. A worker that decided during the interruption has written what it
/// holds by then: none lives longer than a minute.
pub(crate) const LOOK_AGAIN_AFTER: Duration = Duration::from_mins(5);

/// What to write after an attempt.
#[derive(Debug, Default)]
pub(crate) struct After {
    /// The rows to write, in one transaction.
    pub(crate) writes: Vec<Write<RowKey>>,
    /// The effects that follow.
    pub(crate) posts: Vec<Post>,
}

/// Decides what follows an attempt that has just ended.
pub(crate) fn after_attempt(
    stored: &Stored,
    before: &Versioned<Delivery>,
    answer: &Answer,
    now: Timestamp,
) -> After {
    let delivery = before.value.attempted(&answer.attempt);
    let attempt = Ended {
        stored,
        read: before.version,
        delivery,
        answer,
        now,
    };
    match answer.meaning {
        Meaning::Accepted => attempt.accepted(),
        Meaning::Gone => attempt
            .disable("its receiver answered 410, which means that it wants no more deliveries"),
        Meaning::Again(_) if attempt.has_failed_too_long() => {
            // Another attempt may have succeeded meanwhile.
            let still = attempt.still_fails();
            let mut after = attempt.disable("its receiver has failed for three days");
            after.writes.extend(still);
            after
        }
        Meaning::Again(at_least) => attempt.failed(at_least),
    }
}

/// An attempt that has ended, and the delivery after it.
struct Ended<'a> {
    stored: &'a Stored,
    read: i64,
    delivery: Delivery,
    answer: &'a Answer,
    now: Timestamp,
}

impl Ended<'_> {
    fn began(&self) -> Timestamp {
        self.answer.attempt.at
    }

    fn health_key(&self) -> RowKey {
        rows::health(&self.stored.id)
    }

    fn took(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.answer.attempt.took_ms).unwrap_or(0))
    }

    /// Makes the check that the hook was not deleted during the attempt. Its health would stay for ever.
    fn hook_is_there(&self) -> Write<RowKey> {
        Write::check(rows::hook(&self.stored.id)).when("attribute_exists(#pk)")
    }

    fn has_failed_too_long(&self) -> bool {
        let since = self.stored.health.failing_since.unwrap_or(self.began());
        self.began().since(since) >= GIVE_UP_AFTER
    }

    /// Makes the check that no other attempt has succeeded since the hook was read.
    fn still_fails(&self) -> Option<Write<RowKey>> {
        let since = self.stored.health.failing_since?;
        let check = Write::check(self.health_key()).when("#failing_since = :since");
        Some(check.value(":since", since.millis()))
    }

    fn accepted(self) -> After {
        let (id, health) = (&self.stored.id, &self.stored.health);
        let delivered = Delivery {
            state: State::Delivered,
            reason: None,
            ..self.delivery.clone()
        };
        let mut after = After {
            writes: vec![delivered.store(id, self.read)],
            ..After::default()
        };
        if let Some(write) = health.after_success(self.health_key(), self.took(), self.now) {
            after.writes.extend([write, self.hook_is_there()]);
        }
        // An interruption may have begun during the attempt, and then others hold deliveries already.
        if !health.is_well() {
            let look_again = Alarm::Drain { hook: id.clone() };
            after.writes.push(disarm(rows::probe_timer(id)));
            after
                .writes
                .push(look_again.at(self.now.plus(LOOK_AGAIN_AFTER)));
            // A drain that was under way when the hook was read may have ended since, because of the interruption.
            let (notes, posts) = drains::start_all(id, self.now);
            after.writes.extend(notes);
            after.posts = posts;
        }
        after
    }

    fn disable(self, reason: &str) -> After {
        let id = &self.stored.id;
        let failed = self
            .delivery
            .failed(&format!("the hook was disabled: {reason}"));
        let hook = self.stored.hook.disabled(reason, self.now);
        After {
            writes: vec![
                failed.store(id, self.read),
                self.stored.replace(&hook),
                disarm(rows::probe_timer(id)),
            ],
            // They are told once it is disabled, which another attempt may prevent.
            posts: vec![work::tell(id, reason, self.now)],
        }
    }

    /// The delivery is tried again by its own timer, is held for the next probe, or is given up.
    fn failed(self, at_least: Duration) -> After {
        let (id, health) = (&self.stored.id, &self.stored.health);
        let is_first = self.delivery.tried == 1;
        let first = self.delivery.first_at.unwrap_or(self.began());
        let next = next_after(
            first,
            self.delivery.tried,
            self.delivery.id.as_str(),
            self.now,
        );
        let interrupts = health.is_last_strike(is_first);
        let mut writes = match (health.interrupted_at, interrupts) {
            (Some(since), _) => vec![
                Health::after_probe(self.health_key(), since),
                self.probe(health.probes + 1, at_least),
            ],
            (None, true) => vec![
                Health::interrupt(self.health_key(), self.began(), self.now),
                self.probe(0, at_least),
            ],
            (None, false) => vec![Health::after_failure(
                self.health_key(),
                is_first,
                self.began(),
                self.took(),
            )],
        };
        writes.push(self.hook_is_there());
        let is_interrupted = health.interrupted_at.is_some() || interrupts;
        match next {
            None => {
                let failed = self.delivery.failed("no attempt in three days succeeded");
                writes.push(failed.store(id, self.read));
            }
            Some(_) if is_interrupted => {
                writes.extend(hold(self.stored, &self.delivery, self.read, self.now));
            }
            Some(next) => {
                let next = next.max(self.now.plus(at_least));
                let waits = Delivery {
                    next_at: Some(next),
                    ..self.delivery.clone()
                };
                let (hook, delivery) = (id.clone(), waits.id.clone());
                writes.push(waits.store(id, self.read));
                writes.push(Alarm::Retry { hook, delivery }.at(next));
            }
        }
        After {
            writes,
            ..After::default()
        }
    }

    fn probe(&self, probes: i64, at_least: Duration) -> Write<RowKey> {
        let pause = probe_pause(probes, self.stored.id.as_str()).max(at_least);
        let hook = self.stored.id.clone();
        Alarm::Probe { hook }.at(self.now.plus(pause))
    }
}

#[cfg(test)]
mod tests;
