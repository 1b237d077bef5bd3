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
use serde::{Deserialize, Serialize};
use tidegate_slack::api::authorize::Install;

use super::callback::{InstallProblem, Installed, Returned};
use super::connection::OneWorkspace;
use super::shown::Workspace;
use super::state::{self, Begun};
use super::{Installs, SlackApp, pages};
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Routes, cookies};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    let public = &Access::Public;
    Routes::default()
        .at(public, routes!(page))
        .at(public, routes!(callback))
        .at(public, routes!(authorize, authorize_by_body))
        .at(public, routes!(callback_json))
}

/// The path that Slack sends the browser back to.
pub(super) const CALLBACK: &str = "/slack/oauth/callback";

const COOKIE_NAME: &str = "__Host-tidegate_install";

/// The workspace that the person will probably choose.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Suggested {
    /// The workspace to suggest
    pub(crate) team: Option<String>,
}

/// Show the page with the install button
#[utoipa::path(
    get,
    path = "/slack/install",
    tag = "install",
    params(Suggested),
    responses((status = 200, body = String, content_type = "text/html"))
)]
async fn page(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    let app = app_of(installs)?;
    let redirect_uri = redirect_uri(&api, &call);
    let begun = installs.begin(&redirect_uri).await?;
    let Suggested { team } = call.query()?;
    let url = installs.authorize_url(app, &begun, &redirect_uri, team.as_deref());
    Ok(with_cookie(pages::install(&url, app), &begun))
}

/// Take the browser back from Slack
#[utoipa::path(
    get,
    path = "/slack/oauth/callback",
    tag = "install",
    params(FromSlack),
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
    let from_slack: FromSlack = call.query()?;
    let returned = from_slack.returned(browser);
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

/// The install that a program asks for in the body.
#[derive(Deserialize, ToSchema)]
struct AuthorizeBody {
    /// If given, it must be this app's own.
    redirect_uri: Option<String>,
    /// The workspace to suggest.
    team_id: Option<String>,
}

/// The install that a program asks for in the query.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuthorizeQuery {
    /// If given, it must be this app's own
    redirect_uri: Option<String>,
}

/// An install that has begun.
#[derive(Serialize, ToSchema)]
struct BegunInstall {
    ok: bool,
    /// Where the browser goes on.
    authorization_url: String,
    /// Good once, for ten minutes, in the browser that has the cookie of this answer.
    state: String,
    client_id: String,
    redirect_uri: String,
    /// The scopes that the bot asks for.
    scopes: Vec<String>,
    /// The scopes that the app asks of people.
    user_scopes: Vec<String>,
}

/// Begin an install
#[utoipa::path(
    get,
    path = "/api/auth/slack/authorize",
    tag = "install",
    params(Suggested, AuthorizeQuery),
    responses((status = 200, body = BegunInstall))
)]
async fn authorize(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    begin_install(&api, &call).await
}

/// Begin an install
#[utoipa::path(
    post,
    path = "/api/auth/slack/authorize",
    tag = "install",
    params(Suggested, AuthorizeQuery),
    request_body = Option<AuthorizeBody>,
    responses((status = 200, body = BegunInstall))
)]
async fn authorize_by_body(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    begin_install(&api, &call).await
}

async fn begin_install(api: &Api, call: &Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    let app = app_of(installs)?;
    let asked: AuthorizeBody = call.json_if_any()?;
    let (in_query, suggested): (AuthorizeQuery, Suggested) = (call.query()?, call.query()?);
    let own = redirect_uri(api, call);
    let mut asked_uris = asked.redirect_uri.iter().chain(&in_query.redirect_uri);
    if asked_uris.any(|asked| *asked != own) {
        let words = format!("is not one of this app's; leave it out, or send `{own}`");
        return Err(ApiError::field("redirect_uri", &words));
    }
    let begun = installs.begin(&own).await?;
    let team = asked.team_id.or(suggested.team);
    let body = BegunInstall {
        ok: true,
        authorization_url: installs.authorize_url(app, &begun, &own, team.as_deref()),
        state: begun.state.clone(),
        client_id: app.client_id.clone(),
        redirect_uri: own,
        scopes: app.scopes.all(),
        user_scopes: app.user_scopes.clone(),
    };
    Ok(with_cookie(reply::json(StatusCode::OK, &body), &begun))
}

/// What Slack gave the browser.
#[derive(Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct FromSlack {
    /// Slack's code, which is good once
    pub(crate) code: Option<String>,
    /// The state with which it was begun
    pub(crate) state: Option<String>,
    /// Slack's error code
    pub(crate) error: Option<String>,
}

impl FromSlack {
    fn returned<'a>(&'a self, browser: Option<&'a str>) -> Returned<'a> {
        Returned {
            code: self.code.as_deref(),
            state: self.state.as_deref(),
            error: self.error.as_deref(),
            browser,
        }
    }
}

/// Finish an install
#[utoipa::path(
    post,
    path = "/api/auth/slack/callback",
    tag = "install",
    request_body = FromSlack,
    responses((status = 200, body = OneWorkspace))
)]
async fn callback_json(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    app_of(installs)?;
    let finished: FromSlack = call.json()?;
    let browser = cookies::get(&call.head.headers, COOKIE_NAME);
    let returned = finished.returned(browser);
    match installs.finish(&returned).await {
        Ok(installed) => {
            let workspace = Workspace::of(installs, &installed.tenant).await?;
            let body = OneWorkspace {
                ok: true,
                workspace,
            };
            Ok(reply::json(StatusCode::OK, &body))
        }
        Err(problem) => {
            log_problem(&problem, &call.request_id);
            Err(ApiError::refused(
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
