//! What each Lambda function is configured with, read from its environment. A backend that is not named is an error
//! here, never a stand-in.

use std::time::Duration;

use tidegate_pipeline::keyring::check_master_keys;

use super::{IncidentsConfig, Problems, SecretSource, Settings, SlackConfig};
use crate::api::Site;
use crate::incidents::desk::DeskConfig;

/// Settings of `ingress`.
#[derive(Debug)]
pub struct IngressConfig {
    /// The signing secrets (`SLACK_SIGNING_SECRET`).
    pub signing_secret: SecretSource,
    /// `EVENTS_QUEUE_URL`.
    pub events_queue: String,
    /// `COMMANDS_QUEUE_URL`.
    pub commands_queue: String,
}

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
    /// What incidents need.
    pub desk: DeskConfig,
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
    /// What incidents need.
    pub desk: DeskConfig,
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
    /// What incidents need.
    pub desk: DeskConfig,
}

impl IngressConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|settings| Self {
            signing_secret: settings.secret(
                "SLACK_SIGNING_SECRET",
                "Basic Information of your Slack app shows it",
            ),
            events_queue: events_queue(settings),
            commands_queue: commands_queue(settings),
        })
    }
}

impl WorkerConfig {
    /// Reads the process environment of `event-worker`.
    pub fn of_events() -> Result<Self, Problems> {
        read(|settings| Self::of(settings, events_queue(settings)))
    }

    fn of(settings: &Settings<'_>, source_queue: String) -> Self {
        Self {
            store: store(settings),
            source_queue,
            delivery_queue: delivery_queue(settings),
            keep: settings.keep(),
            desk: DeskConfig::read(settings),
        }
    }
}

impl CommandConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|settings| Self {
            worker: WorkerConfig::of(settings, commands_queue(settings)),
            slack: SlackConfig::required(settings),
        })
    }
}

impl DeliveryConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|settings| Self {
            store: store(settings),
            delivery_queue: delivery_queue(settings),
            slack: SlackConfig::required(settings),
            desk: DeskConfig::read(settings),
            quiet: settings.quiet(),
        })
    }
}

impl SchedulerConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|settings| Self {
            store: store(settings),
            slack: SlackConfig::read(settings),
            commands_queue: commands_queue(settings),
            delivery_queue: delivery_queue(settings),
        })
    }
}

impl ApiConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|settings| {
            let site = Site::read(settings);
            Self {
                store: store(settings),
                events_queue: events_queue(settings),
                commands_queue: commands_queue(settings),
                slack: SlackConfig::read(settings),
                delivery_queue: delivery_queue(settings),
                operator_key: settings.secret(
                    "TIDEGATE_OPERATOR_KEY",
                    "a long random text that operators send as their key",
                ),
                keep: settings.keep(),
                desk: DeskConfig {
                    incidents: IncidentsConfig::read(settings),
                    public_url: site.public_url.clone(),
                },
                site,
            }
        })
    }
}

fn read<T>(config: impl FnOnce(&Settings<'_>) -> T) -> Result<T, Problems> {
    let env = |name: &str| std::env::var(name).ok();
    let settings = Settings::new(&env);
    let config = config(&settings);
    settings.finish(config)
}

fn store(settings: &Settings<'_>) -> StoreConfig {
    let master_key = settings.secret(
        "TIDEGATE_MASTER_KEY",
        "64 hex digits, as `openssl rand -hex 32` prints them",
    );
    if let SecretSource::Value(key) = &master_key
        && let Err(e) = check_master_keys(key)
    {
        settings.problem(format!("`TIDEGATE_MASTER_KEY`: {e}"));
    }
    StoreConfig {
        table: settings.required("TABLE_NAME", "the DynamoDB table"),
        keys_table: settings.required("KEYS_TABLE_NAME", "the DynamoDB table of tenants' keys"),
        master_key,
    }
}

fn events_queue(settings: &Settings<'_>) -> String {
    settings.required("EVENTS_QUEUE_URL", "the queue of events")
}

fn commands_queue(settings: &Settings<'_>) -> String {
    settings.required(
        "COMMANDS_QUEUE_URL",
        "the queue of commands and interactions",
    )
}

fn delivery_queue(settings: &Settings<'_>) -> String {
    settings.required("DELIVERY_QUEUE_URL", "the queue of wake-ups")
}
