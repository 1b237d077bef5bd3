//! Finds an event by its id, and the requests in a workspace's archive.

use tidegate_pipeline::archive::{self, Address, Archived};
use tidegate_pipeline::ledger::Entry;
use tidegate_pipeline::table::TableError;
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;

use super::Operator;
use super::unreadable::Unreadable;
use crate::ApiError;

/// How far back, in seconds, the search for an event without a ledger row goes. Such an event is under way or in a dead-letter
/// queue.
pub(super) const LOOK_BACK: i64 = 30 * 24 * HOUR;

/// An hour in seconds.
pub(super) const HOUR: i64 = 3600;

/// The most tenants that one list may span.
const MANY_TENANTS: usize = 100;

impl Operator<'_> {
    /// Finds an event by its id: through its ledger row, or through the archive if it has none yet.
    pub(super) async fn find(
        &self,
        id: &str,
    ) -> Result<(TenantId, Option<Entry>, Archived), ApiError> {
        let tenants = self.asked_tenants().await?;
        let mut unreadable = Unreadable::default();
        for tenant in &tenants {
            let entry = self.ledger(tenant).entry_of(id).await;
            let entry = unreadable.unless(tenant, entry.map_err(ApiError::from));
            let Some(entry) = entry.flatten() else {
                continue;
            };
            let rows = self.table.tenant(tenant);
            let archived = archive::read(&rows, tenant, &entry.address, id).await?;
            let archived =
                archived.ok_or_else(|| ApiError::not_found("its request is no longer archived"))?;
            return Ok((tenant.clone(), Some(entry), archived));
        }
        let now = self.api.clock.now().seconds();
        for tenant in &tenants {
            let all = self.archived(tenant, now - LOOK_BACK, now + HOUR, usize::MAX >> 1);
            let all = unreadable.unless(tenant, all.await).unwrap_or_default();
            if let Some(entry) = all.into_iter().find(|entry| entry.job.id == id) {
                let address = Address::at_second(entry.address.second());
                let rows = self.table.tenant(tenant);
                if let Some(archived) = archive::read(&rows, tenant, &address, id).await? {
                    return Ok((tenant.clone(), None, archived));
                }
            }
        }
        Err(ApiError::not_found(&format!(
            "no event with that id{}; `tidegate events list` shows which there are",
            unreadable.remark()
        )))
    }

    pub(super) async fn asked_tenants(&self) -> Result<Vec<TenantId>, ApiError> {
        if let Some(tenant) = self.call.only_tenant()? {
            return Ok(vec![tenant]);
        }
        let system = self.table.system();
        let (tenants, _) = tenants::page(system.rows(), MANY_TENANTS + 1, None).await?;
        if tenants.len() > MANY_TENANTS {
            let words = "is needed: there are more than 100 workspaces";
            return Err(ApiError::field("tenant", words));
        }
        // A message that is not a job is archived without a handler.
        let unreadable = (!tenants.contains(&TenantId::unreadable())).then(TenantId::unreadable);
        Ok(tenants.into_iter().chain(unreadable).collect())
    }

    /// Returns the requests in one tenant's archive between two times, newest first.
    pub(super) async fn archived(
        &self,
        tenant: &TenantId,
        since: i64,
        until: i64,
        limit: usize,
    ) -> Result<Vec<Archived>, ApiError> {
        let rows = self.table.tenant(tenant);
        let mut found = Vec::new();
        let mut hour = until;
        while hour.div_euclid(HOUR) >= since.div_euclid(HOUR) && found.len() < limit {
            let mut cursor = None;
            loop {
                let read = archive::list_hour(&rows, tenant, hour, limit, cursor.as_ref());
                let (page, next) = match read.await {
                    // Nothing of it can be read any more.
                    Err(TableError::Erased) => return Ok(Vec::new()),
                    read => read?,
                };
                found.extend(
                    page.into_iter()
                        .filter(|a| (since..=until).contains(&a.address.second())),
                );
                cursor = next;
                if cursor.is_none() || found.len() >= limit {
                    break;
                }
            }
            hour -= HOUR;
        }
        Ok(found)
    }
}
