//! Ephemeral messages for people who join an incident's channel or get a role: the present state and their part in it.

use serde_json::Value;
use tidegate_slack::blocks::{actions, button, message, section};
use tidegate_slack::ids::UserId;
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::text::cut;

use super::facts;
use super::header::claim_select;
use super::text::quoted;
use super::value::value_of;
use crate::model::incident::Incident;
use crate::model::role::RoleName;

/// The message for a person who has just joined. `custom_roles` are the roles that the workspace defined.
pub fn message_of(incident: &Incident, who: &UserId, custom_roles: &[RoleName]) -> Value {
    let head = format!(
        "Welcome to {}. It is {}; the commander is {}.",
        facts::title(incident),
        facts::standing(incident),
        facts::commander(incident)
    );
    let mut blocks = vec![section(&head)];
    if let Some(summary) = incident.summary.as_deref().filter(|s| !s.trim().is_empty()) {
        blocks.push(section(&quoted(summary, 1500)));
    }
    blocks.push(section(
        "How to help: read `/incident catchup`, claim a role that is free, and keep to threads what only a few need. \
         Say what you do before you do it.",
    ));
    let value = value_of(incident);
    let mut row = Vec::new();
    if !incident.takes_part(who) {
        row.push(button("Join", "incident.join", &value));
    }
    row.push(button("Catch up", "incident.catchup", &value));
    row.extend(claim_select(incident, custom_roles));
    blocks.extend(actions(row));
    message(&head, blocks)
}

/// The message for a person who has just got a role. `instruction` is the workspace's text for the role, if there is
/// one.
pub fn role_card(incident: &Incident, role: &RoleName, instruction: Option<&str>) -> Value {
    let name = facts::role(role);
    let head = format!("You are *{name}* of {}.", facts::title(incident));
    let words = match instruction.filter(|text| !text.trim().is_empty()) {
        Some(own) => own,
        None => default_instruction(role),
    };
    let card = format!("{head}\n{}", escape(&cut(words, 2000)));
    message(&head, vec![section(&card)])
}

/// The built-in instruction for a role.
pub fn default_instruction(role: &RoleName) -> &'static str {
    match role {
        RoleName::Commander => {
            "You decide, and you do not repair. Fill the roles, ask for facts, set the next step with a name and a time, \
             and say where it stands before the next update is due: `/incident update`. When in doubt about the \
             severity, take the worse one. Hand over before you are tired: `/incident handover`."
        }
        RoleName::Deputy => {
            "You stand in for the commander. Follow everything, keep the list of open tasks, watch the clock for the \
             next update, and be ready to take over at any moment: `/incident take`."
        }
        RoleName::Comms => {
            "You speak to everyone outside. Draft what the public should know with `/incident public`: what users feel, \
             what they can do, when they hear more. No guesses about causes. The commander agrees before it goes out."
        }
        RoleName::Scribe => {
            "You write down what happens: decisions, what was tried, what was seen, each with its time. \
             `/incident timeline add`, or pin a message. Ask when something was decided and nobody said it aloud."
        }
        RoleName::Sme => {
            "You know the matter. Say what you see and what you are about to change before you do it, then report what \
             came of it. Ask the commander before anything that cannot be undone."
        }
        RoleName::Custom(_) => "Ask the commander what is needed of you.",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{check, hostile, incident};
    use super::*;

    #[test]
    fn whoever_takes_part_is_not_asked_to_join() {
        let asked = |who: &str| {
            message_of(&incident(), &who.into(), &[])
                .to_string()
                .contains("incident.join")
        };
        assert!(asked("USTRANGER") && !asked("UREPORTER"));
    }

    #[test]
    fn a_role_card_has_the_workspaces_words_or_ours() {
        let card = |own| role_card(&incident(), &RoleName::Scribe, own).to_string();
        assert!(card(None).contains("You write down what happens"));
        assert!(card(Some("Use the wiki.")).contains("Use the wiki."));
        assert!(card(Some("  ")).contains("You write down what happens"));
    }

    proptest! {
        #[test]
        fn any_words_make_messages_that_slack_takes(words in hostile()) {
            let mut incident = incident();
            incident.title.clone_from(&words);
            incident.summary = Some(words.clone());
            check(&message_of(&incident, &"UX".into(), &[]));
            check(&role_card(&incident, &RoleName::Sme, Some(&words)));
        }
    }
}
