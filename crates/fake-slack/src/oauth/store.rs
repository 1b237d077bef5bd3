//! What OAuth leaves behind: installations, the tokens they issued, and codes on their way to become some.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::config::FakeConfig;
use crate::workspaces::Place;

/// The holder of a token: the app's bot, or a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Bot,
    User(String),
}

/// The app in one workspace or organisation. It is kept after it is removed, for its counters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Install {
    pub bot_scopes: BTreeSet<String>,
    /// The scopes of each user who let the app act for them.
    pub users: BTreeMap<String, BTreeSet<String>>,
    /// Since when, if it is now installed.
    pub installed_at: Option<Duration>,
    pub code_exchanges: u64,
    pub refreshes: u64,
    /// Refreshes refused because the refresh token had been used or revoked.
    pub refused_refreshes: u64,
}

/// An access token, with what it opens.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub place: Place,
    pub holder: Holder,
    pub expires_at: Option<Duration>,
    /// The error code that its bearer gets once it is revoked.
    pub dead: Option<&'static str>,
    /// Whether `oauth.v2.exchange` has taken it.
    pub exchanged: bool,
    /// The configured token may do everything.
    pub unrestricted: bool,
}

/// A refresh token; it is good once.
#[derive(Clone, Debug)]
pub(crate) struct RefreshToken {
    pub place: Place,
    pub holder: Holder,
    pub spent: bool,
}

/// The scopes that a user agreed to, waiting for the app to fetch them.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub redirect_uri: Option<String>,
    pub place: Place,
    pub user: String,
    pub bot_scopes: Vec<String>,
    pub user_scopes: Vec<String>,
    pub made_at: Duration,
    pub used: bool,
    /// Set for Sign in with Slack.
    pub sign_in: Option<SignIn>,
}

/// What Sign in with Slack keeps besides.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub nonce: Option<String>,
}

/// Everything of OAuth that changes; part of the world.
#[derive(Default)]
pub(crate) struct Installs {
    /// Whether tokens that are issued from now on live for twelve hours only.
    pub rotation: bool,
    pub by_place: BTreeMap<Place, Install>,
    pub tokens: HashMap<String, Token>,
    pub refresh_tokens: HashMap<String, RefreshToken>,
    pub codes: HashMap<String, Code>,
}

impl Installs {
    /// The app as it is installed from the start, with the configured token.
    pub(crate) fn seed(config: &FakeConfig, now: Duration) -> Self {
        let place = Place::Team(config.team_id.clone());
        let install = Install {
            installed_at: Some(now),
            ..Install::default()
        };
        let token_of_bot = Token {
            place: place.clone(),
            holder: Holder::Bot,
            expires_at: None,
            dead: None,
            exchanged: false,
            unrestricted: true,
        };
        Self {
            by_place: BTreeMap::from([(place, install)]),
            tokens: HashMap::from([(config.bot_token.clone(), token_of_bot)]),
            rotation: config.token_rotation,
            ..Self::default()
        }
    }

    pub(crate) fn is_installed(&self, place: &Place) -> bool {
        let install = self.by_place.get(place);
        install.is_some_and(|install| install.installed_at.is_some())
    }

    /// The installation that a workspace's doings reach: its own, else its organisation's, else one of its own that is
    /// not there yet.
    pub(crate) fn covering(&self, config: &FakeConfig, team: &str) -> Place {
        let own = Place::Team(team.to_owned());
        let org = config.workspace(team).enterprise_id.map(Place::Org);
        match org {
            Some(org) if !self.is_installed(&own) && self.is_installed(&org) => org,
            _ => own,
        }
    }

    /// A token that is good now, or Slack's code for why not.
    pub(crate) fn check(&self, token: &str, now: Duration) -> Result<&Token, &'static str> {
        let token = self.tokens.get(token).ok_or("invalid_auth")?;
        if let Some(code) = token.dead {
            return Err(code);
        }
        if token.expires_at.is_some_and(|at| at <= now) {
            return Err("token_expired");
        }
        Ok(token)
    }

    /// The scopes that the holder of a token agreed to.
    pub(crate) fn scopes(&self, token: &Token) -> Option<Vec<String>> {
        if token.unrestricted {
            return None;
        }
        let install = self.by_place.get(&token.place);
        let scopes = install.and_then(|install| match &token.holder {
            Holder::Bot => Some(&install.bot_scopes),
            Holder::User(user) => install.users.get(user),
        });
        Some(scopes.into_iter().flatten().cloned().collect())
    }

    /// Revokes the tokens that fit, refresh tokens too; from now on their bearers are told `code`.
    pub(crate) fn revoke(&mut self, code: &'static str, fits: impl Fn(&Place, &Holder) -> bool) {
        for token in self.tokens.values_mut() {
            if token.dead.is_none() && fits(&token.place, &token.holder) {
                token.dead = Some(code);
            }
        }
        for token in self.refresh_tokens.values_mut() {
            if fits(&token.place, &token.holder) {
                token.spent = true;
            }
        }
    }
}
