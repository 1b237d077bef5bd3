//! The record of an incident over a real table: what Slack's events put on the timeline, and what is read back.

mod late_events;
mod sequences;
mod world;

use serde_json::{Value, json};
use tidegate_app::incidents::decide::context::DecisionContext;
use tidegate_app::incidents::decide::tasks::{self, NewTask};
use tidegate_app::incidents::decide::{marks, notes, properties, relations, review};
use tidegate_app::incidents::model::actor::Actor;
use tidegate_app::incidents::model::effect::Effect;
use tidegate_app::incidents::model::rows::{self, Place};
use tidegate_app::incidents::model::timeline::EntryKind;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, RowKey, TableError, Write};
use tidegate_testing::damage::spoiled;

use self::world::{NOW, World, declared, delete, edit, pin, react, source};

const TS: &str = "1795256940.000200";

#[tokio::test]
async fn a_pinned_message_stands_on_the_timeline_while_it_is_pinned() {
    let world = World::new().await;
    assert!(world.handle(pin(true, TS, "20.000001")).await.is_some());
    let entry = &world.messages().await[0];
    assert_eq!(entry.text, format!("words of {TS}"));
    assert_eq!(
        (entry.actor.clone(), entry.at),
        (
            Actor::Person("UAUTHOR".into()),
            Timestamp(1_795_256_940_000)
        )
    );
    assert_eq!(
        world.handle(pin(true, TS, "20.000001")).await,
        None,
        "the same again"
    );
    world.handle(pin(false, TS, "21.000001")).await;
    assert!(!world.messages().await[0].is_shown());
    world.handle(pin(true, TS, "22.000001")).await;
    let entries = world.messages().await;
    assert!(entries.len() == 1 && entries[0].is_shown());
}

#[tokio::test]
async fn a_message_stays_until_its_last_mark_is_gone_in_whatever_order_they_come() {
    let world = World::new().await;
    // This removal came before what it removes.
    world.handle(react(false, "U1", TS, "21.000001")).await;
    assert_eq!(world.handle(react(true, "U1", TS, "20.000001")).await, None);
    assert!(world.messages().await.is_empty());
    world.handle(react(true, "U1", TS, "22.000001")).await;
    world.handle(react(true, "U2", TS, "23.000001")).await;
    world.handle(react(false, "U1", TS, "24.000001")).await;
    assert!(world.messages().await[0].is_shown());
    world.handle(react(false, "U2", TS, "25.000001")).await;
    assert!(!world.messages().await[0].is_shown());
}

#[tokio::test]
async fn words_are_those_of_the_mirror_or_else_an_address() {
    let world = World::new().await;
    let row = Item::new()
        .with("ts", TS)
        .with("version", TS)
        .with("user", "UWRITER")
        .sealed("text", "mirrored");
    world
        .rows
        .write(Write::put(RowKey::new(&["messages", "C1"], &[TS]), row))
        .await
        .unwrap();
    world.handle(react(true, "U1", TS, "20.000001")).await;
    world
        .handle(react(true, "U1", "5.000100", "20.000001"))
        .await;
    let gone = Item::new()
        .with("ts", "6.000100")
        .with("version", "7")
        .with("deleted", true);
    world
        .rows
        .write(Write::put(
            RowKey::new(&["messages", "C1"], &["6.000100"]),
            gone,
        ))
        .await
        .unwrap();
    assert_eq!(
        world
            .handle(react(true, "U1", "6.000100", "20.000001"))
            .await,
        None
    );
    let texts: Vec<_> = world
        .messages()
        .await
        .into_iter()
        .map(|entry| (entry.text, entry.actor))
        .collect();
    assert_eq!(
        texts,
        [
            ("mirrored".to_owned(), Actor::Person("UWRITER".into())),
            (
                "A message: https://slack.com/archives/C1/p5000100".to_owned(),
                Actor::Person("U1".into())
            ),
        ]
    );
}

#[tokio::test]
async fn an_entry_follows_its_message_and_keeps_what_it_said() {
    let world = World::new().await;
    assert_eq!(
        world.handle(edit(TS, "before any mark", "19.000001")).await,
        None
    );
    world.handle(pin(true, TS, "20.000001")).await;
    world.handle(edit(TS, "second", "30.000001")).await;
    assert_eq!(
        world.handle(edit(TS, "first", "25.000001")).await,
        None,
        "late"
    );
    let entry = &world.messages().await[0];
    assert_eq!(
        (entry.words(), entry.text.as_str()),
        ("second", format!("words of {TS}").as_str())
    );
    world.handle(delete(TS, "40.000001")).await;
    assert!(!world.messages().await[0].is_shown());
    world.handle(pin(true, TS, "50.000001")).await;
    assert_eq!(world.handle(edit(TS, "third", "60.000001")).await, None);
    assert!(!world.messages().await[0].is_shown());
    let (incident, entries) = (world.incident().await, world.entries().await);
    assert_eq!(notes::broken_at(&incident, &entries), None);
}

