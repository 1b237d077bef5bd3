//! Command: `/incident handover`, and the two buttons under it.
//!
//! The command goes over when the other person says yes; until then the commander stays.

use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::UserId;
use tidegate_slack::prose;

use super::context::{DecisionContext, Reply, RequestError, Verdict};
use super::people::{bring_in, give, goes_on, has_room, person, take_up};
use super::routing;
use super::speak::{say, say_message, show};
use crate::model::effect::Effect;
use crate::model::incident::{Handover, Incident};
use crate::model::permissions::Action;
use crate::model::role::RoleName;
use crate::model::timeline::{EntryKind, bounded};
use crate::render::handover::{HandoverOutcome, answered, message_of};

/// Offers the command. The brief goes to the channel and to the person. `open_tasks` is the number of open tasks.
pub fn offer(
    context: &DecisionContext<'_>,
    to: &UserId,
    notes: Option<&str>,
    open_tasks: usize,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Handover)?;
    let from = person(context)?;
    goes_on(incident)?;
    let name = incident.name();
    if incident.commander() == Some(to) {
        return Err(RequestError::new(
            "already_commander",
            prose!(to, " is the commander of ", name, " already."),
        ));
    }
    if to == from {
        return Err(RequestError::new(
            "handover_to_self",
            "The command is offered to somebody else. To take it yourself, type `/incident take`.",
        ));
    }
    let mut change = context.change(incident);
    let offer = Handover {
        to: to.clone(),
        from: from.clone(),
        notes: bounded(notes.unwrap_or_default().trim().to_owned()),
        at: context.now,
    };
    change.note(EntryKind::RoleChange, noted(&offer));
    if !incident.takes_part(to) {
        if incident.private {
            // The person becomes a participant, because they could not see a private incident otherwise.
            has_room(incident, 1)?;
            change.incident.participants.insert(to.clone());
        }
        bring_in(&mut change, vec![to.clone()]);
    }
    if let Some(other) = incident.handover.as_ref().filter(|other| other.to != *to) {
        say(
            &mut change,
            &format!("The offer to <@{}> has lapsed.", other.to),
        );
    }
    let brief = message_of(incident, &offer, open_tasks);
    change.incident.handover = Some(offer);
    say_message(&mut change, brief.clone());
    change.effect(&Effect::Direct {
        user: to.clone(),
        message: brief,
    });
    let stays = match incident.commander() {
        Some(commander) => prose!("Until then ", commander, " stays the commander."),
        None => "Until then there is no commander.".into(),
    };
    Ok(Verdict::changed(
        change,
        prose!(to, " is asked to take the command of ", name, ". ", stays),
    ))
}

/// Accepts the offer that was made at that time.
pub fn accept(context: &DecisionContext<'_>, offered: Timestamp) -> Result<Verdict, RequestError> {
    let (incident, offer) = asked(context, offered)?;
    let mut change = context.change(incident);
    let because = format!(", handed over by <@{}>", offer.from);
    give(
        &mut change,
        context,
        &RoleName::Commander,
        &offer.to,
        &because,
    )?;
    take_up(&mut change);
    say(
        &mut change,
        &format!(
            "<@{}> *has the command* now, handed over by <@{}>.",
            offer.to, offer.from
        ),
    );
    show(&mut change);
    routing::refresh(&mut change);
    let answer = answered(incident, offer, HandoverOutcome::Accepted);
    Ok(Verdict::Change(
        Box::new(change),
        Some(Reply::Message(answer)),
    ))
}

/// Declines the offer that was made at that time: the commander stays.
pub fn decline(context: &DecisionContext<'_>, offered: Timestamp) -> Result<Verdict, RequestError> {
    let (incident, offer) = asked(context, offered)?;
    let mut change = context.change(incident);
    change.incident.handover = None;
    change.note(
        EntryKind::RoleChange,
        format!("<@{}> declined the command", offer.to),
    );
    let stays = match incident.commander() {
        Some(commander) => format!("<@{commander}> stays the commander."),
        None => "There is no commander: `/incident take`.".to_owned(),
    };
    say(
        &mut change,
        &format!(
            "<@{}>: <@{}> cannot take the command. {stays}",
            offer.from, offer.to
        ),
    );
    let answer = answered(incident, offer, HandoverOutcome::Declined);
    Ok(Verdict::Change(
        Box::new(change),
        Some(Reply::Message(answer)),
    ))
}

/// The offer that was made at that time, if it waits for the asker.
fn asked<'a>(
    context: &DecisionContext<'a>,
    offered: Timestamp,
) -> Result<(&'a Incident, &'a Handover), RequestError> {
    let incident = context.may(Action::AnswerHandover)?;
    let over = "This handover is over: there is nothing to answer.";
    let offer = incident
        .handover
        .as_ref()
        .ok_or_else(|| RequestError::new("handover_over", over))?;
    goes_on(incident)?;
    if offer.at != offered {
        return Err(RequestError::new(
            "handover_lapsed",
            prose!(
                "This offer has lapsed: ",
                offer.from,
                " has offered you the command of ",
                incident.name(),
                " anew since. Answer that, at the end of its channel."
            ),
        ));
    }
    Ok((incident, offer))
}

fn noted(offer: &Handover) -> String {
    let said = format!("<@{}> offers the command to <@{}>", offer.from, offer.to);
    if offer.notes.is_empty() {
        return said;
    }
    format!("{said}: {}", offer.notes)
}

#[cfg(test)]
mod tests;
