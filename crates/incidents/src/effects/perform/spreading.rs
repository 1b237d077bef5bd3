//! Puts what many are to be told into the lanes of each, some at a time.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::Done;

use crate::model::effect::Effect;
use crate::model::news::Audience;
use crate::model::notification;

/// Effects that are put into their lanes at once: each may bring a row of the delivery ledger, and a transaction takes
/// a hundred rows.
const AT_ONCE: usize = 40;

/// Puts the first into their lanes, with their rows of the ledger, and the rest behind them.
pub(super) fn spread(effect: Effect, at: Timestamp) -> Done {
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

/// The effects of the first of an audience, and one for all others. An effect that is spread to nobody is no more.
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
            let others = cut_off(&mut to);
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
            let others = cut_off(&mut to);
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

/// Leaves those whose turn it is; the others, if there are any.
fn cut_off(to: &mut Vec<Audience>) -> Option<Vec<Audience>> {
    let later = to.split_off(to.len().min(AT_ONCE));
    (!later.is_empty()).then_some(later)
}

#[cfg(test)]
mod tests;
