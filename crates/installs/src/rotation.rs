//! Rotates tokens, with one refresh per expiry even if many callers need the token at the same time.
//!
//! A refresh token works once, so a process takes a lease before it refreshes, and others wait for the result. New tokens are
//! stored before they are used. The write is guarded by the grant's generation and not by the lease: a process that was frozen
//! for longer than its lease may still hold the only valid refresh token, and stores it unless a newer one was stored.

mod reconnect;
mod storing;

use std::time::Duration;

use metrics::counter;
use secrecy::{ExposeSecret, SecretString};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Rows, TableError, Write};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::oauth::AccessByRefresh;
use tidegate_slack::ids::TenantId;

use super::grant::{self, Grant, Holder, State, Tokens};
use super::{InstallError, Installs, REFRESH_AHEAD, USABLE_FOR};

/// How long a refresh may take before others may try. It covers the timeout of the request and the writes after it.
const LEASE: Duration = Duration::from_secs(20);

/// The pause between two checks whether another process has finished its refresh.
const CHECK_PAUSE: Duration = Duration::from_millis(250);

/// The number of checks before a caller gives up and has to ask again later.
const MAX_CHECKS: usize = 24;

/// How long after it was called a process may begin a refresh. The request and the writes after it must end before the
/// process is stopped.
const BEGIN_WITHIN: Duration = Duration::from_secs(1);

/// Slack's error code for a refresh token that was used or revoked.
const INVALID_REFRESH_TOKEN: &str = "invalid_refresh_token";

