//! Stores the tokens of an install. They exist nowhere else, so this is tried several times, and done once.

use std::time::Duration;

use secrecy::ExposeSecret;
use tidegate_outcome::Outcome;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::resume_later;
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};
use tidegate_pipeline::tenants;
use tidegate_slack::api::auth::Revoke;
use tidegate_slack::api::oauth::{Access, AuthedUser};
use tidegate_slack::api::types::Named;
use tidegate_slack::ids::TenantId;

use super::{InstallProblem, Installed, notice};
use crate::Installs;
use crate::erasure;
use crate::grant::{self, Grant, Holder, NamedId, State, Tokens, scopes};
use crate::rights::{self, First};

/// The number of attempts to store new tokens.
const STORE_ATTEMPTS: usize = 8;

impl Installs {
    /// Stores the granted tokens before anything else.
    pub(super) async fn store_install(
        &self,
        tenant: &TenantId,
        access: &Access,
    ) -> Result<Installed, InstallProblem> {
        let mut pause = Duration::from_millis(100);
        let mut tried = 0;
        let mut unclear = None;
        loop {
            tried += 1;
            match self
                .store_unless_erasing(tenant, access, &mut unclear)
                .await
            {
                Ok(Some(grant)) => {
                    let tenant = tenant.clone();
                    return Ok(Installed { tenant, grant });
                }
                Ok(None) | Err(TableError::Erased) => {
                    self.revoke_unstored(access).await;
                    return Err(InstallProblem::Erasing);
                }
                Err(e) if tried == STORE_ATTEMPTS => {
                    tracing::error!(%tenant, error = %e, "install not stored");
                    return Err(InstallProblem::Later(e.to_string()));
                }
                Err(_) => {
                    self.clock.sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
            }
        }
    }

    /// Makes one attempt. `None` if an erasure runs, which would remove the new install or has not seen its tokens.
    async fn store_unless_erasing(
        &self,
        tenant: &TenantId,
        access: &Access,
        unclear: &mut Option<i64>,
    ) -> Result<Option<Grant>, TableError> {
        // Checked at each attempt, right before new keys are made.
        if self.is_erasing(tenant).await? {
            return Ok(None);
        }
        let grant = self.store(tenant, access, unclear).await?;
        if !self.is_erasing(tenant).await? {
            return Ok(Some(grant));
        }
        // The erasure may have destroyed the keys before they were made anew, which took its mark away.
        self.keyring.mark_erased(tenant).await?;
        Ok(None)
    }

    async fn is_erasing(&self, tenant: &TenantId) -> Result<bool, TableError> {
        let system = self.table.system();
        let row = system.rows().get(&erasure::key(tenant)).await?;
        Ok(row.is_some())
    }

    /// Revokes tokens at Slack that will not be stored.
    async fn revoke_unstored(&self, access: &Access) {
        let person = access.authed_user.as_ref();
        let person = person.and_then(|user| user.access_token.as_ref());
        for token in access.access_token.iter().chain(person) {
            let revoked = self.slack.perform(token, &Revoke { test: None }).await;
            if !matches!(revoked, Outcome::Done(_)) {
                tracing::warn!("a token that is not kept was not ended at Slack");
            }
        }
    }

    /// Stores the grants. `unclear` is the generation that an earlier attempt gave to the first grant, if that attempt has stored it or
    /// nobody knows whether it has.
    async fn store(
        &self,
        tenant: &TenantId,
        access: &Access,
        unclear: &mut Option<i64>,
    ) -> Result<Grant, TableError> {
        self.keyring.revive(tenant).await?;
        let (rows, now) = (self.table.tenant(tenant), self.clock.now());
        let granted = granted(access, now);
        let mut seen = Vec::new();
        for grant in &granted {
            let key = grant::key(&grant.holder);
            let row = rows.get(&key).await?;
            let generation = row.as_ref().and_then(|row| row.number("generation"));
            seen.push((generation, row.and_then(|row| Grant::parse(&key, &row))));
        }
        let Some((first, (generation, stored))) = granted.iter().zip(&seen).next() else {
            let why = "an install without a token".to_owned();
            return Err(TableError::Invalid(why));
        };
        // A later generation is that of somebody who has disconnected or installed since.
        let is_stored = match (*unclear, *generation) {
            (Some(unclear), Some(now)) if unclear == now => has_token_of(stored.as_ref(), first),
            (Some(unclear), Some(now)) => unclear < now,
            _ => false,
        };
        if !is_stored {
            if *unclear == *generation {
                // It is another install's, so the earlier attempt was not done.
                *unclear = None;
            }
            let next = generation.unwrap_or(0) + 1;
            let seen: Vec<_> = seen.iter().map(|(generation, _)| *generation).collect();
            let writes = writes(tenant, &rows, access, &granted, &seen, now).await?;
            let ended = rows.transact(writes).await;
            if matches!(ended, Ok(()) | Err(TableError::Unknown(_))) {
                *unclear = Some(next);
            }
            ended?;
        }
        // The tenant is listed now, so that operators see it before its first event.
        let system = self.table.system();
        system.rows().write(tenants::add(tenant)).await?;
        Ok(first.clone())
    }
}

/// Makes the writes that store the grants, tell the admins, and remember the first installer. `seen` has the generation of each
/// grant's row.
async fn writes(
    tenant: &TenantId,
    rows: &Rows,
    access: &Access,
    granted: &[Grant],
    seen: &[Option<i64>],
    now: Timestamp,
) -> Result<Vec<Write<RowKey>>, TableError> {
    let with_seen = granted.iter().zip(seen);
    let mut writes: Vec<_> = with_seen
        .map(|(grant, seen)| grant.store(tenant, *seen))
        .collect();
    let generation = seen.iter().map(|seen| seen.unwrap_or(0) + 1).max();
    let installer = access
        .authed_user
        .as_ref()
        .and_then(|user| user.id.as_ref());
    // Somebody who gives the app only a token of their own has not installed it.
    if access.access_token.is_some() {
        if First::load(rows).await?.is_some() {
            let admins = rights::told(rows).await?;
            let generation = generation.unwrap_or(1);
            writes.extend(notice::writes(&admins, installer, generation, now));
        }
        writes.extend(installer.map(rights::remember_first));
    }
    writes.push(resume_later(tenant, now));
    Ok(writes)
}

fn has_token_of(stored: Option<&Grant>, grant: &Grant) -> bool {
    let token = |grant: &'_ Grant| {
        let tokens = grant.tokens.as_ref();
        tokens.map(|tokens| tokens.access.expose_secret().to_owned())
    };
    stored.is_some_and(|stored| token(stored) == token(grant))
}

