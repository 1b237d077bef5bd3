//! Every route of the stand-in, relative, so that it can be nested under a path.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::{Method, StatusCode, header};

use crate::fake::FakeSlack;
use crate::oauth::{authorize, control as oauth};
use crate::sockets::{control as sockets, link};
use crate::{api, control, files, people, response_urls, state};

/// The page is whole in itself, so the policy forbids everything from elsewhere.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";

/// One document, so that it can be served under any path without knowing it.
const PAGE: &str = concat!(
    include_str!("page/head.html"),
    "<style>\n",
    include_str!("page/page.css"),
    "</style>\n</head>\n",
    include_str!("page/body.html"),
    "<script>\n",
    include_str!("page/text.js"),
    include_str!("page/blocks.js"),
    include_str!("page/modal.js"),
    include_str!("page/message.js"),
    include_str!("page/page.js"),
    "</script>\n</body>\n</html>\n",
);

/// The largest upload, in bytes.
const UPLOAD_LIMIT: usize = 64 * 1024 * 1024;

impl FakeSlack {
    /// The routes: the Web API, response URLs, the controls under `/_fake`, and the page at `/`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(page))
            .route("/api/{method}", post(api::call).get(api::call))
            .route("/response/{team}/{id}/{secret}", post(response_urls::post))
            .route(
                "/_fake/faults",
                post(control::add_fault).delete(control::clear_faults),
            )
            .route("/_fake/messages", get(state::messages))
            .route("/_fake/calls", get(state::calls))
            .route("/_fake/state", get(state::state))
            .route("/_fake/post", post(control::post))
            .route("/_fake/command", post(control::command))
            .route("/_fake/event", post(control::event))
            .route("/_fake/interaction", post(control::interaction))
            .route("/_fake/views/{id}", delete(control::close_view))
            .route("/_fake/share", post(control::share))
            .route("/_fake/response_url", post(control::response_url))
            .route("/link/", get(link::connect))
            .route("/_fake/socket", get(sockets::look))
            .route("/_fake/socket/disconnect", post(sockets::disconnect))
            .route(
                "/upload/v1/{id}/{secret}",
                post(files::upload).layer(DefaultBodyLimit::max(UPLOAD_LIMIT)),
            )
            .route("/files-pri/{place}/{name}", get(files::download))
            .merge(people::control::routes())
            .merge(oauth_routes())
            .layer(from_fn(controls_take_json))
            .with_state(self.clone())
    }
}

/// Refuses a control's `POST` that is not declared as JSON. A web page elsewhere can send other types without asking first.
async fn controls_take_json(request: Request, next: Next) -> Response {
    let is_control = request.uri().path().starts_with("/_fake/");
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next());
    let is_json = essence.is_some_and(|e| e.trim().eq_ignore_ascii_case("application/json"));
    if is_control && request.method() == Method::POST && !is_json {
        let message = "send `Content-Type: application/json`\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    }
    next.run(request).await
}

fn oauth_routes() -> Router<FakeSlack> {
    let consent = get(authorize::show).post(authorize::decide);
    Router::new()
        .route("/oauth/v2/authorize", consent.clone())
        .route("/openid/connect/authorize", consent)
        .route("/_fake/oauth/approve", post(oauth::approve))
        .route("/_fake/oauth/installs", get(oauth::installs))
        .route("/_fake/oauth/uninstall", post(oauth::uninstall))
        .route("/_fake/oauth/revoke", post(oauth::revoke))
        .route("/_fake/oauth/expire", post(oauth::expire))
        .route("/_fake/oauth/rotation", post(oauth::turn_on_rotation))
}

async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, PAGE)
}
