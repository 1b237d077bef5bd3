//! One attempt at a delivery: the body is loaded, signed and sent, and its end is written with what follows.

use metrics::counter;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect, Undone};
use tidegate_pipeline::documents::Versioned;

use super::deliver::probe_another;
use super::receiver::{LONGEST, Signed};
use crate::decide::after_attempt::after_attempt;
use crate::decide::answer::{Answer, Meaning};
use crate::model::body;
use crate::model::delivery::Delivery;
use crate::model::stored::Stored;
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
        Ok(Done {
            writes: after.writes,
            posts: after.posts,
            ..Done::default()
        })
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
