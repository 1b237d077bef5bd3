//! From a request to the decision about it: one line for each kind of request. The decisions are pure; rows that they
//! need beyond their context are read here, just before.

mod with_rows;

use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::table::Rows;

use crate::command::Command;
use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::lifecycle::{self, Update};
use crate::decide::people::roles;
use crate::decide::request::RequestKind;
use crate::decide::tasks::NewTask;
use crate::decide::{
    declare, handover, marks, notes, paging, people, properties, public, read, relations,
    reminders, settings, tasks,
};
use crate::model::form::Form;
use crate::service::Incidents;

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
            let known = match with_rows::subject(context) {
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
    let own = context.settings;
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
            with_rows::offer(rows, context, to, notes.as_deref()).await?
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
        Command::Timeline(timeline) => return with_rows::timeline(rows, context, timeline).await,
        Command::Task(task) => return with_rows::task(rows, context, task).await,
        Command::Postmortem(review) => {
            return with_rows::review(incidents, rows, context, review).await;
        }
        Command::Link(link) => with_rows::link(rows, context, link).await?,
        Command::Merge(_) => relations::merge(context),
        Command::Public(text) => public::draft(context, text),
        Command::Remind(after) => reminders::remind(context, *after),
        Command::Pause(length) => reminders::pause(context, *length),
        Command::Private(on) => properties::private(context, *on),
        Command::Rename(name) => properties::rename(context, name),
        Command::Config(text) => settings::decide(context, settings::config(own, text)),
        Command::Template(text) => settings::decide(context, settings::template(own, text)),
        Command::Map(text) => return with_rows::map(incidents, rows, context, text).await,
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

/// The answer to a command that another list should have answered; it shows only if the two lists differ.
fn unread() -> RequestError {
    RequestError::new(
        "unknown_request",
        "Tidegate cannot answer that here. `/incident help` lists what it can.",
    )
}
