//! Who calls: learned from the request's credential alone, before any handler runs.

use http::header::AUTHORIZATION;
use http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::call::{Member, Who};
use super::{Access, Api, Caller, Refused, Scope};
use crate::keys::store::{self, PREFIX, Presented};

/// The one answer to a credential that opens nothing, whatever is wrong with it.
const NO_MEMBER: &str = "send a good API key as `Authorization: Bearer tg_…`";
const NO_OPERATOR: &str =
    "send the operator key as `Authorization: Bearer …` (TIDEGATE_OPERATOR_KEY)";

impl Api {
    /// The caller, if the route is open to it.
    pub(super) async fn admit(&self, access: Access, head: &Parts) -> Result<Caller, Refused> {
        match access {
            Access::Public => Ok(Caller::Anyone),
            Access::Tenant(scope) => self.member(head, scope).await,
            // Their form tells them apart, so that neither is tried in the other's place.
            Access::TenantOrOperator(scope) if bearer(head).starts_with(PREFIX.as_bytes()) => {
                self.member(head, scope).await
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

    async fn member(&self, head: &Parts, scope: Scope) -> Result<Caller, Refused> {
        let member = self.key_holder(head).await?;
        let member = member.ok_or_else(|| Refused::unauthorized(NO_MEMBER))?;
        member.must_have(scope)?;
        Ok(Caller::Member(member))
    }

    /// Whoever sent a good API key.
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
            who: Who::Key(key.id),
            scopes: key.scopes,
        }))
    }
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
