//! Routes: the API key of a workspace's status page, which is taken and never answered.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tidegate_api::settings::TenantRows;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, OfTenant, Routes, reply};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::INCIDENTS_ADMIN;
use super::settings::settings;
use crate::model::settings::store::StatusPageKey;

pub(super) fn routes() -> Routes {
    let write = &Access::TenantOrOperator(INCIDENTS_ADMIN);
    Routes::default().at(write, routes!(put_key, remove_key))
}

/// The API key of the status page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewStatusPageKey {
    /// As Statuspage.io shows it.
    #[schema(min_length = 8, max_length = 200, pattern = "^[!-~]+$")]
    key: String,
}

/// Whether there is a key.
#[derive(Serialize, ToSchema)]
struct StoredKey {
    ok: bool,
    status_page_key: KeyState,
}

/// Whether the API key of the status page is stored. Nothing else is ever shown of it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyState {
    Set,
    NotSet,
}

/// Store the status page's API key
#[utoipa::path(
    put,
    path = "/v1/incident-settings/status-page-key",
    tag = "incident settings",
    params(OfTenant),
    request_body = NewStatusPageKey,
    responses((status = 200, body = StoredKey))
)]
async fn put_key(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let body: NewStatusPageKey = call.json()?;
    let place = TenantRows::of(&api, &call)?;
    if !StatusPageKey::is_plausible(&body.key) {
        let words =
            "takes the API key that Statuspage.io shows: 8 to 200 characters without spaces";
        return Err(ApiError::field("key", words));
    }
    let write = StatusPageKey::store(&body.key.into());
    place.rows.write(write).await?;
    settings(&api)?
        .audit(&api, &call, &place, "status page key set")
        .await?;
    Ok(key_state(KeyState::Set))
}

/// Remove the status page's API key
#[utoipa::path(
    delete,
    path = "/v1/incident-settings/status-page-key",
    tag = "incident settings",
    params(OfTenant),
    responses((status = 200, body = StoredKey))
)]
async fn remove_key(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let place = TenantRows::of(&api, &call)?;
    place.rows.write(StatusPageKey::remove()).await?;
    settings(&api)?
        .audit(&api, &call, &place, "status page key removed")
        .await?;
    Ok(key_state(KeyState::NotSet))
}

fn key_state(state: KeyState) -> Response {
    let stored = StoredKey {
        ok: true,
        status_page_key: state,
    };
    reply::json(StatusCode::OK, &stored)
}
