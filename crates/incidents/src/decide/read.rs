//! Commands: `/incident` alone, `help`, `info`, `list`, `roles`, `timeline`, `timeline export`, `task list`, `task mine`,
//! `catchup`, `stats`, `deliveries`.
//!
//! Questions: they change nothing. Every incident that an answer names or counts is one that the asker may know of.

mod lists;
mod record;

use serde_json::Value as Json;
use tidegate_pipeline::table::{Rows, TableError};

pub(crate) use self::lists::{open, row};
pub use self::lists::{sees, visible};
pub use self::record::whole_timeline;
use super::ask::Ask;
use super::case::{Case, Refused, Reply, Verdict};
use super::{metrics, people};
use crate::command::{self, Command, Task, Timeline};
use crate::model::permissions::{self, Action};
use crate::render;
use crate::render::menu::{self, Say};
use crate::render::stats::{self, StatsView};

/// Why there is no answer.
enum Unanswered {
    /// The asker may not know, or there is nothing to know: in words for them.
    Refused(Refused),
    /// The table did not answer.
    Table(TableError),
}

impl From<Refused> for Unanswered {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<TableError> for Unanswered {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

/// Answers what only reads; `None` for what does not. `public_url` is where browsers reach the API.
pub async fn answer(
    public_url: Option<&str>,
    rows: &Rows,
    case: &Case<'_>,
    ask: &Ask,
) -> Result<Option<Result<Verdict, Refused>>, TableError> {
    let answered = match ask {
        Ask::Command(command) => message_of(public_url, rows, case, command).await,
        Ask::MoreTimeline(after) => record::page(rows, case, Some(*after)).await.map(Some),
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
    case: &Case<'_>,
    command: &Command,
) -> Result<Option<Json>, Unanswered> {
    Ok(Some(match command {
        Command::Menu => menu(rows, case).await?,
        Command::Help(word) => render::help::message_of(&command::help(word.as_deref())),
        Command::Info(_) => info(case)?,
        Command::List(listed) => lists::message_of(rows, case, *listed).await?,
        Command::Roles => {
            let incident = case.may(Action::View)?;
            render::roles::message_of(incident, &people::own_roles(case.settings))
        }
        Command::Timeline(Timeline::Show) => record::page(rows, case, None).await?,
        Command::Timeline(Timeline::Export(format)) => {
            record::export(public_url, rows, case, *format).await?
        }
        Command::Task(Task::List) => record::tasks(rows, case).await?,
        Command::Task(Task::Mine) => lists::my_tasks(rows, case).await?,
        Command::Catchup => record::catchup(rows, case).await?,
        Command::Stats { days, service } => {
            case.may_at_all(Action::List)?;
            let service = service.as_deref();
            let cells = metrics::load(rows, case.now, *days, service).await?;
            stats::message_of(&StatsView {
                days: *days,
                service,
                rows: &metrics::rows_of(&cells),
            })
        }
        Command::Deliveries => record::deliveries(rows, case).await?,
        _ => return Ok(None),
    }))
}

/// What can be done here: in an incident's channel with the incident, anywhere else with all of them.
async fn menu(rows: &Rows, case: &Case<'_>) -> Result<Json, Unanswered> {
    case.may_at_all(Action::List)?;
    if let Ok(incident) = case.incident() {
        let own = people::own_roles(case.settings);
        return Ok(menu::here(incident, say(case), &own));
    }
    let open = open(rows, case, |_| true, usize::MAX).await?;
    Ok(menu::elsewhere(open.len()))
}

/// How far the asker's say goes in the incident here.
fn say(case: &Case<'_>) -> Say {
    let standing = case.standing();
    let incident = case.subject.map(|loaded| &loaded.incident);
    let rules = case.rules();
    if permissions::allow(&standing, Action::ChangeStatus, incident, &rules).is_ok() {
        Say::Leader
    } else if standing.takes_part() {
        Say::Participant
    } else {
        Say::Reader
    }
}

fn info(case: &Case<'_>) -> Result<Json, Refused> {
    let incident = case.may(Action::View)?;
    let room = case.subject.and_then(|loaded| loaded.place.channel());
    Ok(render::info::message_of(incident, room))
}
