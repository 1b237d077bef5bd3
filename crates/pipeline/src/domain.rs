//! What a domain is to the pipeline: what it owns, and what it does with each.
//!
//! The product knows a domain through [`Domain`] and through the API's half of it, and through nothing else. A domain decides and
//! the pipeline acts: no method but [`Domain::perform`] calls anybody outside, except to open a modal before its trigger
//! expires.

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

/// What a domain owns, known without an instance of it. Every list may be empty.
#[derive(Debug)]
pub struct DomainSpec {
    /// The domain's name: in `TIDEGATE_DOMAINS`, in the ids of its shares, and in logs. Lower case letters.
    pub name: &'static str,
    /// The events that it takes part in, by Slack's `event.type`, or by the envelope's type where there is no event. Several
    /// domains may take part in one.
    pub events: &'static [&'static str],
    /// Slash commands, with the slash.
    pub commands: &'static [CommandSpec],
    /// Subcommands of `/tidegate`.
    pub subcommands: &'static [Subcommand],
    /// The `action_id` of buttons and menus and the `callback_id` of modals and shortcuts. `incident.*` stands for all ids that
    /// begin with `incident.`.
    pub interactions: &'static [&'static str],
    /// Shortcuts, for the app's manifest. Their callback ids are among `interactions`.
    pub shortcuts: &'static [ShortcutSpec],
    /// Kinds of jobs that only this domain sends itself, timers among them.
    pub jobs: &'static [JobSpec],
    /// What it has done outside, by the purpose of the outbox row.
    pub effects: &'static [&'static str],
    /// Slack scopes without which the domain cannot work.
    pub required_scopes: &'static [&'static str],
    /// Slack scopes that it does without if a workspace does not grant them.
    pub optional_scopes: &'static [&'static str],
    /// The first part of the partition of each of its rows.
    pub rows: &'static [&'static str],
    /// Whether it has a section of the app's home tab.
    pub has_home: bool,
}

impl DomainSpec {
    /// A domain that owns nothing yet.
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
        }
    }

    /// Whether it owns the button, menu, modal or shortcut of that id.
    pub fn owns_interaction(&self, id: &str) -> bool {
        self.interactions
            .iter()
            .any(|own| match own.strip_suffix('*') {
                Some(start) => id.starts_with(start),
                None => *own == id,
            })
    }

    /// Whether it takes part in an event: by the event's type, or the envelope's where there is no event.
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
    /// The command with its slash.
    pub command: &'static str,
    /// What Slack shows beside it.
    pub description: &'static str,
    /// What Slack shows behind it while it is typed.
    pub usage_hint: &'static str,
}

/// A subcommand of `/tidegate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subcommand {
    /// The word behind `/tidegate`, in lower case.
    pub word: &'static str,
    /// What it is for, after "to": `see how long a request takes`.
    pub purpose: &'static str,
}

/// A shortcut, as the app's manifest describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortcutSpec {
    /// What Slack shows, at most 24 characters.
    pub name: &'static str,
    /// Its callback id.
    pub callback_id: &'static str,
    /// What Slack shows below the name.
    pub description: &'static str,
    /// Whether it is on messages and not in the global menu.
    pub on_message: bool,
}

/// The queue whose worker does a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobQueue {
    /// Events: its worker has no Slack token.
    Events,
    /// Commands, interactions and timers: its worker may open modals.
    Commands,
}

/// A kind of job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobSpec {
    /// The kind, which begins with the domain's word and a dot: `incident.timer`.
    pub kind: &'static str,
    /// The queue that it goes to.
    pub queue: JobQueue,
    /// The longest that one attempt takes; the queue's worker must have more.
    pub longest: Duration,
    /// Whether the job needs a Slack token. Only [`JobQueue::Commands`] has one.
    pub needs_token: bool,
}

/// What a decision may look at besides what it is about.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The request as it came.
    pub job: &'a Job,
    /// How often it has been received, this time included.
    pub attempt: u32,
    /// How often a decision about it was overtaken by other writes in this attempt. A decision that bets on a row's absence
    /// reads the row when this is not zero.
    pub overtaken: usize,
    /// The tenant's rows.
    pub rows: &'a Rows,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

impl Context<'_> {
    /// Whose request it is.
    pub fn tenant(&self) -> &TenantId {
        &self.job.tenant
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Somebody whose home tab is drawn.
#[derive(Clone, Copy)]
pub struct HomeContext<'a> {
    /// Their workspace.
    pub tenant: &'a TenantId,
    /// Who looks at it.
    pub user: &'a UserId,
    /// The tenant's rows.
    pub rows: &'a Rows,
    /// The present moment.
    pub now: Timestamp,
}

/// The pipeline's half of a domain. Each method is only called for what the domain's [`DomainSpec`] owns.
///
/// Decisions are called again, with the rows as they stand then, whenever a condition of their writes did not hold.
#[async_trait]
pub trait Domain: Send + Sync {
    /// What it owns.
    fn spec(&self) -> &'static DomainSpec;

    /// Decides about an event. It fails alone: other domains go on, and the event comes back to this one by itself.
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

    /// Decides about a job of one of its kinds; `context.job` is the job.
    async fn job(&self, _context: Context<'_>) -> Result<Decision, JobError> {
        Err(not_handled("jobs"))
    }

    /// Its section of the app's home tab, as blocks.
    async fn home(&self, _context: HomeContext<'_>) -> Result<Vec<Json>, Undone> {
        Ok(Vec::new())
    }

    /// Performs one of its effects, within about fifteen seconds. It may be called again whenever what it answered could not be
    /// stored.
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        Err(Undone::Park(format!("nobody performs {}", effect.name)))
    }

    /// What else to write when one of its effects is parked for `reason`. Writes whose conditions do not hold are left out,
    /// all of them.
    fn given_up(&self, _effect: &str, _body: &Json, _reason: &str, _now: Timestamp) -> Done {
        Done::default()
    }

    /// Whether one of its effects needs the workspace's Slack token; it is held while there is none.
    fn needs_token(&self, _effect: &str) -> bool {
        true
    }
}

/// A domain owns something that it does not handle: our mistake.
fn not_handled(what: &str) -> JobError {
    JobError::Fail(format!("the domain handles no {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interaction_is_owned_by_its_id_or_by_the_start_of_it() {
        let spec = DomainSpec {
            interactions: &["incident.*", "declare_incident"],
            ..DomainSpec::named("incidents")
        };
        for (id, owned) in [
            ("incident.join", true),
            ("incident.", true),
            ("incident", false),
            ("declare_incident", true),
            ("declare_incident_2", false),
        ] {
            assert_eq!(spec.owns_interaction(id), owned, "{id}");
        }
    }

    #[test]
    fn an_event_is_taken_by_its_type_and_what_has_none_by_the_envelopes() {
        let spec = DomainSpec {
            events: &["message", "app_rate_limited"],
            ..DomainSpec::named("mirror")
        };
        for (body, taken) in [
            (
                r#"{"type":"event_callback","event":{"type":"message"}}"#,
                true,
            ),
            (
                r#"{"type":"event_callback","event":{"type":"pin_added"}}"#,
                false,
            ),
            (r#"{"type":"app_rate_limited"}"#, true),
            (r#"{"type":"message"}"#, true),
        ] {
            let envelope = Envelope::parse(body.as_bytes()).unwrap();
            assert_eq!(spec.takes(&envelope), taken, "{body}");
        }
    }
}
