//! The typed Web API calls against the stand-in Slack: two pieces that were written apart agree on the wire.

use serde_json::json;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_slack::api::pages::Pages;
use tidegate_slack::api::{auth, chat, conversations, reactions, team, users};
use tidegate_slack::outcome::{Outcome, Refusal};

use crate::outbox_world::{TOKEN, World};

fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_said_can_be_read_changed_and_reacted_to() {
    let world = World::new(0).await;
    let (slack, token) = (&world.client, &TOKEN.into());
    let me = done(slack.perform(token, &auth::Test {}).await);
    assert!(me.team_id.is_some() && me.user_id.is_some() && me.bot_id.is_some());
    let team = done(slack.perform(token, &team::Info::default()).await);
    assert_eq!(Some(team.team.id), me.team_id);

    let create = conversations::Create {
        name: "typed".to_owned(),
        ..Default::default()
    };
    let channel = done(slack.perform(token, &create).await).channel;
    assert_eq!(channel.name, "typed");
    let post = chat::PostMessage {
        channel: channel.id.clone(),
        text: "hello".to_owned(),
        metadata: Some(json!({"event_type": "sample", "event_payload": {"id": 1}})),
        ..Default::default()
    };
    let ts = done(slack.perform(token, &post).await).ts.unwrap();
    let update = chat::Update {
        channel: channel.id.clone(),
        ts: ts.clone(),
        text: Some("changed".to_owned()),
        ..Default::default()
    };
    assert_eq!(
        done(slack.perform(token, &update).await).ts,
        Some(ts.clone())
    );
    let react = reactions::Add {
        channel: channel.id.clone(),
        timestamp: ts.clone(),
        name: "eyes".to_owned(),
    };
    done(slack.perform(token, &react).await);

    let history = conversations::History {
        channel: channel.id.clone(),
        include_all_metadata: Some(true),
        limit: Some(10),
        ..Default::default()
    };
    let page = done(slack.perform(token, &history).await);
    let message = page.messages.iter().find(|m| m.ts == ts).unwrap();
    assert_eq!(message.text, "changed");
    assert_eq!(message.reactions[0].name, "eyes");
}

#[tokio::test]
async fn people_are_listed_page_by_page() {
    let world = World::new(0).await;
    let (slack, token) = (&world.client, &TOKEN.into());
    let list = users::ListUsers {
        limit: Some(1),
        ..Default::default()
    };
    let mut pages = Pages::new(list, 50);
    let mut found = Vec::new();
    while let Some(outcome) = pages.next(slack, token).await {
        found.extend(done(outcome).members.0.into_iter().map(|user| user.id));
    }
    assert!(pages.is_complete());
    assert!(found.len() > 1, "{found:?}");
    let whole = done(slack.perform(token, &users::ListUsers::default()).await);
    let whole: Vec<_> = whole.members.0.into_iter().map(|user| user.id).collect();
    assert_eq!(found, whole);
}

#[tokio::test]
async fn refusals_keep_their_kind() {
    let world = World::new(0).await;
    let (slack, token) = (&world.client, &TOKEN.into());
    let info = users::Info {
        user: "U404".into(),
        ..Default::default()
    };
    let outcome = slack.perform(token, &info).await;
    let Outcome::Refused(Refusal::Permanent(code)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(code, "user_not_found");
    let outcome = slack.perform(&"xoxb-wrong".into(), &auth::Test {}).await;
    let Outcome::Refused(Refusal::Credential(code)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(code, "invalid_auth");
    world.slack.add_fault(Fault {
        retry_after: Some(json!(7)),
        ..Fault::new("auth.test", FaultKind::RateLimited)
    });
    let outcome = slack.perform(token, &auth::Test {}).await;
    assert!(
        matches!(
            outcome,
            Outcome::Refused(Refusal::RateLimited { retry_after: 7 })
        ),
        "{outcome:?}"
    );
    world
        .slack
        .add_fault(Fault::new("auth.test", FaultKind::Http500));
    let outcome = slack.perform(token, &auth::Test {}).await;
    assert!(matches!(outcome, Outcome::Ambiguous(_)), "{outcome:?}");
}
