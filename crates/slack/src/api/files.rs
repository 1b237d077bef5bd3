//! `files.*`: what was uploaded, and uploading. `files.upload` ended in November 2025; there are three steps now.

mod upload;

use secrecy::SecretString;

pub use self::upload::Upload;
use super::types::file::File;
use super::types::{Empty, List, Paging};
use crate::ids::{ChannelId, TenantId, Ts, UserId};

method! {
    /// Asks where to put the bytes of a file. Nobody sees anything of it yet.
    Read "files.getUploadURLExternal": GetUploadUrlExternal {
        /// The file's name with its extension, such as `graph.png`.
        filename: String,
        /// The length of the content in bytes, exactly.
        length: u64,
        /// A description for people who cannot see it.
        alt_txt: Option<String>,
    } => UploadPlace
}

method! {
    /// Turns bytes that were put there into a file, and shares it.
    Write "files.completeUploadExternal": CompleteUploadExternal {
        /// The files whose bytes have been uploaded.
        files: Vec<Uploaded>,
        /// Where to share it; with nobody if empty.
        channel_id: Option<ChannelId>,
        /// In that thread, by its head.
        thread_ts: Option<Ts>,
        /// The message to post with it.
        initial_comment: Option<String>,
    } => Files
}

method! {
    /// Describes one file that the token may see.
    Read "files.info": Info {
        /// The id of the file, `F…`.
        file: String,
    } => OneFile
}

method! {
    /// Files of a workspace, a channel or a person.
    Read "files.list": ListFiles {
        /// Only files that this person uploaded; `None` is everybody.
        user: Option<UserId>,
        /// Only files that were shared in this channel; `None` is any.
        channel: Option<ChannelId>,
        /// Only files from this time on, in Unix seconds.
        ts_from: Option<i64>,
        /// Only files up to this time, in Unix seconds.
        ts_to: Option<i64>,
        /// `images`, `pdfs` and so on, joined by commas.
        types: Option<String>,
        /// Page size, 100 if empty.
        count: Option<u32>,
        /// From one; this method has no cursor.
        page: Option<u32>,
        /// The workspace, for a token of an organisation.
        team_id: Option<TenantId>,
    } => FilePage
}

method! {
    /// Deletes a file everywhere.
    Write "files.delete": Delete {
        /// The id of the file, `F…`.
        file: String,
    } => Empty
}

/// A file whose bytes were put where Slack said.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Uploaded {
    /// The id that Slack gave with the address to upload to, `F…`.
    pub id: String,
    /// The title under which Slack shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

answer! {
    /// Where to put the bytes of a file.
    UploadPlace {
        must {
            /// Takes them from anybody, once, which makes it a credential.
            upload_url: SecretString,
            /// The id that the file will have, `F…`.
            file_id: String,
        }
    }
}

answer! {
    /// The files that an upload made.
    Files {
        must {
            /// Those that were asked for.
            files: List<File>,
        }
    }
}

answer! {
    /// A file that was asked for.
    OneFile {
        must {
            /// The file with all that Slack tells of it.
            file: File,
        }
    }
}

answer! {
    /// A page of files.
    FilePage {
        must {
            /// The files, the latest first.
            files: List<File>,
        }
        /// The number of this page, and of all.
        paging: Paging,
    }
}
