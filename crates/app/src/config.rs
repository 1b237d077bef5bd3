//! The configuration of each Lambda function, read from its environment. A missing backend is an error and has no default.

use std::time::Duration;

use tidegate_api::Site;
use tidegate_incidents::config::IncidentsConfig;
use tidegate_installs::config::SlackConfig;
use tidegate_pipeline::config::{Environment, SecretSource, StoreConfig};
pub use tidegate_pipeline::config::{Problems, both};

use crate::domains::DomainChoice;

/// The configuration of the product, which is the same in every process.
#[derive(Debug)]
pub struct ProductConfig {
    /// The domains that are on (`TIDEGATE_DOMAINS`).
    pub domains: DomainChoice,
    /// The settings for Slack. `None` in a process that may not call it.
    pub slack: Option<SlackConfig>,
    /// How long archive and ledger keep their rows (`TIDEGATE_ARCHIVE_DAYS`).
    pub keep: Duration,
    /// The web address of the API and the origins that it allows.
    pub site: Site,
    /// The address that links in messages begin with. `None` means that messages have no links.
    pub public_url: Option<String>,
    /// The configuration of incidents.
    pub incidents: IncidentsConfig,
}

/// Whether a process calls Slack.
enum CallsSlack {
    /// It needs a token or an app.
    Must,
    /// It works without a token or an app, with fewer functions.
    May,
    /// It has no token and never calls Slack.
    Never,
}

impl ProductConfig {
    fn read(environment: &Environment<'_>, slack: &CallsSlack) -> Self {
        let domains = DomainChoice::read(environment);
        let asked = domains.bot_scopes();
        let site = Site::read(environment);
        Self {
            slack: match slack {
                CallsSlack::Must => Some(SlackConfig::required(environment, &asked)),
                CallsSlack::May => Some(SlackConfig::read(environment, &asked)),
                CallsSlack::Never => None,
            },
            domains,
            keep: environment.keep(),
            public_url: site.public_url.clone(),
            site,
            incidents: match slack {
                // Such a process has no keys of status pages either.
                CallsSlack::Never => IncidentsConfig::without_keys(environment),
                CallsSlack::Must | CallsSlack::May => IncidentsConfig::read(environment),
            },
        }
    }
}

/// The configuration of `event-worker` and `command-worker`.
#[derive(Debug)]
pub struct WorkerConfig {
    /// The settings of the table and the keys.
    pub store: StoreConfig,
    /// The URL of the queue whose jobs it does.
    pub source_queue: String,
    /// The URL of the queue for wake-ups (`DELIVERY_QUEUE_URL`).
    pub delivery_queue: String,
    /// The configuration of the product.
    pub product: ProductConfig,
}

/// The configuration of `delivery-worker`.
#[derive(Debug)]
pub struct DeliveryConfig {
    /// The settings of the table and the keys.
    pub store: StoreConfig,
    /// The URL of the queue for wake-ups (`DELIVERY_QUEUE_URL`).
    pub delivery_queue: String,
    /// The configuration of the product.
    pub product: ProductConfig,
    /// How long after its last possible moment an attempt counts as over (`TIDEGATE_QUIET_SECONDS`).
    pub quiet: Duration,
}

/// The configuration of `scheduler`.
#[derive(Debug)]
pub struct SchedulerConfig {
    /// The settings of the table and the keys.
    pub store: StoreConfig,
    /// The URL of the queue for events (`EVENTS_QUEUE_URL`).
    pub events_queue: String,
    /// The URL of the queue for commands, interactions and timers (`COMMANDS_QUEUE_URL`).
    pub commands_queue: String,
    /// The URL of the queue for wake-ups (`DELIVERY_QUEUE_URL`).
    pub delivery_queue: String,
    /// The configuration of the product.
    pub product: ProductConfig,
}

/// The configuration of `api`.
#[derive(Debug)]
pub struct ApiConfig {
    /// The settings of the table and the keys.
    pub store: StoreConfig,
    /// The URL of the queue for events (`EVENTS_QUEUE_URL`).
    pub events_queue: String,
    /// The URL of the queue for commands, interactions and timers (`COMMANDS_QUEUE_URL`).
    pub commands_queue: String,
    /// The URL of the queue for wake-ups (`DELIVERY_QUEUE_URL`).
    pub delivery_queue: String,
    /// The source of the operator key (`TIDEGATE_OPERATOR_KEY`).
    pub operator_key: SecretSource,
    /// The configuration of the product.
    pub product: ProductConfig,
}

impl WorkerConfig {
    /// Reads the process environment of `event-worker`, which has no Slack token.
    pub fn of_events() -> Result<Self, Problems> {
        read(|environment| Self::read(environment, events_queue(environment), &CallsSlack::Never))
    }

    /// Reads the process environment of `command-worker`, which opens modals.
    pub fn of_commands() -> Result<Self, Problems> {
        read(|environment| Self::read(environment, commands_queue(environment), &CallsSlack::Must))
    }

    fn read(environment: &Environment<'_>, source_queue: String, slack: &CallsSlack) -> Self {
        Self {
            store: StoreConfig::read(environment),
            source_queue,
            delivery_queue: delivery_queue(environment),
            product: ProductConfig::read(environment, slack),
        }
    }
}

impl DeliveryConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|environment| Self {
            store: StoreConfig::read(environment),
            delivery_queue: delivery_queue(environment),
            product: ProductConfig::read(environment, &CallsSlack::Must),
            quiet: environment.quiet(),
        })
    }
}

impl SchedulerConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|environment| Self {
            store: StoreConfig::read(environment),
            events_queue: events_queue(environment),
            commands_queue: commands_queue(environment),
            delivery_queue: delivery_queue(environment),
            product: ProductConfig::read(environment, &CallsSlack::May),
        })
    }
}

impl ApiConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, Problems> {
        read(|environment| Self {
            store: StoreConfig::read(environment),
            events_queue: events_queue(environment),
            commands_queue: commands_queue(environment),
            delivery_queue: delivery_queue(environment),
            operator_key: environment.secret(
                "TIDEGATE_OPERATOR_KEY",
                "a long random text that operators send as their key",
            ),
            product: ProductConfig::read(environment, &CallsSlack::May),
        })
    }
}

fn read<T>(config: impl FnOnce(&Environment<'_>) -> T) -> Result<T, Problems> {
    let process = |name: &str| std::env::var(name).ok();
    let environment = Environment::new(&process);
    let config = config(&environment);
    environment.finish(config)
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
