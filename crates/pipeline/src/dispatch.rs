//! Gives each job to the domains that it concerns, and each effect to the domain that owns it.
//!
//! An event concerns every domain that takes part in it (`events`). A command, an interaction or a timer belongs to one
//! domain. Nothing here names one: they come as a list.

mod answers;
mod deciding;
mod effects;
mod events;
mod home;
mod label;
mod shares;
mod tidegate;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use tidegate_slack::command::{Form, SlashCommand};
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::TenantId;
use tidegate_slack::interaction::Interaction;

use self::answers::ASK;
pub use self::answers::command_answer;
pub use self::deciding::DECISION_LIMIT;
use self::deciding::{Request, context, in_time};
pub use self::home::PUBLISH_HOME;
pub use self::tidegate::COMMAND;
use crate::archive::Label;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::domain::{Domain, JobQueue, JobSpec};
use crate::job::{Job, kind};
use crate::ledger::{Claim, Committed, Decision, Delivery, JobError, Ledger};
use crate::table::Table;
use crate::tenants::Listed;
use crate::worker::{FollowUp, Handler};

/// Times that a decision is made anew because its rows changed meanwhile.
const TRIES: usize = 8;

/// The domain under whose name the pipeline's own answers are posted.
const PLATFORM: &str = "tidegate";

/// Routes jobs and effects to domains.
pub struct Dispatcher {
    domains: Vec<Arc<dyn Domain>>,
    table: Table,
    audit: Audit,
    clock: Arc<dyn Clock>,
    keep: Duration,
    listed: Listed,
}

impl Dispatcher {
    /// Routes to those domains. Ledger rows are kept for `keep`.
    pub fn new(
        domains: Vec<Arc<dyn Domain>>,
        table: Table,
        audit: Audit,
        clock: Arc<dyn Clock>,
        keep: Duration,
    ) -> Self {
        Self {
            domains,
            table,
            audit,
            clock,
            keep,
            listed: Listed::default(),
        }
    }

    /// Returns the queue that takes jobs of that kind. `None` if the domain that owns them is switched off.
    pub fn queue_of(&self, job_kind: &str) -> Option<JobQueue> {
        match job_kind {
            kind::SLACK_EVENT | kind::SHARE => Some(JobQueue::Events),
            kind::SLACK_COMMAND | kind::SLACK_INTERACTION => Some(JobQueue::Commands),
            other => self.job_spec(other).map(|(_, spec)| spec.queue),
        }
    }

    /// The domain that owns jobs of that kind, and its description of them.
    fn job_spec(&self, job_kind: &str) -> Option<(&dyn Domain, &'static JobSpec)> {
        let mut owned = self.domains.iter().flat_map(|domain| {
            let jobs = domain.spec().jobs.iter();
            jobs.map(|spec| (&**domain, spec))
        });
        owned.find(|(_, spec)| spec.kind == job_kind)
    }

    async fn route(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
    ) -> Result<FollowUp, JobError> {
        let job = delivery.job;
        match job.kind.as_str() {
            kind::SLACK_EVENT => {
                let envelope = Envelope::parse(&job.body).map_err(|e| fail(&e))?;
                self.event(delivery, ledger, &envelope).await
            }
            kind::SHARE => self.share(delivery, ledger).await,
            kind::SLACK_COMMAND => {
                let command = SlashCommand::from_form(&Form::parse(&job.body));
                let command = command.ok_or_else(|| fail(&"the form is no slash command"))?;
                self.command(delivery, ledger, &command).await
            }
            kind::SLACK_INTERACTION => {
                let form = Form::parse(&job.body);
                let payload = form.get("payload").unwrap_or_default();
                let interaction = Interaction::parse(payload).map_err(|e| fail(&e))?;
                self.interaction(delivery, ledger, &interaction).await
            }
            other => {
                let owner = self.job_spec(other);
                let (owner, spec) = owner
                    .ok_or_else(|| fail(&format!("no domain handles jobs of kind {other}")))?;
                let request = Request::Job(spec.longest);
                self.alone(owner, delivery, ledger, request).await
            }
        }
    }

