//! The delivery protocol when Slack fails: each kind of answer and of silence, one at a time. Limits are in
//! `delivery_limits.rs`, senders that die in `delivery_senders.rs`, all at once in `delivery_worlds.rs`.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::{Json, Router};
use serde_json::json;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::outbox::Class::{self, AtLeastOnce, AtMostOnce};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::held_port::HeldPort;
use tidegate_testing::outbox_world::{OVER, POST, World, fault, refused};
use tokio::net::TcpListener;

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
        let id = if in_thread {
            world.reply("T1", "C0000000001", AtMostOnce).await
        } else {
            world.post("T1", "C0000000001", AtMostOnce).await
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
        let impatient = http_client::build_with_timeout(Duration::from_secs(2)).unwrap();
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
    let nobody = HeldPort::new();
    world.client = client_of(&nobody);
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
    let nobody = HeldPort::new();
    world.client = client_of(&nobody);
    let id = world.post("T1", "C0000000001", AtLeastOnce).await;
    let sender = world.present();
    for _ in 0..40 {
        world.run(&sender, "T1", "C0000000001").await.unwrap();
        world.clock.advance(Duration::from_mins(15));
    }
    let fate = world.fate("T1", &id).await;
    assert_eq!(
        (fate.state, fate.reason.as_str(), fate.attempts),
        ("parked", "Slack cannot be reached", 30)
    );
}

/// A client of a Slack where nobody listens.
fn client_of(nobody: &HeldPort) -> SlackClient {
    let url = format!("http://127.0.0.1:{}/api", nobody.number());
    SlackClient::new(http_client::build().unwrap(), &url).unwrap()
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
    let fate = world.fate("T1", &id).await;
    assert_eq!(
        (fate.state, fate.reason.as_str()),
        ("parked", "refused: http_404")
    );
}

#[tokio::test]
async fn a_post_that_lacks_a_scope_says_which() {
    let mut world = World::new(0).await;
    let answer = json!({"ok": false, "error": "missing_scope", "needed": "chat:write", "provided": "identify"});
    let router = Router::new().fallback(move || async move { Json(answer) });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    world.client = SlackClient::new(http_client::build().unwrap(), &url).unwrap();
    let id = world.post("T1", "C0000000001", AtLeastOnce).await;
    world.wake("T1", "C0000000001").await;
    world.settle().await;
    let fate = world.fate("T1", &id).await;
    assert_eq!((fate.state, fate.attempts), ("parked", 1));
    assert_eq!(
        fate.reason,
        "refused: missing_scope: add `chat:write` to the app and install it again"
    );
    serving.abort();
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
