//! From what is asked to the decision about it: one line for each thing that can be asked. The decisions are pure; what
//! they look at beyond the case is read here, just before.

use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::people::names;
use tidegate_pipeline::table::Rows;

use crate::command::{Command, Link, Postmortem, Task, Timeline};
use crate::decide::ask::Ask;
use crate::decide::case::{Case, Refused, Verdict};
use crate::decide::lifecycle::{self, Update};
use crate::decide::people::roles;
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

/// What is decided: a verdict, or words for the asker.
pub type Decided = Result<Verdict, Refused>;

/// Decides.
pub async fn decide(
    incidents: &Incidents,
    rows: &Rows,
    case: &Case<'_>,
    ask: &Ask,
) -> Result<Decided, JobError> {
    if let Some(answer) = read::answer(incidents.public_url.as_deref(), rows, case, ask).await? {
        return Ok(answer);
    }
    Ok(match ask {
        Ask::Command(command) => return decide_command(incidents, rows, case, command).await,
        Ask::Declare(declaration) => declare::declare(case, declaration),
        Ask::Update(update, text) => {
            public::with_text(case, lifecycle::update(case, update), text.as_deref())
        }
        Ask::Resolve(summary, text) => {
            let verdict = lifecycle::resolve(case, summary.as_deref());
            public::with_text(case, verdict, text.as_deref())
        }
        Ask::Open(form) => Ok(Verdict::Form(form.clone())),
        Ask::AcceptHandover(offered) => handover::accept(case, *offered),
        Ask::DeclineHandover(offered) => handover::decline(case, *offered),
        Ask::PublishDraft(n) => public::publish_draft(case, *n),
        Ask::DiscardDraft(n) => public::discard_draft(case, *n),
        Ask::Snooze(kind, minutes) => reminders::snooze(case, *kind, *minutes),
        Ask::StopReminder(kind) => reminders::stop(case, *kind),
        Ask::Fire(kind) => reminders::fire(case, *kind),
        Ask::AddMessage {
            source,
            text,
            author,
        } => {
            let known = match subject(case) {
                Some(id) => marks::find(rows, id, source).await?,
                None => None,
            };
            notes::add_message(case, source, text, author.as_ref(), known.as_ref())
        }
        Ask::AddTask {
            text,
            assignee,
            due,
            source,
        } => {
            let new = NewTask {
                text: text.clone(),
                assignee: assignee.clone(),
                due: due.map(|due| case.now.plus(due)),
                source: source.clone(),
            };
            tasks::add(case, &new)
        }
        Ask::MoreTimeline(_) => Err(unread()),
    })
}

async fn decide_command(
    incidents: &Incidents,
    rows: &Rows,
    case: &Case<'_>,
    command: &Command,
) -> Result<Decided, JobError> {
    Ok(match command {
        Command::Declare(known) => declare::typed(case, known),
        Command::Accept => lifecycle::accept(case),
        Command::Status { to, text } => {
            lifecycle::update(case, &Update::typed(*to, text.as_deref()))
        }
        Command::Update => Ok(Verdict::Form(Form::Update)),
        Command::Severity { to, reason } => lifecycle::severity(case, *to, reason.as_deref()),
        Command::Resolve(summary) => lifecycle::resolve(case, summary.as_deref()),
        Command::Reopen(why) => lifecycle::reopen(case, why),
        Command::Cancel(why) => lifecycle::cancel(case, why),
        Command::Close => lifecycle::close(case),
        Command::Milestone(milestone, when) => notes::correct(case, *milestone, *when),
        Command::Commander(user) => roles::commander(case, user.as_ref()),
        Command::Take(reason) => roles::take(case, reason.as_deref()),
        Command::Handover { to, notes } => {
            let open = open_tasks(rows, case).await?;
            handover::offer(case, to, notes.as_deref(), open)
        }
        Command::Role { role, user } => roles::role(case, role, user),
        Command::Claim(role) => roles::claim(case, role),
        Command::Drop(role) => roles::drop_role(case, role),
        Command::Page(whom) => paging::page(case, whom),
        Command::Escalate => paging::escalate(case),
        Command::Invite(users) => people::invite(case, users),
        Command::Join => people::join(case),
        Command::Leave => people::leave(case),
        Command::Watch => people::watch(case),
        Command::Unwatch => people::unwatch(case),
        Command::Timeline(timeline) => return decide_timeline(rows, case, timeline).await,
        Command::Task(task) => return decide_task(rows, case, task).await,
        Command::Postmortem(review) => return decide_review(incidents, rows, case, review).await,
        Command::Link(link) => decide_link(rows, case, link).await?,
        Command::Merge(_) => relations::merge(case),
        Command::Public(text) => public::draft(case, text),
        Command::Remind(after) => reminders::remind(case, *after),
        Command::Pause(length) => reminders::pause(case, *length),
        Command::Private(on) => properties::private(case, *on),
        Command::Rename(name) => properties::rename(case, name),
        Command::Config(text) => settings::decide(case, settings::config(case.settings, text)),
        Command::Template(text) => settings::decide(case, settings::template(case.settings, text)),
        Command::Map(text) => return decide_map(incidents, rows, case, text).await,
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
    case: &Case<'_>,
    timeline: &Timeline,
) -> Result<Decided, JobError> {
    Ok(match timeline {
        Timeline::Add { at, text } => notes::add(case, *at, text),
        Timeline::Edit { entry, text } => notes::edit(
            case,
            *entry,
            load_entry(rows, case, *entry).await?.as_ref(),
            text,
        ),
        Timeline::Hide(entry) => {
            notes::hide(case, *entry, load_entry(rows, case, *entry).await?.as_ref())
        }
        Timeline::Verify => match subject(case) {
            Some(id) => notes::verify(case, &rows::entries(rows, id).await?),
            None => notes::verify(case, &[]),
        },
        Timeline::Show | Timeline::Export(_) => Err(unread()),
    })
}

async fn decide_task(rows: &Rows, case: &Case<'_>, task: &Task) -> Result<Decided, JobError> {
    let load = async |n: u32| match subject(case) {
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
                due: due.map(|due| case.now.plus(due)),
                source: None,
            };
            tasks::add(case, &new)
        }
        Task::Done(n) => tasks::done(case, *n, load(*n).await?.as_ref()),
        Task::Reopen(n) => tasks::reopen(case, *n, load(*n).await?.as_ref()),
        Task::Take(n) => tasks::take(case, *n, load(*n).await?.as_ref()),
        Task::List | Task::Mine => Err(unread()),
    })
}

