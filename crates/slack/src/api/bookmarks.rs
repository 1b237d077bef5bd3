//! `bookmarks.*`: links at the head of a channel.

use super::types::{Empty, List};
use crate::ids::ChannelId;

method! {
    /// Adds a link at the head of a channel.
    Write "bookmarks.add": Add {
        /// The channel that gets the link, `C…` or `G…`.
        channel_id: ChannelId,
        /// The title that people read.
        title: String,
        /// The kind of bookmark; `link` is the only one.
        #[serde(rename = "type")]
        kind: String,
        /// The address that it leads to; Slack requires one for `link`.
        link: Option<String>,
        /// The emoji before the title, with colons, such as `:fire:`.
        emoji: Option<String>,
    } => OneBookmark
}

method! {
    /// Changes a link. Fields that are left out stay as they are.
    Write "bookmarks.edit": Edit {
        /// The channel that the link is in.
        channel_id: ChannelId,
        /// The id of the link, `Bk…`.
        bookmark_id: String,
        /// The new title that people read.
        title: Option<String>,
        /// The new address that it leads to.
        link: Option<String>,
        /// The emoji before the title, with colons, such as `:fire:`.
        emoji: Option<String>,
    } => OneBookmark
}

method! {
    /// Removes a link from a channel.
    Write "bookmarks.remove": Remove {
        /// The channel that the link is in.
        channel_id: ChannelId,
        /// The id of the link, `Bk…`.
        bookmark_id: String,
    } => Empty
}

method! {
    /// Lists the links of a channel.
    Read "bookmarks.list": ListBookmarks {
        /// The channel whose links are listed.
        channel_id: ChannelId,
    } => Bookmarks
}

answer! {
    /// A link that was just added or changed.
    OneBookmark {
        must {
            /// The link after the change.
            bookmark: Bookmark,
        }
    }
}

answer! {
    /// All links of a channel; this method has no pages.
    Bookmarks {
        must {
            /// The links in the order in which the channel shows them.
            bookmarks: List<Bookmark>,
        }
    }
}

answer! {
    /// A link at the head of a channel.
    Bookmark {
        must {
            /// The id within Slack, `Bk…`.
            id: String,
        }
        /// The channel that it is in, `C…` or `G…`.
        channel_id: Option<ChannelId>,
        /// The title that people read.
        title: String,
        /// The address that it leads to.
        link: Option<String>,
        /// The emoji before the title, with colons, such as `:fire:`.
        emoji: Option<String>,
        /// The time at which it was added, in Unix seconds.
        date_created: i64,
        /// The time of its latest change, in Unix seconds; 0 before the first.
        date_updated: i64,
    }
}
