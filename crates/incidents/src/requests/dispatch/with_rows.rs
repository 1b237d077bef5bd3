//! The decisions about commands that need rows beyond their context.

use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::people::names;
use tidegate_pipeline::table::Rows;
use tidegate_slack::ids::UserId;

use super::{Decided, unread};
use crate::command::{Link, Postmortem, Task, Timeline};
use crate::decide::context::{DecisionContext, Verdict};
use crate::decide::tasks::NewTask;
use crate::decide::{handover, marks, notes, relations, review, settings, tasks};
use crate::model::incident::IncidentId;
use crate::model::permissions::Action;
use crate::model::rows;
use crate::model::timeline::Entry;
use crate::service::Incidents;
use crate::status_pages;

pub(super) async fn offer(
    rows: &Rows,
    context: &DecisionContext<'_>,
    to: &UserId,
    notes: Option<&str>,
) -> Result<Decided, JobError> {
    let open = open_tasks(rows, context).await?;
    Ok(handover::offer(context, to, notes, open))
}

pub(super) async fn timeline(
    rows: &Rows,
    context: &DecisionContext<'_>,
    timeline: &Timeline,
) -> Result<Decided, JobError> {
    Ok(match timeline {
        Timeline::Add { at, text } => notes::add(context, *at, text),
        Timeline::Edit { entry, text } => notes::edit(
            context,
            *entry,
            load_entry(rows, context, *entry).await?.as_ref(),
            text,
        ),
        Timeline::Hide(entry) => notes::hide(
            context,
            *entry,
            load_entry(rows, context, *entry).await?.as_ref(),
        ),
        Timeline::Verify => match subject(context) {
            Some(id) => notes::verify(context, &rows::entries(rows, id).await?),
            None => notes::verify(context, &[]),
        },
        Timeline::Show | Timeline::Export(_) => Err(unread()),
    })
}

pub(super) async fn task(
    rows: &Rows,
    context: &DecisionContext<'_>,
    task: &Task,
) -> Result<Decided, JobError> {
    let load = async |n: u32| match subject(context) {
        Some(id) => tasks::load(rows, id, n).await,
        None => Ok(None),
    };
    Ok(match task {
        Task::Add {
            assignee,
            text,
            due,
        } => {
            let new = NewTask {
                text: text.clone(),
                assignee: assignee.clone(),
                due: due.map(|due| context.now.plus(due)),
                source: None,
            };
            tasks::add(context, &new)
        }
        Task::Done(n) => tasks::done(context, *n, load(*n).await?.as_ref()),
        Task::Reopen(n) => tasks::reopen(context, *n, load(*n).await?.as_ref()),
        Task::Take(n) => tasks::take(context, *n, load(*n).await?.as_ref()),
        Task::List | Task::Mine => Err(unread()),
    })
}

pub(super) async fn review(
    incidents: &Incidents,
    rows: &Rows,
    context: &DecisionContext<'_>,
    review: &Postmortem,
) -> Result<Decided, JobError> {
    let id = match (subject(context), context.incident()) {
        (Some(id), Ok(_)) => id,
        (_, Err(refused)) => return Ok(Err(refused)),
        (None, Ok(_)) => return Ok(Err(unread())),
    };
    Ok(match review {
        Postmortem::Draft => {
            let record = review::load_record(rows, id).await?;
            let people = context.subject.map(|loaded| loaded.incident.people());
            let names = names(rows, people.unwrap_or_default()).await?;
            review::draft(context, &record, &names, incidents.public_url.as_deref())
        }
        Postmortem::Publish => review::publish(context, review::load(rows, id).await?.as_ref()),
        Postmortem::Waive(why) => review::waive(context, why),
    })
}

/// The incident that the request is about, independent of who asks.
pub(super) fn subject<'a>(context: &DecisionContext<'a>) -> Option<&'a IncidentId> {
    context.subject.map(|loaded| &loaded.incident.id)
}

async fn load_entry(
    rows: &Rows,
    context: &DecisionContext<'_>,
    seq: u64,
) -> Result<Option<Entry>, JobError> {
    match subject(context) {
        Some(id) => Ok(marks::load_entry(rows, id, seq).await?),
        None => Ok(None),
    }
}

pub(super) async fn link(
    rows: &Rows,
    context: &DecisionContext<'_>,
    link: &Link,
) -> Result<Decided, JobError> {
    let known = match subject(context) {
        Some(id) => relations::load(rows, id).await?,
        None => Vec::new(),
    };
    Ok(match link {
        Link::Incident(_, relation) => relations::link(context, *relation, &known),
        Link::Url(url) => relations::link_page(context, url, &known),
    })
}

/// The number of open tasks of the incident.
async fn open_tasks(rows: &Rows, context: &DecisionContext<'_>) -> Result<usize, JobError> {
    let tasks = match subject(context) {
        Some(id) => tasks::load_all(rows, id).await?,
        None => Vec::new(),
    };
    Ok(tasks.iter().filter(|task| task.done.is_none()).count())
}

pub(super) async fn map(
    incidents: &Incidents,
    rows: &Rows,
    context: &DecisionContext<'_>,
    text: &str,
) -> Result<Decided, JobError> {
    if !settings::is_page_check(text) {
        return Ok(settings::decide(
            context,
            settings::map(context.settings, text),
        ));
    }
    if let Err(refused) = context.may_at_all(Action::Configure) {
        return Ok(Err(refused));
    }
    let pages = &incidents.pages;
    let said = status_pages::check_components(pages, rows, context.settings, context.now).await?;
    Ok(Ok(Verdict::markup(&said)))
}
