//! The steps of an install as JSON, for a front end of its own.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tidegate_api::reply;
use tidegate_api::{Api, ApiError, ApiResult, Call, cookies};
use utoipa::{IntoParams, ToSchema};

use super::{COOKIE_NAME, FromSlack, Suggested, app_of, log_problem, redirect_uri, with_cookie};
use crate::Installs;
use crate::connection::OneWorkspace;
use crate::shown::Workspace;

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
pub(super) async fn authorize(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
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
pub(super) async fn authorize_by_body(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
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

/// Finish an install
#[utoipa::path(
    post,
    path = "/api/auth/slack/callback",
    tag = "install",
    request_body = FromSlack,
    responses((status = 200, body = OneWorkspace))
)]
pub(super) async fn callback(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
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
