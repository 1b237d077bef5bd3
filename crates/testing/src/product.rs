//! The whole product: local mode in this process, a client of it, and requests signed as Slack signs them.

mod backup;
mod browser;
mod client;
mod keys;
mod late_clock;
mod requests;
mod waiting;

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tidegate_fake_slack::{FakeConfig, FakeSlack};
use tidegate_local::local::{Local, LocalConfig};
use tidegate_local::telemetry;
use tidegate_pipeline::clock::{Clock, SystemClock};

pub use self::backup::{back_up_keys, back_up_table};
pub use self::browser::{Browser, query_value};
pub use self::client::{Answer, Client, answer_of, send_to, store_in};
pub use self::keys::Made;
pub use self::late_clock::LateClock;
pub use self::requests::{
    FORM, SIGNING_SECRET, TENANT, content_type, envelope, form, id, mention, message, signed,
    signed_at, unique, unique_ts,
};
pub use self::waiting::{PATIENCE, until, until_none_left};

/// Opens the operator API.
pub const OPERATOR_KEY: &str = "operator-key-of-the-tests";

/// Local mode in a folder of its own, and a client of it.
pub struct Product {
    /// The running local mode.
    pub local: Local,
    /// What it believes the time to be.
    pub clock: LateClock,
    client: Client,
    /// The data folder, where it ends with the test.
    folder: Option<TempDir>,
}

impl Product {
    /// Starts local mode with the stand-in Slack inside.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts it with the stand-in Slack inside and these settings on top of the tests' own, as name and value.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut product = Self::start_in(folder.path(), settings).await;
        product.folder = Some(folder);
        product
    }

    /// Starts it with a stand-in Slack that behaves as `slack` says.
    pub async fn start_with_slack(slack: FakeConfig) -> Self {
        Self::start_with_slack_and(slack, &[]).await
    }

    /// Starts it with a stand-in Slack that behaves as `slack` says, and with these settings on top of the tests' own.
    pub async fn start_with_slack_and(slack: FakeConfig, settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let sandbox = Some(slack);
        let mut product = Self::run(LocalConfig {
            sandbox,
            ..config(folder.path(), settings)
        })
        .await;
        product.folder = Some(folder);
        product
    }

    /// Starts local mode where time goes so many times as fast, also in the stand-in Slack inside, but for its users, who are no
    /// faster than before.
    pub async fn start_in_a_hurry(pace: u32, settings: &[(&str, &str)]) -> Self {
        let (folder, clock) = (TempDir::new().unwrap(), LateClock::default());
        clock.hurry(pace);
        let sandbox = FakeConfig {
            clock: clock.of_slack(),
            trigger_lifetime: PATIENCE * pace,
            ..FakeConfig::default()
        };
        let config = LocalConfig {
            sandbox: Some(sandbox),
            ..config(folder.path(), settings)
        };
        let mut product = Self::run_by(clock, config).await;
        product.folder = Some(folder);
        product
    }

    /// Starts it on a data folder that stays when the product goes.
    pub async fn start_in(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        Self::run(config(data_dir, settings)).await
    }

    async fn run(config: LocalConfig) -> Self {
        Self::run_by(LateClock::default(), config).await
    }

    async fn run_by(clock: LateClock, mut config: LocalConfig) -> Self {
        // A busy machine answers late, which is no failure of the product's.
        config.sandbox.get_or_insert_default().answer_timeout = PATIENCE;
        let metrics = telemetry::detached_metrics().unwrap();
        let data_dir = config.data_dir.clone();
        let local = Local::start_by(Arc::new(clock.clone()), config, metrics)
            .await
            .unwrap();
        Self {
            client: Client::new(&format!("http://{}", local.address), &data_dir),
            local,
            clock,
            folder: None,
        }
    }

    /// Ends it as Ctrl-C does.
    pub async fn stop(self) {
        self.local.drain().await;
    }

    /// The stand-in Slack inside, which is there while no token is set.
    pub fn slack(&self) -> &FakeSlack {
        self.local.sandbox.as_ref().expect("no token was set")
    }

    /// The texts that stand in a channel of the stand-in Slack by the bot, oldest first.
    pub fn replies(&self, channel: &str) -> Vec<String> {
        let messages = self.slack().messages(channel).into_iter();
        messages
            .filter(|m| m.bot_id.is_some())
            .map(|m| m.text)
            .collect()
    }
}

impl Deref for Product {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// The configuration of a test's product: the tests' own secrets, and these settings on top, as name and value.
pub fn config(data_dir: &Path, settings: &[(&str, &str)]) -> LocalConfig {
    let own = [
        ("SLACK_SIGNING_SECRET", SIGNING_SECRET),
        ("TIDEGATE_OPERATOR_KEY", OPERATOR_KEY),
    ];
    let env = |name: &str| {
        let found = settings.iter().chain(&own).find(|(n, _)| *n == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    LocalConfig::read(0, data_dir.to_owned(), &env).unwrap()
}

/// The machine's time in Unix seconds.
pub fn now() -> i64 {
    SystemClock.now().seconds()
}
