//! Searches a channel or thread for a post by the post's id.

use std::time::Duration;

use metrics::counter;
use secrecy::SecretString;
use serde_json::Value as Json;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::ids::Ts;

use super::{Deliverer, METADATA_EVENT};
use crate::budget::{Budget, Turn};
use crate::clock::Timestamp;
use crate::table::{Rows, TableError};

/// The seconds before the first attempt at which the search begins, because clocks differ: ours may be as far ahead of Slack's as a
/// request's signature may be old.
const MARGIN_SECONDS: i64 = 300;

/// The pages of 200 messages that a search reads at most. At one post a second, a channel has far fewer.
const MAX_PAGES: usize = 5;

/// How long a search waits for the turn of its next page. If it gave up, it would have to start again.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before another attempt to read a channel.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// The post that is searched for.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    /// The body of the post, which names the channel and the thread, if any.
    pub(super) body: &'a Json,
    pub(super) message_id: &'a str,
    /// The start of the first attempt that may have posted it.
    pub(super) since: Timestamp,
}

/// The result of a search.
pub(super) enum Found {
    Yes(Ts),
    No,
    /// The channel could not be read. Try again at that time.
    Later(Timestamp),
    /// The channel cannot be read at all, for this reason.
    Never(String),
}

impl Deliverer {
    /// Searches the channel or thread for a post.
    pub(super) async fn search(
        &self,
        rows: &Rows,
        token: &SecretString,
        sought: Sought<'_>,
    ) -> Result<Found, TableError> {
        let field = |name: &str| {
            let text = sought.body.get(name).and_then(Json::as_str);
            text.unwrap_or_default()
        };
        let (channel, thread) = (field("channel"), field("thread_ts"));
        let method = if thread.is_empty() {
            "conversations.history"
        } else {
            "conversations.replies"
        };
        let budget = Budget::method(method);
        let first = sought.since.seconds() - MARGIN_SECONDS;
        let oldest = format!("{first}.000000");
        let mut cursor = String::new();
        for page in 0..MAX_PAGES {
            let patience = if page == 0 { Duration::ZERO } else { PATIENCE };
            if let Turn::Wait(time) = self.turn(rows, &budget, patience).await? {
                return Ok(Found::Later(time));
            }
            let mut parameters = vec![
                ("channel", channel),
                ("oldest", oldest.as_str()),
                ("limit", "200"),
                ("include_all_metadata", "true"),
            ];
            if !thread.is_empty() {
                parameters.push(("ts", thread));
            }
            if !cursor.is_empty() {
                parameters.push(("cursor", &cursor));
            }
            let page = match self.slack.read(token, method, &parameters).await {
                Outcome::Done(page) => page,
                other => return self.unread(rows, &budget, other).await,
            };
            if let Some(ts) = find(&page, sought.message_id) {
                return Ok(Found::Yes(ts));
            }
            match page
                .pointer("/response_metadata/next_cursor")
                .and_then(Json::as_str)
            {
                Some(next) if !next.is_empty() => next.clone_into(&mut cursor),
                _ => return Ok(Found::No),
            }
        }
        Ok(Found::Never("too many messages to search".to_owned()))
    }

    /// Takes one call from a budget and waits at most `patience` for it.
    pub(super) async fn turn(
        &self,
        rows: &Rows,
        budget: &Budget,
        patience: Duration,
    ) -> Result<Turn, TableError> {
        let give_up_at = self.clock.now().plus(patience);
        loop {
            let now = self.clock.now();
            match budget.take(rows, now).await? {
                Turn::Wait(time) if time <= give_up_at => self.clock.sleep(time.since(now)).await,
                turn => return Ok(turn),
            }
        }
    }

    async fn unread(
        &self,
        rows: &Rows,
        budget: &Budget,
        outcome: Outcome<Json, SlackRejection>,
    ) -> Result<Found, TableError> {
        let now = self.clock.now();
        Ok(match outcome {
            Outcome::Refused(Refusal::RateLimited { retry_after }) => {
                let time = now.plus(Duration::from_secs(retry_after));
                counter!("slack_rate_limited_total").increment(1);
                self.close_until(rows, budget, time).await?;
                Found::Later(time)
            }
            Outcome::Refused(Refusal::Rejected(why)) => {
                Found::Never(format!("the channel could not be searched: {why}"))
            }
            // The method is closed for every sender, because each would meet the same trouble.
            _ => {
                let time = now.plus(READ_AGAIN_AFTER);
                self.close_until(rows, budget, time).await?;
                Found::Later(time)
            }
        })
    }
}

fn find(page: &Json, message_id: &str) -> Option<Ts> {
    let is_it = |message: &&Json| {
        message
            .pointer("/metadata/event_type")
            .and_then(Json::as_str)
            == Some(METADATA_EVENT)
            && message
                .pointer("/metadata/event_payload/id")
                .and_then(Json::as_str)
                == Some(message_id)
    };
    let message = page.get("messages")?.as_array()?.iter().find(is_it)?;
    message.get("ts").and_then(Json::as_str).map(Ts::from)
}
