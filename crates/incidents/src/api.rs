//! Routes: a workspace's incidents. They are listed, read, declared and moved as in Slack, by the same decisions and with
//! the same rights, so that an alert can declare one and a program can resolve it.
//!
//! There is one route for the parts of an incident and not one a part: API Gateway's right to call a function holds some
//! forty routes, each with a statement of its own.

mod call_context;
mod changes;
mod declaring;
mod fields;
mod listing;
mod metrics;
mod parts;
mod settings;
mod shown;
mod status_page;
mod submit;

use tidegate_api::{Access, ApiSpec, DomainApi, Route, Scope};

use crate::service::Incidents;

/// See incidents and their settings.
const INCIDENTS_READ: Scope = Scope::named("incidents:read");
/// Declare incidents, and move them as far as a program may.
const INCIDENTS_WRITE: Scope = Scope::named("incidents:write");
/// Do everything with incidents, private ones included, and change their settings.
const INCIDENTS_ADMIN: Scope = Scope::named("incidents:admin");

const READ: Access = Access::TenantOrOperator(INCIDENTS_READ);
const WRITE: Access = Access::TenantOrOperator(INCIDENTS_WRITE);

const ROUTES: &[Route] = &[
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

/// The routes and scopes that incidents add to the API.
pub static API: ApiSpec = ApiSpec {
    routes: &[ROUTES, settings::ROUTES, status_page::ROUTES],
    scopes: &[INCIDENTS_READ, INCIDENTS_WRITE, INCIDENTS_ADMIN],
};

impl DomainApi for Incidents {
    fn api(&self) -> &'static ApiSpec {
        &API
    }
}
