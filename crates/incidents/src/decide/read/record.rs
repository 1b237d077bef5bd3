//! Answers from the records of one incident: timeline, export, tasks, who was told.

use serde_json::Value as Json;
use tidegate_pipeline::people::names;
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::mrkdwn::escape;

use super::Unanswered;
use crate::command::ExportFormat;
use crate::decide::context::{DecisionContext, words_only};
use crate::decide::tasks;
use crate::model::incident::Incident;
use crate::model::notification::{self, Notification, NotificationState};
use crate::model::permissions::Action;
use crate::model::rows;
use crate::model::timeline::Entry;
use crate::render;
use crate::render::catchup::{self, Catchup};
use crate::render::export::{self, Export};
use crate::render::export_json::{Exported, Until};
use crate::render::notifications::{self as shown, NotificationView, State, Target};
use crate::render::tasks::TaskView;
use crate::render::timeline::{self, TimelinePage};

/// Longest export that is shown in Slack, in characters.
const MAX_SHOWN: usize = 3000;

/// A page of the timeline in the order in which things happened, from behind the entry with that number.
pub(super) async fn page(
    rows: &Rows,
    context: &DecisionContext<'_>,
    after: Option<u64>,
) -> Result<Json, Unanswered> {
    let incident = context.may(Action::View)?;
    let entries = in_order(rows::entries(rows, &incident.id).await?);
    let entries = behind(&entries, after);
    Ok(timeline::message_of(&TimelinePage {
        incident,
        entries,
        more: false,
    }))
}

/// Entries in the order in which things happened: some were written much later.
fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| (entry.at, entry.seq));
    entries
}

fn behind(entries: &[Entry], after: Option<u64>) -> &[Entry] {
    let place = entries.iter().position(|entry| Some(entry.seq) == after);
    &entries[place.map_or(0, |place| place + 1)..]
}

/// The whole record in a message. If it is too long, the message says how to get it from the API.
pub(super) async fn export(
    public_url: Option<&str>,
    rows: &Rows,
    context: &DecisionContext<'_>,
    format: ExportFormat,
) -> Result<Json, Unanswered> {
    let incident = context.may(Action::Export)?;
    let entries = rows::all_entries(rows, &incident.id).await?;
    let tasks = task_views(rows, incident).await?;
    let names = names(rows, incident.people()).await?;
    let export = Export {
        incident,
        entries: &entries,
        tasks: &tasks,
        names: &names,
    };
    let text = match format {
        ExportFormat::Markdown => export::markdown(&export),
        // In JSON the escape means the same, and three backticks cannot end the block of code.
        ExportFormat::Json => {
            let exported = Exported::of(incident, None, &entries, Until::End, &tasks);
            let json = serde_json::to_string(&exported).unwrap_or_default();
            json.replace('`', "\\u0060")
        }
    };
    let text = format!("```\n{}\n```", escape(&text));
    if text.chars().count() <= MAX_SHOWN {
        return Ok(words_only(&text));
    }
    let format = match format {
        ExportFormat::Markdown => "markdown",
        ExportFormat::Json => "json",
    };
    Ok(words_only(&format!(
        "The record of {} is too long for a message. An API key with the scope `incidents:admin` gets it whole: `GET {}/v1/incidents/{}/export?format={format}`",
        incident.name(),
        public_url.unwrap_or_default(),
        incident.id
    )))
}

/// Answers `/incident task list` with the incident's tasks.
pub(super) async fn tasks(rows: &Rows, context: &DecisionContext<'_>) -> Result<Json, Unanswered> {
    let incident = context.may(Action::View)?;
    let tasks = task_views(rows, incident).await?;
    Ok(render::tasks::message_of(incident, &tasks, context.now))
}

async fn task_views(rows: &Rows, incident: &Incident) -> Result<Vec<TaskView>, TableError> {
    let tasks = tasks::load_all(rows, &incident.id).await?;
    Ok(tasks.iter().map(tasks::Task::view).collect())
}

/// Answers `/incident catchup` with a summary of the incident so far.
pub(super) async fn catchup(
    rows: &Rows,
    context: &DecisionContext<'_>,
) -> Result<Json, Unanswered> {
    let incident = context.may(Action::Catchup)?;
    let entries = in_order(rows::entries(rows, &incident.id).await?);
    let tasks = task_views(rows, incident).await?;
    Ok(catchup::message_of(&Catchup {
        incident,
        room: context.subject.and_then(|loaded| loaded.place.channel()),
        entries: &entries,
        tasks: &tasks,
        now: context.now,
    }))
}

/// Answers `/incident deliveries` with the latest notifications, at most [`notification::MAX_SHOWN`].
pub(super) async fn deliveries(
    rows: &Rows,
    context: &DecisionContext<'_>,
) -> Result<Json, Unanswered> {
    let incident = context.may(Action::View)?;
    let list = notification::list(rows, &incident.id).await?;
    let views: Option<Vec<NotificationView>> = list.into_iter().map(view).collect();
    let damaged = || TableError::Invalid("a delivery's row cannot be read".to_owned());
    Ok(shown::message_of(incident, &views.ok_or_else(damaged)?))
}

fn view(notification: Notification) -> Option<NotificationView> {
    let states = [
        (NotificationState::Pending, State::Pending),
        (NotificationState::Sent, State::Sent),
        (NotificationState::Failed, State::Failed),
        (NotificationState::Throttled, State::Throttled),
    ];
    let known = states
        .into_iter()
        .find(|(stored, _)| stored.as_str() == notification.state);
    let target = match notification.target.chars().next() {
        Some('U' | 'W') => Target::Person(notification.target.as_str().into()),
        Some('C' | 'G' | 'D') => Target::Channel(notification.target.as_str().into()),
        _ => Target::Other(notification.target),
    };
    Some(NotificationView {
        kind: notification.news,
        target,
        state: known?.1,
        attempts: u32::try_from(notification.attempts).unwrap_or(0),
        error: notification.error,
        at: notification.at,
    })
}
