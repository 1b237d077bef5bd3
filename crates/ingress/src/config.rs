//! The configuration of the function `ingress`. A missing queue URL is an error and has no default.

use tidegate_pipeline::config::{Environment, Problems, SecretSource};

/// Configuration of the function `ingress`.
#[derive(Debug)]
pub struct IngressConfig {
    /// The source of the signing secrets (`SLACK_SIGNING_SECRET`).
    pub signing_secret: SecretSource,
    /// The URL of the queue for events (`EVENTS_QUEUE_URL`).
    pub events_queue: String,
    /// The URL of the queue for commands and interactions (`COMMANDS_QUEUE_URL`).
    pub commands_queue: String,
}

impl IngressConfig {
    /// Reads the process environment and reports all problems together.
    pub fn from_env() -> Result<Self, Problems> {
        let process = |name: &str| std::env::var(name).ok();
        let environment = Environment::new(&process);
        let config = Self {
            signing_secret: environment.secret(
                "SLACK_SIGNING_SECRET",
                "Basic Information of your Slack app shows it",
            ),
            events_queue: environment.required("EVENTS_QUEUE_URL", "the queue of events"),
            commands_queue: environment.required(
                "COMMANDS_QUEUE_URL",
                "the queue of commands and interactions",
            ),
        };
        environment.finish(config)
    }
}
