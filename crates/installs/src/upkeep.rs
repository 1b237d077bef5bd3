//! What the scheduler does for installs: tokens are renewed before they end, and erasures go on.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::resume;
use tidegate_pipeline::table::{Due, DueRow, TableError};
use tidegate_slack::ids::TenantId;

use super::Installs;
use super::grant::Holder;

/// Rows looked at per partition of the index in one sweep.
const LIMIT: usize = 100;

/// A second of waiting for another's lease, the request, and the writes after it.
const FOR_A_REFRESH: Duration = Duration::from_secs(10);

/// Refreshes under way at once: Slack allows a hundred a minute for an app in a workspace, and each is another workspace's.
const AT_ONCE: usize = 8;

impl Installs {
    /// Does what is due, until `until`. What fails is due again in the next sweep. Answers how many erasures have ended.
    pub async fn upkeep(&self, until: Timestamp) -> Result<usize, TableError> {
        let now = self.clock.now();
        let system = self.table.system();
        if self.app.is_some() {
            let due = system.due(Due::TokenRefresh, now, LIMIT).await?;
            stream::iter(due)
                .for_each_concurrent(AT_ONCE, |row| self.refresh_due(row, until))
                .await;
        }
        for row in system.due(Due::Resume, now, LIMIT).await? {
            if self.clock.now() >= until {
                break;
            }
            self.resume_due(&row.tenant).await;
        }
        let mut ended = 0;
        for row in system.due(Due::Erasure, now, LIMIT).await? {
            if self.clock.now() >= until {
                break;
            }
            match self.erase_pass(&row.key, until).await {
                Ok(done) => ended += usize::from(done),
                Err(e) => tracing::error!(error = %e, "workspace.erase: a pass failed"),
            }
        }
        Ok(ended)
    }

    async fn refresh_due(&self, row: DueRow, until: Timestamp) {
        let holder = match row.key.sort_parts().as_slice() {
            [kind] if kind == "bot" => Holder::Bot,
            [_, user] => Holder::Person(user.as_str().into()),
            _ => return,
        };
        // Slack's answer to a refresh must be stored: none is begun that may not end in time.
        if self.clock.now().plus(FOR_A_REFRESH) >= until {
            return;
        }
        if let Err(e) = self.renew_ahead(&row.tenant, &holder).await {
            tracing::warn!(tenant = %row.tenant, error = %e, "token not renewed yet");
        }
    }

    /// What whoever connected the workspace did not get to.
    async fn resume_due(&self, tenant: &TenantId) {
        match resume(&self.table, &*self.wake_ups, &*self.clock, tenant).await {
            Ok(lanes) => tracing::info!(%tenant, lanes, "install.resumed"),
            Err(e) => tracing::warn!(%tenant, error = %e, "held posts not resumed yet"),
        }
    }
}
