//! The delivery protocol's time: limits that Slack sets, the pace of a lane, chains of wake-ups, and the sweep.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::budget::Budget;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::job::Job;
use tidegate_pipeline::outbox::Class::AtMostOnce;
use tidegate_pipeline::outbox::{Lane, WakeUp};
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::table::{Due, RowKey, Write};
use tidegate_testing::outbox_world::{POST, World, limited};

#[tokio::test]
async fn a_rate_limit_is_obeyed_to_the_second_by_every_lane_of_the_tenant() {
    let cases = [
        (Some(json!(1)), 1),
        (Some(json!(30)), 30),
        (Some(json!(600)), 600),
        (None, 30),
        (Some(json!("soon")), 30),
        (Some(json!("-5")), 30),
    ];
    for (retry_after, seconds) in cases {
        let world = World::new(0).await;
        world.slack.add_fault(Fault {
            channel: Some("C0000000001".to_owned()),
            ..limited(retry_after)
        });
        for (tenant, channel) in [
            ("T1", "C0000000001"),
            ("T1", "C0000000002"),
            ("T2", "C0000000003"),
        ] {
            world.post(tenant, channel, AtMostOnce).await;
        }
        world.wake("T1", "C0000000001").await;
        world.work().await;
        world.wake("T1", "C0000000002").await;
        world.wake("T2", "C0000000003").await;
        world.settle().await;
        let at = |channel: &str| -> Vec<u64> {
            world
                .calls(POST, channel)
                .iter()
                .map(|call| call.at_ms)
                .collect()
        };
        let (first, second, other) = (at("C0000000001"), at("C0000000002"), at("C0000000003"));
        let deadline = first[0] + seconds * 1000;
        assert_eq!((first.len(), second.len()), (2, 1), "{seconds}");
        assert!(
            (deadline..=deadline + 2000).contains(&first[1]),
            "{seconds}: {first:?}"
        );
        assert!(
            (deadline..=deadline + 2000).contains(&second[0]),
            "{seconds}: {second:?}"
        );
        assert!(
            other[0] < first[0] + 1000,
            "another tenant waits: {other:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_comes_while_a_lane_waits_for_its_pace_holds_for_it() {
    let world = Arc::new(World::new(0).await);
    world.post("T1", "C0000000001", AtMostOnce).await;
    world.post("T1", "C0000000001", AtMostOnce).await;
    let closed_until = world.clock.now().plus(Duration::from_secs(100));
    let runtime = tokio::runtime::Handle::current();
    world.clock.on_sleep({
        let world = Arc::clone(&world);
        move || {
            let close = Budget::method(POST).close(closed_until);
            let done = runtime.spawn(async move {
                world
                    .engine
                    .truth()
                    .tenant(&"T1".into())
                    .write(close)
                    .await
                    .unwrap();
            });
            while !done.is_finished() {
                std::thread::yield_now();
            }
        }
    });
    let sender = world.present();
    world.run(&sender, "T1", "C0000000001").await.unwrap();
    assert_eq!(
        world.calls(POST, "C0000000001").len(),
        1,
        "the second post must wait for the limit"
    );
    world.settle().await;
    let calls = world.calls(POST, "C0000000001");
    assert!(
        i64::try_from(calls[1].at_ms).unwrap() >= closed_until.millis(),
        "{calls:?}"
    );
}

#[tokio::test]
async fn senders_that_look_for_their_posts_share_what_slack_grants_for_reading() {
    let world = World::new(0).await;
    world.slack.add_fault(Fault {
        times: 56,
        ..Fault::new(POST, FaultKind::ResetAfter)
    });
    let channels: Vec<String> = (0..56).map(|n| format!("C{n:010}")).collect();
    let mut ids = Vec::new();
    for channel in &channels {
        ids.push(world.post("T1", channel, AtMostOnce).await);
        world.wake("T1", channel).await;
    }
    world.settle().await;
    let mut reads = Vec::new();
    for (channel, id) in channels.iter().zip(&ids) {
        assert_eq!(world.fate("T1", id).await.state, "done", "{channel}");
        let calls = world.calls("conversations.history", channel);
        reads.extend(calls.iter().map(|call| call.at_ms));
    }
    reads.sort_unstable();
    assert!(reads.len() >= 56);
    for (n, from) in reads.iter().enumerate() {
        let minute = reads[n..].iter().take_while(|at| **at < from + 60_000);
        assert!(minute.count() <= 50, "more than a minute holds: {reads:?}");
    }
}

#[tokio::test]
async fn a_lane_posts_at_most_once_a_second_and_in_order() {
    let world = World::new(0).await;
    for _ in 0..30 {
        world.post("T1", "C0000000001", AtMostOnce).await;
    }
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    let expected: Vec<String> = (1..=30).map(|n| format!("{n:04}")).collect();
    assert_eq!(world.texts("C0000000001"), expected);
    let calls = world.calls(POST, "C0000000001");
    assert!(
        calls
            .windows(2)
            .all(|pair| pair[1].at_ms >= pair[0].at_ms + 1000),
        "{calls:?}"
    );
    let took = calls[29].at_ms - calls[0].at_ms;
    assert!(
        took <= 40_000,
        "thirty posts need little more than thirty seconds: {took}"
    );
}

#[tokio::test]
async fn a_sender_with_a_fast_clock_does_not_stop_the_lane() {
    let world = World::new(0).await;
    world.post("T1", "C0000000001", AtMostOnce).await;
    world.post("T1", "C0000000001", AtMostOnce).await;
    let sender = world.present();
    let fast = world.clock.now().plus(Duration::from_mins(10)).millis();
    let lane = Write::update(
        RowKey::new(&["lane", "C0000000001"], &["lease"]),
        "SET #last_post_at = :fast",
    );
    let rows = world.engine.truth().tenant(&"T1".into());
    rows.write(lane.value(":fast", fast)).await.unwrap();
    world.run(&sender, "T1", "C0000000001").await.unwrap();
    assert_eq!(
        world.texts("C0000000001").len(),
        2,
        "ten minutes of skew must not cost ten minutes"
    );
}

#[tokio::test]
async fn a_chain_of_wake_ups_ends_after_ten_hops_and_waits_at_most_what_sqs_grants() {
    let world = World::new(0).await;
    world.slack.add_fault(limited(Some(json!(7200))));
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    let (mut seen, began) = (Vec::new(), world.clock.now());
    for _ in 0..15 * 900 {
        if world.work().await == 0 {
            world.clock.advance(Duration::from_secs(1));
        } else {
            seen.push(world.clock.now().since(began).as_secs());
        }
    }
    assert_eq!(seen, [0, 900, 1800, 2700, 3600, 4500, 5400, 6300, 7200]);
    assert_eq!(world.fate("T1", &id).await.state, "done");
    // The eleventh sender leaves the rest to the sweep.
    world.slack.add_fault(limited(Some(json!(50))));
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    let sender = world.present();
    let until = world.clock.now().plus(Duration::from_secs(20));
    let lane = Lane::from_text("C0000000001");
    sender.run(&"T1".into(), &lane, 10, until).await.unwrap();
    assert_eq!(world.queue.depth().await.unwrap(), 0, "no eleventh hop");
    world.settle().await;
    assert_eq!(world.fate("T1", &id).await.state, "done");
}

#[tokio::test]
async fn a_closed_lane_gathers_no_wake_ups_however_often_it_is_swept() {
    let world = World::new(0).await;
    world.slack.add_fault(limited(Some(json!(600))));
    world.post("T1", "C0000000001", AtMostOnce).await;
    world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    // Local mode sweeps every second.
    for _ in 0..550 {
        world.sweep().await;
        while world.work().await > 0 {}
        world.clock.advance(Duration::from_secs(1));
    }
    let depth = world.queue.depth().await.unwrap();
    assert!(depth <= 3, "{depth} wake-ups wait for one lane");
    world.settle().await;
    assert_eq!(world.texts("C0000000001").len(), 2);
}

#[tokio::test]
async fn the_hops_of_a_wake_up_count_up() {
    let world = World::new(0).await;
    world.slack.add_fault(limited(Some(json!(30))));
    world.post("T1", "C0000000001", AtMostOnce).await;
    let sender = world.present();
    let until = world.clock.now().plus(Duration::from_secs(20));
    let lane = Lane::from_text("C0000000001");
    sender.run(&"T1".into(), &lane, 9, until).await.unwrap();
    assert!(
        world
            .queue
            .receive(10, Duration::ZERO)
            .await
            .unwrap()
            .is_empty(),
        "not before the limit ends"
    );
    world.clock.advance(Duration::from_secs(30));
    let message = world
        .queue
        .receive(10, Duration::ZERO)
        .await
        .unwrap()
        .remove(0);
    let job = Job::decode(&message.body).unwrap();
    let wake_up: WakeUp = serde_json::from_slice(&job.body).unwrap();
    assert_eq!(wake_up.hops, 10);
}

#[tokio::test]
async fn a_lost_wake_up_is_found_by_the_sweep_within_two_minutes() {
    let world = World::new(0).await;
    let began = world.clock.now();
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.settle().await;
    assert_eq!(world.fate("T1", &id).await.state, "done");
    let settled_at = world.settled("T1", &id).await[0].settled_at;
    assert!(
        settled_at <= began.plus(Duration::from_secs(121)),
        "{}",
        settled_at.since(began).as_secs()
    );
}

#[tokio::test]
async fn a_long_lane_hides_no_other_from_the_sweep() {
    let world = World::new(0).await;
    let long = "C0000000001";
    for _ in 0..300 {
        world.post("T1", long, AtMostOnce).await;
    }
    let shard = Due::Outbox.partition(long);
    let other = (0..100)
        .map(|n| format!("C0OTHER{n:04}"))
        .find(|channel| Due::Outbox.partition(channel) == shard)
        .unwrap();
    world.post("T2", &other, AtMostOnce).await;
    world.clock.advance(Duration::from_secs(61));
    world.sweep().await;
    assert_eq!(
        world.queue.depth().await.unwrap(),
        2,
        "both lanes are woken"
    );
}
