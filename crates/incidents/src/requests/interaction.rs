//! Reads clicks, shortcuts and submitted forms into requests. The functions are pure; permissions and effects are decided
//! elsewhere.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::interaction::{Element, Interaction, View};

use crate::command::{Command, Postmortem, Task};
use crate::decide::lifecycle::Update;
use crate::decide::request::{OpenView, ReplyTo, Request, RequestKind, Subject};
use crate::model::actor::Actor;
use crate::model::form::{Declaration, Form};
use crate::model::role::RoleName;
use crate::model::severity::Severity;
use crate::model::status::Status;
use crate::model::timeline::Source;
use crate::model::timer_kind::TimerKind;
use crate::render::expired_form;
use crate::render::modals::{self, Metadata};
use crate::render::reminder::Snooze;
use crate::render::value::{ButtonValue, parse_value};

/// The callback id of the global shortcut that declares an incident, as in the app's manifest.
pub const DECLARE: &str = "declare_incident";
/// The callback id of the shortcut that declares an incident from a message.
pub const DECLARE_FROM_MESSAGE: &str = "declare_from_message";
/// The callback id of the shortcut that puts a message on the timeline.
pub const ADD_TO_TIMELINE: &str = "add_to_timeline";
/// The callback id of the shortcut that makes a task of a message.
pub const MAKE_TASK: &str = "make_task";

/// Most characters of a message that a form begins with.
const MAX_QUOTE: usize = 1000;

const DAY: Duration = Duration::from_hours(24);

/// The request that an interaction makes of incidents; `None` for interactions of other domains, and for those that request
/// nothing.
pub fn read(interaction: &Interaction<'_>) -> Option<Request> {
    let user = interaction.user()?;
    let (kind, subject) = match interaction.kind.as_deref()? {
        "block_actions" => clicked(interaction)?,
        "view_submission" => submitted(interaction.view.as_ref()?)?,
        "shortcut" if interaction.callback_id() == Some(DECLARE) => (
            RequestKind::Open(Form::Declare(Box::default())),
            Subject::Nothing,
        ),
        "message_action" => chosen(interaction)?,
        _ => return None,
    };
    let reply_to = match interaction.response_url() {
        Some(url) => ReplyTo::Url(url),
        None => ReplyTo::Person(user.clone()),
    };
    Some(Request {
        kind,
        subject,
        actor: Actor::Person(user),
        team: interaction.user_team().map(str::to_owned),
        admin_key: false,
        trigger: interaction.trigger_id(),
        view: view_of(interaction),
        reply_to,
    })
}

/// The modal in which a menu was used: it is redrawn, not opened.
fn view_of(interaction: &Interaction<'_>) -> Option<OpenView> {
    let in_modal = interaction.kind.as_deref() == Some("block_actions");
    let view = interaction.view.as_ref().filter(|_| in_modal)?;
    view.callback_id()
        .filter(|name| *name == modals::declare::CALLBACK)?;
    Some(OpenView {
        id: view.id()?.to_owned(),
        hash: view.hash().map(str::to_owned),
    })
}

/// The request of a button or menu.
fn clicked(interaction: &Interaction<'_>) -> Option<(RequestKind, Subject)> {
    let action = interaction.actions().next()?;
    if action.action_id() == expired_form::ACTION {
        let button = expired_form::OpenForm::parse(action.value()?)?;
        let subject = match (&button.incident, interaction.channel()) {
            (Some(incident), _) => Subject::Incident(incident.clone()),
            (None, Some(channel)) => Subject::Channel(channel),
            (None, None) => Subject::Nothing,
        };
        return Some((RequestKind::Open(button.form), subject));
    }
    let name = action.action_id().strip_prefix("incident.")?;
    let value = action.selected().or(action.value()).and_then(parse_value);
    let subject = match (&value, interaction.channel()) {
        (Some(value), _) => Subject::Incident(value.incident.clone()),
        (None, Some(channel)) => Subject::Channel(channel),
        (None, None) => Subject::Nothing,
    };
    let kind = match name {
        "template" => template(interaction.view.as_ref(), &action),
        _ => kind_of(name, value.as_ref())?,
    };
    Some((kind, subject))
}

