//! What handling incidents needs besides the table: Slack, the settings that apply without any, the address of the API,
//! and the status pages.

use std::sync::Arc;

use tidegate_pipeline::delivery::BotTokens;
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::client::SlackClient;
use tidegate_slack::ids::TenantId;

use super::pages::Pages;
use super::settings::store::{self, Loaded};
use super::settings::{Settings, StatusPage};
use crate::api::Site;
use crate::config::{IncidentsConfig, Settings as Environment};
use crate::installs::Installs;

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
        }
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
