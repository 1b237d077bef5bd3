//! What the audit trail is told of a commit.

use tidegate_slack::ids::TenantId;

use super::Dispatcher;
use crate::clock::Timestamp;
use crate::ledger::{Claim, JobError, KeptNote, Ledger};

impl Dispatcher {
    /// Tells the audit trail what was committed, of an event of that second. Once for each note, however often it is called.
    pub(super) async fn note(
        &self,
        tenant: &TenantId,
        second: i64,
        notes: &[KeptNote],
    ) -> Result<(), JobError> {
        let at = Timestamp(second.saturating_mul(1000));
        for KeptNote {
            id,
            actor,
            action,
            detail,
        } in notes
        {
            let recorded = self
                .audit
                .record_once((id, at), tenant, actor, action, detail);
            recorded.await.map_err(|e| JobError::Retry(e.to_string()))?;
        }
        Ok(())
    }

    /// The same for what was committed earlier, by a worker that may have died before it told.
    pub(super) async fn note_again(
        &self,
        claim: &Claim,
        ledger: &Ledger<'_>,
    ) -> Result<(), JobError> {
        match ledger.entry_of(&claim.id).await? {
            Some(entry) => {
                let second = entry.address.second();
                self.note(&claim.tenant, second, &entry.notes).await
            }
            None => Ok(()),
        }
    }
}