/// The request to draw the form of a declaration anew with the values of the chosen template. The message that the form was opened
/// from stays with it.
fn template(view: Option<&View<'_>>, action: &Element<'_>) -> RequestKind {
    let metadata = view.and_then(|view| Metadata::parse(view.private_metadata.as_deref()?));
    RequestKind::Open(Form::Declare(Box::new(Declaration {
        template: action.selected().map(str::to_owned),
        source: metadata.and_then(|metadata| metadata.source),
        ..Declaration::default()
    })))
}

/// The request of a button with that name and value.
fn kind_of(name: &str, value: Option<&ButtonValue>) -> Option<RequestKind> {
    Some(match name {
        "declare" => RequestKind::Open(Form::Declare(Box::default())),
        "join" => RequestKind::Command(Command::Join),
        "watch" => RequestKind::Command(Command::Watch),
        "unwatch" => RequestKind::Command(Command::Unwatch),
        "accept" => RequestKind::Command(Command::Accept),
        "claim" => RequestKind::Command(Command::Claim(value?.extra::<RoleName>()?)),
        "take" => RequestKind::Command(Command::Take(None)),
        "update" | "public_edit" => RequestKind::Open(Form::Update),
        "severity" => match value.and_then(ButtonValue::extra::<Severity>) {
            Some(to) => RequestKind::Command(Command::Severity { to, reason: None }),
            None => RequestKind::Open(Form::Severity),
        },
        "resolve" => RequestKind::Open(Form::Resolve),
        "reopen" => RequestKind::Command(Command::Reopen("by the button".to_owned())),
        "close" => RequestKind::Command(Command::Close),
        "postmortem" => RequestKind::Command(Command::Postmortem(Postmortem::Draft)),
        "page" | "escalate" => RequestKind::Command(Command::Escalate),
        "timeline" => RequestKind::Command(Command::Timeline(crate::command::Timeline::Show)),
        "timeline_more" => RequestKind::MoreTimeline(value?.extra()?),
        "tasks" => RequestKind::Command(Command::Task(Task::List)),
        "deliveries" => RequestKind::Command(Command::Deliveries),
        "info" => RequestKind::Command(Command::Info(None)),
        "list" => RequestKind::Command(Command::List(crate::command::Listed::Open)),
        "catchup" => RequestKind::Command(Command::Catchup),
        "roles" => RequestKind::Command(Command::Roles),
        "help" => RequestKind::Command(Command::Help(None)),
        "handover_accept" => RequestKind::AcceptHandover(value?.extra::<Timestamp>()?),
        "handover_decline" => RequestKind::DeclineHandover(value?.extra::<Timestamp>()?),
        "task_done" => RequestKind::Command(Command::Task(Task::Done(value?.extra()?))),
        "task_reopen" => RequestKind::Command(Command::Task(Task::Reopen(value?.extra()?))),
        "public_publish" => RequestKind::PublishDraft(value?.extra()?),
        "public_discard" => RequestKind::DiscardDraft(value?.extra()?),
        "snooze" => {
            let snooze = value?.extra::<Snooze>().filter(Snooze::is_offered)?;
            RequestKind::Snooze(snooze.kind, snooze.minutes)
        }
        "remind_stop" => RequestKind::StopReminder(value?.extra::<TimerKind>()?),
        _ => return None,
    })
}

