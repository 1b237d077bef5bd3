//! Who has been told of an incident, and who could not be.

use serde_json::Value;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::blocks::{context, message, paragraphs, section};
use tidegate_slack::ids::{ChannelId, UserId};
use tidegate_slack::mrkdwn::{channel, user};

use super::facts;
use super::text::{line, when};
use crate::model::incident::Incident;

/// Most deliveries of one list.
const MOST: usize = 60;

/// Who or what was to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A channel.
    Channel(ChannelId),
    /// A person, directly.
    Person(UserId),
    /// Something outside Slack, by its name: the status page.
    Other(String),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Pending,
    /// It has arrived.
    Sent,
    /// It was given up.
    Failed,
    /// It was left out, because the same was told a moment ago.
    Throttled,
}

/// One delivery.
#[derive(Clone, PartialEq, Eq)]
pub struct NotificationView {
    /// What was told, in a word or two.
    pub kind: String,
    /// Whom.
    pub target: Target,
    /// What became of it.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed.
    pub error: Option<String>,
    /// When it last changed.
    pub at: Timestamp,
}

/// The list in the order given, what failed or waits first.
pub fn message_of(incident: &Incident, deliveries: &[NotificationView]) -> Value {
    let count = |state| deliveries.iter().filter(|d| d.state == state).count();
    let head = format!(
        "Deliveries of {}: {} sent, {} failed, {} waiting, {} left out",
        facts::title(incident),
        count(State::Sent),
        count(State::Failed),
        count(State::Pending),
        count(State::Throttled)
    );
    let mut ordered: Vec<_> = deliveries.iter().collect();
    ordered.sort_by_key(|d| !matches!(d.state, State::Failed | State::Pending));
    let lines: Vec<_> = ordered.into_iter().take(MOST).map(told).collect();
    let mut blocks = vec![section(&head)];
    blocks.extend(paragraphs(&lines));
    if deliveries.len() > MOST {
        blocks.push(context(&format!(
            "{} more are not shown.",
            deliveries.len() - MOST
        )));
    }
    message(&head, blocks)
}

fn told(delivery: &NotificationView) -> String {
    let target = match &delivery.target {
        Target::Channel(id) => channel(id),
        Target::Person(id) => user(id),
        Target::Other(name) => line(name, 60),
    };
    let (mark, state) = match delivery.state {
        State::Pending => (":hourglass_flowing_sand:", "waits"),
        State::Sent => (":white_check_mark:", "sent"),
        State::Failed => (":x:", "failed"),
        State::Throttled => (":fast_forward:", "left out: told a moment ago"),
    };
    let mut told = vec![format!(
        "{mark} {} → {target}: {state} {}",
        line(&delivery.kind, 60),
        when(delivery.at)
    )];
    if delivery.attempts > 1 {
        told.push(format!("{} attempts", delivery.attempts));
    }
    told.extend(delivery.error.iter().map(|error| line(error, 200)));
    told.join(" · ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{NOW, check, hostile, incident};
    use super::*;

    fn delivery(state: State, words: &str) -> NotificationView {
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
            delivery(State::Sent, "a"),
            delivery(State::Failed, "is_archived"),
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
            check(&message_of(&incident(), &vec![delivery(State::Failed, &words); n]));
        }
    }
}
