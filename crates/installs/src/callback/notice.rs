//! Tells the admins of a workspace that somebody has installed the app again.

use std::collections::BTreeSet;

use serde_json::json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::outbox::{self, Class, Lane, Post, Target};
use tidegate_pipeline::table::{RowKey, Write};
use tidegate_slack::ids::{ChannelId, UserId};

use crate::domain::NAME;

/// Makes the writes that send a message to each admin but the person who installed the app. `generation` is the install's.
pub(super) fn writes(
    admins: &BTreeSet<UserId>,
    installer: Option<&UserId>,
    generation: i64,
    now: Timestamp,
) -> Vec<Write<RowKey>> {
    let id = format!("install.{generation}");
    let others = admins.iter().filter(|admin| Some(*admin) != installer);
    let posts = others.map(|admin| notice(admin, installer)).enumerate();
    posts
        .map(|(n, post)| outbox::insert(&id, NAME, n, &post, now))
        .collect()
}

fn notice(admin: &UserId, installer: Option<&UserId>) -> Post {
    let who = installer.map_or_else(|| "Somebody".to_owned(), |user| format!("<@{user}>"));
    let text = format!(
        "{who} has installed Tidegate in this workspace again. That changes nobody's rights; it is in the audit trail."
    );
    Post {
        lane: Lane::channel(&ChannelId::from(admin.as_str())),
        target: Target::Channel,
        body: json!({"channel": admin, "text": text}),
        class: Class::AtMostOnce,
        purpose: "install_notice",
    }
}
