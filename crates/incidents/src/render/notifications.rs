//! The list of an incident's notifications: who was notified, and who could not be.

use serde_json::Value;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::blocks::{context, message, paragraphs, section};
use tidegate_slack::ids::{ChannelId, UserId};
use tidegate_slack::mrkdwn::{channel, user};

use super::facts;
use super::text::{line, when};
use crate::model::incident::Incident;

/// Most notifications in one list.
const MOST: usize = 60;

/// The recipient of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A channel of the workspace.
    Channel(ChannelId),
    /// A person, by direct message.
    Person(UserId),
    /// A recipient outside Slack, by name, such as `status page`.
    Other(String),
}

/// The outcome of a notification so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits in the outbox.
    Pending,
    /// Slack or the status page accepted it.
    Sent,
    /// Slack or the status page refused it for good; it is not tried again.
    Failed,
    /// Omitted, because the recipient got the same kind of news a short time before.
    Throttled,
}

/// One notification in the list.
#[derive(Clone, PartialEq, Eq)]
pub struct NotificationView {
    /// The kind of news, in one or two words.
    pub kind: String,
    /// The channel, person or page that the notification is for.
    pub target: Target,
    /// The outcome so far.
    pub state: State,
    /// Number of attempts; 0 before the first.
    pub attempts: u32,
    /// Why it failed; `None` unless it did.
    pub error: Option<String>,
    /// When the state last changed.
    pub at: Timestamp,
}

/// The list in the given order, but with failed and waiting notifications first.
pub fn message_of(incident: &Incident, notifications: &[NotificationView]) -> Value {
    let count = |state| notifications.iter().filter(|d| d.state == state).count();
    let head = format!(
        "Deliveries of {}: {} sent, {} failed, {} waiting, {} left out",
        facts::title(incident),
        count(State::Sent),
        count(State::Failed),
        count(State::Pending),
        count(State::Throttled)
    );
    let mut ordered: Vec<_> = notifications.iter().collect();
    ordered.sort_by_key(|d| !matches!(d.state, State::Failed | State::Pending));
    let lines: Vec<_> = ordered
        .into_iter()
        .take(MOST)
        .map(notification_text)
        .collect();
    let mut blocks = vec![section(&head)];
    blocks.extend(paragraphs(&lines));
    if notifications.len() > MOST {
        blocks.push(context(&format!(
            "{} more are not shown.",
            notifications.len() - MOST
        )));
    }
    message(&head, blocks)
}

fn notification_text(notification: &NotificationView) -> String {
    let target = match &notification.target {
        Target::Channel(id) => channel(id),
        Target::Person(id) => user(id),
        Target::Other(name) => line(name, 60),
    };
    let (mark, state) = match notification.state {
        State::Pending => (":hourglass_flowing_sand:", "waits"),
        State::Sent => (":white_check_mark:", "sent"),
        State::Failed => (":x:", "failed"),
        State::Throttled => (":fast_forward:", "left out: told a moment ago"),
    };
    let mut parts = vec![format!(
        "{mark} {} → {target}: {state} {}",
        line(&notification.kind, 60),
        when(notification.at)
    )];
    if notification.attempts > 1 {
        parts.push(format!("{} attempts", notification.attempts));
    }
    parts.extend(notification.error.iter().map(|error| line(error, 200)));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{NOW, check, hostile, incident};
    use super::*;

    fn notification(state: State, words: &str) -> NotificationView {
        NotificationView {
            kind: "announcement".to_owned(),
            target: Target::Other(words.to_owned()),
            state,
            attempts: 3,
            error: (state == State::Failed).then(|| words.to_owned()),
            at: NOW,
        }
    }

    #[test]
    fn what_failed_comes_first_with_its_reason() {
        let all = [
            notification(State::Sent, "a"),
            notification(State::Failed, "is_archived"),
        ];
        let shown = message_of(&incident(), &all);
        let lines = shown["blocks"][1]["text"]["text"].as_str().unwrap();
        assert!(
            lines.starts_with(":x: announcement → is_archived: failed"),
            "{lines}"
        );
        assert!(
            lines
                .lines()
                .next()
                .unwrap()
                .ends_with("3 attempts · is_archived"),
            "{lines}"
        );
    }

    proptest! {
        #[test]
        fn any_words_make_a_list_that_slack_takes(words in hostile(), n in 0usize..80) {
            check(&message_of(&incident(), &vec![notification(State::Failed, &words); n]));
        }
    }
}
