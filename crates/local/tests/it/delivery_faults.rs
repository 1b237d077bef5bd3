//! The delivery protocol under faults of Slack, table and queue, one at a time. All at once is in
//! `delivery_worlds.rs`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::job::Job;
use tidegate_pipeline::outbox::Class::{self, AtLeastOnce, AtMostOnce};
use tidegate_pipeline::outbox::WakeUp;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::table::{Due, RowKey, Write};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;

use crate::faulty_table::{Held, Mishap};
use crate::outbox_world::{OVER, World};

const POST: &str = "chat.postMessage";

/// Words of the transaction that takes a post, and of the one that settles it.
const TAKE: &[&str] = &["transact update", "#lane#", "attempt_at"];
const SETTLE: &[&str] = &["transact delete", "#outbox#"];

fn fault(method: &str, kind: FaultKind) -> Fault {
    Fault::new(method, kind)
}

fn limited(retry_after: Option<Value>) -> Fault {
    Fault {
        retry_after,
        ..fault(POST, FaultKind::RateLimited)
    }
}

fn refused(code: &str) -> Fault {
    Fault {
        error: Some(code.to_owned()),
        ..fault(POST, FaultKind::OkFalse)
    }
}

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
            let close = Write::put(
                RowKey::new(&["limit", POST], &["closed"]),
                tidegate_pipeline::table::Item::new().with("closed_until", closed_until.millis()),
            );
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
async fn a_5xx_is_read_back_then_resent_or_parked_by_class() {
    let kinds = [FaultKind::Http500, FaultKind::Http503];
    for (kind, applies, class) in all(&kinds) {
        let world = World::new(0).await;
        world.slack.add_fault(Fault {
            applies,
            ..fault(POST, kind)
        });
        let began = world.clock.now();
        let id = world.post("T1", "C0000000001", class).await;
        let next = world.post("T1", "C0000000001", AtMostOnce).await;
        world.wake("T1", "C0000000001").await;
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        let (state, at_slack) = match (applies, class) {
            (false, AtMostOnce) => ("parked", 0),
            _ => ("done", 1),
        };
        assert_eq!(
            (fate.state, fate.at_slack),
            (state, at_slack),
            "{kind:?} {applies} {class:?}"
        );
        assert_eq!(world.fate("T1", &next).await.state, "done");
        let read = &world.calls("conversations.history", "C0000000001")[0];
        let quiet = began.plus(OVER).millis();
        assert!(
            i64::try_from(read.at_ms).unwrap() >= quiet,
            "read back too early: {read:?}"
        );
    }
}

