//! Whose message is received next. The groups of a queue take turns, as in the fair queues of SQS: a group with a long backlog delays
//! nobody but itself (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>).

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction, params};
use tidegate_pipeline::clock::Timestamp;

/// For each queue, the group of the message that was received last.
#[derive(Default)]
pub(super) struct Turns(HashMap<&'static str, String>);

impl Turns {
    /// Returns the ids of up to `max` messages that can be received. The groups take turns, and of a group, the message that has
    /// been visible longest comes first. Only groups whose messages are all hidden cost a look without a result.
    pub(super) fn next(
        &mut self,
        tx: &Transaction<'_>,
        queue: &'static str,
        max: usize,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<i64>> {
        let mut found: Vec<(String, Vec<i64>)> = Vec::new();
        let mut first: Option<String> = None;
        let mut last = self.0.get(queue).cloned();
        while found.len() < max {
            let Some(group) = group_after(tx, queue, last.as_deref())? else {
                break;
            };
            if first.as_ref() == Some(&group) {
                break;
            }
            let ids = visible(tx, queue, &group, max, now)?;
            if !ids.is_empty() {
                found.push((group.clone(), ids));
            }
            first.get_or_insert_with(|| group.clone());
            last = Some(group);
        }
        let rounds = (0..max).flat_map(|round| {
            let of_round = move |(group, ids): &'_ (String, Vec<i64>)| {
                ids.get(round).map(|id| (group.clone(), *id))
            };
            found.iter().filter_map(of_round).collect::<Vec<_>>()
        });
        let dealt: Vec<(String, i64)> = rounds.take(max).collect();
        if let Some((group, _)) = dealt.last() {
            self.0.insert(queue, group.clone());
        }
        Ok(dealt.into_iter().map(|(_, id)| id).collect())
    }
}

/// The group whose turn follows that of `last`, by name; after the last name, the first.
fn group_after(
    tx: &Transaction<'_>,
    queue: &str,
    last: Option<&str>,
) -> rusqlite::Result<Option<String>> {
    if let Some(last) = last {
        let after = tx
            .prepare_cached(
                "SELECT fair_group FROM messages WHERE queue = ?1 AND fair_group > ?2
                 ORDER BY fair_group LIMIT 1",
            )?
            .query_row(params![queue, last], |row| row.get(0))
            .optional()?;
        if after.is_some() {
            return Ok(after);
        }
    }
    tx.prepare_cached(
        "SELECT fair_group FROM messages WHERE queue = ?1 ORDER BY fair_group LIMIT 1",
    )?
    .query_row([queue], |row| row.get(0))
    .optional()
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
