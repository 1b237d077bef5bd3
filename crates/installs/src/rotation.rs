//! Token rotation: one refresh per expiry, however many want the token at that moment.
//!
//! A refresh token works once, so whoever refreshes takes a lease first, and others wait for what it stores. Nothing
//! new is used before it is stored. What is stored is fenced by the grant's generation and not by the lease: a refresher
//! that was frozen for longer than its lease may still hold the only good refresh token, and stores it unless somebody
//! else has stored a newer one.

use std::time::Duration;

use metrics::counter;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{resume, resume_later};
use tidegate_pipeline::outbox::{self, Class, Lane, Post, Target};
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::auth::Revoke;
use tidegate_slack::api::oauth::{Access, AccessByRefresh};
use tidegate_slack::ids::{ChannelId, TenantId};

use super::domain::NAME;
use super::grant::{self, Grant, Holder, State, Tokens};
use super::{InstallError, Installs, REFRESH_AHEAD, USABLE_FOR};

/// How long a refresher may take before others may try: the request's own timeout, and the writes after it.
const LEASE: Duration = Duration::from_secs(20);

/// Pause before looking again whether another's refresh has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Looks before giving up; whoever wants the token asks again later.
const LOOKS: usize = 24;

/// How long somebody may have waited who begins to refresh: the request and the writes after it must end before the
/// process that makes them.
const BEGIN_WITHIN: Duration = Duration::from_secs(1);

/// Tries to store new tokens; nobody else has them.
const STORE_TRIES: usize = 8;

/// Slack's word for a refresh token that was used or revoked.
const USED_UP: &str = "invalid_refresh_token";

