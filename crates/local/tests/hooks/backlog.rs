//! Ten thousand deliveries to a dead receiver: they cost it one call per pause, and nobody else anything.

use std::collections::BTreeSet;
use std::time::Duration;

use tidegate_pipeline::table::{Item, Range, RowKey, Write};

use crate::counted::Counted;
use crate::receiver::{Got, Receiver, Reply};

const DEAD: &str = "hook_00000000000000d1";
const LIVE: &str = "hook_000000000000001e";

/// One event for the hook that works: from the decision to the receiver.
async fn deliver_one(counted: &Counted, id: &str) {
    for lane in counted.event(id, "C0LIVE").await {
        counted.run(&lane).await;
    }
}

/// How many deliveries of the dead hook are held.
async fn held(counted: &Counted) -> usize {
    let mut held = 0;
    for part in ["0", "1", "2", "3"] {
        held += counted.count(&["hook_held", DEAD, "1", part]).await;
    }
    held
}

#[tokio::test]
async fn ten_thousand_deliveries_to_a_dead_receiver_slow_no_other() {
    let counted = Counted::start().await;
    let (dead, live) = (
        Receiver::start(Reply::status(500)).await,
        Receiver::start(Reply::ok()).await,
    );
    counted.hook(DEAD, &dead.url, "C0DEAD").await;
    counted.hook(LIVE, &live.url, "C0LIVE").await;
    // The workspace's keys are read once.
    deliver_one(&counted, "Ev0").await;
    let alone = counted.calls_of(deliver_one(&counted, "Ev1")).await;
    let idle = counted.calls_of(counted.sweep()).await;

    // A burst that was decided before anything had failed: after five calls, each is held without one.
    let mut lanes = Vec::new();
    for n in 0..100 {
        lanes.extend(counted.event(&format!("EvBurst{n}"), "C0DEAD").await);
    }
    for lane in &lanes {
        counted.run(lane).await;
    }
    assert_eq!((lanes.len(), dead.got().len()), (100, 5));
    // Those that come later leave nothing in the outbox and no timer.
    for n in 100..10_000 {
        let lanes = counted.event(&format!("EvLate{n}"), "C0DEAD").await;
        assert!(lanes.is_empty(), "{lanes:?}");
    }
    assert_eq!(dead.got().len(), 5);
    // The first four wait for their own second attempts still.
    assert_eq!(held(&counted).await, 10_000 - 4);
    assert_eq!(counted.count(&["hook_timers", DEAD]).await, 4 + 1);

    // A delivery to the other receiver, and a sweep without anything due, cost what they cost alone.
    let beside = counted.calls_of(deliver_one(&counted, "Ev2")).await;
    assert_eq!(beside, alone);
    assert_eq!(live.got().len(), 3);
    assert_eq!(counted.calls_of(counted.sweep()).await, idle);

    // In a day the dead receiver gets one call per pause.
    let before = dead.got().len();
    for _ in 0..24 * 6 {
        counted.clock.advance(Duration::from_mins(10));
        let sent = counted.sweep().await;
        assert!(sent <= 5, "{sent} timers at once");
    }
    let calls = dead.got().len() - before;
    assert!((20..=30).contains(&calls), "{calls} calls in a day");
    assert_eq!(held(&counted).await, 10_000);
    let late = counted.calls_of(deliver_one(&counted, "Ev3")).await;
    assert_eq!(late, alone);
}

#[tokio::test]
async fn a_receiver_that_is_back_gets_what_was_held_a_few_at_a_time() {
    let counted = Counted::start().await;
    let receiver = Receiver::start(Reply::status(500)).await;
    counted.hook(DEAD, &receiver.url, "C0DEAD").await;
    for n in 0..200 {
        for lane in counted.event(&format!("Ev{n}"), "C0DEAD").await {
            counted.run(&lane).await;
        }
    }
    assert_eq!(receiver.got().len(), 5);
    receiver.answer(Reply::ok());
    counted.clock.advance(Duration::from_mins(2));
    // The probe, and then everything else through the drains.
    for _ in 0..20 {
        counted.sweep().await;
        counted.clock.advance(Duration::from_mins(1));
    }
    let got = receiver.got();
    let ids: BTreeSet<&str> = got.iter().map(Got::id).collect();
    assert_eq!(
        (ids.len(), got.len()),
        (200, 205),
        "each once after the five that failed"
    );
    assert!(receiver.most_at_once() <= 3, "{}", receiver.most_at_once());
    assert_eq!(held(&counted).await, 0);
    assert_eq!(counted.count(&["hook_timers", DEAD]).await, 0);
}

