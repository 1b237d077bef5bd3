//! Socket Mode: Slack's requests over a WebSocket have the same effects as over HTTP, once each, whatever happens to
//! the connection. `worlds` has the whole product and the stand-in Slack, this file and `connections` one end and a Slack
//! that says what the test wants.

mod connections;
mod line;
mod logs;
mod parts;
mod worlds;

use std::sync::atomic::Ordering;

use axum::extract::ws::Message;
use serde_json::{Value, json};
use tidegate_ingress::BODY_LIMIT;
use tidegate_pipeline::job::Retry;
use tidegate_testing::product::{TENANT, message, until};

use self::line::{Line, again, command, envelope};
use self::parts::{Gate, JumpClock};

fn event() -> Value {
    message("C0GENERAL01", "hello")
}

#[tokio::test]
async fn an_envelope_is_acknowledged_when_the_queue_has_it_and_not_before() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::shut());
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    let event = event();
    wire.say(&envelope("one", "events_api", &event)).await;
    until("it is being queued", async || {
        (queue.tried.load(Ordering::SeqCst) == 1).then_some(())
    })
    .await;
    // Something else comes back first: there is no acknowledgement on its way.
    wire.there_and_back().await;
    assert!(queue.taken().is_empty());
    queue.open.add_permits(1);
    assert_eq!(wire.ack().await, json!({"envelope_id": "one"}));
    let job = queue.taken().remove(0);
    assert_eq!(serde_json::from_slice::<Value>(&job.body).unwrap(), event);
    assert_eq!(
        (job.kind.as_str(), job.tenant.as_str(), job.retry),
        ("slack.event", TENANT, None)
    );
    drop(wire);
    client.drain().await;
}

#[tokio::test]
async fn what_the_queue_refuses_is_not_acknowledged_and_taken_when_it_comes_again() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    queue.refusals.store(1, Ordering::SeqCst);
    let event = event();
    wire.say(&envelope("one", "events_api", &event)).await;
    until("it was refused", async || {
        (queue.refusals.load(Ordering::SeqCst) == 0).then_some(())
    })
    .await;
    wire.say(&again("two", "events_api", &event)).await;
    assert_eq!(wire.ack().await, json!({"envelope_id": "two"}));
    let jobs = queue.taken();
    assert_eq!(jobs.len(), 1);
    let retry = Retry {
        num: 1,
        reason: "timeout".to_owned(),
    };
    assert_eq!(jobs[0].retry, Some(retry));
    drop(wire);
    client.drain().await;
}

#[tokio::test]
async fn whoever_typed_or_pressed_something_is_told_when_the_queue_refuses() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    queue.refusals.store(usize::MAX, Ordering::SeqCst);
    let command = command("ping", "1.2.a", "");
    wire.say(&envelope("command", "slash_commands", &command))
        .await;
    let told = wire.ack().await;
    assert_eq!(told["payload"]["response_type"], "ephemeral", "{told}");
    let text = told["payload"]["text"].as_str().unwrap();
    assert!(text.contains("nothing has happened"), "{text}");

    let submitted = json!({"type": "view_submission", "team": {"id": TENANT}, "trigger_id": "1.2.b",
        "view": {"state": {"values": {"title": {"text": {"value": "x"}}}}}});
    wire.say(&envelope("modal", "interactive", &submitted))
        .await;
    let told = wire.ack().await;
    assert_eq!(told["payload"]["response_action"], "errors", "{told}");

    // Nothing could be said here, so Slack says that nobody answered.
    let pressed = json!({"type": "block_actions", "team": {"id": TENANT}, "trigger_id": "1.2.c"});
    wire.say(&envelope("button", "interactive", &pressed)).await;
    until("it was refused", async || {
        (queue.tried.load(Ordering::SeqCst) == 3).then_some(())
    })
    .await;
    wire.there_and_back().await;
    drop(wire);
    client.drain().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_modal_is_in_its_acknowledgement() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    let limits = json!({"limits": {"title": {"required": true}}}).to_string();
    let submitted = json!({"type": "view_submission", "team": {"id": TENANT}, "trigger_id": "1.2.a",
        "view": {"private_metadata": limits, "state": {"values": {"title": {"text": {"value": ""}}}}}});
    wire.say(&envelope("one", "interactive", &submitted)).await;
    let told = wire.ack().await;
    assert_eq!(
        told["payload"],
        json!({"response_action": "errors", "errors": {"title": "This field is required."}})
    );
    assert!(queue.taken().is_empty());
    drop(wire);
    client.drain().await;
}

#[tokio::test]
async fn a_command_typed_twice_is_two_and_one_sent_twice_is_one() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    for (id, trigger) in [("one", "1.2.a"), ("two", "1.2.a"), ("three", "1.2.b")] {
        let command = command("ping", trigger, "");
        wire.say(&envelope(id, "slash_commands", &command)).await;
        assert_eq!(wire.ack().await, json!({"envelope_id": id}));
    }
    let ids: Vec<String> = queue.taken().into_iter().map(|job| job.id).collect();
    assert!(ids.iter().all(|id| id.starts_with("rq.")), "{ids:?}");
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    drop(wire);
    client.drain().await;
}

#[tokio::test]
async fn garbage_and_what_is_too_large_are_left_alone() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    for garbage in ["", "garbage", "[]", "{\"type\":\"surprise\"}", "{}", "null"] {
        wire.send(Message::Text(garbage.into())).await;
    }
    wire.send(Message::Binary(vec![0xff; 1000].into())).await;
    let large = json!({"type": "event_callback", "text": "x".repeat(BODY_LIMIT)});
    wire.say(&envelope("large", "events_api", &large)).await;
    wire.say(&envelope("good", "events_api", &event())).await;
    assert_eq!(wire.ack().await, json!({"envelope_id": "good"}));
    wire.there_and_back().await;
    assert_eq!((line.asked(), queue.taken().len()), (1, 1));
    drop(wire);
    client.drain().await;
}

/// Its payload is kept, so that nothing is lost with a kind that Slack adds.
#[tokio::test]
async fn a_kind_that_nobody_knows_is_kept() {
    let (line, clock, queue) = (Line::start().await, JumpClock::new(), Gate::wide_open(None));
    let client = line.client(&clock, &queue);
    let mut wire = line.greet().await;
    wire.say(&json!({"envelope_id": "one", "type": "telepathy", "payload": {"type": "thought"}}))
        .await;
    assert_eq!(wire.ack().await, json!({"envelope_id": "one"}));
    assert_eq!(queue.taken()[0].body, br#"{"type":"thought"}"#);
    drop(wire);
    client.drain().await;
}
