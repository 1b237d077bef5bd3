//! Command: `/tidegate ping` | `/tidegate help`
//!
//! `ping` answers with the timings of its own way: Slack to ingress, through the queue, to the worker.

use secrecy::ExposeSecret;
use serde_json::json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::job::Job;
use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_slack::command::SlashCommand;

/// The command's name in Slack.
pub const COMMAND: &str = "/tidegate";

/// What was typed behind `/tidegate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tidegate {
    /// `ping`.
    Ping,
    /// `help`, or nothing.
    Help,
    /// Anything else.
    Unknown,
}

/// Reads what was typed behind `/tidegate`.
pub fn parse(text: &str) -> Tidegate {
    match text.trim().to_lowercase().as_str() {
        "ping" => Tidegate::Ping,
        "" | "help" => Tidegate::Help,
        _ => Tidegate::Unknown,
    }
}

/// The answer to a `/tidegate` command, for the person who typed it only.
pub fn decide(
    command: &SlashCommand,
    job: &Job,
    attempt: u32,
    now: Timestamp,
) -> Result<Post, JobError> {
    if command.response_url.expose_secret().is_empty() {
        return Err(JobError::Fail("the command has no response_url".to_owned()));
    }
    let text = match parse(&command.text) {
        Tidegate::Ping => pong(job, attempt, now),
        Tidegate::Help => HELP.to_owned(),
        Tidegate::Unknown => format!("Tidegate does not know that one. {HELP}"),
    };
    Ok(Post {
        lane: Lane::response_url(&command.response_url),
        target: Target::ResponseUrl(command.response_url.clone()),
        body: json!({"response_type": "ephemeral", "text": text}),
        class: Class::AtMostOnce,
        purpose: "command_answer",
    })
}

const HELP: &str = "Try `/tidegate ping` to see how long a request takes from Slack to the worker.";

fn pong(job: &Job, attempt: u32, now: Timestamp) -> String {
    // Slack signs with whole seconds, so the first leg is known to the second only.
    let to_ingress = job.received_at.since(job.signed_at).as_secs();
    let to_ingress = if to_ingress == 0 {
        "under 1 s".to_owned()
    } else {
        format!("about {to_ingress} s")
    };
    let to_worker = now.since(job.received_at).as_millis();
    format!(
        "Pong. Slack to ingress {to_ingress}, queue and worker {to_worker} ms, attempt {attempt}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_small_and_forgiving() {
        for (text, expected) in [
            ("ping", Tidegate::Ping),
            ("  Ping ", Tidegate::Ping),
            ("", Tidegate::Help),
            ("help", Tidegate::Help),
            ("pong", Tidegate::Unknown),
            ("ping ping", Tidegate::Unknown),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
