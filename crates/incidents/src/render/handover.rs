//! The offer of command: notes for the next commander, and buttons to accept or decline.

use serde_json::Value;
use tidegate_slack::blocks::{actions, button, message, primary, section};
use tidegate_slack::mrkdwn::user;

use super::facts;
use super::text::{quoted, when};
use super::value::value_with;
use crate::model::incident::{Handover, Incident};

/// The outcome of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoverOutcome {
    /// The person took command.
    Accepted,
    /// The person declined the command, which stays where it was.
    Declined,
    /// Somebody took command, or another person was asked, before the person answered.
    Lapsed,
}

/// The offer in the incident's channel. `open_tasks` is the number of open tasks.
pub fn message_of(incident: &Incident, handover: &Handover, open_tasks: usize) -> Value {
    let head = format!(
        "{}: {} asks you to take command of {}.",
        user(&handover.to),
        user(&handover.from),
        facts::title(incident)
    );
    let mut brief = vec![format!("It is {}.", facts::standing(incident))];
    brief.extend(facts::next_update(incident).map(|due| format!("The next update is due {due}.")));
    if open_tasks > 0 {
        brief.push(format!("Open tasks: {open_tasks}."));
    }
    brief.extend(facts::other_roles(incident));
    let mut blocks = vec![section(&head), section(&brief.join("\n"))];
    if let Some(summary) = incident.summary.as_deref().filter(|s| !s.trim().is_empty()) {
        let quotation = quoted(summary, 1500);
        blocks.push(section(&format!(
            "*Last update* ({})\n{quotation}",
            when(incident.updated_at)
        )));
    }
    if !handover.notes.trim().is_empty() {
        blocks.push(section(&format!(
            "*Notes*\n{}",
            quoted(&handover.notes, 1500)
        )));
    }
    // An offer after this one is answered by its own buttons.
    let value = value_with(incident, &handover.at);
    blocks.extend(actions(vec![
        primary(button("Accept", "incident.handover_accept", &value)),
        button("Decline", "incident.handover_decline", &value),
    ]));
    message(&head, blocks)
}

/// The offer with its outcome and without buttons.
pub fn answered(incident: &Incident, handover: &Handover, outcome: HandoverOutcome) -> Value {
    let (to, name) = (user(&handover.to), facts::title(incident));
    let text = match outcome {
        HandoverOutcome::Accepted => format!("{to} has taken command of {name}."),
        HandoverOutcome::Declined => {
            format!("{to} has not taken command of {name}. The commander stays.")
        }
        HandoverOutcome::Lapsed => format!("The offer to {to} to command {name} has lapsed."),
    };
    message(&text, vec![section(&text)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{NOW, check, hostile, incident};
    use super::super::value::parse_value;
    use super::*;

    proptest! {
        #[test]
        fn any_notes_make_an_offer_that_slack_takes(notes in hostile()) {
            let handover = Handover { to: "UNEXT".into(), from: "UCOMMANDER".into(), notes, at: NOW };
            let mut incident = incident();
            incident.title.clone_from(&handover.notes);
            let offer = message_of(&incident, &handover, 3);
            check(&offer);
            prop_assert!(offer["text"].as_str().unwrap().starts_with("<@UNEXT>: <@UCOMMANDER> asks"));
            let buttons = offer["blocks"].as_array().unwrap().last().unwrap()["elements"].clone();
            for (n, name) in ["incident.handover_accept", "incident.handover_decline"].iter().enumerate() {
                prop_assert_eq!(buttons[n]["action_id"].as_str(), Some(*name));
                let value = parse_value(buttons[n]["value"].as_str().unwrap()).unwrap();
                prop_assert_eq!(value.extra(), Some(NOW));
            }
            for outcome in [HandoverOutcome::Accepted, HandoverOutcome::Declined, HandoverOutcome::Lapsed] {
                let answered = answered(&incident, &handover, outcome);
                check(&answered);
                prop_assert!(!answered.to_string().contains("action_id"));
            }
        }
    }
}
