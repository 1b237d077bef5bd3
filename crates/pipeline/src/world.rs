//! What one process stands on: the seams, opened.

use std::sync::Arc;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::keyring::Keyring;
use crate::queue::Queue;
use crate::secrets::Secrets;
use crate::table::Table;

/// The seams that every process but ingress needs.
#[derive(Clone)]
pub struct World {
    /// Rows of all tenants.
    pub table: Table,
    /// The keys that seal them.
    pub keyring: Arc<Keyring>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The queue of wake-ups.
    pub wake_ups: Arc<dyn Queue>,
    /// Secrets that the environment names and does not hold.
    pub parameters: Arc<dyn Secrets>,
}

impl World {
    /// The audit trail.
    pub fn audit(&self) -> Audit {
        let (keyring, clock) = (Arc::clone(&self.keyring), Arc::clone(&self.clock));
        Audit::new(self.table.clone(), keyring, clock)
    }
}