impl Installs {
    /// Returns a token that is valid for at least [`USABLE_FOR`], and renews it if necessary. `refused` is a token that Slack
    /// rejects even though it has not expired.
    pub async fn renewed(
        &self,
        tenant: &TenantId,
        holder: &Holder,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, InstallError> {
        self.valid_for(USABLE_FOR, tenant, holder, refused).await
    }

    /// Renews a token that ends within [`REFRESH_AHEAD`].
    pub(super) async fn renew_ahead(
        &self,
        tenant: &TenantId,
        holder: &Holder,
    ) -> Result<(), InstallError> {
        self.valid_for(REFRESH_AHEAD, tenant, holder, None)
            .await
            .map(|_| ())
    }

    async fn valid_for(
        &self,
        ahead: Duration,
        tenant: &TenantId,
        holder: &Holder,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, InstallError> {
        let (rows, began) = (self.table.tenant(tenant), self.clock.now());
        for _ in 0..MAX_CHECKS {
            let seen = self.grant(&rows, holder).await?;
            let seen = seen.ok_or_else(|| InstallError::disconnected("it was never installed"))?;
            let tokens = self.usable(&seen)?;
            // A token that cannot be renewed is used until it ends.
            if seen.state == State::Reconnect || !self.must_renew(&tokens, refused, ahead) {
                return Ok(tokens.access);
            }
            let Some(refresh) = &tokens.refresh else {
                return Err(InstallError::disconnected("its token has ended"));
            };
            let now = self.clock.now();
            let lease = if now.since(began) < BEGIN_WITHIN {
                self.take_lease(&rows, &seen, now).await?
            } else {
                None
            };
            let Some(lease) = lease else {
                self.clock.sleep(CHECK_PAUSE).await;
                continue;
            };
            // `None` means that another process has stored newer tokens in the meantime.
            if let Some(token) = self
                .refresh_to_the_end(tenant, &rows, &seen, refresh, lease)
                .await?
            {
                return Ok(token);
            }
        }
        Err(InstallError::Later(
            "another refresh does not end".to_owned(),
        ))
    }

    fn must_renew(&self, tokens: &Tokens, refused: Option<&SecretString>, ahead: Duration) -> bool {
        let soon = self.clock.now().plus(ahead);
        let ends = tokens.expires_at.is_some_and(|at| at < soon);
        ends || refused
            .is_some_and(|refused| refused.expose_secret() == tokens.access.expose_secret())
    }

    /// Returns the tokens of a grant. Fails if they have ended or were removed.
    fn usable(&self, grant: &Grant) -> Result<Tokens, InstallError> {
        let reason = grant.reason.as_deref().unwrap_or("it was disconnected");
        let tokens = grant.tokens.clone();
        let tokens = tokens.ok_or_else(|| InstallError::disconnected(reason))?;
        let over = tokens.expires_at.is_some_and(|at| at <= self.clock.now());
        if grant.state == State::Reconnect && over {
            return Err(InstallError::disconnected(reason));
        }
        Ok(tokens)
    }

    /// Takes the lease and returns its end. `None` if another process holds it.
    async fn take_lease(
        &self,
        rows: &Rows,
        seen: &Grant,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, InstallError> {
        let until = now.plus(LEASE);
        let take = Write::update(grant::key(&seen.holder), "SET #refreshing_until = :until")
            .when("#generation = :seen AND (attribute_not_exists(#refreshing_until) OR #refreshing_until < :now)")
            .value(":seen", seen.generation)
            .value(":now", now.millis())
            .value(":until", until.millis());
        match rows.write(take).await {
            Ok(_) => Ok(Some(until)),
            Err(TableError::Condition) => Ok(None),
            // The lease may have been taken. It ends by itself.
            Err(e) => Err(e.into()),
        }
    }

    /// Refreshes the tokens in a task of its own. A caller that stops waiting, for example because its deadline has passed, must
    /// not end a refresh between Slack's answer, which voids the old tokens, and the write that stores the new ones.
    async fn refresh_to_the_end(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
        refresh: &SecretString,
        lease: Timestamp,
    ) -> Result<Option<SecretString>, InstallError> {
        let (installs, tenant, rows) = (self.clone(), tenant.clone(), rows.clone());
        let (seen, refresh) = (seen.clone(), refresh.clone());
        let task = tokio::spawn(async move {
            let refreshing = installs.refresh(&tenant, &rows, &seen, &refresh, lease);
            refreshing.await
        });
        let later = |_| Err(InstallError::Later("the refresh has stopped".to_owned()));
        task.await.unwrap_or_else(later)
    }

    /// Refreshes the tokens under the lease. `None` if newer tokens were stored in the meantime.
    async fn refresh(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
        refresh: &SecretString,
        lease: Timestamp,
    ) -> Result<Option<SecretString>, InstallError> {
        let credentials = self.credentials().await?;
        let request = AccessByRefresh {
            refresh_token: refresh.clone(),
            ..AccessByRefresh::default()
        };
        match self.slack.perform(&credentials, &request).await {
            Outcome::Done(access) => self.store_renewed(tenant, rows, seen, access).await,
            Outcome::Refused(Refusal::Rejected(
                SlackRejection::Permanent(code) | SlackRejection::Credential(code),
            )) if code == INVALID_REFRESH_TOKEN => {
                self.refresh_token_used(tenant, rows, seen).await
            }
            Outcome::Refused(Refusal::RateLimited { retry_after }) => {
                let until = self.clock.now().plus(Duration::from_secs(retry_after));
                self.end_lease(rows, seen, lease, until).await;
                Err(InstallError::Later("Slack limits refreshes".to_owned()))
            }
            Outcome::Refused(why) => {
                // The app's id or secret is wrong, or Slack was unreachable.
                self.end_lease(rows, seen, lease, self.clock.now()).await;
                tracing::error!(%tenant, %why, "token.refresh_refused");
                counter!("token_refresh_failed_total").increment(1);
                Err(InstallError::Later(format!("refresh refused: {why}")))
            }
            Outcome::Ambiguous(why) => {
                self.end_lease(rows, seen, lease, self.clock.now()).await;
                Err(InstallError::Later(format!(
                    "no answer to a refresh: {why}"
                )))
            }
        }
    }

    /// Ends our lease. A lease that another process took later stays.
    async fn end_lease(&self, rows: &Rows, seen: &Grant, lease: Timestamp, until: Timestamp) {
        let end = Write::update(grant::key(&seen.holder), "SET #refreshing_until = :until")
            .when("#generation = :seen AND #refreshing_until = :lease")
            .value(":seen", seen.generation)
            .value(":lease", lease.millis())
            .value(":until", until.millis() - 1);
        // If this fails, the lease ends by itself.
        let _ = rows.write(end).await;
    }
}
