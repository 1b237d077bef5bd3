//! Response URLs: five uses in thirty minutes, seen by one user unless the app says otherwise.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::api::chat;
use crate::blocks::fill_block_ids;
use crate::delivery::millis;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::{Call, Ephemeral, PostedMessage};
use crate::signing::keyed_hash;
use crate::world::World;

const USES: u32 = 5;
const LIFETIME: Duration = Duration::from_mins(30);
/// The oldest are forgotten beyond this many.
const KEPT: usize = 100_000;

/// The record of one response URL.
#[derive(Clone)]
pub(crate) struct ResponseUrl {
    secret: String,
    team: String,
    channel: String,
    user: String,
    made_at: Duration,
    uses: u32,
    /// The message whose button led here.
    original: Option<String>,
}

/// The app's answer through a response URL, or at once to a command.
pub(crate) struct Answer {
    text: String,
    blocks: Option<Value>,
    metadata: Option<Value>,
    thread_ts: Option<String>,
    in_channel: bool,
    replace_original: bool,
    delete_original: bool,
}

impl Answer {
    pub(crate) fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::from_json(&Value::Null)
        }
    }

    pub(crate) fn from_json(json: &Value) -> Self {
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        let flag = |name: &str| match json.get(name) {
            Some(Value::Bool(set)) => *set,
            Some(Value::String(set)) => set == "true",
            _ => false,
        };
        Self {
            text: text("text").unwrap_or_default(),
            blocks: json
                .get("blocks")
                .filter(|blocks| blocks.is_array())
                .cloned(),
            metadata: json.get("metadata").cloned(),
            thread_ts: text("thread_ts"),
            in_channel: text("response_type").as_deref() == Some("in_channel"),
            replace_original: flag("replace_original"),
            delete_original: flag("delete_original"),
        }
    }

    pub(crate) fn has_content(&self) -> bool {
        !self.text.is_empty() || self.blocks.is_some()
    }
}

/// `POST /response/{team}/{id}/{secret}`: the app answers at a response URL.
pub(crate) async fn post(
    State(fake): State<FakeSlack>,
    Path((team, id, secret)): Path<(String, String, String)>,
    body: Bytes,
) -> Response {
    let found = id.parse().ok().and_then(|id| {
        let world = fake.world();
        world
            .response_urls
            .get(&id)
            .filter(|url| url.secret == secret)
            .filter(|url| url.team == team)
            .map(|url| (id, url.channel.clone()))
    });
    let Some((id, channel)) = found else {
        return (StatusCode::NOT_FOUND, "invalid_url").into_response();
    };
    let fault = fake
        .world()
        .take_fault("response_url", Some(&channel), fake.now());
    let done = if fault
        .as_ref()
        .is_none_or(crate::faults::Fault::takes_effect)
    {
        Some(fake.use_response_url(id, &body))
    } else {
        None
    };
    let outcome = match (&fault, &done) {
        (Some(fault), done) => fault.outcome(matches!(done, Some(Ok(())))),
        (None, Some(Err((_, error)))) => (*error).to_owned(),
        (None, _) => "ok".to_owned(),
    };
    tracing::debug!(%channel, %outcome, "a response URL was used");
    let at_ms = millis(fake.now());
    fake.world().log_call(Call {
        at_ms,
        method: "response_url".to_owned(),
        channel: Some(channel),
        team: Some(team),
        enterprise: None,
        token_kind: None,
        outcome,
    });
    match (fault, done) {
        (Some(fault), _) => fault.answer().await,
        (None, Some(Err(refusal))) => refusal.into_response(),
        (None, _) => "ok".into_response(),
    }
}

impl FakeSlack {
    /// A fresh response URL for this user in this channel.
    pub(crate) fn new_response_url(
        &self,
        channel: &str,
        user: &str,
        original: Option<String>,
    ) -> String {
        let now = self.now();
        let mut world = self.world();
        let id = world.tick(now);
        let team = world.room(channel, now).map_or_else(
            || self.config().team_id.clone(),
            |room| room.channel.team.clone(),
        );
        let secret: String = keyed_hash(
            &self.config().signing_secret,
            &[b"response", &id.to_be_bytes()],
        )
        .chars()
        .take(24)
        .collect();
        let url = format!("{}/response/{team}/{id}/{secret}", self.public_url());
        if world.response_urls.len() >= KEPT {
            world.response_urls.pop_first();
        }
        let known = ResponseUrl {
            secret,
            team,
            channel: channel.to_owned(),
            user: user.to_owned(),
            made_at: now,
            uses: 0,
            original,
        };
        world.response_urls.insert(id, known);
        url
    }

