//! Typed calls over HTTP: what goes out, what odd answers become, pages, and uploads.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::conversations::{History, ListChannels, Members};
use tidegate_slack::api::files::Upload;
use tidegate_slack::api::pages::Pages;
use tidegate_slack::api::{chat, users, views};

use crate::loopback::{Loopback, token};

fn members(ids: &[&str], next: &str) -> Value {
    json!({"ok": true, "members": ids, "response_metadata": {"next_cursor": next}})
}

fn of_channel() -> Members {
    Members {
        channel: "C1".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn writing_methods_go_as_json_without_what_was_left_out() {
    let answer = json!({"ok": true, "channel": "C1", "ts": "1.000002", "message": {"text": 7}});
    let world = Loopback::answering([answer]).await;
    let post = chat::PostMessage {
        channel: "C1".into(),
        text: "sesame".to_owned(),
        thread_ts: Some("1.000001".into()),
        ..Default::default()
    };
    let Outcome::Done(posted) = world.slack.perform(&token(), &post).await else {
        panic!("not done");
    };
    assert_eq!(posted.ts, Some("1.000002".into()));
    assert!(posted.message.is_none(), "a message without a ts is none");
    assert!(!format!("{post:?} {posted:?}").contains("sesame"));
    let asked = &world.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.authorization.as_str()),
        ("chat.postMessage", "Bearer xoxb-sesame")
    );
    assert_eq!(
        asked.json(),
        json!({"channel": "C1", "text": "sesame", "thread_ts": "1.000001"})
    );
}

#[tokio::test]
async fn reading_methods_go_as_a_form() {
    let world = Loopback::answering([json!({"ok": true, "channels": []})]).await;
    let list = ListChannels {
        types: Some(vec!["public_channel".to_owned(), "im".to_owned()]),
        exclude_archived: Some(true),
        limit: Some(200),
        ..Default::default()
    };
    let outcome = world.slack.perform(&token(), &list).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    let form = world.asked()[0].form();
    let expected = [
        ("exclude_archived", "true"),
        ("limit", "200"),
        ("types", "public_channel,im"),
    ];
    let form: Vec<_> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(form, expected);
}

#[tokio::test]
async fn an_ok_that_cannot_be_read_is_in_doubt_only_where_something_changed() {
    let world = Loopback::answering([
        json!({"ok": true}),
        json!({"ok": true, "messages": {}}),
        json!({"ok": true}),
    ])
    .await;
    let open = views::Open {
        trigger_id: "sesame".into(),
        view: json!({"type": "modal"}),
    };
    let opened = world.slack.perform(&token(), &open).await;
    assert!(matches!(opened, Outcome::Ambiguous(_)), "{opened:?}");
    assert_eq!(world.asked()[0].json()["trigger_id"], "sesame");
    let unreadable = Refusal::Rejected(SlackRejection::Permanent("unreadable_answer".to_owned()));
    let history = History {
        channel: "C1".into(),
        ..Default::default()
    };
    let Outcome::Refused(why) = world.slack.perform(&token(), &history).await else {
        panic!("an answer without messages is no empty page");
    };
    assert_eq!(why, unreadable);
    let Outcome::Refused(why) = world.slack.perform(&token(), &users::Info::default()).await else {
        panic!("an answer without a user is no user");
    };
    assert_eq!(why, unreadable);
}

#[tokio::test]
async fn a_message_is_read_whatever_it_holds() {
    let messages = json!([
        {"type": "message", "ts": "1.1", "user": "U1", "text": "a", "blocks": [{"type": "brand_new", "x": [1]}],
         "reactions": [{"name": "eyes", "count": "2", "users": ["U1"]}], "edited": false, "reply_count": "3"},
        {"type": "message", "subtype": "brand_new", "ts": "1.2", "text": null, "user": {"id": "U1"}},
        {"type": "message", "text": "no ts"},
        null,
    ]);
    let world =
        Loopback::answering([json!({"ok": true, "messages": messages, "has_more": false})]).await;
    let history = History {
        channel: "C1".into(),
        ..Default::default()
    };
    let Outcome::Done(page) = world.slack.perform(&token(), &history).await else {
        panic!("not done");
    };
    assert_eq!(page.messages.len(), 2);
    let first = &page.messages[0];
    assert_eq!(first.blocks[0], json!({"type": "brand_new", "x": [1]}));
    assert_eq!(
        (first.reactions[0].name.as_str(), first.reactions[0].count),
        ("eyes", 0)
    );
    assert_eq!((first.reply_count, first.edited.is_none()), (0, true));
    assert_eq!(
        (
            page.messages[1].text.as_str(),
            page.messages[1].user.is_none()
        ),
        ("", true)
    );
    assert_eq!(page.response_metadata.next_cursor, "");
}

