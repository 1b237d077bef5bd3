//! The timers: the next attempt at a delivery, the next probe of a receiver, and the last look after an interruption.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::domain::Context;
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_pipeline::table::{Rows, TableError, Write};
use tidegate_pipeline::timers::{Fired, Timer, disarm};

use crate::decide::after_attempt::LOOK_AGAIN_AFTER;
use crate::effects::drain::{Head, head_of};
use crate::model::delivery::DeliveryId;
use crate::model::drains;
use crate::model::health::Health;
use crate::model::hook::HookId;
use crate::model::rows;
use crate::model::stored::{Stored, load, load_delivery};
use crate::model::work::{self, Alarm, Tell};

/// Decides about the job of a timer. A timer that was set anew meanwhile does nothing.
pub(crate) async fn went_off(context: Context<'_>) -> Result<Decision, JobError> {
    let unreadable =
        |e: serde_json::Error| JobError::Fail(format!("the timer cannot be read: {e}"));
    let fired: Fired = serde_json::from_slice(&context.job.body).map_err(unreadable)?;
    let alarm: Alarm = serde_json::from_value(fired.payload).map_err(unreadable)?;
    let timer = context.rows.get(&alarm.key()).await?;
    let timer = timer.as_ref().and_then(Timer::parse);
    if timer.is_none_or(|timer| timer.generation != fired.generation) {
        return Ok(Decision::default());
    }
    let mut decision = match &alarm {
        Alarm::Retry { hook, delivery } => retry(context.rows, hook, delivery).await?,
        Alarm::Probe { hook } => probe(context.rows, hook, context.now()).await?,
        Alarm::Drain { hook } => look_again(context.rows, hook, context.now()).await?,
        Alarm::Tell(Tell { hook, reason, at }) => Decision {
            posts: vec![work::tell(hook, reason, *at)],
            ..Decision::default()
        },
    };
    // The decision may have set the timer anew.
    let anew = decision
        .writes
        .iter()
        .position(|write| write.key == alarm.key());
    let timer = anew.map_or_else(|| disarm(alarm.key()), |at| decision.writes.remove(at));
    let timer = timer.when("#gen = :seen").value(":seen", fired.generation);
    decision.writes.push(timer);
    Ok(decision)
}

async fn retry(rows: &Rows, hook: &HookId, id: &DeliveryId) -> Result<Decision, TableError> {
    let Some(stored) = load(rows, hook).await? else {
        return Ok(Decision::default());
    };
    let delivery = load_delivery(rows, hook, id).await?;
    let is_due = delivery.is_some_and(|delivery| delivery.value.is_due(&stored.hook));
    Ok(Decision {
        posts: is_due
            .then(|| work::deliver(hook, id))
            .into_iter()
            .collect(),
        ..Decision::default()
    })
}

/// Sends the delivery that has been held longest. Without one, the interruption ends: the next event is the probe.
async fn probe(rows: &Rows, hook: &HookId, now: Timestamp) -> Result<Decision, TableError> {
    let Some(stored) = interrupted(load(rows, hook).await?) else {
        // The interruption has ended in another way, and may have left deliveries behind.
        return look_again(rows, hook, now).await;
    };
    let heads = heads(rows, &stored).await?;
    let (mut held, mut writes) = (Vec::new(), Vec::new());
    for head in heads {
        held.extend(head.oldest);
        writes.extend(head.damaged.into_iter().map(Write::delete));
    }
    held.sort_by_key(|(place, _)| place.sort_parts());
    let mut decision = Decision::default();
    if let Some((place, id)) = held.into_iter().next() {
        writes.push(Write::delete(place).when("attribute_exists(#pk)"));
        decision.posts.push(work::probe(hook, &id));
    } else {
        // A worker may be about to hold a delivery because of the interruption.
        writes.push(Health::end_interruption(rows::health(hook)));
        writes.push(Alarm::Drain { hook: hook.clone() }.at(now.plus(LOOK_AGAIN_AFTER)));
    }
    decision.writes = writes;
    Ok(decision)
}

fn interrupted(stored: Option<Stored>) -> Option<Stored> {
    stored.filter(|stored| stored.hook.disabled.is_none() && stored.health.interrupted_at.is_some())
}

/// Drains the parts that still hold something, unless they are being drained. While any does, the hook is looked at again.
async fn look_again(rows: &Rows, hook: &HookId, now: Timestamp) -> Result<Decision, TableError> {
    let stored = load(rows, hook).await?;
    let well =
        |stored: &Stored| stored.hook.disabled.is_none() && stored.health.interrupted_at.is_none();
    let Some(stored) = stored.filter(well) else {
        return Ok(Decision::default());
    };
    let heads = heads(rows, &stored).await?;
    let holding = heads
        .iter()
        .enumerate()
        .filter(|(_, head)| !head.is_empty());
    let holding: Vec<usize> = holding.map(|(part, _)| part).collect();
    let idle = holding
        .iter()
        .filter(|part| !stored.is_drained(**part, now));
    let (mut writes, posts) = drains::start(hook, idle.copied(), now);
    if !holding.is_empty() {
        writes.push(Alarm::Drain { hook: hook.clone() }.at(now.plus(LOOK_AGAIN_AFTER)));
    }
    Ok(Decision {
        writes,
        posts,
        ..Decision::default()
    })
}

/// What each part of the held deliveries begins with.
async fn heads(rows: &Rows, stored: &Stored) -> Result<Vec<Head>, TableError> {
    let mut heads = Vec::new();
    for part in 0..rows::PARTS {
        heads.push(head_of(rows, &stored.id, stored.hook.round, part).await?);
    }
    Ok(heads)
}
