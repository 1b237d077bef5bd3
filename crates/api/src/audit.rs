//! Routes: a workspace's audit trail.

use serde_json::{Value, json};
use tidegate_pipeline::audit::AuditEntry;
use tidegate_pipeline::table::Cursor;

use crate::{Access, Answer, Api, Call, Route, Scope, reply};

pub(crate) const ROUTES: &[Route] = &[Route::get(
    "/audit",
    Access::TenantOrOperator(Scope::AUDIT_READ),
    |api, call| Box::pin(list(api, call)),
)];

/// Entries in one answer, unless asked otherwise, and at most.
const LIMIT: usize = 100;
const MOST: usize = 1000;

async fn list(api: &Api, call: &Call) -> Answer {
    let tenant = call.tenant(call.query.get("tenant"))?;
    let limit = call.query.limit(LIMIT, MOST)?;
    let after = call.query.cursor("after")?;
    let page = api.audit.list(&tenant, limit, after.as_ref()).await?;
    let entries: Vec<Value> = page.entries.iter().map(line).collect();
    let next = page.next.as_ref().map(Cursor::encode);
    Ok(reply::ok(
        json!({"ok": true, "entries": entries, "next": next}),
    ))
}

fn line(entry: &AuditEntry) -> Value {
    json!({
        "at_ms": entry.at.millis(),
        "actor": entry.actor,
        "action": entry.action,
        "detail": entry.detail,
    })
}
