//! Topic and purpose of an incident's channel: one line each, at most 250 characters.

use tidegate_slack::mrkdwn;

use super::facts;
use super::text::{LINE, line, time_of_day};
use crate::model::incident::Incident;

/// Most characters that Slack allows in a topic or a purpose.
const TOPIC: usize = 250;

/// `P1 · identified · IC @x · next update 14:30 UTC`. The time is in UTC, because Slack does not format dates in
/// topics.
pub fn topic(incident: &Incident) -> String {
    let mut parts = Vec::new();
    if incident.drill {
        parts.push("DRILL".to_owned());
    }
    parts.push(incident.severity.to_string());
    parts.push(incident.status.to_string());
    parts.push(format!("IC {}", facts::commander(incident)));
    if let Some(due) = incident
        .next_update_at
        .filter(|_| incident.status.is_open())
    {
        parts.push(format!("next update {}", time_of_day(due)));
    }
    mrkdwn::cut(&parts.join(" · "), TOPIC)
}

/// The channel's purpose: the incident's name and title.
pub fn purpose(incident: &Incident) -> String {
    mrkdwn::cut(&line(&facts::heading(incident), LINE), TOPIC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidegate_slack::text::length;

    use super::super::fixture::{hostile, incident};
    use super::*;

    #[test]
    fn a_topic_says_how_things_stand() {
        let mut incident = incident();
        assert_eq!(
            topic(&incident),
            "P1 · identified · IC <@UCOMMANDER> · next update 10:40 UTC"
        );
        incident.roles.clear();
        incident.next_update_at = None;
        incident.drill = true;
        assert_eq!(topic(&incident), "DRILL · P1 · identified · IC nobody yet");
        assert_eq!(purpose(&incident), "DRILL · INC-4 · Checkout fails");
    }

    proptest! {
        #[test]
        fn neither_is_too_long(title in hostile(), user in "U[A-Z]{2}[A-Z0-9]{0,400}") {
            let mut incident = incident();
            incident.roles[0].user = user.into();
            incident.title = title;
            for text in [topic(&incident), purpose(&incident)] {
                prop_assert!(length(&text) <= 250 && !text.contains("<@U1>"), "{text}");
            }
        }
    }
}
