#![doc = include_str!("../README.md")]

mod audit;
mod body;
mod call;
pub mod cookies;
mod credentials;
mod domain;
mod error;
mod gate;
mod guard;
mod headers;
mod health;
pub mod idempotency;
mod keys;
mod limits;
mod openapi;
mod operator;
mod query;
pub mod reply;
mod route;
mod router;
mod scope;
mod sealed_cursor;
pub mod sessions;
pub mod settings;
mod site;
pub mod values;

use std::sync::Arc;
use std::time::Duration;

use tidegate_pipeline::audit::{Audit, Trail};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::Secrets;
use tidegate_slack::ids::TenantId;

pub use self::call::{Call, Caller, Identity, Member};
pub use self::domain::{ApiSpec, DomainApi, Members, Role};
pub use self::error::{ApiError, Refused};
pub use self::gate::{Gate, Own};
pub use self::keys::shown_id;
pub use self::limits::{CALLS, Limits};
pub use self::query::{OfTenant, OnlyOf, Paging};
pub use self::route::{Access, ApiResult, Operation, Routes, with_optional_body};
pub use self::router::{RequestId, Service};
pub use self::scope::Scope;
pub use self::site::Site;

/// The largest request body that the API accepts, in bytes. Every body that it takes is small JSON.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The routes and scopes of the API itself, which belong to no domain.
pub static OWN: ApiSpec = ApiSpec {
    routes: || {
        health::routes()
            .and(openapi::routes())
            .and(keys::routes())
            .and(sessions::routes())
            .and(audit::routes())
            .and(operator::routes())
    },
    scopes: &[Scope::WORKSPACE_READ, Scope::KEYS_WRITE, Scope::AUDIT_READ],
    member_scopes: &[Scope::WORKSPACE_READ],
};

/// Everything that the handlers need.
pub struct Api {
    /// The table, behind the rights of the caller.
    pub table: Gate,
    /// The queue that replayed events are sent to.
    pub events: Own<Arc<dyn Queue>>,
    /// The queue that replayed commands and interactions are sent to.
    pub commands: Own<Arc<dyn Queue>>,
    /// The clock that dates every call.
    pub clock: Arc<dyn Clock>,
    /// The store that holds the operator key, and the name of the key in it.
    pub operator_key: Own<(Arc<dyn Secrets>, String)>,
    /// How long a ledger row is kept after its event.
    pub keep: Duration,
    /// The queue that wake-ups of outbox lanes are sent to.
    pub wake_ups: Arc<dyn Queue>,
    /// The data keys, which also say whether a workspace has been erased.
    pub keyring: Own<Arc<Keyring>>,
    /// The audit trail of every workspace.
    pub audit: Own<Audit>,
    /// Tells what a person may do in their workspace.
    pub members: Arc<dyn Members>,
    /// The API's own web address, and the origins that may call it.
    pub site: Site,
    /// Counts the calls of each credential.
    pub limits: Limits,
    /// The API half of each domain that is on.
    pub domains: Vec<Arc<dyn DomainApi>>,
}

impl Api {
    /// Returns the audit trail of a workspace, for what the caller does there.
    pub fn trail<'a>(&'a self, call: &Call, tenant: &'a TenantId) -> Result<Trail<'a>, ApiError> {
        self.table.rows(call, tenant)?;
        Ok(self.audit.get().of(tenant))
    }

    /// Returns every operation: the API's own first, then those of each domain.
    pub fn routes(&self) -> Routes {
        let own = Routes::default();
        self.specs().fold(own, |all, spec| all.and((spec.routes)()))
    }

    /// Lists every scope that a key can be given.
    pub fn scopes(&self) -> impl Iterator<Item = &'static Scope> {
        self.specs().flat_map(|spec| spec.scopes)
    }

    /// Lists every scope that members hold in the browser.
    fn member_scopes(&self) -> impl Iterator<Item = &'static Scope> {
        self.specs().flat_map(|spec| spec.member_scopes)
    }

    fn specs(&self) -> impl Iterator<Item = &'static ApiSpec> {
        let domains = self.domains.iter().map(|domain| domain.api());
        std::iter::once(&OWN).chain(domains)
    }

    /// Turns the API into a service that answers requests.
    pub fn service(self) -> Service {
        Service::new(self)
    }
}
