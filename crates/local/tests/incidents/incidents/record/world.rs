//! An incident whose record is tested: its rows, what Slack tells of its channel, and decisions about it.

use std::sync::Arc;

use serde_json::{Value, json};
use tidegate_app::incidents::decide::context::{DecisionContext, RequestError, Verdict};
use tidegate_app::incidents::decide::declare;
use tidegate_app::incidents::model::actor::Actor;
use tidegate_app::incidents::model::effect::Effect;
use tidegate_app::incidents::model::form::Declaration;
use tidegate_app::incidents::model::incident::{Incident, IncidentId};
use tidegate_app::incidents::model::rows::{self, Loaded};
use tidegate_app::incidents::model::settings::Settings;
use tidegate_app::incidents::model::timeline::{Entry, EntryKind, Source};
use tidegate_app::incidents::requests::events;
use tidegate_app::incidents::service::Incidents;
use tidegate_app::incidents::status_pages::Pages;
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
use tidegate_testing::faulty_table::FaultyTable;

use crate::decision::by_member;

/// The time of the tests: 2026-11-21 10:30 UTC.
pub(super) const NOW: Timestamp = Timestamp(1_795_257_000_000);

/// An incident `INC-1` with the channel `C1`, and those who may be asked about.
pub(super) struct World {
    pub(super) rows: Rows,
    pub(super) incidents: Incidents,
    pub(super) tenant: TenantId,
    pub(super) id: IncidentId,
}

impl World {
    pub(super) async fn new() -> Self {
        let engine = FaultyTable::new(0);
        let table = engine.table();
        let clock = Arc::new(ManualClock::at(NOW.seconds()));
        let tenant = TenantId::from("T1");
        // Nobody listens there: what is known of people lies in the table.
        let nowhere = "http://127.0.0.1:9";
        let http = http_client::build().unwrap();
        let incidents = Incidents {
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
            let person = json!({"kind": kind, "admin": false, "deactivated": false, "asked_at": NOW.millis() * 2});
            let row = Item::new().sealed("person", person.to_string());
            let key = RowKey::new(&["person", user], &["slack"]);
            rows.write(Write::put(key, row)).await.unwrap();
        }
        let id = declared(&rows, 1).await;
        Self {
            rows,
            incidents,
            tenant,
            id,
        }
    }

    pub(super) async fn loaded(&self) -> Loaded {
        rows::load(&self.rows, &self.id).await.unwrap().unwrap()
    }

    pub(super) async fn incident(&self) -> Incident {
        self.loaded().await.incident
    }

    pub(super) async fn entries(&self) -> Vec<Entry> {
        rows::entries(&self.rows, &self.id).await.unwrap()
    }

    /// The entries that were made of messages.
    pub(super) async fn messages(&self) -> Vec<Entry> {
        let entries = self.entries().await.into_iter();
        entries
            .filter(|entry| entry.kind == EntryKind::Message)
            .collect()
    }

    pub(super) async fn decided(&self, event: &Value) -> Option<Decision> {
        let outer = json!({
            "type": "event_callback", "api_app_id": "A1", "event": event,
            "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": true}],
        });
        let envelope = Envelope::parse(outer.to_string().as_bytes()).unwrap();
        events::on_event(&self.incidents, &self.rows, &self.tenant, &envelope, NOW)
            .await
            .unwrap()
    }

    /// Handles an event. Answers what is to be done outside; `None` if the event changes nothing.
    pub(super) async fn handle(&self, event: Value) -> Option<Vec<Effect>> {
        let decision = self.decided(&event).await?;
        let effects = decision
            .posts
            .iter()
            .map(|post| Effect::parse(&post.body).unwrap());
        let effects = effects.collect();
        self.commit(decision).await.unwrap();
        Some(effects)
    }

    pub(super) async fn commit(&self, decision: Decision) -> Result<(), TableError> {
        if decision.writes.is_empty() {
            return Ok(());
        }
        self.rows.transact(decision.writes).await
    }

    /// Does what somebody decides of the incident as it stands.
    pub(super) async fn decide(
        &self,
        user: &str,
        decide: impl AsyncFnOnce(&DecisionContext<'_>) -> Result<Verdict, RequestError>,
    ) -> bool {
        let (settings, subject) = (Settings::default(), self.loaded().await);
        let case = by_member(user, &settings, Some(&subject), NOW);
        let Ok(Verdict::Change(change, _)) = decide(&case).await else {
            return false;
        };
        self.commit(change.finish(&settings.timers)).await.unwrap();
        true
    }
}

pub(super) async fn declared(rows: &Rows, number: u32) -> IncidentId {
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

pub(super) fn source(ts: &str) -> Source {
    Source {
        channel: "C1".into(),
        ts: ts.into(),
    }
}

pub(super) fn pin(on: bool, ts: &str, at: &str) -> Value {
    let kind = if on { "pin_added" } else { "pin_removed" };
    let message = json!({"ts": ts, "text": format!("words of {ts}"), "user": "UAUTHOR"});
    json!({"type": kind, "user": "U1", "channel_id": "C1", "event_ts": at,
        "item": {"type": "message", "channel": "C1", "message": message}})
}

pub(super) fn react(on: bool, user: &str, ts: &str, at: &str) -> Value {
    let kind = if on {
        "reaction_added"
    } else {
        "reaction_removed"
    };
    json!({"type": kind, "user": user, "reaction": "pushpin", "event_ts": at,
        "item": {"type": "message", "channel": "C1", "ts": ts}})
}

pub(super) fn edit(ts: &str, text: &str, at: &str) -> Value {
    json!({"type": "message", "subtype": "message_changed", "channel": "C1", "event_ts": at, "ts": at,
        "message": {"ts": ts, "text": text, "user": "UAUTHOR"}})
}

pub(super) fn delete(ts: &str, at: &str) -> Value {
    json!({"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": ts, "event_ts": at})
}
