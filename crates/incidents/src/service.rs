//! What handling incidents needs besides the table.

use std::sync::Arc;

use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::delivery::BotTokens;
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{Rows, Table, TableError};
use tidegate_slack::client::SlackClient;
use tidegate_slack::ids::TenantId;

use crate::config::IncidentsConfig;
use crate::model::settings::store::{self, Loaded};
use crate::model::settings::{Settings, StatusPage};
use crate::status_pages::Pages;

/// The domain's name.
pub const NAME: &str = "incidents";

/// Handles incidents.
pub struct Incidents {
    /// Opens modals, whose trigger expires after three seconds: too soon for the outbox.
    pub slack: SlackClient,
    /// The workspaces' bot tokens.
    pub tokens: Arc<dyn BotTokens>,
    /// The settings of workspaces that have stored none.
    pub defaults: Settings,
    /// The address at which browsers reach the API, without a trailing slash.
    pub public_url: Option<String>,
    /// The status pages.
    pub pages: Pages,
    /// Records changes of settings.
    pub audit: Audit,
}

/// What [`Incidents`] stands on.
pub struct Parts {
    /// Rows of all tenants.
    pub table: Table,
    /// Calls Slack, and other services through the same HTTP client.
    pub slack: SlackClient,
    /// The workspaces' bot tokens.
    pub tokens: Arc<dyn BotTokens>,
    /// Records changes of settings.
    pub audit: Audit,
    /// The address at which browsers reach the API (`TIDEGATE_PUBLIC_URL`).
    pub public_url: Option<String>,
}

impl Incidents {
    /// Incidents as configured. `ssm` opens Parameter Store, if it holds the status page's key.
    pub fn new(
        config: IncidentsConfig,
        parts: Parts,
        ssm: impl FnOnce() -> Arc<dyn Secrets>,
    ) -> Self {
        let key = config.status_page_key;
        let pages = Pages::new(
            &parts.table.system(),
            parts.slack.http().clone(),
            key.map(|key| key.open("STATUSPAGE_API_KEY", ssm)),
            config.status_page_api,
        );
        Self {
            slack: parts.slack,
            tokens: parts.tokens,
            defaults: config.defaults,
            public_url: parts.public_url,
            pages,
            audit: parts.audit,
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