    async fn command(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        command: &SlashCommand,
    ) -> Result<FollowUp, JobError> {
        if command.command == COMMAND {
            return self.tidegate(delivery, ledger, command).await;
        }
        let owner = self.domains.iter().find(|domain| {
            let commands = domain.spec().commands;
            commands.iter().any(|spec| spec.command == command.command)
        });
        let Some(owner) = owner else {
            // Slack always sends an address for the answer; a command without one comes from no person.
            if command.response_url.expose_secret().is_empty() {
                return self.nothing(delivery, ledger).await;
            }
            let text = format!("Nothing here handles `{}`. {ASK}", command.command);
            return self.answer(delivery, ledger, command, &text).await;
        };
        names_workspace(delivery)?;
        let request = Request::Command(command);
        self.alone(&**owner, delivery, ledger, request).await
    }

    async fn interaction(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        interaction: &Interaction<'_>,
    ) -> Result<FollowUp, JobError> {
        let ids = interaction.ids();
        let owner = self.domains.iter().find(|domain| {
            let spec = domain.spec();
            ids.iter().any(|id| spec.owns_interaction(id))
        });
        let Some(owner) = owner else {
            let answer =
                answers::unowned(interaction).filter(|_| names_workspace(delivery).is_ok());
            let decision = Decision {
                posts: answer.into_iter().collect(),
                ..Decision::default()
            };
            return self.once(delivery, ledger, &decision).await;
        };
        names_workspace(delivery)?;
        let request = Request::Interaction(interaction);
        self.alone(&**owner, delivery, ledger, request).await
    }

    /// Has one domain decide, and commits that with the job's claim; if the rows changed meanwhile, it decides anew.
    async fn alone(
        &self,
        domain: &dyn Domain,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        request: Request<'_>,
    ) -> Result<FollowUp, JobError> {
        let claim = Claim::of(delivery);
        for overtaken in 0..TRIES {
            let context = context(delivery, ledger, overtaken);
            let decision = in_time(request.limit(), request.decide(domain, context)).await?;
            let (trail, name) = (self.audit.of(&claim.tenant), domain.spec().name);
            let lanes = match ledger.commit(trail, &claim, name, &decision).await? {
                Committed::Done(lanes) => lanes,
                Committed::Duplicate(lanes) => {
                    ledger.keep_one_copy(delivery).await?;
                    lanes
                }
                Committed::Stale => continue,
            };
            return Ok(lanes.into());
        }
        Err(JobError::Retry("the rows keep changing".to_owned()))
    }

    /// Commits the claim of a job that asks nothing of any domain.
    async fn nothing(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
    ) -> Result<FollowUp, JobError> {
        self.once(delivery, ledger, &Decision::default()).await
    }

    /// Answers the user who typed a command. Nobody else sees the answer.
    async fn answer(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        command: &SlashCommand,
        text: &str,
    ) -> Result<FollowUp, JobError> {
        let post = command_answer(command, text)?;
        let decision = Decision {
            posts: vec![post],
            ..Decision::default()
        };
        self.once(delivery, ledger, &decision).await
    }

    /// Commits a decision of the pipeline's own, which depends on no row.
    async fn once(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        decision: &Decision,
    ) -> Result<FollowUp, JobError> {
        let (claim, trail) = (Claim::of(delivery), self.audit.of(&delivery.job.tenant));
        match ledger.commit(trail, &claim, PLATFORM, decision).await? {
            Committed::Done(lanes) => Ok(lanes.into()),
            Committed::Duplicate(lanes) => {
                ledger.keep_one_copy(delivery).await?;
                Ok(lanes.into())
            }
            Committed::Stale => Err(JobError::Retry("the rows changed meanwhile".to_owned())),
        }
    }
}

#[async_trait]
impl Handler for Dispatcher {
    fn label(&self, job: &Job) -> Label {
        label::of(job)
    }

    async fn handle(&self, delivery: Delivery<'_>) -> Result<FollowUp, JobError> {
        self.listed
            .ensure(&self.table, &delivery.job.tenant)
            .await?;
        let ledger = Ledger {
            rows: self.table.tenant(&delivery.job.tenant),
            clock: &*self.clock,
            keep: self.keep,
        };
        self.route(delivery, &ledger).await
    }
}

/// Fails for a request that names no workspace. Its rows are nobody's, and no domain may guess whose it is.
fn names_workspace(delivery: Delivery<'_>) -> Result<(), JobError> {
    if delivery.job.tenant == TenantId::unreadable() {
        return Err(fail(&"the request names no workspace"));
    }
    Ok(())
}

fn fail(why: &dyn std::fmt::Display) -> JobError {
    JobError::Fail(why.to_string())
}
