//! What a workspace or organisation has granted: the bot's token, and the tokens of people, each in a row of its own.

use secrecy::{ExposeSecret, SecretString};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Due, Item, RowKey, Value, Write};
use tidegate_slack::ids::{TenantId, UserId};

use super::REFRESH_AHEAD;

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The app's bot.
    Bot,
    /// A person who installed the app with user scopes.
    Person(UserId),
}

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works.
    Connected,
    /// Somebody has to install the app again: its token cannot be renewed or is refused.
    Reconnect,
    /// The app was uninstalled or the token revoked. There is no token any more.
    Disconnected,
}

impl State {
    /// As stored and shown.
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

/// A token, and what renews it. Neither is shown by `Debug`.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The token.
    pub access: SecretString,
    /// Works once; there is one if the app rotates its tokens.
    pub refresh: Option<SecretString>,
    /// When the token ends, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A workspace or organisation as Slack names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `T…` or `E…`.
    pub id: String,
    /// Its name at the time.
    pub name: String,
}

/// One grant.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Whose.
    pub holder: Holder,
    /// How it stands.
    pub state: State,
    /// Why, when it is not connected: Slack's code or the event.
    pub reason: Option<String>,
    /// Goes up whenever tokens are stored: what was decided on an older generation is void.
    pub generation: i64,
    /// `A…`.
    pub app_id: String,
    /// The workspace; `None` for an org-wide install.
    pub team: Option<Place>,
    /// The organisation.
    pub enterprise: Option<Place>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Who installed it.
    pub installer: Option<UserId>,
    /// The bot as a user.
    pub bot_user: Option<UserId>,
    /// The bot as the author of messages (`B…`), which only `auth.test` tells.
    pub bot_id: Option<String>,
    /// When it was installed last.
    pub installed_at: Timestamp,
    /// The tokens, while there are any.
    pub tokens: Option<Tokens>,
}

/// Where a holder's grant is.
pub fn key(holder: &Holder) -> RowKey {
    match holder {
        Holder::Bot => RowKey::new(&["install"], &["bot"]),
        Holder::Person(user) => RowKey::new(&["install"], &["person", user.as_str()]),
    }
}

impl Grant {
    /// Reads a row.
    pub fn parse(key: &RowKey, row: &Item) -> Option<Self> {
        let holder = match key.sort_parts().as_slice() {
            [kind] if kind == "bot" => Holder::Bot,
            [kind, user] if kind == "person" => Holder::Person(user.as_str().into()),
            _ => return None,
        };
        let owned = |name: &str| row.text(name).map(str::to_owned);
        let place = |id: &str, name: &str| {
            let name = row.text(name).unwrap_or_default().to_owned();
            owned(id).map(|id| Place { id, name })
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

    /// The write that stores it as the next generation, provided that the row is still of the generation that was
    /// `seen`; `None` when there was none.
    pub fn store(&self, tenant: &TenantId, seen: Option<i64>) -> Write<RowKey> {
        let put = Write::put(key(&self.holder), self.row(tenant, seen.unwrap_or(0) + 1));
        match seen {
            Some(seen) => put.when("#generation = :seen").value(":seen", seen),
            None => put.when("attribute_not_exists(#pk)"),
        }
    }

    fn row(&self, tenant: &TenantId, generation: i64) -> Item {
        let place = |item: Item, place: &Option<Place>, id: &str, name: &str| match place {
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

    /// The scopes of `wanted` that were not granted.
    pub fn missing<'w>(&self, wanted: &'w [String]) -> Vec<&'w str> {
        let missing = wanted.iter().filter(|scope| !self.scopes.contains(scope));
        missing.map(String::as_str).collect()
    }
}

/// Scopes as Slack lists them.
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
        // In time, so that no post has to wait for it.
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
