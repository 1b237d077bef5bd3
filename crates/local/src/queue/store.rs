//! The queues' file: one table of messages, and the commits that answer groups of requests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::queue::{Outgoing, QueueError, Received};
use tokio::sync::Notify;

use super::turns::Turns;
use super::{QueueSettings, Reply, Request};

/// Receives of one message that do not count because the process ended meanwhile.
const INTERRUPTIONS: u32 = 25;

/// The connection, owned by one thread.
pub(super) struct Store {
    connection: Connection,
    /// `None` after a commit that failed: what was noted of it may not be true.
    turns: Option<Turns>,
    /// SQLite's number for what other connections have changed: tests put messages into the file themselves.
    others: i64,
}

/// Sends the answers of a group once it is on disk, or the news that it is not.
type Answer = Box<dyn FnOnce(Option<&QueueError>)>;

impl Store {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        Self::prepare(Connection::open(path)?)
    }

    pub(super) fn in_memory() -> rusqlite::Result<Self> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(connection: Connection) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS messages (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                queue TEXT NOT NULL,
                fair_group TEXT NOT NULL,
                body TEXT NOT NULL,
                visible_at INTEGER NOT NULL,
                receives INTEGER NOT NULL DEFAULT 0,
                in_work INTEGER NOT NULL DEFAULT 0,
                interrupted INTEGER NOT NULL DEFAULT 0
            );
            CREATE INDEX IF NOT EXISTS turns ON messages (queue, fair_group, visible_at, id);",
        )?;
        // This is a new process: every message that the one before had in work can be taken up at once. Its end says
        // nothing about the messages, so those receives do not count; unless it ends again and again with the same one.
        connection.execute(
            "UPDATE messages SET visible_at = 0, in_work = 0, interrupted = interrupted + in_work,
                receives = receives - iif(interrupted < ?1, in_work, 0)
             WHERE receives > 0",
            params![INTERRUPTIONS],
        )?;
        let turns = Some(Turns::load(&connection)?);
        let others = changes_of_others(&connection)?;
        Ok(Self {
            connection,
            turns,
            others,
        })
    }

    /// Returns the turns, and reads them anew if they may have changed.
    fn known_turns(&mut self) -> rusqlite::Result<Turns> {
        let others = changes_of_others(&self.connection)?;
        let known = self.turns.take().filter(|_| others == self.others);
        self.others = others;
        known.map_or_else(|| Turns::load(&self.connection), Ok)
    }

    /// Does a group of requests in one transaction and answers them after its commit.
    pub(super) fn commit(&mut self, group: Vec<Request>, now: Timestamp) {
        let mut answers: Vec<Answer> = Vec::with_capacity(group.len());
        let result = self.known_turns().and_then(|mut turns| {
            let transaction = self.connection.transaction()?;
            for request in group {
                answers.push(apply(&transaction, &mut turns, request, now));
            }
            transaction.commit().map(|()| turns)
        });
        let failure = match result {
            Ok(turns) => {
                self.turns = Some(turns);
                None
            }
            Err(e) => Some(QueueError::Unavailable(format!("commit: {e}"))),
        };
        for answer in answers {
            answer(failure.as_ref());
        }
    }
}

/// The number that changes when another connection has changed the file.
fn changes_of_others(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))
}

fn apply(tx: &Transaction<'_>, turns: &mut Turns, request: Request, now: Timestamp) -> Answer {
    match request {
        Request::Send(settings, message, arrived, reply) => {
            let done = send(tx, turns, settings, &message, now);
            answer(done, reply, Some(arrived))
        }
        Request::Receive(settings, max, reply) => {
            answer(receive(tx, turns, settings, max, now), reply, None)
        }
        Request::Delete(receipts, reply) => answer(delete(tx, &receipts), reply, None),
        Request::Hide(receipt, duration, reply) => {
            answer(hide(tx, turns, &receipt, duration, now), reply, None)
        }
        Request::Depth(name, reply) => answer(depth(tx, name), reply, None),
    }
}

fn answer<T: 'static>(
    done: rusqlite::Result<T>,
    reply: Reply<T>,
    arrived: Option<Arc<Notify>>,
) -> Answer {
    let done = done.map_err(|e| QueueError::Unavailable(e.to_string()));
    Box::new(move |failure| {
        let sent = failure.is_none() && done.is_ok();
        // The caller may have gone away.
        let _ = reply.send(failure.map_or(done, |e| Err(e.clone())));
        if let (true, Some(arrived)) = (sent, arrived) {
            arrived.notify_one();
        }
    })
}

