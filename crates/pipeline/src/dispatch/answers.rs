//! Answers of the pipeline's own: to a slash command, and to a click or a form of a domain that is switched off.

use secrecy::ExposeSecret;
use serde_json::json;
use tidegate_slack::command::SlashCommand;
use tidegate_slack::ids::ChannelId;
use tidegate_slack::interaction::Interaction;

use super::fail;
use crate::ledger::JobError;
use crate::outbox::{Class, Lane, Post, Target};

/// The advice to a person whose request no domain owns.
pub(super) const ASK: &str = "Ask the people who run Tidegate whether it is switched off.";

/// The answer to a slash command, for the person who typed it only.
pub fn command_answer(command: &SlashCommand, text: &str) -> Result<Post, JobError> {
    if command.response_url.expose_secret().is_empty() {
        return Err(fail(&"the command has no response_url"));
    }
    Ok(Post {
        lane: Lane::response_url(&command.response_url),
        target: Target::ResponseUrl(command.response_url.clone()),
        body: json!({"response_type": "ephemeral", "text": text}),
        class: Class::AtMostOnce,
        purpose: "command_answer",
    })
}

/// The answer to an interaction that no domain owns: where it happened, or in the person's direct messages if Slack gives no
/// address there. `None` if the person expects no answer.
pub(super) fn unowned(interaction: &Interaction<'_>) -> Option<Post> {
    let what = match interaction.kind.as_deref()? {
        "block_actions" if interaction.actions().any(|action| !action.is_link()) => {
            "this button any more, and nothing has changed"
        }
        "view_submission" => "this form any more, and it has not been saved",
        "shortcut" | "message_action" => "this shortcut any more",
        _ => return None,
    };
    let text = format!("Nothing here handles {what}. {ASK}");
    let (lane, target, body) = if let Some(url) = interaction.response_url() {
        let body = json!({"response_type": "ephemeral", "replace_original": false, "text": text});
        (Lane::response_url(&url), Target::ResponseUrl(url), body)
    } else {
        let person = ChannelId::from(interaction.user()?.as_str());
        let body = json!({"channel": person.as_str(), "text": text});
        (Lane::channel(&person), Target::Channel, body)
    };
    Some(Post {
        lane,
        target,
        body,
        class: Class::AtMostOnce,
        purpose: "interaction_answer",
    })
}
