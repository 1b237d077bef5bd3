//! The record of an incident over a real table: what Slack's events put on the timeline, and what is read back.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_app::incidents::case::{Case, Refused, Verdict};
use tidegate_app::incidents::declare::{self, Declaration};
use tidegate_app::incidents::desk::Desk;
use tidegate_app::incidents::effect::Effect;
use tidegate_app::incidents::incident::{Actor, Incident, IncidentId};
use tidegate_app::incidents::pages::Pages;
use tidegate_app::incidents::permissions::PersonKind;
use tidegate_app::incidents::rows::{self, Loaded, Place};
use tidegate_app::incidents::settings::Settings;
use tidegate_app::incidents::tasks::{self, NewTask};
use tidegate_app::incidents::timeline::{Entry, EntryKind, Source};
use tidegate_app::incidents::{events, marks, notes, relations, review};
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::{ManualClock, Timestamp};
use tidegate_pipeline::delivery::ConfiguredToken;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};
use tidegate_slack::client::SlackClient;
use tidegate_slack::event::Envelope;
use tidegate_slack::http_client;
use tidegate_slack::ids::{ChannelId, TenantId};

use crate::faulty_table::FaultyTable;

/// 2026-11-21 10:30 UTC.
const NOW: Timestamp = Timestamp(1_795_257_000_000);

/// An incident `INC-1` with the channel `C1`, and those who may be asked about.
struct World {
    rows: Rows,
    desk: Desk,
    tenant: TenantId,
    id: IncidentId,
}

impl World {
    async fn new() -> Self {
        let engine = FaultyTable::new(0);
        let table = engine.table();
        let clock = Arc::new(ManualClock::at(NOW.seconds()));
        let tenant = TenantId::from("T1");
        // Nobody listens there: what is known of people lies in the table.
        let nowhere = "http://127.0.0.1:9";
        let http = http_client::build().unwrap();
        let desk = Desk {
            slack: SlackClient::new(http.clone(), nowhere).unwrap(),
            tokens: Arc::new(ConfiguredToken {
                secrets: Arc::new(FixedSecret("xoxb-1".to_owned().into())),
                name: "bot".to_owned(),
            }),
            defaults: Settings::default(),
            public_url: None,
            pages: Pages::new(&table.system(), http, None, None),
            audit: Audit::new(table.clone(), engine.keyring(), clock),
        };
        let rows = table.tenant(&tenant);
        for (user, kind) in [
            ("ULEAD", "member"),
            ("U1", "member"),
            ("U2", "member"),
            ("UGUEST", "guest"),
            ("UROBOT", "bot"),
        ] {
            let row = Item::new()
                .with("kind", kind)
                .with("until", NOW.millis() * 2);
            let key = RowKey::new(&["person", user], &["slack"]);
            rows.write(Write::put(key, row)).await.unwrap();
        }
        let id = declared(&rows, 1).await;
        Self {
            rows,
            desk,
            tenant,
            id,
        }
    }

    async fn loaded(&self) -> Loaded {
        rows::load(&self.rows, &self.id).await.unwrap().unwrap()
    }

    async fn incident(&self) -> Incident {
        self.loaded().await.incident
    }

    async fn entries(&self) -> Vec<Entry> {
        rows::entries(&self.rows, &self.id).await.unwrap()
    }

    /// The entries that were made of messages.
    async fn messages(&self) -> Vec<Entry> {
        let entries = self.entries().await.into_iter();
        entries
            .filter(|entry| entry.kind == EntryKind::Message)
            .collect()
    }

