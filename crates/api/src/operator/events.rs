//! Events, for operators: list, show, replay.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_pipeline::archive::{self, Address, Archived};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Entry, EventState, Ledger, Share, ShareState, event_id_of};
use tidegate_pipeline::outbox::{PostState, Settled};
use tidegate_pipeline::queue::Outgoing;
use tidegate_pipeline::table::Due;
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;

use super::{Operator, redaction};
use crate::Refused;

/// Events in one answer, unless asked otherwise, and at most.
pub(super) const LIMIT: usize = 100;
pub(super) const MOST: usize = 1000;

/// How far back a list reaches, unless asked otherwise.
const SINCE: i64 = 24 * HOUR;

/// How far back an event without a ledger row is looked for: such are under way, or in a dead-letter queue.
const LOOK_BACK: i64 = 30 * 24 * HOUR;

const HOUR: i64 = 3600;

/// Shares of one event that may be parked, which are listed as one: no fewer than domains take part in an event.
const MOST_SHARES: usize = 8;

/// Tenants that one question may span.
const MANY_TENANTS: usize = 100;

impl Operator<'_> {
    pub(super) async fn list_events(&self) -> Result<Value, Refused> {
        let parameters = &self.call.query;
        let limit = parameters.limit(LIMIT, MOST)?;
        let events = match parameters.get("state") {
            Some("parked") => {
                self.parked_events(parameters.tenant().as_ref(), limit)
                    .await?
            }
            None | Some("all") => self.recent_events(limit).await?,
            Some(_) => return Err(Refused::bad("`state` is `parked` or `all`")),
        };
        let more = events.len() > limit;
        Ok(json!({"events": &events[..events.len().min(limit)], "more": more}))
    }

    async fn parked_events(
        &self,
        tenant: Option<&TenantId>,
        limit: usize,
    ) -> Result<Vec<Value>, Refused> {
        let due = self
            .table
            .system()
            .due(
                Due::ParkedEvent,
                Timestamp(i64::MAX),
                (limit + 1) * MOST_SHARES,
            )
            .await?;
        let mut events = Vec::new();
        let mut seen = BTreeSet::new();
        for row in due
            .iter()
            .filter(|row| tenant.is_none_or(|t| *t == row.tenant))
        {
            if events.len() > limit {
                break;
            }
            let Some(id) = event_id_of(&row.key) else {
                continue;
            };
            // Of one event several shares may be parked.
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

    async fn recent_events(&self, limit: usize) -> Result<Vec<Value>, Refused> {
        let parameters = &self.call.query;
        let now = self.api.clock.now().seconds();
        let until = parameters.number("until")?.unwrap_or(now + HOUR);
        let since = parameters.number("since")?.unwrap_or(now - SINCE);
        if until - since > LOOK_BACK + HOUR {
            return Err(Refused::bad("`since` reaches back more than 30 days"));
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

    /// What one tenant's archive holds between two moments, newest first.
    async fn archived(
        &self,
        tenant: &TenantId,
        since: i64,
        until: i64,
        limit: usize,
    ) -> Result<Vec<Archived>, Refused> {
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

    pub(super) async fn show_event(&self) -> Result<Value, Refused> {
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

    pub(super) async fn replay_event(&self) -> Result<Value, Refused> {
        let id = self.call.path("id");
        let domain = self.call.query.get("domain");
        let (tenant, entry, archived) = self.find(id).await?;
        let found = self.with_shares(&tenant, id, entry).await?;
        let is_decided = matches!(
            found.entry,
            Some(Entry {
                state: EventState::Done | EventState::Duplicate,
                ..
            })
        );
        let jobs = match domain {
            _ if is_decided => self.jobs_of_shares(&tenant, &found, domain)?,
            None => vec![archived.job],
            Some(_) => {
                return Err(Refused::conflict(
                    "the event has not been decided yet, so no domain has a share of it: replay it as a whole",
                ));
            }
        };
        if jobs.is_empty() {
            return Ok(json!({
                "ok": true, "event_id": id, "tenant": tenant, "replayed": false,
                "message": "the event is done; replaying it would change nothing",
            }));
        }
        // The claim, not this call, keeps a second replay from having a second effect.
        for job in jobs {
            self.queue_again(&tenant, &job).await?;
        }
        tracing::info!(event_id = id, tenant = %tenant, domain, "event.replayed");
        Ok(json!({
            "ok": true, "event_id": id, "tenant": tenant, "replayed": true,
            "message": "queued again; `tidegate events show` tells what comes of it",
        }))
    }

    /// The jobs of the shares that are not done: all of them, or that domain's.
    fn jobs_of_shares(
        &self,
        tenant: &TenantId,
        found: &Found,
        domain: Option<&str>,
    ) -> Result<Vec<Job>, Refused> {
        let named = |share: &&Share| domain.is_none_or(|domain| domain == share.domain);
        let shares: Vec<&Share> = found.shares.iter().filter(named).collect();
        if domain.is_some() && shares.is_empty() {
            return Err(Refused::not_found(
                "that domain has no share of that event; `tidegate events show` lists those that there are",
            ));
        }
        let ledger = self.ledger(tenant);
        let open = shares
            .into_iter()
            .filter(|share| share.state != ShareState::Done);
        let job = |share: &Share| ledger.job_of_share(share, tenant);
        let jobs: Result<Vec<Job>, _> = open.map(job).collect();
        jobs.map_err(|e| Refused::Ours(e.to_string()))
    }

    async fn queue_again(&self, tenant: &TenantId, job: &Job) -> Result<(), Refused> {
        let body = job.encode().map_err(|e| Refused::Ours(e.to_string()))?;
        let message = Outgoing {
            group: tenant.as_str().to_owned(),
            body,
            delay: std::time::Duration::ZERO,
        };
        let queue = match job.kind.as_str() {
            kind::SLACK_EVENT | kind::SHARE => &self.api.events,
            _ => &self.api.commands,
        };
        Ok(queue.send(message).await?)
    }

    async fn found(&self, tenant: &TenantId, id: &str) -> Result<Found, Refused> {
        let entry = self.ledger(tenant).entry_of(id).await?;
        self.with_shares(tenant, id, entry).await
    }

    /// The entry with the shares that it says there are.
    async fn with_shares(
        &self,
        tenant: &TenantId,
        id: &str,
        entry: Option<Entry>,
    ) -> Result<Found, Refused> {
        let shares = match &entry {
            Some(entry) if entry.shares > 0 => self.ledger(tenant).shares_of(id).await?,
            _ => Vec::new(),
        };
        Ok(Found { entry, shares })
    }

    /// An event by its id: through its ledger row, or, while it has none, by looking through the archive.
    async fn find(&self, id: &str) -> Result<(TenantId, Option<Entry>, Archived), Refused> {
        let tenants = self.asked_tenants().await?;
        for tenant in &tenants {
            let Some(entry) = self.ledger(tenant).entry_of(id).await? else {
                continue;
            };
            let rows = self.table.tenant(tenant);
            let archived = archive::read(&rows, tenant, &entry.address, id).await?;
            let archived =
                archived.ok_or_else(|| Refused::not_found("its request is no longer archived"))?;
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
        Err(Refused::not_found(
            "no event with that id; `tidegate events list` shows which there are",
        ))
    }

    async fn asked_tenants(&self) -> Result<Vec<TenantId>, Refused> {
        if let Some(tenant) = self.call.query.tenant() {
            return Ok(vec![tenant]);
        }
        let system = self.table.system();
        let (tenants, _) = tenants::page(system.rows(), MANY_TENANTS + 1, None).await?;
        if tenants.len() > MANY_TENANTS {
            return Err(Refused::bad(
                "there are more than 100 tenants: name one with `tenant`",
            ));
        }
        // Messages that are no jobs at all are kept without any handler having seen them.
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

/// What the ledger has of an event.
struct Found {
    entry: Option<Entry>,
    shares: Vec<Share>,
}

impl Found {
    /// The worst state of the event and its shares.
    fn state(&self) -> &'static str {
        let worst = self.shares.iter().map(|share| share.state).max();
        match (&self.entry, worst) {
            (None, _) => "pending",
            (Some(entry), Some(worst)) if entry.state == EventState::Done => worst.as_str(),
            (Some(entry), _) => entry.state.as_str(),
        }
    }

    /// Why the event, or the share that stands worst, is not done.
    fn reason(&self) -> Option<&str> {
        let own = self
            .entry
            .as_ref()
            .and_then(|entry| entry.reason.as_deref());
        let open = self
            .shares
            .iter()
            .filter(|share| share.state != ShareState::Done);
        let worst = open.max_by_key(|share| share.state);
        own.or_else(|| worst?.reason.as_deref())
    }

    /// How many posts the event caused, in its own commit and in its shares.
    fn posts(&self) -> i64 {
        let own = self.entry.as_ref().map_or(0, |entry| entry.posts);
        own + self.shares.iter().map(|share| share.posts).sum::<i64>()
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
