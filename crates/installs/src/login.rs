//! The routes to sign in with Slack, by `OpenID` Connect:
//!
//! ```text
//! GET /slack/login           redirects the browser to Slack
//! GET /slack/login/callback  takes the browser back from Slack and starts a session
//! ```
//!
//! A state is valid once, for ten minutes, in the browser that began. The nonce is a hash of that browser's cookie, so it needs
//! no row. Only people of workspaces that have installed the app get a session.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use secrecy::ExposeSecret;
use tidegate_outcome::Outcome;
use tidegate_pipeline::table::hash_text;
use tidegate_slack::api::authorize::SignIn;
use tidegate_slack::api::openid::Token;
use tidegate_slack::id_token::{self, SignedIn};
use tidegate_slack::ids::TenantId;

use crate::grant::{self, Grant};
use crate::oauth::{FromSlack, Suggested};
use crate::state::{self, STATE_LIFE, StateError};
use crate::{InstallError, Installs, app_of};
use tidegate_api::reply;
use tidegate_api::sessions::{self, SessionCookie};
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Routes, cookies};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::default()
        .at(&Access::Public, routes!(begin))
        .at(&Access::Public, routes!(callback))
}

const CALLBACK: &str = "/slack/login/callback";

/// The name of the cookie that binds a sign-in to its browser.
const COOKIE_NAME: &str = "__Host-tidegate_login";

/// Begin to sign in with Slack
#[utoipa::path(
    get,
    path = "/slack/login",
    tag = "sessions",
    params(Suggested),
    responses((status = 303, description = "Slack's sign-in"))
)]
async fn begin(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let app = app_of(api.domain::<Installs>()?)?;
    let redirect_uri = redirect_uri(&api, &call);
    let system = api.domain::<Installs>()?.table.system();
    let begun = state::begin(system.rows(), &*api.clock, &redirect_uri).await;
    let begun = begun.map_err(|e| ApiError::Internal(e.to_string()))?;
    let browser = begun.browser.expose_secret();
    let Suggested { team } = call.query()?;
    let question = SignIn {
        client_id: &app.client_id,
        scopes: &["openid"],
        state: &begun.state,
        nonce: &nonce(browser),
        redirect_uri: &redirect_uri,
        team: team.as_deref(),
    };
    let mut response = redirect_to(&question.url(api.domain::<Installs>()?.slack.base_url()))?;
    cookies::set(&mut response, COOKIE_NAME, browser, STATE_LIFE);
    Ok(response)
}

/// Take the browser back from Slack
#[utoipa::path(
    get,
    path = "/slack/login/callback",
    tag = "sessions",
    params(FromSlack),
    responses((status = 200, body = String, content_type = "text/html"))
)]
async fn callback(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    app_of(installs)?;
    let browser = cookies::get(&call.head.headers, COOKIE_NAME).unwrap_or_default();
    let from_slack: FromSlack = call.query()?;
    let state = from_slack.state.as_deref().ok_or_else(incomplete)?;
    let system = installs.table.system();
    // The state is consumed first, even if Slack reports an error, so that nobody can use it twice.
    let begun_for = state::consume(system.rows(), &*api.clock, state, Some(browser)).await;
    let redirect_uri = begun_for.map_err(|e| state_error(&e))?;
    if redirect_uri != self::redirect_uri(&api, &call) {
        return Err(state_error(&StateError::Unknown));
    }
    if from_slack.error.is_some() {
        let message =
            "Slack did not sign you in. Begin again at /slack/login if that was a mistake.";
        return Err(sign_in_error(
            StatusCode::FORBIDDEN,
            "access_denied",
            message,
        ));
    }
    let code = from_slack.code.as_deref().ok_or_else(incomplete)?;
    let signed_in = verify_code(&api, code, redirect_uri, browser, &call.request_id).await?;
    let (tenant, bot) = tenant_of(installs, &signed_in).await?;
    let user = &signed_in.user;
    if !installs.note_sign_in(&tenant, &bot, user).await? {
        let message = "Your account in this workspace is deactivated.";
        return Err(sign_in_error(StatusCode::FORBIDDEN, "deactivated", message));
    }
    let cookie = SessionCookie::new(&tenant)?;
    let rows = installs.table.tenant(&tenant);
    sessions::start(&rows, &cookie, &signed_in.user, api.clock.now()).await?;
    let body = format!(
        "<p>You are signed in as <code>{}</code> of <code>{tenant}</code>, for twelve hours. You can close this page.</p>",
        signed_in.user
    );
    let mut response = reply::page(StatusCode::OK, "Signed in", &body);
    cookies::set(&mut response, COOKIE_NAME, "", Duration::ZERO);
    cookies::set(
        &mut response,
        sessions::COOKIE_NAME,
        &cookie.value(),
        sessions::SESSION_LIFETIME,
    );
    Ok(response)
}

