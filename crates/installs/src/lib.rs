#![doc = include_str!("../README.md")]

mod admins;
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
mod rights;
mod rotation;
mod shown;
mod state;
mod status;
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
pub use self::erasure::{Erased, ErasureError};
use self::grant::{Grant, Holder, State};
pub(crate) use self::oauth::app_of;
pub use self::open::OpenError;

/// How long before its end a token is renewed. If that fails, there is time to warn people while the old one still works.
pub const REFRESH_AHEAD: Duration = Duration::from_hours(2);

/// How long a token must still be valid when somebody begins to use it.
pub const USABLE_FOR: Duration = Duration::from_mins(2);

/// The Slack app that workspaces install.
#[derive(Clone)]
pub struct SlackApp {
    /// The public id of the app (`SLACK_CLIENT_ID`).
    pub client_id: String,
    /// The store that holds the client secret.
    pub secrets: Arc<dyn Secrets>,
    /// The name of the client secret in that store.
    pub secret_name: String,
    /// The scopes that the bot asks for.
    pub scopes: BotScopes,
    /// The scopes that the app asks of people.
    pub user_scopes: Vec<String>,
}

/// The installs of all workspaces, with everything that is needed to change them.
#[derive(Clone)]
pub struct Installs {
    /// The rows of all tenants.
    pub table: Table,
    /// The data keys that seal the rows.
    pub keyring: Arc<Keyring>,
    /// The clock that decides when tokens end.
    pub clock: Arc<dyn Clock>,
    /// The client of Slack's Web API.
    pub slack: SlackClient,
    /// The queue that wake-ups of outbox lanes are sent to.
    pub wake_ups: Arc<dyn Queue>,
    /// The app. `None` if the configuration has one workspace's token instead.
    pub app: Option<SlackApp>,
    /// Whether no other process uses the table. An erasure then need not wait for other processes to forget keys.
    pub exclusive: bool,
}

/// The reason why there is no usable token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InstallError {
    /// The workspace is not connected.
    #[error("the workspace is not connected: {0}")]
    Disconnected(String),
    /// The table, a secret or Slack was unavailable. The caller may try again.
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
    /// Returns the audit trail of all tenants.
    pub fn audit(&self) -> Audit {
        Audit::new(
            self.table.clone(),
            Arc::clone(&self.keyring),
            Arc::clone(&self.clock),
        )
    }

    /// Loads the bot's grant of a tenant. `None` if the app was never installed.
    pub async fn bot(&self, tenant: &TenantId) -> Result<Option<Grant>, InstallError> {
        self.grant(&self.table.tenant(tenant), &Holder::Bot).await
    }

    /// Loads every grant of a tenant, the bot's first.
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

    /// Ends a grant: removes its secrets and stores the reason.
    async fn end(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
        reason: &str,
    ) -> Result<(), InstallError> {
        match rows.write(ended(seen, reason)).await {
            Ok(_) => {}
            // The grant was installed again, renewed or ended in the meantime.
            Err(TableError::Condition) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
        tracing::warn!(%tenant, reason, "install.ended");
        self.note(tenant, &Actor::Slack, "install.end", reason)
            .await;
        Ok(())
    }

    /// Records in the audit trail what has already happened. If the trail does not answer, the error is only logged.
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

/// Loads every grant in a tenant's rows.
async fn grants(rows: &Rows) -> Result<Vec<Grant>, TableError> {
    let found = rows.pages(&["install"], Range::All).all().await?;
    let read = |(key, row): &(RowKey, Item)| Grant::parse(key, row);
    Ok(found.iter().filter_map(read).collect())
}

/// Makes the write that ends a grant, if its generation is still the one that was seen.
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
