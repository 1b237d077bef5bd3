//! The audit trail: who did what to a workspace, and when. Rows are added and never changed.
//!
//! They outlive an erasure, so they hold only a keyed hash of each workspace and person. Somebody who knows the id can search
//! for the hash, and nobody can derive the id from it.

use std::fmt;
use std::sync::Arc;

use tidegate_slack::ids::{TenantId, UserId};
use tidegate_slack::redaction;

use crate::clock::{Clock, Timestamp};
use crate::entropy::random_hex;
use crate::keyring::{KeyError, Keyring};
use crate::table::{Cursor, Item, Range, RowKey, Rows, Table, TableError, Write};

/// The one who did something to a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// A note of an action, for a row of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    /// The person, key or system that acted.
    pub actor: Actor,
    /// The action, such as `incidents.settings` or `app_uninstalled`.
    pub action: &'static str,
    /// Details of the action, without ids of people or workspaces.
    pub detail: String,
}

impl AuditNote {
    /// Logs the note, once it is in the trail.
    pub(crate) fn log(&self) {
        let (action, detail) = (self.action, self.detail.as_str());
        tracing::info!(action, detail, "audit");
    }
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
    /// The table could not be read or written.
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
        let note = AuditNote {
            actor: actor.clone(),
            action,
            detail: detail.to_owned(),
        };
        let id = random_hex(8)?;
        self.record_once(tenant, &id, self.clock.now(), &note).await
    }

    /// Adds the row of an action that has an id and a moment of its own, unless it is there: for calls that may be repeated.
    pub async fn record_once(
        &self,
        tenant: &TenantId,
        id: &str,
        at: Timestamp,
        note: &AuditNote,
    ) -> Result<(), AuditError> {
        let put = self.of(tenant).put(id, at, note).await?;
        let put = put.when("attribute_not_exists(#pk)");
        match self.table.system().rows().write(put).await {
            Ok(_) => note.log(),
            // An earlier call has written it.
            Err(TableError::Condition) => {}
            Err(e) => return Err(e.into()),
        }
        Ok(())
    }

    /// Returns the trail of one workspace, to which a commit adds its rows.
    pub fn of<'a>(&'a self, tenant: &'a TenantId) -> Trail<'a> {
        Trail {
            audit: self,
            tenant,
        }
    }

    /// Returns the name of a person in the trail: a keyed hash, the same as that of an actor.
    pub async fn name_of(&self, user: &UserId) -> Result<String, AuditError> {
        self.actor(&Actor::Person(user.clone())).await
    }

    async fn actor(&self, actor: &Actor) -> Result<String, AuditError> {
        Ok(match actor {
            Actor::Operator => "operator".to_owned(),
            Actor::Key(id) => format!("key:{id}"),
            Actor::Person(user) => format!("person:{}", self.keyring.hash(user.as_str()).await?),
            Actor::Slack => "slack".to_owned(),
            Actor::System => "system".to_owned(),
        })
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

/// The audit trail of one workspace.
#[derive(Debug, Clone, Copy)]
pub struct Trail<'a> {
    audit: &'a Audit,
    tenant: &'a TenantId,
}

impl Trail<'_> {
    /// Does writes of the workspace's rows, and adds a row to the trail, or does none of it. Fails with [`TableError::Condition`]
    /// if the condition of a write fails.
    pub async fn write(
        &self,
        rows: &Rows,
        writes: Vec<Write<RowKey>>,
        note: &AuditNote,
    ) -> Result<(), AuditError> {
        let put = self
            .put(&random_hex(8)?, self.audit.clock.now(), note)
            .await?;
        match rows.transact_with_system(writes, vec![put]).await {
            Ok(()) => {
                note.log();
                Ok(())
            }
            Err(TableError::Cancelled(_)) => Err(TableError::Condition.into()),
            Err(e) => Err(e.into()),
        }
    }

    /// Returns the write of one row, for the rows of the system. `id` tells apart the rows of one moment.
    pub(crate) async fn put(
        &self,
        id: &str,
        at: Timestamp,
        note: &AuditNote,
    ) -> Result<Write<RowKey>, AuditError> {
        let hash = self.audit.keyring.hash(self.tenant.as_str()).await?;
        let moment = format!("{:015}", at.millis());
        let row = Item::new()
            .with("at", at.millis())
            .with("actor", self.audit.actor(&note.actor).await?)
            .with("action", note.action)
            .with("detail", &*redaction::line(&note.detail));
        let key = RowKey::new(&["audit", &hash], &[&moment, id]);
        Ok(Write::put(key, row))
    }
}
