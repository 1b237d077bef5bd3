//! The seams of one process, opened from its configuration.

use std::sync::Arc;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::keyring::Keyring;
use crate::queue::Queue;
use crate::secrets::Secrets;
use crate::table::Table;

/// The seams that every process except ingress needs.
#[derive(Clone)]
pub struct World {
    /// The rows of all tenants.
    pub table: Table,
    /// The data keys that seal the rows.
    pub keyring: Arc<Keyring>,
    /// The clock of the process.
    pub clock: Arc<dyn Clock>,
    /// The queue that wake-ups of outbox lanes are sent to.
    pub wake_ups: Arc<dyn Queue>,
    /// The store of the secrets that the environment only names, such as SSM parameters.
    pub parameters: Arc<dyn Secrets>,
}

impl World {
    /// Returns the audit trail of all workspaces.
    pub fn audit(&self) -> Audit {
        let (keyring, clock) = (Arc::clone(&self.keyring), Arc::clone(&self.clock));
        Audit::new(self.table.clone(), keyring, clock)
    }
}
