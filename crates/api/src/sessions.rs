//! The routes `GET /v1/me` and `POST /slack/logout`, and the sessions of people who signed in with Slack. A session lasts twelve
//! hours and ends early when the person signs out or the workspace is erased.
//!
//! The cookie is `<workspace>.<secret>`. The row belongs to the workspace and is stored under a hash of the secret; its content is sealed. A call
//! that changes something must also send the session's CSRF token, which is another hash of the same secret. A foreign page
//! cannot read the token, because the cookie is hidden from scripts and only allowed origins can read `GET /v1/me`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::entropy::{EntropyError, random_hex};
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write, hash_text};
use tidegate_slack::ids::{TenantId, UserId};
use tidegate_slack::tenant::is_id;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::credentials::credential_row;
use crate::keys::shown_id;
use crate::reply;
use crate::{Access, Api, ApiError, ApiResult, Call, Identity, Routes, Scope, cookies};

pub(crate) fn routes() -> Routes {
    Routes::default()
        .at(&Access::Member, routes!(me))
        .at(&Access::Member, routes!(log_out))
}

/// The name of the cookie. Browsers accept a `__Host-` cookie only from the same host, over TLS, for all paths.
pub const COOKIE_NAME: &str = "__Host-tidegate_session";

/// How long a session lasts. Activity does not extend it.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(12);

/// The caller.
#[derive(Serialize, ToSchema)]
struct Me {
    ok: bool,
    tenant: String,
    scopes: Vec<String>,
    /// The id of the key. Only for a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The person's id. Only for a person, as the fields below.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The header `X-CSRF-Token` of calls that change something.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
    /// Unix time in milliseconds at which the session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<i64>,
}

/// A session that has ended.
#[derive(Serialize, ToSchema)]
struct Ended {
    ok: bool,
}

/// Tell who calls
#[utoipa::path(get, path = "/v1/me", tag = "sessions", responses((status = 200, body = Me)))]
async fn me(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let member = call.member()?;
    let mut me = Me {
        ok: true,
        tenant: member.tenant.to_string(),
        scopes: member.scopes.iter().map(Scope::to_string).collect(),
        key: None,
        user: None,
        csrf_token: None,
        expires_at_ms: None,
    };
    match &member.identity {
        Identity::Key(id) => me.key = Some(shown_id(&member.tenant, id)),
        Identity::Person(user) => {
            let rows = api.table.rows(&call, &member.tenant)?;
            let cookie = SessionCookie::of(&call.head.headers).ok_or_else(no_session)?;
            let session = find(&rows, &cookie, api.clock.now()).await?;
            me.user = Some(user.to_string());
            me.csrf_token = Some(cookie.csrf_token());
            me.expires_at_ms = session.map(|session| session.ends_at.millis());
        }
    }
    Ok(reply::json(StatusCode::OK, &me))
}

/// End the session
#[utoipa::path(
    post,
    path = "/slack/logout",
    tag = "sessions",
    responses((status = 200, body = Ended))
)]
async fn log_out(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let member = call.member()?;
    let rows = api.table.rows(&call, &member.tenant)?;
    if !matches!(member.identity, Identity::Person(_)) {
        return Err(no_session());
    }
    let cookie = SessionCookie::of(&call.head.headers).ok_or_else(no_session)?;
    end(&rows, &cookie).await?;
    let mut response = reply::json(StatusCode::OK, &Ended { ok: true });
    cookies::set(&mut response, COOKIE_NAME, "", Duration::ZERO);
    Ok(response)
}

fn no_session() -> ApiError {
    ApiError::bad("this call came with a key, which has no session")
}

/// The attribute with the session.
const SESSION: &str = "session";

/// A session as its row holds it: in JSON, and sealed for that row, so that nobody makes one who can only write to the table.
#[derive(Serialize, Deserialize)]
struct Stored {
    user: UserId,
    /// When the session ends, in milliseconds since 1970.
    ends_at: i64,
}

/// The content of a session cookie.
pub struct SessionCookie {
    /// The workspace that the person signed in to.
    pub tenant: TenantId,
    secret: String,
}

/// A session as its row describes it.
pub struct Session {
    /// The person who signed in.
    pub user: UserId,
    /// The time when the session ends.
    pub ends_at: Timestamp,
}

impl SessionCookie {
    /// Makes a cookie with a new random secret of 256 bits.
    pub fn new(tenant: &TenantId) -> Result<Self, EntropyError> {
        Ok(Self {
            tenant: tenant.clone(),
            secret: random_hex(32)?,
        })
    }

    /// Reads the cookie of a request. `None` if there is none or it is malformed.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let (tenant, secret) = cookies::get(headers, COOKIE_NAME)?.split_once('.')?;
        is_id(tenant).then(|| Self {
            tenant: tenant.into(),
            secret: secret.to_owned(),
        })
    }

    /// Returns the value that is sent to the browser.
    pub fn value(&self) -> String {
        format!("{}.{}", self.tenant, self.secret)
    }

    /// Returns the CSRF token, which calls that change something must send.
    pub fn csrf_token(&self) -> String {
        hash("csrf", &self.secret)
    }

    /// Compares a token with the CSRF token, in constant time.
    pub fn is_csrf_token(&self, shown: &[u8]) -> bool {
        self.csrf_token().as_bytes().ct_eq(shown).into()
    }

    /// Returns the id of the session in rows and logs. The cookie cannot be derived from it.
    pub fn id(&self) -> String {
        hash("session", &self.secret)
    }

    fn key(&self) -> RowKey {
        RowKey::new(&["sessions"], &[&self.id()])
    }
}

/// Stores a new session.
pub async fn start(
    rows: &Rows,
    cookie: &SessionCookie,
    user: &UserId,
    now: Timestamp,
) -> Result<(), TableError> {
    let ends_at = now.plus(SESSION_LIFETIME);
    let stored = Stored {
        user: user.clone(),
        ends_at: ends_at.millis(),
    };
    let row = Item::new()
        .sealed(SESSION, serde_json::to_vec(&stored).unwrap_or_default())
        .with("expires_at", ends_at.seconds());
    rows.write(Write::put(cookie.key(), row)).await?;
    Ok(())
}

/// Finds the session of a cookie. `None` if it is unknown or has ended, or if its workspace was erased. `rows` belong to the workspace that the cookie names.
pub async fn find(
    rows: &Rows,
    cookie: &SessionCookie,
    now: Timestamp,
) -> Result<Option<Session>, TableError> {
    // The row is found by a hash of 256 random bits, so the response time reveals nothing.
    let Some(row) = credential_row(rows, &cookie.key()).await? else {
        return Ok(None);
    };
    let stored = row.opened(SESSION).map(serde_json::from_slice::<Stored>);
    let Some(Ok(stored)) = stored else {
        tracing::error!(session = cookie.id(), "session.not_opened");
        return Ok(None);
    };
    let (user, ends_at) = (stored.user, Timestamp(stored.ends_at));
    Ok((now < ends_at).then_some(Session { user, ends_at }))
}

/// Ends a session by deleting its row.
pub async fn end(rows: &Rows, cookie: &SessionCookie) -> Result<(), TableError> {
    rows.write(Write::delete(cookie.key())).await.map(drop)
}

fn hash(purpose: &str, secret: &str) -> String {
    hash_text(format!("tidegate {purpose} {secret}").as_bytes())
}
