//! Slack as local mode sees it: the real one by a token or an app, or the stand-in inside.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tidegate_app::installs::{Installs, SlackApp};
use tidegate_fake_slack::{FakeConfig, FakeSlack};
use tidegate_pipeline::config::SecretSource;
use tidegate_pipeline::delivery::{BotTokens, ConfiguredToken, NoToken, TokenVerdict};
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::TableError;
use tidegate_slack::client::{SLACK_API, SlackClient};
use tidegate_slack::http_client;
use tidegate_slack::ids::{TenantId, UserId};

use super::LocalConfig;

/// Slack as this process sees it.
pub(super) struct Slack {
    pub(super) client: SlackClient,
    /// One workspace's token, from the configuration or made for the stand-in.
    pub(super) token: Option<SecretString>,
    /// The app that workspaces install.
    pub(super) app: Option<SlackApp>,
    pub(super) sandbox: Option<FakeSlack>,
    /// Where this process listens.
    pub(super) address: SocketAddr,
}

impl Slack {
    pub(super) fn open(
        config: &LocalConfig,
        signing_secret: &SecretString,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let app = match &config.app {
            Some(app) => match &app.client_secret {
                SecretSource::Value(secret) => Some(SlackApp {
                    client_id: app.client_id.clone(),
                    secrets: Arc::new(FixedSecret(secret.clone())),
                    secret_name: "SLACK_CLIENT_SECRET".to_owned(),
                    scopes: app.scopes.clone(),
                    user_scopes: app.user_scopes.clone(),
                }),
                SecretSource::Parameter(_) => None,
            },
            None => None,
        };
        if config.bot_token.is_none() && app.is_none() {
            return Self::sandbox(config, signing_secret, address);
        }
        Ok(Self {
            client: client_of(config.slack_api.as_deref().unwrap_or(SLACK_API))?,
            token: config.bot_token.clone(),
            app,
            sandbox: None,
            address,
        })
    }

    fn sandbox(
        config: &LocalConfig,
        signing_secret: &SecretString,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        // The first of several secrets is the newest: the one that Slack would sign with.
        let newest = signing_secret
            .expose_secret()
            .split([',', '@'])
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        let token = random_hex(16)?;
        let public_url = format!("http://{address}/sandbox");
        let client = client_of(&format!("{public_url}/api"))?;
        let fake = FakeConfig {
            signing_secret: newest,
            bot_token: token.clone(),
            client_secret: random_hex(16)?,
            app_url: Some(format!("http://{address}")),
            public_url,
            ..config.sandbox.clone().unwrap_or_default()
        };
        let app = SlackApp {
            client_id: fake.client_id.clone(),
            secrets: Arc::new(FixedSecret(fake.client_secret.clone().into())),
            secret_name: "SLACK_CLIENT_SECRET".to_owned(),
            scopes: config.domains.bot_scopes(),
            user_scopes: Vec::new(),
        };
        Ok(Self {
            client,
            token: Some(token.into()),
            app: Some(app),
            sandbox: Some(FakeSlack::new(fake)),
            address,
        })
    }

    /// Where posts get their tokens from.
    pub(super) fn tokens(&self, installs: &Installs) -> Arc<dyn BotTokens> {
        let Some(token) = &self.token else {
            return Arc::new(installs.clone());
        };
        let one = ConfiguredToken {
            secrets: Arc::new(FixedSecret(token.clone())),
            name: "SLACK_BOT_TOKEN".to_owned(),
        };
        if self.sandbox.is_some() {
            let installs = installs.clone();
            return Arc::new(SandboxTokens { installs, one });
        }
        Arc::new(one)
    }
}

pub(super) fn client_of(base_url: &str) -> anyhow::Result<SlackClient> {
    Ok(SlackClient::new(http_client::build()?, base_url)?)
}

/// The stand-in's first workspace has a token from the start; others, and it too, can install the app.
struct SandboxTokens {
    installs: Installs,
    one: ConfiguredToken,
}

impl SandboxTokens {
    async fn of(&self, tenant: &TenantId) -> &dyn BotTokens {
        match self.installs.bot(tenant).await {
            Ok(None) => &self.one,
            _ => &self.installs,
        }
    }
}

#[async_trait]
impl BotTokens for SandboxTokens {
    async fn token(&self, tenant: &TenantId) -> Result<SecretString, NoToken> {
        self.of(tenant).await.token(tenant).await
    }

    async fn refused(&self, tenant: &TenantId, token: &SecretString, code: &str) -> TokenVerdict {
        self.of(tenant).await.refused(tenant, token, code).await
    }

    async fn admins_to_tell(&self, tenant: &TenantId) -> Result<BTreeSet<UserId>, TableError> {
        self.installs.admins_to_tell(tenant).await
    }
}
