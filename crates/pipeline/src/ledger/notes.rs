//! Notes for the audit trail. A note is a row of the system that is put in the transaction of the decision that it is about, so no
//! worker can die between the two.

use super::{Decision, JobError};
use crate::audit::{AuditNote, Trail};
use crate::clock::Timestamp;
use crate::table::{RowKey, Write};

/// A decision whose note belongs in the trail, with the id of the note.
pub(super) type Noted<'a> = (String, &'a Decision);

/// The writes of the decisions' notes, dated by the moment of their commit. The claim beside them lets one attempt commit only.
pub(super) async fn puts(
    trail: Trail<'_>,
    now: Timestamp,
    decisions: &[Noted<'_>],
) -> Result<Vec<Write<RowKey>>, JobError> {
    let mut puts = Vec::new();
    for (id, decision) in decisions {
        if let Some(note) = &decision.audit {
            let put = trail.put(id, now, note).await;
            puts.push(put.map_err(|e| JobError::Retry(e.to_string()))?);
        }
    }
    Ok(puts)
}

/// Logs the notes of decisions that have been committed.
pub(super) fn log(decisions: &[Noted<'_>]) {
    let notes = decisions
        .iter()
        .filter_map(|(_, decision)| decision.audit.as_ref());
    notes.for_each(AuditNote::log);
}
