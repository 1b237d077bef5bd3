//! Slack's request signature, version `v0`: HMAC-SHA256 over `v0:{timestamp}:{raw body}`.
//! Contract: docs.slack.dev/authentication/verifying-requests-from-slack.
//!
//! Nothing here parses a body, and no error carries a computed signature.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use thiserror::Error;

/// Seconds that a request's timestamp may differ from the clock, in either direction.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Header with the signature, `v0=` and 64 lower-case hex digits.
pub const SIGNATURE_HEADER: &str = "x-slack-signature";

/// Header with the Unix time in seconds at which Slack signed the request.
pub const TIMESTAMP_HEADER: &str = "x-slack-request-timestamp";

/// Why a request was not believed. None of the variants holds anything of the request or of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// A header that the check needs is absent.
    #[error("header `{0}` is missing")]
    Missing(&'static str),
    /// A header came twice: a proxy or an attacker is at work, and either value could be the wrong one.
    #[error("header `{0}` is repeated")]
    Repeated(&'static str),
    /// The timestamp is not a plain decimal number.
    #[error("the timestamp is not a number")]
    Timestamp,
    /// The timestamp lies outside the tolerance, in the past or in the future.
    #[error("the timestamp is more than {TOLERANCE_SECONDS} seconds off")]
    Stale,
    /// The signature is not `v0=` followed by 64 lower-case hex digits.
    #[error("the signature is malformed")]
    Malformed,
    /// No secret that is in force gives this signature.
    #[error("the signature does not match")]
    Mismatch,
}

/// Why a list of signing secrets was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SecretsError {
    /// An empty secret would let anyone sign.
    #[error("a signing secret is empty")]
    Empty,
}

/// The signing secrets in force. Slack offers no overlap when a secret is regenerated, so the overlap is ours: the
/// new secret and the old one are both listed until the old one's expiry.
pub struct SigningSecrets {
    secrets: Vec<Keyed>,
}

struct Keyed {
    mac: Hmac<Sha256>,
    /// Unix seconds from which the secret no longer counts.
    not_after: Option<i64>,
}

impl fmt::Debug for SigningSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningSecrets({} in force)", self.secrets.len())
    }
}

impl SigningSecrets {
    /// Takes the secrets, newest first, each with the Unix second from which it no longer counts.
    pub fn new(
        secrets: impl IntoIterator<Item = (SecretString, Option<i64>)>,
    ) -> Result<Self, SecretsError> {
        let secrets = secrets
            .into_iter()
            .map(|(secret, not_after)| {
                let mac = keyed(secret.expose_secret()).ok_or(SecretsError::Empty)?;
                Ok(Keyed { mac, not_after })
            })
            .collect::<Result<Vec<_>, SecretsError>>()?;
        if secrets.is_empty() {
            return Err(SecretsError::Empty);
        }
        Ok(Self { secrets })
    }

    /// Checks one request and says which secret matched, by its place in the list.
    /// `now` is in Unix seconds; `body` is the raw body as Slack sent it.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: i64,
    ) -> Result<usize, SignatureError> {
        let timestamp = single(headers, TIMESTAMP_HEADER)?;
        let signature = single(headers, SIGNATURE_HEADER)?;
        let signed_at = parse_timestamp(timestamp)?;
        if now.abs_diff(signed_at) > TOLERANCE_SECONDS {
            return Err(SignatureError::Stale);
        }
        let claimed = parse_signature(signature)?;
        for (place, keyed) in self.secrets.iter().enumerate() {
            if keyed.not_after.is_some_and(|end| now >= end) {
                continue;
            }
            let mac = feed(keyed.mac.clone(), timestamp, body);
            // `verify_slice` compares in constant time.
            if mac.verify_slice(&claimed).is_ok() {
                return Ok(place);
            }
        }
        Err(SignatureError::Mismatch)
    }
}

/// Signs a body as Slack does; `None` for an empty secret. `timestamp` is in Unix seconds.
pub fn sign(secret: &SecretString, timestamp: i64, body: &[u8]) -> Option<String> {
    let mac = feed(
        keyed(secret.expose_secret())?,
        timestamp.to_string().as_bytes(),
        body,
    );
    Some(format!("v0={}", hex::encode(mac.finalize().into_bytes())))
}

fn keyed(secret: &str) -> Option<Hmac<Sha256>> {
    if secret.trim().is_empty() {
        return None;
    }
    Hmac::new_from_slice(secret.as_bytes()).ok()
}

fn feed(mut mac: Hmac<Sha256>, timestamp: &[u8], body: &[u8]) -> Hmac<Sha256> {
    mac.update(b"v0:");
    mac.update(timestamp);
    mac.update(b":");
    mac.update(body);
    mac
}

fn single<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h [u8], SignatureError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(SignatureError::Missing(name))?;
    if values.next().is_some() {
        return Err(SignatureError::Repeated(name));
    }
    Ok(value.as_bytes())
}

fn parse_timestamp(text: &[u8]) -> Result<i64, SignatureError> {
    if text.is_empty() || text.len() > 18 || !text.iter().all(u8::is_ascii_digit) {
        return Err(SignatureError::Timestamp);
    }
    Ok(text
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

fn parse_signature(text: &[u8]) -> Result<[u8; 32], SignatureError> {
    let digits = text.strip_prefix(b"v0=").ok_or(SignatureError::Malformed)?;
    if digits.iter().any(u8::is_ascii_uppercase) {
        return Err(SignatureError::Malformed);
    }
    let mut claimed = [0; 32];
    hex::decode_to_slice(digits, &mut claimed).map_err(|_| SignatureError::Malformed)?;
    Ok(claimed)
}
