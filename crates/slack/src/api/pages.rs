//! Walking a method's pages: one call for each [`Pages::next`], so that a caller can ask its budget in between, keep
//! the cursor, and stop.

use tidegate_outcome::Outcome;

use super::Method;
use crate::answer::SlackRejection;
use crate::client::SlackClient;

/// A method whose answer says where the next page begins.
pub trait Paged: Method {
    /// Asks for the page that begins there.
    fn set_cursor(&mut self, cursor: String);

    /// Where this request begins; `None` at the front.
    fn cursor(&self) -> Option<&str>;

    /// Where the next page begins; empty on the last one.
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

/// The pages from a request on, no more than a given number.
#[derive(Debug)]
pub struct Pages<M> {
    request: M,
    left: usize,
    ended: bool,
}

impl<M: Paged> Pages<M> {
    /// At most `most` pages from where `request` begins.
    pub fn new(request: M, most: usize) -> Self {
        Self {
            request,
            left: most,
            ended: false,
        }
    }

    /// Reads the next page; `None` after the last one and after the last that was allowed. An outcome that is not
    /// done leaves the place as it is: the next call asks for the same page again.
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
                // It would go round for ever, and every page of it would look new.
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

    /// Where to go on another time; `None` when the last page has been read, or none yet.
    pub fn cursor(&self) -> Option<&str> {
        self.request.cursor().filter(|_| !self.ended)
    }

    /// Whether the last page has been read.
    pub fn is_complete(&self) -> bool {
        self.ended
    }
}
