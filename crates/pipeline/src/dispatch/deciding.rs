//! Asks a domain for a decision, under a deadline.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tidegate_slack::command::SlashCommand;
use tidegate_slack::interaction::Interaction;

use crate::domain::{Context, Domain};
use crate::ledger::{Decision, Delivery, JobError, Ledger};

/// The longest time that a domain may take for one decision. Every worker has more for a record: on Lambda, the worker of commands
/// has 12 s and the worker of events 27 s.
pub const DECISION_LIMIT: Duration = Duration::from_secs(10);

/// What one domain alone decides about.
#[derive(Clone, Copy)]
pub(super) enum Request<'a> {
    Command(&'a SlashCommand),
    Subcommand(&'static str, &'a SlashCommand),
    Interaction(&'a Interaction<'a>),
    /// A job, with the longest time that one attempt at it takes.
    Job(Duration),
}

impl Request<'_> {
    pub(super) async fn decide(
        self,
        domain: &dyn Domain,
        context: Context<'_>,
    ) -> Result<Decision, JobError> {
        match self {
            Self::Command(command) => domain.command(context, command).await,
            Self::Subcommand(word, command) => domain.subcommand(context, word, command).await,
            Self::Interaction(interaction) => domain.interaction(context, interaction).await,
            Self::Job(_) => domain.job(context).await,
        }
    }

    /// The longest time for one decision.
    pub(super) fn limit(self) -> Duration {
        match self {
            Self::Job(longest) => longest,
            _ => DECISION_LIMIT,
        }
    }
}

pub(super) fn context<'a>(
    delivery: Delivery<'a>,
    ledger: &'a Ledger<'_>,
    overtaken: usize,
) -> Context<'a> {
    Context {
        job: delivery.job,
        attempt: delivery.attempt,
        overtaken,
        rows: &ledger.rows,
        clock: ledger.clock,
    }
}

/// Runs a decision under its deadline, and turns a panic of it into an error: the other domains go on.
pub(super) async fn guarded(
    decision: impl Future<Output = Result<Decision, JobError>>,
) -> Result<Decision, JobError> {
    if let Ok(decided) = AssertUnwindSafe(in_time(DECISION_LIMIT, decision))
        .catch_unwind()
        .await
    {
        return decided;
    }
    tracing::error!("domain.panicked");
    Err(JobError::Retry("the domain panicked".to_owned()))
}

/// Runs a decision under its deadline. A panic of it is the worker's to count.
pub(super) async fn in_time(
    limit: Duration,
    decision: impl Future<Output = Result<Decision, JobError>>,
) -> Result<Decision, JobError> {
    match tokio::time::timeout(limit, decision).await {
        Ok(decided) => decided,
        Err(_) => Err(JobError::Retry(
            "the domain did not decide in time".to_owned(),
        )),
    }
}
