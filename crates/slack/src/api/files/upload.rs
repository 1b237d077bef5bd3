//! The three steps of an upload as one.

use std::fmt;

use secrecy::SecretString;
use tidegate_outcome::{Outcome, Refusal};

use super::{CompleteUploadExternal, Files, GetUploadUrlExternal, Uploaded};
use crate::answer::SlackRejection;
use crate::client::SlackClient;
use crate::ids::{ChannelId, Ts};

/// A file to upload.
#[derive(Clone, Default)]
pub struct Upload {
    /// With its ending.
    pub filename: String,
    /// What it is shown as.
    pub title: Option<String>,
    /// For whom cannot see it.
    pub alt_txt: Option<String>,
    /// All of it.
    pub bytes: Vec<u8>,
    /// Where to share it; with nobody if empty.
    pub channel: Option<ChannelId>,
    /// In that thread, by its head.
    pub thread_ts: Option<Ts>,
    /// What to say with it.
    pub initial_comment: Option<String>,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({} bytes)", self.bytes.len())
    }
}

impl SlackClient {
    /// Uploads a file and shares it. Only the last step can be ambiguous: before it nobody sees anything, so that
    /// whatever went wrong until then may be tried again from the start.
    pub async fn upload(
        &self,
        token: &SecretString,
        upload: Upload,
    ) -> Outcome<Files, SlackRejection> {
        let ask = GetUploadUrlExternal {
            filename: upload.filename,
            length: upload.bytes.len() as u64,
            alt_txt: upload.alt_txt,
        };
        let place = match self.perform(token, &ask).await {
            Outcome::Done(place) => place,
            Outcome::Refused(why) => return Outcome::Refused(why),
            Outcome::Ambiguous(_) => return Outcome::Refused(Refusal::Unreachable),
        };
        match self.put_bytes(&place.upload_url, upload.bytes).await {
            Outcome::Done(_) => {}
            Outcome::Refused(why) => return Outcome::Refused(why),
            Outcome::Ambiguous(_) => return Outcome::Refused(Refusal::Unreachable),
        }
        let complete = CompleteUploadExternal {
            files: vec![Uploaded {
                id: place.file_id,
                title: upload.title,
            }],
            channel_id: upload.channel,
            thread_ts: upload.thread_ts,
            initial_comment: upload.initial_comment,
        };
        self.perform(token, &complete).await
    }
}
