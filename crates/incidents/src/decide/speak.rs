//! How a change is told and shown: in the incident's channel, to those who were told before, and on the status page.

use serde_json::{Value as Json, json};

use super::change::Change;
use super::routing;
use crate::model::effect::Effect;
use crate::model::news::News;
use crate::model::publication;
use crate::model::settings::Settings;

/// Posts words in mrkdwn to the incident's channel: the caller must escape texts that people wrote.
pub fn say(change: &mut Change, words: &str) {
    say_message(change, json!({"text": words}));
}

/// Posts a message to the incident's channel.
pub fn say_message(change: &mut Change, message: Json) {
    let incident = change.incident.id.clone();
    change.effect(&Effect::Say { incident, message });
}

/// Brings header and topic of the channel to the present state.
pub fn show(change: &mut Change) {
    let incident = change.incident.id.clone();
    change.effect(&Effect::Header {
        incident: incident.clone(),
    });
    change.effect(&Effect::Topic { incident });
}

/// Tells everyone whom the settings name, everyone who was told before, and the watchers. The same effects edit earlier
/// messages to the present state. Only participants are told of a private incident.
pub fn tell_all(change: &mut Change, settings: &Settings, news: News, words: Option<&str>) {
    let mut audience = routing::told(&change.incident);
    if !matches!(news, News::Updated) {
        audience.extend(routing::audience(&change.incident, settings));
    }
    audience.extend(routing::watchers(&change.incident));
    // An incident that has become private is kept from people who heard of it before, too.
    audience.retain(|to| to.may_know(&change.incident));
    for effect in routing::tell(change, &audience, news, words).effects {
        change.effect(&effect);
    }
}

/// Brings the status page to the present state, if the public knows of the incident or its components should show it.
/// If either was so before the change, the page takes back what it shows.
pub fn publish(change: &mut Change) {
    let was = change.before().is_some_and(publication::concerns);
    if was || publication::concerns(&change.incident) || !change.incident.public.is_empty() {
        let incident = change.incident.id.clone();
        change.effect(&Effect::StatusPage { incident });
    }
}
