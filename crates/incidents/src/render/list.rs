//! A list of incidents, one or two lines each.

use serde_json::Value;
use tidegate_slack::blocks::{context, message, paragraphs, section};
use tidegate_slack::ids::ChannelId;
use tidegate_slack::mrkdwn::channel;

use super::facts;
use super::text::{fitting, when};
use crate::model::incident::Incident;

/// Most incidents in one list.
pub const MOST: usize = 50;

/// An incident in a list. The caller omits incidents that the reader may not see.
#[derive(Clone, Copy)]
pub struct ListRow<'a> {
    /// The incident to list.
    pub incident: &'a Incident,
    /// Its channel; `None` if there is none to link.
    pub room: Option<&'a ChannelId>,
}

/// The list under `heading`, such as `Open incidents`. `more` says that further incidents were left out.
pub fn message_of(heading: &'static str, rows: &[ListRow<'_>], more: bool) -> Value {
    let head = format!("*{heading}*");
    let mut blocks = vec![section(&head)];
    if rows.is_empty() {
        blocks.push(section("No incidents."));
    }
    let lines = fitting(rows.iter().take(MOST).map(row_text));
    blocks.extend(paragraphs(&lines));
    if more || rows.len() > lines.len() {
        blocks.push(context(
            "There are more. `/incident info` shows one by its number.",
        ));
    }
    message(&format!("{heading}: {}", rows.len()), blocks)
}

/// One incident in two lines.
pub(super) fn row_text(row: &ListRow<'_>) -> String {
    let incident = row.incident;
    let mut facts = vec![
        facts::standing(incident),
        format!("commander: {}", facts::commander(incident)),
        format!("since {}", when(incident.milestones.declared)),
    ];
    facts.extend(row.room.map(channel));
    format!(
        "{} {}\n{}",
        facts::mark(incident),
        facts::title(incident),
        facts.join(" · ")
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{check, hostile, incident};
    use super::*;

    #[test]
    fn an_empty_list_says_so() {
        let shown = message_of("Open incidents", &[], false);
        check(&shown);
        assert!(shown.to_string().contains("No incidents."));
    }

    proptest! {
        #[test]
        fn any_words_make_a_list_that_slack_takes(title in hostile(), n in 0usize..80) {
            let mut incident = incident();
            incident.title = title;
            let room = ChannelId::from("C1");
            let rows = vec![ListRow { incident: &incident, room: Some(&room) }; n];
            let shown = message_of("All incidents", &rows, false);
            check(&shown);
            let shown = shown.to_string();
            let listed = shown.matches(" · commander: ").count();
            prop_assert!(listed <= MOST && listed >= n.min(10), "{}", listed);
            prop_assert_eq!(shown.contains("There are more."), listed < n);
            prop_assert!(!shown.contains("more parts are not shown"));
        }
    }
}
