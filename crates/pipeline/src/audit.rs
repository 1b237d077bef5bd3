//! The audit trail: who did what to a workspace, and when. Rows are added and never changed.
//!
//! They outlive an erasure, so they hold only a keyed hash of each workspace and person. Somebody who knows the id can search
//! for the hash, and nobody can derive the id from it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::{TenantId, UserId};

use crate::clock::{Clock, Timestamp};
use crate::entropy::random_hex;
use crate::keyring::{KeyError, Keyring};
use crate::table::{Cursor, Item, Range, RowKey, Table, TableError, Write};

/// The one who did something to a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The holder of the operator key.
    Operator,
    /// The API key with this id.
    Key(String),
    /// A person who is signed in or installs the app.
    Person(UserId),
    /// Slack, through an event.
    Slack,
    /// Tidegate itself, for example when it renews a token.
    System,
}

/// One row of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The time of the action.
    pub at: Timestamp,
    /// The actor: `operator`, `key:<id>`, `person:<keyed hash>`, `slack` or `system`.
    pub actor: String,
    /// The action, such as `install` or `key.create`.
    pub action: String,
    /// Details of the action, without ids of people or workspaces.
    pub detail: String,
}

/// A page of the trail, newest first.
#[derive(Debug)]
pub struct AuditPage {
    /// The entries of this page.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page. `None` on the last page.
    pub next: Option<Cursor>,
}

/// The reason why the trail could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The table failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The key for the hashes could not be read.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The operating system gave no random bytes for the id of the row.
    #[error(transparent)]
    Entropy(#[from] crate::entropy::EntropyError),
}

/// The audit trail of all workspaces.
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
    /// Opens the trail in a table.
    pub fn new(table: Table, keyring: Arc<Keyring>, clock: Arc<dyn Clock>) -> Self {
        Self {
            table,
            keyring,
            clock,
        }
    }

    /// Adds a row. The caller records an action after it has happened, and repeats the call if it fails.
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

    /// Adds a row with the given id and time. Repeating the call adds nothing more.
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
            // An earlier call has written it, and its response was lost.
            Ok(_) | Err(TableError::Condition) => {}
            Err(e) => return Err(e.into()),
        }
        tracing::info!(action, detail, "audit");
        Ok(())
    }

    /// Lists one page of a workspace's trail, newest first.
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
