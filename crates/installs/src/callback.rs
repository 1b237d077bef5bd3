//! Finishes an install: Slack sends the browser back with a code, Tidegate exchanges it for tokens and stores them.

mod notice;
mod problem;

use std::time::Duration;

use secrecy::SecretString;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::delivery::{resume, resume_later};
use tidegate_pipeline::table::{Rows, TableError, Write};
use tidegate_pipeline::tenants;
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::auth::{Revoke, Test};
use tidegate_slack::api::oauth::{Access, AccessByCode, AuthedUser};
use tidegate_slack::api::types::Named;
use tidegate_slack::ids::TenantId;

pub(crate) use self::problem::InstallProblem;
use super::Installs;
use super::erasure;
use super::grant::{self, Grant, Holder, NamedId, State, Tokens, scopes};
use super::rights::{self, First};
use super::state;

/// The number of attempts to store new tokens, which exist nowhere else.
const STORE_ATTEMPTS: usize = 8;

/// The parameters that the browser brings back from Slack.
#[derive(Debug, Default)]
pub struct Returned<'a> {
    /// The code, which can be exchanged for tokens once.
    pub code: Option<&'a str>,
    /// The state that Tidegate sent along.
    pub state: Option<&'a str>,
    /// Slack's error code, if there is no `code`.
    pub error: Option<&'a str>,
    /// The value of the browser's install cookie.
    pub browser: Option<&'a str>,
}

/// An install whose tokens are stored.
#[derive(Debug)]
pub struct Installed {
    /// The workspace, or the organization for an org-wide install.
    pub tenant: TenantId,
    /// The bot's grant, or the person's if the app asks for no bot scopes.
    pub grant: Grant,
}

impl Installs {
    /// Finishes an install and stores its tokens.
    pub async fn finish(&self, returned: &Returned<'_>) -> Result<Installed, InstallProblem> {
        let state = returned.state.ok_or(InstallProblem::Incomplete)?;
        let system = self.table.system();
        // The state is consumed first, even if Slack reports an error, so that nobody can use it twice.
        let used = state::consume(system.rows(), &*self.clock, state, returned.browser).await;
        let redirect_uri = used?;
        if let Some(error) = returned.error {
            return Err(InstallProblem::Denied(error_code(error)));
        }
        let code = returned.code.ok_or(InstallProblem::Incomplete)?;
        let access = self.exchange(code, redirect_uri).await?;
        let tenant = access.tenant();
        let tenant = tenant.ok_or_else(|| InstallProblem::Code("no workspace named".to_owned()))?;
        let installed = self.store_install(&tenant, &access).await?;
        self.after_install(&installed).await;
        Ok(installed)
    }

