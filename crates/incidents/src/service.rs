//! The service that handles incidents, with everything it needs besides the table.

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

/// The domain's name, which its posts and its rows in the ledger carry.
pub const NAME: &str = "incidents";

/// Handles everything that concerns incidents: events, commands, interactions, timers, effects and routes.
pub struct Incidents {
    /// Opens modals directly, because a trigger expires after three seconds, which is too short for the outbox.
    pub slack: SlackClient,
    /// The workspaces' bot tokens.
    pub tokens: Arc<dyn BotTokens>,
    /// The settings for workspaces that have stored none.
    pub defaults: Settings,
    /// The API's public address without a trailing slash; `None` if it has none.
    pub public_url: Option<String>,
    /// The clients of the status pages.
    pub pages: Pages,
    /// The audit trail, which records changes of settings.
    pub audit: Audit,
}

/// The dependencies of [`Incidents`].
pub struct Parts {
    /// Rows of all tenants.
    pub table: Table,
    /// Calls Slack, and other services through the same HTTP client.
    pub slack: SlackClient,
    /// The workspaces' bot tokens.
    pub tokens: Arc<dyn BotTokens>,
    /// The audit trail, which records changes of settings.
    pub audit: Audit,
    /// The API's public address without a trailing slash (`TIDEGATE_PUBLIC_URL`).
    pub public_url: Option<String>,
}

impl Incidents {
    /// Makes the service. `ssm` opens Parameter Store and is called only if that holds the status page's API key.
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

    /// Loads a workspace's settings, or the defaults.
    pub async fn settings(&self, rows: &Rows) -> Result<Loaded, TableError> {
        store::load(rows, &self.defaults).await
    }

    /// The public address of a workspace's status page; `None` if it has none or the address is unknown.
    pub fn public_page(&self, tenant: &TenantId, settings: &Settings) -> Option<String> {
        match &settings.status_page {
            StatusPage::BuiltIn { .. } => {
                Some(format!("{}/status/{tenant}", self.public_url.as_deref()?))
            }
            StatusPage::Statuspage { .. } | StatusPage::None => None,
        }
    }
}
