//! The interface of a domain to the pipeline: what the domain owns, and how it handles each of these things.
//!
//! The product uses a domain only through [`Domain`] and through its API half. A domain decides and the pipeline acts: only
//! [`Domain::perform`] changes anything outside, except that a decision may open a modal before its trigger expires. A decision may
//! also read from a service outside what it depends on, such as who a person is, within its deadline.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value as Json;
use tidegate_slack::command::SlashCommand;
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::{TenantId, UserId};
use tidegate_slack::interaction::Interaction;

use crate::clock::{Clock, Timestamp};
use crate::delivery::{Done, Effect, Undone};
use crate::job::Job;
use crate::ledger::{Decision, JobError};
use crate::table::Rows;

/// Everything that a domain owns, known without an instance of it. Every list may be empty.
#[derive(Debug)]
pub struct DomainSpec {
    /// The name, in lower-case letters. It is used in `TIDEGATE_DOMAINS`, in the ids of shares, and in logs.
    pub name: &'static str,
    /// The events that it handles, by Slack's `event.type`, or by the envelope's type if there is no event. Several domains may
    /// handle the same event.
    pub events: &'static [&'static str],
    /// Its slash commands, which the app's manifest lists.
    pub commands: &'static [CommandSpec],
    /// Its subcommands of `/tidegate`.
    pub subcommands: &'static [Subcommand],
    /// The `action_id` of buttons and menus and the `callback_id` of modals and shortcuts. `incident.*` stands for all ids that
    /// begin with `incident.`.
    pub interactions: &'static [&'static str],
    /// Its shortcuts, for the app's manifest. Their callback ids must be in `interactions`.
    pub shortcuts: &'static [ShortcutSpec],
    /// The kinds of jobs that only this domain sends, including timers.
    pub jobs: &'static [JobSpec],
    /// The effects that it performs, by the purpose of the outbox row.
    pub effects: &'static [&'static str],
    /// The Slack scopes that the domain cannot work without.
    pub required_scopes: &'static [&'static str],
    /// The Slack scopes that a workspace may decline.
    pub optional_scopes: &'static [&'static str],
    /// The first parts of the partitions of its rows.
    pub rows: &'static [&'static str],
    /// Whether it has a section of the app's home tab.
    pub has_home: bool,
    /// The settings that switch something of it on: names of environment variables that take `on` or `off`, and are off by default.
    pub switches: &'static [&'static str],
}

impl DomainSpec {
    /// Makes the spec of a domain that owns nothing yet.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            events: &[],
            commands: &[],
            subcommands: &[],
            interactions: &[],
            shortcuts: &[],
            jobs: &[],
            effects: &[],
            required_scopes: &[],
            optional_scopes: &[],
            rows: &[],
            has_home: false,
            switches: &[],
        }
    }

    /// Tells whether the domain owns the button, menu, modal or shortcut with that id.
    pub fn owns_interaction(&self, id: &str) -> bool {
        self.interactions
            .iter()
            .any(|own| match own.strip_suffix('*') {
                Some(start) => id.starts_with(start),
                None => *own == id,
            })
    }

    /// Tells whether the domain handles an event.
    pub fn takes(&self, envelope: &Envelope) -> bool {
        let kind = match (envelope.kind(), envelope.event()) {
            ("event_callback", Some(event)) => event.kind().to_owned(),
            (kind, _) => kind.to_owned(),
        };
        self.events.contains(&kind.as_str())
    }
}

/// A slash command, as the app's manifest describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandSpec {
    /// The command, with its slash.
    pub command: &'static str,
    /// The description that Slack shows beside the command.
    pub description: &'static str,
    /// The hint that Slack shows after the command while it is typed.
    pub usage_hint: &'static str,
}

/// A subcommand of `/tidegate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subcommand {
    /// The word after `/tidegate`, in lower case.
    pub word: &'static str,
    /// The purpose, as it follows "to": `see how long a request takes`.
    pub purpose: &'static str,
}

/// A shortcut, as the app's manifest describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortcutSpec {
    /// The name that Slack shows, at most 24 characters.
    pub name: &'static str,
    /// The `callback_id` that Slack sends.
    pub callback_id: &'static str,
    /// The description that Slack shows below the name.
    pub description: &'static str,
    /// Whether it belongs to messages and not to the global menu.
    pub on_message: bool,
}

