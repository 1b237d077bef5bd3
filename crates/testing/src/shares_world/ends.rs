//! What has become of events and shares, by the table and by the operator API.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value as Json;
use tidegate_app::api::{Api, Limits, Site};
use tidegate_app::installs::Installs;
use tidegate_mirror::messages;
use tidegate_pipeline::archive::Label;
use tidegate_pipeline::audit::{Audit, AuditEntry};
use tidegate_pipeline::clock::{Clock, ManualClock, Timestamp};
use tidegate_pipeline::ledger::{Delivery, Entry, Ledger, Share, ShareId, ShareState};
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::{FixedSecret, Secrets};
use tidegate_pipeline::table::{Due, RowKey, Rows};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;

use super::{CHANNEL, TENANT, World, ts};
use crate::product::OPERATOR_KEY;
use crate::scripted::{KEEP, Recorder};

impl World {
    /// The rows of [`TENANT`], past all faults.
    pub fn rows(&self) -> Rows {
        self.engine.truth().tenant(&TENANT.into())
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger {
            rows: self.rows(),
            clock: &self.clock,
            keep: KEEP,
        }
    }

    /// How many shares wait to be tried again, due or not.
    pub async fn waiting_shares(&self) -> usize {
        let system = self.engine.truth().system();
        let due = system.due(Due::Share, Timestamp(i64::MAX), 100).await;
        due.unwrap().len()
    }

    /// What the ledger says of an event; nothing while nobody has claimed it.
    pub async fn entry(&self, event: &str) -> Option<Entry> {
        self.ledger().entry_of(event).await.unwrap()
    }

    /// The states of an event's shares, by domain.
    pub async fn shares(&self, event: &str) -> Vec<(String, ShareState)> {
        let shares = self.ledger().shares_of(event).await.unwrap();
        let state = |share: Share| (share.domain, share.state);
        shares.into_iter().map(state).collect()
    }

    /// The odd domain's share of an event, which must be there.
    pub async fn share(&self, event: &str) -> Share {
        let shares = self.ledger().shares_of(event).await.unwrap();
        let odd = shares.into_iter().find(|share| share.domain == "odd");
        odd.unwrap()
    }

    /// Whether the mirror has the message.
    pub async fn is_stored(&self, n: usize) -> bool {
        let row = self.rows().get(&messages::key(CHANNEL, &ts(n))).await;
        row.unwrap()
            .is_some_and(|row| row.opened_text("text") == Some("hello"))
    }

    /// Parks a share of this world, as a worker does.
    pub async fn park(&self, id: &ShareId, reason: &str) {
        park(self.rows(), &self.clock, id, reason).await;
    }

    /// How often the odd domain's writes about an event were done.
    pub async fn counted(&self, event: &str) -> i64 {
        let row = self
            .rows()
            .get(&RowKey::new(&["odd", event], &["count"]))
            .await;
        row.unwrap()
            .unwrap_or_default()
            .number("count")
            .unwrap_or(0)
    }

    /// The ids of the posts about an event that wait in the outbox. Nothing sends them here.
    pub async fn posts(&self, event: &str) -> Vec<String> {
        let system = self.engine.truth().system();
        let due = system.due(Due::Outbox, Timestamp(i64::MAX), 1000).await;
        let mut ids = Vec::new();
        for place in due.unwrap() {
            let row = self.rows().get(&place.key).await.unwrap().unwrap();
            if row.text("event_id") == Some(event) {
                ids.push(row.text("message_id").unwrap().to_owned());
            }
        }
        ids
    }

    /// What the audit trail has of that action.
    pub async fn notes(&self, action: &str) -> Vec<AuditEntry> {
        let (table, keyring) = (self.engine.truth(), self.engine.keyring());
        let audit = Audit::new(table, keyring, Arc::new(self.clock.clone()));
        let page = audit.list(&TENANT.into(), 100, None).await.unwrap();
        let entries = page.entries.into_iter();
        entries.filter(|entry| entry.action == action).collect()
    }

    /// Calls the operator API.
    pub async fn operator(&self, method: Method, path: &str) -> Json {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {OPERATOR_KEY}"))
            .body(Bytes::new());
        let answer = self.api().service().answer(request.unwrap()).await;
        serde_json::from_slice(answer.body()).unwrap()
    }

    fn api(&self) -> Api {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let slack = SlackClient::new(http_client::build().unwrap(), "http://127.0.0.1:1/api");
        let installs = Installs {
            table: self.engine.truth(),
            keyring: self.engine.keyring(),
            clock: Arc::clone(&clock),
            slack: slack.unwrap(),
            wake_ups: Arc::new(Recorder::default()),
            app: None,
            exclusive: false,
        };
        let secrets: Arc<dyn Secrets> = Arc::new(FixedSecret(OPERATOR_KEY.into()));
        let operator_key = (secrets, "key".to_owned());
        let events: Arc<dyn Queue> = self.events.clone();
        let commands: Arc<dyn Queue> = Arc::new(Recorder::default());
        Api {
            table: self.engine.truth().into(),
            events: events.into(),
            commands: commands.into(),
            clock,
            operator_key: operator_key.into(),
            keep: KEEP,
            keyring: self.engine.keyring().into(),
            audit: installs.audit().into(),
            wake_ups: Arc::clone(&installs.wake_ups),
            members: Arc::new(installs.clone()),
            domains: vec![Arc::new(installs)],
            site: Site::default(),
            limits: Limits::default(),
        }
    }
}

/// Parks a share, as a worker does.
pub async fn park(rows: Rows, clock: &ManualClock, id: &ShareId, reason: &str) {
    let ledger = Ledger {
        rows,
        clock,
        keep: KEEP,
    };
    let share = ledger.share_of(id).await.unwrap().unwrap();
    let job = ledger.job_of_share(&share, &TENANT.into()).unwrap();
    let label = Label {
        name: "share".to_owned(),
        dispatched_at: None,
    };
    let delivery = Delivery {
        job: &job,
        label: &label,
        message: "test",
        attempt: 1,
    };
    ledger.park_job(delivery, reason).await.unwrap();
}
