//! Route: the list of incidents. Incidents that the caller may not see are passed over, also by the cursor.

use std::sync::Arc;

use axum::extract::State;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tidegate_pipeline::table::{Cursor, Range, RowKey};

use super::call_context::{AT_A_TIME, CallContext};
use super::shown;
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::rows::{self, Loaded};
use crate::model::severity::Severity;
use tidegate_api::reply;
use tidegate_api::{Api, ApiError, ApiResult, Call, Parameters};
use tidegate_pipeline::clock::Timestamp;

/// Incidents in one answer by default; the next constant is the most that a caller can ask for.
const LIMIT: usize = 50;
const MOST: usize = 200;

/// The filter of the list, from the query string.
struct Filter {
    /// Whether only open incidents are listed.
    open: bool,
    severity: Option<Severity>,
    service: Option<String>,
    month: Option<String>,
}

/// List incidents
#[utoipa::path(
    get,
    path = "/v1/incidents",
    tag = "incidents",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
        ("status" = Option<String>, Query, description = "`open` or `all`"),
        ("severity" = Option<String>, Query, description = "P1 to P4"),
        ("service" = Option<String>, Query, description = "The slug of a service"),
        ("month" = Option<String>, Query, description = "Such as `2026-11`"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "The most entries of a page"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Value))
)]
pub(super) async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let limit = call.query.limit(LIMIT, MOST)?;
    let after = call.query.cursor("after")?;
    let filter = Filter::read(&call.query)?;
    let context = CallContext::enter(&api, &call, None).await?;
    context.must(Action::List, None)?;
    let (found, next) = page(&context, &filter, limit, after).await?;
    let incidents: Vec<Value> = found.iter().map(shown::incident).collect();
    let next = next.as_ref().map(Cursor::encode);
    Ok(reply::ok(
        json!({"ok": true, "incidents": incidents, "next": next}),
    ))
}

impl Filter {
    fn read(query: &Parameters) -> Result<Self, ApiError> {
        let mut problems = Vec::new();
        let mut problem = |words: &str| problems.push(words.to_owned());
        let status = query.get("status").unwrap_or("open");
        if !["open", "all"].contains(&status) {
            problem("`status` takes `open` or `all`");
        }
        let severity = query.get("severity");
        let known = severity.and_then(Severity::parse);
        if severity.is_some() && known.is_none() {
            problem("`severity` takes P1, P2, P3 or P4");
        }
        let month = query.get("month");
        if month.is_some_and(|month| !is_month(month)) {
            problem("`month` takes a month such as `2026-11`");
        }
        if problems.is_empty() {
            return Ok(Self {
                open: status == "open",
                severity: known,
                service: query.get("service").map(str::to_owned),
                month: month.map(str::to_owned),
            });
        }
        Err(ApiError::problems(&problems))
    }

    /// The list that holds the incidents in the order of the answer, and whether it is read from its end.
    fn list(&self, now: Timestamp) -> (Vec<String>, bool) {
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        match (self.open, &self.service, &self.month) {
            (true, _, _) => (owned(&["incidents_open"]), false),
            (false, Some(service), _) => (owned(&["incidents_service", service]), true),
            (false, None, Some(month)) => (owned(&["incidents_month", month]), true),
            (false, None, None) => (owned(&["incidents_month", &rows::month(now)]), true),
        }
    }

    fn fits(&self, incident: &Incident) -> bool {
        let declared = || rows::month(incident.milestones.declared);
        (!self.open || incident.status.is_open())
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

fn is_month(text: &str) -> bool {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-').is_some_and(|(year, month)| {
        let months = month
            .parse()
            .is_ok_and(|month: u8| (1..=12).contains(&month));
        digits(year, 4) && digits(month, 2) && months
    })
}

/// One page, and the cursor of the next one. The cursor is behind the last incident shown, because the place of a hidden one would
/// reveal it.
async fn page(
    context: &CallContext<'_>,
    filter: &Filter,
    limit: usize,
    mut after: Option<Cursor>,
) -> Result<(Vec<Loaded>, Option<Cursor>), ApiError> {
    let (list, from_its_end) = filter.list(context.now);
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let mut found: Vec<(RowKey, Loaded)> = Vec::new();
    loop {
        let read = context
            .rows
            .query(&list, Range::All, from_its_end, AT_A_TIME, after.as_ref())
            .await?;
        let ids = read.rows.into_iter();
        let ids = ids.filter_map(|(key, item)| Some((key, rows::pointed(&item)?)));
        let loads = ids.map(async |(key, id)| {
            let loaded = rows::unless_damaged(&id, rows::load(&context.rows, &id).await)?;
            Ok::<_, ApiError>(loaded.map(|loaded| (key, loaded)))
        });
        for (key, loaded) in try_join_all(loads).await?.into_iter().flatten() {
            let incident = &loaded.incident;
            if !context.sees(incident) || !filter.fits(incident) {
                continue;
            }
            if found.len() == limit {
                let next = found.last().map(|(key, _)| Cursor::after(key));
                return Ok((found.into_iter().map(|(_, loaded)| loaded).collect(), next));
            }
            found.push((key, loaded));
        }
        after = read.next;
        if after.is_none() {
            return Ok((found.into_iter().map(|(_, loaded)| loaded).collect(), None));
        }
    }
}
