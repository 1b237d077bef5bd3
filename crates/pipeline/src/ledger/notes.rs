//! Notes for the audit trail, kept in the ledger with the claim: when a worker dies between the commit and the trail, the next
//! delivery writes what was committed, whatever a domain would decide by then.

use serde::{Deserialize, Serialize};

use super::{AuditNote, Decision};
use crate::audit::Actor;
use crate::table::{Item, Value};

/// A note as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptNote {
    /// The id of its row in the trail: one note is one row however often it is written.
    pub id: String,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: String,
    /// More of it, without ids of people or workspaces.
    pub detail: String,
}

impl Decision {
    /// What the audit trail is to be told, under that id.
    pub(crate) fn note(&self, id: String) -> Option<KeptNote> {
        let AuditNote {
            actor,
            action,
            detail,
        } = self.audit.clone()?;
        Some(KeptNote {
            id,
            actor,
            action: action.to_owned(),
            detail,
        })
    }
}

/// The row with those notes. They are sealed, for they may name a person.
pub(super) fn keep(row: Item, notes: &[KeptNote]) -> Result<Item, serde_json::Error> {
    if notes.is_empty() {
        return Ok(row);
    }
    Ok(row.with("notes", Value::Sealed(serde_json::to_vec(notes)?)))
}

/// The notes in a row. One that cannot be read holds up nothing else.
pub(super) fn kept(row: &Item) -> Vec<KeptNote> {
    let notes = row.opened("notes").map(serde_json::from_slice);
    match notes {
        None => Vec::new(),
        Some(Ok(notes)) => notes,
        Some(Err(_)) => {
            tracing::error!("ledger.notes_unreadable");
            Vec::new()
        }
    }
}
