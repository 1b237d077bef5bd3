//! The details of an incident for one person: everything in its row, without buttons.

use serde_json::Value;
use tidegate_slack::blocks::{fields, message, paragraphs, section};
use tidegate_slack::ids::ChannelId;
use tidegate_slack::mrkdwn::channel;

use super::facts;
use super::text::{actor, quoted, when};
use crate::model::incident::{Incident, Review};

/// The details, with a link to the channel if there is one.
pub fn message_of(incident: &Incident, room: Option<&ChannelId>) -> Value {
    let head = format!("{} {}", facts::mark(incident), facts::title(incident));
    let mut facts_shown = vec![
        format!("*Status*\n{}", facts::standing(incident)),
        format!("*Services*\n{}", facts::services(incident)),
        format!("*Commander*\n{}", facts::commander(incident)),
        format!("*Reported by*\n{}", actor(&incident.reporter)),
        format!(
            "*Taking part*\n{} people, {} watching",
            incident.participants.len(),
            incident.watchers.len()
        ),
        format!("*Post-mortem*\n{}", review(incident.review)),
    ];
    facts_shown.extend(room.map(|room| format!("*Channel*\n{}", channel(room))));
    facts_shown.extend(facts::next_update(incident).map(|due| format!("*Next update due*\n{due}")));
    if incident.reopened > 0 {
        facts_shown.push(format!("*Reopened*\n{} times", incident.reopened));
    }
    let mut blocks = vec![section(&head)];
    blocks.extend(fields(&facts_shown));
    blocks.extend(paragraphs(&milestone_lines(incident)));
    if let Some(summary) = incident.summary.as_deref().filter(|s| !s.trim().is_empty()) {
        blocks.push(section(&format!(
            "*Last update*\n{}",
            quoted(summary, 1500)
        )));
    }
    message(&format!("{head} {}", facts::standing(incident)), blocks)
}

/// The milestones that were reached, one per line.
pub(super) fn milestone_lines(incident: &Incident) -> Vec<String> {
    let reached = facts::milestones(&incident.milestones).into_iter();
    reached
        .map(|(name, at)| format!("{name}: {}", when(at)))
        .collect()
}

fn review(review: Review) -> &'static str {
    match review {
        Review::None => "not asked for",
        Review::Required => "due",
        Review::Draft => "a draft exists",
        Review::Published => "published",
        Review::Waived => "waived",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{check, hostile, incident};
    use super::*;

    #[test]
    fn it_tells_what_was_reached_and_when() {
        let text = message_of(&incident(), Some(&"C1".into())).to_string();
        for part in ["<#C1>", "Acknowledged: <!date^", "2 people, 0 watching"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Mitigated"), "{text}");
    }

    proptest! {
        #[test]
        fn any_words_make_a_message_that_slack_takes(words in hostile()) {
            let mut incident = incident();
            incident.title.clone_from(&words);
            incident.summary = Some(words);
            incident.reopened = 2;
            check(&message_of(&incident, Some(&"C1".into())));
        }
    }
}
