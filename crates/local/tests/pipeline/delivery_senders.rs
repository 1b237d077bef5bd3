//! The delivery protocol when senders die, freeze and meet each other, and when the table fails them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::outbox::Class::{AtLeastOnce, AtMostOnce};
use tidegate_pipeline::table::Write;
use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::outbox_world::{POST, World, limited, refused};

/// Words of the transaction that takes a post, and of the one that settles it.
const TAKE: &[&str] = &["transact update", "#lane#", "attempt_at"];
const SETTLE: &[&str] = &["transact delete", "#outbox#"];

#[tokio::test]
async fn a_sender_that_dies_after_taking_never_posts_twice() {
    // What died: when, whether Slack has it, and what becomes of it by class.
    let deaths = [(TAKE, true, 0), (SETTLE, false, 1)];
    for (words, done, sent) in deaths {
        for class in [AtMostOnce, AtLeastOnce] {
            let world = World::new(0).await;
            let frozen = Arc::clone(&world.frozen);
            world.engine.next(1, words, Mishap::Freeze { done, frozen });
            let id = world.post("T1", "C0000000001", class).await;
            world.wake("T1", "C0000000001").await;
            world.settle().await;
            assert!(world.engine.all_happened());
            let fate = world.fate("T1", &id).await;
            let expected = if sent == 0 && class == AtMostOnce {
                ("parked", 0)
            } else {
                ("done", 1)
            };
            assert_eq!((fate.state, fate.at_slack), expected, "{words:?} {class:?}");
        }
    }
}

#[tokio::test]
async fn a_lease_of_an_earlier_boot_is_void_for_an_exclusive_sender_only() {
    for exclusive in [true, false] {
        let world = World::new(0).await;
        let frozen = Arc::clone(&world.frozen);
        // The first sender dies with the lease in its hand and nothing taken.
        world.engine.next(
            1,
            &["query", "#outbox#C0000000001"],
            Mishap::Freeze { done: true, frozen },
        );
        world.post("T1", "C0000000001", AtMostOnce).await;
        let first = world.sender("first", exclusive);
        tokio::select! {
            _ = world.run(&first, "T1", "C0000000001") => panic!("it froze"),
            () = world.frozen.notified() => {}
        }
        let second = world.sender("second", exclusive);
        world.run(&second, "T1", "C0000000001").await.unwrap();
        assert_eq!(world.texts("C0000000001").len(), usize::from(exclusive));
        world.clock.advance(Duration::from_secs(28));
        world.run(&second, "T1", "C0000000001").await.unwrap();
        assert_eq!(
            world.texts("C0000000001").len(),
            1,
            "a lease ends by itself"
        );
    }
}

#[tokio::test]
async fn a_zombie_neither_takes_nor_settles_nor_sends() {
    // Held after it got the lease, after it took the post, and before it settles.
    let cases: [(&[&str], bool); 3] = [
        (&["write update", "#lane#C0000000001"], true),
        (TAKE, true),
        (SETTLE, false),
    ];
    for (words, done) in cases {
        let world = Arc::new(World::new(0).await);
        let held = world.engine.hold_next(words, done);
        let id = world.post("T1", "C0000000001", AtMostOnce).await;
        let zombie = tokio::spawn({
            let world = Arc::clone(&world);
            async move {
                world
                    .run(&world.sender("zombie", false), "T1", "C0000000001")
                    .await
            }
        });
        held.reached.notified().await;
        world.clock.advance(Duration::from_mins(2));
        let heir = world.sender("heir", false);
        world.run(&heir, "T1", "C0000000001").await.unwrap();
        let before = world.calls(POST, "C0000000001").len();
        held.go_on.notify_one();
        zombie.await.unwrap().unwrap();
        assert_eq!(
            world.calls(POST, "C0000000001").len(),
            before,
            "{words:?}: the zombie sent"
        );
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        let expected = if words == TAKE {
            ("parked", 0)
        } else {
            ("done", 1)
        };
        assert_eq!((fate.state, fate.at_slack), expected, "{words:?}");
    }
}

/// Has a sender meet a mishap when it takes a post that it certainly has not sent, and checks that the post is sent.
async fn posted_after(world: &World, mishap: Mishap) {
    world.engine.next(1, TAKE, mishap);
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    assert!(world.engine.all_happened(), "the post was not taken so");
    let fate = world.fate("T1", &id).await;
    assert_eq!((fate.state, fate.at_slack), ("done", 1), "{fate:?}");
}

