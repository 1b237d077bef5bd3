//! A modal that asks for something. The limits of a field go into the modal's `private_metadata` as `{"limits":
//! {"<block id>": {"required": true, "max": 80}}}`, so that a field can be refused at once when the modal is submitted,
//! before anything is queued and without reading any state.

use serde_json::{Map, Value, json};

use super::element::{checkboxes, multi_select, select_one, text_input, users_select};
use super::{Modal, context, input, limits, modal, plain_text, section};
use crate::ids::UserId;
use crate::mrkdwn;
use crate::text::{length, one_line};

/// A modal of fields.
#[derive(Debug)]
pub struct Form<'a> {
    /// Names the modal when it is submitted, at most 255 characters.
    pub callback: &'a str,
    /// Its heading, at most 24 characters of plain text.
    pub title: &'a str,
    /// The label of the button that submits it, at most 24 characters of plain text.
    pub submit: &'a str,
    /// The data that it keeps until it is submitted, under any name but `limits`. If that and the limits have more than
    /// 3000 characters together, it is left out, so that the modal can still be opened.
    pub memory: Map<String, Value>,
    /// The fields that it asks for, in order.
    pub fields: Vec<Field>,
}

/// The question of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// The id of its block, by which the answer is found; at most 255 characters.
    pub id: &'a str,
    /// Its label, at most 2000 characters of plain text.
    pub label: &'a str,
    /// Whether the modal can only be submitted with an answer.
    pub required: bool,
}

/// A block of a form, and what its answer must be.
#[derive(Debug, Clone)]
pub struct Field {
    block: Value,
    limit: Option<(String, Value)>,
}

impl Form<'_> {
    /// The modal as `views.open` and `views.update` take it.
    pub fn view(self) -> Value {
        let limits: Map<String, Value> =
            self.fields.iter().filter_map(|f| f.limit.clone()).collect();
        let mut memory = self.memory;
        memory.insert("limits".to_owned(), Value::Object(limits.clone()));
        let mut metadata = Value::Object(memory).to_string();
        if length(&metadata) > limits::METADATA {
            metadata = json!({"limits": limits}).to_string();
        }
        modal(Modal {
            callback: self.callback,
            title: self.title,
            submit: self.submit,
            private_metadata: &metadata,
            blocks: self.fields.into_iter().map(|field| field.block).collect(),
        })
    }
}

impl Field {
    /// A paragraph of mrkdwn between the fields.
    pub fn paragraph(markup: &str) -> Self {
        Self::bare(section(markup))
    }

    /// Small print between the fields, in mrkdwn.
    pub fn note(markup: &str) -> Self {
        Self::bare(context(markup))
    }

    fn bare(block: Value) -> Self {
        Self { block, limit: None }
    }

    fn asking(question: &Question<'_>, element: &Value, mut limit: Value) -> Self {
        limit["required"] = question.required.into();
        let block = input(question.id, question.label, question.required, element);
        let id = block["block_id"].as_str().unwrap_or_default().to_owned();
        Self {
            block,
            limit: Some((id, limit)),
        }
    }

    /// A choice, or a note that there is nothing to choose from, which Slack would refuse.
    fn choosing(question: &Question<'_>, element: Option<Value>) -> Self {
        match element {
            Some(element) => Self::asking(question, &element, json!({})),
            None => Self::note(&format!(
                "{}: there is nothing to choose from.",
                mrkdwn::escape(&one_line(question.label, limits::OPTION))
            )),
        }
    }

    /// A text of at most `max` characters, and 3000 in any case. An action id of its own makes Slack show a new initial
    /// value when the modal is updated; otherwise it keeps what was typed.
    pub fn text(
        question: &Question<'_>,
        action: &str,
        max: usize,
        initial: &str,
        lines: bool,
    ) -> Self {
        let element = text_input(action, max, initial, lines);
        let limit = json!({"max": element["max_length"]});
        Self::asking(question, &element, limit)
    }

    /// One of these options, which are labels and values. The first hundred are offered.
    pub fn select(
        question: &Question<'_>,
        action: &str,
        options: &[(impl AsRef<str>, impl AsRef<str>)],
        initial: Option<&str>,
    ) -> Self {
        Self::choosing(question, select_one(action, options, initial))
    }

    /// At most `most` of these options, which are labels and values. The first hundred are offered.
    pub fn multi_select(
        question: &Question<'_>,
        action: &str,
        options: &[(impl AsRef<str>, impl AsRef<str>)],
        initial: &[String],
        most: usize,
    ) -> Self {
        Self::choosing(question, multi_select(action, options, initial, most))
    }

    /// One person of the workspace.
    pub fn user(question: &Question<'_>, action: &str, initial: Option<&UserId>) -> Self {
        Self::asking(question, &users_select(action, initial), json!({}))
    }

    /// Boxes to tick; labels and values. The first ten are offered.
    pub fn checkboxes(
        question: &Question<'_>,
        action: &str,
        options: &[(impl AsRef<str>, impl AsRef<str>)],
        ticked: &[&str],
    ) -> Self {
        Self::choosing(question, checkboxes(action, options, ticked))
    }

    /// Tells the app at once when something is chosen, so that it can fill in the rest.
    #[must_use]
    pub fn dispatched(self) -> Self {
        self.with("dispatch_action", true.into())
    }

    /// Explains the field below it, in at most 2000 characters of plain text.
    #[must_use]
    pub fn hint(self, words: &str) -> Self {
        self.with("hint", plain_text(words, limits::LABEL))
    }

    /// Sets a property that only a block that asks can have.
    fn with(mut self, name: &str, value: Value) -> Self {
        if self.limit.is_some() {
            self.block[name] = value;
        }
        self
    }
}
