//! The modal that adds a message to an incident's timeline.

use serde_json::Value;
use tidegate_slack::blocks::limits::OPTIONS;
use tidegate_slack::blocks::{Field, Question};

use super::{Metadata, view};
use crate::model::incident::Incident;
use crate::render::facts;

/// The modal's callback id.
pub const CALLBACK: &str = "incident_timeline";

/// Renders the modal. Its block ids are `incident`, one of `open`, and `text`, which is initially the message's text.
/// `None` if no incident is open.
pub fn modal(open: &[Incident], words: &str, metadata: &Metadata) -> Option<Value> {
    let fields = vec![
        pick(open, metadata)?,
        Field::text(
            &Question {
                id: "text",
                label: "What to note",
                required: true,
            },
            "text",
            3000,
            words,
            true,
        ),
    ];
    Some(view(CALLBACK, "Add to a timeline", "Add", metadata, fields))
}

/// The field for choosing the incident. Initially it has the incident of the metadata, or else the first one. `None` if
/// no incident is open.
pub(super) fn pick(open: &[Incident], metadata: &Metadata) -> Option<Field> {
    let named = open
        .iter()
        .find(|i| Some(&i.id) == metadata.incident.as_ref());
    let initial = named.or(open.first())?.id.as_str();
    let ask = Question {
        id: "incident",
        label: "Incident",
        required: true,
    };
    // The initially chosen incident must be among the options.
    let mut offered: Vec<_> = open.iter().collect();
    offered.sort_by_key(|i| i.id.as_str() != initial);
    offered.truncate(OPTIONS);
    let options: Vec<_> = offered
        .into_iter()
        .map(|incident| (facts::heading(incident), incident.id.to_string()))
        .collect();
    Some(Field::select(&ask, "incident", &options, Some(initial)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::incident::IncidentId;
    use crate::render::fixture::{NOW, check, hostile, incident};

    fn several(n: usize) -> Vec<Incident> {
        let numbered = |n: usize| {
            let mut incident = incident();
            incident.id = IncidentId::new(NOW, &n.to_string());
            incident
        };
        (0..n).map(numbered).collect()
    }

    #[test]
    fn the_incident_of_the_channel_is_chosen_however_many_there_are() {
        let open = several(130);
        let metadata = Metadata {
            incident: Some(open[120].id.clone()),
            ..Metadata::default()
        };
        let view = modal(&open, "it began", &metadata).unwrap();
        check(&view);
        let element = &view["blocks"][0]["element"];
        assert_eq!(element["initial_option"]["value"], open[120].id.as_str());
        assert_eq!(modal(&[], "x", &Metadata::default()), None);
    }

    proptest! {
        #[test]
        fn any_words_make_a_modal_that_slack_takes(words in hostile()) {
            let mut open = several(2);
            open[0].title.clone_from(&words);
            check(&modal(&open, &words, &Metadata::default()).unwrap());
        }
    }
}
