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
fn split(mut effect: Effect) -> (Vec<Effect>, Option<Effect>) {
    let others = effect.audiences_mut().map_or_else(Vec::new, take_batch);
    let later = (!others.is_empty()).then(|| {
        let mut later = effect.clone();
        if let Some(to) = later.audiences_mut() {
            *to = others;
        }
        later
    });
    (effect.per_audience(), later)
}

/// Keeps the first batch in `to` and returns the rest.
fn take_batch(to: &mut Vec<Audience>) -> Vec<Audience> {
    to.split_off(to.len().min(BATCH))
}

#[cfg(test)]
mod tests;
