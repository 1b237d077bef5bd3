#![doc = include_str!("../README.md")]

mod audit;
mod call;
pub mod cookies;
mod credentials;
mod domain;
mod error;
mod gate;
mod headers;
mod health;
mod keys;
mod limits;
mod operator;
pub mod reply;
mod route;
mod scope;
pub mod sessions;
pub mod settings;
mod site;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tidegate_pipeline::audit::{Audit, Trail};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::Secrets;
use tidegate_slack::ids::TenantId;

pub use self::call::{Call, Caller, Identity, Member, Parameters};
pub use self::domain::{ApiSpec, DomainApi, Members, Role};
pub use self::error::ApiError;
pub use self::gate::{Gate, Own};
use self::limits::RateLimit;
pub use self::limits::{CALLS, Limits};
pub use self::route::{Access, ApiResult, Handler, HandlerFuture, Route};
pub use self::scope::Scope;
pub use self::site::Site;

/// The largest request body that the API accepts, in bytes. Every body that it takes is small JSON.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The routes and scopes of the API itself, which belong to no domain.
pub static OWN: ApiSpec = ApiSpec {
    routes: &[
        health::ROUTES,
        keys::ROUTES,
        sessions::ROUTES,
        audit::ROUTES,
        operator::ROUTES,
    ],
    scopes: &[Scope::WORKSPACE_READ, Scope::KEYS_WRITE, Scope::AUDIT_READ],
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

/// The future that [`Api::service`] returns for a request.
pub type ServiceFuture = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

impl Api {
    /// Returns the audit trail of a workspace, for what the caller does there.
    pub fn trail<'a>(&'a self, call: &Call, tenant: &'a TenantId) -> Result<Trail<'a>, ApiError> {
        self.table.rows(call, tenant)?;
        Ok(self.audit.get().of(tenant))
    }

    /// Lists every route: the API's own first, then those of each domain.
    pub fn routes(&self) -> impl Iterator<Item = &'static Route> {
        self.specs()
            .flat_map(|spec| spec.routes.iter().copied().flatten())
    }

    /// Lists every scope that a key can be given.
    pub fn scopes(&self) -> impl Iterator<Item = &'static Scope> {
        self.specs().flat_map(|spec| spec.scopes)
    }

    fn specs(&self) -> impl Iterator<Item = &'static ApiSpec> {
        let domains = self.domains.iter().map(|domain| domain.api());
        std::iter::once(&OWN).chain(domains)
    }

    /// Turns the API into a function that answers requests. Each request gets a random id of 16 hex digits.
    pub fn service(self) -> impl Fn(Request<Bytes>) -> ServiceFuture + Send + Sync + 'static {
        let api = Arc::new(self);
        move |request| {
            let api = Arc::clone(&api);
            Box::pin(async move {
                let id = random_hex(8).unwrap_or_default();
                api.handle(request, &id).await
            })
        }
    }

    /// Answers one request. `request_id` appears in the log and in error bodies.
    pub async fn handle(&self, request: Request<Bytes>, request_id: &str) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let origin = site::origin(&head.headers).map(str::to_owned);
        let as_page = error::wants_page(&head.headers);
        let mut rate_limit = None;
        let answer = match self.site.preflight(&head, self.routes()) {
            Some(answer) => answer,
            None => self.answer(head, body, request_id, &mut rate_limit).await,
        };
        let mut response = answer.unwrap_or_else(|error| error.response(request_id, as_page));
        if let Some(rate_limit) = rate_limit {
            rate_limit.write_headers(&mut response);
        }
        self.site.add_cors_headers(origin.as_deref(), &mut response);
        headers::add(&mut response);
        response
    }

    async fn answer(
        &self,
        head: Parts,
        body: Bytes,
        request_id: &str,
        rate_limit: &mut Option<RateLimit>,
    ) -> ApiResult {
        let (route, parameters) = route::find(self.routes(), &head.method, head.uri.path())?;
        if body.len() > BODY_LIMIT {
            return Err(ApiError::too_large());
        }
        let call = Call {
            request_id: request_id.to_owned(),
            caller: self.admit(&route.access, &head).await?,
            query: Parameters::parse(head.uri.query().unwrap_or_default().as_bytes()),
            head,
            body,
            parameters,
        };
        if let Caller::Member(member) = &call.caller {
            let counted = rate_limit.insert(self.count(member).await);
            counted.check()?;
            call.refuse_other_tenants(member)?;
        }
        (route.handler)(self, &call).await
    }
}
