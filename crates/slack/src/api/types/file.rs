//! A file as Slack describes it.

use secrecy::SecretString;

use super::List;
use crate::ids::{ChannelId, UserId};

answer! {
    /// A file. Its content is behind `url_private`, for whoever has a token.
    File {
        must {
            /// `F…`.
            id: String,
        }
        /// With its ending.
        name: Option<String>,
        /// What it is shown as.
        title: Option<String>,
        /// Media type.
        mimetype: Option<String>,
        /// Slack's own word for the type.
        filetype: Option<String>,
        /// Bytes.
        size: u64,
        /// `tombstone` for one that was deleted.
        mode: Option<String>,
        /// Who uploaded it.
        user: Option<UserId>,
        /// Unix seconds.
        created: i64,
        /// Whether it lies elsewhere.
        is_external: bool,
        /// `check_file_info` where the file must be asked for by itself: Slack Connect.
        file_access: Option<String>,
        /// Needs a token.
        url_private: Option<String>,
        /// For people.
        permalink: Option<String>,
        /// Opens to anybody who has it, once the file has been made public.
        permalink_public: Option<SecretString>,
        /// Public channels it was shared to.
        channels: List<ChannelId>,
        /// Private channels it was shared to.
        groups: List<ChannelId>,
        /// Direct messages it was shared to.
        ims: List<ChannelId>,
    }
}
