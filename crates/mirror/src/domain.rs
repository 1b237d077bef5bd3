//! The mirror's implementation of `Domain`: it stores the messages that events carry.

use async_trait::async_trait;
use tidegate_pipeline::domain::{Context, Domain, DomainSpec};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_slack::event::Envelope;

use crate::{gaps, messages};

/// The events, scopes and rows of the mirror.
pub static SPEC: DomainSpec = DomainSpec {
    events: &["message", "app_rate_limited"],
    // A workspace may decline the optional scopes. Conversations of those kinds are not mirrored then.
    required_scopes: &["channels:history"],
    optional_scopes: &["groups:history", "im:history", "mpim:history"],
    rows: &["messages", "gaps"],
    ..DomainSpec::named("mirror")
};

/// Keeps a copy of the messages of each workspace.
pub struct Mirror;

#[async_trait]
impl Domain for Mirror {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC
    }

    async fn event(&self, context: Context<'_>, envelope: &Envelope) -> Result<Decision, JobError> {
        if envelope.kind() == "app_rate_limited" {
            return Ok(gaps::decide(envelope, context.job.received_at));
        }
        let Some(change) = envelope.event().and_then(messages::change) else {
            return Ok(Decision::default());
        };
        // Most posted messages are new, so the first attempt writes without reading. If the row exists, the retry reads it.
        let stored = if change.is_post() && context.overtaken == 0 {
            None
        } else {
            messages::load(context.rows, &change).await?
        };
        Ok(Decision {
            writes: messages::decide(&change, stored.as_ref())
                .into_iter()
                .collect(),
            ..Decision::default()
        })
    }
}