impl Installs {
    /// A token that is good for at least [`USABLE_FOR`], renewed if need be. `refused` is one that Slack does not take
    /// any more, whatever its expiry says.
    pub async fn renewed(
        &self,
        tenant: &TenantId,
        holder: &Holder,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, InstallError> {
        self.good_for(USABLE_FOR, tenant, holder, refused).await
    }

    /// Renews a token that ends within [`REFRESH_AHEAD`].
    pub(super) async fn renew_ahead(
        &self,
        tenant: &TenantId,
        holder: &Holder,
    ) -> Result<(), InstallError> {
        self.good_for(REFRESH_AHEAD, tenant, holder, None)
            .await
            .map(|_| ())
    }

    async fn good_for(
        &self,
        ahead: Duration,
        tenant: &TenantId,
        holder: &Holder,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, InstallError> {
        let (rows, began) = (self.table.tenant(tenant), self.clock.now());
        for _ in 0..LOOKS {
            let seen = self.grant(&rows, holder).await?;
            let seen = seen.ok_or_else(|| InstallError::disconnected("it was never installed"))?;
            let tokens = self.usable(&seen)?;
            // One that nothing can renew is used as long as it lives.
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
                self.clock.sleep(LOOK_AGAIN).await;
                continue;
            };
            // None when somebody else has stored newer tokens meanwhile.
            if let Some(token) = self.refresh(tenant, &rows, &seen, refresh, lease).await? {
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

    /// The tokens of a grant, if it is good for anything.
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

    /// The end of the lease, if nobody else has one.
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
            // Perhaps it is ours: it ends by itself.
            Err(e) => Err(e.into()),
        }
    }

    /// Refreshes under the lease. `None` when newer tokens were found.
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
            Outcome::Done(access) => self.keep(tenant, rows, seen, access).await,
            Outcome::Refused(Refusal::Rejected(
                SlackRejection::Permanent(code) | SlackRejection::Credential(code),
            )) if code == USED_UP => self.used_up(tenant, rows, seen).await,
            Outcome::Refused(Refusal::RateLimited { retry_after }) => {
                let until = self.clock.now().plus(Duration::from_secs(retry_after));
                self.end_lease(rows, seen, lease, until).await;
                Err(InstallError::Later("Slack limits refreshes".to_owned()))
            }
            Outcome::Refused(why) => {
                // The app's own id or secret is wrong, or Slack was not reached.
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

    /// Stores new tokens before anyone uses them.
    async fn keep(
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
        match self.insist(rows, writes).await {
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
        // Whoever took our token for lost meanwhile has let posts wait for an install.
        let resumed = resume(&self.table, &*self.wake_ups, &*self.clock, tenant).await;
        if let Err(e) = resumed {
            tracing::error!(%tenant, error = %e, "held posts not resumed");
        }
        Ok(Some(token))
    }

    /// Ends a fresh token whose install was ended while it was made.
    async fn end_unwanted(&self, rows: &Rows, seen: &Grant, token: &SecretString) {
        let now = self.grant(rows, &seen.holder).await;
        let connected = matches!(now, Ok(Some(grant)) if grant.state != State::Disconnected);
        if !connected {
            let revoke = Revoke { test: None };
            let ended = self.slack.perform(token, &revoke).await;
            tracing::warn!(ended = matches!(ended, Outcome::Done(_)), "token.unwanted");
        }
    }

    /// A refresh token that was used before: by a refresher whose tokens are stored, or by one that lost them.
    async fn used_up(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
    ) -> Result<Option<SecretString>, InstallError> {
        let now = self.grant(rows, &seen.holder).await?;
        if now.is_none_or(|now| now.generation != seen.generation) {
            return Ok(None);
        }
        self.must_reconnect(tenant, rows, seen, USED_UP).await?;
        Ok(None)
    }

    /// Marks a grant as to be installed again and tells whoever installed it, while there is a token to tell it with.
    pub(super) async fn must_reconnect(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
        reason: &str,
    ) -> Result<(), InstallError> {
        let mark = Write::update(
            grant::key(&seen.holder),
            "SET #state = :reconnect, #reason = :reason REMOVE #due, #due_at, #refreshing_until",
        )
        .when("#generation = :seen AND #state = :connected")
        .value(":seen", seen.generation)
        .value(":connected", State::Connected.as_str())
        .value(":reconnect", State::Reconnect.as_str())
        .value(":reason", reason);
        let mut writes = vec![mark];
        // A token that has ended tells nobody, and after the install that follows there is nothing to tell.
        let now = self.clock.now();
        let tokens = seen.tokens.as_ref();
        let alive = tokens.is_some_and(|t| t.expires_at.is_none_or(|at| at > now));
        if let Some(installer) = seen.installer.as_ref().filter(|_| alive) {
            let id = format!("reconnect.{}", seen.generation);
            writes.push(outbox::insert(
                &id,
                NAME,
                0,
                &notice(installer.as_str()),
                now,
            ));
        }
        match rows.transact(writes).await {
            Ok(()) => {}
            // Somebody else has, or it was installed again.
            Err(TableError::Cancelled(_)) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
        tracing::error!(%tenant, reason, "install.reconnect: somebody has to install the app again");
        counter!("install_reconnect_total").increment(1);
        self.note(tenant, &Actor::System, "install.reconnect", reason)
            .await;
        Ok(())
    }

    /// Ends our lease, not one that somebody else has taken after it.
    async fn end_lease(&self, rows: &Rows, seen: &Grant, lease: Timestamp, until: Timestamp) {
        let end = Write::update(grant::key(&seen.holder), "SET #refreshing_until = :until")
            .when("#generation = :seen AND #refreshing_until = :lease")
            .value(":seen", seen.generation)
            .value(":lease", lease.millis())
            .value(":until", until.millis() - 1);
        // If this fails the lease ends by itself.
        let _ = rows.write(end).await;
    }

    /// Asks a table that stumbles again: what is to be stored exists only here. An unclear answer is cleared up by the
    /// next try, whose condition fails if the first one was done.
    async fn insist(&self, rows: &Rows, writes: Vec<Write<RowKey>>) -> Result<(), TableError> {
        let mut unclear = false;
        let mut pause = Duration::from_millis(100);
        for _ in 1..STORE_TRIES {
            match rows.transact(writes.clone()).await {
                Err(TableError::Cancelled(_)) if unclear => return Ok(()),
                Err(TableError::Busy(_)) => {}
                Err(TableError::Unknown(_)) => unclear = true,
                ended => return ended,
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        rows.transact(writes).await
    }
}

fn notice(installer: &str) -> Post {
    let text = "Tidegate can no longer renew its connection to this workspace. Please install it again; what waits \
                is sent then.";
    Post {
        lane: Lane::channel(&ChannelId::from(installer)),
        target: Target::Channel,
        body: json!({"channel": installer, "text": text}),
        class: Class::AtMostOnce,
        purpose: "reconnect_notice",
    }
}
