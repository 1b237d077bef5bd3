//! Claims of calls, so that a repeat of a call with the same `Idempotency-Key` does nothing a second time. What a call writes is
//! claimed in the same transaction. A call without a key has a claim of its own.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write, hash_text};

use super::{Call, Caller};

/// How long the row of a claim is kept. A repeat that comes later counts as a new call.
pub const KEPT: Duration = Duration::from_hours(24 * 7);

/// The claim of a call: the same each time that the call is sent with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    hash: String,
    /// Whether the call has an idempotency key, so that it may have been made before.
    pub is_keyed: bool,
}

impl Claim {
    /// The claim of a call by its credential and its key. `what` names the kind of change, because a key counts for one kind only.
    pub fn of(call: &Call, what: &str) -> Self {
        let credential = match &call.caller {
            Caller::Member(member) => member.credential.as_str(),
            Caller::Operator => "operator",
            Caller::Anyone => "anyone",
        };
        let named = match &call.idempotency_key {
            Some(key) => ["key", credential, what, key],
            None => ["call", credential, what, &call.request_id],
        };
        let name = serde_json::json!(named).to_string();
        Self {
            hash: hash_text(name.as_bytes()),
            is_keyed: call.idempotency_key.is_some(),
        }
    }

    /// Returns the id under which the ledger holds the claim.
    pub fn id(&self) -> String {
        format!("api.{}", &self.hash[..32])
    }

    /// Returns an id for a thing that the call makes: `length` hexadecimal digits, at most 64.
    pub fn id_of_new(&self, length: usize) -> &str {
        &self.hash[..length.min(self.hash.len())]
    }

    /// Makes the write that fails if the call has been made before, for what no other row claims.
    pub fn write(&self, now: Timestamp) -> Write<RowKey> {
        let row = Item::new()
            .with("at", now.millis())
            .with("expires_at", now.plus(KEPT).seconds());
        Write::put(self.row_key(), row).when("attribute_not_exists(#pk)")
    }

    /// Returns when the call was made first, and notes it if that is now. For calls whose repeat goes on with what the first one began.
    pub async fn first_made(&self, rows: &Rows, now: Timestamp) -> Result<Timestamp, TableError> {
        if !self.is_keyed {
            return Ok(now);
        }
        match rows.write(self.write(now)).await {
            Ok(_) => Ok(now),
            Err(TableError::Condition) => {
                let row = rows.get(&self.row_key()).await?;
                Ok(row.and_then(|row| row.number("at")).map_or(now, Timestamp))
            }
            Err(e) => Err(e),
        }
    }

    /// Tells whether the call has been made before.
    pub async fn is_taken(&self, rows: &Rows) -> Result<bool, TableError> {
        Ok(self.is_keyed && rows.get(&self.row_key()).await?.is_some())
    }

    fn row_key(&self) -> RowKey {
        RowKey::new(&["call", &self.hash], &["claim"])
    }
}
