//! The whole product against the stand-in Slack: stored, answered, and once, over connections that come and go.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_fake_slack::{Disconnect, DisconnectReason, FakeConfig, FakeSlack};
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_local::socket_mode::{Parts, SocketMode};
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::queue::Queue;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::product::{PATIENCE, mention, until};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::line::{A_WHILE, Line, again, command, envelope};
use super::parts::{Gate, JumpClock, World};

const CHANNEL: &str = "C0GENERAL01";
const ALICE: &str = "U0ALICE0001";

/// A stand-in on a port of its own, that does not tire of sending again.
async fn slack() -> (FakeSlack, String) {
    slack_with_patience(PATIENCE).await
}

/// The same, that waits so long for an answer: over a connection that broke, none comes.
async fn slack_with_patience(answer_timeout: Duration) -> (FakeSlack, String) {
    let fake = FakeSlack::new(FakeConfig {
        retry_delays: vec![Duration::from_millis(20); 500],
        answer_timeout,
        ..FakeConfig::default()
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    fake.set_public_url(&url);
    let router = fake.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (fake, format!("{url}/api"))
}

async fn connected(slack: &FakeSlack, wanted: usize) {
    until(&format!("{wanted} connections"), async || {
        (slack.socket_connections() == wanted).then_some(())
    })
    .await;
}

/// Waits until so many connections have been asked for in all, and one stands.
async fn opened(slack: &FakeSlack, wanted: usize) {
    until(&format!("connection {wanted}"), async || {
        let calls = slack.calls().into_iter();
        let asked = calls.filter(|call| call.method == "apps.connections.open");
        (asked.count() >= wanted && slack.socket_connections() == 1).then_some(())
    })
    .await;
}

/// Lets no pause before the next connection last.
fn hurry(slack: &FakeSlack, clock: &JumpClock) -> JoinHandle<()> {
    let (slack, clock) = (slack.clone(), clock.clone());
    tokio::spawn(async move {
        loop {
            if slack.socket_connections() == 0 {
                clock.advance(A_WHILE);
            }
            SystemClock.sleep(Duration::from_millis(10)).await;
        }
    })
}

fn replies(slack: &FakeSlack) -> usize {
    let messages = slack.messages(CHANNEL).into_iter();
    messages.filter(|m| m.bot_id.is_some()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_stored_and_answered_and_a_command_too() {
    let (slack, api) = slack().await;
    let world = World::start(&api).await;
    connected(&slack, 1).await;
    let report = slack
        .post_as_user(ALICE, CHANNEL, "<@U0TIDEGATE1> hello", None)
        .await;
    assert!(report.ok, "{report:?}");
    assert!(report.attempts.iter().all(|a| a.socket), "{report:?}");
    until("the answer", async || (replies(&slack) == 1).then_some(())).await;
    for attempt in &report.attempts {
        let shown = world
            .client
            .settled(attempt.event_id.as_deref().unwrap())
            .await;
        assert_eq!(shown["state"], "done", "{shown}");
    }
    let report = slack.run_command(ALICE, CHANNEL, "/tidegate", "ping").await;
    assert!(report.ok && report.attempts[0].socket, "{report:?}");
    until("the pong", async || {
        let pong = slack
            .ephemerals()
            .into_iter()
            .find(|e| e.text.contains("Pong"));
        pong.map(drop)
    })
    .await;
    world.local.drain().await;
    connected(&slack, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modal_that_breaks_its_limits_stays_open() {
    let (slack, api) = slack().await;
    let world = World::start(&api).await;
    connected(&slack, 1).await;
    let limits = json!({"limits": {"title": {"min": 3}}}).to_string();
    let submitted = json!({"type": "view_submission", "view": {"id": "V1", "private_metadata": limits,
        "state": {"values": {"title": {"text": {"value": "x"}}}}}});
    let report = slack.send_interaction(submitted).await;
    let answer: Value = serde_json::from_str(&report.attempts[0].body).unwrap();
    assert_eq!(answer["response_action"], "errors", "{answer}");
    assert!(answer["errors"]["title"].is_string(), "{answer}");
    world.local.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_has_one_effect() {
    let line = Line::start().await;
    let world = World::start(&format!("{}/api", line.url)).await;
    let mut wire = line.greet().await;
    let (event, typed) = (
        mention(CHANNEL, "are you there?"),
        command("ping", "1.2.a", &format!("{}/response", line.url)),
    );
    for (id, payload, kind) in [("e", &event, "events_api"), ("c", &typed, "slash_commands")] {
        wire.say(&envelope(&format!("{id}1"), kind, payload)).await;
        assert_eq!(wire.ack().await["envelope_id"], format!("{id}1"));
        wire.say(&again(&format!("{id}2"), kind, payload)).await;
        assert_eq!(wire.ack().await["envelope_id"], format!("{id}2"));
    }
    world
        .client
        .settled(event["event_id"].as_str().unwrap())
        .await;
    until("both answers", async || {
        let answered = line.calls("chat.postMessage") > 0 && line.calls("response") > 0;
        answered.then_some(())
    })
    .await;
    world.client.drained().await;
    assert_eq!(
        (line.calls("chat.postMessage"), line.calls("response")),
        (1, 1)
    );
    world.local.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_queue_refused_has_one_effect_in_the_end() {
    // A refused envelope is not acknowledged, which Slack takes for silence.
    let (slack, api) = slack_with_patience(Duration::from_secs(3)).await;
    let world = World::start_with(&api, &[]).await;
    let file = QueueFile::open(
        &world.queues().join("queues.db"),
        Arc::new(world.clock.clone()),
    );
    let events = file.unwrap().queue(QueueSettings {
        name: "events",
        visibility: Duration::from_mins(3),
        max_receives: 5,
        dead_letters: Some("events-dlq"),
    });
    let gate = Gate::wide_open(Some(Arc::new(events)));
    gate.refusals.store(2, Ordering::SeqCst);
    let queue: Arc<dyn Queue> = gate.clone();
    let client = SocketMode::start(Parts {
        slack: SlackClient::new(http_client::build().unwrap(), &api).unwrap(),
        app_token: "xapp-sandbox-app-token".into(),
        intake: tidegate_ingress::Intake {
            events: Arc::clone(&queue),
            commands: queue,
        },
        clock: Arc::new(world.clock.clone()),
    })
    .unwrap();
    connected(&slack, 1).await;
    let report = slack
        .send_event(
            json!({"type": "app_mention", "user": ALICE, "channel": CHANNEL,
            "text": "<@U0TIDEGATE1> hello", "ts": "1763690400.000100"}),
        )
        .await;
    assert_eq!((report.ok, report.attempts.len()), (true, 3), "{report:?}");
    let id = report.attempts[0].event_id.clone().unwrap();
    let shown = world.client.settled(&id).await;
    assert_eq!(shown["state"], "done", "{shown}");
    until("the answer", async || (replies(&slack) > 0).then_some(())).await;
    world.client.drained().await;
    // Its own answer comes back as an event too.
    let times = gate.taken().iter().filter(|job| job.id == id).count();
    assert_eq!((times, replies(&slack)), (1, 1));
    client.drain().await;
    world.local.drain().await;
}

/// Under a stream of events: a warning and then the end; the end at once; and a break.
#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_lost_when_a_connection_ends() {
    let (slack, api) = slack_with_patience(Duration::from_millis(500)).await;
    let world = World::start(&api).await;
    connected(&slack, 1).await;
    let stream = tokio::spawn({
        let slack = slack.clone();
        async move {
            let mut ids = Vec::new();
            for n in 0..120 {
                let text = format!("message {n}");
                let mut report = slack.post_as_user(ALICE, CHANNEL, &text, None).await;
                // While no connection stands, the stand-in has nowhere to send anything.
                while report.error.as_deref() == Some("no_app_url") {
                    tokio::task::yield_now().await;
                    report = slack.post_as_user(ALICE, CHANNEL, &text, None).await;
                }
                assert!(report.ok, "{report:?}");
                ids.push(report.attempts[0].event_id.clone().unwrap());
            }
            ids
        }
    });
    let warning = Disconnect {
        reason: DisconnectReason::Warning,
        ..Disconnect::default()
    };
    assert_eq!(slack.disconnect_sockets(warning), 1);
    connected(&slack, 2).await;
    assert_eq!(slack.disconnect_sockets(Disconnect::default()), 1);
    opened(&slack, 2).await;
    let hurry = hurry(&slack, &world.clock);
    assert_eq!(slack.disconnect_sockets(Disconnect::default()), 1);
    opened(&slack, 3).await;
    let broken = Disconnect {
        abrupt: true,
        all: true,
        ..Disconnect::default()
    };
    assert_eq!(slack.disconnect_sockets(broken), 1);
    opened(&slack, 4).await;
    let ids = stream.await.unwrap();
    hurry.abort();
    world.client.drained().await;
    for id in &ids {
        let shown = world.client.settled(id).await;
        assert_eq!(shown["state"], "done", "{shown}");
    }
    let archived = world.client.archived(None).await;
    let mut kept: Vec<&str> = archived
        .iter()
        .filter_map(|e| e["event_id"].as_str())
        .collect();
    kept.sort_unstable();
    kept.dedup();
    assert!(ids.iter().all(|id| kept.contains(&id.as_str())));
    world.local.drain().await;
}