/// Exchanges the code for an id token, verifies it, and returns the person.
async fn verify_code(
    api: &Api,
    code: &str,
    redirect_uri: String,
    browser: &str,
    request_id: &str,
) -> Result<SignedIn, ApiError> {
    let refused = |code: &str| {
        tracing::warn!(request_id, code, "sign-in refused");
        let message = "Slack did not confirm the sign-in. Begin again at /slack/login.";
        sign_in_error(StatusCode::BAD_REQUEST, "code_refused", message)
    };
    let credentials = api.domain::<Installs>()?.credentials().await;
    let credentials = credentials.map_err(|e| ApiError::Internal(e.to_string()))?;
    let request = Token {
        code: code.into(),
        redirect_uri: Some(redirect_uri),
    };
    let signed = match api
        .domain::<Installs>()?
        .slack
        .perform(&credentials, &request)
        .await
    {
        Outcome::Done(signed) => signed,
        Outcome::Refused(why) => return Err(refused(&why.to_string())),
        Outcome::Ambiguous(why) => return Err(refused(&why)),
    };
    let token = signed.id_token.ok_or_else(|| refused("no id token"))?;
    let (token, nonce) = (token.expose_secret(), nonce(browser));
    let now = api.clock.now().seconds();
    id_token::check(token, &credentials.client_id, &nonce, now).map_err(|e| refused(&e.to_string()))
}

/// Returns the tenant that the person signs in to, with the bot's grant: their workspace, or the organization that installed the app
/// for it.
async fn tenant_of(
    installs: &Installs,
    signed_in: &SignedIn,
) -> Result<(TenantId, Grant), ApiError> {
    for tenant in [Some(&signed_in.team), signed_in.enterprise.as_ref()] {
        let Some(tenant) = tenant else { continue };
        let bot = installs.bot(tenant).await.map_err(|e| unavailable(&e))?;
        if let Some(bot) = bot.filter(|bot| bot.state != grant::State::Disconnected) {
            return Ok((tenant.clone(), bot));
        }
    }
    let message = "Your workspace has not installed Tidegate. A person who may install apps can do so at /slack/install.";
    Err(sign_in_error(
        StatusCode::FORBIDDEN,
        "not_installed",
        message,
    ))
}

fn redirect_uri(api: &Api, call: &Call) -> String {
    format!("{}{CALLBACK}", api.site.url(&call.head))
}

/// Returns the nonce that the id token must repeat, which ties the token to this browser.
fn nonce(browser: &str) -> String {
    hash_text(format!("tidegate nonce {browser}").as_bytes())
}

fn redirect_to(url: &str) -> ApiResult {
    let url = HeaderValue::from_str(url).map_err(|e| ApiError::Internal(e.to_string()))?;
    let mut response: Response = reply::empty(StatusCode::SEE_OTHER);
    response.headers_mut().insert(LOCATION, url);
    Ok(response)
}

fn sign_in_error(status: StatusCode, code: &'static str, message: &str) -> ApiError {
    ApiError::refused(status, code, message)
}

fn incomplete() -> ApiError {
    ApiError::bad("this address is where Slack sends browsers back to; begin at /slack/login")
}

fn state_error(e: &StateError) -> ApiError {
    let (code, message) = match e {
        StateError::Unknown => (
            "state_used",
            "This sign-in was finished before, or not begun here. Begin again at /slack/login.",
        ),
        StateError::Expired => (
            "state_expired",
            "This sign-in was begun more than ten minutes ago. Begin again at /slack/login.",
        ),
        StateError::OtherBrowser => (
            "other_browser",
            "This sign-in was begun in another browser. Begin again here, at /slack/login.",
        ),
        StateError::Table(_) | StateError::Entropy(_) => return ApiError::Internal(e.to_string()),
    };
    sign_in_error(StatusCode::BAD_REQUEST, code, message)
}

fn unavailable(e: &InstallError) -> ApiError {
    ApiError::Internal(e.to_string())
}
