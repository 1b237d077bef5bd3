//! The modal that posts an update, for the team and for the status page.

use serde_json::Value;
use tidegate_slack::blocks::{Field, Question};
use tidegate_slack::ids::ChannelId;

use super::{Metadata, view};
use crate::model::incident::Incident;
use crate::model::status::Status;
use crate::render::facts;

/// The modal's callback id.
pub const CALLBACK: &str = "incident_update";

/// Renders the modal. Its block ids are `status`, `text`, `public` and `next`, the minutes until the next update.
/// `minutes` is the workspace's interval of updates at this severity; `None` if it has none.
pub fn modal(incident: &Incident, channel: Option<&ChannelId>, minutes: Option<u32>) -> Value {
    let fields = vec![
        Field::paragraph(&facts::title(incident)),
        status(incident),
        Field::text(
            &Question {
                id: "text",
                label: "Where does it stand?",
                required: true,
            },
            "text",
            3000,
            "",
            true,
        )
        .hint("For everybody who works on it, and the announcement channels."),
        Field::text(
            &Question {
                id: "public",
                label: "For the status page",
                required: false,
            },
            "public",
            3000,
            "",
            true,
        )
        .hint("Everyone outside can read it once it is published. Empty: nothing is published."),
        next(minutes),
    ];
    let metadata = Metadata {
        incident: Some(incident.id.clone()),
        channel: channel.cloned(),
        source: None,
    };
    view(
        CALLBACK,
        &format!("Update {}", incident.name()),
        "Send",
        &metadata,
        fields,
    )
}

fn status(incident: &Incident) -> Field {
    let ask = Question {
        id: "status",
        label: "Status",
        required: true,
    };
    let mut offered = vec![incident.status];
    let working = [
        Status::Investigating,
        Status::Identified,
        Status::Monitoring,
    ];
    // An incident in triage must be accepted first, which is a separate step.
    if incident.status.is_open() && incident.status != Status::Triage {
        offered.extend(working.into_iter().filter(|s| *s != incident.status));
    }
    let options: Vec<_> = offered
        .into_iter()
        .map(|status| {
            let still = if status == incident.status {
                " (as it is)"
            } else {
                ""
            };
            (format!("{status}{still}"), status.as_str().to_owned())
        })
        .collect();
    Field::select(&ask, "status", &options, Some(incident.status.as_str()))
}

fn next(minutes: Option<u32>) -> Field {
    let ask = Question {
        id: "next",
        label: "Next update",
        required: false,
    };
    let mut choices = vec![15, 30, 60, 120, 240];
    choices.extend(minutes);
    choices.sort_unstable();
    choices.dedup();
    let options: Vec<_> = choices
        .into_iter()
        .map(|m| {
            (
                format!("in {}", super::super::text::span(i64::from(m) * 60_000)),
                m.to_string(),
            )
        })
        .collect();
    let initial = minutes.map(|m| m.to_string());
    Field::select(&ask, "next", &options, initial.as_deref())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::fixture::{check, hostile, incident};

    #[test]
    fn it_begins_with_how_things_stand() {
        let view = modal(&incident(), Some(&"C1".into()), Some(45));
        check(&view);
        let blocks = view["blocks"].as_array().unwrap();
        assert_eq!(
            blocks[1]["element"]["initial_option"]["value"],
            "identified"
        );
        let statuses: Vec<_> = blocks[1]["element"]["options"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| &o["value"])
            .collect();
        assert_eq!(statuses, ["identified", "investigating", "monitoring"]);
        assert_eq!(blocks[4]["element"]["initial_option"]["value"], "45");
        assert_eq!(blocks[4]["element"]["options"][2]["value"], "45");
        let metadata = Metadata::parse(view["private_metadata"].as_str().unwrap()).unwrap();
        assert_eq!(metadata.incident, Some(incident().id));
    }

    #[test]
    fn only_steps_that_are_allowed_are_offered() {
        for (status, n) in [
            (Status::Triage, 1),
            (Status::Declared, 4),
            (Status::Monitoring, 3),
            (Status::Resolved, 1),
        ] {
            let mut incident = incident();
            incident.status = status;
            let view = modal(&incident, None, None);
            let options = view["blocks"][1]["element"]["options"].as_array().unwrap();
            assert_eq!(options.len(), n, "{status}");
        }
    }

    #[test]
    fn metadata_that_is_not_ours_is_none() {
        assert_eq!(Metadata::parse("opaque"), None);
        assert_eq!(Metadata::parse(r#"{"i":"../x"}"#), None);
        assert_eq!(Metadata::parse("{}"), Some(Metadata::default()));
    }

    proptest! {
        #[test]
        fn any_title_makes_a_modal_that_slack_takes(title in hostile(), number in any::<u32>()) {
            let mut incident = incident();
            incident.title = title;
            incident.number = number;
            check(&modal(&incident, None, None));
        }
    }
}
