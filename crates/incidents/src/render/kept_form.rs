//! The message for a person who has to wait before they declare: why, and a button that opens the form with what they entered.
//! Nothing of it is lost: a description that has no room in the button stands in the message.

use serde_json::Value;
use tidegate_slack::blocks::{actions, button, limits, message, section};
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::prose::Prose;
use tidegate_slack::text::length;

use super::expired_form::{ACTION, OpenForm};
use crate::model::form::Form;

/// The message. `why` says what to do next.
pub fn message_of(why: &Prose, form: Form) -> Value {
    let description = match &form {
        Form::Declare(declaration) => declaration.description.clone(),
        _ => None,
    };
    let form = OpenForm {
        form,
        incident: None,
    };
    let (value, missing) = form.value();
    let mut text = format!(
        "{} The button opens the form with what you entered.",
        why.mrkdwn()
    );
    let mut blocks = Vec::new();
    if let Some(description) = description.filter(|_| !missing.is_empty()) {
        text.push_str(" The description is too long for it: copy it from here.");
        blocks.push(section(&text));
        blocks.extend(sections(&description));
    } else {
        blocks.push(section(&text));
    }
    blocks.extend(actions([button("Open the form", ACTION, &value)]));
    message(&text, blocks)
}

/// A plain text in as many sections as hold all of it.
fn sections(text: &str) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        let escaped = escape(c.encode_utf8(&mut [0; 4]));
        if length(&piece) + length(&escaped) > limits::SECTION {
            blocks.push(section(&piece));
            piece.clear();
        }
        piece.push_str(&escaped);
    }
    blocks.push(section(&piece));
    blocks
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;
    use super::*;
    use crate::model::form::Declaration;

    #[test]
    fn everything_that_was_entered_is_in_the_button_or_in_the_message() {
        for length in [0, 1, 1000, 3000] {
            let description = "so & so ".repeat(length / 8);
            let known = Declaration {
                title: "Checkout is down".to_owned(),
                services: vec!["api".to_owned()],
                private: true,
                description: Some(description.clone()).filter(|text| !text.is_empty()),
                ..Declaration::default()
            };
            let form = Form::Declare(Box::new(known.clone()));
            let shown = message_of(&"Wait.".into(), form);
            check(&shown);
            let blocks = shown["blocks"].as_array().unwrap();
            let value = blocks.last().unwrap()["elements"][0]["value"].as_str();
            let opened = OpenForm::parse(value.unwrap()).unwrap().form;
            let Form::Declare(opened) = opened else {
                panic!("another form");
            };
            let in_message = blocks[1..blocks.len() - 1]
                .iter()
                .map(|block| {
                    block["text"]["text"]
                        .as_str()
                        .unwrap()
                        .replace("&amp;", "&")
                })
                .collect::<String>();
            let kept = opened.description.clone().unwrap_or(in_message);
            assert_eq!(kept.trim(), description.trim(), "{length}");
            let without = |declaration: &Declaration| Declaration {
                description: None,
                ..declaration.clone()
            };
            assert_eq!(without(&opened), without(&known));
        }
    }
}
