//! The one table from a request to the domain that handles it.

mod label;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tidegate_pipeline::archive::Label;
use tidegate_pipeline::audit::{Actor, Audit};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Committed, Decision, Delivery, JobError, Ledger};
use tidegate_pipeline::outbox::Lane;
use tidegate_pipeline::table::{Item, Table, TableError};
use tidegate_pipeline::worker::Handler;
use tidegate_slack::command::{Form, SlashCommand};
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::TenantId;
use tidegate_slack::interaction::Interaction;

use tidegate_hello::{mentions, ping};
use tidegate_incidents::domain::Incidents;
use tidegate_incidents::requests::handle as incidents;
use tidegate_installs::Installs;
use tidegate_installs::revocation::{self, Revocation};
use tidegate_mirror::{gaps, messages};
use tidegate_pipeline::tenants::Listed;

/// Times a decision is made anew because its rows changed meanwhile.
const TRIES: usize = 5;

/// Grants that end in one transaction with the claim of their event.
const MOST_ENDS: usize = 50;

/// Handles every kind of job.
pub struct Routes {
    table: Table,
    audit: Audit,
    clock: Arc<dyn Clock>,
    keep: Duration,
    incidents_domain: Option<Arc<Incidents>>,
    listed: Listed,
}

impl Routes {
    /// Handlers on that table; ledger rows are kept for `keep`.
    pub fn new(table: Table, audit: Audit, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self {
            table,
            audit,
            clock,
            keep,
            incidents_domain: None,
            listed: Listed::default(),
        }
    }

    /// Handlers on the installs' table.
    pub fn of(installs: &Installs, keep: Duration) -> Self {
        let (table, clock) = (installs.table.clone(), Arc::clone(&installs.clock));
        Self::new(table, installs.audit(), clock, keep)
    }

    /// The same with what commands, clicks and timers of incidents need. Workers of events go without a token.
    #[must_use]
    pub fn with_incidents(mut self, incidents_domain: Arc<Incidents>) -> Self {
        self.incidents_domain = Some(incidents_domain);
        self
    }

    fn incidents_domain(&self) -> Result<&Incidents, JobError> {
        let why = || JobError::Fail("this worker handles no commands".to_owned());
        self.incidents_domain.as_deref().ok_or_else(why)
    }

    async fn route(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
    ) -> Result<Vec<Lane>, JobError> {
        let job = delivery.job;
        match job.kind.as_str() {
            kind::SLACK_EVENT => {
                let envelope =
                    Envelope::parse(&job.body).map_err(|e| JobError::Fail(e.to_string()))?;
                self.event(delivery, ledger, &envelope).await
            }
            kind::SLACK_COMMAND => {
                let command = SlashCommand::from_form(&Form::parse(&job.body))
                    .ok_or_else(|| JobError::Fail("the form is no slash command".to_owned()))?;
                if command.command == incidents::COMMAND {
                    return incidents::command(
                        self.incidents_domain()?,
                        delivery,
                        ledger,
                        &command,
                    )
                    .await;
                }
                let posts = match command.command.as_str() {
                    ping::COMMAND => vec![ping::decide(
                        &command,
                        job,
                        delivery.attempt,
                        self.clock.now(),
                    )?],
                    _ => Vec::new(),
                };
                once(
                    delivery,
                    ledger,
                    Decision {
                        posts,
                        ..Decision::default()
                    },
                )
                .await
            }
            kind::SLACK_INTERACTION => {
                let form = Form::parse(&job.body);
                let payload = form.get("payload").unwrap_or_default();
                let payload =
                    Interaction::parse(payload).map_err(|e| JobError::Fail(e.to_string()))?;
                let handled =
                    incidents::interaction(self.incidents_domain()?, delivery, ledger, &payload)
                        .await?;
                if let Some(lanes) = handled {
                    return Ok(lanes);
                }
                once(delivery, ledger, Decision::default()).await
            }
            kind::INCIDENT_TIMER => {
                incidents::timer(self.incidents_domain()?, delivery, ledger).await
            }
            other => Err(JobError::Fail(format!(
                "nobody handles jobs of kind {other}"
            ))),
        }
    }

    async fn event(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        envelope: &Envelope,
    ) -> Result<Vec<Lane>, JobError> {
        if let Some(revocation) = revocation::read(envelope) {
            let natural_key = label::natural_key(envelope);
            return self
                .revoke(delivery, ledger, &revocation, natural_key)
                .await;
        }
        // Nobody's data: no handler may guess whose.
        if envelope.kind() == "event_callback" && delivery.job.tenant == TenantId::unreadable() {
            return Err(JobError::Fail("the event names no workspace".to_owned()));
        }
        // A message is new nine times out of ten: the first try does not read its row.
        let mut stored = Stored::Unread;
        for _ in 0..TRIES {
            let decision = self.decide(delivery, ledger, envelope, &stored).await?;
            match ledger.commit(delivery, decision).await? {
                Committed::Done(lanes) | Committed::Duplicate(lanes) => return Ok(lanes),
                Committed::Stale => stored = Stored::load(ledger, envelope).await?,
            }
        }
        Err(JobError::Retry("the rows keep changing".to_owned()))
    }

