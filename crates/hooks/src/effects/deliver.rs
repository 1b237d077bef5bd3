//! The effect `hooks.deliver`: attempts one delivery, unless its receiver is not to be called now.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect, Undone};
use tidegate_pipeline::table::{RowKey, Write};

use crate::decide::event::hold;
use crate::model::drains;
use crate::model::health::{Health, Pace};
use crate::model::rows;
use crate::model::schedule::probe_pause;
use crate::model::stored::{Stored, load, load_delivery};
use crate::model::work::{Alarm, Deliver};
use crate::service::Hooks;

impl Hooks {
    pub(crate) async fn deliver(
        &self,
        effect: Effect<'_>,
        asked: &Deliver,
    ) -> Result<Done, Undone> {
        let (rows, now) = (effect.rows, effect.clock.now());
        let Some(stored) = load(rows, &asked.hook).await? else {
            return Ok(Done::default());
        };
        let delivery = load_delivery(rows, &asked.hook, &asked.delivery).await?;
        let due = delivery.filter(|delivery| delivery.value.is_due(&stored.hook));
        let Some(delivery) = due else {
            return Ok(Done {
                writes: probe_another(&stored, now).into_iter().collect(),
                ..Done::default()
            });
        };
        let pace = match stored.health.pace(now) {
            _ if asked.anyway => Pace::Free,
            pace => pace,
        };
        let held = || hold(&stored, &delivery.value, delivery.version, now);
        match pace {
            Pace::Free => self.attempt(effect, &stored, &delivery).await,
            Pace::Drained => {
                let part = rows::part_of(&delivery.value.id);
                let starts = (!stored.is_drained(part, now)).then_some(part);
                let (notes, posts) = drains::start(&stored.id, starts, now);
                Ok(Done {
                    writes: held().into_iter().chain(notes).collect(),
                    posts,
                    ..Done::default()
                })
            }
            Pace::Held => {
                let mut writes = held();
                let since = stored.health.interrupted_at.unwrap_or(now);
                writes.push(Health::still_interrupted(rows::health(&stored.id), since));
                Ok(Done {
                    writes,
                    ..Done::default()
                })
            }
        }
    }
}

/// Makes the write that sets the next probe, after one that came to nothing because its delivery is gone or its body is. Without it,
/// the hook would stay interrupted. `None` if the hook is not interrupted.
pub(crate) fn probe_another(stored: &Stored, now: Timestamp) -> Option<Write<RowKey>> {
    let hook = stored.id.clone();
    let is_interrupted = stored.hook.disabled.is_none() && stored.health.interrupted_at.is_some();
    is_interrupted.then(|| Alarm::Probe { hook }.at(now.plus(probe_pause(0, stored.id.as_str()))))
}
