//! The post of an effect: sent once, and looked for before it is sent again.

use secrecy::SecretString;
use serde_json::Value as Json;
use tidegate_outcome::Outcome;
use tidegate_slack::api::Kind;
use tidegate_slack::ids::{ChannelId, Ts};

use super::effects::{Effect, Undone};
use super::recovery::MAX_RESENDS;
use super::search::{Found, Sought};
use super::sending::{POST, with_id};
use crate::budget::Budget;
use crate::clock::Timestamp;
use crate::outbox::Class;

/// The result of looking for the post of an earlier attempt.
enum Earlier {
    Found(Ts),
    /// It may be posted again.
    Missing {
        /// Whether the channel could not be read, so that the post may be there.
        blind: bool,
    },
}

impl Effect<'_> {
    /// Posts with the effect's id as metadata, at most once a second in a channel. If the post of an earlier attempt may have
    /// arrived, searches the channel or thread first and returns what it finds. If it is not found, it is posted again or parked,
    /// by its class. An effect may post only once, because the post is identified by the effect's id. The post must go to the id of
    /// a channel, because the id of a person cannot be searched. In a [`Class::Repeatable`] effect it may appear twice.
    pub async fn post(&self, body: &Json) -> Result<Ts, Undone> {
        let bearer = self.bearer()?;
        let mut is_blind = false;
        if let Some(since) = self.posted_since {
            match self.look_for_post(bearer, body, since).await? {
                Earlier::Found(ts) => return Ok(ts),
                Earlier::Missing { blind } => is_blind = blind,
            }
        }
        let method = Budget::method(POST);
        let closed_until = method.closed_until(self.rows).await?;
        if let Some(time) = closed_until.filter(|time| *time > self.clock.now()) {
            return Err(Undone::Wait(time));
        }
        let channel = body.get("channel").and_then(Json::as_str);
        let channel = Budget::channel(&ChannelId::from(channel.unwrap_or_default()));
        self.wait_for(self.rows, &channel).await?;
        let body = with_id(body, self.message_id);
        // It is noted before the call, which the effect's deadline may cut off.
        let before = (self.traces.posted(), self.traces.resent());
        self.traces.note_post(true);
        self.traces.note_resend(is_blind || before.1);
        let outcome = self.slack.call(bearer, POST, &body).await;
        if matches!(outcome, Outcome::Refused(_)) {
            self.traces.note_post(before.0);
            self.traces.note_resend(before.1);
        }
        let answer = self.check_outcome(&method, Kind::Write, outcome).await?;
        match answer.get("ts").and_then(Json::as_str) {
            Some(ts) => Ok(ts.into()),
            None => Err(Undone::Ambiguous("the answer has no timestamp".to_owned())),
        }
    }

    async fn look_for_post(
        &self,
        bearer: &SecretString,
        body: &Json,
        since: Timestamp,
    ) -> Result<Earlier, Undone> {
        let sought = Sought {
            body,
            message_id: self.message_id,
            since,
        };
        let (why, blind) = match self.deliverer.search(self.rows, bearer, sought).await? {
            Found::Yes(ts) => return Ok(Earlier::Found(ts)),
            Found::Later(time) => return Err(Undone::Wait(time)),
            Found::No => ("not found in the channel".to_owned(), false),
            Found::Never(why) => (why, true),
        };
        if self.class == Class::AtMostOnce || (blind && self.resends >= MAX_RESENDS) {
            return Err(Undone::Park(format!("outcome unknown: {why}")));
        }
        tracing::warn!(
            message_id = self.message_id,
            why,
            "post.resent: it may appear twice"
        );
        Ok(Earlier::Missing { blind })
    }
}
