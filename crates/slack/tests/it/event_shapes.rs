//! What comes out of each kind of event that somebody acts on, in the shapes of docs.slack.dev/reference/events.

use serde_json::{Value, json};
use tidegate_slack::event::{Envelope, Event};

use crate::corpus::events;

fn with<T>(event: &Value, read: impl FnOnce(Event<'_>) -> T) -> T {
    let body = json!({"type": "event_callback", "event": event}).to_string();
    read(Envelope::parse(body.as_bytes()).unwrap().event().unwrap())
}

#[test]
fn a_reaction_names_the_message_and_its_author() {
    let event = json!({
        "type": "reaction_added", "user": "U1", "reaction": "pushpin", "item_user": "U2", "event_ts": "18.0",
        "item": {"type": "message", "channel": "C1", "ts": "17.1"},
    });
    with(&event, |e| {
        assert_eq!((e.user(), e.item_user()), (Some("U1"), Some("U2")));
        assert_eq!((e.channel(), e.item_ts()), (Some("C1"), Some("17.1")));
        assert_eq!(e.reaction(), Some("pushpin"));
        assert!(e.item_message().is_none());
    });
}

#[test]
fn a_pin_carries_the_message() {
    for kind in ["pin_added", "pin_removed"] {
        let event = json!({
            "type": kind, "user": "U1", "channel_id": "C1", "event_ts": "18.0", "item_user": "U2",
            "item": {"type": "message", "channel": "C1", "created_by": "U1", "message": {
                "type": "message", "user": "U2", "ts": "17.1", "text": "it is the cache", "permalink": "https://x.slack.com/p1"
            }},
        });
        with(&event, |e| {
            assert_eq!((e.user(), e.channel()), (Some("U1"), Some("C1")));
            assert_eq!((e.item_ts(), e.item_user()), (Some("17.1"), Some("U2")));
            let message = e.item_message().unwrap();
            assert_eq!(message.text(), Some("it is the cache"));
            assert_eq!(message.permalink(), Some("https://x.slack.com/p1"));
        });
    }
}

#[test]
fn an_edit_carries_the_message_before_and_after() {
    let event = json!({
        "type": "message", "subtype": "message_changed", "channel": "C1", "ts": "18.0", "event_ts": "18.0",
        "message": {"type": "message", "user": "U1", "ts": "17.1", "text": "new", "edited": {"user": "U1", "ts": "18.0"}},
        "previous_message": {"type": "message", "user": "U1", "ts": "17.1", "text": "old"},
    });
    with(&event, |e| {
        let now = e.message().unwrap();
        assert_eq!((now.ts(), now.text()), (Some("17.1"), Some("new")));
        assert_eq!(now.edited_ts(), Some("18.0"));
        assert_eq!(e.previous_message().unwrap().text(), Some("old"));
    });
    let event = json!({
        "type": "message", "subtype": "message_deleted", "channel": "C1", "ts": "18.0", "deleted_ts": "17.1",
        "previous_message": {"type": "message", "user": "U1", "ts": "17.1", "text": "old"},
    });
    with(&event, |e| {
        assert_eq!(e.deleted_ts(), Some("17.1"));
        assert_eq!(e.previous_message().unwrap().user(), Some("U1"));
    });
}

#[test]
fn events_about_channels_name_them_wherever_slack_does() {
    for kind in [
        "channel_archive",
        "channel_unarchive",
        "channel_deleted",
        "group_archive",
        "group_deleted",
    ] {
        let event = json!({"type": kind, "channel": "C1", "user": "U1", "event_ts": "18.0"});
        with(&event, |e| {
            assert_eq!((e.channel(), e.user()), (Some("C1"), Some("U1")), "{kind}");
        });
    }
    let event = json!({"type": "channel_rename", "channel": {"id": "C1", "name": "inc-20270115-api", "created": 1}});
    with(&event, |e| {
        assert_eq!(
            (e.channel(), e.channel_name()),
            (Some("C1"), Some("inc-20270115-api"))
        );
        assert_eq!(e.channel_creator(), None);
    });
    let event = json!({"type": "channel_created", "channel": {"id": "C1", "name": "inc", "created": 1, "creator": "U1"}});
    with(&event, |e| assert_eq!(e.channel_creator(), Some("U1")));
    let event = json!({"type": "member_joined_channel", "user": "U1", "channel": "C1", "channel_type": "C", "inviter": "U2"});
    with(&event, |e| {
        assert_eq!(
            (e.channel(), e.user(), e.inviter()),
            (Some("C1"), Some("U1"), Some("U2"))
        );
        assert_eq!(e.channel_name(), None);
    });
}

#[test]
fn an_opened_app_home_names_its_tab() {
    let event = json!({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home", "event_ts": "18.0"});
    with(&event, |e| {
        assert_eq!((e.user(), e.tab()), (Some("U1"), Some("home")));
    });
}

#[test]
fn what_slacks_published_events_are_about_comes_out_of_them() {
    let Some(folder) = events() else { return };
    let read = |name: &str, look: fn(Event<'_>) -> bool| {
        let body = std::fs::read(folder.join(format!("{name}Payload.json"))).unwrap();
        let envelope = Envelope::parse(&body).unwrap();
        assert!(look(envelope.event().unwrap()), "{name}");
    };
    // Their ids and texts are empty, which reads as absent; timestamps are made up.
    read("ReactionRemoved", |e| {
        e.item_ts() == Some("0000000000.000000")
    });
    read("PinAdded", |e| e.item_ts() == Some("0000000000.000000"));
    read("PinRemoved", |e| e.item_message().is_some());
    read("MessageChanged", |e| {
        e.message().is_some() && e.previous_message().is_some()
    });
    read("MessageDeleted", |e| e.previous_message().is_some());
    read("AppHomeOpened", |e| e.kind() == "app_home_opened");
    read("ChannelArchive", |e| e.kind() == "channel_archive");
    read("ChannelCreated", |e| e.kind() == "channel_created");
    read("MemberJoinedChannel", |e| {
        e.kind() == "member_joined_channel"
    });
}
