//! `oauth.*`: from a code to tokens, and from a refresh token to the next pair.
//! Contract: docs.slack.dev/authentication/installing-with-oauth and /using-token-rotation.
//!
//! A code and a refresh token work once. After an ambiguous outcome nobody knows whether they still do.

use secrecy::{ExposeSecret, SecretString};

use super::AppCredentials;
use super::exposed;
use super::types::Named;
use crate::ids::{TenantId, UserId};
use crate::tenant::Candidates;

method! {
    /// Turns the code of an install's redirect into tokens.
    WriteForm "oauth.v2.access": AccessByCode {
        /// From the redirect; it works once, for ten minutes.
        #[serde(serialize_with = "exposed")]
        code: SecretString,
        /// As it was in the authorize URL, if it was there.
        redirect_uri: Option<String>,
    } => Access, by AppCredentials, complete Access::has_token
}

method! {
    /// Turns a refresh token, of a bot or a person, into the next access and refresh token.
    WriteForm "oauth.v2.access": AccessByRefresh {
        /// The token that came with the one that expires; it works once.
        #[serde(serialize_with = "exposed")]
        refresh_token: SecretString,
        /// The kind of grant: that the other field is a refresh token.
        grant_type: RefreshGrant,
    } => Access, by AppCredentials, complete Access::has_token
}

method! {
    /// Turns a token without end into one that rotates, once the app's rotation has been switched on.
    WriteForm "oauth.v2.exchange": Exchange {
        /// The token to exchange, which does not expire.
        #[serde(serialize_with = "exposed")]
        token: SecretString,
    } => Access, by AppCredentials, complete Access::has_token
}

/// The only grant type that is not the default.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub enum RefreshGrant {
    /// The other field is a refresh token.
    #[default]
    #[serde(rename = "refresh_token")]
    RefreshToken,
}

answer! {
    /// The tokens and scopes that an app has been granted.
    Access {
        /// The id of the app, `A…`.
        app_id: Option<String>,
        /// The workspace; `None` for an org-wide install.
        team: Option<Named>,
        /// The organisation, if the workspace belongs to one.
        enterprise: Option<Named>,
        /// Whether it is the organisation that installed the app.
        is_enterprise_install: bool,
        /// The bot's scopes, joined by commas.
        scope: String,
        /// `bot`, or `user` for a refreshed token of a person.
        token_type: String,
        /// The bot's, or the one that was refreshed. `None` when only user scopes were asked for.
        access_token: Option<SecretString>,
        /// Works once; there is one if the app rotates its tokens.
        refresh_token: Option<SecretString>,
        /// Seconds until the access token expires; `None` if it does not.
        expires_in: Option<u64>,
        /// The bot as a user. Its `B…` id is told by `auth.test`.
        bot_user_id: Option<UserId>,
        /// Who installed the app, with a token if user scopes were asked for.
        authed_user: Option<AuthedUser>,
    }
}

answer! {
    /// The person behind an install.
    AuthedUser {
        /// The id of the person, `U…` or `W…`.
        id: Option<UserId>,
        /// The person's scopes, joined by commas.
        scope: String,
        /// `user`, or empty if the person granted nothing.
        token_type: String,
        /// The token with the person's own scopes; `None` if none were asked for.
        access_token: Option<SecretString>,
        /// The token that gets the person's next pair; it works once.
        refresh_token: Option<SecretString>,
        /// Seconds until the person's token expires; `None` if it does not.
        expires_in: Option<u64>,
    }
}

impl Access {
    /// The tenant that this install is for: the same rule by which events find theirs.
    pub fn tenant(&self) -> Option<TenantId> {
        let id = |named: &Option<Named>| named.as_ref().map(|n| n.id.as_str().to_owned());
        let (team, enterprise) = (id(&self.team), id(&self.enterprise));
        Candidates {
            is_enterprise_install: self.is_enterprise_install,
            enterprise_id: enterprise.as_deref(),
            team_ids: [team.as_deref(), None, None, None],
        }
        .tenant()
    }

    fn has_token(&self) -> bool {
        let user = self.authed_user.as_ref();
        let tokens = [
            self.access_token.as_ref(),
            user.and_then(|u| u.access_token.as_ref()),
        ];
        let mut tokens = tokens.into_iter().flatten();
        tokens.any(|token| !token.expose_secret().is_empty())
    }
}
