//! `search.*`: Slack's own search, which takes a person's token and shows what that person may see.

use super::types::file::File;
use super::types::{List, Paging};
use crate::ids::{ChannelId, TenantId, Ts, UserId};

method! {
    /// Finds messages that the person may see, by numbered pages.
    Read "search.messages": Messages {
        /// In Slack's own search language.
        query: String,
        /// The order: `score`, Slack's default, or `timestamp`.
        sort: Option<String>,
        /// The direction of the order: `asc`, or `desc` by default.
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
    /// Finds files that the person may see, by numbered pages.
    Read "search.files": Files {
        /// In Slack's own search language.
        query: String,
        /// The order: `score`, Slack's default, or `timestamp`.
        sort: Option<String>,
        /// The direction of the order: `asc`, or `desc` by default.
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
    /// The messages of one page, and the number of all.
    MessageMatches {
        must {
            /// In the order that was asked for.
            matches: List<MessageMatch>,
        }
        /// The number of matches on all pages together.
        total: u64,
        /// The number of this page, and of all.
        paging: Paging,
    }
}

answer! {
    /// A message that matches.
    MessageMatch {
        must {
            /// Its identity within the channel.
            ts: Ts,
            /// The channel or direct message that it was posted in.
            channel: Place,
        }
        /// The author, if it is a person or bot user.
        user: Option<UserId>,
        /// The author's name, as the message shows it.
        username: Option<String>,
        /// The workspace that the author belongs to, `T…`.
        team: Option<TenantId>,
        /// The message's text in mrkdwn.
        text: String,
        /// An `https` address that opens the message for people who may see it.
        permalink: Option<String>,
    }
}

answer! {
    /// The channel of a match.
    Place {
        must {
            /// The id of the channel, `C…`, `G…` or `D…`.
            id: ChannelId,
        }
        /// The channel's name, without `#`.
        name: String,
        /// Whether people can enter only by invitation.
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
    /// The files of one page, and the number of all.
    FileMatches {
        must {
            /// In the order that was asked for.
            matches: List<File>,
        }
        /// The number of matches on all pages together.
        total: u64,
        /// The number of this page, and of all.
        paging: Paging,
    }
}
