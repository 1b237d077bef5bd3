//! Uploads a file: the three calls that Slack takes for it as one.

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
    /// The file's name with its extension.
    pub filename: String,
    /// The title under which Slack shows it.
    pub title: Option<String>,
    /// A description for people who cannot see it.
    pub alt_txt: Option<String>,
    /// The whole content, which is held in memory.
    pub bytes: Vec<u8>,
    /// The channel in which it is shared. `None` shares it with nobody.
    pub channel: Option<ChannelId>,
    /// The timestamp of the thread's first message, to share it in that thread.
    pub thread_ts: Option<Ts>,
    /// The message that is posted with it.
    pub initial_comment: Option<String>,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({} bytes)", self.bytes.len())
    }
}

impl SlackClient {
    /// Uploads a file and shares it. Only the last step can be ambiguous: nobody sees anything before it, so that an
    /// upload that failed earlier may be tried again from the start.
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
