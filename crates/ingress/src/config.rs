//! What the function `ingress` is configured with. A queue that is not named is an error, never a stand-in.

use tidegate_pipeline::config::{Environment, Problems, SecretSource};

/// Configuration of the function `ingress`.
#[derive(Debug)]
pub struct IngressConfig {
    /// The signing secrets (`SLACK_SIGNING_SECRET`).
    pub signing_secret: SecretSource,
    /// URL of the queue of events (`EVENTS_QUEUE_URL`).
    pub events_queue: String,
    /// URL of the queue of commands and interactions (`COMMANDS_QUEUE_URL`).
    pub commands_queue: String,
}

impl IngressConfig {
    /// Reads the process environment.
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
