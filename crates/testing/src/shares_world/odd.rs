//! A domain that behaves as a test says, and one that only has something for the audit trail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;
use tidegate_pipeline::audit::{Actor, AuditNote};
use tidegate_pipeline::domain::{Context, Domain, DomainSpec};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_pipeline::table::{Item, RowKey, Write};
use tidegate_slack::event::Envelope;
use tokio::sync::Notify;

use super::CHANNEL;

/// The ways in which the odd domain handles an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Counts the event, posts once, and notes it in the audit trail.
    Works,
    /// Says that trying again cannot help.
    Fails,
    /// Says that trying again may help, for ever.
    Retries,
    /// Panics, without a message on the terminal.
    Panics,
    /// Never decides, so that its deadline ends it.
    Hangs,
    /// Never decides, and tells the test, which drops the worker.
    Freezes,
    /// More writes than a transaction takes.
    ManyWrites,
    /// More bytes than a transaction takes.
    Large,
    /// Two writes of one row, which the table refuses without naming either.
    Refused,
    /// A write whose condition never holds.
    Stale,
    /// Fails with a reason of half a megabyte.
    Rambles,
}

static SPEC: DomainSpec = DomainSpec {
    events: &["message"],
    rows: &["odd"],
    ..DomainSpec::named("odd")
};

static SPEC_OF_NOTARY: DomainSpec = DomainSpec {
    events: &["message"],
    ..DomainSpec::named("notary")
};

/// The domain under test.
pub struct Odd {
    manner: Mutex<Manner>,
    manners: Mutex<BTreeMap<String, Manner>>,
    asked: Mutex<BTreeMap<String, usize>>,
    /// Told once the domain has frozen.
    pub frozen: Arc<Notify>,
}

impl Odd {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            manner: Mutex::new(Manner::Works),
            manners: Mutex::default(),
            asked: Mutex::default(),
            frozen: Arc::default(),
        })
    }

    /// How it behaves from now on.
    pub fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// How it behaves about one event.
    pub fn set_for(&self, event: &str, manner: Manner) {
        self.manners
            .lock()
            .unwrap()
            .insert(event.to_owned(), manner);
    }

    /// Behaves about every event as [`Odd::set`] says.
    pub fn forget(&self) {
        self.manners.lock().unwrap().clear();
    }

    /// How often it was asked about an event.
    pub fn asked(&self, event: &str) -> usize {
        self.asked.lock().unwrap().get(event).copied().unwrap_or(0)
    }
}

/// The row that the domain reads before it decides, and that a test damages.
pub fn settings() -> RowKey {
    RowKey::new(&["odd", "settings"], &["row"])
}

fn works(event: &str) -> Decision {
    let key = RowKey::new(&["odd", event], &["count"]);
    let count = Write::update(key, "ADD #count :one").value(":one", 1i64);
    Decision {
        writes: vec![count],
        posts: vec![Post {
            lane: Lane::from_text(CHANNEL),
            target: Target::Channel,
            body: json!({"channel": CHANNEL, "text": event}),
            class: Class::AtMostOnce,
            purpose: "odd_post",
        }],
        audit: Some(AuditNote {
            actor: Actor::Slack,
            action: "odd.counted",
            detail: event.to_owned(),
        }),
    }
}

fn row(n: usize, bytes: usize) -> Write<RowKey> {
    let key = RowKey::new(&["odd", "rows"], &[&n.to_string()]);
    Write::put(key, Item::new().with("text", "x".repeat(bytes)))
}

#[async_trait]
impl Domain for Odd {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC
    }

    async fn event(&self, context: Context<'_>, _: &Envelope) -> Result<Decision, JobError> {
        let event = context.job.id.as_str();
        *self
            .asked
            .lock()
            .unwrap()
            .entry(event.to_owned())
            .or_default() += 1;
        if let Some(row) = context.rows.get(&settings()).await? {
            let text = row.text("settings").unwrap_or_default();
            let read = serde_json::from_str::<BTreeMap<String, i64>>(text);
            read.map_err(|e| JobError::Fail(format!("the settings are damaged: {e}")))?;
        }
        let mut decision = works(event);
        let for_this = self.manners.lock().unwrap().get(event).copied();
        let manner = for_this.unwrap_or(*self.manner.lock().unwrap());
        match manner {
            Manner::Works => {}
            Manner::Fails => return Err(JobError::Fail("a test says so".to_owned())),
            Manner::Retries => return Err(JobError::Retry("a test says so".to_owned())),
            Manner::Rambles => return Err(JobError::Fail("on and on ".repeat(50_000))),
            // As a panic does, without its message on the terminal.
            Manner::Panics => std::panic::resume_unwind(Box::new("a test panics")),
            Manner::Hangs => std::future::pending().await,
            Manner::Freezes => {
                self.frozen.notify_one();
                std::future::pending::<()>().await;
            }
            Manner::ManyWrites => decision.writes.extend((0..120).map(|n| row(n, 1))),
            Manner::Large => decision.writes.extend((0..12).map(|n| row(n, 390_000))),
            Manner::Refused => decision.writes.extend([row(1, 1), row(1, 1)]),
            Manner::Stale => {
                let never = Write::check(settings()).when("attribute_exists(#pk)");
                decision.writes.push(never);
            }
        }
        Ok(decision)
    }
}

/// A domain that only has something for the audit trail.
pub struct Notary;

#[async_trait]
impl Domain for Notary {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC_OF_NOTARY
    }

    async fn event(&self, context: Context<'_>, _: &Envelope) -> Result<Decision, JobError> {
        Ok(Decision {
            audit: Some(AuditNote {
                actor: Actor::Slack,
                action: "notary.noted",
                detail: context.job.id.clone(),
            }),
            ..Decision::default()
        })
    }
}
