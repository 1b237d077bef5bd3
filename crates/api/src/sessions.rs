//! The routes `GET /me` and `POST /slack/logout`, and the sessions of people who signed in with Slack. A session lasts twelve
//! hours and ends early when the person signs out or the workspace is erased.
//!
//! The cookie is `<workspace>.<secret>`. The row belongs to the workspace and is stored under a hash of the secret. A call
//! that changes something must also send the session's CSRF token, which is another hash of the same secret. A foreign page
//! cannot read the token, because the cookie is hidden from scripts and only allowed origins can read `GET /me`.

use std::time::Duration;

use http::HeaderMap;
use serde_json::json;
use subtle::ConstantTimeEq;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::entropy::{EntropyError, random_hex};
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write, hash_text};
use tidegate_slack::ids::{TenantId, UserId};
use tidegate_slack::tenant::is_id;

use crate::reply;
use crate::{Access, Api, ApiError, ApiResult, Call, Identity, Route, Scope, cookies};

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/me", Access::Member, |api, call| Box::pin(me(api, call))),
    Route::post("/slack/logout", Access::Member, |api, call| {
        Box::pin(log_out(api, call))
    }),
];

/// The name of the cookie. Browsers accept a `__Host-` cookie only from the same host, over TLS, for all paths.
pub const COOKIE_NAME: &str = "__Host-tidegate_session";

/// How long a session lasts. Activity does not extend it.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(12);

async fn me(api: &Api, call: &Call) -> ApiResult {
    let member = call.member()?;
    let scopes: Vec<&str> = member.scopes.iter().map(Scope::as_str).collect();
    let mut body = json!({"ok": true, "tenant": member.tenant, "scopes": scopes});
    match &member.identity {
        Identity::Key(id) => body["key"] = format!("{}_{id}", member.tenant).into(),
        Identity::Person(user) => {
            let rows = api.table.rows(call, &member.tenant)?;
            let cookie = SessionCookie::of(&call.head.headers).ok_or_else(no_session)?;
            let session = find(&rows, &cookie, api.clock.now()).await?;
            body["user"] = user.as_str().into();
            body["csrf_token"] = cookie.csrf_token().into();
            body["expires_at_ms"] = session.map(|session| session.ends_at.millis()).into();
        }
    }
    Ok(reply::ok(body))
}

async fn log_out(api: &Api, call: &Call) -> ApiResult {
    let member = call.member()?;
    let rows = api.table.rows(call, &member.tenant)?;
    if !matches!(member.identity, Identity::Person(_)) {
        return Err(no_session());
    }
    let cookie = SessionCookie::of(&call.head.headers).ok_or_else(no_session)?;
    end(&rows, &cookie).await?;
    let mut response = reply::ok(json!({"ok": true}));
    cookies::set(&mut response, COOKIE_NAME, "", Duration::ZERO);
    Ok(response)
}

fn no_session() -> ApiError {
    ApiError::bad("this call came with a key, which has no session")
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
    let row = Item::new()
        .with("user", user.as_str())
        .with("ends_at", ends_at.millis())
        .with("expires_at", ends_at.seconds());
    rows.write(Write::put(cookie.key(), row)).await?;
    Ok(())
}

/// Finds the session of a cookie. `None` if it is unknown or has ended. `rows` belong to the workspace that the cookie names.
pub async fn find(
    rows: &Rows,
    cookie: &SessionCookie,
    now: Timestamp,
) -> Result<Option<Session>, TableError> {
    // The row is found by a hash of 256 random bits, so the response time reveals nothing.
    let Some(row) = rows.get(&cookie.key()).await? else {
        return Ok(None);
    };
    let ends_at = Timestamp(row.number("ends_at").unwrap_or(0));
    let user = row.text("user").map(UserId::from);
    Ok(user
        .filter(|_| now < ends_at)
        .map(|user| Session { user, ends_at }))
}

/// Ends a session by deleting its row.
pub async fn end(rows: &Rows, cookie: &SessionCookie) -> Result<(), TableError> {
    rows.write(Write::delete(cookie.key())).await.map(drop)
}

fn hash(purpose: &str, secret: &str) -> String {
    hash_text(format!("tidegate {purpose} {secret}").as_bytes())
}
