//! The routes to install the app:
//!
//! ```text
//! GET  /slack/install             shows a page with the button
//! GET  /slack/oauth/callback      takes the browser back from Slack
//! GET  /api/auth/slack/authorize  the same steps as JSON, for a separate front end
//! POST /api/auth/slack/authorize
//! POST /api/auth/slack/callback
//! ```
//!
//! The browser that begins an install gets a cookie. Only that browser can finish the install.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use tidegate_slack::api::authorize::Install;

use super::callback::{InstallProblem, Installed, Returned};
use super::state::{self, Begun};
use super::{Installs, SlackApp, connection, pages};
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Routes, cookies};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    let public = &Access::Public;
    Routes::default()
        .at(public, routes!(page))
        .at(public, routes!(callback))
        .at(public, routes!(authorize))
        .at(public, routes!(callback_json))
}

/// The path that Slack sends the browser back to.
pub(super) const CALLBACK: &str = "/slack/oauth/callback";

const COOKIE_NAME: &str = "__Host-tidegate_install";

/// Show the page with the install button
#[utoipa::path(
    get,
    path = "/slack/install",
    tag = "install",
    params(
        ("team" = Option<String>, Query, description = "The workspace to suggest"),
    ),
    responses((status = 200, body = String, content_type = "text/html"))
)]
async fn page(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    let app = app_of(installs)?;
    let redirect_uri = redirect_uri(&api, &call);
    let begun = installs.begin(&redirect_uri).await?;
    let team = call.query.get("team");
    let url = installs.authorize_url(app, &begun, &redirect_uri, team);
    Ok(with_cookie(pages::install(&url, app), &begun))
}

/// Take the browser back from Slack
#[utoipa::path(
    get,
    path = "/slack/oauth/callback",
    tag = "install",
    params(
        ("code" = Option<String>, Query, description = "Good once"),
        ("state" = Option<String>, Query, description = "The state of the install"),
        ("error" = Option<String>, Query, description = "Slack's error code"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = "4XX", body = String, content_type = "text/html"),
        (status = "5XX", body = String, content_type = "text/html"),
    )
)]
async fn callback(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    let app = app_of(installs)?;
    let browser = cookies::get(&call.head.headers, COOKIE_NAME);
    let returned = Returned {
        code: call.query.get("code"),
        state: call.query.get("state"),
        error: call.query.get("error"),
        browser,
    };
    Ok(match installs.finish(&returned).await {
        Ok(installed) => {
            let missing = installed.grant.missing(&app.scopes.required);
            pages::installed(name_of(&installed), &missing)
        }
        Err(problem) => {
            log_problem(&problem, &call.request_id);
            pages::problem(problem.status(), &problem.to_string(), &call.request_id)
        }
    })
}

#[derive(Default, Deserialize)]
struct AuthorizeBody {
    redirect_uri: Option<String>,
    team_id: Option<String>,
}

/// Begin an install
#[utoipa::path(
    method(get, post),
    path = "/api/auth/slack/authorize",
    tag = "install",
    params(
        ("team" = Option<String>, Query, description = "The workspace to suggest"),
        ("redirect_uri" = Option<String>, Query, description = "If given, it must be this app's own"),
    ),
    responses((status = 200, body = Value))
)]
async fn authorize(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    let app = app_of(installs)?;
    let asked: AuthorizeBody = if call.body.is_empty() {
        AuthorizeBody::default()
    } else {
        call.json()?
    };
    let own = redirect_uri(&api, &call);
    let in_query = call.query.all("redirect_uri");
    if asked
        .redirect_uri
        .as_deref()
        .into_iter()
        .chain(in_query)
        .any(|asked| asked != own)
    {
        return Err(ApiError::bad(format!(
            "`redirect_uri` is not one of this app's; leave it out, or send `{own}`"
        )));
    }
    let begun = installs.begin(&own).await?;
    let team = asked.team_id.as_deref().or(call.query.get("team"));
    let body = json!({
        "ok": true,
        "authorization_url": installs.authorize_url(app, &begun, &own, team),
        "state": begun.state,
        "client_id": app.client_id,
        "redirect_uri": own,
        "scopes": app.scopes.all(),
        "user_scopes": app.user_scopes,
    });
    Ok(with_cookie(reply::json(StatusCode::OK, &body), &begun))
}

/// What Slack gave the browser.
#[derive(Deserialize, ToSchema)]
struct CallbackBody {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// Finish an install
#[utoipa::path(
    post,
    path = "/api/auth/slack/callback",
    tag = "install",
    request_body = CallbackBody,
    responses((status = 200, body = Value))
)]
async fn callback_json(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    app_of(installs)?;
    let finished: CallbackBody = call.json()?;
    let browser = cookies::get(&call.head.headers, COOKIE_NAME);
    let returned = Returned {
        code: finished.code.as_deref(),
        state: finished.state.as_deref(),
        error: finished.error.as_deref(),
        browser,
    };
    match installs.finish(&returned).await {
        Ok(installed) => {
            let workspace = connection::workspace_json(installs, &installed.tenant).await?;
            let body = json!({"ok": true, "workspace": workspace});
            Ok(reply::json(StatusCode::OK, &body))
        }
        Err(problem) => {
            log_problem(&problem, &call.request_id);
            Err(ApiError::Request(
                problem.status(),
                problem.code(),
                problem.to_string(),
            ))
        }
    }
}

impl Installs {
    async fn begin(&self, redirect_uri: &str) -> Result<Begun, ApiError> {
        let system = self.table.system();
        let begun = state::begin(system.rows(), &*self.clock, redirect_uri).await;
        begun.map_err(|e| ApiError::Internal(e.to_string()))
    }

    fn authorize_url(
        &self,
        app: &SlackApp,
        begun: &Begun,
        redirect_uri: &str,
        team: Option<&str>,
    ) -> String {
        let scopes = app.scopes.all();
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let user_scopes: Vec<&str> = app.user_scopes.iter().map(String::as_str).collect();
        let install = Install {
            client_id: &app.client_id,
            scopes: &scopes,
            user_scopes: &user_scopes,
            state: &begun.state,
            redirect_uri,
            team,
        };
        install.url(self.slack.base_url())
    }
}

/// Returns the app. Fails with a message that names the missing settings.
pub(crate) fn app_of(installs: &Installs) -> Result<&SlackApp, ApiError> {
    installs.app.as_ref().ok_or_else(|| {
        ApiError::not_found(
            "this Tidegate serves one workspace by SLACK_BOT_TOKEN; set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET \
             instead to let workspaces install it",
        )
    })
}

/// Returns the full URL that Slack sends the browser back to.
pub(super) fn redirect_uri(api: &Api, call: &Call) -> String {
    format!("{}{CALLBACK}", api.site.url(&call.head))
}

fn with_cookie(mut response: Response, begun: &Begun) -> Response {
    let browser = begun.browser.expose_secret();
    cookies::set(&mut response, COOKIE_NAME, browser, state::STATE_LIFE);
    response
}

fn name_of(installed: &Installed) -> &str {
    let grant = &installed.grant;
    let place = grant.team.as_ref().or(grant.enterprise.as_ref());
    place.map_or(installed.tenant.as_str(), |place| place.name.as_str())
}

fn log_problem(problem: &InstallProblem, request_id: &str) {
    match problem {
        InstallProblem::App(why) | InstallProblem::Later(why) => {
            tracing::error!(request_id, why, "install failed");
        }
        refused => tracing::info!(request_id, code = refused.code(), "install refused"),
    }
}
