//! Commands: `/incident rename`, `/incident private`.

use std::collections::BTreeSet;

use tidegate_slack::prose;
use tidegate_slack::prose::code;

use super::context::{DecisionContext, RequestError, Verdict};
use super::speak::{publish, say, show};
use super::{metrics, routing};
use crate::model::effect::Effect;
use crate::model::news::News;
use crate::model::permissions::Action;
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::model::{channel_name, publication};

/// Renames the channel; the date at the beginning of its name stays.
pub fn rename(context: &DecisionContext<'_>, typed: &str) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Rename)?;
    let Some(name) = channel_name::renamed(&incident.channel_name, typed) else {
        return Err(RequestError::new(
            "bad_name",
            "That leaves nothing for a name. Use letters or digits: `/incident rename checkout-down`.",
        ));
    };
    if name == incident.channel_name {
        return Ok(Verdict::words(prose!(
            "The channel is ",
            code(&name),
            " already."
        )));
    }
    let mut change = context.change(incident);
    change.note(
        EntryKind::Changed,
        format!("Channel renamed: {} → {name}", incident.channel_name),
    );
    let words = prose!(
        "The channel of ",
        incident.name(),
        " becomes ",
        code(&name),
        "."
    );
    change.incident.channel_name = name;
    let incident = incident.id.clone();
    change.effect(&Effect::Rename { incident });
    Ok(Verdict::changed(change, words))
}

/// Hides the incident from everyone who does not participate, or shows it to all members again.
pub fn private(context: &DecisionContext<'_>, on: bool) -> Result<Verdict, RequestError> {
    let incident = context.may(if on {
        Action::MakePrivate
    } else {
        Action::MakePublic
    })?;
    if incident.private == on {
        let is = if on { "private" } else { "public" };
        return Ok(Verdict::words(prose!(
            incident.name(),
            " is ",
            is,
            " already."
        )));
    }
    Ok(if on {
        hide(context, incident)
    } else {
        reveal(context, incident)
    })
}

fn hide(context: &DecisionContext<'_>, incident: &crate::model::incident::Incident) -> Verdict {
    let mut change = context.change(incident);
    change.incident.private = true;
    change.incident.draft = None;
    change.note(EntryKind::Changed, "Made private.");
    // The counters of the workspace leave private incidents out.
    metrics::uncount(&mut change);
    say(
        &mut change,
        &format!(
            "{} has made {} *private*. Only participants and admins can find it now. Nobody else gets further news, and the \
             announcements are blanked; replies in their threads stay until somebody deletes them. Slack lets no app \
             change a channel's own kind: if this one is public, have an admin of the workspace make it private in its settings.",
            context.who(),
            incident.name()
        ),
    );
    show(&mut change);
    routing::refresh(&mut change);
    if publication::concerns(incident) {
        let incident = incident.id.clone();
        change.effect(&Effect::StatusPage { incident });
    }
    Verdict::silent(change)
}

fn reveal(context: &DecisionContext<'_>, incident: &crate::model::incident::Incident) -> Verdict {
    let mut change = context.change(incident);
    change.incident.private = false;
    change.note(EntryKind::Changed, "Made public.");
    if matches!(incident.status, Status::Resolved | Status::Closed) {
        metrics::count(&mut change);
    }
    say(
        &mut change,
        &format!(
            "{} is *not private* any more, says {}. If its channel is private, it stays so until somebody changes that in Slack.",
            incident.name(),
            context.who()
        ),
    );
    show(&mut change);
    routing::refresh(&mut change);
    if incident.status.is_open() {
        let told = routing::told(incident);
        let audience = routing::audience(&change.incident, context.settings);
        let new: BTreeSet<_> = audience.difference(&told).cloned().collect();
        for effect in routing::tell(&mut change, &new, News::Declared, None).effects {
            change.effect(&effect);
        }
    }
    publish(&mut change);
    Verdict::silent(change)
}

#[cfg(test)]
mod tests;
