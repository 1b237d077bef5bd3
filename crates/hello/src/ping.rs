//! The command `/tidegate ping`.
//!
//! Answers with the time that the command took: from Slack to ingress, and from there through the queue to the worker.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::job::Job;

/// The subcommand: the word after `/tidegate`.
pub const WORD: &str = "ping";

/// Makes the answer to a ping. `now` is the time of the worker, and `attempt` counts receives from 1.
pub fn pong(job: &Job, attempt: u32, now: Timestamp) -> String {
    // Slack signs with whole seconds, so the time to ingress is known only to the second.
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
    fn a_leg_below_a_second_is_not_told_to_the_millisecond() {
        let job = |signed_at| Job {
            kind: "slack.command".to_owned(),
            id: "command.1".to_owned(),
            tenant: "T1".into(),
            received_at: Timestamp(10_000),
            signed_at: Timestamp(signed_at),
            retry: None,
            body: Vec::new(),
        };
        assert_eq!(
            pong(&job(9_500), 1, Timestamp(10_042)),
            "Pong. Slack to ingress under 1 s, queue and worker 42 ms, attempt 1."
        );
        assert_eq!(
            pong(&job(7_000), 2, Timestamp(10_001)),
            "Pong. Slack to ingress about 3 s, queue and worker 1 ms, attempt 2."
        );
    }
}
