//! Route: how long incidents take, by service and severity.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::call_context::CallContext;
use super::parts::file;
use crate::decide::metrics::{self, Cell};
use crate::model::permissions::Action;
use tidegate_api::values::Whole;
use tidegate_api::{Api, ApiResult, Call, OfTenant, reply};

/// Days of the statistics by default.
const DAYS: u16 = 30;

/// The statistics that a call asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The calendar days, in UTC, that end today; 30 if it is left out
    #[param(inline)]
    days: Option<Whole<1, 366>>,
    /// Only those of the service with this slug
    service: Option<String>,
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Csv,
}

/// How long incidents took, by service and severity.
#[derive(Serialize, ToSchema)]
struct Statistics {
    ok: bool,
    days: u16,
    metrics: Vec<Cell>,
}

/// Show how long incidents take
#[utoipa::path(
    get,
    path = "/v1/incident-metrics",
    tag = "incidents",
    params(OfTenant, Asked),
    responses((status = 200, content((Statistics = "application/json"), (String = "text/csv"))))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let asked: Asked = call.query()?;
    let days = asked.days.map_or(DAYS, Whole::to);
    let context = CallContext::enter(&api, &call).await?;
    context.must(Action::List, None)?;
    let service = asked.service.as_deref();
    let cells = metrics::load(&context.rows, context.now, days, service).await?;
    if asked.format == Format::Csv {
        return Ok(file("text/csv; charset=utf-8", metrics::csv(&cells)));
    }
    let statistics = Statistics {
        ok: true,
        days,
        metrics: cells,
    };
    Ok(reply::json(StatusCode::OK, &statistics))
}