#[tokio::test]
async fn a_declaration_does_not_follow_the_message_that_it_was_made_from() {
    let world = World::new().await;
    let row = rows::pointer(&world.id).with("seq", 1i64);
    world
        .rows
        .write(Write::put(
            rows::by_source(&"C1".into(), &TS.into(), &world.id),
            row,
        ))
        .await
        .unwrap();
    assert_eq!(world.handle(edit(TS, "x", "30.000001")).await, None);
    assert_eq!(world.handle(delete(TS, "40.000001")).await, None);
    world.handle(pin(true, TS, "20.000001")).await;
    let entries = world.entries().await;
    assert!(entries.len() == 1 && entries[0].is_shown());
}

#[tokio::test]
async fn what_does_not_concern_an_incident_changes_nothing() {
    let world = World::new().await;
    let mut elsewhere = react(true, "U1", TS, "20.000001");
    elsewhere["item"]["channel"] = json!("C9");
    let mut eyes = react(true, "U1", TS, "20.000001");
    eyes["reaction"] = json!("eyes");
    let mut ours = pin(true, TS, "20.000001");
    ours["user"] = json!("UBOT");
    for event in [
        elsewhere,
        eyes,
        ours,
        react(true, "UGUEST", TS, "20.000001"),
        react(true, "UROBOT", TS, "20.000001"),
        json!({"type": "member_joined_channel", "channel": "C9", "user": "U1"}),
        json!({"type": "member_joined_channel", "channel": "C1", "user": "UROBOT"}),
        json!({"type": "member_joined_channel", "channel": "C1", "user": "UGUEST"}),
        json!({"type": "channel_deleted", "channel": "C9"}),
        json!({"type": "channel_unarchive", "channel": "C1", "user": "U1"}),
    ] {
        assert_eq!(world.handle(event.clone()).await, None, "{event}");
    }
    assert_eq!(world.incident().await.version, 1);
}

#[tokio::test]
async fn two_marks_at_once_make_one_entry() {
    let world = World::new().await;
    let (pinned, reacted) = (
        pin(true, TS, "20.000001"),
        react(true, "U2", TS, "20.000002"),
    );
    let first = world.decided(&pinned).await.unwrap();
    let second = world.decided(&reacted).await.unwrap();
    world.commit(first).await.unwrap();
    assert!(matches!(
        world.commit(second).await,
        Err(TableError::Cancelled(_))
    ));
    world.handle(reacted).await;
    assert_eq!(world.messages().await.len(), 1);
    world.handle(pin(false, TS, "30.000001")).await;
    assert!(world.messages().await[0].is_shown());
}

fn joined(user: &str) -> Value {
    json!({"type": "member_joined_channel", "channel": "C1", "user": user, "team": "T1"})
}

#[tokio::test]
async fn whoever_comes_in_is_welcomed_and_the_incident_stays_as_it_is() {
    let world = World::new().await;
    let effects = world.handle(joined("U2")).await.unwrap();
    assert!(matches!(&effects[..], [Effect::Whisper { user, .. }] if user.as_str() == "U2"));
    // Nothing is known of this one, who may be a guest.
    assert_eq!(world.handle(joined("UNKNOWN")).await.unwrap().len(), 1);
    let effects = world.handle(joined("ULEAD")).await.unwrap();
    assert_eq!(
        effects.len(),
        2,
        "the welcome, and the card of the commander"
    );
    let incident = world.incident().await;
    assert!(incident.version == 1 && !incident.participants.contains(&"U2".into()));
}

#[tokio::test]
async fn of_what_is_private_takes_part_whoever_was_let_into_a_private_channel() {
    let world = World::new().await;
    world
        .decide("ULEAD", async |case| properties::private(case, true))
        .await;
    assert!(world.incident().await.private);
    assert_eq!(world.handle(joined("U2")).await, None, "an open channel");
    assert_eq!(world.handle(pin(true, TS, "20.000001")).await, None);
    assert!(world.messages().await.is_empty());
    let private = Write::update(rows::place(&world.id), "SET #private = :is").value(":is", true);
    world.rows.write(private).await.unwrap();
    assert_eq!(world.handle(joined("UNKNOWN")).await.unwrap().len(), 1);
    assert_eq!(world.handle(joined("U2")).await.unwrap().len(), 1);
    let participants = world.incident().await.participants;
    assert!(participants.contains(&"U2".into()) && !participants.contains(&"UNKNOWN".into()));
}

#[tokio::test]
async fn a_mark_of_somebody_unknown_or_from_elsewhere_counts_for_nothing() {
    let world = World::new().await;
    let unknown = react(true, "UNKNOWN", TS, "20.000001");
    assert_eq!(world.handle(unknown).await, None);
    let mut foreign = joined("U2");
    foreign["team"] = json!("T2");
    assert_eq!(world.handle(foreign).await, None, "known as a member, too");
}

