//! Routes: who calls, and signing out. Sessions of people who signed in with Slack: twelve hours, never longer, and gone at once when they sign out or
//! their workspace is erased.
//!
//! The cookie is `<workspace>.<secret>`. The row lies among the workspace's own, under a hash of the secret. A call
//! that changes something must also show the session's CSRF token, which is another hash of the same secret: a page
//! elsewhere cannot read it, for the cookie is hidden from scripts and `GET /me` is answered to allowed origins only.

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
use crate::{Access, Answer, Api, Call, Refused, Route, Scope, Who, cookies};

/// The routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::get("/me", Access::Member, |api, call| Box::pin(me(api, call))),
    Route::post("/slack/logout", Access::Member, |api, call| {
        Box::pin(log_out(api, call))
    }),
];

/// The cookie's name. Browsers take a `__Host-` cookie from this very host only, over TLS, for all of its paths.
pub const COOKIE_NAME: &str = "__Host-tidegate_session";

/// How long a session lasts.
pub const LASTS: Duration = Duration::from_hours(12);

async fn me(api: &Api, call: &Call) -> Answer {
    let member = call.member()?;
    let scopes: Vec<&str> = member.scopes.iter().map(Scope::as_str).collect();
    let mut body = json!({"ok": true, "tenant": member.tenant, "scopes": scopes});
    match &member.who {
        Who::Key(id) => body["key"] = format!("{}_{id}", member.tenant).into(),
        Who::Person(user) => {
            let rows = api.table.rows(call, &member.tenant)?;
            let ticket = Ticket::of(&call.head.headers).ok_or_else(no_session)?;
            let session = find(&rows, &ticket, api.clock.now()).await?;
            body["user"] = user.as_str().into();
            body["csrf_token"] = ticket.csrf_token().into();
            body["expires_at_ms"] = session.map(|session| session.ends_at.millis()).into();
        }
    }
    Ok(reply::ok(body))
}

async fn log_out(api: &Api, call: &Call) -> Answer {
    let member = call.member()?;
    let rows = api.table.rows(call, &member.tenant)?;
    if !matches!(member.who, Who::Person(_)) {
        return Err(no_session());
    }
    let ticket = Ticket::of(&call.head.headers).ok_or_else(no_session)?;
    end(&rows, &ticket).await?;
    let mut response = reply::ok(json!({"ok": true}));
    cookies::set(&mut response, COOKIE_NAME, "", Duration::ZERO);
    Ok(response)
}

fn no_session() -> Refused {
    Refused::bad("this call came with a key, which has no session")
}

/// What a browser has in its cookie.
pub struct Ticket {
    /// The workspace that the person signed in to.
    pub tenant: TenantId,
    secret: String,
}

/// A session as its row has it.
pub struct Session {
    /// The person.
    pub user: UserId,
    /// When it ends.
    pub ends_at: Timestamp,
}

impl Ticket {
    /// A new one, for a person of that workspace.
    pub fn new(tenant: &TenantId) -> Result<Self, EntropyError> {
        Ok(Self {
            tenant: tenant.clone(),
            secret: random_hex(32)?,
        })
    }

    /// The one that the request carries.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let (tenant, secret) = cookies::get(headers, COOKIE_NAME)?.split_once('.')?;
        is_id(tenant).then(|| Self {
            tenant: tenant.into(),
            secret: secret.to_owned(),
        })
    }

    /// The cookie's value.
    pub fn value(&self) -> String {
        format!("{}.{}", self.tenant, self.secret)
    }

    /// What calls that change something have to show.
    pub fn csrf_token(&self) -> String {
        hash("csrf", &self.secret)
    }

    /// Whether that was shown.
    pub fn is_csrf_token(&self, shown: &[u8]) -> bool {
        self.csrf_token().as_bytes().ct_eq(shown).into()
    }

    /// The name of the session in rows: whoever reads it there cannot make a cookie of it.
    pub fn id(&self) -> String {
        hash("session", &self.secret)
    }

    fn place(&self) -> RowKey {
        RowKey::new(&["sessions"], &[&self.id()])
    }
}

/// Starts the session.
pub async fn start(
    rows: &Rows,
    ticket: &Ticket,
    user: &UserId,
    now: Timestamp,
) -> Result<(), TableError> {
    let ends_at = now.plus(LASTS);
    let row = Item::new()
        .with("user", user.as_str())
        .with("ends_at", ends_at.millis())
        .with("expires_at", ends_at.seconds());
    rows.write(Write::put(ticket.place(), row)).await?;
    Ok(())
}

/// The session, while it lasts. `rows` are those of the workspace that the ticket claims to be of.
pub async fn find(
    rows: &Rows,
    ticket: &Ticket,
    now: Timestamp,
) -> Result<Option<Session>, TableError> {
    // Found by a hash of 256 random bits: no comparison whose time could tell anything.
    let Some(row) = rows.get(&ticket.place()).await? else {
        return Ok(None);
    };
    let ends_at = Timestamp(row.number("ends_at").unwrap_or(0));
    let user = row.text("user").map(UserId::from);
    Ok(user
        .filter(|_| now < ends_at)
        .map(|user| Session { user, ends_at }))
}

/// Ends the session.
pub async fn end(rows: &Rows, ticket: &Ticket) -> Result<(), TableError> {
    rows.write(Write::delete(ticket.place())).await.map(drop)
}

fn hash(purpose: &str, secret: &str) -> String {
    hash_text(format!("tidegate {purpose} {secret}").as_bytes())
}