fn all(kinds: &[FaultKind]) -> Vec<(FaultKind, bool, Class)> {
    let one = |kind: &FaultKind| {
        [
            (true, AtMostOnce),
            (true, AtLeastOnce),
            (false, AtMostOnce),
            (false, AtLeastOnce),
        ]
        .map(|(applies, class)| (*kind, applies, class))
    };
    kinds.iter().flat_map(one).collect()
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_found_by_reading_back() {
    for in_thread in [false, true] {
        let world = World::new(0).await;
        world.slack.add_fault(fault(POST, FaultKind::ResetAfter));
        let id = match in_thread {
            false => world.post("T1", "C0000000001", AtMostOnce).await,
            true => world.reply("T1", "C0000000001", AtMostOnce).await,
        };
        world.wake("T1", "C0000000001").await;
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        assert_eq!(
            (fate.state, fate.at_slack),
            ("done", 1),
            "in thread: {in_thread}"
        );
        assert_eq!(world.calls(POST, "C0000000001").len(), 1);
    }
}

#[tokio::test]
async fn no_answer_in_time_is_ambiguous_too() {
    for (kind, state, at_slack) in [
        (FaultKind::TimeoutAfter, "done", 1),
        (FaultKind::TimeoutBefore, "parked", 0),
    ] {
        let mut world = World::new(0).await;
        let impatient = http_client::build_with_timeout(Duration::from_millis(100)).unwrap();
        world.client = SlackClient::new(impatient, &format!("{}/api", world.url)).unwrap();
        world.slack.add_fault(fault(POST, kind));
        let id = world.post("T1", "C0000000001", AtMostOnce).await;
        world.wake("T1", "C0000000001").await;
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        assert_eq!((fate.state, fate.at_slack), (state, at_slack), "{kind:?}");
    }
}

#[tokio::test]
async fn ok_false_is_an_error_of_the_right_kind() {
    let parked = [
        "channel_not_found",
        "is_archived",
        "msg_too_long",
        "token_revoked",
        "account_inactive",
        "invalid_auth",
        "missing_scope",
    ];
    for code in parked {
        let world = World::new(0).await;
        world.slack.add_fault(refused(code));
        let id = world.post("T1", "C0000000001", AtLeastOnce).await;
        let next = world.post("T1", "C0000000001", AtLeastOnce).await;
        world.wake("T1", "C0000000001").await;
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        assert_eq!(
            (fate.state, fate.at_slack, fate.attempts),
            ("parked", 0, 1),
            "{code}"
        );
        assert_eq!(fate.reason, format!("refused: {code}"));
        assert_eq!(world.fate("T1", &next).await.state, "done");
    }
    for (code, applies) in [
        ("fatal_error", true),
        ("fatal_error", false),
        ("internal_error", true),
    ] {
        let world = World::new(0).await;
        world.slack.add_fault(Fault {
            applies,
            ..refused(code)
        });
        let id = world.post("T1", "C0000000001", AtMostOnce).await;
        world.wake("T1", "C0000000001").await;
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        let expected = if applies { ("done", 1) } else { ("parked", 0) };
        assert_eq!((fate.state, fate.at_slack), expected, "{code} {applies}");
    }
    let world = World::new(0).await;
    world.slack.add_fault(refused("ratelimited"));
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    assert_eq!(world.fate("T1", &id).await.state, "done");
    let calls = world.calls(POST, "C0000000001");
    assert!(calls[1].at_ms >= calls[0].at_ms + 30_000, "{calls:?}");
}

#[tokio::test]
async fn a_slack_that_cannot_be_reached_is_tried_again_and_never_read_back() {
    let mut world = World::new(0).await;
    let there = world.client.clone();
    world.client = SlackClient::new(http_client::build().unwrap(), &nowhere().await).unwrap();
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    for _ in 0..20 {
        world.work().await;
        world.clock.advance(Duration::from_secs(1));
    }
    let attempts = world.pending("T1", "C0000000001").await[0].attempts;
    assert!(
        (3..=5).contains(&attempts),
        "back-off from a second: {attempts}"
    );
    world.client = there;
    world.settle().await;
    let fate = world.fate("T1", &id).await;
    assert_eq!((fate.state, fate.at_slack), ("done", 1));
    assert!(
        world
            .calls("conversations.history", "C0000000001")
            .is_empty()
    );
}

#[tokio::test]
async fn a_slack_that_stays_away_for_hours_parks_the_post() {
    let mut world = World::new(0).await;
    world.client = SlackClient::new(http_client::build().unwrap(), &nowhere().await).unwrap();
    let id = world.post("T1", "C0000000001", AtLeastOnce).await;
    let sender = world.present();
    for _ in 0..40 {
        world.run(&sender, "T1", "C0000000001").await.unwrap();
        world.clock.advance(Duration::from_secs(900));
    }
    let fate = world.fate("T1", &id).await;
    assert_eq!(
        (fate.state, fate.reason.as_str(), fate.attempts),
        ("parked", "Slack cannot be reached", 30)
    );
}

/// An address where nobody listens.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/api", listener.local_addr().unwrap())
}

#[tokio::test]
async fn an_ambiguous_response_url_is_parked_and_never_repeated() {
    let ambiguous = [
        (fault("response_url", FaultKind::ResetAfter), 1),
        (
            Fault {
                applies: true,
                ..fault("response_url", FaultKind::Http500)
            },
            1,
        ),
        (fault("response_url", FaultKind::Http503), 0),
    ];
    for (fault, shown) in ambiguous {
        let world = World::new(0).await;
        world.slack.add_fault(fault.clone());
        let (id, lane) = world.answer("T1").await;
        world.wake("T1", lane.as_str()).await;
        world.settle().await;
        let posts = world.settled("T1", &id).await;
        assert_eq!(posts[0].state.as_str(), "parked", "{fault:?}");
        assert!(
            posts[0]
                .reason
                .as_ref()
                .unwrap()
                .starts_with("outcome unknown"),
            "{posts:?}"
        );
        assert_eq!(world.slack.ephemerals().len(), shown, "{fault:?}");
    }
}

#[tokio::test]
async fn a_response_url_has_a_limit_and_an_end_of_its_own() {
    let world = World::new(0).await;
    world.slack.add_fault(Fault {
        retry_after: Some(json!(7)),
        ..fault("response_url", FaultKind::RateLimited)
    });
    let (id, lane) = world.answer("T1").await;
    world.post("T1", "C0000000001", AtMostOnce).await;
    let began = world.clock.now().millis();
    world.wake("T1", lane.as_str()).await;
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    assert_eq!(world.settled("T1", &id).await[0].state.as_str(), "done");
    assert_eq!(world.slack.ephemerals().len(), 1);
    assert!(i64::try_from(world.calls(POST, "C0000000001")[0].at_ms).unwrap() < began + 2000);
    // Half an hour after the command, Slack takes no answer any more.
    let (id, lane) = world.answer("T1").await;
    world.clock.advance(Duration::from_secs(1801));
    world.wake("T1", lane.as_str()).await;
    world.settle().await;
    let posts = world.settled("T1", &id).await;
    assert_eq!(
        (posts[0].state.as_str(), posts[0].reason.as_deref()),
        ("parked", Some("refused: http_404"))
    );
}

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
        let held = Arc::new(Held::default());
        world.engine.next(
            1,
            words,
            Mishap::Hold {
                done,
                held: Arc::clone(&held),
            },
        );
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
        world.clock.advance(Duration::from_secs(120));
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

