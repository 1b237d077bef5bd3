//! The end of an install: Slack sends the browser back with a code, the code becomes tokens, the tokens are stored.

use std::time::Duration;

use http::StatusCode;
use secrecy::SecretString;
use thiserror::Error;
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

use super::Installs;
use super::erasure;
use super::grant::{self, Grant, Holder, Place, State, Tokens, scopes};
use super::state::{self, StateError};

/// Tries to store what only we have.
const TRIES: usize = 8;

/// What Slack sent back with the browser.
#[derive(Debug, Default)]
pub struct Returned<'a> {
    /// Becomes tokens, once.
    pub code: Option<&'a str>,
    /// As we sent it.
    pub state: Option<&'a str>,
    /// Why there is no code.
    pub error: Option<&'a str>,
    /// What the browser's cookie holds.
    pub browser: Option<&'a str>,
}

/// An install that worked.
#[derive(Debug)]
pub struct Installed {
    /// The workspace, or for an org-wide install the organisation.
    pub tenant: TenantId,
    /// The bot's grant, or the person's when no bot scopes were asked for.
    pub grant: Grant,
}

/// Why an install did not work. Each says what to do.
#[derive(Debug, Error)]
pub enum InstallProblem {
    /// The person, or Slack, said no.
    #[error(
        "Slack did not allow the install ({0}). Nothing was changed. Begin again if that was a mistake, or ask an owner of the workspace."
    )]
    Denied(String),
    /// Slack's answer lacks its code or state.
    #[error(
        "This address is where Slack sends browsers at the end of an install; it needs what Slack adds to it. Begin again."
    )]
    Incomplete,
    /// The state was used, or never made here.
    #[error("This install was finished before, or was not begun here. Begin again.")]
    Used,
    /// It took too long.
    #[error("This install was begun more than ten minutes ago. Begin again.")]
    Expired,
    /// Begun elsewhere.
    #[error("This install was begun in another browser. Finish it there, or begin again here.")]
    OtherBrowser,
    /// Slack does not take the code.
    #[error("Slack did not accept the install ({0}). Begin again.")]
    Code(String),
    /// The app's settings are wrong.
    #[error(
        "Slack does not know this app as it is configured ({0}). Whoever runs Tidegate has to check SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and the app's redirect URLs."
    )]
    App(String),
    /// The workspace was being erased.
    #[error("What is stored of this workspace is being erased. Begin again in a few minutes.")]
    Erasing,
    /// No answer, or no room.
    #[error("Slack or Tidegate did not answer in time. Begin again in a minute.")]
    Later(String),
}

impl InstallProblem {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::Incomplete | Self::Used | Self::Expired | Self::OtherBrowser | Self::Code(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::App(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Erasing => StatusCode::CONFLICT,
            Self::Later(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// For programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "access_denied",
            Self::Incomplete => "bad_request",
            Self::Used => "state_used",
            Self::Expired => "state_expired",
            Self::OtherBrowser => "other_browser",
            Self::Code(_) => "code_refused",
            Self::App(_) => "app_misconfigured",
            Self::Erasing => "erasing",
            Self::Later(_) => "unavailable",
        }
    }
}

impl From<StateError> for InstallProblem {
    fn from(e: StateError) -> Self {
        match e {
            StateError::Unknown => Self::Used,
            StateError::Expired => Self::Expired,
            StateError::OtherBrowser => Self::OtherBrowser,
            StateError::Table(_) | StateError::Entropy(_) => Self::Later(e.to_string()),
        }
    }
}

impl Installs {
    /// Finishes an install.
    pub async fn finish(&self, returned: &Returned<'_>) -> Result<Installed, InstallProblem> {
        let state = returned.state.ok_or(InstallProblem::Incomplete)?;
        let system = self.table.system();
        // Used up first, also by a refusal: a state is good once.
        let used = state::consume(system.rows(), &*self.clock, state, returned.browser).await;
        let redirect_uri = used?;
        if let Some(error) = returned.error {
            return Err(InstallProblem::Denied(word(error)));
        }
        let code = returned.code.ok_or(InstallProblem::Incomplete)?;
        let access = self.exchange(code, redirect_uri).await?;
        let tenant = access.tenant();
        let tenant = tenant.ok_or_else(|| InstallProblem::Code("no workspace named".to_owned()))?;
        let installed = self.keep_install(&tenant, &access).await?;
        self.after_install(&installed).await;
        Ok(installed)
    }

    async fn is_erasing(&self, tenant: &TenantId) -> Result<bool, InstallProblem> {
        let system = self.table.system();
        let row = system.rows().get(&erasure::key(tenant)).await;
        let row = row.map_err(|e| InstallProblem::Later(e.to_string()))?;
        Ok(row.is_some())
    }

    /// Ends tokens that are not kept.
    async fn give_back(&self, access: &Access) {
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

    /// Stores what was granted: before anything else, for nobody else has it.
    async fn keep_install(
        &self,
        tenant: &TenantId,
        access: &Access,
    ) -> Result<Installed, InstallProblem> {
        let rows = self.table.tenant(tenant);
        let mut pause = Duration::from_millis(100);
        let mut tried = 0;
        loop {
            tried += 1;
            // The erasure would take the new install along. Asked at each try, right before the keys are made anew.
            if self.is_erasing(tenant).await? {
                self.give_back(access).await;
                return Err(InstallProblem::Erasing);
            }
            match self.store(tenant, &rows, access).await {
                Ok(grant) => {
                    let tenant = tenant.clone();
                    return Ok(Installed { tenant, grant });
                }
                Err(e) if tried == TRIES => {
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
            team: access.team.as_ref().map(place),
            enterprise: access.enterprise.as_ref().map(place),
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
        for grant in &granted {
            let seen = rows.get(&grant::key(&grant.holder)).await?;
            let seen = seen.and_then(|row| row.number("generation"));
            writes.push(grant.store(tenant, seen));
        }
        writes.push(resume_later(tenant, now));
        rows.transact(writes).await?;
        // Listed, so that the operator sees it before its first event.
        let system = self.table.system();
        system.rows().write(tenants::add(tenant)).await?;
        let first = granted.into_iter().next();
        first.ok_or_else(|| TableError::Invalid("an install without a token".to_owned()))
    }

    /// What may fail without harm: the install stands.
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

    /// `oauth.v2.access` does not tell the bot's id, by which its own messages are known.
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

fn place(named: &Named) -> Place {
    Place {
        id: named.id.as_str().to_owned(),
        name: named.name.clone(),
    }
}

/// Slack's word for what went wrong, as far as it is one: it came through the browser.
fn word(error: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    error.chars().filter(plain).take(60).collect()
}