fn send(
    tx: &Transaction<'_>,
    turns: &mut Turns,
    settings: QueueSettings,
    message: &Outgoing,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let visible_at = now.plus(message.delay);
    turns.appears(settings.name, &message.group, visible_at, now);
    tx.prepare_cached(
        "INSERT INTO messages (queue, fair_group, body, visible_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        settings.name,
        message.group,
        message.body,
        visible_at.millis()
    ])
    .map(|_| ())
}

fn receive(
    tx: &Transaction<'_>,
    turns: &mut Turns,
    settings: QueueSettings,
    max: usize,
    now: Timestamp,
) -> rusqlite::Result<Vec<Received>> {
    let mut messages = Vec::new();
    // Messages that were received too often stand among the others, and make room for them when they are moved away.
    while messages.len() < max {
        let found = turns.next(tx, settings.name, max - messages.len(), now)?;
        if found.is_empty() {
            break;
        }
        for id in found {
            let (body, receives) = message(tx, id)?;
            match settings.dead_letters {
                Some(dead_letters) if receives >= settings.max_receives => {
                    bury(tx, turns, id, dead_letters, now)?;
                }
                _ => messages.push(take(tx, settings, id, body, receives + 1, now)?),
            }
        }
    }
    Ok(messages)
}

fn message(tx: &Transaction<'_>, id: i64) -> rusqlite::Result<(String, u32)> {
    tx.prepare_cached("SELECT body, receives FROM messages WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn take(
    tx: &Transaction<'_>,
    settings: QueueSettings,
    id: i64,
    body: String,
    receives: u32,
    now: Timestamp,
) -> rusqlite::Result<Received> {
    tx.prepare_cached(
        "UPDATE messages SET visible_at = ?2, receives = ?3, in_work = 1 WHERE id = ?1",
    )?
    .execute(params![
        id,
        now.plus(settings.visibility).millis(),
        receives
    ])?;
    let receipt = format!("{}.{id}.{receives}", settings.name);
    Ok(Received {
        id: id.to_string(),
        receipt,
        body,
        receives,
    })
}

fn bury(
    tx: &Transaction<'_>,
    turns: &mut Turns,
    id: i64,
    dead_letters: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let group: String = tx
        .prepare_cached(
            "UPDATE messages SET queue = ?2, receives = 0, in_work = 0, visible_at = 0 WHERE id = ?1
             RETURNING fair_group",
        )?
        .query_row(params![id, dead_letters], |row| row.get(0))?;
    turns.appears(dead_letters, &group, now, now);
    Ok(())
}

fn delete(tx: &Transaction<'_>, receipts: &[String]) -> rusqlite::Result<()> {
    let mut delete =
        tx.prepare_cached("DELETE FROM messages WHERE queue = ?1 AND id = ?2 AND receives = ?3")?;
    for (queue, id, receives) in receipts.iter().filter_map(|receipt| parse_receipt(receipt)) {
        delete.execute(params![queue, id, receives])?;
    }
    Ok(())
}

fn hide(
    tx: &Transaction<'_>,
    turns: &mut Turns,
    receipt: &str,
    duration: Duration,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Some((queue, id, receives)) = parse_receipt(receipt) else {
        return Ok(());
    };
    let visible_at = now.plus(duration);
    let group: Option<String> = tx
        .prepare_cached(
            "UPDATE messages SET visible_at = ?4, in_work = 0
             WHERE queue = ?1 AND id = ?2 AND receives = ?3 RETURNING fair_group",
        )?
        .query_row(params![queue, id, receives, visible_at.millis()], |row| {
            row.get(0)
        })
        .optional()?;
    if let Some(group) = group {
        turns.appears(queue, &group, visible_at, now);
    }
    Ok(())
}

fn depth(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<u64> {
    tx.prepare_cached("SELECT count(*) FROM messages WHERE queue = ?1")?
        .query_row(params![name], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

/// A receipt names the queue, the message and the receive it stands for.
fn parse_receipt(receipt: &str) -> Option<(&str, i64, u32)> {
    let mut parts = receipt.split('.');
    Some((
        parts.next()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    ))
}
