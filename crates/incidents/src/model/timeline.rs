//! The timeline of an incident: entries in order, each with a hash that includes the hash of the one before.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::{ChannelId, Ts};
use utoipa::ToSchema;

use super::actor::Actor;

/// Longest text of an entry, in bytes. A longer text is cut and ends with ` […]`.
pub const MAX_TEXT: usize = 8 * 1024;

/// The kind of event that an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The incident was declared.
    Declared,
    /// The status changed, with or without an update.
    StatusChanged,
    /// Somebody posted an update.
    StatusUpdate,
    /// The severity changed, up or down.
    SeverityChange,
    /// The incident was resolved.
    Resolved,
    /// The incident was reopened.
    Reopened,
    /// The incident was closed.
    Closed,
    /// The incident was canceled.
    Canceled,
    /// The incident was merged into another, or another into it.
    Merged,
    /// The incident was linked to another.
    Linked,
    /// A role was assigned, claimed or given up.
    RoleChange,
    /// Somebody added a note by command or shortcut.
    Note,
    /// Somebody pinned a message or marked it with a reaction.
    Message,
    /// A text was published on the status page, or a draft of one changed.
    PublicUpdate,
    /// A task was created, taken or finished.
    Task,
    /// A person or the owners of a service were paged.
    Page,
    /// The post-mortem changed its state.
    Review,
    /// A property changed: name, privacy, services, pause, a milestone.
    Changed,
    /// A reminder was sent, or a step failed.
    Notice,
}

/// The Slack message that an entry was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// The channel that contains the message.
    pub channel: ChannelId,
    /// The message's timestamp, which identifies it within the channel.
    pub ts: Ts,
}

/// One entry. Its text never changes; hiding and later edits are stored beside it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The entry's number within the incident, from 1.
    pub seq: u64,
    /// When the event happened; earlier than `recorded_at` if the author says so.
    pub at: Timestamp,
    /// When the entry was written.
    pub recorded_at: Timestamp,
    /// The kind of event.
    pub kind: EntryKind,
    /// The person or program that caused the event.
    pub actor: Actor,
    /// The text, at most [`MAX_TEXT`] bytes.
    pub text: String,
    /// The message that the entry was made from; `None` if there is none.
    #[serde(default)]
    pub source: Option<Source>,
    /// Hash of the previous entry; empty for the first.
    pub previous: String,
    /// SHA-256 of this entry and `previous`, in hex.
    pub hash: String,
    /// The message's present text, if it was edited later. Not part of the hash.
    #[serde(default)]
    pub edited: Option<String>,
    /// When the message was deleted or its pin removed. Not part of the hash.
    #[serde(default)]
    pub removed_at: Option<Timestamp>,
    /// Who hid the entry from reports. Not part of the hash.
    #[serde(default)]
    pub hidden_by: Option<Actor>,
}

/// An entry to be written. Its number and hashes depend on its place in the chain.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// When the event happened.
    pub at: Timestamp,
    /// The kind of event.
    pub kind: EntryKind,
    /// The text, at most [`MAX_TEXT`] bytes.
    pub text: String,
    /// The message that the entry was made from; `None` if there is none.
    pub source: Option<Source>,
}

impl Entry {
    /// The entry that follows one with the number `seq` and the hash `chain`.
    pub fn after(seq: u64, chain: &str, new: NewEntry, actor: &Actor, now: Timestamp) -> Self {
        let mut entry = Self {
            seq: seq + 1,
            at: new.at,
            recorded_at: now,
            kind: new.kind,
            actor: actor.clone(),
            text: bounded(new.text),
            source: new.source,
            previous: chain.to_owned(),
            hash: String::new(),
            edited: None,
            removed_at: None,
            hidden_by: None,
        };
        entry.hash = entry.digest();
        entry
    }

    /// Computes the hash that the entry must have.
    pub fn digest(&self) -> String {
        let sealed = serde_json::json!([
            self.previous,
            self.seq,
            self.at,
            self.recorded_at,
            self.kind,
            self.actor,
            self.text,
            self.source
        ]);
        hex::encode(Sha256::digest(sealed.to_string().as_bytes()))
    }

    /// The present text: the edited one if there is one.
    pub fn words(&self) -> &str {
        self.edited.as_deref().unwrap_or(&self.text)
    }

    /// Whether reports show the entry: not if it was hidden or its message removed.
    pub fn is_shown(&self) -> bool {
        self.hidden_by.is_none() && self.removed_at.is_none()
    }
}

/// Verifies a part of a timeline that follows `before`; `None` stands for its beginning. Returns the number of the first entry that
/// was changed, added or is not where it belongs.
pub fn broken_at(before: Option<&Entry>, entries: &[Entry]) -> Option<u64> {
    let mut previous = before.map_or("", |entry| entry.hash.as_str());
    let mut seq = before.map_or(0, |entry| entry.seq);
    for entry in entries {
        seq += 1;
        let fits = entry.previous == previous && entry.hash == entry.digest() && entry.seq == seq;
        if !fits {
            return Some(entry.seq);
        }
        previous = &entry.hash;
    }
    None
}

/// Cuts a text to [`MAX_TEXT`] bytes, at a character boundary.
pub fn bounded(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let end = text.floor_char_boundary(MAX_TEXT - " […]".len());
        text.truncate(end);
        text.push_str(" […]");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chain(texts: &[String]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for text in texts {
            let (seq, last) = entries.last().map_or((0, ""), |e| (e.seq, e.hash.as_str()));
            let new = NewEntry {
                at: Timestamp(5),
                kind: EntryKind::Note,
                text: text.clone(),
                source: None,
            };
            let next = Entry::after(seq, last, new, &Actor::Tidegate, Timestamp(9));
            entries.push(next);
        }
        entries
    }

    proptest! {
        #[test]
        fn a_chain_holds_and_any_change_breaks_it(
            texts in prop::collection::vec(".{0,12}", 1..6), place in 0usize..6, drop in any::<bool>(),
        ) {
            let entries = chain(&texts);
            prop_assert_eq!(broken_at(None, &entries), None);
            let place = place % entries.len();
            let mut changed = entries.clone();
            if drop && place + 1 < entries.len() {
                changed.remove(place);
            } else {
                changed[place].text.push('x');
            }
            prop_assert!(broken_at(None, &changed).is_some());
        }

        #[test]
        fn a_long_text_is_cut_between_characters(text in "[aé漢]{2500,3000}") {
            prop_assert!(bounded(text).len() <= MAX_TEXT);
        }
    }

    #[test]
    fn edits_and_removals_leave_the_chain_whole() {
        let mut entries = chain(&["a".to_owned(), "b".to_owned()]);
        entries[0].edited = Some("c".to_owned());
        entries[1].removed_at = Some(Timestamp(10));
        assert_eq!(broken_at(None, &entries), None);
        assert_eq!(entries[0].words(), "c");
    }
}
