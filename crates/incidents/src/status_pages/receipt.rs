//! Messages in the incident's channel about the outcome of calls to the status page.

use serde_json::json;
use tidegate_connectors::rejection::Reason;
use tidegate_connectors::status_page::ComponentId;
use tidegate_pipeline::outbox::Post;
use tidegate_slack::mrkdwn::{escape, link};

use crate::decide::context::name_of;
use crate::model::effect::Effect;
use crate::model::incident::Incident;
use crate::model::publication::Published;

/// The message after a text was published. `url` is the public address.
pub(super) fn published(incident: &Incident, url: Option<&str>) -> Post {
    let page = link(url.unwrap_or_default(), "status page");
    say(incident, &format!("Published on the {page}."))
}

/// The message after the page rejected a text, or a change of status if `text` is `None`.
pub(super) fn refused(incident: &Incident, text: Option<&Published>, why: &Reason) -> Post {
    let why = escape(why.as_str());
    let words = match text {
        Some(text) => format!(
            "{}: the status page did not take update {}. It says: {why}\nSay it again in other words, with `/incident public`.",
            name_of(&text.by),
            text.update.n
        ),
        None => format!("The status page did not take the new status. It says: {why}"),
    };
    say(incident, &words)
}

/// The message after the page rejected the status of a component.
pub(super) fn component_refused(incident: &Incident, id: &ComponentId, why: &Reason) -> Post {
    let (id, why) = (escape(id.as_str()), escape(why.as_str()));
    let words = format!(
        "The status page did not take the status of component `{id}`. It says: {why}\n`/incident map check` shows what does not fit."
    );
    say(incident, &words)
}

/// A message in the incident's channel.
pub(super) fn say(incident: &Incident, words: &str) -> Post {
    let effect = Effect::Say {
        incident: incident.id.clone(),
        message: json!({"text": words}),
    };
    effect.post()
}