/// The grants that Slack gave: the bot's first, and that of the person who installed the app.
fn granted(access: &Access, now: Timestamp) -> Vec<Grant> {
    let expires = |seconds: Option<u64>| seconds.map(|s| now.plus(Duration::from_secs(s)));
    let user = access.authed_user.as_ref();
    let base = Grant {
        holder: Holder::Bot,
        state: State::Connected,
        reason: None,
        generation: 0,
        app_id: access.app_id.clone().unwrap_or_default(),
        team: access.team.as_ref().map(named_id),
        enterprise: access.enterprise.as_ref().map(named_id),
        scopes: scopes(&access.scope),
        installer: user.and_then(|user| user.id.clone()),
        bot_user: access.bot_user_id.clone(),
        bot_id: None,
        installed_at: now,
        tokens: None,
    };
    let bot = access.access_token.as_ref().map(|token| Grant {
        tokens: Some(Tokens {
            access: token.clone(),
            refresh: access.refresh_token.clone(),
            expires_at: expires(access.expires_in),
        }),
        ..base.clone()
    });
    let person = user.and_then(|user| {
        let tokens = Tokens {
            access: user.access_token.clone()?,
            refresh: user.refresh_token.clone(),
            expires_at: expires(user.expires_in),
        };
        person(&base, user, tokens)
    });
    bot.into_iter().chain(person).collect()
}

fn person(base: &Grant, user: &AuthedUser, tokens: Tokens) -> Option<Grant> {
    Some(Grant {
        holder: Holder::Person(user.id.clone()?),
        scopes: scopes(&user.scope),
        bot_user: None,
        tokens: Some(tokens),
        ..base.clone()
    })
}

fn named_id(named: &Named) -> NamedId {
    NamedId {
        id: named.id.as_str().to_owned(),
        name: named.name.clone(),
    }
}