    async fn is_erasing(&self, tenant: &TenantId) -> Result<bool, InstallProblem> {
        let system = self.table.system();
        let row = system.rows().get(&erasure::key(tenant)).await;
        let row = row.map_err(|e| InstallProblem::Later(e.to_string()))?;
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

    async fn exchange(&self, code: &str, redirect_uri: String) -> Result<Access, InstallProblem> {
        let credentials = self.credentials().await;
        let credentials = credentials.map_err(|e| InstallProblem::Later(e.to_string()))?;
        let request = AccessByCode {
            code: code.into(),
            redirect_uri: Some(redirect_uri),
        };
        match self.slack.perform(&credentials, &request).await {
            Outcome::Done(access) => Ok(access),
            Outcome::Refused(Refusal::Rejected(
                SlackRejection::Permanent(code) | SlackRejection::Credential(code),
            )) => {
                let app = [
                    "invalid_client_id",
                    "bad_client_secret",
                    "bad_redirect_uri",
                    "invalid_auth",
                ];
                if app.contains(&code.as_str()) {
                    tracing::error!(code, "install: Slack refuses the app's own settings");
                    return Err(InstallProblem::App(code));
                }
                Err(InstallProblem::Code(code))
            }
            Outcome::Refused(why) => Err(InstallProblem::Later(why.to_string())),
            Outcome::Ambiguous(why) => Err(InstallProblem::Later(why)),
        }
    }

    /// Stores the granted tokens before anything else, because they exist nowhere else.
    async fn store_install(
        &self,
        tenant: &TenantId,
        access: &Access,
    ) -> Result<Installed, InstallProblem> {
        let rows = self.table.tenant(tenant);
        let mut pause = Duration::from_millis(100);
        let mut tried = 0;
        loop {
            tried += 1;
            // A running erasure would remove the new install. This is checked at each attempt, right before new keys are made.
            if self.is_erasing(tenant).await? {
                self.revoke_unstored(access).await;
                return Err(InstallProblem::Erasing);
            }
            match self.store(tenant, &rows, access).await {
                // An erasure that began meanwhile has not seen these tokens.
                Ok(_) if self.is_erasing(tenant).await? => {
                    self.revoke_unstored(access).await;
                    return Err(InstallProblem::Erasing);
                }
                Ok(grant) => {
                    let tenant = tenant.clone();
                    return Ok(Installed { tenant, grant });
                }
                Err(TableError::Erased) => {
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

    async fn store(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        access: &Access,
    ) -> Result<Grant, TableError> {
        self.keyring.revive(tenant).await?;
        let now = self.clock.now();
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
        let mut granted = Vec::new();
        if let Some(token) = &access.access_token {
            let tokens = Tokens {
                access: token.clone(),
                refresh: access.refresh_token.clone(),
                expires_at: expires(access.expires_in),
            };
            granted.push(Grant {
                tokens: Some(tokens),
                ..base.clone()
            });
        }
        granted.extend(user.and_then(|user| {
            let tokens = Tokens {
                access: user.access_token.clone()?,
                refresh: user.refresh_token.clone(),
                expires_at: expires(user.expires_in),
            };
            person(&base, user, tokens)
        }));
        let mut writes = Vec::new();
        let mut generation = 0;
        for grant in &granted {
            let seen = rows.get(&grant::key(&grant.holder)).await?;
            let seen = seen.and_then(|row| row.number("generation"));
            generation = generation.max(seen.unwrap_or(0) + 1);
            writes.push(grant.store(tenant, seen));
        }
        // Somebody who gives the app only a token of their own has not installed it.
        let installs_bot = access.access_token.is_some();
        if installs_bot && First::load(rows).await?.is_some() {
            let admins = rights::told(rows).await?;
            let installer = base.installer.as_ref();
            writes.extend(notice::writes(&admins, installer, generation, now));
        }
        writes.push(resume_later(tenant, now));
        let first = base.installer.as_ref().filter(|_| installs_bot);
        writes.extend(first.map(rights::remember_first));
        rows.transact(writes).await?;
        // The tenant is listed now, so that operators see it before its first event.
        let system = self.table.system();
        system.rows().write(tenants::add(tenant)).await?;
        let first = granted.into_iter().next();
        first.ok_or_else(|| TableError::Invalid("an install without a token".to_owned()))
    }

    /// Does the steps whose failure does not undo the install.
    async fn after_install(&self, installed: &Installed) {
        let (tenant, grant) = (&installed.tenant, &installed.grant);
        let actor = grant.installer.clone().map_or(Actor::Slack, Actor::Person);
        self.note(tenant, &actor, "install", &grant.scopes.join(","))
            .await;
        if let (Holder::Bot, Some(tokens)) = (&grant.holder, &grant.tokens) {
            self.learn_bot_id(tenant, &tokens.access).await;
        }
        match resume(&self.table, &*self.wake_ups, &*self.clock, tenant).await {
            Ok(lanes) => tracing::info!(%tenant, lanes, "install.connected"),
            Err(e) => tracing::error!(%tenant, error = %e, "held posts not resumed"),
        }
    }

    /// Stores the bot's id, by which its own messages are recognized. `oauth.v2.access` does not return it.
    async fn learn_bot_id(&self, tenant: &TenantId, token: &SecretString) {
        let Outcome::Done(identity) = self.slack.perform(token, &Test {}).await else {
            tracing::warn!(%tenant, "auth.test did not answer: the bot's id is not known yet");
            return;
        };
        let Some(bot_id) = identity.bot_id else {
            return;
        };
        let learn = Write::update(grant::key(&Holder::Bot), "SET #bot_id = :bot_id")
            .when("attribute_exists(#pk)")
            .value(":bot_id", bot_id);
        if let Err(e) = self.table.tenant(tenant).write(learn).await {
            tracing::warn!(%tenant, error = %e, "the bot's id was not stored");
        }
    }
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

/// Sanitizes Slack's error code, which came through the browser: letters, digits and underscores, at most 60.
fn error_code(error: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    error.chars().filter(plain).take(60).collect()
}
