//! Tests of what is heard in an event. Tests of the result need rows: `crates/local/tests/incidents/incidents/record.rs`.

use serde_json::{Value, json};

use super::channel::{Coming, coming};
use super::*;
use crate::decide::context::fixture::{LEAD, Room};
use crate::decide::people::MAX_PARTICIPANTS;

fn envelope(event: &Value) -> Envelope {
    let outer = json!({
        "type": "event_callback", "api_app_id": "A1", "event": event,
        "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": true}],
    });
    Envelope::parse(outer.to_string().as_bytes()).unwrap()
}

fn source() -> Source {
    Source {
        channel: "C1".into(),
        ts: "5.000100".into(),
    }
}

#[test]
fn marks_edits_and_deletions_are_heard_of_the_message_they_concern() {
    let item = json!({"type": "message", "channel": "C1", "ts": "5.000100"});
    let pin =
        json!({"type": "message", "channel": "C1", "message": {"ts": "5.000100", "text": "x"}});
    let marked = |marker, on| Heard::Marked {
        source: source(),
        marker,
        on,
        ts: "9.1".into(),
        by: "U1".into(),
    };
    for (event, heard) in [
        (
            json!({"type": "reaction_added", "user": "U1", "reaction": "pushpin", "item": item, "event_ts": "9.1"}),
            Some(marked(MarkedBy::Emoji("pushpin"), true)),
        ),
        (
            json!({"type": "reaction_removed", "user": "U1", "reaction": "pushpin", "item": item, "event_ts": "9.1"}),
            Some(marked(MarkedBy::Emoji("pushpin"), false)),
        ),
        (
            json!({"type": "reaction_added", "user": "UBOT", "reaction": "pushpin", "item": item, "event_ts": "9.1"}),
            None,
        ),
        (
            json!({"type": "reaction_added", "user": "U1", "reaction": "pushpin", "item": {"type": "file", "file": "F1"}, "event_ts": "9.1"}),
            None,
        ),
        (
            json!({"type": "pin_added", "user": "U1", "channel_id": "C1", "item": pin, "event_ts": "9.1"}),
            Some(marked(MarkedBy::Pin, true)),
        ),
        (
            json!({"type": "pin_added", "user": "UBOT", "channel_id": "C1", "item": pin, "event_ts": "9.1"}),
            None,
        ),
        (
            json!({"type": "pin_removed", "user": "U1", "channel_id": "C1", "item": pin, "event_ts": "9.1"}),
            Some(marked(MarkedBy::Pin, false)),
        ),
        (
            json!({"type": "message", "channel": "C1", "user": "U1", "ts": "6.1", "text": "x"}),
            None,
        ),
        (
            json!({"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "7.1", "event_ts": "7.1",
            "message": {"ts": "5.000100", "text": "y", "user": "UBOT"}}),
            Some(Heard::Edited {
                source: source(),
                ts: "7.1".into(),
            }),
        ),
        (
            json!({"type": "message", "subtype": "message_changed", "channel": "C1", "event_ts": "7.1",
            "message": {"ts": "5.000100", "subtype": "tombstone"}}),
            Some(Heard::Deleted { source: source() }),
        ),
        (
            json!({"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "5.000100"}),
            Some(Heard::Deleted { source: source() }),
        ),
    ] {
        assert_eq!(hear(&envelope(&event)), heard, "{event}");
    }
}

#[test]
fn what_people_do_to_a_channel_is_heard_and_what_the_bot_does_is_not() {
    for (event, heard) in [
        (
            json!({"type": "member_joined_channel", "channel": "C1", "user": "U1"}),
            Some(Heard::Joined {
                channel: "C1".into(),
                user: "U1".into(),
            }),
        ),
        (
            json!({"type": "member_joined_channel", "channel": "C1", "user": "UBOT"}),
            Some(Heard::Archived {
                channel: "C1".into(),
                is: false,
            }),
        ),
        (
            json!({"type": "channel_archive", "channel": "C1", "user": "U1"}),
            Some(Heard::Archived {
                channel: "C1".into(),
                is: true,
            }),
        ),
        (
            json!({"type": "channel_archive", "channel": "C1", "user": "UBOT"}),
            None,
        ),
        (
            json!({"type": "group_unarchive", "channel": "C1", "user": "U1"}),
            Some(Heard::Archived {
                channel: "C1".into(),
                is: false,
            }),
        ),
        (
            json!({"type": "channel_deleted", "channel": "C1"}),
            Some(Heard::ChannelDeleted {
                channel: "C1".into(),
            }),
        ),
        (
            json!({"type": "channel_rename", "channel": {"id": "C1", "name": "n"}}),
            Some(Heard::Renamed {
                channel: "C1".into(),
                name: "n",
            }),
        ),
        (
            json!({"type": "app_home_opened", "user": "U1", "tab": "home", "channel": "D1"}),
            None,
        ),
        (
            json!({"type": "app_home_opened", "user": "U1", "tab": "messages", "channel": "D1"}),
            None,
        ),
        (json!({"type": "team_join", "user": {"id": "U1"}}), None),
    ] {
        assert_eq!(hear(&envelope(&event)), heard, "{event}");
    }
}

#[test]
fn a_skin_tone_does_not_matter() {
    let settings = Settings {
        reactions: vec!["+1".to_owned()],
        ..Settings::default()
    };
    assert!(MarkedBy::Emoji("+1::skin-tone-2").counts(&settings));
    assert!(!MarkedBy::Emoji("eyes").counts(&settings));
    assert!(MarkedBy::Pin.counts(&settings));
}

#[test]
fn coming_in_makes_a_participant_only_of_what_is_private_and_of_whom_somebody_let_in() {
    let (private, public) = (Room::with(|new| new.private = true), Room::new());
    let member = Some(PersonKind::Member);
    for (room, user, kind, is_channel_private, comes_to) in [
        (&public, "UNEW", member, false, Coming::Welcome),
        (&public, LEAD, member, false, Coming::Welcome),
        (&public, "UNEW", None, false, Coming::Welcome),
        (
            &public,
            "UNEW",
            Some(PersonKind::Guest),
            false,
            Coming::Nothing,
        ),
        (
            &public,
            "UNEW",
            Some(PersonKind::Outsider),
            false,
            Coming::Nothing,
        ),
        (
            &public,
            "UNEW",
            Some(PersonKind::Bot),
            false,
            Coming::Nothing,
        ),
        (&private, "UNEW", member, false, Coming::Nothing),
        (&private, "UNEW", None, false, Coming::Nothing),
        (&private, LEAD, member, false, Coming::Welcome),
        (&private, LEAD, None, false, Coming::Welcome),
        (&private, "UNEW", member, true, Coming::TakesPart),
        (&private, "UNEW", None, true, Coming::Welcome),
        (
            &private,
            "UNEW",
            Some(PersonKind::Guest),
            true,
            Coming::Nothing,
        ),
        (
            &private,
            "UNEW",
            Some(PersonKind::Outsider),
            true,
            Coming::Nothing,
        ),
    ] {
        assert_eq!(
            coming(
                room.incident(),
                &user.into(),
                kind,
                is_channel_private,
                &room.settings
            ),
            comes_to,
            "{user} {kind:?} {is_channel_private} of private: {}",
            room.incident().private
        );
    }
    let mut full = private;
    let people = (0..MAX_PARTICIPANTS).map(|n| UserId::from(format!("UP{n}")));
    full.edit().participants = people.collect();
    assert_eq!(
        coming(
            full.incident(),
            &"UNEW".into(),
            member,
            true,
            &full.settings
        ),
        Coming::Welcome
    );
}

#[test]
fn a_mark_counts_of_those_who_may_see_the_incident() {
    let (private, public) = (Room::with(|new| new.private = true), Room::new());
    for (room, user, kind, may) in [
        (&public, "UNEW", PersonKind::Member, true),
        (&public, "UNEW", PersonKind::Guest, false),
        (&public, "UNEW", PersonKind::Bot, false),
        (&private, "UNEW", PersonKind::Member, false),
        (&private, LEAD, PersonKind::Member, true),
        (&private, LEAD, PersonKind::Guest, false),
    ] {
        let user = user.into();
        let action = Action::AddToTimeline;
        assert_eq!(
            permitted(room.incident(), &user, kind, action, &room.settings),
            may,
            "{user} {kind:?} of private: {}",
            room.incident().private
        );
    }
}
