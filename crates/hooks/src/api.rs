//! The routes under `/v1/hooks`: make, change and delete hooks, look at their deliveries, and replay them. `tidegate hooks` is a client
//! of them.

mod change;
mod create;
mod deliveries;
mod input;
mod list;
mod remove;
mod replay;
mod secret;
mod shown;
mod submit;
mod trial;

use tidegate_api::{Access, ApiSpec, DomainApi, Routes, Scope};
use utoipa_axum::routes;

use crate::service::Hooks;

/// See hooks and their deliveries, with what receivers answered.
const HOOKS_READ: Scope = Scope::named("hooks:read");
/// Decide what leaves the workspace: make and change hooks, and replay deliveries.
const HOOKS_WRITE: Scope = Scope::named("hooks:write");

/// The operations and scopes that hooks add to the API. Members have neither scope: an admin decides what leaves the workspace.
pub static API: ApiSpec = ApiSpec {
    routes: || {
        let read = &Access::TenantOrOperator(HOOKS_READ);
        let write = &Access::TenantOrOperator(HOOKS_WRITE);
        Routes::default()
            .at(read, routes!(list::list))
            .at(write, routes!(create::create))
            .at(read, routes!(list::show))
            .at(write, routes!(change::change, remove::remove))
            .at(write, routes!(secret::rotate))
            .at(write, routes!(trial::send))
            .at(write, routes!(replay::replay_range))
            .at(read, routes!(deliveries::list))
            .at(read, routes!(deliveries::show))
            .at(write, routes!(replay::replay_one))
    },
    scopes: &[HOOKS_READ, HOOKS_WRITE],
    member_scopes: &[],
};

impl DomainApi for Hooks {
    fn api(&self) -> &'static ApiSpec {
        &API
    }
}
