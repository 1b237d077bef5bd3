//! Routes: a workspace's incidents. They are listed, read, declared and moved as in Slack, by the same decisions and with
//! the same rights, so that an alert can declare one and a program can resolve it.

mod call_context;
mod changes;
mod declaring;
mod exporting;
mod input;
mod listing;
mod metrics;
mod parts;
mod settings;
mod shown;
mod shown_actor;
mod status_page;
mod status_page_key;
mod submit;
mod timeline;

use tidegate_api::{Access, ApiSpec, DomainApi, Routes, Scope, with_optional_body};
use utoipa_axum::routes;

use crate::service::Incidents;

/// See incidents and their settings.
const INCIDENTS_READ: Scope = Scope::named("incidents:read");
/// Declare incidents, and move them as far as a program may.
const INCIDENTS_WRITE: Scope = Scope::named("incidents:write");
/// Do everything with incidents, private ones included, and change their settings.
const INCIDENTS_ADMIN: Scope = Scope::named("incidents:admin");

fn routes() -> Routes {
    let read = &Access::TenantOrOperator(INCIDENTS_READ);
    let write = &Access::TenantOrOperator(INCIDENTS_WRITE);
    Routes::default()
        .at(read, routes!(listing::list))
        .at(write, routes!(declaring::declare))
        .at(read, routes!(parts::show))
        .at(read, routes!(timeline::list))
        .at(write, routes!(changes::note))
        .at(read, routes!(parts::tasks))
        .at(read, routes!(parts::deliveries))
        .at(read, routes!(parts::postmortem))
        .at(read, routes!(exporting::export))
        .at(write, routes!(changes::update))
        .at(write, routes!(changes::severity))
        .at(write, with_optional_body(routes!(changes::resolve)))
        .at(write, routes!(changes::reopen))
        .at(write, routes!(changes::cancel))
        .at(write, with_optional_body(routes!(changes::close)))
        .at(write, with_optional_body(routes!(changes::accept)))
        .at(read, routes!(metrics::show))
}

/// The operations and scopes that incidents add to the API.
pub static API: ApiSpec = ApiSpec {
    routes: || {
        routes()
            .and(settings::routes())
            .and(status_page_key::routes())
            .and(status_page::routes())
    },
    scopes: &[INCIDENTS_READ, INCIDENTS_WRITE, INCIDENTS_ADMIN],
    member_scopes: &[INCIDENTS_READ, INCIDENTS_WRITE],
};

impl DomainApi for Incidents {
    fn api(&self) -> &'static ApiSpec {
        &API
    }
}
