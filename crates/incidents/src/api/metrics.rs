//! Route: how long incidents take, by service and severity.

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

pub(super) async fn show(api: &Api, call: &Call) -> ApiResult {
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
    let context = CallContext::enter(api, call, None).await?;
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
