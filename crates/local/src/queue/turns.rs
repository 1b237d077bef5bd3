//! Chooses the message that is received next. The groups of a queue take turns, as in the fair queues of SQS: a group with a long backlog delays
//! nobody but itself (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>).
//!
//! Which groups may have a message to receive is known in memory, because one thread writes the file. So groups whose messages are all
//! hidden cost nothing, however many there are.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tidegate_pipeline::clock::Timestamp;

/// The turns of every queue, by its name.
#[derive(Default)]
pub(super) struct Turns(HashMap<String, Queue>);

/// The groups of one queue.
#[derive(Default)]
struct Queue {
    /// Those that may have a message to receive.
    ready: BTreeSet<String>,
    /// The others that have messages: the first moment at which one of them can be received, and the group.
    hidden: BTreeSet<(Timestamp, String)>,
    /// The group of the message that was received last.
    last: Option<String>,
}

impl Turns {
    /// Reads which groups have messages.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut turns = Self::default();
        let mut groups = connection.prepare("SELECT DISTINCT queue, fair_group FROM messages")?;
        let mut groups = groups.query([])?;
        while let Some(row) = groups.next()? {
            turns
                .queue(row.get_ref(0)?.as_str()?)
                .ready
                .insert(row.get(1)?);
        }
        Ok(turns)
    }

    /// Notes that a message of the group can be received from that moment on.
    pub(super) fn appears(&mut self, queue: &str, group: &str, at: Timestamp, now: Timestamp) {
        let queue = self.queue(queue);
        if at <= now {
            queue.ready.insert(group.to_owned());
        } else if !queue.ready.contains(group) {
            queue.hidden.insert((at, group.to_owned()));
        }
    }

    /// Returns the ids of up to `max` messages that can be received. The groups take turns. Within a group, the message that
    /// has been visible longest comes first.
    pub(super) fn next(
        &mut self,
        tx: &Transaction<'_>,
        name: &str,
        max: usize,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<i64>> {
        let queue = self.queue(name);
        queue.wake(now);
        let mut found: Vec<(String, Vec<i64>)> = Vec::new();
        let mut at = queue.last.clone();
        while found.len() < max {
            let Some(group) = queue.after(at.as_deref()) else {
                break;
            };
            if found.first().is_some_and(|(first, _)| *first == group) {
                break;
            }
            let ids = visible(tx, name, &group, max, now)?;
            if ids.is_empty() {
                queue.ready.remove(&group);
                if let Some(later) = first_of(tx, name, &group)? {
                    queue.hidden.insert((later, group.clone()));
                }
            } else {
                found.push((group.clone(), ids));
            }
            at = Some(group);
        }
        let dealt = deal(&found, max);
        if let Some((group, _)) = dealt.last() {
            queue.last = Some((*group).to_owned());
        }
        Ok(dealt.into_iter().map(|(_, id)| id).collect())
    }

    fn queue(&mut self, name: &str) -> &mut Queue {
        self.0.entry(name.to_owned()).or_default()
    }
}

impl Queue {
    /// Makes those ready that have waited for a moment that is past.
    fn wake(&mut self, now: Timestamp) {
        while self.hidden.first().is_some_and(|(at, _)| *at <= now) {
            let woken = self.hidden.pop_first();
            self.ready.extend(woken.map(|(_, group)| group));
        }
    }

    /// The group that comes after `last` by name. The first name follows the last.
    fn after(&self, last: Option<&str>) -> Option<String> {
        let after = last.and_then(|last| {
            let range = (Bound::Excluded(last), Bound::Unbounded);
            self.ready.range::<str, _>(range).next()
        });
        after.or_else(|| self.ready.first()).cloned()
    }
}

/// Deals up to `max` messages: one of each group, then a second of each, and so on.
fn deal(found: &[(String, Vec<i64>)], max: usize) -> Vec<(&str, i64)> {
    let round = |n: usize| {
        let groups = found.iter();
        groups.filter_map(move |(group, ids)| Some((group.as_str(), *ids.get(n)?)))
    };
    (0..max).flat_map(round).take(max).collect()
}

fn visible(
    tx: &Transaction<'_>,
    queue: &str,
    group: &str,
    max: usize,
    now: Timestamp,
) -> rusqlite::Result<Vec<i64>> {
    tx.prepare_cached(
        "SELECT id FROM messages WHERE queue = ?1 AND fair_group = ?2 AND visible_at <= ?3
         ORDER BY visible_at, id LIMIT ?4",
    )?
    .query_map(params![queue, group, now.millis(), max], |row| row.get(0))?
    .collect()
}

/// The first moment at which a message of the group can be received. `None` if it has none.
fn first_of(tx: &Transaction<'_>, queue: &str, group: &str) -> rusqlite::Result<Option<Timestamp>> {
    tx.prepare_cached(
        "SELECT visible_at FROM messages WHERE queue = ?1 AND fair_group = ?2
         ORDER BY visible_at LIMIT 1",
    )?
    .query_row([queue, group], |row| row.get(0).map(Timestamp))
    .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_with_nothing_to_receive_are_not_looked_at_again() {
        let mut turns = Turns::default();
        let now = Timestamp(1000);
        for n in 0..1000 {
            turns.appears("q", &format!("G{n}"), Timestamp(2000), now);
        }
        let queue = turns.queue("q");
        queue.wake(now);
        assert_eq!((queue.ready.len(), queue.hidden.len()), (0, 1000));
        queue.wake(Timestamp(2000));
        assert_eq!((queue.ready.len(), queue.hidden.len()), (1000, 0));
    }

    #[test]
    fn a_group_that_was_looked_at_in_vain_is_left_alone_until_its_first_message_appears() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE messages (id INTEGER PRIMARY KEY, queue TEXT, fair_group TEXT, visible_at INTEGER);
                 INSERT INTO messages VALUES (1, 'q', 'A', 5000), (2, 'q', 'A', 3000), (3, 'q', 'B', 0);",
            )
            .unwrap();
        let mut turns = Turns::load(&connection).unwrap();
        let tx = connection.transaction().unwrap();
        let mut next = |now: i64| turns.next(&tx, "q", 10, Timestamp(now)).unwrap();
        assert_eq!(next(1000), [3]);
        // After B, it is A's turn.
        assert_eq!(next(3000), [2, 3]);
        assert_eq!(turns.queue("q").ready.len(), 2);
        let hidden = &turns.queue("q").hidden;
        assert!(hidden.is_empty(), "{hidden:?}");
    }
}
