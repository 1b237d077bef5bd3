//! Lists events and shows one, for operators.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_pipeline::archive::Archived;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::{Entry, Ledger, event_id_of};
use tidegate_pipeline::outbox::{PostState, Settled};
use tidegate_pipeline::table::{Due, DueRow};
use tidegate_slack::ids::TenantId;

use super::find::{HOUR, LOOK_BACK};
use super::found::Found;
use super::unreadable::Unreadable;
use super::{Operator, redaction};
use crate::ApiError;

/// The number of events in one page by default, and at most.
pub(super) const LIMIT: usize = 100;
pub(super) const MOST: usize = 1000;

/// How far back a list reaches by default, in seconds.
const SINCE: i64 = 24 * HOUR;

/// The most shares of one event in one state, which are listed as one. At least as many as there are domains that take part in an
/// event.
const MOST_SHARES: usize = 8;

impl Operator<'_> {
    pub(super) async fn list_events(&self) -> Result<Value, ApiError> {
        let parameters = &self.call.query;
        let limit = parameters.limit(LIMIT, MOST)?;
        let mut unreadable = Unreadable::default();
        let events = match parameters.get("state") {
            Some("parked") => self.due_events(Due::ParkedEvent, limit, &mut unreadable),
            Some("waiting") => self.due_events(Due::Share, limit, &mut unreadable),
            None | Some("all") => {
                let events = self.recent_events(limit, &mut unreadable).await?;
                return Ok(page(&events, limit, &unreadable));
            }
            Some(_) => return Err(ApiError::bad("`state` is `parked`, `waiting` or `all`")),
        };
        Ok(page(&events.await?, limit, &unreadable))
    }

    /// The events that are parked, or have a share that is, or those that have a share that waits to be tried again.
    async fn due_events(
        &self,
        waits_for: Due,
        limit: usize,
        unreadable: &mut Unreadable,
    ) -> Result<Vec<Value>, ApiError> {
        let tenant = self.call.query.tenant();
        let system = self.table.system();
        let mut due = system.due_pages(waits_for, Timestamp(i64::MAX), (limit + 1) * MOST_SHARES);
        let mut events = Vec::new();
        let mut seen = BTreeSet::new();
        let asked = |row: &&DueRow| tenant.as_ref().is_none_or(|t| *t == row.tenant);
        while events.len() <= limit
            && let Some(rows) = due.next().await?
        {
            for row in rows.iter().filter(asked) {
                let Some(id) = event_id_of(&row.key) else {
                    continue;
                };
                // Several shares of one event may be listed.
                if events.len() > limit || !seen.insert((row.tenant.clone(), id.clone())) {
                    continue;
                }
                let found = self.found(&row.tenant, &id).await;
                let Some(found) = unreadable.unless(&row.tenant, found) else {
                    continue;
                };
                if let Some(entry) = &found.entry {
                    let (name, second) = (entry.name.clone(), entry.address.second());
                    events.push(line(&id, &row.tenant, &name, second, &found));
                }
            }
        }
        Ok(events)
    }

    async fn recent_events(
        &self,
        limit: usize,
        unreadable: &mut Unreadable,
    ) -> Result<Vec<Value>, ApiError> {
        let parameters = &self.call.query;
        let now = self.api.clock.now().seconds();
        let until = parameters.second("until")?.unwrap_or(now + HOUR);
        let since = parameters.second("since")?.unwrap_or(now - SINCE);
        if until - since > LOOK_BACK + HOUR {
            return Err(ApiError::bad("`since` reaches back more than 30 days"));
        }
        let mut found: Vec<(TenantId, Archived)> = Vec::new();
        for tenant in self.asked_tenants().await? {
            let entries = self.archived(&tenant, since, until, limit + 1).await;
            let entries = unreadable.unless(&tenant, entries);
            let entries = entries.into_iter().flatten();
            found.extend(entries.map(|entry| (tenant.clone(), entry)));
        }
        found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.address.second()));
        found.truncate(limit + 1);
        let mut events = Vec::new();
        for (tenant, archived) in found {
            let found = self.found(&tenant, &archived.job.id).await;
            let Some(found) = unreadable.unless(&tenant, found) else {
                continue;
            };
            let second = archived.address.second();
            let id = &archived.job.id;
            events.push(line(id, &tenant, &archived.name, second, &found));
        }
        Ok(events)
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

    pub(super) fn ledger(&self, tenant: &TenantId) -> Ledger<'_> {
        Ledger {
            rows: self.table.tenant(tenant),
            clock: &*self.api.clock,
            keep: self.api.keep,
        }
    }
}

/// One page of a list of events.
fn page(events: &[Value], limit: usize, unreadable: &Unreadable) -> Value {
    json!({
        "events": &events[..events.len().min(limit)],
        "more": events.len() > limit,
        "unreadable": unreadable.tenants(),
    })
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
