//! The settings for Slack: either one workspace's token, or an app that any number of workspaces install.

use tidegate_slack::client::SLACK_API;

use tidegate_pipeline::config::{Environment, SecretSource};

/// The scopes that the bot asks for. Each list is sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BotScopes {
    /// The scopes that the app cannot work without.
    pub required: Vec<String>,
    /// The scopes that a workspace may decline. None of them is in `required`.
    pub optional: Vec<String>,
}

impl BotScopes {
    /// Returns required and optional scopes together, sorted.
    pub fn all(&self) -> Vec<String> {
        let mut all = [self.required.as_slice(), &self.optional].concat();
        all.sort();
        all
    }
}

/// The settings of Slack's Web API.
#[derive(Debug)]
pub struct SlackConfig {
    /// The base URL of the Web API (`SLACK_API_BASE_URL`).
    pub api: String,
    /// The token of the only workspace (`SLACK_BOT_TOKEN`). `None` if there is an app or nothing is configured.
    pub bot_token: Option<SecretSource>,
    /// The app that workspaces install (`SLACK_CLIENT_ID`). `None` if there is a token or nothing is configured.
    pub app: Option<SlackAppConfig>,
}

/// The settings of an app that workspaces install.
#[derive(Debug, Clone)]
pub struct SlackAppConfig {
    /// The public id of the app (`SLACK_CLIENT_ID`).
    pub client_id: String,
    /// The source of the client secret (`SLACK_CLIENT_SECRET`).
    pub client_secret: SecretSource,
    /// The bot scopes: those of the domains that are on, or those of `SLACK_SCOPES`, which are then all required.
    pub scopes: BotScopes,
    /// The scopes that the app asks of people (`SLACK_USER_SCOPES`); empty by default.
    pub user_scopes: Vec<String>,
}

impl SlackConfig {
    /// Makes the settings of a process that never calls Slack.
    pub fn unused() -> Self {
        Self {
            api: SLACK_API.to_owned(),
            bot_token: None,
            app: None,
        }
    }

    /// Reads the settings. A token and an app together are a problem, because it would be unclear which token posts.
    pub fn read(environment: &Environment<'_>, asked: &BotScopes) -> Self {
        let app = environment
            .optional("SLACK_CLIENT_ID")
            .map(|id| app(environment, id, asked));
        let token = ["SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN_PARAMETER"];
        let has_token = token
            .iter()
            .any(|name| environment.optional(name).is_some());
        if app.is_some() && has_token {
            environment.problem(
                "`SLACK_CLIENT_ID` is for an app that workspaces install and `SLACK_BOT_TOKEN` for one workspace: \
                 keep one of them"
                    .to_owned(),
            );
        }
        Self {
            api: environment
                .optional("SLACK_API_BASE_URL")
                .unwrap_or_else(|| SLACK_API.to_owned()),
            bot_token: has_token.then(|| environment.secret("SLACK_BOT_TOKEN", "")),
            app,
        }
    }

    /// Reads the settings for a process that needs a token or an app, and reports a problem if both are missing.
    pub fn required(environment: &Environment<'_>, asked: &BotScopes) -> Self {
        let config = Self::read(environment, asked);
        if config.app.is_none() && config.bot_token.is_none() {
            environment.secret(
                "SLACK_BOT_TOKEN",
                "OAuth & Permissions of your Slack app shows it once it is installed; for an app that many workspaces \
                 install, set `SLACK_CLIENT_ID` and `SLACK_CLIENT_SECRET` instead",
            );
        }
        config
    }
}

fn app(environment: &Environment<'_>, client_id: String, asked: &BotScopes) -> SlackAppConfig {
    let scopes = scopes(environment, "SLACK_SCOPES").map(|required| BotScopes {
        required,
        optional: Vec::new(),
    });
    SlackAppConfig {
        client_id,
        client_secret: environment.secret(
            "SLACK_CLIENT_SECRET",
            "Basic Information of your Slack app shows it",
        ),
        scopes: scopes.unwrap_or_else(|| asked.clone()),
        user_scopes: self::scopes(environment, "SLACK_USER_SCOPES").unwrap_or_default(),
    }
}

fn scopes(environment: &Environment<'_>, name: &str) -> Option<Vec<String>> {
    let text = environment.optional(name)?;
    let scopes: Vec<String> = text
        .split(',')
        .map(|scope| scope.trim().to_owned())
        .collect();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.:-".contains(c);
    for scope in &scopes {
        if scope.is_empty() || !scope.chars().all(plain) {
            environment.problem(format!(
                "`{name}` has `{scope}`: it takes Slack's scopes, separated by commas"
            ));
        }
    }
    Some(scopes)
}
