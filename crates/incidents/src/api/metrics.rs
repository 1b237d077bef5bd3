//! Route: how long incidents take, by service and severity.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::call_context::CallContext;
use super::parts::file;
use crate::decide::metrics;
use crate::model::permissions::Action;
use tidegate_api::reply;
use tidegate_api::{Api, ApiError, ApiResult, Call};

/// Days of the statistics by default; the next constant is the most that a caller can ask for.
const DAYS: u16 = 30;
const MOST: u16 = 366;

/// Show how long incidents take
#[utoipa::path(
    get,
    path = "/v1/incident-metrics",
    tag = "incidents",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
        ("days" = Option<u32>, Query, description = "From 1 to 366"),
        ("service" = Option<String>, Query, description = "The slug of a service"),
        ("format" = Option<String>, Query, description = "`json` or `csv`"),
    ),
    responses((status = 200, content((Value = "application/json"), (String = "text/csv"))))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let mut problems = Vec::new();
    let days = match call.query.number("days").ok().flatten() {
        None if call.query.get("days").is_none() => DAYS,
        days => days
            .and_then(|days| u16::try_from(days).ok())
            .filter(|days| (1..=MOST).contains(days))
            .unwrap_or_else(|| {
                problems.push(format!("`days` takes a number from 1 to {MOST}"));
                DAYS
            }),
    };
    let format = call.query.get("format").unwrap_or("json");
    if !["json", "csv"].contains(&format) {
        problems.push("`format` takes `json` or `csv`".to_owned());
    }
    if !problems.is_empty() {
        return Err(ApiError::problems(&problems));
    }
    let context = CallContext::enter(&api, &call, None).await?;
    context.must(Action::List, None)?;
    let service = call.query.get("service");
    let cells = metrics::load(&context.rows, context.now, days, service).await?;
    if format == "csv" {
        return Ok(file("text/csv; charset=utf-8", metrics::csv(&cells)));
    }
    Ok(reply::ok(
        json!({"ok": true, "days": days, "metrics": cells}),
    ))
}
