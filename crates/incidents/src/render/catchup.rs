//! A summary of an incident for people who join late. It is made from the incident's records and is the same for
//! everyone.

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

/// Most updates in the summary, the latest ones.
const UPDATES: usize = 5;
/// Most open tasks in the summary.
const TASKS: usize = 10;

/// The input of the summary.
#[derive(Clone, Copy)]
pub struct Catchup<'a> {
    /// The incident to summarize.
    pub incident: &'a Incident,
    /// Its channel; `None` if there is none to link.
    pub room: Option<&'a ChannelId>,
    /// Its timeline, or the latest part of it, in order.
    pub entries: &'a [Entry],
    /// Its tasks, open and done.
    pub tasks: &'a [TaskView],
    /// The present time, for overdue tasks.
    pub now: Timestamp,
}

/// The summary: status, milestones, latest updates, open tasks, roles.
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
        ("Milestones", info::milestone_lines(incident)),
        ("Last updates", updates(catchup.entries)),
        ("Open tasks", open_tasks(catchup)),
        ("Roles", roles),
    ] {
        if !lines.is_empty() {
            let mut lines_shown = vec![format!("*{title}*")];
            lines_shown.extend(lines);
            blocks.extend(paragraphs(&lines_shown));
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
    let lines_shown: Vec<_> = entries
        .iter()
        .filter(telling)
        .map(timeline::entry_text)
        .collect();
    lines_shown[lines_shown.len().saturating_sub(UPDATES)..].to_vec()
}

fn open_tasks(catchup: &Catchup<'_>) -> Vec<String> {
    let open: Vec<_> = catchup.tasks.iter().filter(|task| !task.done).collect();
    let lines_shown = open
        .iter()
        .take(TASKS)
        .map(|task| tasks::task_text(task, catchup.now));
    let mut lines_shown: Vec<_> = lines_shown.collect();
    if open.len() > TASKS {
        lines_shown.push(format!("and {} more", open.len() - TASKS));
    }
    lines_shown
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

    /// Checks that Slack accepts a summary with this text in entries and tasks.
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
