//! `openid.connect.*`: Sign in with Slack. Contract: docs.slack.dev/authentication/sign-in-with-slack.

use secrecy::{ExposeSecret, SecretString};

use super::AppCredentials;
use super::exposed;
use crate::ids::{TenantId, UserId};

method! {
    /// Turns the code of a sign-in's redirect into tokens.
    WriteForm "openid.connect.token": Token {
        /// From the redirect; it works once, for ten minutes.
        #[serde(serialize_with = "exposed")]
        code: SecretString,
        /// As it was in the authorize URL.
        redirect_uri: Option<String>,
    } => Signed, by AppCredentials, complete Signed::has_id_token
}

method! {
    /// Who the token of a sign-in belongs to.
    Read "openid.connect.userInfo": UserInfo {} => Identity
}

answer! {
    /// The tokens that a sign-in gives.
    Signed {
        /// The token that `openid.connect.userInfo` takes.
        access_token: Option<SecretString>,
        /// A JWT that Slack signed. It came over TLS from Slack itself; its claims must still be checked.
        id_token: Option<SecretString>,
        /// There is one if the app rotates its tokens.
        refresh_token: Option<SecretString>,
        /// Seconds until the access token expires; `None` if it does not.
        expires_in: Option<u64>,
    }
}

impl Signed {
    fn has_id_token(&self) -> bool {
        let token = self.id_token.as_ref();
        token.is_some_and(|token| !token.expose_secret().is_empty())
    }
}

answer! {
    /// A person, as far as the scopes of the sign-in go.
    Identity {
        must {
            /// The person; the same as the `sub` of the id token.
            #[serde(rename = "https://slack.com/user_id")]
            user_id: UserId,
            /// The workspace in which they signed in.
            #[serde(rename = "https://slack.com/team_id")]
            team_id: TenantId,
        }
        /// The organisation, `E…`; `None` if the workspace belongs to none.
        #[serde(rename = "https://slack.com/enterprise_id")]
        enterprise_id: Option<TenantId>,
        /// The person's address, if the scope `email` was granted.
        email: Option<String>,
        /// Whether Slack has checked the address.
        email_verified: bool,
        /// The person's full name, if the scope `profile` was granted.
        name: Option<String>,
    }
}
