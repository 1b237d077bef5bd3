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
        /// With its ending.
        filename: String,
        /// Bytes.
        length: u64,
        /// For whom cannot see it.
        alt_txt: Option<String>,
    } => UploadPlace
}

method! {
    /// Turns bytes that were put there into a file, and shares it.
    Write "files.completeUploadExternal": CompleteUploadExternal {
        /// Which.
        files: Vec<Uploaded>,
        /// Where to share it; with nobody if empty.
        channel_id: Option<ChannelId>,
        /// In that thread, by its head.
        thread_ts: Option<Ts>,
        /// What to say with it.
        initial_comment: Option<String>,
    } => Files
}

method! {
    /// One file.
    Read "files.info": Info {
        /// Which.
        file: String,
    } => OneFile
}

method! {
    /// Files of a workspace, a channel or a person.
    Read "files.list": ListFiles {
        /// Of whom.
        user: Option<UserId>,
        /// Where.
        channel: Option<ChannelId>,
        /// Unix seconds.
        ts_from: Option<i64>,
        /// Unix seconds.
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
        /// Which.
        file: String,
    } => Empty
}

/// A file whose bytes were put where Slack said.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Uploaded {
    /// `F…`.
    pub id: String,
    /// What it is shown as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

answer! {
    /// Where to put the bytes of a file.
    UploadPlace {
        must {
            /// Takes them from anybody, once, which makes it a credential.
            upload_url: SecretString,
            /// `F…`.
            file_id: String,
        }
    }
}

answer! {
    /// Some files.
    Files {
        must {
            /// Those that were asked for.
            files: List<File>,
        }
    }
}

answer! {
    /// One file.
    OneFile {
        must {
            /// As it is now.
            file: File,
        }
    }
}

answer! {
    /// A page of files.
    FilePage {
        must {
            /// Latest first.
            files: List<File>,
        }
        /// Which page this is.
        paging: Paging,
    }
}
