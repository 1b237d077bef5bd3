//! The modal that changes the severity, with a reason.

use serde_json::Value;
use tidegate_slack::blocks::{Field, Question};
use tidegate_slack::ids::ChannelId;

use super::declare::severities;
use super::{Metadata, view};
use crate::model::incident::Incident;
use crate::model::severity::Severity;
use crate::render::facts;

/// The modal's callback id.
pub const CALLBACK: &str = "incident_severity";

/// Renders the modal with `chosen` as the initial severity. Its block ids are `severity` and `text`, the reason.
pub fn modal(incident: &Incident, channel: Option<&ChannelId>, chosen: Severity) -> Value {
    let severity = Question {
        id: "severity",
        label: "Severity",
        required: true,
    };
    let reason = Question {
        id: "text",
        label: "Why?",
        required: false,
    };
    let fields = vec![
        Field::paragraph(&format!("{} is {} now.", facts::title(incident), incident.severity)),
        Field::select(&severity, "severity", &severities(), Some(chosen.as_str()))
            .hint("Raising it to P1 or P2 tells the announcement channels. Lowering it tells only this incident's."),
        Field::text(&reason, "text", 500, "", true),
    ];
    let metadata = Metadata {
        incident: Some(incident.id.clone()),
        channel: channel.cloned(),
        source: None,
    };
    view(
        CALLBACK,
        &format!("Severity of {}", incident.name()),
        "Change",
        &metadata,
        fields,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixture::{check, incident};

    #[test]
    fn it_begins_with_what_was_chosen() {
        let view = modal(&incident(), None, Severity::P3);
        check(&view);
        assert_eq!(
            view["blocks"][1]["element"]["initial_option"]["value"],
            "P3"
        );
    }
}
