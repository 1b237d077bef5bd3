//! Finishes an install: Slack sends the browser back with a code, Tidegate exchanges it for tokens and stores them.

mod notice;
mod problem;
mod storing;

use secrecy::SecretString;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::delivery::resume;
use tidegate_pipeline::table::Write;
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::auth::Test;
use tidegate_slack::api::oauth::{Access, AccessByCode};
use tidegate_slack::ids::TenantId;

pub(crate) use self::problem::InstallProblem;
use super::Installs;
use super::grant::{self, Grant, Holder};
use super::state;

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

/// Sanitizes Slack's error code, which came through the browser: letters, digits and underscores, at most 60.
fn error_code(error: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    error.chars().filter(plain).take(60).collect()
}
