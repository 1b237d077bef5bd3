//! Turns a notification of many audiences into one effect per audience, in batches.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::Done;

use crate::model::effect::Effect;
use crate::model::news::Audience;
use crate::model::notification;

/// Effects per batch. Each may add a row to the notification ledger, and a transaction takes a hundred rows.
const BATCH: usize = 40;

/// Queues the effects of the first batch with their ledger rows, and an effect for the remaining audiences.
pub(super) fn fan_out(effect: Effect, at: Timestamp) -> Done {
    let (now, later) = split(effect);
    let begun = now
        .iter()
        .filter_map(|each| notification::pending(each, at));
    Done {
        writes: begun.collect(),
        posts: now.iter().chain(&later).map(Effect::post).collect(),
        ..Done::default()
    }
}

/// The effects of the first batch, and one effect for all other audiences; `None` if there are no others.
fn split(effect: Effect) -> (Vec<Effect>, Option<Effect>) {
    match effect {
        Effect::Spread {
            incident,
            mut to,
            news,
            seq,
            from,
            words,
        } => {
            let others = take_batch(&mut to);
            let tell = |to| Effect::Tell {
                incident: incident.clone(),
                to,
                news,
                seq,
                from,
                words: words.clone(),
            };
            let now = to.into_iter().map(tell).collect();
            let later = others.map(|to| Effect::Spread {
                incident,
                to,
                news,
                seq,
                from,
                words,
            });
            (now, later)
        }
        Effect::SpreadRefresh { incident, mut to } => {
            let others = take_batch(&mut to);
            let refresh = |to| Effect::Refresh {
                incident: incident.clone(),
                to,
            };
            let now = to.into_iter().map(refresh).collect();
            let later = others.map(|to| Effect::SpreadRefresh { incident, to });
            (now, later)
        }
        other => (vec![other], None),
    }
}

/// Keeps the first batch in `to` and returns the rest; `None` if nothing is left.
fn take_batch(to: &mut Vec<Audience>) -> Option<Vec<Audience>> {
    let later = to.split_off(to.len().min(BATCH));
    (!later.is_empty()).then_some(later)
}

#[cfg(test)]
mod tests;
