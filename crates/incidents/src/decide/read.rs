//! Commands: `/incident` alone, `help`, `info`, `list`, `roles`, `timeline`, `timeline export`, `task list`, `task mine`,
//! `catchup`, `stats`, `deliveries`.
//!
//! Questions: they change nothing. An answer names and counts only incidents that the asker may see.

mod lists;
mod record;

use serde_json::Value as Json;
use tidegate_pipeline::table::{Rows, TableError};

pub(crate) use self::lists::{open, row};
pub use self::lists::{sees, visible};
use super::context::{DecisionContext, Reply, RequestError, Verdict};
use super::request::RequestKind;
use super::{metrics, people};
use crate::command::{self, Command, Task, Timeline};
use crate::model::permissions::{self, Action};
use crate::render;
use crate::render::menu::{self, Say};
use crate::render::stats::{self, StatsView};

/// The reason why there is no answer.
enum Unanswered {
    /// The asker may not know, or there is nothing to know; holds words for them.
    Refused(RequestError),
    /// The table could not be read.
    Table(TableError),
}

impl From<RequestError> for Unanswered {
    fn from(refused: RequestError) -> Self {
        Self::Refused(refused)
    }
}

impl From<TableError> for Unanswered {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

/// Answers a command that only reads; `None` for other commands. `public_url` is where browsers reach the API.
pub async fn answer(
    public_url: Option<&str>,
    rows: &Rows,
    context: &DecisionContext<'_>,
    kind: &RequestKind,
) -> Result<Option<Result<Verdict, RequestError>>, TableError> {
    let answered = match kind {
        RequestKind::Command(command) => message_of(public_url, rows, context, command).await,
        RequestKind::MoreTimeline(after) => {
            record::page(rows, context, Some(*after)).await.map(Some)
        }
        _ => return Ok(None),
    };
    match answered {
        Ok(message) => Ok(message.map(|message| Ok(Verdict::Answer(Reply::Message(message))))),
        Err(Unanswered::Refused(refused)) => Ok(Some(Err(refused))),
        Err(Unanswered::Table(error)) => Err(error),
    }
}

async fn message_of(
    public_url: Option<&str>,
    rows: &Rows,
    context: &DecisionContext<'_>,
    command: &Command,
) -> Result<Option<Json>, Unanswered> {
    Ok(Some(match command {
        Command::Menu => menu(rows, context).await?,
        Command::Help(word) => render::help::message_of(&command::help(word.as_deref())),
        Command::Info(_) => info(context)?,
        Command::List(listed) => lists::message_of(rows, context, *listed).await?,
        Command::Roles => {
            let incident = context.may(Action::View)?;
            render::roles::message_of(incident, &people::own_roles(context.settings))
        }
        Command::Timeline(Timeline::Show) => record::page(rows, context, None).await?,
        Command::Timeline(Timeline::Export(format)) => {
            record::export(public_url, rows, context, *format).await?
        }
        Command::Task(Task::List) => record::tasks(rows, context).await?,
        Command::Task(Task::Mine) => lists::my_tasks(rows, context).await?,
        Command::Catchup => record::catchup(rows, context).await?,
        Command::Stats { days, service } => {
            context.may_at_all(Action::List)?;
            let service = service.as_deref();
            let cells = metrics::load(rows, context.now, *days, service).await?;
            stats::message_of(&StatsView {
                days: *days,
                service,
                rows: &metrics::rows_of(&cells),
            })
        }
        Command::Deliveries => record::deliveries(rows, context).await?,
        _ => return Ok(None),
    }))
}

/// The menu of what can be done here: in an incident's channel with the incident, anywhere else with all of them.
async fn menu(rows: &Rows, context: &DecisionContext<'_>) -> Result<Json, Unanswered> {
    context.may_at_all(Action::List)?;
    if let Ok(incident) = context.incident() {
        let own = people::own_roles(context.settings);
        return Ok(menu::here(incident, say(context), &own));
    }
    let open = open(rows, context, |_| true, usize::MAX).await?;
    Ok(menu::elsewhere(open.len()))
}

/// The asker's rights in this incident, for the menu.
fn say(context: &DecisionContext<'_>) -> Say {
    let standing = context.standing();
    let incident = context.subject.map(|loaded| &loaded.incident);
    let rules = context.rules();
    if permissions::allow(&standing, Action::ChangeStatus, incident, &rules).is_ok() {
        Say::Leader
    } else if standing.takes_part() {
        Say::Participant
    } else {
        Say::Reader
    }
}

fn info(context: &DecisionContext<'_>) -> Result<Json, RequestError> {
    let incident = context.may(Action::View)?;
    let room = context.subject.and_then(|loaded| loaded.place.channel());
    Ok(render::info::message_of(incident, room))
}
