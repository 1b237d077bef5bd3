//! The HTTP front of local mode: Slack's request URLs, the operator API, health, metrics and the sandbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use http::{Request, StatusCode};
use metrics_exporter_prometheus::PrometheusHandle;
use tidegate_app::ingress::{BODY_LIMIT, Ingress};
use tidegate_app::operator::Operator;
use tidegate_app::reply;
use tidegate_fake_slack::FakeSlack;
use tracing::{Instrument, info_span};

/// What the routes answer from.
pub struct Front {
    /// Slack's requests.
    pub ingress: Ingress,
    /// The engineer's requests.
    pub operator: Operator,
    /// Metrics as text.
    pub metrics: PrometheusHandle,
    /// Requests so far: their numbers are the request ids.
    pub requests: AtomicU64,
}

/// All routes. The sandbox is there when a stand-in Slack is.
pub fn router(front: Arc<Front>, sandbox: Option<&FakeSlack>) -> Router {
    let home = if sandbox.is_some() {
        "/sandbox"
    } else {
        "/health"
    };
    let routes = Router::new()
        .route("/", get(move || async move { Redirect::temporary(home) }))
        .route("/metrics", get(metrics))
        .route("/health", any(operator))
        .route("/operator/{*path}", any(operator))
        .fallback(ingress)
        .with_state(front);
    match sandbox {
        Some(fake) => routes
            .route(
                "/sandbox/",
                get(|| async { Redirect::temporary("/sandbox") }),
            )
            .nest("/sandbox", fake.router()),
        None => routes,
    }
}

async fn metrics(State(front): State<Arc<Front>>) -> Response {
    let text = front.metrics.render();
    ([("content-type", "text/plain; version=0.0.4")], text).into_response()
}

async fn ingress(State(front): State<Arc<Front>>, request: Request<Body>) -> Response {
    let span = info_span!("request", path = request.uri().path(), id = front.number());
    async {
        match read(request).await {
            Ok(request) => answer(front.ingress.handle(request).await),
            Err(refusal) => refusal,
        }
    }
    .instrument(span)
    .await
}

async fn operator(State(front): State<Arc<Front>>, request: Request<Body>) -> Response {
    let id = front.number();
    let span = info_span!("request", path = request.uri().path(), id);
    async {
        match read(request).await {
            Ok(request) => answer(front.operator.handle(request, &id.to_string()).await),
            Err(refusal) => refusal,
        }
    }
    .instrument(span)
    .await
}

impl Front {
    fn number(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
}

async fn read(request: Request<Body>) -> Result<Request<Bytes>, Response> {
    let (head, body) = request.into_parts();
    let too_large = || {
        answer(reply::text(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large\n",
        ))
    };
    // A length that is announced is believed, so that nobody has to be waited for.
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return Err(too_large());
    }
    // One byte more than is taken, so that ingress itself refuses what is too large.
    match to_bytes(body, BODY_LIMIT + 1).await {
        Ok(body) => Ok(Request::from_parts(head, body)),
        Err(_) => Err(too_large()),
    }
}

fn answer(response: http::Response<Bytes>) -> Response {
    response.map(Body::from)
}