/// The request of a shortcut on a message.
fn chosen(interaction: &Interaction<'_>) -> Option<(RequestKind, Subject)> {
    let (channel, ts) = (interaction.channel()?, interaction.message_ts()?);
    let text: String = interaction
        .message()
        .and_then(|message| {
            message
                .text()
                .map(|text| text.chars().take(MAX_QUOTE).collect())
        })
        .unwrap_or_default();
    let source = Source {
        channel: channel.clone(),
        ts,
    };
    let form = match interaction.callback_id()? {
        DECLARE_FROM_MESSAGE => Form::Declare(Box::new(Declaration {
            description: Some(text),
            source: Some(source),
            ..Declaration::default()
        })),
        ADD_TO_TIMELINE => Form::AddToTimeline(source, text),
        MAKE_TASK => Form::MakeTask(source, text),
        _ => return None,
    };
    Some((RequestKind::Open(form), Subject::Channel(channel)))
}

/// The request of a submitted form.
fn submitted(view: &View<'_>) -> Option<(RequestKind, Subject)> {
    let metadata = Metadata::parse(view.private_metadata.as_deref().unwrap_or("{}"))?;
    let words =
        |block: &str| Some(view.text(block).trim().to_owned()).filter(|text| !text.is_empty());
    let kind = match view.callback_id()? {
        modals::declare::CALLBACK => RequestKind::Declare(Box::new(declaration(view, &metadata))),
        modals::update::CALLBACK => {
            let update = Update {
                to: view.selected("status").and_then(status),
                text: words("text"),
                next_minutes: view.selected("next").and_then(number).filter(|n| *n > 0),
            };
            RequestKind::Update(update, words("public"))
        }
        modals::severity::CALLBACK => RequestKind::Command(Command::Severity {
            to: Severity::parse(view.selected("severity")?)?,
            reason: words("reason").or_else(|| words("text")),
        }),
        modals::resolve::CALLBACK => RequestKind::Resolve(words("summary"), words("public")),
        modals::timeline::CALLBACK => RequestKind::AddMessage {
            source: metadata.source.clone()?,
            text: words("text").unwrap_or_default(),
            author: None,
        },
        modals::task::CALLBACK => RequestKind::AddTask {
            text: words("text")?,
            assignee: view.user("assignee"),
            due: view.selected("due").and_then(number).map(|days| DAY * days),
            source: metadata.source.clone(),
        },
        _ => return None,
    };
    Some((kind, subject_of(view, metadata)))
}

fn subject_of(view: &View<'_>, metadata: Metadata) -> Subject {
    let picked = view.selected("incident").map(|text| {
        parse_value(text)
            .map(|value: ButtonValue| value.incident)
            .or_else(|| crate::model::incident::IncidentId::parse(text))
    });
    match (picked.flatten(), metadata.incident, metadata.channel) {
        (Some(picked), _, _) => Subject::Incident(picked),
        (None, Some(incident), _) => Subject::Incident(incident),
        (None, None, Some(channel)) => Subject::Channel(channel),
        (None, None, None) => Subject::Nothing,
    }
}

fn declaration(view: &View<'_>, metadata: &Metadata) -> Declaration {
    let text =
        |block: &str| Some(view.text(block).trim().to_owned()).filter(|text| !text.is_empty());
    let mut services: Vec<String> = view
        .all_selected("service")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if services.is_empty() {
        services.extend(view.selected("service").map(str::to_owned));
    }
    Declaration {
        title: view.text("title").trim().to_owned(),
        severity: view.selected("severity").and_then(Severity::parse),
        services,
        commander: view.user("commander"),
        description: text("description"),
        private: view.checked("options", "private"),
        drill: view.checked("options", "drill"),
        triage: view.checked("options", "triage"),
        // The template's values are in the fields already, where the declarer could change them.
        template: None,
        source: metadata.source.clone(),
        detected_at: None,
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

fn status(text: &str) -> Option<Status> {
    [
        Status::Investigating,
        Status::Identified,
        Status::Monitoring,
    ]
    .into_iter()
    .find(|status| status.as_str() == text)
}

#[cfg(test)]
mod tests;
