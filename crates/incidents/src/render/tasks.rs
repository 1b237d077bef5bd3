//! Lists of tasks with buttons that mark them as done.

use serde_json::Value;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::blocks::{button, context, message, section, section_with};
use tidegate_slack::ids::UserId;
use tidegate_slack::mrkdwn::user;

use super::facts;
use super::text::{line, when};
use super::value::value_with;
use crate::model::incident::Incident;

/// Most tasks in one list.
pub const MOST: usize = 40;

/// A task of an incident.
#[derive(Clone, PartialEq, Eq)]
pub struct TaskView {
    /// The task's number within the incident, from 1.
    pub n: u32,
    /// The work to do, as plain text.
    pub text: String,
    /// The person who has the task; `None` while nobody does.
    pub assignee: Option<UserId>,
    /// The deadline; `None` if there is none.
    pub due: Option<Timestamp>,
    /// Whether the task is done.
    pub done: bool,
}

/// A task of a person, with the incident that it belongs to.
#[derive(Clone, Copy)]
pub struct MyTask<'a> {
    /// The incident that the task belongs to.
    pub incident: &'a Incident,
    /// The task to list.
    pub task: &'a TaskView,
}

/// A person's open tasks in all incidents, in the given order.
pub fn mine(tasks: &[MyTask<'_>], now: Timestamp) -> Value {
    let head = format!("*Your tasks: {}*", tasks.len());
    let mut blocks = vec![section(&head)];
    if tasks.is_empty() {
        blocks.push(section("You have none."));
    }
    for mine in tasks.iter().take(MOST) {
        let name = line(&mine.incident.name(), 40);
        let text = format!("*{name}* · {}", task_text(mine.task, now));
        blocks.push(section_with(&text, tick(mine.incident, mine.task)));
    }
    if tasks.len() > MOST {
        blocks.push(context(&format!(
            "{} more are not shown.",
            tasks.len() - MOST
        )));
    }
    message(&head, blocks)
}

/// An incident's tasks, open ones first, each with a button.
pub fn message_of(incident: &Incident, tasks: &[TaskView], now: Timestamp) -> Value {
    let open = tasks.iter().filter(|task| !task.done).count();
    let head = format!(
        "Tasks of {}: {open} open, {} done",
        facts::title(incident),
        tasks.len() - open
    );
    let mut blocks = vec![section(&head)];
    let mut ordered: Vec<_> = tasks.iter().collect();
    ordered.sort_by_key(|task| (task.done, task.n));
    for task in ordered.iter().take(MOST) {
        blocks.push(row(incident, task, now));
    }
    if tasks.is_empty() {
        blocks.push(section(
            "None yet. `/incident task add` and what is to be done makes one.",
        ));
    }
    if tasks.len() > MOST {
        blocks.push(context(&format!(
            "{} more are in the export.",
            tasks.len() - MOST
        )));
    }
    message(&head, blocks)
}

/// A task with its button.
pub(super) fn row(incident: &Incident, task: &TaskView, now: Timestamp) -> Value {
    section_with(&task_text(task, now), tick(incident, task))
}

fn tick(incident: &Incident, task: &TaskView) -> Value {
    let (label, action) = if task.done {
        ("Reopen", "incident.task_reopen")
    } else {
        ("Done", "incident.task_done")
    };
    button(label, action, &value_with(incident, &task.n))
}

/// A task in one line.
pub(super) fn task_text(task: &TaskView, now: Timestamp) -> String {
    let text = line(&task.text, 500);
    let mut parts = vec![if task.done {
        format!(":white_check_mark: {}. ~{text}~", task.n)
    } else {
        format!("{}. {text}", task.n)
    }];
    parts.extend(task.assignee.as_ref().map(user));
    if let Some(due) = task.due.filter(|_| !task.done) {
        let late = if due < now { " :warning: overdue" } else { "" };
        parts.push(format!("due {}{late}", when(due)));
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{NOW, check, hostile, incident};
    use super::*;

    fn task(n: u32, text: &str, done: bool) -> TaskView {
        TaskView {
            n,
            text: text.to_owned(),
            assignee: Some("U2".into()),
            due: Some(Timestamp(NOW.0 - 1)),
            done,
        }
    }

    #[test]
    fn open_ones_come_first_and_late_ones_are_marked() {
        let shown = message_of(&incident(), &[task(1, "a", true), task(2, "b", false)], NOW);
        let text = |n: usize| shown["blocks"][n]["text"]["text"].as_str().unwrap();
        assert!(text(0).ends_with("1 open, 1 done"));
        assert!(
            text(1).starts_with("2. b · <@U2>") && text(1).ends_with("overdue"),
            "{}",
            text(1)
        );
        assert_eq!(
            shown["blocks"][1]["accessory"]["action_id"],
            "incident.task_done"
        );
        assert_eq!(
            shown["blocks"][2]["accessory"]["action_id"],
            "incident.task_reopen"
        );
    }

    proptest! {
        #[test]
        fn any_words_make_a_list_that_slack_takes(words in hostile(), n in 0u32..60) {
            let tasks: Vec<_> = (0..n).map(|n| task(n, &words, n % 2 == 0)).collect();
            let incident = incident();
            check(&message_of(&incident, &tasks, NOW));
            let of_mine = |task| MyTask { incident: &incident, task };
            check(&mine(&tasks.iter().map(of_mine).collect::<Vec<_>>(), NOW));
        }
    }
}
