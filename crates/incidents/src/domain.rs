//! Plugs incidents into the pipeline: what the domain owns, and what handles each part.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value as Json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::domain::{
    CommandSpec, Context, Domain, DomainSpec, HomeContext, JobQueue, JobSpec, ShortcutSpec,
};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_slack::command::SlashCommand;
use tidegate_slack::event::Envelope;
use tidegate_slack::interaction::Interaction;

use crate::effects::{home, perform};
use crate::model::effect;
use crate::model::timers::TIMER_JOB;
use crate::render::modals;
use crate::requests::interaction::{ADD_TO_TIMELINE, DECLARE, DECLARE_FROM_MESSAGE, MAKE_TASK};
use crate::requests::{events, handle};
use crate::service::{Incidents, NAME};

/// Everything that the domain owns.
pub static SPEC: DomainSpec = DomainSpec {
    name: NAME,
    events: &[
        // Edits and deletions of messages that are on a timeline.
        "message",
        "reaction_added",
        "reaction_removed",
        "pin_added",
        "pin_removed",
        "member_joined_channel",
        "channel_archive",
        "channel_unarchive",
        "channel_deleted",
        "channel_rename",
        "group_archive",
        "group_unarchive",
        "group_deleted",
        "group_rename",
    ],
    commands: &[CommandSpec {
        command: handle::COMMAND,
        description: "Declare and run an incident",
        usage_hint: "declare | status | severity | resolve | help",
    }],
    interactions: &[
        "incident.*",
        DECLARE,
        DECLARE_FROM_MESSAGE,
        ADD_TO_TIMELINE,
        MAKE_TASK,
        modals::declare::CALLBACK,
        modals::resolve::CALLBACK,
        modals::severity::CALLBACK,
        modals::task::CALLBACK,
        modals::timeline::CALLBACK,
        modals::update::CALLBACK,
    ],
    shortcuts: &[
        ShortcutSpec {
            name: "Declare an incident",
            callback_id: DECLARE,
            description: "Opens the form",
            on_message: false,
        },
        ShortcutSpec {
            name: "Declare from message",
            callback_id: DECLARE_FROM_MESSAGE,
            description: "Opens the form with this message in it",
            on_message: true,
        },
        ShortcutSpec {
            name: "Add to timeline",
            callback_id: ADD_TO_TIMELINE,
            description: "Keeps this message in the incident's timeline",
            on_message: true,
        },
        ShortcutSpec {
            name: "Make task",
            callback_id: MAKE_TASK,
            description: "Makes this message a task of the incident",
            on_message: true,
        },
    ],
    jobs: &[JobSpec {
        kind: TIMER_JOB,
        queue: JobQueue::Commands,
        longest: Duration::from_secs(10),
        needs_token: true,
    }],
    effects: effect::NAMES,
    required_scopes: &[
        "channels:manage",
        "channels:read",
        "chat:write",
        "commands",
        "users:read",
    ],
    optional_scopes: &[
        "bookmarks:read",
        "bookmarks:write",
        "channels:history",
        "channels:join",
        "groups:history",
        "groups:read",
        "groups:write",
        "im:write",
        "pins:read",
        "pins:write",
        "reactions:read",
    ],
    rows: &[
        "component",
        "incident",
        "incident_channel",
        "incident_metrics",
        "incident_number",
        "incident_request",
        "incident_source",
        "incidents",
        "incidents_month",
        "incidents_open",
        "incidents_person",
        "incidents_service",
        "person",
        "status_page",
    ],
    has_home: true,
    ..DomainSpec::named(NAME)
};

#[async_trait]
impl Domain for Incidents {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC
    }

    async fn event(&self, context: Context<'_>, envelope: &Envelope) -> Result<Decision, JobError> {
        let (rows, tenant, now) = (context.rows, context.tenant(), context.now());
        let decided = events::on_event(self, rows, tenant, envelope, now).await?;
        Ok(decided.unwrap_or_default())
    }

    async fn command(
        &self,
        context: Context<'_>,
        command: &SlashCommand,
    ) -> Result<Decision, JobError> {
        handle::command(self, context, command).await
    }

    async fn interaction(
        &self,
        context: Context<'_>,
        interaction: &Interaction<'_>,
    ) -> Result<Decision, JobError> {
        handle::interaction(self, context, interaction).await
    }

    async fn job(&self, context: Context<'_>) -> Result<Decision, JobError> {
        handle::timer(self, context).await
    }

    async fn home(&self, context: HomeContext<'_>) -> Result<Vec<Json>, Undone> {
        home::section(self, context).await
    }

    async fn perform(&self, effect: Turn<'_>) -> Result<Done, Undone> {
        perform::perform(self, effect).await
    }

    fn given_up(&self, _effect: &str, body: &Json, reason: &str, now: Timestamp) -> Done {
        perform::given_up(body, reason, now)
    }

    fn needs_token(&self, effect: &str) -> bool {
        perform::needs_token(effect)
    }
}
