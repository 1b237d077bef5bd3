//! How a change is told and shown: in the incident's channel, to those who were told before, and on the status page.

use serde_json::{Value as Json, json};

use super::change::Change;
use super::routing;
use crate::model::effect::Effect;
use crate::model::news::News;
use crate::model::publication;
use crate::model::settings::Settings;

/// Says words in the incident's channel. They are Slack's mark-up: the caller must escape texts that people wrote.
pub fn say(change: &mut Change, words: &str) {
    say_message(change, json!({"text": words}));
}

/// Says a message in the incident's channel.
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

/// Tells everyone who is to hear of the incident or has heard of it, and its watchers. Others' messages are edited to
/// the present state by the same effects. Only participants are told of a private incident.
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

/// Has the status page follow, if the public knows of the incident or its components should show it; and if either was
/// so, to take back what it shows.
pub fn publish(change: &mut Change) {
    let was = change.before().is_some_and(publication::concerns);
    if was || publication::concerns(&change.incident) || !change.incident.public.is_empty() {
        let incident = change.incident.id.clone();
        change.effect(&Effect::StatusPage { incident });
    }
}
