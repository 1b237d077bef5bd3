//! What handling incidents needs besides the table: Slack, the settings that apply without any, the address of the API,
//! and the status pages.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::delivery::{BotTokens, NoToken, Refused};
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{Rows, Table, TableError};
use tidegate_slack::client::{SLACK_API, SlackClient};
use tidegate_slack::http_client;
use tidegate_slack::ids::TenantId;

use super::pages::Pages;
use super::settings::store::{self, Loaded};
use super::settings::{Settings, StatusPage};
use crate::api::Site;
use crate::config::{IncidentsConfig, SecretSource, Settings as Environment};
use crate::installs::{Installs, OpenError};

/// What handling incidents needs.
pub struct Desk {
    /// Calls Slack, for modals: a trigger lives three seconds, too short for the outbox.
    pub slack: SlackClient,
    /// Knows the workspaces' tokens.
    pub tokens: Arc<dyn BotTokens>,
    /// Settings of workspaces that have none of their own.
    pub defaults: Settings,
    /// Where browsers reach the API, without a slash at the end.
    pub public_url: Option<String>,
    /// The status pages.
    pub pages: Pages,
    /// Where changes of settings are noted.
    pub audit: Audit,
}

/// Where settings and addresses come from.
#[derive(Clone, Debug)]
pub struct DeskConfig {
    /// Settings of workspaces without their own, and the status page's key.
    pub incidents: IncidentsConfig,
    /// Where browsers reach the API (`PUBLIC_URL`).
    pub public_url: Option<String>,
}

impl DeskConfig {
    /// Reads the settings.
    pub fn read(settings: &Environment<'_>) -> Self {
        Self {
            incidents: IncidentsConfig::read(settings),
            public_url: Site::read(settings).public_url,
        }
    }
}

impl Desk {
    /// A desk by the configuration, with the Slack that the installs call. `ssm` opens Parameter Store, if the status
    /// page's key is there.
    pub fn open(
        config: DeskConfig,
        installs: &Installs,
        tokens: Arc<dyn BotTokens>,
        ssm: impl FnOnce() -> Arc<dyn Secrets>,
    ) -> Self {
        let key = config.incidents.status_page_key;
        let pages = Pages::new(
            &installs.table.system(),
            installs.slack.http().clone(),
            key.map(|key| key.open("STATUSPAGE_API_KEY", ssm)),
            config.incidents.status_page_api,
        );
        Self {
            slack: installs.slack.clone(),
            tokens,
            defaults: config.incidents.defaults,
            public_url: config.public_url,
            pages,
            audit: installs.audit(),
        }
    }

    /// The same with the tokens of the installs, or the one of the configuration.
    pub fn of(
        config: DeskConfig,
        installs: &Installs,
        one: Option<SecretSource>,
        ssm: impl Fn() -> Arc<dyn Secrets> + Copy,
    ) -> Arc<Self> {
        let tokens = installs.tokens(one, ssm);
        Arc::new(Self::open(config, installs, tokens, ssm))
    }

    /// A desk for what Slack tells, where no token is: nothing is asked of Slack there, and no form is opened.
    pub fn without_slack(
        config: DeskConfig,
        table: &Table,
        audit: Audit,
    ) -> Result<Self, OpenError> {
        let http = http_client::build()?;
        Ok(Self {
            slack: SlackClient::new(http.clone(), SLACK_API)?,
            tokens: Arc::new(NoTokens),
            defaults: config.incidents.defaults,
            public_url: config.public_url,
            pages: Pages::new(&table.system(), http, None, None),
            audit,
        })
    }

    /// A workspace's settings.
    pub async fn settings(&self, rows: &Rows) -> Result<Loaded, TableError> {
        store::load(rows, &self.defaults).await
    }

    /// Where the public reads a workspace's status page, if it has one with an address that we know.
    pub fn public_page(&self, tenant: &TenantId, settings: &Settings) -> Option<String> {
        match &settings.status_page {
            StatusPage::BuiltIn { .. } => {
                Some(format!("{}/status/{tenant}", self.public_url.as_deref()?))
            }
            StatusPage::Statuspage { .. } | StatusPage::None => None,
        }
    }
}

/// The tokens of a worker that has none.
struct NoTokens;

#[async_trait]
impl BotTokens for NoTokens {
    async fn token(&self, _tenant: &TenantId) -> Result<SecretString, NoToken> {
        Err(NoToken::Disconnected(
            "this worker has no tokens".to_owned(),
        ))
    }

    async fn refused(&self, _tenant: &TenantId, _token: &SecretString, _code: &str) -> Refused {
        Refused::Stands
    }
}
