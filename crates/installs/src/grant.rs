//! The grants of a workspace or organization: the bot's token and the tokens of people, each in its own row.

use secrecy::{ExposeSecret, SecretString};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Due, Item, RowKey, Value, Write};
use tidegate_slack::ids::{TenantId, UserId};

use super::REFRESH_AHEAD;

/// The holder of a token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The app's bot in the workspace.
    Bot,
    /// A person who installed the app with user scopes.
    Person(UserId),
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The token works, as far as Tidegate knows.
    Connected,
    /// The token cannot be renewed or Slack rejects it. Somebody has to install the app again.
    Reconnect,
    /// The app was uninstalled or the token was revoked. No token is stored.
    Disconnected,
}

impl State {
    /// Returns the name in rows and API responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Reconnect => "reconnect",
            Self::Disconnected => "disconnected",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Connected, Self::Reconnect, Self::Disconnected]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A token and its refresh token. `Debug` shows neither.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token, such as `xoxb-…`.
    pub access: SecretString,
    /// The refresh token, which works once. `None` if the app does not rotate its tokens.
    pub refresh: Option<SecretString>,
    /// The time when the access token ends. `None` if it never does.
    pub expires_at: Option<Timestamp>,
}

/// The id and name of a workspace or organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedId {
    /// Slack's id: `T…` for a workspace, `E…` for an organization.
    pub id: String,
    /// The name at the time of the install.
    pub name: String,
}

/// The tokens and rights that one install gave to one holder.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The bot or the person that holds the tokens.
    pub holder: Holder,
    /// The state of the connection.
    pub state: State,
    /// Slack's error code or event that ended the connection. `None` while it is connected.
    pub reason: Option<String>,
    /// A counter that increases when tokens are stored or end. A write that expects an older generation fails.
    pub generation: i64,
    /// The id of the Slack app (`A…`), or an empty text if Slack did not return it.
    pub app_id: String,
    /// The workspace. `None` for an org-wide install.
    pub team: Option<NamedId>,
    /// The organization that the workspace belongs to. `None` if there is none.
    pub enterprise: Option<NamedId>,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// The person who installed the app, if Slack named them.
    pub installer: Option<UserId>,
    /// The user id of the bot (`U…`). `None` for a person's grant.
    pub bot_user: Option<UserId>,
    /// The bot id (`B…`) that messages of the bot carry. `None` until `auth.test` has returned it.
    pub bot_id: Option<String>,
    /// The time of the latest install.
    pub installed_at: Timestamp,
    /// The tokens. `None` once the grant has ended.
    pub tokens: Option<Tokens>,
}

/// Returns the key of a holder's row.
pub fn key(holder: &Holder) -> RowKey {
    match holder {
        Holder::Bot => RowKey::new(&["install"], &["bot"]),
        Holder::Person(user) => RowKey::new(&["install"], &["person", user.as_str()]),
    }
}

impl Grant {
    /// Parses the row of a grant. `None` if it is damaged or another row.
    pub fn parse(key: &RowKey, row: &Item) -> Option<Self> {
        let holder = match key.sort_parts().as_slice() {
            [kind] if kind == "bot" => Holder::Bot,
            [kind, user] if kind == "person" => Holder::Person(user.as_str().into()),
            _ => return None,
        };
        let owned = |name: &str| row.text(name).map(str::to_owned);
        let place = |id: &str, name: &str| {
            let name = row.text(name).unwrap_or_default().to_owned();
            owned(id).map(|id| NamedId { id, name })
        };
        let secret = |name: &str| row.opened_text(name).map(SecretString::from);
        Some(Self {
            holder,
            state: State::parse(row.text("state")?)?,
            reason: owned("reason"),
            generation: row.number("generation")?,
            app_id: owned("app_id").unwrap_or_default(),
            team: place("team_id", "team_name"),
            enterprise: place("enterprise_id", "enterprise_name"),
            scopes: scopes(row.text("scopes").unwrap_or_default()),
            installer: row.text("installer").map(UserId::from),
            bot_user: row.text("bot_user").map(UserId::from),
            bot_id: owned("bot_id"),
            installed_at: Timestamp(row.number("installed_at")?),
            tokens: secret("access_token").map(|access| Tokens {
                access,
                refresh: secret("refresh_token"),
                expires_at: row.number("expires_at_ms").map(Timestamp),
            }),
        })
    }

    /// Makes the write that stores the grant as the next generation. It fails if the row is no longer of the generation `seen`,
    /// where `None` means that there was no row.
    pub fn store(&self, tenant: &TenantId, seen: Option<i64>) -> Write<RowKey> {
        let put = Write::put(key(&self.holder), self.row(tenant, seen.unwrap_or(0) + 1));
        match seen {
            Some(seen) => put.when("#generation = :seen").value(":seen", seen),
            None => put.when("attribute_not_exists(#pk)"),
        }
    }

    fn row(&self, tenant: &TenantId, generation: i64) -> Item {
        let place = |item: Item, place: &Option<NamedId>, id: &str, name: &str| match place {
            Some(place) => item
                .with(id, place.id.as_str())
                .with(name, place.name.as_str()),
            None => item,
        };
        let item = Item::new()
            .with("state", self.state.as_str())
            .with_some("reason", self.reason.as_deref())
            .with("generation", generation)
            .with("app_id", self.app_id.as_str())
            .with("scopes", self.scopes.join(","))
            .with_some("installer", self.installer.as_ref().map(UserId::as_str))
            .with_some("bot_user", self.bot_user.as_ref().map(UserId::as_str))
            .with_some("bot_id", self.bot_id.as_deref())
            .with("installed_at", self.installed_at.millis());
        let item = place(item, &self.team, "team_id", "team_name");
        let item = place(item, &self.enterprise, "enterprise_id", "enterprise_name");
        match &self.tokens {
            Some(tokens) => with_tokens(item, tenant, &self.holder, tokens),
            None => item,
        }
    }

    /// Returns the scopes of `wanted` that were not granted.
    pub fn missing<'w>(&self, wanted: &'w [String]) -> Vec<&'w str> {
        let missing = wanted.iter().filter(|scope| !self.scopes.contains(scope));
        missing.map(String::as_str).collect()
    }
}

/// Splits a list of scopes that Slack separates by commas.
pub fn scopes(list: &str) -> Vec<String> {
    let names = list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

fn with_tokens(item: Item, tenant: &TenantId, holder: &Holder, tokens: &Tokens) -> Item {
    let sealed = |secret: &SecretString| Value::Sealed(secret.expose_secret().as_bytes().to_vec());
    let item = item
        .with("access_token", sealed(&tokens.access))
        .with_some("refresh_token", tokens.refresh.as_ref().map(sealed))
        .with_some("expires_at_ms", tokens.expires_at.map(Timestamp::millis));
    match (tokens.expires_at, &tokens.refresh) {
        // The token is renewed ahead of its end, so that no post has to wait.
        (Some(at), Some(_)) => item
            .with(
                "due",
                Due::TokenRefresh.partition(&format!("{tenant}{holder:?}")),
            )
            .with("due_at", at.millis() - millis(REFRESH_AHEAD)),
        _ => item,
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
