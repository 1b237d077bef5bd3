//! What happens to a post whose sender could not tell, or did not live to tell, whether Slack took it.

use std::time::Duration;

use metrics::counter;
use serde_json::Value as Json;
use tidegate_slack::ids::Ts;
use tidegate_slack::outcome::{Outcome, Refusal};

use super::{Deliverer, METADATA_EVENT, Next, NoToken, Place};
use crate::budget::{Budget, Turn};
use crate::clock::Timestamp;
use crate::ledger::JobError;
use crate::outbox::{Class, End, Pending, Target};
use crate::table::{Item, Rows};

/// Seconds before the first attempt from which the channel is searched: clocks differ.
const MARGIN_SECONDS: i64 = 5;

/// Messages looked at before the search gives up; at one post a second, a channel stays far below.
const MAX_PAGES: usize = 5;

/// How long a search that has begun waits for its next page's turn: given up, it would begin at the front again.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to leave a channel that could not be read.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Resends after which even a post that must arrive is left to a person.
const MAX_RESENDS: i64 = 3;

/// What the channel says.
enum Found {
    Yes(Ts),
    No,
    /// It could not be asked; come back at that time.
    Later(Timestamp),
    /// It cannot be asked at all.
    Never(String),
    /// The workspace is not connected.
    Disconnected,
}

impl Deliverer {
    /// Settles a post that was found taken, once its attempt is over.
    pub(super) async fn recover(
        &self,
        place: Place<'_>,
        post: &Pending,
        row: &Item,
    ) -> Result<Next, JobError> {
        let rows = place.rows;
        let over_at = self.settles_at(post.attempt_at.unwrap_or_default());
        if over_at > self.clock.now() {
            return Ok(Next::At(over_at));
        }
        if let Target::ResponseUrl(_) = post.target {
            let end = End::Parked("outcome unknown: its sender stopped".to_owned());
            return self.end(rows, post, row, &end).await;
        }
        match self.look_for(place, post).await? {
            Found::Yes(ts) => {
                counter!("tidegate_posts_total", "purpose" => post.purpose.clone(), "outcome" => "found").increment(1);
                self.end(rows, post, row, &End::Done(Some(ts))).await
            }
            Found::Later(time) => Ok(Next::At(time)),
            Found::Disconnected => self.hold(place).await,
            Found::No => {
                self.not_found(rows, post, row, "not found in the channel")
                    .await
            }
            Found::Never(why) => self.not_found(rows, post, row, &why).await,
        }
    }

    async fn not_found(
        &self,
        rows: &Rows,
        post: &Pending,
        row: &Item,
        why: &str,
    ) -> Result<Next, JobError> {
        if post.class == Class::AtLeastOnce && post.resends < MAX_RESENDS {
            tracing::warn!(
                message_id = post.message_id,
                why,
                "post.resent: it may appear twice"
            );
            counter!("tidegate_posts_total", "purpose" => post.purpose.clone(), "outcome" => "resent").increment(1);
            let again = Pending {
                resends: post.resends + 1,
                ..post.clone()
            };
            self.give_back(rows, &again, self.clock.now()).await?;
            return Ok(Next::Post);
        }
        self.end(
            rows,
            post,
            row,
            &End::Parked(format!("outcome unknown: {why}")),
        )
        .await
    }

    async fn look_for(&self, place: Place<'_>, post: &Pending) -> Result<Found, JobError> {
        let rows = place.rows;
        let field = |name: &str| {
            post.body
                .get(name)
                .and_then(Json::as_str)
                .unwrap_or_default()
        };
        let (channel, thread) = (field("channel"), field("thread_ts"));
        let method = if thread.is_empty() {
            "conversations.history"
        } else {
            "conversations.replies"
        };
        let budget = Budget::method(method);
        let first = post.first_attempt_at.unwrap_or_default().seconds() - MARGIN_SECONDS;
        let oldest = format!("{first}.000000");
        let token = match self.tokens.token(place.tenant).await {
            Ok(token) => token,
            Err(NoToken::Later(why)) => return Err(JobError::Retry(why)),
            Err(NoToken::Disconnected(_)) => return Ok(Found::Disconnected),
        };
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
            let page = match self.slack.read(&token, method, &parameters).await {
                Outcome::Done(page) => page,
                other => return self.unread(rows, &budget, other).await,
            };
            if let Some(ts) = find(&page, &post.message_id) {
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

    /// Takes one call from a budget, waiting that long for it at most.
    async fn turn(
        &self,
        rows: &Rows,
        budget: &Budget,
        patience: Duration,
    ) -> Result<Turn, JobError> {
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
        outcome: Outcome,
    ) -> Result<Found, JobError> {
        let now = self.clock.now();
        Ok(match outcome {
            Outcome::Refused(Refusal::RateLimited { retry_after }) => {
                let time = now.plus(Duration::from_secs(retry_after));
                counter!("slack_rate_limited_total").increment(1);
                self.close_until(rows, budget, time).await?;
                Found::Later(time)
            }
            Outcome::Refused(
                why @ (Refusal::Credential(_)
                | Refusal::MissingScope { .. }
                | Refusal::Permanent(_)),
            ) => Found::Never(format!("the channel could not be searched: {why}")),
            // Closed for all: a sweep or another lane would only meet the same trouble.
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
