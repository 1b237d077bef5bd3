//! One attempt at a delivery: the body is loaded, signed and sent, and its end is written with what follows.

use metrics::counter;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect, Undone};
use tidegate_pipeline::documents::Versioned;
use tidegate_pipeline::outbox::Post;
use tidegate_slack::ids::TenantId;

use super::deliver::probe_another;
use super::receiver::{LONGEST, Signed};
use crate::decide::after_attempt::{After, after_attempt};
use crate::decide::answer::{Answer, Meaning};
use crate::model::body;
use crate::model::delivery::Delivery;
use crate::model::stored::Stored;
use crate::render::notice;
use crate::service::Hooks;

impl Hooks {
    /// Attempts a delivery that is due, and returns what to write. Fails if the call would be cut off.
    pub(crate) async fn attempt(
        &self,
        effect: Effect<'_>,
        stored: &Stored,
        delivery: &Versioned<Delivery>,
    ) -> Result<Done, Undone> {
        let Some(body) = body::load(effect.rows, &delivery.value.event_id).await? else {
            let failed = delivery.value.failed("its body has expired");
            let mut writes = vec![failed.store(&stored.id, delivery.version)];
            writes.extend(probe_another(stored, effect.clock.now()));
            return Ok(Done {
                writes,
                ..Done::default()
            });
        };
        effect.room_for(LONGEST)?;
        let began = effect.clock.now();
        let signed = sign(stored, &delivery.value, body, began)?;
        let sent = self
            .receivers
            .send(&stored.hook.url, signed, began, effect.clock);
        let answer = sent.await.map_err(Undone::Retry)?;
        note(stored, &delivery.value, &answer);
        let after = after_attempt(stored, delivery, &answer, effect.clock.now());
        self.done(effect, stored, after).await
    }

    /// Returns what to write after an attempt, with the notice about a hook that is disabled.
    async fn done(
        &self,
        effect: Effect<'_>,
        stored: &Stored,
        mut after: After,
    ) -> Result<Done, Undone> {
        if let Some(reason) = &after.disabled {
            let notice = self.tell_of_end(effect, stored, reason).await?;
            after.posts.extend(notice);
        }
        Ok(Done {
            writes: after.writes,
            posts: after.posts,
            ..Done::default()
        })
    }

    /// Records in the audit trail that a hook is disabled, and makes the notices about it. If the result of this attempt cannot be
    /// stored, the next one records it again: better twice than not at all.
    async fn tell_of_end(
        &self,
        effect: Effect<'_>,
        stored: &Stored,
        reason: &str,
    ) -> Result<Vec<Post>, Undone> {
        let (id, tenant) = (&stored.id, effect.tenant);
        let recipients = self.recipients(tenant, stored).await?;
        let detail = format!("{id}: {reason}");
        let audit = &self.audit;
        let noted = audit.record(tenant, &Actor::System, "hooks.disable", &detail);
        noted.await.map_err(|e| Undone::Retry(e.to_string()))?;
        let told = recipients.len();
        tracing::warn!(hook = %id, %tenant, reason, told, "hooks.disabled");
        let notices = recipients.iter();
        Ok(notices
            .map(|to| notice::disabled(tenant, stored, reason, to))
            .collect())
    }

    /// Who is told about a hook: the person or channel that it names, or the admins.
    async fn recipients(&self, tenant: &TenantId, stored: &Stored) -> Result<Vec<String>, Undone> {
        if let Some(notify) = &stored.hook.notify {
            return Ok(vec![notify.clone()]);
        }
        let admins = self.tokens.admins_to_tell(tenant).await?;
        Ok(admins.iter().map(ToString::to_string).collect())
    }
}

/// The headers and the body of an attempt at that time. Every secret that is in force signs.
fn sign(
    stored: &Stored,
    delivery: &Delivery,
    body: Vec<u8>,
    at: Timestamp,
) -> Result<Signed, Undone> {
    let id = delivery.id.as_str();
    let signatures = stored
        .hook
        .secrets(at)
        .map(|secret| secret.sign(id, at, &body));
    let signatures: Result<Vec<String>, _> = signatures.collect();
    let signatures = signatures.map_err(|_| Undone::Park("its secret is damaged".to_owned()))?;
    Ok(Signed {
        headers: [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at.seconds().to_string()),
            ("webhook-signature", signatures.join(" ")),
        ],
        body,
    })
}

fn note(stored: &Stored, delivery: &Delivery, answer: &Answer) {
    let outcome = if answer.meaning == Meaning::Accepted {
        "delivered"
    } else {
        "failed"
    };
    counter!("tidegate_hook_attempts_total", "outcome" => outcome).increment(1);
    let (status, took_ms) = (answer.attempt.status, answer.attempt.took_ms);
    tracing::info!(hook = %stored.id, delivery = %delivery.id, status, took_ms, outcome, "hooks.attempt");
}
