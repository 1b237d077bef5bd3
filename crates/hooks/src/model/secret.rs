//! The secret of a hook, and the signature made with it.
//! Contract: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use standardwebhooks::{Webhook, WebhookError};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::entropy::{EntropyError, random_bytes};

/// The prefix of a symmetric secret.
const PREFIX: &str = "whsec_";

/// A secret as receivers get it: `whsec_` and 32 random bytes in base64. It is stored in sealed rows only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Makes a new secret.
    pub(crate) fn random() -> Result<Self, EntropyError> {
        let bytes: [u8; 32] = random_bytes()?;
        Ok(Self(format!("{PREFIX}{}", BASE64_STANDARD.encode(bytes))))
    }

    /// Returns the text for the one answer that shows it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Signs a body of UTF-8 text: `v1,` and the signature in base64.
    pub(crate) fn sign(
        &self,
        id: &str,
        at: Timestamp,
        body: &[u8],
    ) -> Result<String, WebhookError> {
        Webhook::new(&self.0)?.sign(id, at.seconds(), body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference implementations.
    #[test]
    fn the_signature_is_that_of_the_reference() {
        let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let at = Timestamp(1_614_265_330_000);
        let signed = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(
            signed.unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_secret_shows_itself_only_when_asked() {
        let secret = Secret::random().unwrap();
        assert!(secret.expose().starts_with(PREFIX));
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_ne!(secret, Secret::random().unwrap());
    }
}
