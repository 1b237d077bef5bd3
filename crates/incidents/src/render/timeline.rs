//! The timeline for one person: one page at a time, the newest entry last.

use serde_json::Value;
use tidegate_slack::blocks::{actions, button, message, paragraphs, section};
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::text::cut;

use super::facts;
use super::text::{actor, fitting, when};
use super::value::value_with;
use crate::model::incident::Incident;
use crate::model::timeline::Entry;

/// Most entries on a page, so that the page has room for the text of each.
pub const PAGE: usize = 40;

/// Longest text of an entry on a page, in characters; the export contains the complete text.
const WORDS: usize = 600;

/// A page of a timeline.
#[derive(Clone, Copy)]
pub struct TimelinePage<'a> {
    /// The incident whose timeline it is.
    pub incident: &'a Incident,
    /// The entries in order. The page shows at most the first [`PAGE`], as many as fit into a message.
    pub entries: &'a [Entry],
    /// Whether there are further entries.
    pub more: bool,
}

/// Renders the page. Its button Next carries the number of the last entry shown; the next page begins after it.
pub fn message_of(page: &TimelinePage<'_>) -> Value {
    let lines = fitting(page.entries.iter().take(PAGE).map(entry_text));
    let shown = &page.entries[..lines.len()];
    let head = format!("Timeline of {}", facts::title(page.incident));
    let mut blocks = vec![section(&head)];
    if shown.is_empty() {
        blocks.push(section("There is nothing in it yet."));
    }
    blocks.extend(paragraphs(&lines));
    let last = shown
        .last()
        .filter(|_| page.more || shown.len() < page.entries.len());
    if let Some(last) = last {
        let value = value_with(page.incident, &last.seq);
        blocks.extend(actions(vec![button(
            "Next",
            "incident.timeline_more",
            &value,
        )]));
    }
    message(&format!("{head}: {} entries", shown.len()), blocks)
}

/// One entry in one or more lines. A hidden or deleted entry is shown without its text.
pub(super) fn entry_text(entry: &Entry) -> String {
    format!(
        "{} · {} · *{}*{}",
        when(entry.at),
        actor(&entry.actor),
        facts::kind(entry.kind),
        words(entry)
    )
}

fn words(entry: &Entry) -> String {
    if entry.hidden_by.is_some() {
        return " _(hidden)_".to_owned();
    }
    if entry.removed_at.is_some() {
        return " _(deleted)_".to_owned();
    }
    let words = entry.words().trim();
    let edited = if entry.edited.is_some() {
        " _(edited)_"
    } else {
        ""
    };
    if words.is_empty() {
        return edited.to_owned();
    }
    format!(" {}{edited}", escape(&cut(words, WORDS)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{NOW, check, check_for_one, entries, hostile, incident};
    use super::super::value::parse_value;
    use super::*;
    use crate::model::actor::Actor;

    #[test]
    fn next_goes_on_after_the_last_entry_shown() {
        let (incident, entries) = (incident(), entries(&["a"; 50]));
        let page = TimelinePage {
            incident: &incident,
            entries: &entries,
            more: false,
        };
        let shown = message_of(&page);
        check(&shown);
        let next = &shown["blocks"].as_array().unwrap().last().unwrap()["elements"][0];
        let value = parse_value(next["value"].as_str().unwrap()).unwrap();
        assert_eq!(value.extra(), Some(40));
        let rest = TimelinePage {
            entries: &entries[40..],
            ..page
        };
        assert!(!message_of(&rest).to_string().contains("Next"));
    }

    #[test]
    fn what_was_hidden_or_deleted_is_not_repeated() {
        let mut all = entries(&["secret one", "secret two", "before"]);
        all[0].hidden_by = Some(Actor::Operator);
        all[1].removed_at = Some(NOW);
        all[2].edited = Some("after".to_owned());
        let incident = incident();
        let shown = message_of(&TimelinePage {
            incident: &incident,
            entries: &all,
            more: false,
        })
        .to_string();
        assert!(
            !shown.contains("secret") && !shown.contains("before"),
            "{shown}"
        );
        assert!(shown.contains("after _(edited)_"), "{shown}");
    }

    /// Checks that Slack accepts a page of `n` entries with this text.
    fn check_words(words: &str, n: usize) {
        let (incident, entries) = (incident(), entries(&vec![words; n]));
        let shown = message_of(&TimelinePage {
            incident: &incident,
            entries: &entries,
            more: true,
        });
        check_for_one(&shown);
        // What does not fit is on the next page.
        assert!(!shown.to_string().contains("more parts are not shown"));
    }

    #[test]
    fn a_mention_makes_a_page_that_slack_takes() {
        check_words("<@U1>", 1);
    }

    proptest! {
        #[test]
        fn any_words_make_a_page_that_slack_takes(words in hostile(), n in 0usize..60) {
            check_words(&words, n);
        }
    }
}
