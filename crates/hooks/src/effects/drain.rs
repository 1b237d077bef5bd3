//! The effect `hooks.drain`: attempts the oldest held delivery of one part, and goes on with the next one after it.

use tidegate_pipeline::delivery::{Done, Effect, Undone};
use tidegate_pipeline::table::{Range, RowKey, Rows, TableError, Write};

use crate::decide::after_attempt::LOOK_AGAIN_AFTER;
use crate::model::delivery::DeliveryId;
use crate::model::drains;
use crate::model::hook::HookId;
use crate::model::rows;
use crate::model::stored::{load, load_delivery};
use crate::model::work::{self, Alarm, Drain};
use crate::service::Hooks;

impl Hooks {
    pub(crate) async fn drain(&self, effect: Effect<'_>, asked: &Drain) -> Result<Done, Undone> {
        let rows = effect.rows;
        let Some(stored) = load(rows, &asked.hook).await? else {
            return Ok(Done::default());
        };
        let (now, end) = (effect.clock.now(), drains::end(&stored.id, asked.part));
        // A hook that is interrupted again is drained again once a probe has succeeded.
        if stored.hook.disabled.is_some() || stored.health.interrupted_at.is_some() {
            return Ok(Done {
                writes: vec![end],
                ..Done::default()
            });
        }
        let oldest = oldest_held(rows, &stored.id, stored.hook.round, asked.part).await?;
        let Some((place, id)) = oldest else {
            // An event that saw the drain may be about to hold a delivery.
            let look_again = Alarm::Drain {
                hook: stored.id.clone(),
            };
            return Ok(Done {
                writes: vec![end, look_again.at(now.plus(LOOK_AGAIN_AFTER))],
                ..Done::default()
            });
        };
        let delivery = load_delivery(rows, &stored.id, &id).await?;
        let due = delivery.filter(|delivery| delivery.value.is_due(&stored.hook));
        let mut done = match &due {
            Some(delivery) => self.attempt(effect, &stored, delivery).await?,
            None => Done::default(),
        };
        // It may be held again at the same place, if the clock stood still.
        if !done.writes.iter().any(|write| write.key == place) {
            done.writes.push(Write::delete(place));
        }
        done.writes.push(drains::note(&stored.id, asked.part, now));
        done.posts.push(work::drain(&stored.id, asked.part));
        Ok(done)
    }
}

/// Returns the place and the id of the delivery that has been held longest, in one part.
pub(crate) async fn oldest_held(
    rows: &Rows,
    hook: &HookId,
    round: i64,
    part: usize,
) -> Result<Option<(RowKey, DeliveryId)>, TableError> {
    let partition = rows::held_part(hook, round, part);
    let partition: Vec<&str> = partition.iter().map(String::as_str).collect();
    let page = rows.query(&partition, Range::All, false, 1, None).await?;
    let first = page.rows.into_iter().next();
    Ok(first.and_then(|(place, row)| Some((place, DeliveryId::parse(row.text("delivery")?)?))))
}
