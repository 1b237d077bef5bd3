//! The message for a person whose form could not be opened in time: a button that opens it with what they entered.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_slack::blocks::{actions, button, limits, message, primary, section};
use tidegate_slack::text::length;

use crate::model::form::Form;
use crate::model::incident::IncidentId;

/// The action id of the button.
pub const ACTION: &str = "incident.open_form";

/// The button's value: the form as it was, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenForm {
    /// The form to open, with what it begins with.
    #[serde(rename = "f")]
    pub form: Form,
    /// The incident that it is about.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
}

impl OpenForm {
    /// Reads a button's value; `None` if it is not one of ours.
    pub fn parse(value: &str) -> Option<Self> {
        let form: Self = serde_json::from_str(value).ok()?;
        match &form.incident {
            Some(id) if IncidentId::parse(id.as_str()).is_none() => None,
            _ => Some(form),
        }
    }

    /// The value of the button, and the names of the texts that had no room in it. A text is in it whole or not at all:
    /// half of one would look as if it were all.
    pub(super) fn value(&self) -> (String, Vec<&'static str>) {
        let mut form = self.clone();
        let mut missing = Vec::new();
        loop {
            let value = json!(form).to_string();
            if length(&value) <= limits::BUTTON_VALUE {
                return (value, missing);
            }
            match form.form.leave_out() {
                Some(name) => missing.push(name),
                None => return (value, missing),
            }
        }
    }
}

/// The message, for the person who asked for the form. It says what the form will open without.
pub fn message_of(form: &OpenForm) -> Value {
    let (value, missing) = form.value();
    let late = "Slack waits only a few seconds for a form, and this one came too late. Nothing has been done yet.";
    let text = if missing.is_empty() {
        late.to_owned()
    } else {
        let missing = missing.join(" and ");
        format!("{late} The form will open without {missing}: there is too much of it to keep.")
    };
    let open = primary(button("Open the form", ACTION, &value));
    let mut blocks = vec![section(&text)];
    blocks.extend(actions(vec![open]));
    message(&text, blocks)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;
    use super::*;
    use crate::model::form::Declaration;

    fn read_back(form: Form) -> (Form, String) {
        let shown = message_of(&OpenForm {
            form,
            incident: None,
        });
        check(&shown);
        let value = shown["blocks"][1]["elements"][0]["value"].as_str();
        let read = OpenForm::parse(value.unwrap()).unwrap();
        (read.form, shown["text"].as_str().unwrap().to_owned())
    }

    #[test]
    fn a_text_that_does_not_fit_is_left_out_whole_and_named() {
        let known = Declaration {
            title: "Private keys leaked".to_owned(),
            private: true,
            description: Some("😀".repeat(1000)),
            ..Declaration::default()
        };
        let (form, text) = read_back(Form::Declare(Box::new(known.clone())));
        let without = Declaration {
            description: None,
            ..known
        };
        assert!(form == Form::Declare(Box::new(without)));
        assert!(text.contains("without the description"), "{text}");
    }

    #[test]
    fn what_is_no_form_of_ours_is_none() {
        for value in [
            "",
            "{}",
            r#"{"f":"x"}"#,
            r#"{"f":"update","i":"../y"}"#,
            r#"{"f":"declare_incident_modal","t":"x"}"#,
        ] {
            assert!(OpenForm::parse(value).is_none(), "{value}");
        }
    }
}
