//! A link at the top of a channel.

use std::time::Duration;

use serde_json::{Value, json};

/// A bookmark as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Bookmark {
    pub id: String,
    pub title: String,
    pub link: String,
    pub emoji: String,
    pub created: Duration,
    pub updated: Duration,
    /// Who last changed it, and in which workspace.
    pub by: (String, String),
}

impl Bookmark {
    /// As Slack writes it.
    pub(crate) fn describe(&self, channel: &str, app_id: &str) -> Value {
        json!({
            "id": self.id,
            "channel_id": channel,
            "title": self.title,
            "link": self.link,
            "emoji": self.emoji,
            "icon_url": null,
            "type": "link",
            "entity_id": null,
            "date_created": self.created.as_secs(),
            "date_updated": self.updated.as_secs(),
            "rank": "U",
            "last_updated_by_user_id": self.by.0,
            "last_updated_by_team_id": self.by.1,
            "shortcut_id": null,
            "app_id": app_id,
        })
    }
}
