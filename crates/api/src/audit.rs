//! The route `GET /v1/audit`, which lists the audit trail of a workspace.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_pipeline::audit::AuditEntry;
use tidegate_pipeline::table::Cursor;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{Access, Api, ApiResult, Call, OfTenant, Paging, Routes, Scope, reply};

pub(crate) fn routes() -> Routes {
    let access = Access::TenantOrOperator(Scope::AUDIT_READ);
    Routes::default().at(&access, routes!(list))
}

/// The part of the list that a call asks for.
type Page = Paging<100, 1000>;

/// One page of the audit trail, newest first.
#[derive(Serialize, ToSchema)]
struct AuditPage {
    ok: bool,
    entries: Vec<AuditLine>,
    /// The `after` of the next page. Null on the last one.
    next: Option<String>,
}

/// What somebody did to the workspace.
#[derive(Serialize, ToSchema)]
struct AuditLine {
    /// Unix time in milliseconds.
    at_ms: i64,
    /// `key:` and the id of the key, without the workspace; `person:` and a hash of the person; `operator`, `slack` or `system`.
    actor: String,
    action: String,
    detail: String,
}

/// List what was done to a workspace
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    params(OfTenant, Page),
    responses((status = 200, body = AuditPage))
)]
async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant()?;
    let Page { limit, after } = call.paging()?;
    let page = api.audit.get().list(&tenant, limit, after.as_ref()).await?;
    let page = AuditPage {
        ok: true,
        entries: page.entries.into_iter().map(line).collect(),
        next: page.next.as_ref().map(Cursor::encode),
    };
    Ok(reply::json(StatusCode::OK, &page))
}

fn line(entry: AuditEntry) -> AuditLine {
    AuditLine {
        at_ms: entry.at.millis(),
        actor: entry.actor,
        action: entry.action,
        detail: entry.detail,
    }
}
