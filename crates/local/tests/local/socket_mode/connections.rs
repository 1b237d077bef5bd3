//! Connections that are renewed, lost, refused or ended.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::Message;
use serde_json::json;
use tidegate_testing::product::until;

use super::event;
use super::line::{A_WHILE, Line, Wire, envelope};
use super::parts::{Gate, JumpClock};

#[tokio::test]
async fn the_next_connection_is_open_before_the_old_one_ends() {
    for reason in ["warning", "refresh_requested"] {
        let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
        let client = line.client(&clock, &queue);
        let mut old = line.greet().await;
        old.say(&json!({"type": "disconnect", "reason": reason}))
            .await;
        // Without a pause, and while the old one still serves.
        let mut new = line.greet().await;
        old.say(&envelope("old", "events_api", &event())).await;
        new.say(&envelope("new", "events_api", &event())).await;
        assert_eq!(old.ack().await["envelope_id"], "old", "{reason}");
        assert_eq!(new.ack().await["envelope_id"], "new", "{reason}");
        // Slack does not end it, so the client does.
        clock.advance(Duration::from_secs(61));
        assert!(old.ends().await, "{reason}");
        drop(new);
        client.drain().await;
    }
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_given_up() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    wire.there_and_back().await;
    // Asked once, which nobody here answers because nobody reads; then given up.
    drop(accepted(&line, &clock, 2, A_WHILE).await);
    assert!(wire.ends().await);
    client.drain().await;
}

#[tokio::test]
async fn a_loss_is_followed_by_another_connection_after_a_pause() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
    let client = line.client(&clock, &queue);
    drop(line.greet().await);
    // Then Slack itself is in trouble.
    let trouble = json!({"ok": false, "error": "internal_error"});
    line.refuse(&[trouble.clone(), trouble]);
    let mut wire = accepted(&line, &clock, 4, A_WHILE).await;
    wire.say(&json!({"type": "hello"})).await;
    wire.say(&envelope("one", "events_api", &event())).await;
    assert_eq!(wire.ack().await["envelope_id"], "one");
    drop(wire);
    client.drain().await;
}

#[tokio::test]
async fn what_only_a_person_can_help_is_tried_again_slowly() {
    for refused in [
        None,
        Some(json!({"ok": false, "error": "invalid_auth"})),
        Some(json!({"ok": false, "error": "missing_scope", "needed": "connections:write"})),
    ] {
        let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
        let disabled = refused.is_none();
        line.refuse(refused.as_slice());
        let client = line.client(&clock, &queue);
        if disabled {
            let mut wire = line.greet().await;
            wire.say(&json!({"type": "disconnect", "reason": "link_disabled"}))
                .await;
            assert!(wire.ends().await);
        } else {
            until("it was refused", async || (line.asked() == 1).then_some(())).await;
        }
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_mins(4));
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(line.asked(), 1);
        drop(accepted(&line, &clock, 2, Duration::from_mins(1)).await);
        client.drain().await;
    }
}

#[tokio::test]
async fn whoever_drains_is_told_what_has_arrived_and_reads_no_further() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::shut());
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    wire.say(&envelope("one", "events_api", &event())).await;
    until("it is being queued", async || {
        (queue.tried.load(Ordering::SeqCst) == 1).then_some(())
    })
    .await;
    let mut drained = tokio::spawn(client.drain());
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    wire.say(&envelope("two", "events_api", &event())).await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!drained.is_finished());
    queue.open.add_permits(2);
    assert_eq!(wire.ack().await["envelope_id"], "one");
    assert!(matches!(wire.frame().await, Some(Message::Close(_))));
    assert!(wire.ends().await);
    (&mut drained).await.unwrap();
    assert_eq!((queue.taken().len(), line.asked()), (1, 1));
}

/// The connection that the `nth` question for one leads to, with the clock jumping ahead until that is asked. Not a
/// jump later, for to the connection that would be a long silence.
async fn accepted(line: &Line, clock: &JumpClock, nth: usize, by: Duration) -> Wire {
    until("another connection is asked for", async || {
        if line.asked() >= nth {
            return Some(());
        }
        clock.advance(by);
        None
    })
    .await;
    line.accept().await
}