    async fn decided(&self, event: &Value) -> Option<Decision> {
        let outer = json!({
            "type": "event_callback", "api_app_id": "A1", "event": event,
            "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": true}],
        });
        let envelope = Envelope::parse(outer.to_string().as_bytes()).unwrap();
        events::on_event(&self.desk, &self.rows, &self.tenant, &envelope, NOW)
            .await
            .unwrap()
    }

    /// Handles an event. Answers what is to be done outside; `None` if the event changes nothing.
    async fn handle(&self, event: Value) -> Option<Vec<Effect>> {
        let decision = self.decided(&event).await?;
        let effects = decision
            .posts
            .iter()
            .map(|post| Effect::parse(&post.body).unwrap());
        let effects = effects.collect();
        self.commit(decision).await.unwrap();
        Some(effects)
    }

    async fn commit(&self, decision: Decision) -> Result<(), TableError> {
        if decision.writes.is_empty() {
            return Ok(());
        }
        self.rows.transact(decision.writes).await
    }

    /// Does what somebody decides of the incident as it stands.
    async fn decide(
        &self,
        user: &str,
        decide: impl AsyncFnOnce(&Case<'_>) -> Result<Verdict, Refused>,
    ) -> bool {
        let (settings, subject) = (Settings::default(), self.loaded().await);
        let case = Case {
            settings: &settings,
            settings_version: 0,
            actor: Actor::Person(user.into()),
            kind: PersonKind::Member,
            zone: None,
            admin_key: false,
            subject: Some(&subject),
            other: None,
            cause: "test",
            now: NOW,
            count: 0,
        };
        let Ok(Verdict::Change(change, _)) = decide(&case).await else {
            return false;
        };
        self.commit(change.finish(&settings.timers)).await.unwrap();
        true
    }
}

async fn declared(rows: &Rows, number: u32) -> IncidentId {
    let settings = Settings::default();
    let declaration = Declaration {
        title: "Checkout fails".to_owned(),
        ..Declaration::default()
    };
    let actor = Actor::Person("ULEAD".into());
    let cause = number.to_string();
    let change = declare::decide(&declaration, &settings, &actor, &cause, number - 1, NOW);
    let id = change.incident.id.clone();
    rows.transact(change.finish(&settings.timers).writes)
        .await
        .unwrap();
    let channel = ChannelId::from(format!("C{number}"));
    let place = Item::new()
        .with("channel", channel.as_str())
        .with("name", "inc");
    rows.write(Write::put(rows::place(&id), place))
        .await
        .unwrap();
    rows.write(Write::put(rows::by_channel(&channel), rows::pointer(&id)))
        .await
        .unwrap();
    id
}

fn source(ts: &str) -> Source {
    Source {
        channel: "C1".into(),
        ts: ts.into(),
    }
}

fn pin(on: bool, ts: &str, at: &str) -> Value {
    let kind = if on { "pin_added" } else { "pin_removed" };
    let message = json!({"ts": ts, "text": format!("words of {ts}"), "user": "UAUTHOR"});
    json!({"type": kind, "user": "U1", "channel_id": "C1", "event_ts": at,
        "item": {"type": "message", "channel": "C1", "message": message}})
}

fn react(on: bool, user: &str, ts: &str, at: &str) -> Value {
    let kind = if on {
        "reaction_added"
    } else {
        "reaction_removed"
    };
    json!({"type": kind, "user": user, "reaction": "pushpin", "event_ts": at,
        "item": {"type": "message", "channel": "C1", "ts": ts}})
}

fn edit(ts: &str, text: &str, at: &str) -> Value {
    json!({"type": "message", "subtype": "message_changed", "channel": "C1", "event_ts": at, "ts": at,
        "message": {"ts": ts, "text": text, "user": "UAUTHOR"}})
}

fn delete(ts: &str, at: &str) -> Value {
    json!({"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": ts, "event_ts": at})
}

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
        .write(Write::put(rows::by_source(&"C1".into(), &TS.into()), row))
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