#[tokio::test]
async fn pages_are_walked_to_the_end_and_no_further() {
    let world = Loopback::answering([
        members(&["U1", "U2"], "b"),
        members(&[], "c"),
        members(&["U3"], ""),
    ])
    .await;
    let mut pages = Pages::new(of_channel(), 10);
    let mut found = Vec::new();
    while let Some(outcome) = pages.next(&world.slack, &token()).await {
        let Outcome::Done(page) = outcome else {
            panic!("{outcome:?}")
        };
        found.extend(page.members);
    }
    assert_eq!(found, ["U1".into(), "U2".into(), "U3".into()]);
    assert!(pages.is_complete());
    assert_eq!(pages.cursor(), None);
    let cursors: Vec<_> = world
        .asked()
        .iter()
        .map(|a| a.form().remove("cursor"))
        .collect();
    assert_eq!(cursors, [None, Some("b".to_owned()), Some("c".to_owned())]);
}

#[tokio::test]
async fn no_more_pages_are_read_than_allowed_and_the_place_is_kept() {
    let world = Loopback::answering([members(&["U1"], "b"), members(&["U2"], "c")]).await;
    let mut pages = Pages::new(of_channel(), 2);
    assert!(pages.next(&world.slack, &token()).await.is_some());
    assert!(pages.next(&world.slack, &token()).await.is_some());
    assert!(pages.next(&world.slack, &token()).await.is_none());
    assert!(!pages.is_complete());
    assert_eq!(pages.cursor(), Some("c"));
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again() {
    let limited = (429, String::new());
    let answers = [
        (200, members(&["U1"], "b").to_string()),
        limited,
        (200, members(&["U2"], "").to_string()),
    ];
    let world = Loopback::with(VecDeque::from(answers)).await;
    let mut pages = Pages::new(of_channel(), 2);
    assert!(matches!(
        pages.next(&world.slack, &token()).await,
        Some(Outcome::Done(_))
    ));
    let second = pages.next(&world.slack, &token()).await;
    assert!(
        matches!(second, Some(Outcome::Refused(Refusal::RateLimited { .. }))),
        "{second:?}"
    );
    let Some(Outcome::Done(page)) = pages.next(&world.slack, &token()).await else {
        panic!("not done");
    };
    assert_eq!(page.members.0, ["U2".into()]);
    assert_eq!(world.asked()[1].body, world.asked()[2].body);
}

#[tokio::test]
async fn a_cursor_that_leads_back_to_itself_ends_the_walk() {
    let world = Loopback::answering([
        members(&["U1"], "b"),
        members(&["U1"], "b"),
        members(&["U1"], "b"),
    ])
    .await;
    let mut pages = Pages::new(of_channel(), 1000);
    assert!(matches!(
        pages.next(&world.slack, &token()).await,
        Some(Outcome::Done(_))
    ));
    let second = pages.next(&world.slack, &token()).await;
    assert!(
        matches!(
            second,
            Some(Outcome::Refused(Refusal::Rejected(
                SlackRejection::Permanent(_)
            )))
        ),
        "{second:?}"
    );
    assert!(pages.next(&world.slack, &token()).await.is_none());
}

fn upload() -> Upload {
    Upload {
        filename: "a.txt".to_owned(),
        bytes: b"sesame".to_vec(),
        channel: Some("C1".into()),
        thread_ts: Some("1.1".into()),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_upload_takes_three_steps_and_shows_the_bytes_to_nobody_else() {
    let world = Loopback::knowing(|url| {
        vec![
            json!({"ok": true, "upload_url": format!("{url}/up/1"), "file_id": "F1"}),
            json!("OK - 6"),
            json!({"ok": true, "files": [{"id": "F1", "title": "a"}]}),
        ]
    })
    .await;
    let Outcome::Done(done) = world.slack.upload(&token(), upload()).await else {
        panic!("not done");
    };
    assert_eq!(done.files[0].id, "F1");
    let asked = world.asked();
    assert_eq!(asked[0].form()["length"], "6");
    assert_eq!(
        (asked[1].method.as_str(), asked[1].body.as_str()),
        ("up/1", "sesame")
    );
    assert_eq!(asked[1].authorization, "", "the address is the credential");
    assert_eq!(
        asked[2].json(),
        json!({"files": [{"id": "F1"}], "channel_id": "C1", "thread_ts": "1.1"})
    );
    assert!(!format!("{:?}", upload()).contains("sesame"));
}

#[tokio::test]
async fn bytes_go_to_slack_or_nowhere_and_only_the_last_step_can_be_in_doubt() {
    let place = |url: &str| json!({"ok": true, "upload_url": url, "file_id": "F1"});
    let foreign = Loopback::answering([place("http://169.254.169.254/up")]).await;
    let Outcome::Refused(why) = foreign.slack.upload(&token(), upload()).await else {
        panic!("not refused");
    };
    assert_eq!(
        why,
        Refusal::Rejected(SlackRejection::Permanent("foreign_upload_url".to_owned()))
    );
    assert_eq!(foreign.asked().len(), 1);

    let broken = Loopback::knowing(|url| vec![place(&format!("{url}/up"))]).await;
    let outcome = broken.slack.upload(&token(), upload()).await;
    assert!(
        matches!(outcome, Outcome::Refused(Refusal::Unreachable)),
        "{outcome:?}"
    );

    let late = Loopback::knowing(|url| vec![place(&format!("{url}/up")), json!("OK")]).await;
    let outcome = late.slack.upload(&token(), upload()).await;
    assert!(matches!(outcome, Outcome::Ambiguous(_)), "{outcome:?}");
}
