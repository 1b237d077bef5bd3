//! `emoji.*`: the emoji that a workspace added.

use std::collections::BTreeMap;

method! {
    /// All of them.
    Read "emoji.list": ListEmoji {
        /// Where to go on.
        cursor: Option<String>,
        /// Page size.
        limit: Option<u32>,
    } => EmojiList
}

answer! {
    /// The emoji.
    EmojiList {
        must {
            /// By name: an address, or `alias:` and another name.
            emoji: BTreeMap<String, String>,
        }
    }
}