    fn use_response_url(&self, id: u64, body: &[u8]) -> Result<(), (StatusCode, &'static str)> {
        let json: Value = serde_json::from_slice(body)
            .map_err(|_| (StatusCode::BAD_REQUEST, "invalid_payload"))?;
        let answer = Answer::from_json(&json);
        if !answer.has_content() && !answer.delete_original {
            return Err((StatusCode::BAD_REQUEST, "no_text"));
        }
        let now = self.now();
        let url = {
            let mut world = self.world();
            let url = world
                .response_urls
                .get_mut(&id)
                .ok_or((StatusCode::NOT_FOUND, "invalid_url"))?;
            if url.uses >= USES {
                return Err((StatusCode::NOT_FOUND, "used_url"));
            }
            if now.saturating_sub(url.made_at) >= LIFETIME {
                return Err((StatusCode::NOT_FOUND, "expired_url"));
            }
            url.uses += 1;
            url.clone()
        };
        let original = url
            .original
            .filter(|_| answer.replace_original || answer.delete_original);
        match original {
            Some(ts) if answer.delete_original => self.world().delete_message(&url.channel, &ts),
            Some(ts) => self.replace_message(&url.channel, &ts, answer),
            None if answer.has_content() => self.show(&url.channel, &url.user, answer),
            None => {}
        }
        Ok(())
    }

    /// Shows an answer: to everyone when it says so, else to this user only.
    pub(crate) fn show(&self, channel: &str, user: &str, mut answer: Answer) {
        let now = self.now();
        let mut world = self.world();
        let ts = world.next_ts(now);
        if let Some(blocks) = &mut answer.blocks {
            fill_block_ids(blocks, &ts);
        }
        let (text, blocks, thread_ts) = (answer.text, answer.blocks, answer.thread_ts);
        let channel = channel.to_owned();
        if answer.in_channel {
            let config = self.config();
            let team = world
                .room(&channel, now)
                .map_or_else(|| config.team_id.clone(), |room| room.channel.team.clone());
            let place = world.installs.covering(config, &team);
            let message = PostedMessage {
                channel,
                ts,
                user: config.bot_user_of(&place),
                bot_id: Some(config.bot_id_of(&place)),
                enterprise: config.enterprise_of(&place),
                team: Some(team),
                text,
                thread_ts,
                blocks,
                metadata: answer.metadata,
                ..PostedMessage::default()
            };
            drop(world);
            chat::publish(self, message);
        } else {
            let user = user.to_owned();
            world.add_ephemeral(Ephemeral {
                ts,
                channel,
                user,
                from_slack: false,
                text,
                blocks,
                thread_ts,
            });
        }
    }

    /// Replaces a message by an answer; an ephemeral one stays ephemeral.
    fn replace_message(&self, channel: &str, ts: &str, mut answer: Answer) {
        if let Some(blocks) = &mut answer.blocks {
            fill_block_ids(blocks, ts);
        }
        let now = self.now();
        let mut world = self.world();
        world.revision += 1;
        if let Some(shown) = world
            .ephemerals
            .iter_mut()
            .find(|shown| shown.ts == ts && shown.channel == channel)
        {
            shown.text = answer.text;
            shown.blocks = answer.blocks;
            return;
        }
        let event_ts = world.next_ts(now);
        let Some(room) = world.rooms.get_mut(channel) else {
            return;
        };
        let Some(previous) = room.messages.get(ts).cloned() else {
            return;
        };
        let edited = PostedMessage {
            text: answer.text,
            blocks: answer.blocks,
            edited_ts: Some(event_ts.clone()),
            ..previous.clone()
        };
        let event = message_json::as_change(self.config(), room, &previous, &edited, &event_ts);
        room.messages.insert(ts.to_owned(), edited);
        drop(world);
        self.echo(event);
    }
}

impl World {
    fn delete_message(&mut self, channel: &str, ts: &str) {
        self.ephemerals
            .retain(|shown| shown.ts != ts || shown.channel != channel);
        if let Some(room) = self.rooms.get_mut(channel) {
            room.remove(ts);
        }
        self.revision += 1;
    }
}
