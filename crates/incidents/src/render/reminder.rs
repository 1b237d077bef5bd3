//! Reminders that timers send, with buttons for what people can do.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidegate_slack::blocks::{actions, button, message, option, primary, section, select};
use tidegate_slack::ids::UserId;
use tidegate_slack::mrkdwn::user;

use super::facts;
use super::value::{value_of, value_with};
use crate::model::incident::Incident;
use crate::model::role::RoleName;
use crate::model::timer_kind::TimerKind;
use crate::model::timers::unclaimed;

/// The minutes for which a reminder can be snoozed.
const SNOOZES: [u32; 3] = [30, 60, 90];

/// Most people that one reminder mentions.
const CALLED: usize = 10;

/// The reminder in the incident's channel, which mentions the people in `to`.
pub fn message_of(incident: &Incident, kind: TimerKind, to: &[UserId]) -> Value {
    let called: Vec<_> = to.iter().take(CALLED).map(user).collect();
    let text = format!("{} {}", called.join(" "), words(incident, kind));
    let text = text.trim();
    let mut blocks = vec![section(text)];
    if !matches!(kind, TimerKind::AutoClose | TimerKind::Archive) {
        blocks.extend(actions(buttons(incident, kind)));
    }
    message(text, blocks)
}

fn words(incident: &Incident, kind: TimerKind) -> String {
    let (name, free) = (facts::title(incident), unclaimed(incident));
    match kind {
        TimerKind::Ack => {
            format!("Nobody has taken up {name} yet. Claim a role, or say where it stands.")
        }
        TimerKind::RoleUnclaimed => {
            let free: Vec<&str> = free.iter().map(RoleName::as_str).collect();
            let free = free.join(" and no ");
            format!("{name} has no {free}. Somebody should claim the role.")
        }
        TimerKind::UpdateDue => format!("An update of {name} is due."),
        TimerKind::Soak => format!("{name} has been quiet for a while. Is it over?"),
        TimerKind::Stale => format!(
            "Nobody has said anything about {name} for days. Update it, resolve it or cancel it."
        ),
        TimerKind::AutoClose => {
            format!("{name} has been closed, as it was resolved a while ago. Its tasks stay open.")
        }
        TimerKind::PostmortemDue => format!("The post-mortem of {name} is due."),
        TimerKind::Archive => format!(
            "This channel is put away now, as {name} is closed. Everything in it can still be read."
        ),
    }
}

fn buttons(incident: &Incident, kind: TimerKind) -> Vec<Value> {
    let value = value_of(incident);
    let update = button("Send update", "incident.update", &value);
    let mut row = match kind {
        TimerKind::Ack | TimerKind::RoleUnclaimed => {
            let mut row = vec![update];
            row.extend(super::header::claim_select(incident, &[]));
            row
        }
        TimerKind::Soak | TimerKind::Stale => {
            vec![update, button("Resolve", "incident.resolve", &value)]
        }
        TimerKind::PostmortemDue => vec![primary(button(
            "Post-mortem",
            "incident.postmortem",
            &value,
        ))],
        TimerKind::UpdateDue | TimerKind::AutoClose | TimerKind::Archive => vec![primary(update)],
    };
    let snooze = SNOOZES.iter().map(|minutes| {
        let extra = Snooze {
            minutes: *minutes,
            kind,
        };
        option(&format!("{minutes} minutes"), &value_with(incident, &extra))
    });
    row.extend(select("incident.snooze", "Snooze", snooze.collect()));
    row.push(button(
        "Stop",
        "incident.remind_stop",
        &value_with(incident, &kind),
    ));
    row
}

/// A reminder that somebody puts off: what an option of `incident.snooze` carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snooze {
    /// Minutes until the reminder is to come again.
    #[serde(rename = "m")]
    pub minutes: u32,
    /// The kind of reminder.
    #[serde(rename = "k")]
    pub kind: TimerKind,
}

impl Snooze {
    /// Whether the minutes are among those that a reminder offers.
    pub fn is_offered(&self) -> bool {
        SNOOZES.contains(&self.minutes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{check, hostile, incident};
    use super::super::value::parse_value;
    use super::*;

    #[test]
    fn each_kind_says_what_is_due_and_can_be_put_off() {
        for kind in TimerKind::ALL {
            let shown = message_of(&incident(), kind, &["U7".into()]);
            check(&shown);
            assert!(shown["text"].as_str().unwrap().starts_with("<@U7> "));
            let Some(row) = shown["blocks"].get(1) else {
                assert!(matches!(kind, TimerKind::AutoClose | TimerKind::Archive));
                continue;
            };
            let row = row["elements"].as_array().unwrap();
            let snooze = row
                .iter()
                .find(|e| e["action_id"] == "incident.snooze")
                .unwrap();
            let first = snooze["options"][0]["value"].as_str().unwrap();
            let snooze: Option<Snooze> = parse_value(first).unwrap().extra();
            assert_eq!(snooze, Some(Snooze { minutes: 30, kind }));
        }
    }

    #[test]
    fn only_what_is_offered_is_a_snooze() {
        for (minutes, offered) in [(0, false), (30, true), (31, false), (u32::MAX, false)] {
            let kind = TimerKind::Ack;
            assert_eq!(Snooze { minutes, kind }.is_offered(), offered, "{minutes}");
        }
    }

    proptest! {
        #[test]
        fn any_title_makes_a_reminder_that_slack_takes(title in hostile(), n in 0usize..40) {
            let mut incident = incident();
            incident.title = title;
            check(&message_of(&incident, TimerKind::UpdateDue, &vec!["U7".into(); n]));
        }
    }
}
