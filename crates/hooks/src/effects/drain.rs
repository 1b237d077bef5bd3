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
        let head = head_of(rows, &stored.id, stored.hook.round, asked.part).await?;
        let damaged = head.damaged.into_iter().map(Write::delete);
        let Some((place, id)) = head.oldest else {
            // An event that saw the drain may be about to hold a delivery.
            let look_again = Alarm::Drain {
                hook: stored.id.clone(),
            };
            let end = [end, look_again.at(now.plus(LOOK_AGAIN_AFTER))];
            return Ok(Done {
                writes: damaged.chain(end).collect(),
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
        done.writes.extend(damaged);
        // The attempt may have started the drains of all parts.
        let note = drains::note(&stored.id, asked.part, now);
        let drain = work::drain(&stored.id, asked.part);
        done.writes.retain(|write| write.key != note.key);
        done.posts.retain(|post| post.lane != drain.lane);
        done.writes.push(note);
        done.posts.push(drain);
        Ok(done)
    }
}

/// The rows that one look at a part reads, so that a few damaged ones do not hide what is behind them.
const LOOK: usize = 10;

/// What a part of the held deliveries begins with.
pub(crate) struct Head {
    /// The place and the id of the delivery that has been held longest.
    pub(crate) oldest: Option<(RowKey, DeliveryId)>,
    /// The places before it that cannot be read.
    pub(crate) damaged: Vec<RowKey>,
}

impl Head {
    /// Tells whether the part holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.oldest.is_none() && self.damaged.is_empty()
    }
}

/// Reads what one part begins with.
pub(crate) async fn head_of(
    rows: &Rows,
    hook: &HookId,
    round: i64,
    part: usize,
) -> Result<Head, TableError> {
    let partition = rows::held_part(hook, round, part);
    let partition: Vec<&str> = partition.iter().map(String::as_str).collect();
    let page = rows
        .query(&partition, Range::All, false, LOOK, None)
        .await?;
    let mut damaged = Vec::new();
    for (place, row) in page.rows {
        if let Some(id) = row.text("delivery").and_then(DeliveryId::parse) {
            let oldest = Some((place, id));
            return Ok(Head { oldest, damaged });
        }
        tracing::error!(%hook, "hooks.row_damaged");
        damaged.push(place);
    }
    let oldest = None;
    Ok(Head { oldest, damaged })
}
