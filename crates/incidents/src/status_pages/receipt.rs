//! What came of a call, told in the incident's channel.

use serde_json::json;
use tidegate_connectors::outcome::Reason;
use tidegate_connectors::status_page::ComponentId;
use tidegate_pipeline::outbox::Post;

use crate::decide::case::name_of;
use crate::model::effect::Effect;
use crate::model::incident::Incident;
use crate::model::publication::Published;
use crate::render::text::escaped;

/// Said when a text is published.
pub(super) fn published(incident: &Incident, link: Option<&str>) -> Post {
    let page = match link.filter(|link| is_link(link)) {
        Some(link) => format!("<{link}|status page>"),
        None => "status page".to_owned(),
    };
    say(incident, &format!("Published on the {page}."))
}

/// Said when the page refuses a text; `None` is a status in words of ours.
pub(super) fn refused(incident: &Incident, text: Option<&Published>, why: &Reason) -> Post {
    let why = escaped(why.as_str());
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

/// Said when the page refuses a component's status.
pub(super) fn component_refused(incident: &Incident, id: &ComponentId, why: &Reason) -> Post {
    let (id, why) = (escaped(id.as_str()), escaped(why.as_str()));
    let words = format!(
        "The status page did not take the status of component `{id}`. It says: {why}\n`/incident map check` shows what does not fit."
    );
    say(incident, &words)
}

/// Words in the incident's channel.
pub(super) fn say(incident: &Incident, words: &str) -> Post {
    let effect = Effect::Say {
        incident: incident.id.clone(),
        message: json!({"text": words}),
    };
    effect.post()
}

/// Whether an address of the page's can stand in a link of Slack's.
fn is_link(link: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '|');
    (link.starts_with("https://") || link.starts_with("http://")) && link.chars().all(plain)
}
