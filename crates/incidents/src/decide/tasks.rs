//! Commands: `/incident task add`, `done`, `reopen`, `take`; the shortcut that makes a task of a message.
//!
//! Tasks are rows of their own in the incident's partition, and outlive its end. An open task that is assigned to a
//! person is in that person's list as well.

mod store;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::UserId;
use tidegate_slack::prose;

pub use self::store::{load, load_all, load_mine};
use tidegate_slack::mrkdwn::escape;

use super::context::{DecisionContext, RequestError, Verdict};
use super::speak::say;
use crate::model::actor::Actor;
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::timeline::{EntryKind, Source};
use crate::render::tasks::TaskView;
use crate::render::text::utc;

/// Most tasks of an incident.
pub const MAX_TASKS: u32 = 200;

/// Longest text of a task, in characters.
pub const MAX_TEXT: usize = 500;

/// A task of an incident, as its row holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its number within the incident, from 1.
    pub n: u32,
    /// The work to do, in at most [`MAX_TEXT`] characters.
    pub text: String,
    /// The person who is to do it; `None` if nobody has taken it.
    #[serde(default)]
    pub assignee: Option<UserId>,
    /// The time by which it is to be done; `None` if there is no date.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// The person or program that made it.
    pub created_by: Actor,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// The person or program that marked it as done, and when.
    #[serde(default)]
    pub done: Option<(Actor, Timestamp)>,
    /// The message that it was made of.
    #[serde(default)]
    pub source: Option<Source>,
}

impl Task {
    /// The task in the form in which messages show it.
    pub fn view(&self) -> TaskView {
        TaskView {
            n: self.n,
            text: self.text.clone(),
            assignee: self.assignee.clone(),
            due: self.due,
            done: self.done.is_some(),
        }
    }
}

/// A task that is to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTask {
    /// The work to do. [`add`] refuses more than [`MAX_TEXT`] characters.
    pub text: String,
    /// The person who is to do it; `None` assigns nobody.
    pub assignee: Option<UserId>,
    /// The time by which it is to be done; `None` sets no date.
    pub due: Option<Timestamp>,
    /// The message that it is made of.
    pub source: Option<Source>,
}

/// Makes a task. Refuses an empty text, one of more than [`MAX_TEXT`] characters, and more than [`MAX_TASKS`] tasks.
pub fn add(context: &DecisionContext<'_>, new: &NewTask) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Task)?;
    let text = new.text.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err(RequestError::new(
            "text_missing",
            "Say what is to be done: `/incident task add [@somebody] <text> [due:2d]`.",
        ));
    }
    if length > MAX_TEXT {
        return Err(RequestError::new(
            "text_too_long",
            prose!(
                "A task has ",
                MAX_TEXT,
                " characters at most: there are ",
                length,
                "."
            ),
        ));
    }
    if incident.tasks >= MAX_TASKS {
        return Err(RequestError::new(
            "too_many_tasks",
            prose!(
                incident.name(),
                " has had ",
                MAX_TASKS,
                " tasks, which is all it may have. Plan the rest elsewhere and link it: `/incident link <address>`."
            ),
        ));
    }
    if let Some(user) = &new.assignee {
        may_know(incident, user)?;
    }
    let mut change = context.change(incident);
    change.incident.tasks += 1;
    let task = Task {
        n: change.incident.tasks,
        text: text.to_owned(),
        assignee: new.assignee.clone(),
        due: new.due,
        created_by: context.actor.clone(),
        created_at: context.now,
        done: None,
        source: new.source.clone(),
    };
    change.note(EntryKind::Task, format!("Task {}: {text}", task.n));
    let words = format!("*Task {}* by {}: {}", task.n, context.who(), told(&task));
    say(&mut change, &words);
    store::write(&mut change, None, &task);
    Ok(Verdict::silent(change))
}

/// Marks a task as done.
pub fn done(
    context: &DecisionContext<'_>,
    n: u32,
    task: Option<&Task>,
) -> Result<Verdict, RequestError> {
    let (incident, before) = known(context, n, task)?;
    if before.done.is_some() {
        return Ok(Verdict::words(prose!("Task ", n, " is done already.")));
    }
    let mut task = before.clone();
    task.done = Some((context.actor.clone(), context.now));
    Ok(changed(context, incident, before, &task, "done"))
}

/// Marks a task as open again.
pub fn reopen(
    context: &DecisionContext<'_>,
    n: u32,
    task: Option<&Task>,
) -> Result<Verdict, RequestError> {
    let (incident, before) = known(context, n, task)?;
    if before.done.is_none() {
        return Ok(Verdict::words(prose!("Task ", n, " is open already.")));
    }
    let mut task = before.clone();
    task.done = None;
    Ok(changed(context, incident, before, &task, "open again"))
}

/// Assigns a task to the asker.
pub fn take(
    context: &DecisionContext<'_>,
    n: u32,
    task: Option<&Task>,
) -> Result<Verdict, RequestError> {
    let (incident, before) = known(context, n, task)?;
    let Some(user) = context.actor.person() else {
        return Err(RequestError::new(
            "people_only",
            "Only a person can take a task.",
        ));
    };
    if before.done.is_some() {
        return Err(RequestError::new(
            "task_done",
            prose!(
                "Task ",
                n,
                " is done. If it is not, type `/incident task reopen ",
                n,
                "` first."
            ),
        ));
    }
    if before.assignee.as_ref() == Some(user) {
        return Ok(Verdict::words(prose!("Task ", n, " is yours already.")));
    }
    let mut task = before.clone();
    task.assignee = Some(user.clone());
    Ok(changed(context, incident, before, &task, "taken"))
}

fn known<'a, 't>(
    context: &DecisionContext<'a>,
    n: u32,
    task: Option<&'t Task>,
) -> Result<(&'a Incident, &'t Task), RequestError> {
    let incident = context.may(Action::Task)?;
    let missing = || {
        RequestError::new(
            "no_such_task",
            prose!(
                incident.name(),
                " has no task ",
                n,
                ". `/incident task list` shows them."
            ),
        )
    };
    Ok((incident, task.ok_or_else(missing)?))
}

/// A task of a private incident is assigned to participants only: others could not see it.
fn may_know(incident: &Incident, user: &UserId) -> Result<(), RequestError> {
    if !incident.private || incident.takes_part(user) {
        return Ok(());
    }
    Err(RequestError::new(
        "not_a_participant",
        prose!(
            incident.name(),
            " is private and ",
            user,
            " takes no part in it. Bring them in first: `/incident invite`."
        ),
    ))
}

fn changed(
    context: &DecisionContext<'_>,
    incident: &Incident,
    before: &Task,
    task: &Task,
    how: &str,
) -> Verdict {
    let mut change = context.change(incident);
    let n = task.n;
    change.note(EntryKind::Task, format!("Task {n} {how}: {}", task.text));
    let words = format!("*Task {n}* {how}, says {}: {}", context.who(), told(task));
    say(&mut change, &words);
    store::write(&mut change, Some(before), task);
    Verdict::silent(change)
}

/// A task in words, as Slack's mark-up.
fn told(task: &Task) -> String {
    // A String takes everything.
    let mut words = escape(&task.text);
    if let Some(user) = &task.assignee {
        let _ = write!(words, " (<@{user}>)");
    }
    if let (Some(due), None) = (task.due, &task.done) {
        let _ = write!(words, " · due {}", utc(due));
    }
    words
}

#[cfg(test)]
mod tests;
