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

mod json;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use secrecy::ExposeSecret;
use serde::Deserialize;
use tidegate_slack::api::authorize::Install;

use super::callback::{InstallProblem, Installed, Returned};
use super::state::{self, Begun};
use super::{Installs, SlackApp, pages};
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Routes, cookies};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    let public = &Access::Public;
    Routes::default()
        .at(public, routes!(page))
        .at(public, routes!(callback))
        .at(public, routes!(json::authorize, json::authorize_by_body))
        .at(public, routes!(json::callback))
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
