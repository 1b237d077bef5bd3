//! `emoji.*`: the emoji that a workspace added.

use std::collections::BTreeMap;

method! {
    /// Lists the emoji that the workspace added; Slack's own are not among them.
    Read "emoji.list": ListEmoji {
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Most emoji in one page.
        limit: Option<u32>,
    } => EmojiList
}

answer! {
    /// The emoji that a workspace added.
    EmojiList {
        must {
            /// By name: an address, or `alias:` and another name.
            emoji: BTreeMap<String, String>,
        }
    }
}
