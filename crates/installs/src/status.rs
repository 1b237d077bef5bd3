//! The route `GET /api/auth/slack/status`, which shows the public settings of the app.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_pipeline::table::RowKey;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::Installs;
use crate::oauth::{app_of, redirect_uri};
use tidegate_api::{Access, Api, ApiResult, Call, Routes, reply};

pub(super) fn routes() -> Routes {
    Routes::default().at(&Access::Public, routes!(status))
}

/// The public settings of the app.
#[derive(Serialize, ToSchema)]
struct AppStatus {
    ok: bool,
    /// Always `configured`.
    status: &'static str,
    client_id: String,
    redirect_uri: String,
    /// The scopes that the bot asks for.
    default_scopes: Vec<String>,
    /// The scopes that the app asks of people.
    user_scopes: Vec<String>,
    database_available: bool,
    encryption_available: bool,
}

/// Show the public settings of the app
#[utoipa::path(
    get,
    path = "/api/auth/slack/status",
    tag = "install",
    responses((status = 200, body = AppStatus))
)]
async fn status(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    let app = app_of(installs)?;
    let body = AppStatus {
        ok: true,
        status: "configured",
        client_id: app.client_id.clone(),
        redirect_uri: redirect_uri(&api, &call),
        default_scopes: app.scopes.all(),
        user_scopes: app.user_scopes.clone(),
        database_available: installs
            .table
            .system()
            .rows()
            .get(&probe_key())
            .await
            .is_ok(),
        encryption_available: installs.keyring.hash("probe").await.is_ok(),
    };
    Ok(reply::json(StatusCode::OK, &body))
}

fn probe_key() -> RowKey {
    RowKey::new(&["probe"], &["probe"])
}