#[tokio::test]
async fn a_probe_whose_delivery_has_expired_is_followed_by_another() {
    let counted = Counted::start().await;
    let receiver = Receiver::start(Reply::status(500)).await;
    counted.hook(DEAD, &receiver.url, "C0DEAD").await;
    for n in 0..10 {
        for lane in counted.event(&format!("Ev{n}"), "C0DEAD").await {
            counted.run(&lane).await;
        }
    }
    // The table has deleted the deliveries. What points to them is still there.
    let rows = counted.rows();
    let partition = ["hook_deliveries", DEAD];
    let all = rows.pages(&partition, Range::All).all().await.unwrap();
    for (key, _) in all {
        rows.write(Write::delete(key)).await.unwrap();
    }
    receiver.answer(Reply::ok());
    for _ in 0..30 {
        counted.clock.advance(Duration::from_mins(2));
        counted.sweep().await;
    }
    assert_eq!(held(&counted).await, 0);
    // With nothing left to probe with, the interruption has ended.
    let calls = receiver.got().len();
    for lane in counted.event("EvNew", "C0DEAD").await {
        counted.run(&lane).await;
    }
    assert_eq!(receiver.got().len(), calls + 1);
}

#[tokio::test]
async fn one_delivery_that_is_never_taken_holds_up_no_other() {
    let counted = Counted::start().await;
    let receiver = Receiver::start(Reply::status(400)).await;
    counted.hook(DEAD, &receiver.url, "C0DEAD").await;
    for lane in counted.event("EvPoison", "C0DEAD").await {
        counted.run(&lane).await;
    }
    // Its attempts alone, over a day, are one strike.
    for _ in 0..24 * 6 {
        counted.clock.advance(Duration::from_mins(10));
        counted.sweep().await;
    }
    let poisoned = receiver.got().len();
    assert!((5..=8).contains(&poisoned), "{poisoned}");
    receiver.answer(Reply::ok());
    for lane in counted.event("EvGood", "C0DEAD").await {
        counted.run(&lane).await;
    }
    assert_eq!(receiver.got().len(), poisoned + 1);
}

/// A receiver that took four seconds for its first answer.
async fn slow(answer: Reply) -> (Counted, Receiver) {
    let counted = Counted::start().await;
    let receiver = Receiver::start(Reply::Nothing).await;
    counted.hook(DEAD, &receiver.url, "C0DEAD").await;
    let lanes = counted.event("EvSlow", "C0DEAD").await;
    let first = counted.run(&lanes[0]);
    let answered = async {
        receiver.has_got(1).await;
        counted.clock.advance(Duration::from_secs(4));
        receiver.answer(answer);
    };
    tokio::join!(first, answered);
    (counted, receiver)
}

#[tokio::test]
async fn a_receiver_that_answers_slowly_gets_a_few_at_once() {
    let (counted, receiver) = slow(Reply::ok()).await;
    let mut lanes = BTreeSet::new();
    for n in 0..40 {
        lanes.extend(counted.event(&format!("Ev{n}"), "C0DEAD").await);
    }
    assert_eq!(lanes.len(), 2, "{lanes:?}");
    // A part has one drain, however many deliveries wait, so they do not keep the sweep busy.
    for lane in &lanes {
        let partition = ["outbox", lane.as_str()];
        let waiting = counted.rows().pages(&partition, Range::All).all().await;
        assert_eq!(waiting.unwrap().len(), 1);
    }
    futures_util::future::join_all(lanes.iter().map(|lane| counted.run(lane))).await;
    assert_eq!(receiver.got().len(), 41);
    assert!(receiver.most_at_once() <= 2);
    assert_eq!(held(&counted).await, 0);
}

/// The success of a delivery that was drained also ends what earlier failures began: both write down that the part is being drained.
#[tokio::test]
async fn a_drained_success_after_a_failure_is_stored() {
    let (counted, receiver) = slow(Reply::status(500)).await;
    receiver.answer(Reply::ok());
    let mut lanes = BTreeSet::new();
    for n in 0..6 {
        lanes.extend(counted.event(&format!("Ev{n}"), "C0DEAD").await);
    }
    futures_util::future::join_all(lanes.iter().map(|lane| counted.run(lane))).await;
    assert_eq!(receiver.got().len(), 7);
    assert_eq!(held(&counted).await, 0);
    for lane in &lanes {
        let partition = ["outbox", lane.as_str()];
        let waiting = counted.rows().pages(&partition, Range::All).all().await;
        assert_eq!(waiting.unwrap(), Vec::new());
    }
}

/// Somebody who can write to the table has put rows before what is held.
#[tokio::test]
async fn places_that_cannot_be_read_hide_nothing_behind_them() {
    let (counted, receiver) = slow(Reply::ok()).await;
    for part in ["0", "1"] {
        let place = RowKey::new(&["hook_held", DEAD, "1", part], &["0"]);
        let put = Write::put(place, Item::new());
        counted.rows().write(put).await.unwrap();
    }
    let mut lanes = BTreeSet::new();
    for n in 0..6 {
        lanes.extend(counted.event(&format!("Ev{n}"), "C0DEAD").await);
    }
    futures_util::future::join_all(lanes.iter().map(|lane| counted.run(lane))).await;
    assert_eq!(receiver.got().len(), 7);
    assert_eq!(held(&counted).await, 0);
}
