//! The id token of Sign in with Slack: who signed in where. Contract: docs.slack.dev/authentication/sign-in-with-slack.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use thiserror::Error;

use crate::ids::{TenantId, UserId};
use crate::tenant::is_id;

/// The issuer of genuine id tokens.
const ISSUER: &str = "https://slack.com";

/// A person, as a good id token names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The person who signed in, `U…` or `W…`.
    pub user: UserId,
    /// The workspace in which they signed in.
    pub team: TenantId,
    /// Its organisation, if it has one.
    pub enterprise: Option<TenantId>,
}

/// Why an id token is not good. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdTokenError {
    /// It is no token, or lacks a claim.
    #[error("the id token cannot be read")]
    Unreadable,
    /// Its issuer is not Slack.
    #[error("the id token is not Slack's")]
    Issuer,
    /// It was made for another app.
    #[error("the id token is for another app")]
    Audience,
    /// It is past its time of expiry.
    #[error("the id token has expired")]
    Expired,
    /// Its nonce is not that of this sign-in.
    #[error("the id token is not the answer to this sign-in")]
    Nonce,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    nonce: Option<String>,
    #[serde(rename = "https://slack.com/user_id")]
    user: String,
    #[serde(rename = "https://slack.com/team_id")]
    team: String,
    #[serde(rename = "https://slack.com/enterprise_id")]
    enterprise: Option<String>,
}

/// Checks the claims of an id token that came from Slack itself over TLS, in the answer of `openid.connect.token`.
/// Its signature is not checked: section 3.1.3.7 of the standard leaves that to the TLS connection in this case. A token
/// from anywhere else must never come here.
pub fn check(
    token: &str,
    client_id: &str,
    nonce: &str,
    now: i64,
) -> Result<SignedIn, IdTokenError> {
    let claims = claims(token).ok_or(IdTokenError::Unreadable)?;
    if claims.iss != ISSUER {
        return Err(IdTokenError::Issuer);
    }
    if claims.aud != client_id {
        return Err(IdTokenError::Audience);
    }
    if claims.exp <= now {
        return Err(IdTokenError::Expired);
    }
    if nonce.is_empty() || claims.nonce.as_deref() != Some(nonce) {
        return Err(IdTokenError::Nonce);
    }
    if !is_id(&claims.user) || !is_id(&claims.team) {
        return Err(IdTokenError::Unreadable);
    }
    let enterprise = claims.enterprise.filter(|id| is_id(id));
    Ok(SignedIn {
        user: claims.user.into(),
        team: claims.team.into(),
        enterprise: enterprise.map(TenantId::from),
    })
}

fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let json = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn good() -> Value {
        json!({
            "iss": "https://slack.com", "aud": "1.2", "exp": 100, "nonce": "once", "sub": "U1",
            "https://slack.com/user_id": "U1", "https://slack.com/team_id": "T1", "email": "a@example.com",
        })
    }

    fn checked(claims: &Value) -> Result<SignedIn, IdTokenError> {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        check(&format!("e30.{claims}.c2ln"), "1.2", "once", 99)
    }

    #[test]
    fn a_good_token_names_person_and_workspace() {
        let read = checked(&good()).unwrap();
        assert_eq!((read.user, read.team), ("U1".into(), "T1".into()));
        assert_eq!(read.enterprise, None);
        let mut of_grid = good();
        of_grid["https://slack.com/enterprise_id"] = "E1".into();
        assert_eq!(checked(&of_grid).unwrap().enterprise, Some("E1".into()));
    }

    #[test]
    fn every_claim_is_checked() {
        for (claim, value, error) in [
            (
                "iss",
                json!("https://slack.com.evil.example"),
                IdTokenError::Issuer,
            ),
            ("aud", json!("1.3"), IdTokenError::Audience),
            ("exp", json!(99), IdTokenError::Expired),
            ("nonce", json!("twice"), IdTokenError::Nonce),
            ("nonce", Value::Null, IdTokenError::Nonce),
            ("aud", json!(["1.2", "1.3"]), IdTokenError::Unreadable),
            (
                "https://slack.com/team_id",
                json!("t1#x"),
                IdTokenError::Unreadable,
            ),
            (
                "https://slack.com/user_id",
                json!(7),
                IdTokenError::Unreadable,
            ),
        ] {
            let mut claims = good();
            claims[claim] = value;
            assert_eq!(checked(&claims), Err(error), "{claims}");
        }
    }

    #[test]
    fn what_is_no_token_is_unreadable() {
        for token in [
            "",
            "a",
            "a.b",
            "a.b.c",
            "e30.e30.e30",
            "e30.e30.e30.e30",
            "..",
            "e30.%.x",
        ] {
            assert_eq!(
                check(token, "1.2", "once", 0),
                Err(IdTokenError::Unreadable),
                "{token}"
            );
        }
        assert_eq!(
            check("e30.e30.x", "1.2", "", 0),
            Err(IdTokenError::Unreadable)
        );
    }
}
