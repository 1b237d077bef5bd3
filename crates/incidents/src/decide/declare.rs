//! Declaring an incident. The record comes first and Slack after it: the channel, the people and the messages are effects
//! that wait in the outbox until Slack takes them.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, Write};
use tidegate_slack::ids::UserId;
use tidegate_slack::prose;
use tidegate_slack::prose::{Prose, code, strong};

use super::change::Change;
use super::context::{DecisionContext, RequestError, Verdict};
use super::declaration;
use super::limits;
use super::routing;
use super::speak::publish;
use crate::command;
use crate::model::actor::Actor;
use crate::model::effect::Effect;
use crate::model::form::{Declaration, Form};
use crate::model::incident::{Incident, IncidentId, Milestones, Review};
use crate::model::news::News;
use crate::model::permissions::Action;
use crate::model::role::{RoleHolder, RoleName};
use crate::model::settings::{Settings, StatusPage};
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::model::{channel_name, rows};

/// Declares at once if title, severity and service were typed; otherwise opens the form, which asks for the rest.
pub fn typed(
    context: &DecisionContext<'_>,
    known: &command::Declare,
) -> Result<Verdict, RequestError> {
    let declaration = declaration::typed(known);
    let is_whole = known.template.is_some() || {
        let services = !known.services.is_empty() || context.settings.services.is_empty();
        known.title.is_some() && known.severity.is_some() && services
    };
    if is_whole {
        return declare(context, &declaration);
    }
    context.may_at_all(Action::Declare)?;
    Ok(Verdict::Form(Form::Declare(Box::new(declaration))))
}

/// Declares the incident, completed from its template. Refuses if the asker may not declare, the declaration has problems, or the
/// asker's limit is reached.
pub fn declare(
    context: &DecisionContext<'_>,
    declaration: &Declaration,
) -> Result<Verdict, RequestError> {
    context.may_at_all(Action::Declare)?;
    let settings = context.settings;
    let declaration = declaration::from_template(declaration.clone(), settings)
        .map_err(|words| RequestError::new("no_such_template", words))?;
    let wrong = declaration::check(&declaration, settings);
    if !wrong.is_empty() {
        let words = wrong.into_iter().map(|(_, words)| words);
        return Err(RequestError::new(
            "bad_declaration",
            Prose::joined(words, " "),
        ));
    }
    let mut change = decide(
        &declaration,
        settings,
        &context.actor,
        context.cause,
        context.count,
        context.now,
    );
    limits::count_declaration(context, &mut change)?;
    let said = prose!(
        strong(change.incident.name()),
        " is declared as ",
        change.incident.severity,
        ". Its channel ",
        code(format!("#{}", change.incident.channel_name)),
        " is being made, and you are invited to it."
    );
    Ok(Verdict::changed(change, said))
}

/// Makes the change that creates the incident. `count` is the number of incidents so far; the transaction fails if that
/// number has changed. `cause` names the request, because one request declares one incident.
pub fn decide(
    declaration: &Declaration,
    settings: &Settings,
    actor: &Actor,
    cause: &str,
    count: u32,
    now: Timestamp,
) -> Change {
    let incident = incident(declaration, actor, cause, count, now);
    let mut change = Change::new(incident, actor, now);
    count_up(&mut change, count);
    let incident = &change.incident;
    let (number, id) = (incident.number, incident.id.clone());
    let said = words(incident, declaration.description.as_deref());
    change.write(
        Write::put(rows::by_number(number), rows::pointer(&id)).when("attribute_not_exists(#pk)"),
    );
    let detected = declaration.detected_at.unwrap_or(now);
    let seq = change.note_from(
        EntryKind::Declared,
        said,
        detected,
        declaration.source.clone(),
    );
    if let Some(source) = &declaration.source {
        let sequence = i64::try_from(seq).unwrap_or(0);
        change.write(Write::put(
            rows::by_source(&source.channel, &source.ts, &id),
            rows::pointer(&id).with("seq", sequence),
        ));
    }
    open_channel(&mut change, settings);
    if settings.status_page != StatusPage::None {
        // The status page's components show the incident at once; texts wait for somebody to publish one.
        publish(&mut change);
    }
    change
}

