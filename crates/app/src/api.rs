//! The HTTP API: one table of routes for everything except Slack's signed requests, which `ingress` takes.
//!
//! A request goes through [`Api::handle`] from top to bottom: find the route, bound the body, learn whose credential
//! it carries, call the handler. Each part's routes stand at the top of its own file; [`ALL`] lists the files.

mod call;
mod credentials;
mod gate;
mod health;
mod refused;
mod route;
pub(crate) mod scope;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::Secrets;

pub use self::call::{Call, Caller, Member, Parameters, Who};
pub use self::gate::Gate;
pub use self::refused::Refused;
pub use self::route::{Access, Answer, Answering, Handler, Route};
pub use self::scope::Scope;
use crate::installs::{self, Installs};
use crate::{keys, operator};

/// Largest body taken, in bytes. What the API takes is small JSON.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Every route there is. A part that has routes adds its own list here.
const ALL: &[&[Route]] = &[
    health::ROUTES,
    installs::ROUTES,
    keys::ROUTES,
    workspaces::ROUTES,
    operator::ROUTES,
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
}

/// Every route, for the router and for the tests that are generated from it.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    ALL.iter().copied().flatten()
}

impl Api {
    /// Answers one request. `request_id` names it in the log and in errors.
    pub async fn handle(&self, request: Request<Bytes>, request_id: &str) -> Response<Bytes> {
        let answer = self.answer(request, request_id).await;
        answer.unwrap_or_else(|refused| refused.response(request_id))
    }

    async fn answer(&self, request: Request<Bytes>, request_id: &str) -> Answer {
        let (head, body) = request.into_parts();
        let (route, parameters) = route::find(routes(), &head.method, head.uri.path())?;
        if body.len() > BODY_LIMIT {
            return Err(Refused::too_large());
        }
        let caller = self.admit(route.access, &head).await?;
        let call = Call {
            request_id: request_id.to_owned(),
            caller,
            query: Parameters::parse(head.uri.query().unwrap_or_default().as_bytes()),
            head,
            body,
            parameters,
        };
        call.stays_at_home()?;
        (route.handler)(self, &call).await
    }
}
