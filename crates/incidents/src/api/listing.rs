//! Route: the list of incidents. Incidents that the caller may not see are passed over, also by the cursor.

use std::sync::Arc;

use axum::extract::State;
use futures_util::future::try_join_all;
use http::StatusCode;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use tidegate_pipeline::table::{Cursor, Item, Range, RowKey};
use utoipa::{IntoParams, ToSchema};

use super::call_context::{AT_A_TIME, CallContext};
use super::input::severity;
use super::shown::ShownIncident;
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::rows::{self, Loaded};
use crate::model::severity::Severity;
use tidegate_api::values::Whole;
use tidegate_api::{Api, ApiError, ApiResult, Call, OfTenant, reply};
use tidegate_pipeline::clock::Timestamp;

/// Incidents in one page by default.
const LIMIT: usize = 50;

/// The incidents that one call looks at. Then it answers with those that it has found, and where to go on.
const LOOKS: usize = 500;

/// How long after the end of a month a list of it that was begun can go on, in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The filter of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    #[serde(default)]
    #[param(inline)]
    status: Wanted,
    /// Upper or lower case
    #[serde(default, deserialize_with = "severity")]
    #[param(inline)]
    severity: Option<Severity>,
    /// The slug of a service
    service: Option<String>,
    /// The month of the declaration in UTC, such as `2026-11`. A list of all incidents without it starts in this month
    #[serde(default, deserialize_with = "month")]
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    month: Option<String>,
    /// The most incidents of the page; 50 if it is left out
    #[param(inline)]
    limit: Option<Whole<1, 200>>,
    /// The `next` of the page before
    after: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    #[default]
    Open,
    All,
}

/// One page of incidents that the caller may see.
#[derive(Serialize, ToSchema)]
struct IncidentPage {
    ok: bool,
    incidents: Vec<ShownIncident>,
    /// The `after` of the next page. Null on the last one. A page may have less than `limit` incidents, or none, and yet not be the
    /// last.
    next: Option<String>,
}

/// List incidents
#[utoipa::path(
    get,
    path = "/v1/incidents",
    tag = "incidents",
    params(OfTenant, Filter),
    responses((status = 200, body = IncidentPage))
)]
pub(super) async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let filter: Filter = call.query()?;
    let context = CallContext::enter(&api, &call).await?;
    context.must(Action::List, None)?;
    let tenant = &context.tenant;
    let (at, after) = begin(&api, &context, &filter).await?;
    let (found, next) = page(&context, &filter, at, after).await?;
    let next = match next {
        Some(next) => Some(api.seal_cursor(tenant, &filter.name(at), &next).await?),
        None => None,
    };
    let shown = found.iter().map(|loaded| ShownIncident::of(loaded, tenant));
    let page = IncidentPage {
        ok: true,
        incidents: shown.collect(),
        next,
    };
    Ok(reply::json(StatusCode::OK, &page))
}

/// Returns the time whose month is listed, and where the page begins. A list that was begun in the month before goes on in that month.
async fn begin(
    api: &Api,
    context: &CallContext<'_>,
    filter: &Filter,
) -> Result<(Timestamp, Option<Cursor>), ApiError> {
    let now = context.now;
    let Some(after) = &filter.after else {
        return Ok((now, None));
    };
    let yesterday = Timestamp(now.millis() - DAY_MS);
    match api
        .open_cursor(&context.tenant, &filter.name(now), after)
        .await
    {
        Ok(cursor) => Ok((now, Some(cursor))),
        Err(refused) => {
            let list = filter.name(yesterday);
            let cursor = api.open_cursor(&context.tenant, &list, after).await;
            cursor.map(|c| (yesterday, Some(c))).map_err(|_| refused)
        }
    }
}

impl Filter {
    /// The list that holds the incidents in the order of the answer, and whether it is read from its end.
    fn list(&self, now: Timestamp) -> (Vec<String>, bool) {
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        match (self.status == Wanted::Open, &self.service, &self.month) {
            (true, _, _) => (owned(&["incidents_open"]), false),
            (false, Some(service), _) => (owned(&["incidents_service", service]), true),
            (false, None, Some(month)) => (owned(&["incidents_month", month]), true),
            (false, None, None) => (owned(&["incidents_month", &rows::month(now)]), true),
        }
    }

    /// The name of the list in its cursors: what it has, in which order. Any other list has another name.
    fn name(&self, now: Timestamp) -> String {
        let (list, _) = self.list(now);
        let severity = self.severity.map(Severity::as_str);
        let of = [severity, self.service.as_deref(), self.month.as_deref()];
        format!("{list:?} {of:?}")
    }

    fn fits(&self, incident: &Incident) -> bool {
        let declared = || rows::month(incident.milestones.declared);
        (self.status == Wanted::All || incident.status.is_open())
            && self
                .severity
                .is_none_or(|wanted| incident.severity == wanted)
            && self
                .service
                .as_ref()
                .is_none_or(|wanted| incident.services.contains(wanted))
            && self
                .month
                .as_ref()
                .is_none_or(|wanted| declared() == *wanted)
    }
}

/// Reads a month.
fn month<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let month: Option<String> = Option::deserialize(from)?;
    if month.as_deref().is_some_and(|month| !is_month(month)) {
        return Err(D::Error::custom("takes a month such as `2026-11`"));
    }
    Ok(month)
}

fn is_month(text: &str) -> bool {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-').is_some_and(|(year, month)| {
        let months = month
            .parse()
            .is_ok_and(|month: u8| (1..=12).contains(&month));
        digits(year, 4) && digits(month, 2) && months
    })
}

/// One page, and the cursor of the next one. It may lie behind an incident that the caller may not see.
async fn page(
    context: &CallContext<'_>,
    filter: &Filter,
    at: Timestamp,
    mut after: Option<Cursor>,
) -> Result<(Vec<Loaded>, Option<Cursor>), ApiError> {
    let limit = filter.limit.map_or(LIMIT, Whole::to);
    let (list, from_its_end) = filter.list(at);
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let mut found: Vec<(RowKey, Loaded)> = Vec::new();
    let next = 'reading: {
        for _ in 0..LOOKS / AT_A_TIME {
            let read =
                context
                    .rows
                    .query(&list, Range::All, from_its_end, AT_A_TIME, after.as_ref());
            let read = read.await?;
            for (key, loaded) in load(context, read.rows).await? {
                let incident = &loaded.incident;
                if !context.sees(incident) || !filter.fits(incident) {
                    continue;
                }
                if found.len() == limit {
                    break 'reading found.last().map(|(key, _)| Cursor::after(key));
                }
                found.push((key, loaded));
            }
            after = read.next;
            if after.is_none() {
                break 'reading None;
            }
        }
        after
    };
    Ok((found.into_iter().map(|(_, loaded)| loaded).collect(), next))
}

/// Loads the incidents that rows of a list point to.
async fn load(
    context: &CallContext<'_>,
    rows: Vec<(RowKey, Item)>,
) -> Result<Vec<(RowKey, Loaded)>, ApiError> {
    let ids = rows.into_iter();
    let ids = ids.filter_map(|(key, item)| Some((key, rows::pointed(&item)?)));
    let loads = ids.map(async |(key, id)| {
        let loaded = rows::unless_damaged(&id, rows::load(&context.rows, &id).await)?;
        Ok::<_, ApiError>(loaded.map(|loaded| (key, loaded)))
    });
    Ok(try_join_all(loads).await?.into_iter().flatten().collect())
}
