//! The modal that creates a task, optionally from a message.

use serde_json::Value;
use tidegate_slack::blocks::{Field, Question};
use tidegate_slack::ids::UserId;

use super::timeline::pick;
use super::{Metadata, view};
use crate::model::incident::Incident;

/// The modal's callback id.
pub const CALLBACK: &str = "incident_task";

/// Renders the modal. Its block ids are `incident`, one of `open`; `text`; `assignee`; and `due`, in days from today.
/// `None` if no incident is open.
pub fn modal(
    open: &[Incident],
    words: &str,
    assignee: Option<&UserId>,
    metadata: &Metadata,
) -> Option<Value> {
    let text = Question {
        id: "text",
        label: "What is to be done",
        required: true,
    };
    let who = Question {
        id: "assignee",
        label: "Who",
        required: false,
    };
    let due = Question {
        id: "due",
        label: "Due",
        required: false,
    };
    let days = [
        ("today", "0"),
        ("tomorrow", "1"),
        ("in 2 days", "2"),
        ("in a week", "7"),
        ("in 2 weeks", "14"),
    ];
    let days = days.map(|(label, value)| (label.to_owned(), value.to_owned()));
    let fields = vec![
        pick(open, metadata)?,
        Field::text(&text, "text", 500, words, true),
        Field::user(&who, "assignee", assignee),
        Field::select(&due, "due", &days, None),
    ];
    Some(view(CALLBACK, "Make a task", "Make", metadata, fields))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::fixture::{check, hostile, incident};

    proptest! {
        #[test]
        fn any_words_make_a_modal_that_slack_takes(words in hostile()) {
            let view = modal(&[incident()], &words, Some(&"U2".into()), &Metadata::default()).unwrap();
            check(&view);
            assert_eq!(view["blocks"][2]["element"]["initial_user"], "U2");
        }
    }
}
