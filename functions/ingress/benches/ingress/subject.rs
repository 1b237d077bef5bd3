//! Who is measured: a program, how it is started, and how its queue messages look.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::events::SECRET;
use crate::runtime_api::RuntimeApi;
use crate::sqs::Sqs;

/// Name of the queue for events.
pub(crate) const EVENTS_QUEUE: &str = "events";

/// The length that a session token has on Lambda; it goes into every signature.
const SESSION_TOKEN_LENGTH: usize = 900;

/// The function that is measured.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// Its key in the JSON result.
    pub(crate) key: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) dir: Option<PathBuf>,
    /// Whether ingress is compared with it. A peer queues the bare body, ingress a job envelope.
    pub(crate) is_peer: bool,
    /// Whether it is the peer that the targets are set against.
    pub(crate) is_target: bool,
}

impl Subject {
    /// The function as it is shipped.
    pub(crate) fn tidegate() -> Self {
        Self {
            name: "tidegate",
            key: "tidegate",
            program: env!("CARGO_BIN_EXE_ingress").into(),
            args: Vec::new(),
            dir: None,
            is_peer: false,
            is_target: false,
        }
    }

    /// The command, with the environment that Lambda gives; under a wrapper if one is named.
    pub(crate) fn command(&self, wrapper: &[String], api: &RuntimeApi, sqs: &Sqs) -> Command {
        let mut command = match wrapper.split_first() {
            None => Command::new(&self.program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(&self.program);
                command
            }
        };
        command.args(&self.args).env_clear().envs(environment());
        command.env("AWS_LAMBDA_RUNTIME_API", api.server.address.to_string());
        command.env("AWS_ENDPOINT_URL_SQS", sqs.url());
        command.env("EVENTS_QUEUE_URL", sqs.queue_url(EVENTS_QUEUE));
        command.env("COMMANDS_QUEUE_URL", sqs.queue_url("commands"));
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }

    /// Whether a message on the queue carries exactly that request body.
    pub(crate) fn carries(&self, (queue, message): &(String, String), body: &str) -> bool {
        if queue != EVENTS_QUEUE {
            return false;
        }
        if self.is_peer {
            return message == body;
        }
        let job: Value = serde_json::from_str(message).unwrap_or_default();
        let carried = match (&job["text"], &job["base64"]) {
            (Value::String(text), _) => text.clone().into_bytes(),
            (_, Value::String(base64)) => BASE64_STANDARD.decode(base64).unwrap_or_default(),
            _ => return false,
        };
        job["v"] == 1 && job["kind"] == "slack.event" && carried == body.as_bytes()
    }
}

fn environment() -> Vec<(&'static str, String)> {
    let session_token = "IQoJb3JpZ2luX2VjE".repeat(SESSION_TOKEN_LENGTH / 16);
    let fixed = [
        ("AWS_ACCESS_KEY_ID", "ASIABENCHBENCHBENCH0"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "no-secret-at-all-but-40-characters-long0",
        ),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "ingress"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/ingress"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]bench"),
        ("LANG", "C.UTF-8"),
        ("TZ", ":UTC"),
        ("SLACK_SIGNING_SECRET", SECRET),
    ];
    let mut environment: Vec<_> = fixed.map(|(name, value)| (name, value.to_owned())).into();
    let token = session_token
        .get(..SESSION_TOKEN_LENGTH)
        .unwrap_or_default();
    environment.push(("AWS_SESSION_TOKEN", token.to_owned()));
    // So that nobody's own settings for AWS take part.
    environment.push(("HOME", env!("CARGO_TARGET_TMPDIR").to_owned()));
    environment
}