#[tokio::test]
async fn a_sender_that_freezes_between_taking_and_sending_gives_the_post_back() {
    let world = World::new(0).await;
    let clock = world.clock.clone();
    let freeze = Mishap::Then(Arc::new(move || clock.advance(Duration::from_mins(1))));
    posted_after(&world, freeze).await;
}

#[tokio::test]
async fn a_take_without_an_answer_is_no_attempt() {
    for mishap in [Mishap::AnswerLost, Mishap::RequestLost, Mishap::Busy] {
        posted_after(&World::new(0).await, mishap).await;
    }
}

#[tokio::test]
async fn what_slack_said_is_written_down_even_if_the_table_stumbles() {
    for mishap in [Mishap::Busy, Mishap::AnswerLost, Mishap::RequestLost] {
        let world = World::new(0).await;
        world.engine.next(2, SETTLE, mishap.clone());
        let (id, lane) = world.answer("T1").await;
        world.wake("T1", lane.as_str()).await;
        world.settle().await;
        assert_eq!(world.settled("T1", &id).await[0].state.as_str(), "done");
        // A limit counts for every lane, so it must be known before anyone else sends.
        let world = World::new(0).await;
        world.slack.add_fault(limited(Some(json!(40))));
        world
            .engine
            .next(2, &["update", "#limit#", "closed_until"], mishap.clone());
        world
            .engine
            .next(1, &["update", "#outbox#", "resends"], mishap);
        let id = world.post("T1", "C0000000001", AtMostOnce).await;
        world.post("T1", "C0000000002", AtMostOnce).await;
        world.wake("T1", "C0000000001").await;
        world.work().await;
        world.wake("T1", "C0000000002").await;
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        assert_eq!((fate.state, fate.at_slack), ("done", 1), "{fate:?}");
        let limited_at = world.calls(POST, "C0000000001")[0].at_ms;
        assert!(world.calls(POST, "C0000000002")[0].at_ms >= limited_at + 40_000);
    }
}

#[tokio::test]
async fn a_table_that_stays_silent_at_the_settling_is_made_good_by_reading_back() {
    let world = World::new(0).await;
    world.engine.next(20, SETTLE, Mishap::RequestLost);
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    let fate = world.fate("T1", &id).await;
    assert_eq!((fate.state, fate.at_slack), ("done", 1));
    assert_eq!(world.calls(POST, "C0000000001").len(), 1);
}

#[tokio::test]
async fn a_wake_up_that_meets_a_busy_sender_is_not_lost() {
    let world = Arc::new(World::new(0).await);
    // The first sender has seen an empty lane and is about to give it up.
    let held = world
        .engine
        .hold_next(&["query", "#outbox#C0000000001"], true);
    let first = tokio::spawn({
        let world = Arc::clone(&world);
        async move {
            world
                .run(&world.sender("first", false), "T1", "C0000000001")
                .await
        }
    });
    held.reached.notified().await;
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    let second = world.sender("second", false);
    world.run(&second, "T1", "C0000000001").await.unwrap();
    assert!(
        world.texts("C0000000001").is_empty(),
        "the second must leave it to the first"
    );
    held.go_on.notify_one();
    first.await.unwrap().unwrap();
    assert_eq!(world.fate("T1", &id).await.state, "done");
    let lane = world.lane("T1", "C0000000001").await;
    assert_eq!(lane.number("lease_until"), None, "the lease is given up");
}

#[tokio::test]
async fn many_senders_on_one_lane_keep_its_order_and_post_once() {
    let world = Arc::new(World::new(0).await);
    for _ in 0..12 {
        world.post("T1", "C0000000001", AtMostOnce).await;
    }
    let senders: Vec<_> = (0..8)
        .map(|n| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                world
                    .run(&world.sender(&format!("s{n}"), false), "T1", "C0000000001")
                    .await
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap().unwrap();
    }
    world.settle().await;
    let expected: Vec<String> = (1..=12).map(|n| format!("{n:04}")).collect();
    assert_eq!(world.texts("C0000000001"), expected);
}

