//! Attempts one after the other, as the timers would make them.

use tidegate_pipeline::table::WriteAction;

use super::*;
use crate::decide::answer::read;
use crate::model::delivery::tests::{delivery, hook_id};
use crate::model::delivery::{Attempt, DELIVERY};
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

fn answered(status: u16, at: Timestamp) -> Answer {
    let (meaning, problem) = read(status, None);
    Answer {
        attempt: Attempt {
            at,
            took_ms: 10,
            status: Some(status),
            problem,
            response: String::new(),
        },
        meaning,
    }
}

fn version(value: Delivery) -> Versioned<Delivery> {
    Versioned { value, version: 1 }
}

/// The delivery among the writes.
fn delivery_in(after: &After) -> Delivery {
    let mut rows = after.writes.iter().filter_map(|write| match &write.action {
        WriteAction::Put(row) => DELIVERY.read(row).ok(),
        _ => None,
    });
    rows.next_back().unwrap()
}

/// Why the hook is disabled, as people are told. `None` if it is not.
fn told(after: &After) -> Option<String> {
    let tell = after.posts.iter().find(|post| post.purpose == work::TELL)?;
    Some(tell.body["reason"].as_str().unwrap().to_owned())
}

fn timer(after: &After, key: &RowKey) -> Option<Timestamp> {
    let put = after.writes.iter().find(|write| write.key == *key)?;
    match &put.action {
        WriteAction::Put(row) => row.number("due_at").map(Timestamp),
        _ => None,
    }
}

#[test]
fn one_delivery_to_a_dead_receiver_is_tried_ten_times_and_then_the_hook_is_disabled() {
    let mut health = Health::default();
    let (mut now, mut delivery) = (Timestamp(1_700_000_000_000), delivery());
    let began = now;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let after = after_attempt(
            &stored(health),
            &version(delivery),
            &answered(500, now),
            now,
        );
        delivery = delivery_in(&after);
        if let Some(reason) = told(&after) {
            assert_eq!(reason, "its receiver has failed for three days");
            break;
        }
        health.strikes = 1;
        health.failing_since = health.failing_since.or(Some(now));
        now = timer(&after, &rows::retry_timer(&hook_id(), &delivery.id)).unwrap();
        assert_eq!(delivery.next_at, Some(now));
    }
    assert_eq!((attempts, delivery.state), (10, State::Failed));
    assert_eq!(now.since(began), GIVE_UP_AFTER);
}

#[test]
fn a_delivery_that_alone_fails_is_given_up_and_its_hook_stays() {
    let (first, now) = (Timestamp(0), Timestamp(0).plus(GIVE_UP_AFTER));
    let tried = Delivery {
        tried: 9,
        first_at: Some(first),
        ..delivery()
    };
    // Another delivery succeeded an hour ago.
    let health = Health {
        strikes: 0,
        failing_since: Some(Timestamp(now.millis() - 3_600_000)),
        ..Health::default()
    };
    let after = after_attempt(&stored(health), &version(tried), &answered(400, now), now);
    assert_eq!(
        (told(&after), delivery_in(&after).state),
        (None, State::Failed)
    );
}

#[test]
fn the_fifth_delivery_that_fails_is_held_and_a_probe_is_set() {
    let now = Timestamp(1000);
    let health = Health {
        strikes: 4,
        failing_since: Some(Timestamp(1)),
        ..Health::default()
    };
    let after = after_attempt(
        &stored(health),
        &version(delivery()),
        &answered(500, now),
        now,
    );
    let held = delivery_in(&after);
    assert_eq!((held.held_at, held.next_at), (Some(now), None));
    assert!(timer(&after, &rows::probe_timer(&hook_id())).is_some());
    assert_eq!(
        timer(&after, &rows::retry_timer(&hook_id(), &held.id)),
        None
    );
}

/// The health of a hook after five failed deliveries.
fn interrupted() -> Health {
    Health {
        strikes: 5,
        failing_since: Some(Timestamp(1)),
        interrupted_at: Some(Timestamp(2)),
        ..Health::default()
    }
}

#[test]
fn a_probe_that_fails_goes_to_the_end_of_those_that_are_held() {
    let now = Timestamp(5000);
    let health = interrupted();
    let probe = delivery().held(Timestamp(3));
    let after = after_attempt(&stored(health), &version(probe), &answered(500, now), now);
    assert_eq!(delivery_in(&after).held_at, Some(now));
    assert!(after.posts.is_empty());
}

#[test]
fn a_probe_that_succeeds_lets_the_others_go() {
    let now = Timestamp(5000);
    let health = interrupted();
    let after = after_attempt(
        &stored(health),
        &version(delivery()),
        &answered(204, now),
        now,
    );
    assert_eq!(delivery_in(&after).state, State::Delivered);
    assert_eq!(after.posts.len(), rows::PARTS);
    assert!(timer(&after, &rows::drain_timer(&hook_id())).is_some());
}

#[test]
fn a_receiver_that_is_gone_disables_its_hook_at_once() {
    let now = Timestamp(5000);
    let after = after_attempt(
        &stored(Health::default()),
        &version(delivery()),
        &answered(410, now),
        now,
    );
    assert!(told(&after).unwrap().contains("410"));
}

#[test]
fn the_next_attempt_waits_as_long_as_the_receiver_asks() {
    let now = Timestamp(5000);
    let mut limited = answered(429, now);
    limited.meaning = Meaning::Again(Duration::from_mins(10));
    let after = after_attempt(
        &stored(Health::default()),
        &version(delivery()),
        &limited,
        now,
    );
    assert_eq!(
        delivery_in(&after).next_at,
        Some(now.plus(Duration::from_mins(10)))
    );
}

/// Another attempt may have succeeded during this one.
#[test]
fn a_hook_is_disabled_for_its_failures_only_if_they_go_on() {
    let since = Timestamp(1000);
    let now = since.plus(GIVE_UP_AFTER);
    let failing = Health {
        failing_since: Some(since),
        ..Health::default()
    };
    let after = after_attempt(
        &stored(failing),
        &version(delivery()),
        &answered(500, now),
        now,
    );
    assert!(told(&after).is_some());
    let checks = after.writes.iter();
    let mut checks = checks.filter(|write| write.key == rows::health(&hook_id()));
    let check = checks.next().unwrap();
    assert_eq!(check.condition.as_deref(), Some("#failing_since = :since"));
}

/// The notes of drains may be out of date: an interruption during the attempt ends them.
#[test]
fn a_success_after_failures_drains_every_part() {
    let now = Timestamp(5000);
    let failed = Health {
        strikes: 1,
        ..Health::default()
    };
    let under_way = Stored {
        drained_until: [now.plus(LOOK_AGAIN_AFTER); rows::PARTS],
        ..stored(failed)
    };
    let after = after_attempt(&under_way, &version(delivery()), &answered(200, now), now);
    let drains = after
        .posts
        .iter()
        .filter(|post| post.purpose == work::DRAIN);
    assert_eq!(drains.count(), rows::PARTS);
}
