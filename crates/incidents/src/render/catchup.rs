//! Where an incident stands, for whoever comes late: made of its own records, so the same for everyone.

use serde_json::Value;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::blocks::{message, paragraphs, section};
use tidegate_slack::ids::ChannelId;
use tidegate_slack::mrkdwn::channel;

use super::tasks::{self, TaskView};
use super::text::{quoted, span};
use super::{facts, info, timeline};
use crate::model::incident::Incident;
use crate::model::timeline::{Entry, EntryKind};

/// How many of the last updates are told.
const UPDATES: usize = 5;
/// How many open tasks are told.
const TASKS: usize = 10;

/// What is told.
#[derive(Clone, Copy)]
pub struct Catchup<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// Its channel, if it is known.
    pub room: Option<&'a ChannelId>,
    /// Its timeline, or the end of it.
    pub entries: &'a [Entry],
    /// Its tasks.
    pub tasks: &'a [TaskView],
    /// The present moment.
    pub now: Timestamp,
}

/// The summary: how it stands, milestones, the last updates, open tasks, who does what.
pub fn message_of(catchup: &Catchup<'_>) -> Value {
    let incident = catchup.incident;
    let head = format!(
        "{} {}\n{}",
        facts::mark(incident),
        facts::title(incident),
        standing(catchup)
    );
    let mut blocks = vec![section(&head)];
    if let Some(summary) = incident.summary.as_deref().filter(|s| !s.trim().is_empty()) {
        blocks.push(section(&quoted(summary, 1500)));
    }
    let mut roles = vec![format!("Commander: {}", facts::commander(incident))];
    roles.extend(facts::other_roles(incident));
    for (title, lines) in [
        ("Milestones", info::moments(incident)),
        ("Last updates", updates(catchup.entries)),
        ("Open tasks", open_tasks(catchup)),
        ("Roles", roles),
    ] {
        if !lines.is_empty() {
            let mut told = vec![format!("*{title}*")];
            told.extend(lines);
            blocks.extend(paragraphs(&told));
        }
    }
    message(&head, blocks)
}

fn standing(catchup: &Catchup<'_>) -> String {
    let incident = catchup.incident;
    let end = incident
        .milestones
        .resolved
        .filter(|_| !incident.status.is_open());
    let millis = end
        .unwrap_or(catchup.now)
        .0
        .saturating_sub(incident.milestones.declared.0);
    let lasted = if end.is_some() { "lasted" } else { "for" };
    let mut facts = vec![
        facts::standing(incident),
        format!("{lasted} {}", span(millis)),
        format!("services: {}", facts::services(incident)),
    ];
    facts.extend(facts::next_update(incident).map(|due| format!("next update due {due}")));
    facts.extend(catchup.room.map(channel));
    facts.join(" · ")
}

fn updates(entries: &[Entry]) -> Vec<String> {
    let telling = |entry: &&Entry| {
        let kind = matches!(
            entry.kind,
            EntryKind::Declared
                | EntryKind::StatusChanged
                | EntryKind::StatusUpdate
                | EntryKind::SeverityChange
                | EntryKind::Resolved
                | EntryKind::Reopened
                | EntryKind::PublicUpdate
        );
        kind && entry.is_shown()
    };
    let told: Vec<_> = entries.iter().filter(telling).map(timeline::told).collect();
    told[told.len().saturating_sub(UPDATES)..].to_vec()
}

fn open_tasks(catchup: &Catchup<'_>) -> Vec<String> {
    let open: Vec<_> = catchup.tasks.iter().filter(|task| !task.done).collect();
    let told = open
        .iter()
        .take(TASKS)
        .map(|task| tasks::told(task, catchup.now));
    let mut told: Vec<_> = told.collect();
    if open.len() > TASKS {
        told.push(format!("and {} more", open.len() - TASKS));
    }
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{NOW, check_for_one, entries, hostile, incident};
    use super::*;

    fn shown(texts: &[&str], tasks: &[TaskView]) -> Value {
        let (incident, entries) = (incident(), entries(texts));
        message_of(&Catchup {
            incident: &incident,
            room: None,
            entries: &entries,
            tasks,
            now: NOW,
        })
    }

    #[test]
    fn the_last_five_updates_are_told() {
        let text = shown(&["one.", "two.", "three.", "four.", "five.", "six."], &[]).to_string();
        assert!(
            !text.contains("one.") && text.contains("two.") && text.contains("six."),
            "{text}"
        );
        assert!(text.contains("P1 · identified · for 20 min"), "{text}");
        assert!(!text.contains("Open tasks"), "{text}");
    }

    /// Words and tasks that say them make a summary that Slack takes.
    fn check_words(words: &str, tasks: u32) {
        let task = |n| TaskView {
            n,
            text: words.to_owned(),
            assignee: None,
            due: None,
            done: false,
        };
        let tasks: Vec<_> = (0..tasks).map(task).collect();
        check_for_one(&shown(&[words; 7], &tasks));
    }

    #[test]
    fn a_mention_makes_a_summary_that_slack_takes() {
        check_words("<@U1>", 0);
    }

    proptest! {
        #[test]
        fn any_words_make_a_summary_that_slack_takes(words in hostile(), n in 0u32..30) {
            check_words(&words, n);
        }
    }
}
