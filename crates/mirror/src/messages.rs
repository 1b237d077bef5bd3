//! Stores the current state of each message: posted, edited or deleted. Events arrive twice and out of order, so each row
//! holds the timestamp of the event that wrote it, and only a later event changes it. A deleted message leaves a tombstone
//! without text, so that a late original does not restore it.

use std::fmt;

use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};
use tidegate_slack::event::Event;
use tidegate_slack::ids::Ts;

/// The change of one message that an event describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    channel: &'a str,
    ts: &'a str,
    /// The `event_ts`. The later of two changes has the greater version.
    version: &'a str,
    to: To<'a>,
    is_post: bool,
}

impl Change<'_> {
    /// Tells whether the event is the original post, not an edit or a deletion.
    pub fn is_post(&self) -> bool {
        self.is_post
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum To<'a> {
    Content(Box<Content<'a>>),
    Deleted,
}

#[derive(Clone, PartialEq, Eq, Default)]
struct Content<'a> {
    text: &'a str,
    user: Option<&'a str>,
    bot: Option<&'a str>,
    team: Option<&'a str>,
    subtype: Option<&'a str>,
    thread_ts: Option<&'a str>,
    edited_ts: Option<&'a str>,
}

/// Leaves out the text, which people wrote.
impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("user", &self.user)
            .field("thread_ts", &self.thread_ts)
            .field("edited_ts", &self.edited_ts)
            .finish_non_exhaustive()
    }
}

/// Reads the change from a `message` event. `None` if no content changes.
pub fn change(event: Event<'_>) -> Option<Change<'_>> {
    let channel = event.channel()?;
    let version = event.event_ts().or(event.ts())?;
    let deleted = |ts| Change {
        channel,
        ts,
        version,
        to: To::Deleted,
        is_post: false,
    };
    match event.subtype() {
        Some("message_deleted") => event.deleted_ts().map(deleted),
        Some("message_changed") => {
            let message = event.message()?;
            let ts = message.ts()?;
            // When the root of a thread is deleted, Slack reports a change into a tombstone.
            if message.subtype() == Some("tombstone") {
                return Some(deleted(ts));
            }
            Some(Change {
                channel,
                ts,
                version,
                to: text(message),
                is_post: false,
            })
        }
        // This event reports a new reply in a thread, and no content.
        Some("message_replied") => None,
        _ => event.ts().map(|ts| Change {
            channel,
            ts,
            version,
            to: text(event),
            is_post: true,
        }),
    }
}

fn text(message: Event<'_>) -> To<'_> {
    To::Content(Box::new(Content {
        text: message.text().unwrap_or_default(),
        user: message.user(),
        bot: message.bot(),
        team: message.team(),
        subtype: message.subtype(),
        thread_ts: message.thread_ts(),
        edited_ts: message.edited_ts(),
    }))
}

/// Returns the write for a change, given the stored row. `None` if the row is not older than the change.
pub fn decide(change: &Change<'_>, stored: Option<&Item>) -> Option<Write<RowKey>> {
    let put = Write::put(key(change.channel, change.ts), row(change));
    let Some(stored) = stored else {
        return Some(put.when("attribute_not_exists(#pk)"));
    };
    let seen = stored.text("version").unwrap_or_default();
    (Ts::from(change.version) > Ts::from(seen))
        .then(|| put.when("#version = :seen").value(":seen", seen))
}

/// Loads the row of the message, if it is stored.
pub async fn load(rows: &Rows, change: &Change<'_>) -> Result<Option<Item>, TableError> {
    rows.get(&key(change.channel, change.ts)).await
}

fn row(change: &Change<'_>) -> Item {
    let item = Item::new()
        .with("ts", change.ts)
        .with("version", change.version);
    match &change.to {
        To::Deleted => item.with("deleted", true),
        To::Content(text) => item
            .sealed("text", text.text)
            .with_some("user", text.user)
            .with_some("bot", text.bot)
            .with_some("team", text.team)
            .with_some("subtype", text.subtype)
            .with_some("thread_ts", text.thread_ts)
            .with_some("edited_ts", text.edited_ts),
    }
}

/// Returns the key of a message's row.
pub fn key(channel: &str, ts: &str) -> RowKey {
    RowKey::new(&["messages", channel], &[ts])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use tidegate_pipeline::table::WriteAction;
    use tidegate_slack::event::Envelope;

    use super::*;

    fn envelope(event: &serde_json::Value) -> Envelope {
        let outer = json!({"type": "event_callback", "event": event});
        Envelope::parse(outer.to_string().as_bytes()).unwrap()
    }

    fn posted() -> serde_json::Value {
        json!({"type": "message", "channel": "C1", "ts": "10.1", "event_ts": "10.1", "text": "first"})
    }

    fn edited(at: &str, text: &str) -> serde_json::Value {
        json!({"type": "message", "subtype": "message_changed", "channel": "C1", "ts": at, "event_ts": at,
            "message": {"type": "message", "ts": "10.1", "text": text, "edited": {"ts": at}}})
    }

    fn deleted(at: &str) -> serde_json::Value {
        json!({"type": "message", "subtype": "message_deleted", "channel": "C1", "event_ts": at, "deleted_ts": "10.1"})
    }

    fn apply(stored: Option<Item>, event: &serde_json::Value) -> Option<Item> {
        let envelope = envelope(event);
        let change = change(envelope.event().unwrap()).unwrap();
        match decide(&change, stored.as_ref()).map(|write| write.action) {
            Some(WriteAction::Put(item)) => Some(item),
            _ => stored,
        }
    }

    /// A message's row ends in the state of the last of four events, in any order of handling.
    fn check(order: &[usize], deletes: bool) {
        let last = if deletes {
            deleted("40.0")
        } else {
            edited("40.0", "fourth")
        };
        let events = [
            posted(),
            edited("20.0", "second"),
            edited("30.0", "third"),
            last,
        ];
        let row = order
            .iter()
            .fold(None, |row, n| apply(row, &events[*n]))
            .unwrap();
        assert_eq!(row.text("version"), Some("40.0"));
        assert_eq!(row.opened_text("text"), (!deletes).then_some("fourth"));
        assert_eq!(row.flag("deleted"), deletes);
    }

    #[test]
    fn a_late_original_and_a_late_edit_undo_no_later_edit() {
        check(&[2, 0, 3, 1], false);
    }

    proptest! {
        #[test]
        fn any_order_and_any_repetition_ends_in_the_same_row(
            order in prop::collection::vec(0usize..4, 0..12).prop_map(|extra| [extra, vec![2, 0, 3, 1]].concat()).prop_shuffle(),
            deletes in any::<bool>(),
        ) {
            check(&order, deletes);
        }
    }

    #[test]
    fn a_thread_that_grew_changes_no_message() {
        let replied = json!({"type": "message", "subtype": "message_replied", "channel": "C1", "ts": "11.0",
            "event_ts": "11.0", "message": {"ts": "10.1"}});
        assert_eq!(change(envelope(&replied).event().unwrap()), None);
    }

    #[test]
    fn a_tombstone_is_a_delete() {
        let tombstone = json!({"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "11.0",
            "event_ts": "11.0", "message": {"subtype": "tombstone", "ts": "10.1", "text": "This message was deleted."}});
        let row = apply(apply(None, &posted()), &tombstone).unwrap();
        assert!(row.flag("deleted") && row.opened_text("text").is_none());
    }
}
