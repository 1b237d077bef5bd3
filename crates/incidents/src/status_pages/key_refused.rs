//! Handles an API key that is missing or that the status page rejects: notifies the admins once and parks the effects.

use serde_json::json;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::outbox::Post;
use tidegate_pipeline::table::{Item, RowKey, Write};

use super::receipt::say;
use crate::model::effect::Effect;
use crate::model::incident::Incident;
use crate::model::settings::Settings;

/// Most admins who are notified.
const MAX_NOTIFIED: usize = 20;

/// Notifies the admins, once per key, that the status page rejects it, and parks the effect after that. `key` is the
/// hash of the key, or `none`.
pub(super) async fn notify_admins_once(
    turn: &Turn<'_>,
    settings: &Settings,
    incident: &Incident,
    key: &str,
) -> Result<Done, Undone> {
    let told = turn.rows.get(&place()).await?;
    if told.is_some_and(|row| row.text("key") == Some(key)) {
        let why = "the status page does not accept the key";
        return Err(Undone::Park(why.to_owned()));
    }
    let row = Item::new()
        .with("key", key)
        .with("at", turn.clock.now().millis());
    let mut posts = words(settings, incident);
    let id = incident.id.clone();
    posts.push(Effect::StatusPage { incident: id }.post());
    Ok(Done {
        writes: vec![Write::put(place(), row)],
        posts,
        ..Done::default()
    })
}

/// The key of the row that stores which key the admins were notified about.
pub(super) fn place() -> RowKey {
    RowKey::new(&["status_page"], &["broken"])
}

/// The messages about a rejected key: one to each admin, and one in the channel.
fn words(settings: &Settings, incident: &Incident) -> Vec<Post> {
    let words = format!(
        "The status page does not accept Tidegate's key, or there is none: nothing is published, {} included. Set \
         another key, then publish again.",
        incident.name()
    );
    let message = json!({"text": words});
    let admins = settings
        .admins
        .iter()
        .take(MAX_NOTIFIED)
        .map(|user| Effect::Direct {
            user: user.clone(),
            message: message.clone(),
        });
    let mut posts: Vec<Post> = admins.map(|effect| effect.post()).collect();
    let words = "The status page does not accept Tidegate's key, or there is none: nothing is published. The admins know.";
    posts.push(say(incident, words));
    posts
}
