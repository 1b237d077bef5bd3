//! The configuration of local mode, read from the environment; every problem is told at once.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tidegate_app::api::Site;
use tidegate_app::domains::DomainChoice;
use tidegate_app::incidents::config::IncidentsConfig;
use tidegate_app::installs::config::{SlackAppConfig, SlackConfig};
use tidegate_fake_slack::FakeConfig;
use tidegate_ingress::signing;
use tidegate_pipeline::config::{Environment, Problems};
use tidegate_pipeline::keyring::check_master_keys;

use super::slack::client_of;
use crate::telemetry;

/// Settings of local mode.
#[derive(Debug, Clone)]
pub struct LocalConfig {
    /// Port on 127.0.0.1; zero takes a free one.
    pub port: u16,
    /// Where table, queues and made-up secrets are.
    pub data_dir: PathBuf,
    /// `SLACK_SIGNING_SECRET`; made up and kept when absent.
    pub signing_secret: Option<SecretString>,
    /// `SLACK_BOT_TOKEN`: the bot token of one workspace, in place of an app that workspaces install.
    pub bot_token: Option<SecretString>,
    /// `SLACK_APP_TOKEN`: requests come over Socket Mode.
    pub app_token: Option<SecretString>,
    /// `SLACK_CLIENT_ID` and what belongs to it. Without it and a bot token, a stand-in Slack serves.
    pub app: Option<SlackAppConfig>,
    /// How the stand-in Slack behaves, for tests; its secrets and addresses are set here.
    pub sandbox: Option<FakeConfig>,
    /// `SLACK_API_BASE_URL`: the address of the Web API; Slack's own when absent.
    pub slack_api: Option<String>,
    /// `TIDEGATE_OPERATOR_KEY`; made up and kept when absent.
    pub operator_key: Option<SecretString>,
    /// `TIDEGATE_MASTER_KEY`; made up and kept when absent.
    pub master_key: Option<SecretString>,
    /// `TIDEGATE_ARCHIVE_DAYS`: how long requests and their outcomes are kept.
    pub keep: Duration,
    /// `TIDEGATE_QUIET_SECONDS`: how long after its last possible moment an attempt to post counts as over.
    pub quiet: Duration,
    /// `TIDEGATE_PUBLIC_URL` and `CORS_ORIGINS`: where browsers reach the API, and from which sites.
    pub site: Site,
    /// The domains that are on (`TIDEGATE_DOMAINS`).
    pub domains: DomainChoice,
    /// The configuration of incidents: the settings of workspaces that have stored none, and the status page.
    pub incidents: IncidentsConfig,
}

impl LocalConfig {
    /// Reads the settings; every problem is told at once.
    pub fn read(
        port: u16,
        data_dir: PathBuf,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Problems> {
        let environment = Environment::new(env);
        let secret = |name: &str| environment.optional(name).map(SecretString::from);
        let domains = DomainChoice::read(&environment);
        let slack = SlackConfig::read(&environment, &domains.bot_scopes());
        let config = Self {
            port,
            data_dir,
            signing_secret: secret("SLACK_SIGNING_SECRET"),
            bot_token: secret("SLACK_BOT_TOKEN"),
            app_token: secret("SLACK_APP_TOKEN"),
            app: slack.app,
            sandbox: None,
            slack_api: environment.optional("SLACK_API_BASE_URL"),
            operator_key: secret("TIDEGATE_OPERATOR_KEY"),
            master_key: secret("TIDEGATE_MASTER_KEY"),
            keep: environment.keep(),
            quiet: environment.quiet(),
            site: Site::read(&environment),
            domains,
            incidents: IncidentsConfig::read(&environment),
        };
        if let Some(Err(e)) = config.signing_secret.as_ref().map(signing::parse) {
            environment.problem(format!("`SLACK_SIGNING_SECRET`: {e}"));
        }
        if let Some(Err(e)) = config.master_key.as_ref().map(check_master_keys) {
            environment.problem(format!("`TIDEGATE_MASTER_KEY`: {e}"));
        }
        slack_problems(&config, &environment);
        for name in [
            "SLACK_BOT_TOKEN_PARAMETER",
            "SLACK_CLIENT_SECRET_PARAMETER",
            "STATUSPAGE_API_KEY_PARAMETER",
        ] {
            if environment.optional(name).is_some() {
                environment.problem(format!("`{name}` is for AWS; set the secret itself here"));
            }
        }
        if let Some(Err(e)) = config.slack_api.as_deref().map(client_of) {
            environment.problem(format!("`SLACK_API_BASE_URL`: {e}"));
        }
        // Read again when the log starts; told here, so that it comes with the others.
        let level = environment.optional("TIDEGATE_LOG_LEVEL");
        if let Some(Err(e)) = level.as_deref().map(telemetry::level) {
            environment.problem(e.to_string());
        }
        environment.finish(config)
    }
}

/// Reports settings about Slack that do not go together.
fn slack_problems(config: &LocalConfig, environment: &Environment<'_>) {
    let (token, app) = (config.bot_token.is_some(), config.app.is_some());
    if (token || app)
        && config.slack_api.is_none()
        && config.signing_secret.is_none()
        && config.app_token.is_none()
    {
        let set = if token {
            "SLACK_BOT_TOKEN"
        } else {
            "SLACK_CLIENT_ID"
        };
        environment.problem(format!(
            "`{set}` is set but `SLACK_SIGNING_SECRET` is not: without it nothing that Slack \
             sends can be believed. Your app's page at api.slack.com/apps shows it under Basic Information"
        ));
    }
    if !token && !app && config.slack_api.is_some() {
        let problem =
            "`SLACK_API_BASE_URL` is set but neither `SLACK_BOT_TOKEN` nor `SLACK_CLIENT_ID` is";
        environment.problem(problem.to_owned());
    }
    if let Some(app_token) = &config.app_token {
        if !app_token.expose_secret().starts_with("xapp-") {
            let problem = "`SLACK_APP_TOKEN` is no app-level token: those begin with `xapp-`. Your app's page at \
                           api.slack.com/apps makes one under Basic Information, with the scope `connections:write`";
            environment.problem(problem.to_owned());
        }
        if !token && !app {
            let problem = "`SLACK_APP_TOKEN` is set but neither `SLACK_BOT_TOKEN` nor `SLACK_CLIENT_ID` is: requests \
                           would come and nothing could be posted. OAuth & Permissions of your Slack app shows the \
                           bot token";
            environment.problem(problem.to_owned());
        }
    }
}
