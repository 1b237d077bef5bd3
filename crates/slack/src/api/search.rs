//! `search.*`: Slack's own search, which takes a person's token and shows what that person may see.

use super::types::file::File;
use super::types::{List, Paging};
use crate::ids::{ChannelId, TenantId, Ts, UserId};

method! {
    /// Messages that match.
    Read "search.messages": Messages {
        /// In Slack's own search language.
        query: String,
        /// `score` or `timestamp`.
        sort: Option<String>,
        /// `asc` or `desc`.
        sort_dir: Option<String>,
        /// Page size, 100 at most.
        count: Option<u32>,
        /// From one, 100 at most.
        page: Option<u32>,
        /// The workspace, for a token of an organisation.
        team_id: Option<TenantId>,
    } => FoundMessages
}

method! {
    /// Files that match.
    Read "search.files": Files {
        /// In Slack's own search language.
        query: String,
        /// `score` or `timestamp`.
        sort: Option<String>,
        /// `asc` or `desc`.
        sort_dir: Option<String>,
        /// Page size, 100 at most.
        count: Option<u32>,
        /// From one, 100 at most.
        page: Option<u32>,
        /// The workspace, for a token of an organisation.
        team_id: Option<TenantId>,
    } => FoundFiles
}

answer! {
    /// A page of messages that match.
    FoundMessages {
        must {
            /// With how many there are.
            messages: MessageMatches,
        }
    }
}

answer! {
    /// Messages that match.
    MessageMatches {
        must {
            /// In the order that was asked for.
            matches: List<MessageMatch>,
        }
        /// Of all pages together.
        total: u64,
        /// Which page this is.
        paging: Paging,
    }
}

answer! {
    /// A message that matches.
    MessageMatch {
        must {
            /// Its identity within the channel.
            ts: Ts,
            /// Where it was said.
            channel: Place,
        }
        /// The author.
        user: Option<UserId>,
        /// The author's name.
        username: Option<String>,
        /// The author's workspace.
        team: Option<TenantId>,
        /// The text.
        text: String,
        /// For people.
        permalink: Option<String>,
    }
}

answer! {
    /// The channel of a match.
    Place {
        must {
            /// Which.
            id: ChannelId,
        }
        /// Without `#`.
        name: String,
        /// Invitation only.
        is_private: bool,
    }
}

answer! {
    /// A page of files that match.
    FoundFiles {
        must {
            /// With how many there are.
            files: FileMatches,
        }
    }
}

answer! {
    /// Files that match.
    FileMatches {
        must {
            /// In the order that was asked for.
            matches: List<File>,
        }
        /// Of all pages together.
        total: u64,
        /// Which page this is.
        paging: Paging,
    }
}
