//! The second phase: what do the table and the stand-in Slack say of the events that were acked?

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use rusqlite::{Connection, OpenFlags};
use tidegate_app::mirror::messages;
use tidegate_fake_slack::FakeSlack;
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::ledger::{EventState, Ledger};

use super::load::Event;
use crate::data_dir::DataDir;
use crate::store::Store;

/// How long a standstill may last before the benchmark gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// The numbers of events and replies that were found in the table and at the stand-in Slack.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) stored: usize,
    pub(super) lost: usize,
    pub(super) mentions: usize,
    pub(super) replies: usize,
    pub(super) twice: usize,
}

/// Waits until the queues are empty and every mention is answered, or nothing moves any more.
pub(super) async fn wait_until_quiet(
    fake: &FakeSlack,
    folder: &Path,
    acked: &[Event],
) -> anyhow::Result<()> {
    let queues = DataDir::open(folder)?.queues();
    let queues = Connection::open_with_flags(queues, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mentions = acked.iter().filter(|event| event.is_mention()).count();
    let (mut last, mut since) = (None, SystemClock.now());
    loop {
        let waiting: i64 =
            queues.query_row("SELECT count(*) FROM messages", [], |row| row.get(0))?;
        let replies: usize = channels(acked)
            .iter()
            .map(|channel| fake.messages(channel).len())
            .sum();
        if waiting == 0 && replies >= mentions {
            return Ok(());
        }
        if last != Some((waiting, replies)) {
            (last, since) = (Some((waiting, replies)), SystemClock.now());
        }
        if SystemClock.now().since(since) > PATIENCE {
            bail!(
                "nothing moves: {waiting} messages queued, {replies} of {mentions} mentions answered"
            );
        }
        SystemClock.sleep(Duration::from_millis(200)).await;
    }
}

/// Looks every acked event up. The server must have stopped: the table has one owner.
pub(super) async fn verify(
    fake: &FakeSlack,
    folder: &Path,
    acked: &[Event],
) -> anyhow::Result<Found> {
    let store = Store::open(&DataDir::open(folder)?, None, Arc::new(SystemClock))?;
    let table = store.table;
    let mut found = Found::default();
    for event in acked {
        let rows = table.tenant(&event.tenant().into());
        let ledger = Ledger {
            rows: rows.clone(),
            clock: &SystemClock,
            keep: Duration::ZERO,
        };
        let done = ledger
            .entry_of(&event.id())
            .await?
            .is_some_and(|entry| entry.state == EventState::Done);
        let stored = if event.is_mention() {
            done
        } else {
            done && rows
                .get(&messages::key(&event.channel(), &event.ts()))
                .await?
                .is_some()
        };
        if stored {
            found.stored += 1;
        } else {
            found.lost += 1;
        }
    }
    for event in acked.iter().filter(|event| event.is_mention()) {
        found.mentions += 1;
        let thread = event.ts();
        let replies = fake.messages(&event.channel());
        let replies = replies
            .iter()
            .filter(|m| m.thread_ts.as_deref() == Some(&thread))
            .count();
        found.replies += usize::from(replies > 0);
        found.twice += replies.saturating_sub(1);
    }
    Ok(found)
}

fn channels(acked: &[Event]) -> std::collections::BTreeSet<String> {
    acked
        .iter()
        .filter(|event| event.is_mention())
        .map(Event::channel)
        .collect()
}
