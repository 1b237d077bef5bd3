//! The roles of an incident: who holds them, and which are vacant.

use serde_json::Value;
use tidegate_slack::blocks::{actions, message, paragraphs, section};
use tidegate_slack::mrkdwn::user;

use super::facts;
use super::header::claim_select;
use super::text::when;
use crate::model::incident::Incident;
use crate::model::role::RoleName;

/// All roles with their holders, including those that the workspace defined, and a select of those that can be claimed.
pub fn message_of(incident: &Incident, custom_roles: &[RoleName]) -> Value {
    let head = format!("Roles of {}", facts::title(incident));
    let named = RoleName::BUILT_IN.iter().chain(custom_roles);
    let lines: Vec<_> = named.map(|role| role_text(incident, role)).collect();
    let mut blocks = vec![section(&head)];
    blocks.extend(paragraphs(&lines));
    if incident.status.is_open() {
        let select = claim_select(incident, custom_roles);
        blocks.extend(actions(select));
    }
    message(&format!("{head}\n{}", lines.join("\n")), blocks)
}

fn role_text(incident: &Incident, role: &RoleName) -> String {
    let held = incident.roles.iter().filter(|held| held.role == *role);
    let people: Vec<_> = held
        .map(|held| format!("{} since {}", user(&held.user), when(held.since)))
        .collect();
    let people = if people.is_empty() {
        "free".to_owned()
    } else {
        people.join(", ")
    };
    format!("*{}*: {people}", facts::role(role))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{check, incident};
    use super::*;

    #[test]
    fn each_role_is_held_or_free() {
        let shown = message_of(&incident(), &[RoleName::Custom("legal".to_owned())]);
        check(&shown);
        let text = shown["text"].as_str().unwrap();
        assert!(text.contains("*Commander*: <@UCOMMANDER> since"), "{text}");
        assert!(text.contains("*SME*: free\n*legal*: free"), "{text}");
    }
}