/// The effects that make the channel and fill it, and tell others of it once it has a name.
fn open_channel(change: &mut Change, settings: &Settings) {
    let incident = change.incident.clone();
    let id = &incident.id;
    let then = routing::tell(
        change,
        &routing::audience(&incident, settings),
        News::Declared,
        None,
    )
    .effects;
    change.effect(&Effect::CreateChannel {
        incident: id.clone(),
        then,
        asker: incident.reporter.person().cloned(),
    });
    change.effect(&Effect::Header {
        incident: id.clone(),
    });
    let mut users: Vec<UserId> = incident.commander().cloned().into_iter().collect();
    users.extend(incident.reporter.person().cloned());
    if !incident.private && !incident.drill {
        users.extend(settings.owners(&incident.services));
    }
    let mut seen = BTreeSet::new();
    users.retain(|user| seen.insert(user.clone()));
    if !users.is_empty() {
        change.effect(&Effect::Invite {
            incident: id.clone(),
            users,
        });
    }
    change.effect(&Effect::Pin {
        incident: id.clone(),
    });
    change.effect(&Effect::Topic {
        incident: id.clone(),
    });
    change.effect(&Effect::Bookmarks {
        incident: id.clone(),
    });
}

/// The write that takes the next number. A declaration at the same moment fails on it and has to be decided again.
fn count_up(change: &mut Change, count: u32) {
    let counter = Write::put(rows::counter(), Item::new().with("n", i64::from(count) + 1));
    change.write(if count == 0 {
        counter.when("attribute_not_exists(#pk)")
    } else {
        counter.when("#n = :n").value(":n", i64::from(count))
    });
}

fn incident(
    declaration: &Declaration,
    actor: &Actor,
    cause: &str,
    count: u32,
    now: Timestamp,
) -> Incident {
    let id = IncidentId::new(now, cause);
    let number = count + 1;
    let status = if declaration.triage {
        Status::Triage
    } else {
        Status::Declared
    };
    let commander = commander(declaration, actor, now);
    let leads = commander.iter().map(|held| &held.user);
    let participants = leads.chain(actor.person()).cloned().collect();
    let services = each_once(&declaration.services);
    Incident {
        channel_name: channel_name::first(now, declaration.title.trim(), &services, number),
        number,
        title: declaration.title.trim().to_owned(),
        status,
        previous: None,
        severity: declaration.severity.unwrap_or_default(),
        services,
        reporter: actor.clone(),
        roles: commander.into_iter().collect(),
        participants,
        watchers: BTreeSet::new(),
        private: declaration.private,
        drill: declaration.drill,
        paused_until: None,
        review: Review::None,
        milestones: Milestones {
            detected: declaration.detected_at,
            declared: now,
            ..Milestones::default()
        },
        reopened: 0,
        summary: None,
        updated_at: now,
        status_since: now,
        zone: None,
        timers: BTreeMap::new(),
        next_update_at: None,
        handover: None,
        draft: None,
        public: Vec::new(),
        merged_into: None,
        tasks: 0,
        notified: BTreeMap::new(),
        counted: None,
        seq: 0,
        chain: String::new(),
        version: 0,
        id,
    }
}

/// The commander: the person whom the declaration names, or else the person who declares.
fn commander(declaration: &Declaration, actor: &Actor, now: Timestamp) -> Option<RoleHolder> {
    let user = declaration.commander.as_ref().or(actor.person())?;
    Some(RoleHolder {
        role: RoleName::Commander,
        user: user.clone(),
        since: now,
        by: actor.clone(),
    })
}

/// The services in the order given, without those that are named again.
fn each_once(services: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut services = services.to_vec();
    services.retain(|service| seen.insert(service.clone()));
    services
}

fn words(incident: &Incident, description: Option<&str>) -> String {
    let mut said = format!(
        "{} declared as {}: {}",
        incident.name(),
        incident.severity,
        incident.title
    );
    if incident.drill {
        said.push_str(" (drill)");
    }
    if let Some(description) = description.map(str::trim).filter(|text| !text.is_empty()) {
        said.push('\n');
        said.push_str(description);
    }
    said
}
