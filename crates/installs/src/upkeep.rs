//! The scheduled work for installs: renews tokens before they end, resumes held posts, and continues erasures.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::resume;
use tidegate_pipeline::table::{Due, DueRow, TableError};
use tidegate_slack::ids::TenantId;

use super::Installs;
use super::grant::Holder;

/// The most rows that one sweep reads per kind of due row.
const DUE_LIMIT: usize = 100;

/// The time that one refresh needs: a second of waiting for a lease, the request, and the writes after it.
const REFRESH_TIME: Duration = Duration::from_secs(10);

/// The most refreshes that run at once. Slack allows a hundred a minute per app and workspace, and each is of another workspace.
const MAX_CONCURRENT: usize = 8;

impl Installs {
    /// Does the due work until `until`, and returns how many erasures have ended. Work that fails is due again in the next sweep.
    pub async fn upkeep(&self, until: Timestamp) -> Result<usize, TableError> {
        let now = self.clock.now();
        let system = self.table.system();
        if self.app.is_some() {
            let due = system.due(Due::TokenRefresh, now, DUE_LIMIT).await?;
            stream::iter(due)
                .for_each_concurrent(MAX_CONCURRENT, |row| self.refresh_due(row, until))
                .await;
        }
        for row in system.due(Due::Resume, now, DUE_LIMIT).await? {
            if self.clock.now() >= until {
                break;
            }
            self.resume_due(&row.tenant).await;
        }
        let mut ended = 0;
        for row in system.due(Due::Erasure, now, DUE_LIMIT).await? {
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
        // Slack's response to a refresh must be stored, so a refresh that may not end in time is not begun.
        if self.clock.now().plus(REFRESH_TIME) >= until {
            return;
        }
        if let Err(e) = self.renew_ahead(&row.tenant, &holder).await {
            tracing::warn!(tenant = %row.tenant, error = %e, "token not renewed yet");
        }
    }

    /// Resumes held posts if the process that connected the workspace did not finish doing so.
    async fn resume_due(&self, tenant: &TenantId) {
        match resume(&self.table, &*self.wake_ups, &*self.clock, tenant).await {
            Ok(lanes) => tracing::info!(%tenant, lanes, "install.resumed"),
            Err(e) => tracing::warn!(%tenant, error = %e, "held posts not resumed yet"),
        }
    }
}
