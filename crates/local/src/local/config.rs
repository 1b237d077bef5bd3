//! What local mode is configured with, read from the environment; every problem is told at once.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tidegate_app::config::{Problems, Settings};
use tidegate_app::signing;
use tidegate_pipeline::keyring::check_master_keys;

use super::client_of;
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
    /// `SLACK_BOT_TOKEN`; without it, a stand-in Slack serves.
    pub bot_token: Option<SecretString>,
    /// `SLACK_API_BASE_URL`.
    pub slack_api: Option<String>,
    /// `TIDEGATE_OPERATOR_KEY`; made up and kept when absent.
    pub operator_key: Option<SecretString>,
    /// `TIDEGATE_MASTER_KEY`; made up and kept when absent.
    pub master_key: Option<SecretString>,
    /// `TIDEGATE_ARCHIVE_DAYS`.
    pub keep: Duration,
    /// `TIDEGATE_QUIET_SECONDS`.
    pub quiet: Duration,
}

impl LocalConfig {
    /// Reads the settings; every problem is told at once.
    pub fn read(
        port: u16,
        data_dir: PathBuf,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Problems> {
        let settings = Settings::new(env);
        let secret = |name: &str| settings.optional(name).map(SecretString::from);
        let config = Self {
            port,
            data_dir,
            signing_secret: secret("SLACK_SIGNING_SECRET"),
            bot_token: secret("SLACK_BOT_TOKEN"),
            slack_api: settings.optional("SLACK_API_BASE_URL"),
            operator_key: secret("TIDEGATE_OPERATOR_KEY"),
            master_key: secret("TIDEGATE_MASTER_KEY"),
            keep: settings.keep(),
            quiet: settings.quiet(),
        };
        if let Some(Err(e)) = config.signing_secret.as_ref().map(signing::parse) {
            settings.problem(format!("`SLACK_SIGNING_SECRET`: {e}"));
        }
        if let Some(Err(e)) = config.master_key.as_ref().map(check_master_keys) {
            settings.problem(format!("`TIDEGATE_MASTER_KEY`: {e}"));
        }
        let talks_to_slack = config.bot_token.is_some() && config.slack_api.is_none();
        if talks_to_slack && config.signing_secret.is_none() {
            settings.problem(
                "`SLACK_BOT_TOKEN` is set but `SLACK_SIGNING_SECRET` is not: without it nothing that Slack \
                 sends can be believed. Your app's page at api.slack.com/apps shows it under Basic Information"
                    .to_owned(),
            );
        }
        if config.bot_token.is_none() && config.slack_api.is_some() {
            settings.problem("`SLACK_API_BASE_URL` is set but `SLACK_BOT_TOKEN` is not".to_owned());
        }
        if let Some(Err(e)) = config.slack_api.as_deref().map(client_of) {
            settings.problem(format!("`SLACK_API_BASE_URL`: {e}"));
        }
        // Read again when the log starts; told here, so that it comes with the others.
        let level = settings.optional("TIDEGATE_LOG_LEVEL");
        if let Some(Err(e)) = level.as_deref().map(telemetry::level) {
            settings.problem(e.to_string());
        }
        settings.finish(config)
    }
}