#[tokio::test]
async fn whoever_comes_in_takes_part_and_is_welcomed() {
    let world = World::new().await;
    let joined = |user: &str| json!({"type": "member_joined_channel", "channel": "C1", "user": user, "team": "T1"});
    let effects = world.handle(joined("U2")).await.unwrap();
    assert!(matches!(&effects[..], [Effect::Whisper { user, .. }] if user.as_str() == "U2"));
    assert!(world.incident().await.participants.contains(&"U2".into()));
    assert_eq!(world.handle(joined("U2")).await.unwrap().len(), 1);
    let effects = world.handle(joined("ULEAD")).await.unwrap();
    assert_eq!(
        effects.len(),
        2,
        "the welcome, and the card of the commander"
    );
    assert_eq!(world.incident().await.version, 2);
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

/// Something that happens to one of three messages.
#[derive(Debug, Clone, Copy)]
enum Step {
    Pin(bool),
    React(bool, usize),
    Edit,
    Delete,
    Add,
    Correct,
    Hide,
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        3 => any::<bool>().prop_map(Step::Pin),
        3 => (any::<bool>(), 0usize..2).prop_map(|(on, who)| Step::React(on, who)),
        2 => Just(Step::Edit),
        1 => Just(Step::Delete),
        2 => Just(Step::Add),
        1 => Just(Step::Correct),
        1 => Just(Step::Hide),
    ];
    (0usize..3, step)
}

async fn make(world: &World, n: usize, at: usize, step: Step) {
    let (ts, at) = (
        format!("{}.000100", 100 + n),
        format!("{}.000001", 1000 + at),
    );
    match step {
        Step::Pin(on) => drop(world.handle(pin(on, &ts, &at)).await),
        Step::React(on, who) => drop(world.handle(react(on, ["U1", "U2"][who], &ts, &at)).await),
        Step::Edit => drop(
            world
                .handle(edit(&ts, &format!("edited at {at}"), &at))
                .await,
        ),
        Step::Delete => drop(world.handle(delete(&ts, &at)).await),
        Step::Add => {
            let source = source(&ts);
            world
                .decide("ULEAD", async |case| {
                    let known = marks::find(&world.rows, &source).await.unwrap();
                    notes::add_message(case, &source, "added", None, known.as_ref())
                })
                .await;
        }
        Step::Correct | Step::Hide => {
            let seq = u64::try_from(n).unwrap() + 1;
            world
                .decide("ULEAD", async |case| {
                    let entry = marks::load_entry(&world.rows, &world.id, seq)
                        .await
                        .unwrap();
                    if matches!(step, Step::Hide) {
                        return notes::hide(case, seq, entry.as_ref());
                    }
                    notes::edit(case, seq, entry.as_ref(), &at)
                })
                .await;
        }
    }
}

/// Whether something holds a message on the timeline after those steps.
fn is_held(steps: &[(usize, Step)], n: usize) -> bool {
    let (mut marks, mut marked, mut deleted) = (BTreeSet::new(), false, false);
    for (_, step) in steps.iter().filter(|(at, _)| *at == n) {
        match step {
            Step::Pin(on) | Step::React(on, _) if !on => {
                marks.remove(&mark(*step));
            }
            Step::Pin(_) | Step::React(..) => {
                marks.insert(mark(*step));
            }
            Step::Add if !deleted => {
                marks.insert(2);
            }
            // A message that was never marked is not known to be deleted: Slack sends no mark of it afterwards.
            Step::Delete => deleted |= marked,
            _ => {}
        }
        marked |= !marks.is_empty();
    }
    !deleted && !marks.is_empty()
}

fn mark(step: Step) -> usize {
    match step {
        Step::React(_, who) => who,
        _ => 3,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_sequence_keeps_the_chain_whole_and_makes_one_entry_of_a_message(
        steps in prop::collection::vec(step(), 1..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            for (at, (n, step)) in steps.iter().enumerate() {
                make(&world, *n, at, *step).await;
            }
            let (incident, entries) = (world.incident().await, world.entries().await);
            assert_eq!(notes::broken_at(&incident, &entries), None);
            for n in 0..3 {
                let source = source(&format!("{}.000100", 100 + n));
                let made: Vec<_> = entries.iter().filter(|e| e.source.as_ref() == Some(&source)).collect();
                assert!(made.len() <= 1, "{} entries of one message", made.len());
                let stands = made.first().is_some_and(|entry| entry.removed_at.is_none());
                assert_eq!(stands, is_held(&steps, n), "message {n}");
            }
        });
    }
}