/// The queue whose worker does a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobQueue {
    /// The queue for events. Its worker has no Slack token.
    Events,
    /// The queue for commands, interactions and timers. Its worker has a token and may open modals.
    Commands,
}

/// A kind of job that a domain sends itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobSpec {
    /// The kind, which begins with the domain's prefix and a dot: `incident.timer`.
    pub kind: &'static str,
    /// The queue that it goes to.
    pub queue: JobQueue,
    /// The longest time that one attempt may take, at most [`DECISION_LIMIT`](crate::dispatch::DECISION_LIMIT). It is the deadline
    /// of the decision.
    pub longest: Duration,
    /// Whether the job needs a Slack token. Only [`JobQueue::Commands`] has one.
    pub needs_token: bool,
}

/// What every decision of a domain gets besides the request.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The request as a job.
    pub job: &'a Job,
    /// The number of receives of the job, including this one.
    pub attempt: u32,
    /// The number of decisions in this attempt whose writes failed because other writes came first. A decision that assumes a row
    /// to be absent reads the row if this is not zero.
    pub overtaken: usize,
    /// The rows of the tenant.
    pub rows: &'a Rows,
    /// The clock of the worker.
    pub clock: &'a dyn Clock,
}

impl Context<'_> {
    /// Returns the workspace that the request belongs to.
    pub fn tenant(&self) -> &TenantId {
        &self.job.tenant
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// What a section of the home tab gets.
#[derive(Clone, Copy)]
pub struct HomeContext<'a> {
    /// The workspace of the person.
    pub tenant: &'a TenantId,
    /// The person who has opened the home tab.
    pub user: &'a UserId,
    /// The rows of the workspace.
    pub rows: &'a Rows,
    /// The time at which the section is rendered.
    pub now: Timestamp,
}

/// The pipeline half of a domain. Each method is called only for what its [`DomainSpec`] lists.
///
/// If a condition of a decision's writes fails, the decision is made again from the current rows.
#[async_trait]
pub trait Domain: Send + Sync {
    /// Returns what the domain owns.
    fn spec(&self) -> &'static DomainSpec;

    /// Decides about an event. If this fails, other domains go on, and this domain gets the event again as a share.
    async fn event(
        &self,
        _context: Context<'_>,
        _envelope: &Envelope,
    ) -> Result<Decision, JobError> {
        Ok(Decision::default())
    }

    /// Decides about one of its slash commands.
    async fn command(
        &self,
        _context: Context<'_>,
        _command: &SlashCommand,
    ) -> Result<Decision, JobError> {
        Err(not_handled("commands"))
    }

    /// Decides about one of its subcommands of `/tidegate`.
    async fn subcommand(
        &self,
        _context: Context<'_>,
        _word: &'static str,
        _command: &SlashCommand,
    ) -> Result<Decision, JobError> {
        Err(not_handled("subcommands"))
    }

    /// Decides about a click, a shortcut or a submitted modal.
    async fn interaction(
        &self,
        _context: Context<'_>,
        _interaction: &Interaction<'_>,
    ) -> Result<Decision, JobError> {
        Err(not_handled("interactions"))
    }

    /// Decides about a job of one of its kinds, which is `context.job`.
    async fn job(&self, _context: Context<'_>) -> Result<Decision, JobError> {
        Err(not_handled("jobs"))
    }

    /// Returns the blocks of its section of the app's home tab, within four seconds. If this fails, the tab says so in its place.
    async fn home(&self, _context: HomeContext<'_>) -> Result<Vec<Json>, Undone> {
        Ok(Vec::new())
    }

    /// Performs one of its effects within about fifteen seconds. It is called again if its result could not be stored. A panic
    /// counts as an unknown outcome.
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        Err(Undone::Park(format!("nobody performs {}", effect.name)))
    }

    /// Returns what else to write when one of its effects is parked for `reason`. If a condition of these writes fails, all of them
    /// are left out.
    fn given_up(&self, _effect: &str, _body: &Json, _reason: &str, _now: Timestamp) -> Done {
        Done::default()
    }

    /// Tells whether one of its effects needs the workspace's Slack token. Such an effect is held while there is none.
    fn needs_token(&self, _effect: &str) -> bool {
        true
    }
}

/// The error for something that a domain lists but does not handle. That is a defect of ours.
fn not_handled(what: &str) -> JobError {
    JobError::Fail(format!("the domain handles no {what}"))
}

#[cfg(test)]
mod tests;
