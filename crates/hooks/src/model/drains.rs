//! The drains of a hook's held deliveries. A part that is being drained is noted in a row, so that the next delivery that is held starts
//! no second drain. A part has one effect, however many deliveries wait.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::outbox::Post;
use tidegate_pipeline::table::{Item, RowKey, Write};

use super::hook::HookId;
use super::rows::{self, PARTS};
use super::work;

/// How long a part counts as being drained after the last step of its drain. A drain that was lost is started again after that.
const COUNTS_FOR: Duration = Duration::from_mins(5);

/// Reads until when a part counts as being drained.
pub(crate) fn until(row: &Item) -> Timestamp {
    Timestamp(row.number("until").unwrap_or(0))
}

/// Makes the write that notes a step of a drain.
pub(crate) fn note(hook: &HookId, part: usize, now: Timestamp) -> Write<RowKey> {
    let until = now.plus(COUNTS_FOR);
    let row = Item::new()
        .with("until", until.millis())
        .with("expires_at", until.seconds() + 1);
    Write::put(rows::drained(hook, part), row)
}

/// Makes the write that notes the end of a drain.
pub(crate) fn end(hook: &HookId, part: usize) -> Write<RowKey> {
    Write::delete(rows::drained(hook, part))
}

/// Makes the writes that note the end of all drains of a hook.
pub(crate) fn end_all(hook: &HookId) -> impl Iterator<Item = Write<RowKey>> {
    (0..PARTS).map(|part| end(hook, part))
}

/// Starts the drains of these parts.
pub(crate) fn start(
    hook: &HookId,
    parts: impl IntoIterator<Item = usize>,
    now: Timestamp,
) -> (Vec<Write<RowKey>>, Vec<Post>) {
    let of_part = |part| (note(hook, part, now), work::drain(hook, part));
    parts.into_iter().map(of_part).unzip()
}

/// Starts the drains of all parts.
pub(crate) fn start_all(hook: &HookId, now: Timestamp) -> (Vec<Write<RowKey>>, Vec<Post>) {
    start(hook, 0..PARTS, now)
}
