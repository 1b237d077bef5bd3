//! The configuration of a stand-in Slack: the app's secrets and addresses, its own identity, and its manners.

use std::fmt;
use std::time::Duration;

use crate::app_manifest::EVENTS;
use crate::clock::Clock;
use crate::workspaces::Workspace;

/// Configuration of a [`FakeSlack`](crate::FakeSlack); `Default` is the sandbox workspace.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, and all have a default"
)]
pub struct FakeConfig {
    /// Signs what is sent to the app.
    pub signing_secret: String,
    /// The token of the app as it is installed in `team_id` from the start; OAuth adds others.
    pub bot_token: String,
    /// Base URL of the app; events go to `{app_url}/slack/events`, and so on. Nothing is sent while it is `None`.
    pub app_url: Option<String>,
    /// Base URL at which the app reaches this stand-in; response URLs begin with it.
    pub public_url: String,
    /// The first workspace's id: the one the page shows, where `bot_token` is good.
    pub team_id: String,
    /// The Enterprise Grid organisation the workspace belongs to; its fields are absent without one, as in Slack.
    pub enterprise_id: Option<String>,
    /// The app's id, `api_app_id` in everything sent.
    pub app_id: String,
    /// The user id of the app's bot.
    pub bot_user_id: String,
    /// The bot id of the app's bot, which marks its own messages.
    pub bot_id: String,
    /// The wait before each retry of an event; Slack's are 0, 60 and 300 seconds.
    pub retry_delays: Vec<Duration>,
    /// The time it goes by.
    pub clock: Clock,
    /// How long the app may take to answer, in wall time; Slack gives it 3 seconds.
    pub answer_timeout: Duration,
    /// How long a trigger opens a modal, by `clock`; Slack's live 3 seconds.
    pub trigger_lifetime: Duration,
    /// Create any `C…` channel or `U…` user that a request names.
    pub auto_channels: bool,
    /// Send the bot's own posts back to the app as `message` events, as Slack does.
    pub echo_bot_messages: bool,
    /// More `chat.postMessage` calls a second than this in one channel are answered with a 429.
    pub limit_per_channel_per_second: Option<usize>,
    /// The events the app is told of besides messages, mentions and what becomes of its installation.
    pub event_subscriptions: Vec<String>,
    /// The workspaces besides `team_id`; those that name an `enterprise_id` make up an Enterprise Grid organisation.
    pub workspaces: Vec<Workspace>,
    /// The app's OAuth client id.
    pub client_id: String,
    /// The app's OAuth client secret.
    pub client_secret: String,
    /// Where OAuth may lead back to: these addresses and what is below them. One without a port on this machine holds for
    /// every port, because a test learns its port only when it listens.
    pub redirect_urls: Vec<String>,
    /// Tokens from OAuth live for twelve hours and come with a refresh token.
    pub token_rotation: bool,
    /// The app-level token, which opens Socket Mode.
    pub app_token: String,
    /// Calls beyond a token's scopes are answered with `missing_scope`; `bot_token` has every scope.
    pub strict_scopes: bool,
    /// Calls beyond Slack's tiers are answered with a 429, counted by installation and method; so are posts beyond one a
    /// second in a channel.
    pub rate_tiers: bool,
}

impl Default for FakeConfig {
    fn default() -> Self {
        Self {
            signing_secret: "sandbox-signing-secret".to_owned(),
            bot_token: "sandbox-bot-token".to_owned(),
            app_url: None,
            public_url: "http://127.0.0.1:4000".to_owned(),
            team_id: "T0SANDBOX1".to_owned(),
            enterprise_id: None,
            app_id: "A0TIDEGATE1".to_owned(),
            bot_user_id: "U0TIDEGATE1".to_owned(),
            bot_id: "B0TIDEGATE1".to_owned(),
            retry_delays: [0, 60, 300].map(Duration::from_secs).to_vec(),
            clock: Clock::system(),
            answer_timeout: Duration::from_secs(3),
            trigger_lifetime: Duration::from_secs(3),
            auto_channels: true,
            echo_bot_messages: true,
            limit_per_channel_per_second: None,
            event_subscriptions: EVENTS.iter().map(|event| (*event).to_owned()).collect(),
            workspaces: Workspace::samples(),
            client_id: "1000000000.2000000000".to_owned(),
            client_secret: "sandbox-client-secret".to_owned(),
            redirect_urls: ["http://127.0.0.1", "http://localhost", "https://localhost"]
                .map(str::to_owned)
                .to_vec(),
            token_rotation: false,
            app_token: "xapp-sandbox-app-token".to_owned(),
            strict_scopes: false,
            rate_tiers: false,
        }
    }
}

/// Leaves the secrets out.
impl fmt::Debug for FakeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeConfig")
            .field("app_url", &self.app_url)
            .field("public_url", &self.public_url)
            .field("team_id", &self.team_id)
            .field("app_id", &self.app_id)
            .field("bot_user_id", &self.bot_user_id)
            .field("retry_delays", &self.retry_delays)
            .finish_non_exhaustive()
    }
}
