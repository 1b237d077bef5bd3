//! Plugs hooks into the pipeline: what the domain owns, and what handles each part.

use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect, Undone};
use tidegate_pipeline::domain::{Context, Domain, DomainSpec, JobQueue, JobSpec};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_slack::event::Envelope;

use crate::alarms;
use crate::decide::event::{self, Incoming};
use crate::model::hook::EVENTS;
use crate::model::stored::load_all;
use crate::model::work::{Alarm, DELIVER, DRAIN, Deliver, Drain, TELL, TIMER};
use crate::service::{ALLOW_PRIVATE, Hooks, NAME};

/// How long after an effect was given up its delivery is tried again.
const AFTER_GIVING_UP: Duration = Duration::from_hours(1);

/// Everything that the domain owns.
pub static SPEC: DomainSpec = DomainSpec {
    events: EVENTS,
    jobs: &[JobSpec {
        kind: TIMER,
        queue: JobQueue::Events,
        longest: Duration::from_secs(10),
        needs_token: false,
    }],
    effects: &[DELIVER, DRAIN, TELL],
    // To say that a hook was disabled.
    required_scopes: &["chat:write"],
    // To be told of the events. Without one of them, hooks for its events get nothing.
    optional_scopes: &[
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "groups:history",
        "groups:read",
        "pins:read",
        "reactions:read",
    ],
    rows: &[
        "hook_bodies",
        "hook_deliveries",
        "hook_held",
        "hook_replays",
        "hook_timers",
        "hooks",
    ],
    switches: &[ALLOW_PRIVATE],
    ..DomainSpec::named(NAME)
};

#[async_trait]
impl Domain for Hooks {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC
    }

    async fn event(&self, context: Context<'_>, envelope: &Envelope) -> Result<Decision, JobError> {
        // A receiver that posts through Tidegate is not told of its own posts: it could answer them forever.
        let is_own = envelope.is_own() || envelope.is_about_own_message();
        let Some(inner) = envelope.event().filter(|_| !is_own) else {
            return Ok(Decision::default());
        };
        let hooks = load_all(context.rows).await?;
        if hooks.is_empty() {
            return Ok(Decision::default());
        }
        let whole: Json = serde_json::from_slice(&context.job.body)
            .map_err(|e| JobError::Fail(format!("the event cannot be read: {e}")))?;
        let at = context.job.received_at;
        let incoming = Incoming {
            tenant: context.tenant(),
            id: &context.job.id,
            kind: inner.kind(),
            channel: inner.channel(),
            event: &whole["event"],
            at,
            expires_at: self.expires_at(at),
        };
        Ok(event::decide(&incoming, &hooks, context.now()))
    }

    async fn job(&self, context: Context<'_>) -> Result<Decision, JobError> {
        alarms::went_off(context).await
    }

    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        match effect.name {
            DELIVER => self.deliver(effect, &read(effect.body)?).await,
            DRAIN => self.drain(effect, &read(effect.body)?).await,
            TELL => self.tell(effect, &read(effect.body)?).await,
            name => Err(Undone::Park(format!("hooks have no effect {name}"))),
        }
    }

    /// An effect is given up when the table has failed for hours. What it was for is not: a timer takes its place.
    fn given_up(&self, effect: &str, body: &Json, _reason: &str, now: Timestamp) -> Done {
        let at = now.plus(AFTER_GIVING_UP);
        let alarms = match (read::<Deliver>(body), read::<Drain>(body)) {
            (Ok(asked), _) if effect == DELIVER => {
                let (hook, delivery) = (asked.hook.clone(), asked.delivery);
                let probe = Alarm::Probe { hook: asked.hook };
                let retry = Alarm::Retry { hook, delivery };
                if asked.anyway {
                    vec![retry, probe]
                } else {
                    vec![retry]
                }
            }
            (_, Ok(Drain { hook, .. })) if effect == DRAIN => vec![Alarm::Drain { hook }],
            _ if effect == TELL => read(body).map(Alarm::Tell).into_iter().collect(),
            _ => Vec::new(),
        };
        Done {
            writes: alarms.iter().map(|alarm| alarm.at(at)).collect(),
            ..Done::default()
        }
    }

    fn needs_token(&self, _effect: &str) -> bool {
        false
    }
}

fn read<T: DeserializeOwned>(body: &Json) -> Result<T, Undone> {
    let why = |e: serde_json::Error| Undone::Park(format!("its body cannot be read: {e}"));
    T::deserialize(body).map_err(why)
}
