//! Hello as a domain: what it owns, and what it does with each thing that it owns.

use async_trait::async_trait;
use tidegate_pipeline::dispatch::command_answer;
use tidegate_pipeline::domain::{Context, Domain, DomainSpec, Subcommand};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_slack::command::SlashCommand;
use tidegate_slack::event::Envelope;

use crate::{mention, ping};

/// The events, subcommands and scopes of hello.
pub static SPEC: DomainSpec = DomainSpec {
    events: &["app_mention"],
    subcommands: &[Subcommand {
        word: ping::WORD,
        purpose: "see how long a request takes from Slack to the worker",
    }],
    required_scopes: &["app_mentions:read", "chat:write", "commands"],
    ..DomainSpec::named("hello")
};

/// Answers mentions and `/tidegate ping`.
pub struct Hello;

#[async_trait]
impl Domain for Hello {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC
    }

    async fn event(
        &self,
        _context: Context<'_>,
        envelope: &Envelope,
    ) -> Result<Decision, JobError> {
        Ok(Decision {
            posts: mention::decide(envelope).into_iter().collect(),
            ..Decision::default()
        })
    }

    async fn subcommand(
        &self,
        context: Context<'_>,
        _word: &'static str,
        command: &SlashCommand,
    ) -> Result<Decision, JobError> {
        let text = ping::pong(context.job, context.attempt, context.now());
        Ok(Decision {
            posts: vec![command_answer(command, &text)?],
            ..Decision::default()
        })
    }
}