#[tokio::test]
async fn a_damaged_row_is_parked_and_its_lane_goes_on() {
    let world = World::new(0).await;
    let damaged = world.post("T1", "C0000000001", AtMostOnce).await;
    let next = world.post("T1", "C0000000001", AtMostOnce).await;
    let key = world.pending("T1", "C0000000001").await[0].key.clone();
    let rows = world.engine.truth().tenant(&"T1".into());
    let damage = Write::update(key, "SET #body = :cut").value(":cut", "{\"channel\":");
    rows.write(damage).await.unwrap();
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    assert_eq!(world.fate("T1", &next).await.state, "done");
    let fate = world.fate("T1", &damaged).await;
    assert_eq!(
        (fate.state, fate.reason.as_str()),
        ("parked", "its row is damaged")
    );
}

#[tokio::test]
async fn a_parked_post_that_is_queued_again_twice_is_posted_once() {
    let world = World::new(0).await;
    world.slack.add_fault(refused("is_archived"));
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    let rows = world.engine.truth().tenant(&"T1".into());
    let parked = world.settled("T1", &id).await.remove(0);
    let row = rows.get(&parked.key).await.unwrap().unwrap();
    let now = world.clock.now();
    let (first, second) = tokio::join!(
        rows.transact(parked.requeue(&row, now).into()),
        rows.transact(
            parked
                .requeue(&row, now.plus(Duration::from_secs(1)))
                .into()
        ),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    world.settle().await;
    let fate = world.fate("T1", &id).await;
    assert_eq!((fate.state, fate.at_slack), ("done", 1));
}

#[tokio::test]
async fn a_lease_that_is_not_given_back_costs_a_minute_and_no_post() {
    for words in [
        &["write update", "#lane#C0000000001", "wanted", "lease_until"][..],
        &["write update", "#lane#C0000000001", "boot"],
    ] {
        for mishap in [Mishap::Busy, Mishap::AnswerLost, Mishap::RequestLost] {
            let world = World::new(0).await;
            world.engine.next(1, words, mishap);
            let first = world.post("T1", "C0000000001", AtMostOnce).await;
            world.wake("T1", "C0000000001").await;
            world.work().await;
            let second = world.post("T1", "C0000000001", AtMostOnce).await;
            world.wake("T1", "C0000000001").await;
            let began = world.clock.now();
            world.settle().await;
            for id in [&first, &second] {
                let fate = world.fate("T1", id).await;
                assert_eq!((fate.state, fate.at_slack), ("done", 1));
                let settled_at = world.settled("T1", id).await[0].settled_at;
                assert!(
                    settled_at <= began.plus(Duration::from_secs(121)),
                    "{words:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_sender_whose_lease_is_void_takes_nothing() {
    let world = Arc::new(World::new(0).await);
    let before_taking = world.engine.hold_next(TAKE, false);
    world.slack.add_fault(limited(Some(json!(600))));
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    let first = tokio::spawn({
        let world = Arc::clone(&world);
        async move {
            let first = world.sender("first", true);
            world.run(&first, "T1", "C0000000001").await
        }
    });
    before_taking.reached.notified().await;
    // The next boot takes the lane over, meets the limit and gives the post back: it is ready again.
    let second = world.sender("second", true);
    world.run(&second, "T1", "C0000000001").await.unwrap();
    before_taking.go_on.notify_one();
    first.await.unwrap().unwrap();
    assert_eq!(world.calls(POST, "C0000000001").len(), 1);
    world.settle().await;
    let fate = world.fate("T1", &id).await;
    assert_eq!((fate.state, fate.at_slack), ("done", 1));
}

#[tokio::test]
async fn a_zombie_does_not_overwrite_what_its_heir_settled() {
    let world = Arc::new(World::new(0).await);
    let before_settling = world.engine.hold_next(SETTLE, false);
    world.slack.add_fault(refused("is_archived"));
    let id = world.post("T1", "C0000000001", AtLeastOnce).await;
    let zombie = tokio::spawn({
        let world = Arc::clone(&world);
        async move {
            let zombie = world.sender("zombie", false);
            world.run(&zombie, "T1", "C0000000001").await
        }
    });
    before_settling.reached.notified().await;
    world.clock.advance(Duration::from_mins(2));
    // The heir does not find it and, by its class, sends it again. By then the channel is open.
    let heir = world.sender("heir", false);
    world.run(&heir, "T1", "C0000000001").await.unwrap();
    before_settling.go_on.notify_one();
    zombie.await.unwrap().unwrap();
    let fate = world.fate("T1", &id).await;
    assert_eq!((fate.state, fate.at_slack), ("done", 1), "{fate:?}");
}
