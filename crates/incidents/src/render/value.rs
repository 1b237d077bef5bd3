//! The value of a button: the incident that it is about, and the version in which it was rendered.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::incident::{Incident, IncidentId};

/// The value of a button, or of an option in a select, of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonValue {
    /// The id of the incident that the button is about.
    #[serde(rename = "i")]
    pub incident: IncidentId,
    /// The incident's version when the button was rendered, which reveals that a button in an old message is stale.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The further data that the action needs, as JSON: a role, a severity, the number of a draft.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    extra: Option<Value>,
}

impl ButtonValue {
    /// The data that the action needs besides the incident; `None` if it is missing or of another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.extra.as_ref()?).ok()
    }
}

/// The value of a button that needs only the incident.
pub fn value_of(incident: &Incident) -> String {
    written(incident, None)
}

/// The value of a button that also says something of its own. Short: an option's value holds 150 characters.
pub fn value_with(incident: &Incident, extra: &impl Serialize) -> String {
    written(incident, Some(json!(extra)))
}

fn written(incident: &Incident, extra: Option<Value>) -> String {
    let value = ButtonValue {
        incident: incident.id.clone(),
        version: Some(incident.version),
        extra,
    };
    json!(value).to_string()
}

/// Parses a value; `None` if it is not one of Tidegate's.
pub fn parse_value(text: &str) -> Option<ButtonValue> {
    let value: ButtonValue = serde_json::from_str(text).ok()?;
    IncidentId::parse(value.incident.as_str())?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::incident;
    use super::*;

    #[test]
    fn what_is_no_value_of_ours_is_none() {
        for text in [
            "",
            "{}",
            "7",
            r#"{"i":"x"}"#,
            r#"{"i":"../../../../../../../..!"}"#,
        ] {
            assert_eq!(parse_value(text), None, "{text}");
        }
        let bare = format!(r#"{{"i":"{}"}}"#, incident().id);
        assert_eq!(parse_value(&bare).unwrap().version, None);
    }

    proptest! {
        #[test]
        fn a_value_reads_back(version in any::<u64>(), extra in ".{0,40}") {
            let mut incident = incident();
            incident.version = version;
            let value = parse_value(&value_with(&incident, &extra)).unwrap();
            prop_assert_eq!(&value.incident, &incident.id);
            prop_assert_eq!(value.version, Some(version));
            prop_assert_eq!(value.extra(), Some(extra));
            prop_assert_eq!(parse_value(&value_of(&incident)).unwrap().extra::<String>(), None);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = parse_value(&text);
        }
    }
}
