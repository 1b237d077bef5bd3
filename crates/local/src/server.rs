//! The HTTP front of local mode: Slack's request URLs, the API, metrics and the sandbox.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{Request, StatusCode};
use metrics_exporter_prometheus::PrometheusHandle;
use tidegate_app::api::{RequestId, Service, reply};
use tidegate_fake_slack::FakeSlack;
use tidegate_ingress::{Endpoint, Ingress};
use tidegate_pipeline::entropy::random_hex;
use tracing::{Instrument, info_span};

use crate::host::{self, PublicHost};

/// The parts that the routes answer from.
pub struct Front {
    /// Takes the requests that Slack sends.
    pub ingress: Ingress,
    /// Answers all other requests: API, sign-in, status page.
    pub api: Service,
    /// The address for browsers, if it is another than this machine's.
    pub public_url: Option<String>,
    /// Renders the metrics as Prometheus reads them.
    pub metrics: PrometheusHandle,
}

/// All routes. The sandbox is there when a stand-in Slack is.
pub fn router(front: Arc<Front>, sandbox: Option<&FakeSlack>) -> Router {
    let home = if sandbox.is_some() {
        "/sandbox"
    } else {
        "/health"
    };
    let public = PublicHost::of(front.public_url.as_deref());
    let routes = Router::new()
        .route("/", get(move || async move { Redirect::temporary(home) }))
        .route("/metrics", get(metrics))
        .fallback(front_door)
        .with_state(front);
    let routes = match sandbox {
        Some(fake) => routes
            .route(
                "/sandbox/",
                get(|| async { Redirect::temporary("/sandbox") }),
            )
            .nest("/sandbox", fake.router()),
        None => routes,
    };
    routes.layer(from_fn_with_state(public, host::check))
}

async fn metrics(State(front): State<Arc<Front>>) -> Response {
    let text = front.metrics.render();
    ([("content-type", "text/plain; version=0.0.4")], text).into_response()
}

/// Slack's signed requests go to ingress, everything else to the API; on AWS these are two functions.
async fn front_door(State(front): State<Arc<Front>>, mut request: Request<Body>) -> Response {
    let Ok(id) = random_hex(8) else {
        return reply::text(StatusCode::INTERNAL_SERVER_ERROR, "no random bytes\n");
    };
    let span = info_span!("request", path = request.uri().path(), id);
    request.extensions_mut().insert(RequestId(id));
    async {
        if Endpoint::of(request.uri().path()).is_some() {
            let request = read(request, tidegate_ingress::BODY_LIMIT).await;
            return front.ingress.handle(request).await.map(Body::from);
        }
        // In a task of its own: a browser that leaves must not end an install between Slack's answer and its storing.
        let answer = async move { front.api.call(request).await };
        let answer = tokio::spawn(answer.in_current_span()).await;
        answer
            .unwrap_or_else(|_| reply::text(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n"))
    }
    .instrument(span)
    .await
}

/// The request with its body. One that is too large is refused by its length alone: as many bytes stand for it.
async fn read(request: Request<Body>, limit: usize) -> Request<Bytes> {
    let (head, body) = request.into_parts();
    // A length that is announced is believed, so that nobody has to be waited for.
    let announced = body.size_hint().lower() > limit as u64;
    let read = if announced {
        None
    } else {
        to_bytes(body, limit).await.ok()
    };
    let body = read.unwrap_or_else(|| vec![0; limit + 1].into());
    Request::from_parts(head, body)
}
