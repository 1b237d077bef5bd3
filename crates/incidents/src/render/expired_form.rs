//! The message for a person whose form could not be opened in time. Its button opens the form with what the person
//! typed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_slack::blocks::{actions, button, limits, message, primary, section};
use tidegate_slack::text::{cut, length};

use crate::model::incident::IncidentId;
use crate::model::timeline::Source;

/// The action id of the button.
pub const ACTION: &str = "incident.open_form";

/// The button's value: which form to open, and its initial values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenForm {
    /// The form's callback id.
    #[serde(rename = "f")]
    pub form: String,
    /// The incident that the form is about; `None` for a declaration.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The text that the person typed, which fills in the form.
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    pub typed: String,
    /// The message that the form was opened from.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl OpenForm {
    /// Parses a button's value; `None` if it is not one.
    pub fn parse(value: &str) -> Option<Self> {
        let form: Self = serde_json::from_str(value).ok()?;
        match &form.incident {
            Some(id) if IncidentId::parse(id.as_str()).is_none() => None,
            _ => Some(form),
        }
    }

    /// The button's value. The typed text is cut until the value fits.
    fn value(&self) -> String {
        let mut form = self.clone();
        let mut room = 1500;
        loop {
            form.typed = if room == 0 {
                String::new()
            } else {
                cut(&self.typed, room)
            };
            let value = json!(form).to_string();
            if length(&value) <= limits::BUTTON_VALUE || room == 0 {
                return value;
            }
            room /= 2;
        }
    }
}

/// The message, for the person who asked for the form.
pub fn message_of(form: &OpenForm) -> Value {
    let text = "Slack waits only a few seconds for a form, and this one came too late. Nothing has been done yet.";
    let open = primary(button("Open the form", ACTION, &form.value()));
    let mut blocks = vec![section(text)];
    blocks.extend(actions(vec![open]));
    message(text, blocks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{check, hostile, incident};
    use super::*;

    proptest! {
        #[test]
        fn the_button_reads_back(typed in hostile()) {
            let form = OpenForm {
                form: "declare_incident_modal".to_owned(),
                incident: Some(incident().id),
                typed,
                source: Some(Source { channel: "C1".into(), ts: "1.2".into() }),
            };
            let shown = message_of(&form);
            check(&shown);
            let read = OpenForm::parse(shown["blocks"][1]["elements"][0]["value"].as_str().unwrap()).unwrap();
            let begun = read.typed.trim_end_matches('…');
            prop_assert!(form.typed.starts_with(begun) && (!begun.is_empty() || form.typed.is_empty()));
            prop_assert_eq!((read.incident, read.source), (form.incident, form.source));
        }
    }

    #[test]
    fn what_is_no_form_of_ours_is_none() {
        for value in ["", "{}", r#"{"f":"x","i":"../y"}"#] {
            assert!(OpenForm::parse(value).is_none(), "{value}");
        }
    }
}
