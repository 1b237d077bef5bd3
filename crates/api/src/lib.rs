#![doc = include_str!("../README.md")]

mod audit;
mod call;
pub mod cookies;
mod credentials;
mod domain;
mod gate;
mod headers;
mod health;
mod keys;
mod limits;
mod operator;
mod refused;
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
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::Secrets;

pub use self::call::{Call, Caller, Member, Parameters, Who};
pub use self::domain::{ApiSpec, DomainApi, Members, Role};
pub use self::gate::Gate;
use self::limits::Standing;
pub use self::limits::{CALLS, Limits};
pub use self::refused::Refused;
pub use self::route::{Access, Answer, Answering, Handler, Route};
pub use self::scope::Scope;
pub use self::site::Site;

/// Largest body taken, in bytes. What the API takes is small JSON.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The routes and scopes that no domain owns.
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

/// What the handlers answer from.
pub struct Api {
    /// The table, as far as a caller may see it.
    pub table: Gate,
    /// Where replayed events go.
    pub events: Arc<dyn Queue>,
    /// Where replayed commands and interactions go.
    pub commands: Arc<dyn Queue>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Holds the operator key, under this name.
    pub operator_key: (Arc<dyn Secrets>, String),
    /// How long ledger rows are kept.
    pub keep: Duration,
    /// Where wake-ups of lanes go.
    pub wake_ups: Arc<dyn Queue>,
    /// Knows which workspaces have been erased.
    pub keyring: Arc<Keyring>,
    /// The audit trail.
    pub audit: Audit,
    /// Knows what people may do in their workspace.
    pub members: Arc<dyn Members>,
    /// Where the API is on the web.
    pub site: Site,
    /// How often each credential has called.
    pub limits: Limits,
    /// The domains, with their routes.
    pub domains: Vec<Arc<dyn DomainApi>>,
}

/// An answer under way.
pub type Answered = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

impl Api {
    /// Every route: the API's own, then those of each domain.
    pub fn routes(&self) -> impl Iterator<Item = &'static Route> {
        self.specs()
            .flat_map(|spec| spec.routes.iter().copied().flatten())
    }

    /// Every scope that a key can be given.
    pub fn scopes(&self) -> impl Iterator<Item = &'static Scope> {
        self.specs().flat_map(|spec| spec.scopes)
    }

    fn specs(&self) -> impl Iterator<Item = &'static ApiSpec> {
        let domains = self.domains.iter().map(|domain| domain.api());
        std::iter::once(&OWN).chain(domains)
    }

    /// Answers requests, each under a random name.
    pub fn service(self) -> impl Fn(Request<Bytes>) -> Answered + Send + Sync + 'static {
        let api = Arc::new(self);
        move |request| {
            let api = Arc::clone(&api);
            Box::pin(async move {
                let id = random_hex(8).unwrap_or_default();
                api.handle(request, &id).await
            })
        }
    }

    /// Answers one request. `request_id` names it in the log and in errors.
    pub async fn handle(&self, request: Request<Bytes>, request_id: &str) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let origin = site::origin(&head.headers).map(str::to_owned);
        let as_page = refused::wants_page(&head.headers);
        let mut standing = None;
        let answer = match self.site.preflight(&head, self.routes()) {
            Some(answer) => answer,
            None => self.answer(head, body, request_id, &mut standing).await,
        };
        let mut response = answer.unwrap_or_else(|refused| refused.response(request_id, as_page));
        if let Some(standing) = standing {
            standing.tell(&mut response);
        }
        self.site.open_to(origin.as_deref(), &mut response);
        headers::add(&mut response);
        response
    }

    async fn answer(
        &self,
        head: Parts,
        body: Bytes,
        request_id: &str,
        standing: &mut Option<Standing>,
    ) -> Answer {
        let (route, parameters) = route::find(self.routes(), &head.method, head.uri.path())?;
        if body.len() > BODY_LIMIT {
            return Err(Refused::too_large());
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
            let counted = standing.insert(self.count(member).await);
            counted.admits()?;
            call.stays_at_home(member)?;
        }
        (route.handler)(self, &call).await
    }
}
