//! An incident's timeline: what happened, in order, each entry chained to the one before it by a hash.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::{ChannelId, Ts};

use super::actor::Actor;

/// Longest text of an entry, in bytes; what is longer is cut, and the entry says so.
pub const MAX_TEXT: usize = 8 * 1024;

/// What an entry tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// It was declared.
    Declared,
    /// The status changed, with or without words.
    StatusChanged,
    /// Somebody said where it stands.
    StatusUpdate,
    /// The severity changed.
    SeverityChange,
    /// It was resolved.
    Resolved,
    /// It was reopened.
    Reopened,
    /// It was closed.
    Closed,
    /// It was cancelled.
    Canceled,
    /// It was merged into another, or another into it.
    Merged,
    /// It was linked to another.
    Linked,
    /// A role was given, taken or left.
    RoleChange,
    /// A note, by command or shortcut.
    Note,
    /// A message that was pinned, or marked by a reaction.
    Message,
    /// Something was said to the public.
    PublicUpdate,
    /// A task was made, taken or done.
    Task,
    /// Somebody was called.
    Page,
    /// The post-mortem changed its state.
    Review,
    /// A property changed: name, privacy, services, pause, a milestone.
    Changed,
    /// A reminder went out, or a step could not be done.
    Notice,
}

/// Where an entry came from in Slack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The channel.
    pub channel: ChannelId,
    /// The message.
    pub ts: Ts,
}

/// One entry. `hidden` and later edits stand beside the original text, which is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number within the incident, from 1.
    pub seq: u64,
    /// When it happened: earlier than recorded where somebody says so.
    pub at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// What it tells of.
    pub kind: EntryKind,
    /// Who did it.
    pub actor: Actor,
    /// In words.
    pub text: String,
    /// The message that it was made from.
    #[serde(default)]
    pub source: Option<Source>,
    /// Hash of the entry before it.
    pub previous: String,
    /// Hash of this one, its predecessor's included.
    pub hash: String,
    /// What the message says now, if it was edited later. Not part of the hash.
    #[serde(default)]
    pub edited: Option<String>,
    /// The message was deleted, or its pin removed, at that time. Not part of the hash.
    #[serde(default)]
    pub removed_at: Option<Timestamp>,
    /// Hidden from reports by somebody. Not part of the hash.
    #[serde(default)]
    pub hidden_by: Option<Actor>,
}

/// An entry that is to be written: its number and hashes come with its place in the chain.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// When it happened.
    pub at: Timestamp,
    /// What it tells of.
    pub kind: EntryKind,
    /// In words.
    pub text: String,
    /// The message that it was made from.
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

    /// The hash that the entry must have.
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

    /// What it says now.
    pub fn words(&self) -> &str {
        self.edited.as_deref().unwrap_or(&self.text)
    }

    /// Whether reports show it.
    pub fn is_shown(&self) -> bool {
        self.hidden_by.is_none() && self.removed_at.is_none()
    }
}

/// The number of the first entry that does not fit the chain; `None` while the timeline is as it was written.
pub fn broken_at(entries: &[Entry]) -> Option<u64> {
    let mut previous = "";
    for (place, entry) in entries.iter().enumerate() {
        let fits = entry.previous == previous
            && entry.hash == entry.digest()
            && usize::try_from(entry.seq) == Ok(place + 1);
        if !fits {
            return Some(entry.seq);
        }
        previous = &entry.hash;
    }
    None
}

/// A text of [`MAX_TEXT`] bytes at most.
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
            prop_assert_eq!(broken_at(&entries), None);
            let place = place % entries.len();
            let mut changed = entries.clone();
            if drop && place + 1 < entries.len() {
                changed.remove(place);
            } else {
                changed[place].text.push('x');
            }
            prop_assert!(broken_at(&changed).is_some());
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
        assert_eq!(broken_at(&entries), None);
        assert_eq!(entries[0].words(), "c");
    }
}
