//! `bookmarks.*`: links at the head of a channel.

use super::types::{Empty, List};
use crate::ids::ChannelId;

method! {
    /// Puts a link there.
    Write "bookmarks.add": Add {
        /// Where.
        channel_id: ChannelId,
        /// What it is called.
        title: String,
        /// `link` is the only one there is.
        #[serde(rename = "type")]
        kind: String,
        /// Where it leads.
        link: Option<String>,
        /// With colons.
        emoji: Option<String>,
    } => OneBookmark
}

method! {
    /// Changes a link.
    Write "bookmarks.edit": Edit {
        /// Where.
        channel_id: ChannelId,
        /// Which.
        bookmark_id: String,
        /// What it is called now.
        title: Option<String>,
        /// Where it leads now.
        link: Option<String>,
        /// With colons.
        emoji: Option<String>,
    } => OneBookmark
}

method! {
    /// Takes a link away.
    Write "bookmarks.remove": Remove {
        /// Where.
        channel_id: ChannelId,
        /// Which.
        bookmark_id: String,
    } => Empty
}

method! {
    /// The links of a channel.
    Read "bookmarks.list": ListBookmarks {
        /// Where.
        channel_id: ChannelId,
    } => Bookmarks
}

answer! {
    /// One link.
    OneBookmark {
        must {
            /// As it is now.
            bookmark: Bookmark,
        }
    }
}

answer! {
    /// The links.
    Bookmarks {
        must {
            /// In their order.
            bookmarks: List<Bookmark>,
        }
    }
}

answer! {
    /// A link at the head of a channel.
    Bookmark {
        must {
            /// `Bk…`.
            id: String,
        }
        /// Where it is.
        channel_id: Option<ChannelId>,
        /// What it is called.
        title: String,
        /// Where it leads.
        link: Option<String>,
        /// With colons.
        emoji: Option<String>,
        /// Unix seconds.
        date_created: i64,
        /// Unix seconds.
        date_updated: i64,
    }
}