async fn decide_review(
    incidents: &Incidents,
    rows: &Rows,
    case: &Case<'_>,
    review: &Postmortem,
) -> Result<Decided, JobError> {
    let id = match (subject(case), case.incident()) {
        (Some(id), Ok(_)) => id,
        (_, Err(refused)) => return Ok(Err(refused)),
        (None, Ok(_)) => return Ok(Err(unread())),
    };
    Ok(match review {
        Postmortem::Draft => {
            let record = review::load_record(rows, id).await?;
            let people = case.subject.map(|loaded| loaded.incident.people());
            let names = names(rows, people.unwrap_or_default()).await?;
            review::draft(case, &record, &names, incidents.public_url.as_deref())
        }
        Postmortem::Publish => review::publish(case, review::load(rows, id).await?.as_ref()),
        Postmortem::Waive(why) => review::waive(case, why),
    })
}

/// The incident that the case is about, whoever asks.
fn subject<'a>(case: &Case<'a>) -> Option<&'a IncidentId> {
    case.subject.map(|loaded| &loaded.incident.id)
}

async fn load_entry(rows: &Rows, case: &Case<'_>, seq: u64) -> Result<Option<Entry>, JobError> {
    match subject(case) {
        Some(id) => Ok(marks::load_entry(rows, id, seq).await?),
        None => Ok(None),
    }
}

async fn decide_link(rows: &Rows, case: &Case<'_>, link: &Link) -> Result<Decided, JobError> {
    let known = match subject(case) {
        Some(id) => relations::load(rows, id).await?,
        None => Vec::new(),
    };
    Ok(match link {
        Link::Incident(_, relation) => relations::link(case, *relation, &known),
        Link::Url(url) => relations::link_page(case, url, &known),
    })
}

/// How many tasks of the incident are open.
async fn open_tasks(rows: &Rows, case: &Case<'_>) -> Result<usize, JobError> {
    let tasks = match subject(case) {
        Some(id) => tasks::load_all(rows, id).await?,
        None => Vec::new(),
    };
    Ok(tasks.iter().filter(|task| task.done.is_none()).count())
}

async fn decide_map(
    incidents: &Incidents,
    rows: &Rows,
    case: &Case<'_>,
    text: &str,
) -> Result<Decided, JobError> {
    if !settings::is_page_check(text) {
        return Ok(settings::decide(case, settings::map(case.settings, text)));
    }
    if let Err(refused) = case.may_at_all(Action::Configure) {
        return Ok(Err(refused));
    }
    let pages = &incidents.pages;
    let said = status_pages::check_components(pages, rows, case.settings, case.now).await?;
    Ok(Ok(Verdict::markup(&said)))
}

/// For what is answered elsewhere; told only if the two lists ever part.
fn unread() -> Refused {
    Refused::new(
        "unknown_request",
        "Tidegate cannot answer that here. `/incident help` lists what it can.",
    )
}
