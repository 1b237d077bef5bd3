//! The request to approve a text for the status page.

use serde_json::Value;
use tidegate_slack::blocks::{actions, button, context, danger, limits, message, primary, section};
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::text::{cut, length};

use super::facts;
use super::text::{actor, quoted};
use super::value::value_with;
use crate::model::actor::Actor;
use crate::model::incident::{Incident, PublicDraft};

/// The outcome of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided<'a> {
    /// The person published it.
    Published(&'a Actor),
    /// The person discarded it.
    Discarded(&'a Actor),
    /// A newer draft replaced it.
    Replaced,
}

/// The draft with its buttons. Their value carries the draft's number.
pub fn message_of(incident: &Incident, draft: &PublicDraft) -> Value {
    let head = format!(
        "{} has a draft for the public, by {}. It is {}.",
        facts::title(incident),
        actor(&draft.by),
        facts::standing(incident)
    );
    let value = value_with(incident, &draft.n);
    let mut blocks = vec![section(&head)];
    let text = text_of(draft);
    let is_whole = shows_whole(draft, &text);
    if !is_whole {
        blocks.push(context(
            "Slack cannot show this draft whole, so nobody can publish it from here. Write a shorter one.",
        ));
    }
    blocks.extend(text);
    blocks.push(context(&format!(
        "A person who may publish decides; the commander is {}.",
        facts::commander(incident)
    )));
    let publish = primary(button("Publish", "incident.public_publish", &value));
    let mut buttons: Vec<Value> = is_whole.then_some(publish).into_iter().collect();
    buttons.push(button("Edit", "incident.public_edit", &value));
    buttons.push(danger(button("Discard", "incident.public_discard", &value)));
    blocks.extend(actions(buttons));
    message(&head, blocks)
}

/// The draft with its outcome and without buttons.
pub fn decided(incident: &Incident, draft: &PublicDraft, decided: Decided<'_>) -> Value {
    let name = facts::title(incident);
    let head = match decided {
        Decided::Published(by) => format!("{name}: {} has published this.", actor(by)),
        Decided::Discarded(by) => format!("{name}: {} has discarded this draft.", actor(by)),
        Decided::Replaced => format!("{name}: there is a newer draft than this."),
    };
    let mut blocks = vec![section(&head)];
    blocks.extend(text_of(draft));
    message(&head, blocks)
}

/// Characters of a draft in one block, before they are escaped.
const PIECE: usize = 500;

/// Blocks for a draft: as many as its longest text needs.
const MOST: usize = 6;

/// The complete draft, because nobody should publish a text that they could not read.
fn text_of(draft: &PublicDraft) -> Vec<Value> {
    let letters: Vec<char> = draft.text.trim().chars().collect();
    let pieces = letters.chunks(PIECE).take(MOST);
    let mut blocks: Vec<_> = pieces
        .map(|piece| section(&quoted(&piece.iter().collect::<String>(), PIECE * 2)))
        .collect();
    if letters.len() > PIECE * MOST {
        let rest: String = letters[PIECE * MOST..].iter().collect();
        blocks.push(context(&format!(
            "It goes on: {}",
            escape(&cut(&rest, 200))
        )));
    }
    blocks
}

/// Whether a message has room for the complete draft: Slack counts an escaped character as several.
fn shows_whole(draft: &PublicDraft, shown: &[Value]) -> bool {
    let texts = shown
        .iter()
        .filter_map(|block| block["text"]["text"].as_str());
    let room = limits::MESSAGE_BLOCKS_TEXT - 2000;
    texts.map(length).sum::<usize>() <= room && draft.text.trim().chars().count() <= PIECE * MOST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{NOW, check, hostile, incident};
    use super::super::value::parse_value;
    use super::*;

    fn draft(text: &str) -> PublicDraft {
        PublicDraft {
            n: 3,
            text: text.to_owned(),
            by: Actor::Person("UCOMMS".into()),
            at: NOW,
        }
    }

    #[test]
    fn every_button_knows_its_draft() {
        let shown = message_of(&incident(), &draft("We are on it"));
        let row = shown["blocks"].as_array().unwrap().last().unwrap()["elements"]
            .as_array()
            .unwrap()
            .clone();
        assert_eq!(row.len(), 3);
        for button in row {
            let value = parse_value(button["value"].as_str().unwrap()).unwrap();
            assert_eq!(value.extra(), Some(3));
        }
    }

    #[test]
    fn a_long_draft_is_shown_to_its_end() {
        let text = format!("{}the end", "long & ".repeat(400));
        assert!(
            message_of(&incident(), &draft(&text))
                .to_string()
                .contains("the end")
        );
    }

    #[test]
    fn a_draft_that_cannot_be_shown_whole_cannot_be_published() {
        let text = format!("All is well.{}buy here", "&".repeat(2900));
        let shown = message_of(&incident(), &draft(&text)).to_string();
        let publishable = shown.contains("incident.public_publish");
        assert!(shown.contains("buy here") || !publishable, "{shown}");
        assert!(!publishable && shown.contains("cannot show this draft whole"));
        assert!(shown.contains("incident.public_discard"));
    }

    proptest! {
        #[test]
        fn any_draft_makes_messages_that_slack_takes(words in hostile()) {
            let (incident, draft) = (incident(), draft(&words));
            check(&message_of(&incident, &draft));
            for what in [Decided::Published(&draft.by), Decided::Discarded(&Actor::Operator), Decided::Replaced] {
                let shown = decided(&incident, &draft, what);
                check(&shown);
                prop_assert!(!shown.to_string().contains("action_id"));
            }
        }
    }
}
