//! Lists events and shows one, for operators.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_pipeline::archive::{self, Address, Archived};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::{Entry, Ledger, event_id_of};
use tidegate_pipeline::outbox::{PostState, Settled};
use tidegate_pipeline::table::{Due, DueRow};
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;

use super::found::Found;
use super::{Operator, redaction};
use crate::ApiError;

/// The number of events in one page by default, and at most.
pub(super) const LIMIT: usize = 100;
pub(super) const MOST: usize = 1000;

/// How far back a list reaches by default, in seconds.
const SINCE: i64 = 24 * HOUR;

/// How far back, in seconds, the search for an event without a ledger row goes. Such an event is under way or in a dead-letter
/// queue.
const LOOK_BACK: i64 = 30 * 24 * HOUR;

const HOUR: i64 = 3600;

/// The most shares of one event in one state, which are listed as one. At least as many as there are domains that take part in an
/// event.
const MOST_SHARES: usize = 8;

/// The most tenants that one list may span.
const MANY_TENANTS: usize = 100;

impl Operator<'_> {
    pub(super) async fn list_events(&self) -> Result<Value, ApiError> {
        let parameters = &self.call.query;
        let limit = parameters.limit(LIMIT, MOST)?;
        let events = match parameters.get("state") {
            Some("parked") => self.due_events(Due::ParkedEvent, limit).await?,
            Some("waiting") => self.due_events(Due::Share, limit).await?,
            None | Some("all") => self.recent_events(limit).await?,
            Some(_) => return Err(ApiError::bad("`state` is `parked`, `waiting` or `all`")),
        };
        let more = events.len() > limit;
        Ok(json!({"events": &events[..events.len().min(limit)], "more": more}))
    }

    /// The events that are parked, or have a share that is, or those that have a share that waits to be tried again.
    async fn due_events(&self, waits_for: Due, limit: usize) -> Result<Vec<Value>, ApiError> {
        let tenant = self.call.query.tenant();
        let (system, most) = (self.table.system(), (limit + 1) * MOST_SHARES);
        let due = system.due(waits_for, Timestamp(i64::MAX), most).await?;
        let mut events = Vec::new();
        let mut seen = BTreeSet::new();
        let asked = |row: &&DueRow| tenant.as_ref().is_none_or(|t| *t == row.tenant);
        for row in due.iter().filter(asked) {
            if events.len() > limit {
                break;
            }
            let Some(id) = event_id_of(&row.key) else {
                continue;
            };
            // Several shares of one event may be listed.
            if !seen.insert((row.tenant.clone(), id.clone())) {
                continue;
            }
            let found = self.found(&row.tenant, &id).await?;
            if let Some(entry) = &found.entry {
                let (name, second) = (entry.name.clone(), entry.address.second());
                events.push(line(&id, &row.tenant, &name, second, &found));
            }
        }
        Ok(events)
    }

    async fn recent_events(&self, limit: usize) -> Result<Vec<Value>, ApiError> {
        let parameters = &self.call.query;
        let now = self.api.clock.now().seconds();
        let until = parameters.number("until")?.unwrap_or(now + HOUR);
        let since = parameters.number("since")?.unwrap_or(now - SINCE);
        if until - since > LOOK_BACK + HOUR {
            return Err(ApiError::bad("`since` reaches back more than 30 days"));
        }
        let mut found: Vec<(TenantId, Archived)> = Vec::new();
        for tenant in self.asked_tenants().await? {
            let entries = self.archived(&tenant, since, until, limit + 1).await?;
            found.extend(entries.into_iter().map(|entry| (tenant.clone(), entry)));
        }
        found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.address.second()));
        found.truncate(limit + 1);
        let mut events = Vec::new();
        for (tenant, archived) in found {
            let found = self.found(&tenant, &archived.job.id).await?;
            let second = archived.address.second();
            let id = &archived.job.id;
            events.push(line(id, &tenant, &archived.name, second, &found));
        }
        Ok(events)
    }

    /// Returns the requests in one tenant's archive between two times, newest first.
    async fn archived(
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
                let (page, next) =
                    archive::list_hour(&rows, tenant, hour, limit, cursor.as_ref()).await?;
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

    pub(super) async fn show_event(&self) -> Result<Value, ApiError> {
        let id = self.call.path("id");
        let (tenant, entry, archived) = self.find(id).await?;
        let found = self.with_shares(&tenant, id, entry).await?;
        let posts = self.ledger(&tenant).posts_of(id).await?;
        let second = archived.address.second();
        let mut shown = line(id, &tenant, &archived.name, second, &found);
        let job = &archived.job;
        shown["kind"] = job.kind.as_str().into();
        shown["received_at_ms"] = job.received_at.millis().into();
        shown["retry"] = job
            .retry
            .as_ref()
            .map_or(Value::Null, |r| json!({"num": r.num, "reason": r.reason}));
        let caused = usize::try_from(found.posts()).unwrap_or(0);
        let settled = posts
            .iter()
            .filter(|post| post.state != PostState::Requeued)
            .count();
        shown["posts_waiting"] = caused.saturating_sub(settled).into();
        shown["finished_at_ms"] = found
            .entry
            .as_ref()
            .map_or(Value::Null, |e| e.finished_at.millis().into());
        shown["posts"] = posts.iter().map(post_line).collect();
        shown["body"] = redaction::body(job.kind.as_str(), &job.body);
        Ok(shown)
    }

    async fn found(&self, tenant: &TenantId, id: &str) -> Result<Found, ApiError> {
        let entry = self.ledger(tenant).entry_of(id).await?;
        self.with_shares(tenant, id, entry).await
    }

    /// Loads the shares that the entry says there are.
    pub(super) async fn with_shares(
        &self,
        tenant: &TenantId,
        id: &str,
        entry: Option<Entry>,
    ) -> Result<Found, ApiError> {
        let shares = match &entry {
            Some(entry) if entry.shares > 0 => self.ledger(tenant).shares_of(id).await?,
            _ => Vec::new(),
        };
        Ok(Found { entry, shares })
    }

    /// Finds an event by its id: through its ledger row, or through the archive if it has none yet.
    pub(super) async fn find(
        &self,
        id: &str,
    ) -> Result<(TenantId, Option<Entry>, Archived), ApiError> {
        let tenants = self.asked_tenants().await?;
        for tenant in &tenants {
            let Some(entry) = self.ledger(tenant).entry_of(id).await? else {
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
            if let Some(entry) = all.await?.into_iter().find(|entry| entry.job.id == id) {
                let address = Address::at_second(entry.address.second());
                let rows = self.table.tenant(tenant);
                if let Some(archived) = archive::read(&rows, tenant, &address, id).await? {
                    return Ok((tenant.clone(), None, archived));
                }
            }
        }
        Err(ApiError::not_found(
            "no event with that id; `tidegate events list` shows which there are",
        ))
    }

    async fn asked_tenants(&self) -> Result<Vec<TenantId>, ApiError> {
        if let Some(tenant) = self.call.query.tenant() {
            return Ok(vec![tenant]);
        }
        let system = self.table.system();
        let (tenants, _) = tenants::page(system.rows(), MANY_TENANTS + 1, None).await?;
        if tenants.len() > MANY_TENANTS {
            return Err(ApiError::bad(
                "there are more than 100 tenants: name one with `tenant`",
            ));
        }
        // A message that is not a job is archived without a handler.
        let unreadable = (!tenants.contains(&TenantId::unreadable())).then(TenantId::unreadable);
        Ok(tenants.into_iter().chain(unreadable).collect())
    }

    pub(super) fn ledger(&self, tenant: &TenantId) -> Ledger<'_> {
        Ledger {
            rows: self.table.tenant(tenant),
            clock: &*self.api.clock,
            keep: self.api.keep,
        }
    }
}

fn line(id: &str, tenant: &TenantId, name: &str, second: i64, found: &Found) -> Value {
    let shares = found.shares.iter().map(|share| {
        json!({
            "domain": share.domain,
            "state": share.state.as_str(),
            "attempts": share.attempts,
            "reason": share.reason,
        })
    });
    json!({
        "event_id": id,
        "tenant": tenant,
        "type": name,
        "state": found.state(),
        "attempts": found.entry.as_ref().map(|entry| entry.attempts),
        "reason": found.reason(),
        "shares": shares.collect::<Vec<_>>(),
        "at": second,
    })
}

pub(super) fn post_line(post: &Settled) -> Value {
    json!({
        "message_id": post.message_id,
        "event_id": post.event_id,
        "lane": post.lane.as_str(),
        "purpose": post.purpose,
        "state": post.state.as_str(),
        "reason": post.reason,
        "ts": post.ts,
        "attempts": post.attempts,
        "settled_at_ms": post.settled_at.millis(),
    })
}
