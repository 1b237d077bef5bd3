//! Operation: the timeline of an incident, page by page.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::parts::viewed;
use super::shown::ShownEntry;
use crate::model::rows;
use tidegate_api::values::Whole;
use tidegate_api::{Api, ApiResult, Call, OfTenant, reply};
use tidegate_pipeline::table::Range;

/// Entries in one page by default.
const LIMIT: usize = 100;

/// The part of the timeline that a call asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The most entries of the page; 100 if it is left out
    #[param(inline)]
    limit: Option<Whole<1, 250>>,
    /// The `next` of the page before
    #[param(inline)]
    after: Option<Whole<1, 99_999_999>>,
}

/// One page of a timeline, the latest entry first.
#[derive(Serialize, ToSchema)]
struct TimelinePage {
    ok: bool,
    entries: Vec<ShownEntry>,
    /// The `after` of the next page. Null on the last one.
    next: Option<u64>,
}

/// List the timeline of an incident
///
/// The latest entries come first.
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/timeline",
    tag = "incidents",
    params(("id" = String, Path, description = "The id or number of the incident"), OfTenant, Asked),
    responses((status = 200, body = TimelinePage))
)]
pub(super) async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let asked: Asked = call.query()?;
    let (context, loaded) = viewed(&api, &call).await?;
    let limit = asked.limit.map_or(LIMIT, Whole::to);
    let last = match asked.after {
        None => loaded.incident.seq,
        Some(after) => loaded.incident.seq.min(after.to::<u64>() - 1),
    };
    let (from, to) = (rows::entry_number(0), rows::entry_number(last));
    let (from, to) = (["entry", from.as_str()], ["entry", to.as_str()]);
    let partition = rows::partition(&loaded.incident.id);
    let range = Range::Between(&from, &to);
    let page = context
        .rows
        .query(&partition, range, true, limit, None)
        .await?;
    let entries = page.rows.iter();
    let entries: Vec<_> = entries
        .filter_map(|(_, item)| rows::ENTRY.read(item).ok())
        .collect();
    // An entry that is damaged is passed over, and ends nothing.
    let last = page
        .rows
        .last()
        .and_then(|(key, _)| key.sort_parts().get(1)?.parse().ok());
    let shown = entries.iter();
    let shown = shown.map(|entry| ShownEntry::of(entry, &context.tenant));
    let page = TimelinePage {
        ok: true,
        next: last.filter(|seq: &u64| *seq > 1),
        entries: shown.collect(),
    };
    Ok(reply::json(StatusCode::OK, &page))
}
