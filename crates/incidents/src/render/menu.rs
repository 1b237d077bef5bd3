//! The menu for a bare `/incident`: what the person can do next.

use serde_json::Value;
use tidegate_slack::blocks::{actions, button, context, message, primary, section};

use super::value::value_of;
use super::{facts, header};
use crate::model::incident::Incident;
use crate::model::role::RoleName;

/// The rights of a person in an incident, which decide what buttons the menu has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Say {
    /// The person may read the incident.
    Reader,
    /// The person participates in the incident but does not lead it.
    Participant,
    /// The person leads the incident or has the same rights.
    Leader,
}

/// The menu in an incident's channel, without buttons that the person may not use.
pub fn here(incident: &Incident, say: Say, custom_roles: &[RoleName]) -> Value {
    let head = format!(
        "{} {} {} · commander: {}",
        facts::mark(incident),
        facts::title(incident),
        facts::standing(incident),
        facts::commander(incident)
    );
    let value = value_of(incident);
    let read = ["catchup", "timeline", "tasks", "roles", "deliveries"].map(|name| {
        let label = match name {
            "catchup" => "Catch up",
            "timeline" => "Timeline",
            "tasks" => "Tasks",
            "roles" => "Roles",
            _ => "Deliveries",
        };
        button(label, &format!("incident.{name}"), &value)
    });
    let mut blocks = vec![section(&head)];
    let may = header::buttons(incident, custom_roles).into_iter();
    blocks.extend(actions(may.filter(|element| offered(element, say))));
    blocks.extend(actions(read));
    blocks.push(context("`/incident help` lists every command."));
    message(&head, blocks)
}

fn offered(element: &Value, say: Say) -> bool {
    let least = match element["action_id"].as_str().unwrap_or_default() {
        "incident.join" | "incident.watch" => Say::Reader,
        "incident.claim" | "incident.page" | "incident.postmortem" => Say::Participant,
        _ => Say::Leader,
    };
    let rank = |say| match say {
        Say::Reader => 0,
        Say::Participant => 1,
        Say::Leader => 2,
    };
    rank(say) >= rank(least)
}

/// The menu in other channels: declare an incident, or list the `open` ones.
pub fn elsewhere(open: usize) -> Value {
    let head = match open {
        0 => "There are no open incidents.".to_owned(),
        1 => "There is one open incident.".to_owned(),
        n => format!("There are {n} open incidents."),
    };
    let row = vec![
        primary(button("Declare an incident", "incident.declare", "declare")),
        button("List", "incident.list", "open"),
    ];
    let mut blocks = vec![section(&head)];
    blocks.extend(actions(row));
    blocks.push(context("`/incident help` lists every command."));
    message(&head, blocks)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{check, incident};
    use super::*;

    fn first_row(say: Say) -> Vec<String> {
        let shown = here(&incident(), say, &[]);
        check(&shown);
        let row = shown["blocks"][1]["elements"].as_array().unwrap();
        row.iter()
            .map(|b| b["action_id"].as_str().unwrap().replace("incident.", ""))
            .collect()
    }

    #[test]
    fn nobody_is_offered_what_would_be_refused() {
        assert_eq!(first_row(Say::Reader), ["join", "watch"]);
        assert_eq!(
            first_row(Say::Participant),
            ["join", "watch", "claim", "page"]
        );
        assert_eq!(
            first_row(Say::Leader),
            [
                "join", "watch", "claim", "update", "severity", "page", "resolve"
            ]
        );
    }

    #[test]
    fn elsewhere_one_can_declare() {
        for n in 0..3 {
            check(&elsewhere(n));
        }
        assert!(elsewhere(1).to_string().contains("one open incident"));
    }
}
