//! The route `GET /v1/operator/events`, which lists events.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tidegate_pipeline::ledger::{Entry, Ledger, event_id_of};
use tidegate_pipeline::table::Due;
use tidegate_slack::ids::TenantId;
use utoipa::{IntoParams, ToSchema};

use super::found::Found;
use super::unreadable::Unreadable;
use super::{LOOKS, Operator, position};
use crate::values::{Second, Whole};
use crate::{Api, ApiError, ApiResult, Call, OnlyOf, reply};

/// The number of events in one page by default.
const LIMIT: usize = 100;

/// The part of the list that a call asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Which events: all of the time between `since` and `until`, those that wait for a person, or those with a share that is tried
    /// again
    #[serde(default)]
    #[param(inline)]
    state: Wanted,
    /// Unix time in seconds. A day ago if it is left out. Only for all events, as `until`
    #[param(inline)]
    pub(super) since: Option<Second>,
    /// Unix time in seconds
    #[param(inline)]
    pub(super) until: Option<Second>,
    /// The most events of the page; 100 if it is left out
    #[param(inline)]
    limit: Option<Whole<1, 1000>>,
    /// The `next` of the page before
    pub(super) after: Option<String>,
}

impl Asked {
    pub(super) fn limit(&self) -> usize {
        self.limit.map_or(LIMIT, Whole::to)
    }
}

/// The events that a list has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    #[default]
    All,
    Parked,
    Waiting,
}

/// One page of events.
#[derive(Serialize, ToSchema)]
pub(super) struct EventPage {
    pub(super) ok: bool,
    pub(super) events: Vec<EventLine>,
    /// The `after` of the next page. Null on the last one. A page may have less than `limit` events, or none, and yet not be the last.
    pub(super) next: Option<String>,
    /// Workspaces whose data cannot be read; the log says why.
    pub(super) unreadable: Vec<String>,
}

/// What came of an event.
#[derive(Serialize, ToSchema)]
pub(super) struct EventLine {
    event_id: String,
    tenant: String,
    /// Slack's type of it.
    r#type: String,
    /// `pending` while it is under way, `waiting`, `parked`, `done` or `duplicate`.
    state: &'static str,
    /// Null while it is under way.
    attempts: Option<i64>,
    reason: Option<String>,
    /// The parts of domains that failed at it.
    shares: Vec<ShareLine>,
    /// Unix time in seconds.
    at: i64,
}

/// What came of a domain's share of an event.
#[derive(Serialize, ToSchema)]
struct ShareLine {
    domain: String,
    state: &'static str,
    attempts: i64,
    reason: Option<String>,
}

impl EventLine {
    pub(super) fn new(id: &str, tenant: &TenantId, name: &str, second: i64, found: &Found) -> Self {
        let shares = found.shares.iter().map(|share| ShareLine {
            domain: share.domain.clone(),
            state: share.state.as_str(),
            attempts: share.attempts,
            reason: share.reason.clone(),
        });
        Self {
            event_id: id.to_owned(),
            tenant: tenant.to_string(),
            r#type: name.to_owned(),
            state: found.state(),
            attempts: found.entry.as_ref().map(|entry| entry.attempts),
            reason: found.reason().map(str::to_owned),
            shares: shares.collect(),
            at: second,
        }
    }
}

/// List events
///
/// The newest come first; of those that are parked or waiting, the one that has been so longest.
#[utoipa::path(
    get,
    path = "/v1/operator/events",
    tag = "operator",
    params(OnlyOf, Asked),
    responses((status = 200, body = EventPage))
)]
pub(super) async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let asked: Asked = call.query()?;
    let operator = Operator::of(&api, &call)?;
    let page = match asked.state {
        Wanted::All => operator.recent_events(&asked).await?,
        Wanted::Parked => operator.due_events(Due::ParkedEvent, &asked).await?,
        Wanted::Waiting => operator.due_events(Due::Share, &asked).await?,
    };
    Ok(reply::json(StatusCode::OK, &page))
}

impl Operator<'_> {
    /// The events that are parked, or have a share that is, or those that have a share that waits to be tried again.
    async fn due_events(&self, waits_for: Due, asked: &Asked) -> Result<EventPage, ApiError> {
        let tenant = self.call.only_tenant()?;
        let system = self.table.system();
        let mut due = system.due_list(waits_for, position(asked.after.as_deref())?.as_ref());
        let (mut events, mut unreadable) = (Vec::new(), Unreadable::default());
        let mut seen = BTreeSet::new();
        for _ in 0..LOOKS {
            let Some(row) = due.peek().await?.cloned() else {
                break;
            };
            let id = event_id_of(&row.key).unwrap_or_default();
            // Several shares of one event may be listed.
            let is_new = !seen.contains(&(row.tenant.clone(), id.clone()));
            if is_new && events.len() == asked.limit() {
                break;
            }
            due.next().await?;
            let is_asked = tenant.as_ref().is_none_or(|tenant| *tenant == row.tenant);
            if !(is_asked && seen.insert((row.tenant.clone(), id.clone()))) {
                continue;
            }
            let found = self.found(&row.tenant, &id).await;
            let Some(found) = unreadable.unless(&row.tenant, found) else {
                continue;
            };
            if let Some(entry) = &found.entry {
                let (name, second) = (entry.name.clone(), entry.address.second());
                events.push(EventLine::new(&id, &row.tenant, &name, second, &found));
            }
        }
        Ok(EventPage {
            ok: true,
            events,
            next: due.position().await?.map(|position| position.encode()),
            unreadable: unreadable.tenants(),
        })
    }

    pub(super) async fn found(&self, tenant: &TenantId, id: &str) -> Result<Found, ApiError> {
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
