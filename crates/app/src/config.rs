//! What each Lambda function is configured with, read from its environment. A backend that is not named is an error
//! here, never a stand-in.

use std::time::Duration;

use tidegate_pipeline::keyring::check_master_keys;

use tidegate_api::Site;
use tidegate_incidents::config::IncidentsConfig;
use tidegate_installs::config::SlackConfig;
use tidegate_pipeline::config::{Environment, SecretSource};
pub use tidegate_pipeline::config::{Problems, both};

/// The store that every function but `ingress` works on.
#[derive(Debug)]
pub struct StoreConfig {
    /// `TABLE_NAME`.
    pub table: String,
    /// `KEYS_TABLE_NAME`.
    pub keys_table: String,
    /// What the tenants' keys are wrapped under (`TIDEGATE_MASTER_KEY`).
    pub master_key: SecretSource,
}

/// Settings of `command-worker`.
#[derive(Debug)]
pub struct CommandConfig {
    /// Queues and table.
    pub worker: WorkerConfig,
    /// How Slack is reached: to open forms.
    pub slack: SlackConfig,
}

/// Settings of `event-worker`, and of the queues and table of `command-worker`.
#[derive(Debug)]
pub struct WorkerConfig {
    /// Table and keys.
    pub store: StoreConfig,
    /// The queue that is worked off.
    pub source_queue: String,
    /// `DELIVERY_QUEUE_URL`.
    pub delivery_queue: String,
    /// How long archive and ledger keep their rows.
    pub keep: Duration,
    /// Configuration of incidents.
    pub incidents: IncidentsConfig,
    /// The address at which browsers reach the API (`TIDEGATE_PUBLIC_URL`).
    pub public_url: Option<String>,
}

/// Settings of `delivery-worker`.
#[derive(Debug)]
pub struct DeliveryConfig {
    /// Table and keys.
    pub store: StoreConfig,
    /// `DELIVERY_QUEUE_URL`.
    pub delivery_queue: String,
    /// How Slack is reached.
    pub slack: SlackConfig,
    /// Configuration of incidents.
    pub incidents: IncidentsConfig,
    /// The address at which browsers reach the API (`TIDEGATE_PUBLIC_URL`).
    pub public_url: Option<String>,
    /// How long after its last possible moment an attempt is taken to be over.
    pub quiet: Duration,
}

/// Settings of `scheduler`.
#[derive(Debug)]
pub struct SchedulerConfig {
    /// Table and keys.
    pub store: StoreConfig,
    /// `COMMANDS_QUEUE_URL`.
    pub commands_queue: String,
    /// `DELIVERY_QUEUE_URL`.
    pub delivery_queue: String,
    /// How Slack is reached.
    pub slack: SlackConfig,
}

/// Settings of `api`.
#[derive(Debug)]
pub struct ApiConfig {
    /// Table and keys.
    pub store: StoreConfig,
    /// `EVENTS_QUEUE_URL`.
    pub events_queue: String,
    /// `COMMANDS_QUEUE_URL`.
    pub commands_queue: String,
    /// `DELIVERY_QUEUE_URL`.
    pub delivery_queue: String,
    /// The operator key (`TIDEGATE_OPERATOR_KEY`).
    pub operator_key: SecretSource,
    /// How Slack is reached.
    pub slack: SlackConfig,
    /// How long ledger rows are kept.
    pub keep: Duration,
    /// Where the API is on the web.
    pub site: Site,
    /// Configuration of incidents.
    pub incidents: IncidentsConfig,
    /// The address at which browsers reach the API (`TIDEGATE_PUBLIC_URL`).
    pub public_url: Option<String>,
}

impl WorkerConfig {
    /// Reads the process environment of `event-worker`.
    pub fn of_events() -> Result<Self, Problems> {
        read(|environment| Self::of(environment, events_queue(environment)))
    }

    fn of(environment: &Environment<'_>, source_queue: String) -> Self {
        Self {
            store: store(environment),
            source_queue,
            delivery_queue: delivery_queue(environment),
            keep: environment.keep(),
            incidents: IncidentsConfig::read(environment),
            public_url: Site::read(environment).public_url,
        }
    }
}

impl CommandConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|environment| Self {
            worker: WorkerConfig::of(environment, commands_queue(environment)),
            slack: SlackConfig::required(environment),
        })
    }
}

impl DeliveryConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|environment| Self {
            store: store(environment),
            delivery_queue: delivery_queue(environment),
            slack: SlackConfig::required(environment),
            incidents: IncidentsConfig::read(environment),
            public_url: Site::read(environment).public_url,
            quiet: environment.quiet(),
        })
    }
}

impl SchedulerConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|environment| Self {
            store: store(environment),
            slack: SlackConfig::read(environment),
            commands_queue: commands_queue(environment),
            delivery_queue: delivery_queue(environment),
        })
    }
}

impl ApiConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|environment| {
            let site = Site::read(environment);
            Self {
                store: store(environment),
                events_queue: events_queue(environment),
                commands_queue: commands_queue(environment),
                slack: SlackConfig::read(environment),
                delivery_queue: delivery_queue(environment),
                operator_key: environment.secret(
                    "TIDEGATE_OPERATOR_KEY",
                    "a long random text that operators send as their key",
                ),
                keep: environment.keep(),
                incidents: IncidentsConfig::read(environment),
                public_url: site.public_url.clone(),
                site,
            }
        })
    }
}

fn read<T>(config: impl FnOnce(&Environment<'_>) -> T) -> Result<T, Problems> {
    let env = |name: &str| std::env::var(name).ok();
    let environment = Environment::new(&env);
    let config = config(&environment);
    environment.finish(config)
}

fn store(environment: &Environment<'_>) -> StoreConfig {
    let master_key = environment.secret(
        "TIDEGATE_MASTER_KEY",
        "64 hex digits, as `openssl rand -hex 32` prints them",
    );
    if let SecretSource::Value(key) = &master_key
        && let Err(e) = check_master_keys(key)
    {
        environment.problem(format!("`TIDEGATE_MASTER_KEY`: {e}"));
    }
    StoreConfig {
        table: environment.required("TABLE_NAME", "the DynamoDB table"),
        keys_table: environment.required("KEYS_TABLE_NAME", "the DynamoDB table of tenants' keys"),
        master_key,
    }
}

fn events_queue(environment: &Environment<'_>) -> String {
    environment.required("EVENTS_QUEUE_URL", "the queue of events")
}

fn commands_queue(environment: &Environment<'_>) -> String {
    environment.required(
        "COMMANDS_QUEUE_URL",
        "the queue of commands and interactions",
    )
}

fn delivery_queue(environment: &Environment<'_>) -> String {
    environment.required("DELIVERY_QUEUE_URL", "the queue of wake-ups")
}
