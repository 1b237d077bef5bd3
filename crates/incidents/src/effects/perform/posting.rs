//! Posts Tidegate's messages, finds them again, and edits them.

use serde_json::{Value as Json, json};
use tidegate_pipeline::delivery::{Effect as Turn, Undone};
use tidegate_pipeline::table::{Item, RowKey, hash_text};
use tidegate_slack::api::chat::Update;
use tidegate_slack::api::conversations::Open;
use tidegate_slack::ids::{ChannelId, Ts, UserId};

use super::is_code;

/// A message that Tidegate posted and edits later.
pub(super) struct StoredMessage {
    pub(super) channel: ChannelId,
    pub(super) ts: Ts,
    hash: String,
}

/// The channel of direct messages with a person, opened if necessary.
pub(super) async fn open_direct_message(
    turn: &Turn<'_>,
    user: &UserId,
) -> Result<ChannelId, Undone> {
    let request = Open {
        users: Some(user.as_str().to_owned()),
        ..Open::default()
    };
    Ok(turn.call(&request).await?.channel.id)
}

/// Posts a message, in a thread if one is given, and returns its timestamp.
pub(super) async fn post(
    turn: &Turn<'_>,
    channel: &ChannelId,
    thread: Option<&Ts>,
    message: &Json,
) -> Result<Ts, Undone> {
    let mut body = json!({"channel": channel, "text": text_of(message), "unfurl_links": false});
    if let Some(blocks) = message.get("blocks") {
        body["blocks"] = blocks.clone();
    }
    if let Some(thread) = thread {
        body["thread_ts"] = json!(thread);
    }
    turn.post(&body).await
}

/// Edits a message unless its content is the same. A message that somebody deleted stays deleted. Returns the row to
/// store if the content changed.
pub(super) async fn edit(
    turn: &Turn<'_>,
    stored: &StoredMessage,
    message: &Json,
) -> Result<(Option<Ts>, Option<Item>), Undone> {
    if stored.hash == hash_of(message) {
        return Ok((None, None));
    }
    let request = Update {
        channel: stored.channel.clone(),
        ts: stored.ts.clone(),
        text: Some(text_of(message)),
        blocks: blocks_of(message),
        ..Update::default()
    };
    match turn.call(&request).await {
        Ok(_) => Ok((
            None,
            Some(message_row(&stored.channel, &stored.ts, message)),
        )),
        Err(undone) if is_code(&undone, &["message_not_found", "cant_update_message"]) => {
            Ok((None, None))
        }
        Err(undone) => Err(undone),
    }
}

/// Loads the message whose row has that key; `None` if it was not posted yet.
pub(super) async fn load_message(
    turn: &Turn<'_>,
    key: &RowKey,
) -> Result<Option<StoredMessage>, Undone> {
    let row = turn.rows.get(key).await?;
    Ok(row.and_then(|row| {
        Some(StoredMessage {
            channel: row.text("channel")?.into(),
            ts: row.text("ts")?.into(),
            hash: row.text("hash").unwrap_or_default().to_owned(),
        })
    }))
}

/// The row that identifies a message and the hash of its content.
pub(super) fn message_row(channel: &ChannelId, ts: &Ts, message: &Json) -> Item {
    Item::new()
        .with("channel", channel.as_str())
        .with("ts", ts.as_str())
        .with("hash", hash_of(message))
}

fn hash_of(message: &Json) -> String {
    hash_text(message.to_string().as_bytes())
}

/// The `text` of a rendered message, which is empty if there is none.
pub(super) fn text_of(message: &Json) -> String {
    message
        .get("text")
        .and_then(Json::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The `blocks` of a rendered message; `None` if there are none.
pub(super) fn blocks_of(message: &Json) -> Option<Vec<Json>> {
    message.get("blocks").and_then(Json::as_array).cloned()
}
