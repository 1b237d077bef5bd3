//! Reads a method's pages, one call for each [`Pages::next`], so that the caller can keep to its budget in between,
//! store the cursor, and stop.

use tidegate_outcome::Outcome;

use super::Method;
use crate::answer::SlackRejection;
use crate::client::SlackClient;

/// A method whose answer says where the next page begins.
pub trait Paged: Method {
    /// Makes the request ask for the page at this cursor.
    fn set_cursor(&mut self, cursor: String);

    /// The cursor of the page that the request asks for; `None` for the first page.
    fn cursor(&self) -> Option<&str>;

    /// The cursor of the page after this answer; empty on the last page.
    fn next_cursor(answer: &Self::Answer) -> &str;
}

/// Implements [`Paged`] for requests with a `cursor` whose answers have a `response_metadata`.
macro_rules! paged {
    ($($request:ty),+ $(,)?) => {
        $(impl $crate::api::pages::Paged for $request {
            fn set_cursor(&mut self, cursor: String) {
                self.cursor = Some(cursor);
            }

            fn cursor(&self) -> Option<&str> {
                self.cursor.as_deref()
            }

            fn next_cursor(answer: &Self::Answer) -> &str {
                &answer.response_metadata.next_cursor
            }
        })+
    };
}
pub(super) use paged;

/// The pages from a request on, up to a given number of pages.
#[derive(Debug)]
pub struct Pages<M> {
    request: M,
    left: usize,
    ended: bool,
}

impl<M: Paged> Pages<M> {
    /// Reads at most `most` pages, from the one that `request` asks for.
    pub fn new(request: M, most: usize) -> Self {
        Self {
            request,
            left: most,
            ended: false,
        }
    }

    /// Reads the next page. `None` after the last page, or after as many pages as were allowed. If the outcome is not
    /// *done*, the next call asks for the same page again.
    pub async fn next(
        &mut self,
        slack: &SlackClient,
        credential: &M::Credential,
    ) -> Option<Outcome<M::Answer, SlackRejection>> {
        if self.ended || self.left == 0 {
            return None;
        }
        let outcome = slack.perform(credential, &self.request).await;
        if let Outcome::Done(answer) = &outcome {
            let next = M::next_cursor(answer);
            if !next.is_empty() && self.request.cursor() == Some(next) {
                // Slack would send the same page for ever.
                self.ended = true;
                let why = "cursor_repeats".to_owned();
                return Some(Outcome::rejected(SlackRejection::Permanent(why)));
            }
            self.left -= 1;
            if next.is_empty() {
                self.ended = true;
            } else {
                self.request.set_cursor(next.to_owned());
            }
        }
        Some(outcome)
    }

    /// The cursor at which to go on another time. `None` if the last page has been read, or no page yet.
    pub fn cursor(&self) -> Option<&str> {
        self.request.cursor().filter(|_| !self.ended)
    }

    /// Whether the last page has been read.
    pub fn is_complete(&self) -> bool {
        self.ended
    }
}
