//! The route `GET /audit`, which lists the audit trail of a workspace.

use serde_json::{Value, json};
use tidegate_pipeline::audit::AuditEntry;
use tidegate_pipeline::table::Cursor;

use crate::{Access, Api, ApiResult, Call, Route, Scope, reply};

pub(crate) const ROUTES: &[Route] = &[Route::get(
    "/audit",
    Access::TenantOrOperator(Scope::AUDIT_READ),
    |api, call| Box::pin(list(api, call)),
)];

/// The number of entries in one page by default, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

async fn list(api: &Api, call: &Call) -> ApiResult {
    let tenant = call.tenant(call.query.get("tenant"))?;
    let limit = call.query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = call.query.cursor("after")?;
    let page = api.audit.get().list(&tenant, limit, after.as_ref()).await?;
    let entries: Vec<Value> = page.entries.iter().map(entry_json).collect();
    let next = page.next.as_ref().map(Cursor::encode);
    Ok(reply::ok(
        json!({"ok": true, "entries": entries, "next": next}),
    ))
}

fn entry_json(entry: &AuditEntry) -> Value {
    json!({
        "at_ms": entry.at.millis(),
        "actor": entry.actor,
        "action": entry.action,
        "detail": entry.detail,
    })
}
