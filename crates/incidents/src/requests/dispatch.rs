//! From a request to the decision about it: one line for each kind of request. The decisions are pure; rows that they
//! need beyond their context are read here, just before.

use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::people::names;
use tidegate_pipeline::table::Rows;

use crate::command::{Command, Link, Postmortem, Task, Timeline};
use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::lifecycle::{self, Update};
use crate::decide::people::roles;
use crate::decide::request::RequestKind;
use crate::decide::tasks::NewTask;
use crate::decide::{
    declare, handover, marks, notes, paging, people, properties, public, read, relations,
    reminders, review, settings, tasks,
};
use crate::model::form::Form;
use crate::model::incident::IncidentId;
use crate::model::permissions::Action;
use crate::model::rows;
use crate::model::timeline::Entry;
use crate::service::Incidents;
use crate::status_pages;

/// The result of a decision: a verdict, or words for the asker.
pub type Decided = Result<Verdict, RequestError>;

/// Decides what a request to the incident domain changes, or what to tell the asker instead.
pub async fn decide(
    incidents: &Incidents,
    rows: &Rows,
    context: &DecisionContext<'_>,
    kind: &RequestKind,
) -> Result<Decided, JobError> {
    if let Some(answer) = read::answer(incidents.public_url.as_deref(), rows, context, kind).await?
    {
        return Ok(answer);
    }
    Ok(match kind {
        RequestKind::Command(command) => {
            return decide_command(incidents, rows, context, command).await;
        }
        RequestKind::Declare(declaration) => declare::declare(context, declaration),
        RequestKind::Update(update, text) => {
            public::with_text(context, lifecycle::update(context, update), text.as_deref())
        }
        RequestKind::Resolve(summary, text) => {
            let verdict = lifecycle::resolve(context, summary.as_deref());
            public::with_text(context, verdict, text.as_deref())
        }
        RequestKind::Open(form) => Ok(Verdict::Form(form.clone())),
        RequestKind::AcceptHandover(offered) => handover::accept(context, *offered),
        RequestKind::DeclineHandover(offered) => handover::decline(context, *offered),
        RequestKind::PublishDraft(n) => public::publish_draft(context, *n),
        RequestKind::DiscardDraft(n) => public::discard_draft(context, *n),
        RequestKind::Snooze(kind, minutes) => reminders::snooze(context, *kind, *minutes),
        RequestKind::StopReminder(kind) => reminders::stop(context, *kind),
        RequestKind::Fire(kind) => reminders::fire(context, *kind),
        RequestKind::AddMessage {
            source,
            text,
            author,
        } => {
            let known = match subject(context) {
                Some(id) => marks::find(rows, id, source).await?,
                None => None,
            };
            notes::add_message(context, source, text, author.as_ref(), known.as_ref())
        }
        RequestKind::AddTask {
            text,
            assignee,
            due,
            source,
        } => {
            let new = NewTask {
                text: text.clone(),
                assignee: assignee.clone(),
                due: due.map(|due| context.now.plus(due)),
                source: source.clone(),
            };
            tasks::add(context, &new)
        }
        RequestKind::MoreTimeline(_) => Err(unread()),
    })
}

async fn decide_command(
    incidents: &Incidents,
    rows: &Rows,
    context: &DecisionContext<'_>,
    command: &Command,
) -> Result<Decided, JobError> {
    Ok(match command {
        Command::Declare(known) => declare::typed(context, known),
        Command::Accept => lifecycle::accept(context),
        Command::Status { to, text } => {
            lifecycle::update(context, &Update::typed(*to, text.as_deref()))
        }
        Command::Update => Ok(Verdict::Form(Form::Update)),
        Command::Severity { to, reason } => lifecycle::severity(context, *to, reason.as_deref()),
        Command::Resolve(summary) => lifecycle::resolve(context, summary.as_deref()),
        Command::Reopen(why) => lifecycle::reopen(context, why),
        Command::Cancel(why) => lifecycle::cancel(context, why),
        Command::Close => lifecycle::close(context),
        Command::Milestone(milestone, when) => notes::correct(context, *milestone, *when),
        Command::Commander(user) => roles::commander(context, user.as_ref()),
        Command::Take(reason) => people::take(context, reason.as_deref()),
        Command::Handover { to, notes } => {
            let open = open_tasks(rows, context).await?;
            handover::offer(context, to, notes.as_deref(), open)
        }
        Command::Role { role, user } => roles::role(context, role, user),
        Command::Claim(role) => roles::claim(context, role),
        Command::Drop(role) => roles::drop_role(context, role),
        Command::Page(whom) => paging::page(context, whom),
        Command::Escalate => paging::escalate(context),
        Command::Invite(users) => people::invite(context, users),
        Command::Join => people::join(context),
        Command::Leave => people::leave(context),
        Command::Watch => people::watch(context),
        Command::Unwatch => people::unwatch(context),
        Command::Timeline(timeline) => return decide_timeline(rows, context, timeline).await,
        Command::Task(task) => return decide_task(rows, context, task).await,
        Command::Postmortem(review) => {
            return decide_review(incidents, rows, context, review).await;
        }
        Command::Link(link) => decide_link(rows, context, link).await?,
        Command::Merge(_) => relations::merge(context),
        Command::Public(text) => public::draft(context, text),
        Command::Remind(after) => reminders::remind(context, *after),
        Command::Pause(length) => reminders::pause(context, *length),
        Command::Private(on) => properties::private(context, *on),
        Command::Rename(name) => properties::rename(context, name),
        Command::Config(text) => {
            settings::decide(context, settings::config(context.settings, text))
        }
        Command::Template(text) => {
            settings::decide(context, settings::template(context.settings, text))
        }
        Command::Map(text) => return decide_map(incidents, rows, context, text).await,
        // These only read: `read` has answered them.
        Command::Menu
        | Command::Help(_)
        | Command::Roles
        | Command::Info(_)
        | Command::List(_)
        | Command::Catchup
        | Command::Stats { .. }
        | Command::Deliveries => Err(unread()),
    })
}

async fn decide_timeline(
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

async fn decide_task(
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

async fn decide_review(
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
fn subject<'a>(context: &DecisionContext<'a>) -> Option<&'a IncidentId> {
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

async fn decide_link(
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

async fn decide_map(
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

/// The answer to a command that another list should have answered; it shows only if the two lists differ.
fn unread() -> RequestError {
    RequestError::new(
        "unknown_request",
        "Tidegate cannot answer that here. `/incident help` lists what it can.",
    )
}
