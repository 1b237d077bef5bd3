//! Stores the tokens that a refresh returned.

use std::time::Duration;

use metrics::counter;
use secrecy::SecretString;
use tidegate_outcome::Outcome;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::delivery::{resume, resume_later};
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};
use tidegate_slack::api::auth::Revoke;
use tidegate_slack::api::oauth::Access;
use tidegate_slack::ids::TenantId;

use crate::grant::{Grant, State, Tokens};
use crate::{InstallError, Installs};

/// The number of attempts to store new tokens, which exist nowhere else.
const STORE_ATTEMPTS: usize = 8;

impl Installs {
    /// Stores new tokens, and returns the access token only after that.
    pub(super) async fn store_renewed(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
        access: Access,
    ) -> Result<Option<SecretString>, InstallError> {
        let Some(token) = access.access_token else {
            return Err(InstallError::Later(
                "the refresh brought no token".to_owned(),
            ));
        };
        let expires = |seconds| self.clock.now().plus(Duration::from_secs(seconds));
        let next = Grant {
            state: State::Connected,
            reason: None,
            tokens: Some(Tokens {
                access: token.clone(),
                refresh: access.refresh_token,
                expires_at: access.expires_in.map(expires),
            }),
            ..seen.clone()
        };
        let store = next.store(tenant, Some(seen.generation));
        let writes = vec![store, resume_later(tenant, self.clock.now())];
        match self.store_with_retries(rows, writes).await {
            Ok(()) => {}
            Err(TableError::Cancelled(_) | TableError::Erased) => {
                self.end_unwanted(rows, seen, &token).await;
                return Ok(None);
            }
            Err(e) => {
                tracing::error!(%tenant, error = %e, "token.not_stored");
                counter!("token_refresh_failed_total").increment(1);
                return Err(e.into());
            }
        }
        counter!("tidegate_token_refreshes_total").increment(1);
        self.note(tenant, &Actor::System, "token.refresh", "").await;
        // Another process may have considered the tokens lost and held posts until the next install.
        let resumed = resume(&self.table, &*self.wake_ups, &*self.clock, tenant).await;
        if let Err(e) = resumed {
            tracing::error!(%tenant, error = %e, "held posts not resumed");
        }
        Ok(Some(token))
    }

    /// Revokes a new token if its install ended during the refresh.
    async fn end_unwanted(&self, rows: &Rows, seen: &Grant, token: &SecretString) {
        let now = self.grant(rows, &seen.holder).await;
        let connected = matches!(now, Ok(Some(grant)) if grant.state != State::Disconnected);
        if !connected {
            let revoke = Revoke { test: None };
            let ended = self.slack.perform(token, &revoke).await;
            tracing::warn!(ended = matches!(ended, Outcome::Done(_)), "token.unwanted");
        }
    }

    /// Repeats a transaction while the table is unavailable, because the new tokens exist only here. If the outcome of one attempt
    /// is unknown, a failed condition in a later attempt shows that it succeeded.
    async fn store_with_retries(
        &self,
        rows: &Rows,
        writes: Vec<Write<RowKey>>,
    ) -> Result<(), TableError> {
        let mut unclear = false;
        let mut pause = Duration::from_millis(100);
        for _ in 1..STORE_ATTEMPTS {
            match rows.transact(writes.clone()).await {
                Err(TableError::Cancelled(_)) if unclear => return Ok(()),
                Err(TableError::Busy(_) | TableError::Keys(_)) => {}
                Err(TableError::Unknown(_)) => unclear = true,
                ended => return ended,
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        rows.transact(writes).await
    }
}
