//! Slack refuses everything for ten minutes: incidents are recorded all the same, and what they want done in Slack happens
//! when it is back, once each and in order.

use std::time::Duration;

use serde_json::Value;
use tidegate_app::incidents::model::rows::{self, Loaded, Place};
use tidegate_app::incidents::model::severity::Severity;
use tidegate_app::incidents::model::status::Status;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_slack::ids::ChannelId;

use super::declare_world::{DeclareWorld, Seen, TENANT};

const OUTAGE: Duration = Duration::from_mins(10);

/// How soon after its end everything is done.
const SOON: Duration = Duration::from_mins(3);

/// The ways in which Slack refuses while it is down.
const KINDS: [FaultKind; 4] = [
    FaultKind::Http503,
    FaultKind::OkFalse,
    FaultKind::RateLimited,
    FaultKind::ResetBefore,
];

/// The only writes that a declaration makes about its channel, in their order.
const WRITES: [&str; 6] = [
    "conversations.create",
    "chat.postMessage",
    "conversations.invite",
    "pins.add",
    "conversations.setTopic",
    "bookmarks.add",
];

#[tokio::test]
async fn an_incident_declared_while_slack_is_down_is_recorded_and_told_when_it_is_back() {
    for kind in KINDS {
        let world = DeclareWorld::new().await;
        let end = down(&world, kind);
        world.declare().await;
        world.passes_time(Duration::from_secs(570)).await;
        let recorded = loaded(&world).await;
        assert_eq!(recorded.incident.status, Status::Declared, "{kind:?}");
        assert_eq!(recorded.place, Place::Pending, "{kind:?}");
        let entries = rows::entries(&world.rows(), &recorded.incident.id).await;
        assert_eq!(entries.unwrap().len(), 1, "{kind:?}");
        let seen = world.seen().await;
        assert_eq!((seen.channels, seen.headers), (0, 0), "{kind:?}");
        assert!(seen.given_up.is_empty(), "{kind:?}: {seen:?}");
        world.settle().await;
        assert_eq!(world.seen().await, Seen::whole(), "{kind:?}");
        let (done, last) = done(&world).await;
        assert_eq!(done, WRITES, "{kind:?}");
        assert!(last.since(end) < SOON, "{kind:?}: {:?}", last.since(end));
    }
}

#[tokio::test]
async fn what_is_said_while_slack_is_down_stands_in_the_channel_once_and_in_order() {
    for kind in KINDS {
        let world = DeclareWorld::new().await;
        world.declare().await;
        world.settle().await;
        let Place::Made { channel, .. } = loaded(&world).await.place else {
            panic!("no channel");
        };
        let channel = channel.as_str();
        down(&world, kind);
        let said = [
            ("status", "status investigating Looking at the first cause"),
            ("worse", "severity P2 Only one region"),
            ("again", "status identified Found the second cause"),
        ];
        for (id, text) in said {
            world.types(id, channel, text).await;
            world.passes_time(Duration::from_mins(2)).await;
        }
        let recorded = loaded(&world).await.incident;
        assert_eq!(recorded.status, Status::Identified, "{kind:?}");
        assert_eq!(recorded.severity, Severity::P2, "{kind:?}");
        let messages = world.world.slack.messages(channel);
        assert_eq!(messages.len(), 1, "{kind:?}: {messages:?}");
        world.settle().await;
        let messages = world.world.slack.messages(channel);
        let texts: Vec<&str> = messages.iter().map(|m| m.text.as_str()).collect();
        assert_eq!(texts.len(), 4, "{kind:?}: {texts:?}");
        let words = ["first cause", "Only one region", "second cause"];
        for (text, words) in texts[1..].iter().zip(words) {
            assert!(text.contains(words), "{kind:?}: {texts:?}");
        }
        assert!(messages[0].edited_ts.is_some(), "{kind:?}: the header");
        for id in ["status", "worse", "again"] {
            for post in world.world.settled(TENANT, id).await {
                assert!(
                    post.state.as_str() == "done" || post.purpose == "incident_answer",
                    "{kind:?}: {post:?}"
                );
            }
        }
    }
}

/// Slack refuses everything from now on. Answers when it is back.
fn down(world: &DeclareWorld, kind: FaultKind) -> Timestamp {
    let mut fault = Fault::of_everything(kind, OUTAGE);
    fault.retry_after = Some(Value::from(30));
    world.world.slack.add_fault(fault);
    world.world.clock.now().plus(OUTAGE)
}

async fn loaded(world: &DeclareWorld) -> Loaded {
    let loaded = rows::load_pointed(&world.rows(), &rows::by_number(1)).await;
    loaded.unwrap().expect("it is recorded")
}

/// What was done about the incident's channel, in order, and when the last of it was.
async fn done(world: &DeclareWorld) -> (Vec<String>, Timestamp) {
    let place = loaded(world).await.place;
    let made = |channel: Option<&str>| {
        channel.is_some() && channel == place.channel().map(ChannelId::as_str)
    };
    let calls = world.world.slack.calls().into_iter().filter(|call| {
        let about = call.method == "conversations.create" || made(call.channel.as_deref());
        about && call.outcome == "ok" && WRITES.contains(&call.method.as_str())
    });
    let (done, times): (Vec<_>, Vec<_>) = calls.map(|call| (call.method, call.at_ms)).unzip();
    let last = times.last().copied().unwrap_or_default();
    (done, Timestamp(i64::try_from(last).unwrap()))
}
