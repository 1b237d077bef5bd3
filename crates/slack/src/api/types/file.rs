//! A file as Slack describes it.

use secrecy::SecretString;

use super::List;
use crate::ids::{ChannelId, UserId};

answer! {
    /// A file. Its content is at `url_private`, which takes a token.
    File {
        must {
            /// The id of the file, `F…`.
            id: String,
        }
        /// The file's name with its extension, such as `graph.png`.
        name: Option<String>,
        /// The title under which Slack shows it.
        title: Option<String>,
        /// The media type, such as `image/png`.
        mimetype: Option<String>,
        /// Slack's own name of the type, such as `png`.
        filetype: Option<String>,
        /// The length of the content in bytes.
        size: u64,
        /// The mode; `tombstone` for a file that was deleted.
        mode: Option<String>,
        /// The person or bot user who uploaded it.
        user: Option<UserId>,
        /// The time of the upload, in Unix seconds.
        created: i64,
        /// Whether the content is on another service, such as Google Drive.
        is_external: bool,
        /// `check_file_info` if the file has to be read with `files.info`, because it comes over Slack Connect.
        file_access: Option<String>,
        /// The address of the content, which takes a token with `files:read`.
        url_private: Option<String>,
        /// An `https` address that opens the file for people who may see it.
        permalink: Option<String>,
        /// An address that opens the file for everybody, once it has been made public.
        permalink_public: Option<SecretString>,
        /// Public channels it was shared to.
        channels: List<ChannelId>,
        /// Private channels it was shared to.
        groups: List<ChannelId>,
        /// Direct messages it was shared to.
        ims: List<ChannelId>,
    }
}
