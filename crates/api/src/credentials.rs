//! Who calls: learned from the request's credential alone, before any handler runs.

use http::Method;
use http::header::AUTHORIZATION;
use http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::call::{Member, Who};
use super::{Access, Api, Caller, Refused, Role, Scope};
use crate::keys::store::{self, PREFIX, Presented};
use crate::sessions::{self, Ticket};

/// The one answer to a credential that opens nothing, whatever is wrong with it.
const NO_MEMBER: &str =
    "send a good API key as `Authorization: Bearer tg_…`, or sign in with Slack";
const NO_OPERATOR: &str =
    "send the operator key as `Authorization: Bearer …` (TIDEGATE_OPERATOR_KEY)";

/// The header with a session's CSRF token.
const CSRF_HEADER: &str = "x-csrf-token";

impl Api {
    /// The caller, if the route is open to it.
    pub(super) async fn admit(&self, access: &Access, head: &Parts) -> Result<Caller, Refused> {
        match access {
            Access::Public => Ok(Caller::Anyone),
            Access::Member => self.member(head).await.map(Caller::Member),
            Access::Tenant(scope) => self.member_with(head, scope).await,
            // Their form tells them apart, so that neither is tried in the other's place.
            Access::TenantOrOperator(scope) if !brings_operator_key(head) => {
                self.member_with(head, scope).await
            }
            Access::Operator | Access::TenantOrOperator(_) => self.operator(head).await,
        }
    }

    async fn operator(&self, head: &Parts) -> Result<Caller, Refused> {
        let (secrets, name) = &self.operator_key;
        let key = secrets.get(name).await?;
        if same(bearer(head), &key) {
            return Ok(Caller::Operator);
        }
        Err(Refused::unauthorized(NO_OPERATOR))
    }

    async fn member_with(&self, head: &Parts, scope: &Scope) -> Result<Caller, Refused> {
        let member = self.member(head).await?;
        member.must_have(scope)?;
        Ok(Caller::Member(member))
    }

    /// Whoever sent a good API key, or else has a session.
    async fn member(&self, head: &Parts) -> Result<Member, Refused> {
        let member = if head.headers.contains_key(AUTHORIZATION) {
            self.key_holder(head).await?
        } else {
            self.session_holder(head).await?
        };
        let member = member.ok_or_else(|| Refused::unauthorized(NO_MEMBER))?;
        // The rows of an erased workspace go one by one; what they open ends at once.
        if self.keyring.is_erased(&member.tenant).await? {
            return Err(Refused::unauthorized(NO_MEMBER));
        }
        Ok(member)
    }

    async fn key_holder(&self, head: &Parts) -> Result<Option<Member>, Refused> {
        let text = std::str::from_utf8(bearer(head)).unwrap_or_default();
        let Some(presented) = Presented::parse(text) else {
            return Ok(None);
        };
        let rows = self.table.unguarded().tenant(&presented.tenant);
        let now = self.clock.now();
        let Some(key) = store::check(&rows, &presented, now).await? else {
            return Ok(None);
        };
        store::note_use(&rows, &key, now).await;
        Ok(Some(Member {
            tenant: presented.tenant,
            credential: format!("key {}", key.id),
            who: Who::Key(key.id),
            scopes: key.scopes,
        }))
    }

    async fn session_holder(&self, head: &Parts) -> Result<Option<Member>, Refused> {
        let Some(ticket) = Ticket::of(&head.headers) else {
            return Ok(None);
        };
        let rows = self.table.unguarded().tenant(&ticket.tenant);
        let Some(session) = sessions::find(&rows, &ticket, self.clock.now()).await? else {
            return Ok(None);
        };
        let role = self.members.role(&ticket.tenant, &session.user).await?;
        let scopes = match role {
            Some(Role::Installer) => self.scopes().cloned().collect(),
            Some(Role::Person) => vec![Scope::WORKSPACE_READ],
            None => return Ok(None),
        };
        self.is_meant(head, &ticket)?;
        Ok(Some(Member {
            credential: format!("session {}", ticket.id()),
            tenant: ticket.tenant,
            who: Who::Person(session.user),
            scopes,
        }))
    }

    /// Browsers send cookies along with whatever any page makes them send. A call that changes something therefore
    /// has to come from a page we trust, and to show what only such a page can know. A key needs neither: no browser
    /// sends one by itself.
    fn is_meant(&self, head: &Parts, ticket: &Ticket) -> Result<(), Refused> {
        if matches!(head.method, Method::GET | Method::HEAD) {
            return Ok(());
        }
        if !self.site.trusts(head) {
            return Err(Refused::csrf(
                "the call comes from a page of another origin",
            ));
        }
        let shown = head.headers.get(CSRF_HEADER);
        if shown.is_some_and(|token| ticket.is_csrf_token(token.as_bytes())) {
            return Ok(());
        }
        Err(Refused::csrf(
            "send the session's token, as `GET /me` tells it, as `X-CSRF-Token`",
        ))
    }
}

/// Whether a bearer token is there that is no API key.
fn brings_operator_key(head: &Parts) -> bool {
    let bearer = bearer(head);
    !bearer.is_empty() && !bearer.starts_with(PREFIX.as_bytes())
}

fn bearer(head: &Parts) -> &[u8] {
    let given = head
        .headers
        .get(AUTHORIZATION)
        .map(http::HeaderValue::as_bytes);
    given
        .and_then(|value| value.strip_prefix(b"Bearer "))
        .unwrap_or_default()
}

/// Compares without telling by its time how much was right; hashing evens out the lengths.
fn same(given: &[u8], key: &SecretString) -> bool {
    let key = key.expose_secret().trim();
    let equal = Sha256::digest(given).ct_eq(&Sha256::digest(key.as_bytes()));
    !key.is_empty() && bool::from(equal)
}