#[tokio::test]
async fn a_message_on_two_timelines_is_followed_on_both() {
    let mut world = World::new().await;
    let both = [world.id.clone(), declared(&world.rows, 2).await];
    for id in &both {
        world.id = id.clone();
        let known = marks::find(&world.rows, id, &source(TS)).await.unwrap();
        assert!(known.is_none(), "another timeline is not told of");
        assert!(
            world
                .decide("ULEAD", async |case| notes::add_message(
                    case,
                    &source(TS),
                    "first",
                    None,
                    None
                ))
                .await
        );
    }
    world.handle(edit(TS, "second", "30.000001")).await;
    for id in &both {
        world.id = id.clone();
        let entry = &world.messages().await[0];
        assert_eq!((entry.words(), entry.is_shown()), ("second", true));
    }
    world.handle(delete(TS, "40.000001")).await;
    for id in &both {
        world.id = id.clone();
        assert!(!world.messages().await[0].is_shown());
    }
}

#[tokio::test]
async fn a_deletion_reaches_the_timeline_of_an_incident_beside_a_damaged_one() {
    let mut world = World::new().await;
    let (healthy, damaged) = (world.id.clone(), declared(&world.rows, 2).await);
    for id in [&damaged, &healthy] {
        world.id = id.clone();
        let add = async |case: &DecisionContext<'_>| {
            notes::add_message(case, &source(TS), "first", None, None)
        };
        assert!(world.decide("ULEAD", add).await);
    }
    let loaded = rows::load_alone(&world.rows, &damaged).await;
    let loaded = loaded.unwrap().unwrap();
    let put = spoiled(rows::put(&loaded, loaded.version), "incident");
    world.rows.write(put).await.unwrap();
    world.handle(delete(TS, "40.000001")).await;
    assert!(!world.messages().await[0].is_shown());
}

#[tokio::test]
async fn what_people_do_to_the_channel_is_known() {
    let world = World::new().await;
    let event = |kind: &str| json!({"type": kind, "channel": "C1", "user": "U1"});
    world.handle(event("channel_archive")).await;
    let archived = |is| Place::Made {
        channel: "C1".into(),
        archived: is,
    };
    assert_eq!(world.loaded().await.place, archived(true));
    assert_eq!(world.handle(event("channel_archive")).await, None);
    let effects = world.handle(event("channel_unarchive")).await.unwrap();
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Header { .. }))
    );
    assert_eq!(world.loaded().await.place, archived(false));
    world
        .handle(json!({"type": "channel_rename", "channel": {"id": "C1", "name": "war-room"}}))
        .await;
    let place = world
        .rows
        .get(&rows::place(&world.id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(place.text("name"), Some("war-room"));
    world.handle(event("channel_deleted")).await;
    assert_eq!(
        world.loaded().await.place,
        Place::Gone {
            reason: "channel_deleted".to_owned()
        }
    );
    let noticed = world
        .entries()
        .await
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::Notice);
    assert_eq!(noticed.count(), 3);
}

#[tokio::test]
async fn what_is_written_is_read_back() {
    let world = World::new().await;
    for (text, days) in [("second", 2), ("first", 1)] {
        let new = NewTask {
            text: text.to_owned(),
            assignee: Some("U1".into()),
            due: Some(Timestamp(NOW.millis() + days * 86_400_000)),
            source: None,
        };
        assert!(
            world
                .decide("ULEAD", async |case| tasks::add(case, &new))
                .await
        );
    }
    let url = "https://wiki.example/runbook";
    assert!(
        world
            .decide("ULEAD", async |case| relations::link_page(case, url, &[]))
            .await
    );
    let all = tasks::load_all(&world.rows, &world.id).await.unwrap();
    assert_eq!(all.iter().map(|task| task.n).collect::<Vec<_>>(), [1, 2]);
    let mine = async |see: bool| {
        tasks::load_mine(&world.rows, &"U1".into(), |_| see)
            .await
            .unwrap()
    };
    let texts: Vec<_> = mine(true)
        .await
        .into_iter()
        .map(|(_, task)| task.text)
        .collect();
    assert_eq!(texts, ["first", "second"]);
    assert!(mine(false).await.is_empty());
    let links = relations::load(&world.rows, &world.id).await.unwrap();
    assert!(links == [relations::Linked::Page(url.to_owned())]);
    let task = tasks::load(&world.rows, &world.id, 2).await.unwrap();
    assert!(
        world
            .decide("ULEAD", async |case| tasks::done(case, 2, task.as_ref()))
            .await
    );
    assert_eq!(mine(true).await.len(), 1);
    let record = review::load_record(&world.rows, &world.id).await.unwrap();
    assert!(record.tasks.len() == 2 && record.entries.len() == 5 && record.before.is_none());
}
