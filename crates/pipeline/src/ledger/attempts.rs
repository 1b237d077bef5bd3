//! How attempts at a job ended, so that a worker that died can be told from an error.

use super::{Delivery, Ledger};
use crate::table::{Item, RowKey, TableError, Write};

impl Ledger<'_> {
    /// Counts a panic of an event's handler and says how many there have been.
    pub async fn count_panic(&self, id: &str) -> Result<i64, TableError> {
        let key = RowKey::new(&["attempts", id], &["count"]);
        let row = self.count(key, "ADD #panics :one").await?;
        Ok(row.number("panics").unwrap_or(1))
    }

    /// Counts an attempt that ended in order, with an error for which trying again may help.
    pub async fn count_retry(&self, delivery: Delivery<'_>) -> Result<(), TableError> {
        let key = retries_key(delivery);
        self.count(key, "ADD #retries :one").await.map(drop)
    }

    /// How many attempts at this message ended in order. The others died or ran out of time.
    pub async fn retries(&self, delivery: Delivery<'_>) -> Result<i64, TableError> {
        let row = self.rows.get(&retries_key(delivery)).await?;
        Ok(row.and_then(|row| row.number("retries")).unwrap_or(0))
    }

    async fn count(&self, key: RowKey, add: &str) -> Result<Item, TableError> {
        let expires = self.clock.now().plus(self.keep).seconds();
        let count = Write::update(key, &format!("SET #expires_at = :at {add}"))
            .value(":at", expires)
            .value(":one", 1i64);
        Ok(self.rows.write(count).await?.unwrap_or_default())
    }
}

/// The place where the attempts at one message are counted: each message is received as often as its own queue allows.
fn retries_key(delivery: Delivery<'_>) -> RowKey {
    RowKey::new(
        &["attempts", &delivery.job.id],
        &["retries", delivery.message],
    )
}
