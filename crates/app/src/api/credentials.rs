//! Who calls: learned from the request's credential alone, before any handler runs.

use http::header::AUTHORIZATION;
use http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Access, Api, Caller, Refused};

impl Api {
    /// The caller, if the route is open to it.
    pub(super) async fn admit(&self, access: Access, head: &Parts) -> Result<Caller, Refused> {
        match access {
            Access::Public => Ok(Caller::Anyone),
            Access::Operator => {
                let key = self.secrets.get(&self.key_name).await?;
                if same(bearer(head), &key) {
                    return Ok(Caller::Operator);
                }
                let message =
                    "send the operator key as `Authorization: Bearer …` (TIDEGATE_OPERATOR_KEY)";
                Err(Refused::unauthorized(message))
            }
        }
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
