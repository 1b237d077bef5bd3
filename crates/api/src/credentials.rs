//! Identifies the caller from the credential of the request alone, before any handler runs.

use http::Method;
use http::header::AUTHORIZATION;
use http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError};

use super::call::{Identity, Member};
use super::{Access, Api, ApiError, Caller, Role};
use crate::keys::store::{self, PREFIX, Presented};
use crate::sessions::{self, SessionCookie};

/// The message for every credential that is not valid. It never says what is wrong with it.
const MEMBER_HINT: &str =
    "send a good API key as `Authorization: Bearer tg_…`, or sign in with Slack";
const OPERATOR_HINT: &str =
    "send the operator key as `Authorization: Bearer …` (TIDEGATE_OPERATOR_KEY)";

/// The scheme of the header `Authorization`, in any case (RFC 9110, section 11.1), and the space after it.
const SCHEME: &[u8] = b"Bearer ";

/// The header with a session's CSRF token.
pub(super) const CSRF_TOKEN: &str = "X-CSRF-Token";

impl Api {
    /// Identifies the caller by the kind of credential that the route admits. Whether a member has the route's scope is for
    /// [`Access::admits`] to say.
    pub(super) async fn identify(&self, access: &Access, head: &Parts) -> Result<Caller, ApiError> {
        match access {
            Access::Public => Ok(Caller::Anyone),
            Access::Member | Access::Tenant(_) => self.member(head).await.map(Caller::Member),
            // The form of the token decides which kind it is, so neither kind is tried in place of the other.
            Access::TenantOrOperator(_) if !bearer_is_no_api_key(head) => {
                self.member(head).await.map(Caller::Member)
            }
            Access::Operator | Access::TenantOrOperator(_) => self.operator(head).await,
        }
    }

    async fn operator(&self, head: &Parts) -> Result<Caller, ApiError> {
        let (secrets, name) = self.operator_key.get();
        let key = secrets.get(name).await?;
        if keys_match(bearer(head), &key) {
            return Ok(Caller::Operator);
        }
        Err(ApiError::unauthorized(OPERATOR_HINT))
    }

    /// Identifies a member by their API key, or by their session if the call has no `Authorization` header.
    async fn member(&self, head: &Parts) -> Result<Member, ApiError> {
        let member = if head.headers.contains_key(AUTHORIZATION) {
            self.key_holder(head).await?
        } else {
            self.session_holder(head).await?
        };
        let member = member.ok_or_else(|| ApiError::unauthorized(MEMBER_HINT))?;
        // Erasure removes rows one by one. Credentials of the workspace must stop at once.
        if self.keyring.get().is_erased(&member.tenant).await? {
            return Err(ApiError::unauthorized(MEMBER_HINT));
        }
        Ok(member)
    }

    async fn key_holder(&self, head: &Parts) -> Result<Option<Member>, ApiError> {
        let text = std::str::from_utf8(bearer(head)).unwrap_or_default();
        let Some(presented) = Presented::parse(text) else {
            return Ok(None);
        };
        let rows = self.table.unrestricted().tenant(&presented.tenant);
        let now = self.clock.now();
        let Some(key) = store::check(&rows, &presented, now).await? else {
            return Ok(None);
        };
        store::note_use(&rows, &key, now).await;
        Ok(Some(Member {
            tenant: presented.tenant,
            credential: format!("key {}", key.id),
            identity: Identity::Key(key.id),
            scopes: key.scopes,
        }))
    }

    async fn session_holder(&self, head: &Parts) -> Result<Option<Member>, ApiError> {
        let Some(cookie) = SessionCookie::of(&head.headers) else {
            return Ok(None);
        };
        let rows = self.table.unrestricted().tenant(&cookie.tenant);
        let Some(session) = sessions::find(&rows, &cookie, self.clock.now()).await? else {
            return Ok(None);
        };
        // Before anything is asked of Slack.
        self.check_csrf(head, &cookie)?;
        let role = self.members.role(&cookie.tenant, &session.user).await?;
        let scopes = match role {
            Some(Role::Admin) => self.scopes().cloned().collect(),
            Some(Role::Member) => self.member_scopes().cloned().collect(),
            None => return Ok(None),
        };
        Ok(Some(Member {
            credential: format!("session {}", cookie.id()),
            tenant: cookie.tenant,
            identity: Identity::Person(session.user),
            scopes,
        }))
    }

    /// Checks that a call with a session comes from a trusted page and shows the CSRF token, unless it only reads. Browsers
    /// attach cookies to calls from any page, so the cookie alone proves nothing. API keys need no such check, because no
    /// browser attaches one by itself.
    fn check_csrf(&self, head: &Parts, cookie: &SessionCookie) -> Result<(), ApiError> {
        if matches!(head.method, Method::GET | Method::HEAD) {
            return Ok(());
        }
        if !self.site.trusts(head) {
            return Err(ApiError::csrf(
                "send `Origin` with Tidegate's own address or one of `CORS_ORIGINS`, as browsers do; a program uses an API key",
            ));
        }
        let shown = head.headers.get(CSRF_TOKEN);
        if shown.is_some_and(|token| cookie.is_csrf_token(token.as_bytes())) {
            return Ok(());
        }
        Err(ApiError::csrf(
            "send the session's token, as `GET /v1/me` tells it, as `X-CSRF-Token`",
        ))
    }
}

/// Reads the row of a credential. `None` if there is none, if it does not open, or if its workspace was erased: then the credential is
/// not valid.
pub(crate) async fn credential_row(rows: &Rows, key: &RowKey) -> Result<Option<Item>, TableError> {
    match rows.get_if_opened(key).await {
        Err(TableError::Erased) => Ok(None),
        row => row,
    }
}

/// Tells whether the call has a bearer token that does not look like an API key, so it can only be the operator key.
fn bearer_is_no_api_key(head: &Parts) -> bool {
    let bearer = bearer(head);
    !bearer.is_empty() && !bearer.starts_with(PREFIX.as_bytes())
}

fn bearer(head: &Parts) -> &[u8] {
    let given = head
        .headers
        .get(AUTHORIZATION)
        .map(http::HeaderValue::as_bytes);
    let parts = given.and_then(|value| value.split_at_checked(SCHEME.len()));
    let token = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME));
    token.map_or(&[], |(_, token)| token.trim_ascii_start())
}

/// Compares in constant time. Hashing makes both sides the same length.
fn keys_match(given: &[u8], key: &SecretString) -> bool {
    let key = key.expose_secret().trim();
    let equal = Sha256::digest(given).ct_eq(&Sha256::digest(key.as_bytes()));
    !key.is_empty() && bool::from(equal)
}