#[tokio::test]
async fn a_sender_that_freezes_between_taking_and_sending_gives_the_post_back() {
    let world = World::new(0).await;
    let clock = world.clock.clone();
    world.engine.next(
        1,
        TAKE,
        Mishap::Then(Arc::new(move || clock.advance(Duration::from_secs(60)))),
    );
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    let fate = world.fate("T1", &id).await;
    assert_eq!(
        (fate.state, fate.at_slack),
        ("done", 1),
        "it certainly was not sent: {fate:?}"
    );
}

#[tokio::test]
async fn a_take_without_an_answer_is_no_attempt() {
    for mishap in [Mishap::AnswerLost, Mishap::RequestLost, Mishap::Busy] {
        let world = World::new(0).await;
        world.engine.next(1, TAKE, mishap);
        let id = world.post("T1", "C0000000001", AtMostOnce).await;
        world.wake("T1", "C0000000001").await;
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        assert_eq!(
            (fate.state, fate.at_slack),
            ("done", 1),
            "it certainly was not sent: {fate:?}"
        );
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
        world.engine.next(2, &["put", "#limit#"], mishap.clone());
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
async fn reading_back_that_is_refused_or_limited_is_respected() {
    for (class, state) in [(AtMostOnce, "parked"), (AtLeastOnce, "done")] {
        let world = World::new(0).await;
        world.slack.add_fault(fault(POST, FaultKind::ResetAfter));
        let history = "conversations.history";
        world.slack.add_fault(Fault {
            retry_after: Some(json!(90)),
            ..fault(history, FaultKind::RateLimited)
        });
        world.slack.add_fault(Fault {
            error: Some("missing_scope".to_owned()),
            ..fault(history, FaultKind::OkFalse)
        });
        let id = world.post("T1", "C0000000001", class).await;
        world.wake("T1", "C0000000001").await;
        world.settle().await;
        let fate = world.fate("T1", &id).await;
        assert_eq!(fate.state, state, "{class:?} {fate:?}");
        // The first post did arrive: whoever insists on one more gets two.
        assert_eq!(fate.at_slack, if class == AtMostOnce { 1 } else { 2 });
        let reads = world.calls(history, "C0000000001");
        assert!(reads[1].at_ms >= reads[0].at_ms + 90_000, "{reads:?}");
    }
}

#[tokio::test]
async fn a_channel_that_cannot_be_read_is_left_alone_for_a_while_however_often_it_is_woken() {
    let world = World::new(0).await;
    world.slack.add_fault(fault(POST, FaultKind::ResetAfter));
    world.slack.add_fault(Fault {
        times: 3,
        ..fault("conversations.history", FaultKind::Http500)
    });
    let id = world.post("T1", "C0000000001", AtMostOnce).await;
    world.wake("T1", "C0000000001").await;
    world.work().await;
    world.clock.advance(OVER);
    for _ in 0..120 {
        world.wake("T1", "C0000000001").await;
        while world.work().await > 0 {}
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(world.fate("T1", &id).await.state, "done");
    let reads = world.calls("conversations.history", "C0000000001");
    assert_eq!(reads.len(), 4, "{reads:?}");
    assert!(
        reads
            .windows(2)
            .all(|pair| pair[1].at_ms >= pair[0].at_ms + 30_000),
        "{reads:?}"
    );
}

#[tokio::test]
async fn a_post_that_must_arrive_is_resent_a_few_times_and_then_parked() {
    let world = World::new(0).await;
    world.slack.add_fault(Fault {
        times: 100,
        ..fault(POST, FaultKind::Http500)
    });
    let id = world.post("T1", "C0000000001", AtLeastOnce).await;
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    let fate = world.fate("T1", &id).await;
    assert_eq!((fate.state, fate.attempts), ("parked", 4));
    assert_eq!(world.calls(POST, "C0000000001").len(), 4);
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
async fn a_wake_up_that_meets_a_busy_sender_is_not_lost() {
    let world = Arc::new(World::new(0).await);
    let held = Arc::new(Held::default());
    // The first sender has seen an empty lane and is about to give it up.
    world.engine.next(
        1,
        &["query", "#outbox#C0000000001"],
        Mishap::Hold {
            done: true,
            held: Arc::clone(&held),
        },
    );
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
    let fast = world.clock.now().plus(Duration::from_secs(600)).millis();
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
    let lane = tidegate_pipeline::outbox::Lane::from_text("C0000000001");
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
    let lane = tidegate_pipeline::outbox::Lane::from_text("C0000000001");
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
    let posts = world.settled("T1", &damaged).await;
    assert_eq!(
        (posts[0].state.as_str(), posts[0].reason.as_deref()),
        ("parked", Some("its row is damaged"))
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
