//! The audit trail: who did what to a workspace and when. Rows are only ever added.
//!
//! They outlive an erasure, so they name neither workspace nor person: only a keyed hash of each, which whoever
//! knows the id can look for and nobody can turn back.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::{TenantId, UserId};

use crate::clock::{Clock, Timestamp};
use crate::entropy::random_hex;
use crate::keyring::{KeyError, Keyring};
use crate::table::{Cursor, Item, Range, RowKey, Table, TableError, Write};

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Whoever holds the operator key.
    Operator,
    /// The API key with this id.
    Key(String),
    /// A person, signed in or installing.
    Person(UserId),
    /// Slack, by an event.
    Slack,
    /// Tidegate itself.
    System,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: `operator`, `key:<id>`, `person:<keyed hash>`, `slack` or `system`.
    pub actor: String,
    /// What: `install`, `key.create`, ….
    pub action: String,
    /// More of it, without ids of people or workspaces.
    pub detail: String,
}

/// A page of the trail, newest first.
#[derive(Debug)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// The trail could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The table did not do it.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The hash could not be made.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// No name for the row.
    #[error(transparent)]
    Entropy(#[from] crate::entropy::EntropyError),
}

/// The trail of all workspaces.
#[derive(Clone)]
pub struct Audit {
    table: Table,
    keyring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Audit")
    }
}

impl Audit {
    /// The trail in that table.
    pub fn new(table: Table, keyring: Arc<Keyring>, clock: Arc<dyn Clock>) -> Self {
        Self {
            table,
            keyring,
            clock,
        }
    }

    /// Adds a row. Call it once what it tells has happened, and repeat it when it fails.
    pub async fn record(
        &self,
        tenant: &TenantId,
        actor: &Actor,
        action: &'static str,
        detail: &str,
    ) -> Result<(), AuditError> {
        let (id, now) = (random_hex(8)?, self.clock.now());
        self.record_once((&id, now), tenant, actor, action, detail)
            .await
    }

    /// Adds the row of that id and moment, however often it is called.
    pub async fn record_once(
        &self,
        (id, at): (&str, Timestamp),
        tenant: &TenantId,
        actor: &Actor,
        action: &str,
        detail: &str,
    ) -> Result<(), AuditError> {
        let actor = match actor {
            Actor::Operator => "operator".to_owned(),
            Actor::Key(id) => format!("key:{id}"),
            Actor::Person(user) => format!("person:{}", self.keyring.hash(user.as_str()).await?),
            Actor::Slack => "slack".to_owned(),
            Actor::System => "system".to_owned(),
        };
        let hash = self.keyring.hash(tenant.as_str()).await?;
        let moment = format!("{:015}", at.millis());
        let key = RowKey::new(&["audit", &hash], &[&moment, id]);
        let row = Item::new()
            .with("at", at.millis())
            .with("actor", actor)
            .with("action", action)
            .with("detail", detail);
        let put = Write::put(key, row).when("attribute_not_exists(#pk)");
        match self.table.system().rows().write(put).await {
            // Written before, by a call whose answer was lost.
            Ok(_) | Err(TableError::Condition) => {}
            Err(e) => return Err(e.into()),
        }
        tracing::info!(action, detail, "audit");
        Ok(())
    }

    /// One page of a workspace's trail.
    pub async fn list(
        &self,
        tenant: &TenantId,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<AuditPage, AuditError> {
        let hash = self.keyring.hash(tenant.as_str()).await?;
        let system = self.table.system();
        let page = system
            .rows()
            .query(&["audit", &hash], Range::All, true, limit, after)
            .await?;
        let text = |row: &Item, name: &str| row.text(name).unwrap_or_default().to_owned();
        let entry = |(_, row): &(RowKey, Item)| AuditEntry {
            at: Timestamp(row.number("at").unwrap_or(0)),
            actor: text(row, "actor"),
            action: text(row, "action"),
            detail: text(row, "detail"),
        };
        Ok(AuditPage {
            entries: page.rows.iter().map(entry).collect(),
            next: page.next,
        })
    }
}
