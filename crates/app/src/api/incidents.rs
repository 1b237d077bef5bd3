//! Routes: a workspace's incidents. They are listed, read, declared and moved as in Slack, by the same decisions and with
//! the same rights, so that an alert can declare one and a program can resolve it.
//!
//! There is one route for the parts of an incident and not one a part: API Gateway's right to call a function holds some
//! forty routes, each with a statement of its own.

mod asking;
mod changes;
mod declaring;
mod fields;
mod listing;
mod metrics;
mod parts;
mod room;
mod shown;

use super::{Access, Route, Scope};

pub(super) const ROUTES: &[Route] = &[
    Route::get("/api/incidents", READ, |api, call| {
        Box::pin(listing::list(api, call))
    }),
    Route::post("/api/incidents", WRITE, |api, call| {
        Box::pin(declaring::declare(api, call))
    }),
    Route::get("/api/incidents/{id}", READ, |api, call| {
        Box::pin(parts::show(api, call))
    }),
    Route::get("/api/incidents/{id}/{part}", READ, |api, call| {
        Box::pin(parts::show_part(api, call))
    }),
    Route::post("/api/incidents/{id}/{part}", WRITE, |api, call| {
        Box::pin(changes::change(api, call))
    }),
    Route::get("/api/incident-metrics", READ, |api, call| {
        Box::pin(metrics::show(api, call))
    }),
];

const READ: Access = Access::TenantOrOperator(Scope::IncidentsRead);
const WRITE: Access = Access::TenantOrOperator(Scope::IncidentsWrite);
