//! The modal that resolves an incident.

use serde_json::Value;
use tidegate_slack::blocks::{Field, Question};
use tidegate_slack::ids::ChannelId;

use super::{Metadata, view};
use crate::model::incident::Incident;
use crate::render::facts;

/// The modal's callback id.
pub const CALLBACK: &str = "incident_resolve";

/// Renders the modal. Its block ids are `summary`, which is required for P1 and P2, and `public`.
pub fn modal(incident: &Incident, channel: Option<&ChannelId>) -> Value {
    let summary = Question {
        id: "summary",
        label: "What was it, and what ended it?",
        required: incident.severity.is_broadcast(),
    };
    let public = Question {
        id: "public",
        label: "For the status page",
        required: false,
    };
    let fields = vec![
        Field::paragraph(&facts::title(incident)),
        Field::text(&summary, "summary", 3000, "", true),
        Field::text(&public, "public", 3000, "", true)
            .hint("Everyone outside can read it. Empty: the page only says that it is resolved."),
    ];
    let metadata = Metadata {
        incident: Some(incident.id.clone()),
        channel: channel.cloned(),
        source: None,
    };
    view(
        CALLBACK,
        &format!("Resolve {}", incident.name()),
        "Resolve",
        &metadata,
        fields,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::severity::Severity;
    use crate::render::fixture::{check, incident};

    #[test]
    fn a_summary_is_required_of_the_bad_ones() {
        for (severity, required) in [
            (Severity::P1, true),
            (Severity::P2, true),
            (Severity::P3, false),
            (Severity::P4, false),
        ] {
            let mut incident = incident();
            incident.severity = severity;
            let view = modal(&incident, None);
            check(&view);
            assert_eq!(view["blocks"][1]["optional"], !required, "{severity}");
        }
    }
}
