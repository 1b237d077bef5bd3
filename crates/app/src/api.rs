//! The HTTP API: one table of routes for everything except Slack's signed requests, which `ingress` takes.
//!
//! A request goes through [`Api::handle`] from top to bottom: find the route, bound the body, learn whose credential
//! it carries, count the call, let the handler answer, and put on the headers that every answer has. Each part's
//! routes stand at the top of its own file; `ALL` lists the files.

mod audit;
mod call;
pub(crate) mod cookies;
mod credentials;
mod gate;
mod headers;
mod health;
mod incident_settings;
mod incidents;
mod limits;
mod refused;
mod route;
pub(crate) mod scope;
mod site;
mod status_page;
mod workspaces;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::Secrets;

pub use self::call::{Call, Caller, Member, Parameters, Who};
pub use self::gate::Gate;
use self::limits::Standing;
pub use self::limits::{CALLS, Limits};
pub use self::refused::Refused;
pub use self::route::{Access, Answer, Answering, Handler, Route};
pub use self::scope::Scope;
pub use self::site::Site;
use crate::incidents::desk::Desk;
use crate::installs::{self, Installs};
use crate::{keys, login, operator, sessions};

/// Largest body taken, in bytes. What the API takes is small JSON.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Every route there is. A part that has routes adds its own list here.
const ALL: &[&[Route]] = &[
    health::ROUTES,
    installs::ROUTES,
    keys::ROUTES,
    login::ROUTES,
    sessions::ROUTES,
    workspaces::ROUTES,
    audit::ROUTES,
    incident_settings::ROUTES,
    incidents::ROUTES,
    operator::ROUTES,
    status_page::ROUTES,
];

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
    /// The workspaces that installed the app.
    pub installs: Installs,
    /// Where the API is on the web.
    pub site: Site,
    /// How often each credential has called.
    pub limits: Limits,
    /// What incidents need besides the table.
    pub desk: Arc<Desk>,
}

/// An answer under way.
pub type Answered = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

/// Every route, for the router and for the tests that are generated from it.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    ALL.iter().copied().flatten()
}

impl Api {
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
        let answer = match self.site.preflight(&head, routes()) {
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
        let (route, parameters) = route::find(routes(), &head.method, head.uri.path())?;
        if body.len() > BODY_LIMIT {
            return Err(Refused::too_large());
        }
        let call = Call {
            request_id: request_id.to_owned(),
            caller: self.admit(route.access, &head).await?,
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
