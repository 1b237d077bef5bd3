#![doc = include_str!("../README.md")]

mod callback;
pub mod config;
mod connection;
pub mod domain;
mod erasure;
pub mod grant;
mod login;
mod oauth;
mod open;
mod pages;
mod reseal;
pub mod revocation;
mod rotation;
mod state;
mod tokens;
mod upkeep;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use thiserror::Error;
use tidegate_pipeline::audit::{Actor, Audit};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, Table, TableError, Write};
use tidegate_slack::api::AppCredentials;
use tidegate_slack::client::SlackClient;
use tidegate_slack::ids::TenantId;

use self::config::BotScopes;
pub(crate) use self::connection::line;
pub use self::erasure::{Erased, ErasureError};
use self::grant::{Grant, Holder, State};
pub(crate) use self::oauth::app_of;
pub use self::open::OpenError;

/// How long before its end a token is renewed: long enough to tell people while the old one still works.
pub const REFRESH_AHEAD: Duration = Duration::from_hours(2);

/// How long a token must be good for when somebody begins to use it.
pub const USABLE_FOR: Duration = Duration::from_mins(2);

/// The Slack app whose installs these are.
#[derive(Clone)]
pub struct SlackApp {
    /// `SLACK_CLIENT_ID`.
    pub client_id: String,
    /// Holds the client secret.
    pub secrets: Arc<dyn Secrets>,
    /// The client secret's name there.
    pub secret_name: String,
    /// Scopes that the bot asks for.
    pub scopes: BotScopes,
    /// Scopes that the app asks for in people's names.
    pub user_scopes: Vec<String>,
}

/// The installs, and what works on them.
#[derive(Clone)]
pub struct Installs {
    /// Rows of all tenants.
    pub table: Table,
    /// The keys that seal them.
    pub keyring: Arc<Keyring>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Calls Slack.
    pub slack: SlackClient,
    /// Where wake-ups go.
    pub wake_ups: Arc<dyn Queue>,
    /// The app; `None` when one workspace's token comes from the configuration.
    pub app: Option<SlackApp>,
    /// Whether no other process works on the table: then nobody can hold an erased tenant's key any more.
    pub exclusive: bool,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InstallError {
    /// The workspace is not connected.
    #[error("the workspace is not connected: {0}")]
    Disconnected(String),
    /// Something did not answer; try again.
    #[error("{0}")]
    Later(String),
}

impl InstallError {
    fn disconnected(why: &str) -> Self {
        Self::Disconnected(why.to_owned())
    }
}

impl From<TableError> for InstallError {
    fn from(e: TableError) -> Self {
        match e {
            TableError::Erased => Self::Disconnected(e.to_string()),
            e => Self::Later(e.to_string()),
        }
    }
}

impl Installs {
    /// The audit trail.
    pub fn audit(&self) -> Audit {
        Audit::new(
            self.table.clone(),
            Arc::clone(&self.keyring),
            Arc::clone(&self.clock),
        )
    }

    /// The bot's grant of a tenant.
    pub async fn bot(&self, tenant: &TenantId) -> Result<Option<Grant>, InstallError> {
        self.grant(&self.table.tenant(tenant), &Holder::Bot).await
    }

    /// Every grant of a tenant, the bot's first.
    pub async fn grants(&self, tenant: &TenantId) -> Result<Vec<Grant>, InstallError> {
        grants(&self.table.tenant(tenant)).await.map_err(Into::into)
    }

    async fn grant(&self, rows: &Rows, holder: &Holder) -> Result<Option<Grant>, InstallError> {
        let key = grant::key(holder);
        let row = rows.get(&key).await?;
        Ok(row.and_then(|row| Grant::parse(&key, &row)))
    }

    pub(crate) async fn credentials(&self) -> Result<AppCredentials, InstallError> {
        let app = self.app.as_ref();
        let app =
            app.ok_or_else(|| InstallError::Later("no Slack app is configured".to_owned()))?;
        let secret = app.secrets.get(&app.secret_name).await;
        let client_secret: SecretString = secret.map_err(|e| InstallError::Later(e.to_string()))?;
        Ok(AppCredentials {
            client_id: app.client_id.clone(),
            client_secret,
        })
    }

    /// Ends a grant: its secrets are gone, and why is kept.
    async fn end(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
        reason: &str,
    ) -> Result<(), InstallError> {
        match rows.write(ended(seen, reason)).await {
            Ok(_) => {}
            // It was installed again, renewed, or has been ended.
            Err(TableError::Condition) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
        tracing::warn!(%tenant, reason, "install.ended");
        self.note(tenant, &Actor::Slack, "install.end", reason)
            .await;
        Ok(())
    }

    /// Leaves an audit row; what it tells has happened, so a trail that does not answer stops nothing.
    async fn note(&self, tenant: &TenantId, actor: &Actor, action: &'static str, detail: &str) {
        let audit = self.audit();
        for _ in 0..3 {
            match audit.record(tenant, actor, action, detail).await {
                Ok(()) => return,
                Err(e) => tracing::error!(%tenant, action, error = %e, "audit row not written"),
            }
            self.clock.sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Every grant in a tenant's rows.
async fn grants(rows: &Rows) -> Result<Vec<Grant>, TableError> {
    let found = rows.pages(&["install"], Range::All).all().await?;
    let read = |(key, row): &(RowKey, Item)| Grant::parse(key, row);
    Ok(found.iter().filter_map(read).collect())
}

/// The write that ends a grant as it was seen.
fn ended(seen: &Grant, reason: &str) -> Write<RowKey> {
    Write::update(
        grant::key(&seen.holder),
        "SET #state = :ended, #reason = :reason ADD #generation :one \
         REMOVE #access_token, #refresh_token, #expires_at_ms, #due, #due_at, #refreshing_until",
    )
    .when("#generation = :seen AND #state <> :ended")
    .value(":seen", seen.generation)
    .value(":one", 1i64)
    .value(":ended", State::Disconnected.as_str())
    .value(":reason", reason)
}