    /// What every domain makes of an event, in one decision: the archive has it already, for the domains to come.
    async fn decide(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        envelope: &Envelope,
        stored: &Stored,
    ) -> Result<Decision, JobError> {
        let mut decision = match (envelope.kind(), envelope.event()) {
            ("event_callback", Some(event)) if event.kind() == "message" => {
                let change = messages::change(event);
                let writes = change.and_then(|change| messages::decide(&change, stored.row()));
                Decision {
                    writes: writes.into_iter().collect(),
                    ..Decision::default()
                }
            }
            ("event_callback", Some(event)) if event.kind() == "app_mention" => Decision {
                posts: mentions::decide(envelope).into_iter().collect(),
                ..Decision::default()
            },
            ("app_rate_limited", _) => gaps::decide(envelope, delivery.job.received_at)?,
            _ => Decision::default(),
        };
        if envelope.kind() != "app_rate_limited" {
            decision.natural_key = label::natural_key(envelope);
        }
        let incidents_domain = self.incidents_domain.as_deref();
        if let (Some(incidents_domain), "event_callback") = (incidents_domain, envelope.kind())
            && let Some(more) =
                incidents::event(incidents_domain, delivery, ledger, envelope).await?
        {
            decision.writes.extend(more.writes);
            decision.posts.extend(more.posts);
        }
        Ok(decision)
    }

    /// Ends what a workspace takes back. Slack is not asked: the tokens are dead.
    async fn revoke(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        revocation: &Revocation,
        natural_key: Option<Vec<String>>,
    ) -> Result<Vec<Lane>, JobError> {
        for _ in 0..TRIES {
            let grants = revocation::load(&ledger.rows).await?;
            let mut writes = revocation::decide(revocation, &grants);
            let ends = writes.len();
            // One transaction takes a hundred writes. Each of the rest stands for itself, and a repetition finds it done.
            for write in writes.split_off(ends.min(MOST_ENDS)) {
                match ledger.rows.write(write).await {
                    Ok(_) | Err(TableError::Condition) => {}
                    Err(e) => return Err(e.into()),
                }
            }
            let decision = Decision {
                natural_key: natural_key.clone(),
                writes,
                posts: Vec::new(),
            };
            match ledger.commit(delivery, decision).await? {
                Committed::Done(lanes) | Committed::Duplicate(lanes) => {
                    let (job, action) = (delivery.job, revocation.action());
                    let once = (job.id.as_str(), job.signed_at);
                    let detail = format!("{ends} tokens ended");
                    let noted =
                        self.audit
                            .record_once(once, &job.tenant, &Actor::Slack, action, &detail);
                    noted.await.map_err(|e| JobError::Retry(e.to_string()))?;
                    return Ok(lanes);
                }
                Committed::Stale => {}
            }
        }
        Err(JobError::Retry("the installs keep changing".to_owned()))
    }
}

#[async_trait]
impl Handler for Routes {
    fn label(&self, job: &Job) -> Label {
        label::of(job)
    }

    async fn handle(&self, delivery: Delivery<'_>) -> Result<Vec<Lane>, JobError> {
        self.listed
            .ensure(&self.table, &delivery.job.tenant)
            .await?;
        let rows = self.table.tenant(&delivery.job.tenant);
        let ledger = Ledger {
            rows,
            clock: &*self.clock,
            keep: self.keep,
        };
        self.route(delivery, &ledger).await
    }
}

/// A message's row, as far as it has been looked at.
enum Stored {
    Unread,
    Read(Option<Item>),
}

impl Stored {
    async fn load(ledger: &Ledger<'_>, envelope: &Envelope) -> Result<Self, JobError> {
        let change = envelope
            .event()
            .filter(|event| event.kind() == "message")
            .and_then(messages::change);
        Ok(match change {
            Some(change) => Self::Read(messages::load(&ledger.rows, &change).await?),
            None => Self::Unread,
        })
    }

    fn row(&self) -> Option<&Item> {
        match self {
            Self::Unread => None,
            Self::Read(row) => row.as_ref(),
        }
    }
}

/// Commits a decision that depends on no row.
async fn once(
    delivery: Delivery<'_>,
    ledger: &Ledger<'_>,
    decision: Decision,
) -> Result<Vec<Lane>, JobError> {
    match ledger.commit(delivery, decision).await? {
        Committed::Done(lanes) | Committed::Duplicate(lanes) => Ok(lanes),
        Committed::Stale => Err(JobError::Retry("the rows changed meanwhile".to_owned())),
    }
}
