//! Lists the events of a time, newest first, from the archives of all workspaces. The work of one call is bounded: after
//! [`MOST_READS`] reads it answers with what it has found, and where to go on.

use tidegate_pipeline::archive::{self, Archived};
use tidegate_pipeline::table::TableError;
use tidegate_slack::ids::TenantId;

use super::events::{Asked, EventLine, EventPage};
use super::find::{HOUR, LOOK_BACK};
use super::unreadable::Unreadable;
use super::{Operator, no_cursor};
use crate::ApiError;
use crate::values::Second;

/// How far back the list reaches by default, in seconds.
const SINCE: i64 = 24 * HOUR;

/// The reads of archives after which a call answers.
const MOST_READS: usize = 500;

/// A place in the list: the second, workspace and id of the event before it. Events of one second are ordered by workspace, then by
/// id, from the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    second: i64,
    tenant: String,
    id: String,
}

impl Mark {
    fn of(tenant: &TenantId, event: &Archived) -> Self {
        Self {
            second: event.address.second(),
            tenant: tenant.to_string(),
            id: event.job.id.clone(),
        }
    }

    /// The place before all events of a second and of those before it.
    fn before(second: i64) -> Self {
        Self {
            second: second + 1,
            tenant: String::new(),
            id: String::new(),
        }
    }

    fn encode(&self) -> String {
        format!("{}.{}.{}", self.second, self.tenant, self.id)
    }

    fn decode(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let second = parts.next()?.parse().ok()?;
        let (tenant, id) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { second, tenant, id })
    }
}

impl Operator<'_> {
    pub(super) async fn recent_events(&self, asked: &Asked) -> Result<EventPage, ApiError> {
        let now = self.api.clock.now().seconds();
        let until = asked.until.map_or(now + HOUR, Second::get);
        let since = asked.since.map_or(until.min(now) - SINCE, Second::get);
        if since > until {
            let words = match asked.until {
                Some(_) => "is after `until`",
                None => "is in the future",
            };
            return Err(ApiError::field("since", words));
        }
        if until - since > LOOK_BACK + HOUR {
            return Err(ApiError::field("since", "reaches back more than 30 days"));
        }
        let mark = match asked.after.as_deref() {
            None => Mark::before(until),
            Some(text) => Mark::decode(text)
                .ok_or_else(no_cursor)?
                .min(Mark::before(until)),
        };
        let mut unreadable = Unreadable::default();
        let limit = asked.limit();
        let (found, next) = self
            .archived_before(mark, since, limit, &mut unreadable)
            .await?;
        let mut events = Vec::new();
        for (tenant, archived) in found {
            let id = &archived.job.id;
            let found = self.found(&tenant, id).await;
            let Some(found) = unreadable.unless(&tenant, found) else {
                continue;
            };
            let second = archived.address.second();
            events.push(EventLine::new(id, &tenant, &archived.name, second, &found));
        }
        Ok(EventPage {
            ok: true,
            events,
            next: next.map(|mark| mark.encode()),
            unreadable: unreadable.tenants(),
        })
    }

    /// Returns up to `limit` requests before the mark, newest first, and the mark of the next page.
    async fn archived_before(
        &self,
        mark: Mark,
        since: i64,
        limit: usize,
        unreadable: &mut Unreadable,
    ) -> Result<(Vec<(TenantId, Archived)>, Option<Mark>), ApiError> {
        let tenants = self.asked_tenants().await?;
        let mut found: Vec<(TenantId, Archived)> = Vec::new();
        let (mut hour, mut reads) = (mark.second.div_euclid(HOUR), 0);
        while hour >= since.div_euclid(HOUR) {
            if reads >= MOST_READS {
                let end_of_hour = hour * HOUR + HOUR - 1;
                return Ok((found, Some(Mark::before(end_of_hour).min(mark))));
            }
            let mut of_hour = Vec::new();
            for tenant in &tenants {
                let fits = |event: &Archived| {
                    event.address.second() >= since && Mark::of(tenant, event) < mark
                };
                let read = self.archived_in(tenant, hour, limit + 1, &mut reads, fits);
                let events = unreadable.unless(tenant, read.await).into_iter().flatten();
                of_hour.extend(events.map(|event| (tenant.clone(), event)));
            }
            of_hour
                .sort_by_cached_key(|(tenant, event)| std::cmp::Reverse(Mark::of(tenant, event)));
            for (tenant, event) in of_hour {
                if found.len() == limit {
                    let last = found.last().map(|(tenant, event)| Mark::of(tenant, event));
                    return Ok((found, last));
                }
                found.push((tenant, event));
            }
            hour -= 1;
        }
        Ok((found, None))
    }

    /// Returns the newest requests of one workspace and hour that fit, up to `most`.
    async fn archived_in(
        &self,
        tenant: &TenantId,
        hour: i64,
        most: usize,
        reads: &mut usize,
        fits: impl Fn(&Archived) -> bool,
    ) -> Result<Vec<Archived>, ApiError> {
        let rows = self.table.tenant(tenant);
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            *reads += 1;
            let read = archive::list_hour(&rows, tenant, hour * HOUR, most, cursor.as_ref());
            let (page, next) = match read.await {
                // Nothing of it can be read any more.
                Err(TableError::Erased) => return Ok(Vec::new()),
                read => read?,
            };
            found.extend(page.into_iter().filter(&fits));
            cursor = next;
            if cursor.is_none() || found.len() >= most {
                return Ok(found);
            }
        }
    }
}
