//! The typed Web API calls against the stand-in Slack: two pieces that were written apart agree on the wire.

use std::net::Ipv4Addr;

use serde_json::json;
use tidegate_fake_slack::{FakeConfig, FakeSlack, Fault, FaultKind};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::budget::{Budget, Turn};
use tidegate_pipeline::clock::Clock;
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::files::Upload;
use tidegate_slack::api::pages::Pages;
use tidegate_slack::api::{
    auth, bookmarks, chat, conversations, emoji, files, pins, reactions, search, team, usergroups,
    users, views,
};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::faulty_table::FaultyTable;
use tidegate_testing::outbox_world::{TOKEN, World, WorldClock};
use tokio::net::TcpListener;

fn done<T: std::fmt::Debug>(outcome: Outcome<T, SlackRejection>) -> T {
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
    let Outcome::Refused(Refusal::Rejected(SlackRejection::Permanent(code))) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(code, "user_not_found");
    let outcome = slack.perform(&"xoxb-wrong".into(), &auth::Test {}).await;
    let Outcome::Refused(Refusal::Rejected(SlackRejection::Credential(code))) = outcome else {
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

#[tokio::test]
async fn a_file_is_uploaded_in_three_steps_and_found_again() {
    let world = World::new(0).await;
    let (slack, token) = (&world.client, &TOKEN.into());
    let upload = Upload {
        filename: "report.txt".to_owned(),
        bytes: b"all is well".to_vec(),
        channel: Some("C0GENERAL01".into()),
        initial_comment: Some("see".to_owned()),
        ..Default::default()
    };
    let uploaded = done(slack.upload(token, upload).await);
    let info = files::Info {
        file: uploaded.files[0].id.clone(),
    };
    let file = done(slack.perform(token, &info).await).file;
    assert_eq!((file.size, file.name.as_deref()), (11, Some("report.txt")));
    assert_eq!(file.channels.0, ["C0GENERAL01".into()]);
    let listed = done(slack.perform(token, &files::ListFiles::default()).await);
    assert_eq!((listed.files.len(), listed.paging.total), (1, 1));
}

#[tokio::test]
async fn pins_bookmarks_views_and_searches_are_understood() {
    let world = World::new(0).await;
    let (slack, token) = (&world.client, &TOKEN.into());
    let general = || "C0GENERAL01".into();
    let post = chat::PostMessage {
        channel: general(),
        text: "a needle in hay".to_owned(),
        ..Default::default()
    };
    let ts = done(slack.perform(token, &post).await).ts.unwrap();
    let pin = pins::Add {
        channel: general(),
        timestamp: ts.clone(),
    };
    done(slack.perform(token, &pin).await);
    let pinned = pins::ListPins { channel: general() };
    let pinned = done(slack.perform(token, &pinned).await).items;
    assert_eq!(pinned[0].message.as_ref().unwrap().ts, ts);

    let bookmark = bookmarks::Add {
        channel_id: general(),
        title: "Home".to_owned(),
        kind: "link".to_owned(),
        link: Some("https://tidegate.example".to_owned()),
        ..Default::default()
    };
    let added = done(slack.perform(token, &bookmark).await).bookmark;
    let list = bookmarks::ListBookmarks {
        channel_id: general(),
    };
    let listed = done(slack.perform(token, &list).await).bookmarks;
    assert_eq!((listed.len(), &listed[0].id), (1, &added.id));

    let members = conversations::Members {
        channel: general(),
        ..Default::default()
    };
    assert!(
        !done(slack.perform(token, &members).await)
            .members
            .is_empty()
    );
    let permalink = chat::GetPermalink {
        channel: general(),
        message_ts: ts,
    };
    let permalink = done(slack.perform(token, &permalink).await).permalink;
    assert!(permalink.contains("C0GENERAL01"), "{permalink}");
    let publish = views::Publish {
        user_id: "U0ALICE0001".into(),
        view: json!({"type": "home", "blocks": []}),
        ..Default::default()
    };
    assert_eq!(done(slack.perform(token, &publish).await).view.kind, "home");
    done(slack.perform(token, &emoji::ListEmoji::default()).await);
    done(
        slack
            .perform(token, &usergroups::ListGroups::default())
            .await,
    );
    // A bot may not search: only a person's token sees what that person may see.
    let search = search::Messages {
        query: "needle".to_owned(),
        ..Default::default()
    };
    let outcome = slack.perform(token, &search).await;
    assert!(
        matches!(
            outcome,
            Outcome::Refused(Refusal::Rejected(SlackRejection::Credential(_)))
        ),
        "{outcome:?}"
    );
}

/// The stand-in counts by itself, with figures that were written apart from ours.
#[tokio::test]
async fn who_asks_the_budget_first_never_meets_a_limit() {
    let clock = WorldClock::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = FakeConfig {
        bot_token: TOKEN.to_owned(),
        public_url: url.clone(),
        rate_tiers: true,
        ..FakeConfig::default()
    };
    let router = FakeSlack::with_clock(config, clock.clock.clone()).router();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let slack = SlackClient::new(http_client::build().unwrap(), &format!("{url}/api")).unwrap();
    let rows = FaultyTable::new(0).table().tenant(&"T1".into());
    for (method, calls) in [
        ("users.list", 45),
        ("conversations.history", 110),
        ("users.info", 210),
        ("auth.test", 610),
    ] {
        let budget = Budget::method(method);
        let mut made = 0;
        while made < calls {
            let now = clock.now();
            if let Turn::Wait(time) = budget.take(&rows, now).await.unwrap() {
                clock.advance(time.since(now));
                continue;
            }
            let outcome = slack.read(&TOKEN.into(), method, &[]).await;
            let limited = matches!(outcome, Outcome::Refused(Refusal::RateLimited { .. }));
            assert!(!limited, "{method} after {made}");
            made += 1;
        }
    }
    serving.abort();
}
